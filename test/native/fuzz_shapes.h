// The shapes that a kernel's views should have, from a few sizes: so that a fuzzer gets past the guard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernel.h"

namespace evenkeel {

using Shape = std::vector<double>;

// Sizes that a fuzzer draws for one call.
struct Sizes {
  int ndim;            // of views that may have any
  int64_t any[kMaxDims];
  int64_t groups;      // of a convolution, which divide its channels
  double operator[](int i) const { return static_cast<double>(any[i]); }
};

// By letter of a signature; a packed triangle's follows from m.
inline double SizeOfLetter(char letter, const Sizes& sizes) {
  switch (letter) {
    case '1':
      return 1;
    case 'm':
      return sizes[0];
    case 'n':
      return sizes[1];
    case 'k':
      return sizes[2];
    case 'p':
      return sizes[0] * (sizes[0] + 1) / 2;
    default:
      return sizes[3];
  }
}

inline Shape SignatureShape(const char* letter, int view, const Sizes& sizes) {
  Shape shape;
  for (; *letter != '\0' && view >= 0; ++letter) {
    if (*letter == ' ') {
      --view;
    } else if (view == 0) {
      shape.push_back(SizeOfLetter(*letter, sizes));
    }
  }
  return shape;
}

// Images, channels, and the map's own height and width.
inline Shape Planes(const Sizes& sizes, double channels, int height) {
  return {sizes[0], channels, sizes[height], sizes[height + 1]};
}

// The three tensors of a convolution: its input, its weight and its output.
inline Shape ConvInput(const Sizes& sizes) { return Planes(sizes, sizes[1] * static_cast<double>(sizes.groups), 4); }
inline Shape ConvWeight(const Sizes& sizes) {
  return {sizes[2] * static_cast<double>(sizes.groups), sizes[1], 1 + sizes[3], 1 + sizes[6]};
}
inline Shape ConvOutput(const Sizes& sizes) { return Planes(sizes, sizes[2] * static_cast<double>(sizes.groups), 2); }

// Kernels that look at the number of dimensions themselves would hardly ever run with any other.
inline int NumDims(const Kernel& kernel, const Sizes& sizes) {
  if (sizes.ndim == 0) return 0;
  const auto is = [&](const char* name) { return std::strcmp(kernel.name, name) == 0; };
  return is("sparse_zero") ? 2 : is("permutation") || is("mt_randperm") ? 1 : sizes.ndim;
}

inline Shape ViewShape(const Kernel& kernel, int view, const Sizes& sizes) {
  const double m = sizes[0];
  const double n = sizes[1];
  const double k = sizes[2];
  const double smaller = std::min(m, n);
  const auto pick = [&](std::vector<Shape> shapes) { return shapes[static_cast<size_t>(view)]; };
  switch (kernel.relation) {
    case Relation::kSignature:
      return SignatureShape(kernel.signature, view, sizes);
    case Relation::kGemm:
      return pick({{m, n}, {m, k}, {k, n}});
    case Relation::kLinear:
      return pick({{m, n}, {m, k}, {n, k}, {n}});
    case Relation::kConv2d:
      return pick({ConvOutput(sizes), ConvInput(sizes), ConvWeight(sizes), {ConvOutput(sizes)[1]}});
    case Relation::kConv2dInput:
      return pick({ConvInput(sizes), ConvOutput(sizes), ConvWeight(sizes), {ConvInput(sizes)[1]}});
    case Relation::kConv2dWeight:
      return pick({ConvWeight(sizes), ConvInput(sizes), ConvOutput(sizes)});
    case Relation::kMaxPool:
    case Relation::kAvgPool:
      return Planes(sizes, n, view == kernel.num_views - 1 ? 4 : 2);
    case Relation::kMaxPoolBackward:
      return Planes(sizes, n, view == 0 ? 4 : 2);
    case Relation::kPoolNhwc:
      return pick({{m, sizes[2], sizes[3], n}, {m, sizes[4], sizes[5], n}});
    case Relation::kPoolNhwcBackward:
      return view == 2 ? Shape{m, sizes[2], sizes[3], n} : Shape{m, sizes[4], sizes[5], n};
    case Relation::kOfRows:
      return pick({{m, 25}, {m, n}});
    case Relation::kQr:
      return pick({{std::max(m, n), smaller}, {smaller, smaller}});
    case Relation::kSvd:
      return pick({{smaller}, {m, n}, {m, smaller}, {smaller, n}});
    case Relation::kSolveUpper:
      return pick({{m, n}, {m, m}});
    case Relation::kRandomLinear:
      return pick({{m, n}, {m, k}});
    case Relation::kGenerator:
      if (view == kernel.num_views - 1) return {631};
      break;
    default:
      break;
  }
  Shape shape(static_cast<size_t>(NumDims(kernel, sizes)));
  for (size_t d = 0; d < shape.size(); ++d) shape[d] = sizes[static_cast<int>(d)];
  // Dimensions that are reduced, and rows that indices choose from.
  if (kernel.relation == Relation::kReduce && view == 0) {
    for (size_t d = 0; d < shape.size(); ++d) shape[d] = (sizes.groups >> (d % 2)) & 1 ? 1 : shape[d];
  }
  const bool chosen_from = (kernel.relation == Relation::kGather && view == 2) || (kernel.relation == Relation::kScatter && view == 0);
  if (chosen_from && !shape.empty()) shape.back() = sizes[7];
  return shape;
}

// Whether a kernel wants a view column by column, or must have it without gaps.
inline bool ByColumns(const Kernel& kernel, int view) { return kernel.relation == Relation::kQr && view == 0; }

inline bool MustBeDense(const Kernel& kernel, int view) {
  switch (kernel.relation) {
    case Relation::kConv2d:
    case Relation::kConv2dInput:
    case Relation::kConv2dWeight:
    case Relation::kMaxPool:
    case Relation::kMaxPoolBackward:
    case Relation::kAvgPool:
    case Relation::kPoolNhwc:
    case Relation::kPoolNhwcBackward:
    case Relation::kOfRows:
    case Relation::kQr:
    case Relation::kSvd:
    case Relation::kSolveUpper:
    case Relation::kRandomLinear:
      return true;
    case Relation::kLinear:
      return view == 3;
    case Relation::kGenerator:
      return view == kernel.num_views - 1;
    default:
      return false;
  }
}

}  // namespace evenkeel
