// Every kind of fill from pcg32, with its scalar reference: for the tests that compare the two.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels.h"
#include "rng/params.h"
#include "rng/pcg.h"
#include "rng/reference.h"

namespace evenkeel {

struct Fill {
  std::string name;
  DType dtype;
  KernelFunction kernel;
  KernelFunction reference;
  std::vector<double> params;  // after those of the stream
};

inline std::vector<Fill> AllFills() {
  constexpr double kInf = INFINITY;
  constexpr DType kReals[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16};
  constexpr const char* kRealNames[] = {"float32", "float64", "float16", "bfloat16"};
  constexpr DType kOthers[] = {DType::kInt64, DType::kInt32, DType::kUint8, DType::kBool};
  constexpr const char* kOtherNames[] = {"int64", "int32", "uint8", "bool"};

  std::vector<Fill> fills = {{"random_bits uint32", DType::kUint32, simd::RandomBits, reference::RandomBits, {}}};
  const auto add = [&](std::string name, DType dtype, KernelFunction kernel, KernelFunction reference,
                       std::vector<double> params) {
    fills.push_back({std::move(name), dtype, kernel, reference, std::move(params)});
  };
  for (int i = 0; i < 4; ++i) {
    const auto real = [&](const std::string& name, KernelFunction kernel, KernelFunction reference,
                          std::vector<double> params) {
      add(name + " " + kRealNames[i], kReals[i], kernel, reference, std::move(params));
    };
    real("uniform(0,1)", simd::Uniform, reference::Uniform, {0, 1});
    real("uniform(-0.3,0.7)", simd::Uniform, reference::Uniform, {-0.3, 0.7});
    real("normal(0,1)", simd::Normal, reference::Normal, {0, 1});
    real("normal(0.5,0.02)", simd::Normal, reference::Normal, {0.5, 0.02});
    const auto truncated = [&](const std::string& name, std::vector<double> params) {
      real("truncated_normal" + name, simd::TruncatedNormal, reference::TruncatedNormal, std::move(params));
    };
    truncated("(0,1,-2,2)", {0, 1, -2, 2});
    truncated("(0,1,1,3)", {0, 1, 1, 3});
    truncated("(0.1,0.5,-inf,inf)", {0.1, 0.5, -kInf, kInf});
    truncated("(0,1,4.5,inf)", {0, 1, 4.5, kInf});
    truncated("(0,1,10,11)", {0, 1, 10, 11});
    truncated("(3,0.5,-inf,-2)", {3, 0.5, -kInf, -2});
    truncated("(0,1,0.5,0.53)", {0, 1, 0.5, 0.53});
    real("exponential(1.7)", simd::Exponential, reference::Exponential, {1.7});
  }
  for (int i = 0; i < 8; ++i) {
    const std::string name = i < 4 ? kRealNames[i] : kOtherNames[i - 4];
    const DType dtype = i < 4 ? kReals[i] : kOthers[i - 4];
    add("bernoulli(0.3) " + name, dtype, simd::Bernoulli, reference::Bernoulli, {0.3});
    // [0, 2) for bool, [-7, 100) for those that have a sign.
    const bool is_signed = dtype != DType::kBool && dtype != DType::kUint8;
    add((is_signed ? "integers(-7,100) " : "integers(0,2) ") + name, dtype, Integers, reference::Integers,
        is_signed ? std::vector<double>{4294967295.0, 4294967289.0, 0, 107} : std::vector<double>{0, 0, 0, 2});
  }
  add("integers(-2^62,2^62) int64", DType::kInt64, Integers, reference::Integers, {3221225472.0, 0, 2147483648.0, 0});
  return fills;
}

// The plan of a fill of `view` from draw `position` of a generator on.
inline Plan FillPlan(const View& view, Pcg32 pcg, uint64_t position, const std::vector<double>& params) {
  Plan plan{};
  plan.views[0] = view;
  const double stream[] = {static_cast<double>(pcg.state >> 32), static_cast<double>(pcg.state & 0xffffffff),
                           static_cast<double>(pcg.increment >> 32), static_cast<double>(pcg.increment & 0xffffffff),
                           static_cast<double>(position)};
  std::copy(std::begin(stream), std::end(stream), plan.params);
  std::copy(params.begin(), params.end(), plan.params + kNumStreamParams);
  return plan;
}

// `count` elements in a row.
inline View FlatView(void* data, DType dtype, size_t count) {
  View view{};
  view.data = data;
  view.dtype = dtype;
  view.ndim = 1;
  view.shape[0] = static_cast<int64_t>(count);
  view.strides[0] = 1;
  return view;
}

// The bytes of `count` elements from draw `position` on.
inline std::vector<unsigned char> FillBytes(KernelFunction function, const Fill& fill, size_t count, Pcg32 pcg,
                                            uint64_t position) {
  std::vector<unsigned char> bytes(count * SizeOf(fill.dtype));
  function(FillPlan(FlatView(bytes.data(), fill.dtype, count), pcg, position, fill.params));
  return bytes;
}

}  // namespace evenkeel
