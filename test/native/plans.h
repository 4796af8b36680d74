// Builds plans for tests: what lib/run.ts packs, in C++.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "guard.h"

namespace evenkeel {

inline int KernelId(const std::string& name) {
  for (int i = 0; i < kNumKernels; ++i) {
    if (name == kKernels[i].name) return i;
  }
  throw std::out_of_range("no kernel " + name);
}

template <typename T>
constexpr DType kDTypeOf = DType::kUint32;
template <>
inline constexpr DType kDTypeOf<float> = DType::kFloat32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kFloat64;
template <>
inline constexpr DType kDTypeOf<Float16> = DType::kFloat16;
template <>
inline constexpr DType kDTypeOf<BFloat16> = DType::kBFloat16;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kInt64;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kInt32;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kUint8;
template <>
inline constexpr DType kDTypeOf<Bool> = DType::kBool;

// A view as JavaScript describes it: anything can be wrong with it.
struct PlannedView {
  double dtype = 0;
  double offset = 0;
  std::vector<double> shape;
  std::vector<double> strides;
  Buffer buffer = {};
};

inline double Code(DType dtype) { return static_cast<double>(dtype); }

// Row-major strides without gaps.
inline std::vector<double> Dense(const std::vector<double>& shape) {
  std::vector<double> strides(shape.size(), 1.0);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * (shape[d] == 0 ? 1 : shape[d]);
  return strides;
}

struct PlanBuilder {
  double kernel = 0;
  std::vector<PlannedView> views;
  std::vector<double> params;

  explicit PlanBuilder(const std::string& name) : kernel(KernelId(name)) {}

  std::vector<double> Words() const {
    std::vector<double> words = {0, kernel};
    for (const PlannedView& view : views) {
      words.insert(words.end(), {view.dtype, static_cast<double>(view.shape.size()), view.offset});
      words.insert(words.end(), view.shape.begin(), view.shape.end());
      words.insert(words.end(), view.strides.begin(), view.strides.end());
    }
    words.insert(words.end(), params.begin(), params.end());
    words[0] = static_cast<double>(words.size());
    return words;
  }

  std::vector<Buffer> Buffers() const {
    std::vector<Buffer> buffers;
    for (const PlannedView& view : views) buffers.push_back(view.buffer);
    return buffers;
  }

  Plan Decode() const {
    const std::vector<double> words = Words();
    const std::vector<Buffer> buffers = Buffers();
    return DecodePlan(words.data(), words.size(), buffers.data(), buffers.size());
  }
};

}  // namespace evenkeel
