// Loops over several views of one shape, with neighbouring dimensions merged wherever memory allows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernel.h"

namespace evenkeel {

// Whether the elements lie in row-major order without gaps.
inline bool IsContiguous(const View& view) {
  int64_t expected = 1;
  for (int d = view.ndim; d-- > 0;) {
    if (view.shape[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}
inline bool AllContiguous(const View* views, int count) {
  for (int v = 0; v < count; ++v) {
    if (!IsContiguous(views[v])) return false;
  }
  return true;
}

// The last dimension becomes the one in which the first view (the output) is densest, or stays the last.
enum class LoopOrder { kByStride, kAsGiven };

// The common shape of up to kMaxViews views, reduced to as few dimensions as possible.
struct StridedLoop {
  int ndim = 0;
  int num_views = 0;
  int64_t shape[kMaxDims] = {};
  int64_t strides[kMaxViews][kMaxDims] = {};

  StridedLoop() = default;
  StridedLoop(const View* views, int count, LoopOrder loop_order = LoopOrder::kByStride) : num_views(count) {
    int order[kMaxDims];
    int used = 0;
    for (int d = 0; d < views[0].ndim; ++d) {
      if (views[0].shape[d] == 1) continue;
      // Insertion: dimensions are few, and std::stable_sort would allocate.
      int at = used++;
      for (; loop_order == LoopOrder::kByStride && at > 0 && views[0].strides[order[at - 1]] < views[0].strides[d]; --at) {
        order[at] = order[at - 1];
      }
      order[at] = d;
    }
    for (int i = 0; i < used; ++i) Append(views, order[i]);
    if (ndim == 0) {
      ndim = 1;
      shape[0] = 1;
      for (int v = 0; v < num_views; ++v) strides[v][0] = 1;
    }
  }

  int64_t inner() const { return shape[ndim - 1]; }
  int64_t inner_stride(int view) const { return strides[view][ndim - 1]; }

  int64_t NumElements() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= shape[d];
    return n;
  }

  // Calls visit(offsets, length) for runs along the last dimension that together cover the elements [begin, end) in loop
  // order. offsets[v] is where the run starts in view v, in elements from its data pointer.
  template <typename Visit>
  void ForEachRun(int64_t begin, int64_t end, Visit&& visit) const {
    if (begin >= end) return;
    int64_t index[kMaxDims];
    int64_t left = begin;
    for (int d = ndim; d-- > 0;) {
      index[d] = left % shape[d];
      left /= shape[d];
    }
    int64_t offsets[kMaxViews] = {};
    for (int v = 0; v < num_views; ++v) {
      for (int d = 0; d < ndim; ++d) offsets[v] += index[d] * strides[v][d];
    }
    while (begin < end) {
      const int last = ndim - 1;
      const int64_t length = std::min(end - begin, shape[last] - index[last]);
      visit(offsets, length);
      begin += length;
      // To the start of the next run: undo this one's steps, then carry.
      for (int v = 0; v < num_views; ++v) offsets[v] -= index[last] * strides[v][last];
      index[last] = 0;
      for (int d = last - 1; d >= 0; --d) {
        for (int v = 0; v < num_views; ++v) offsets[v] += strides[v][d];
        if (++index[d] < shape[d]) break;
        for (int v = 0; v < num_views; ++v) offsets[v] -= shape[d] * strides[v][d];
        index[d] = 0;
      }
    }
  }

 private:
  void Append(const View* views, int d) {
    bool merge = ndim > 0;
    for (int v = 0; merge && v < num_views; ++v) {
      merge = strides[v][ndim - 1] == views[v].strides[d] * views[v].shape[d];
    }
    const int at = merge ? ndim - 1 : ndim++;
    shape[at] = (merge ? shape[at] : 1) * views[0].shape[d];
    for (int v = 0; v < num_views; ++v) strides[v][at] = views[v].strides[d];
  }
};

// Moves `count` elements between a strided run and a contiguous one.
template <typename T>
void Gather(const T* from, int64_t stride, T* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
}
template <typename T>
void Scatter(const T* from, T* to, int64_t stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i * stride] = from[i];
}

}  // namespace evenkeel
