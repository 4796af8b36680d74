// The kernels that reduce: which loops they run, and what becomes of the accumulated values.
#include <cmath>
#include <type_traits>

#include "kernels.h"
#include "reduce.h"
#include "simd/reducers.h"

namespace evenkeel::reductions {
namespace {

using simd::FloatReduction;
using simd::IntegerReduction;

bool IsWhole(DType dtype) { return IsIn(kIntegers, dtype); }

// The dtype that the inner loops see.
DType ComputedDType(DType dtype) { return IsIn(kHalves, dtype) ? DType::kFloat32 : dtype; }

template <typename T>
void StoreElement(double value, void* to) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    *static_cast<T*>(to) = T::From(static_cast<float>(value));
  } else {
    *static_cast<T*>(to) = static_cast<T>(value);
  }
}
template <typename T>
void StoreElement(int64_t value, void* to) {
  if constexpr (std::is_same_v<T, Bool>) {
    static_cast<Bool*>(to)->byte = static_cast<uint8_t>(value != 0);
  } else {
    *static_cast<T*>(to) = static_cast<T>(value);
  }
}

struct Itself {
  static double Of(double accumulated, double, int64_t, double) { return accumulated; }
};
struct Average {
  static double Of(double sum, double, int64_t count, double) { return sum / static_cast<double>(count); }
};
struct Root {
  static double Of(double squares, double, int64_t, double) { return std::sqrt(squares); }
};
struct PowerRoot {
  static double Of(double powers, double, int64_t, double p) { return p == 0 ? powers : std::pow(powers, 1.0 / p); }
};

// What squared deviations are from: rounding the mean to the elements' type lets them be computed in that type.
template <typename T>
double Centre(double mean) {
  return static_cast<double>(static_cast<T>(mean));
}

// The squares of deviations from the centre c add up to those from the mean m and n (m - c)^2. As torch: no degrees of
// freedom left give NaN (0 / 0) or infinity.
template <typename T>
double VarianceOf(double squares, double mean, int64_t count, double correction) {
  const double n = static_cast<double>(count);
  const double shift = mean - Centre<T>(mean);
  const double rest = squares - n * shift * shift;
  return (rest < 0 ? 0.0 : rest) / std::fmax(0.0, n - correction);
}
template <typename T>
struct Variance {
  static double Of(double squares, double mean, int64_t count, double correction) {
    return VarianceOf<T>(squares, mean, count, correction);
  }
};
template <typename T>
struct Deviation {
  static double Of(double squares, double mean, int64_t count, double correction) {
    return std::sqrt(VarianceOf<T>(squares, mean, count, correction));
  }
};

template <class Finish, typename T>
void StoreReal(double accumulated, double mean, int64_t count, double param, void* to) {
  StoreElement<T>(Finish::Of(accumulated, mean, count, param), to);
}
template <class Finish>
Store<double> RealStore(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return &StoreReal<Finish, double>;
    case DType::kFloat16:
      return &StoreReal<Finish, Float16>;
    case DType::kBFloat16:
      return &StoreReal<Finish, BFloat16>;
    default:
      return &StoreReal<Finish, float>;
  }
}

template <typename T>
void StoreInteger(int64_t accumulated, double, int64_t, double, void* to) {
  StoreElement<T>(accumulated, to);
}
Store<int64_t> IntegerStore(DType dtype) {
  switch (dtype) {
    case DType::kInt64:
      return &StoreInteger<int64_t>;
    case DType::kInt32:
      return &StoreInteger<int32_t>;
    case DType::kUint8:
      return &StoreInteger<uint8_t>;
    default:
      return &StoreInteger<Bool>;
  }
}

template <typename Value>
void StoreIndex(Best<Value> best, double, int64_t, double, void* to) {
  *static_cast<int64_t*>(to) = best.index < 0 ? 0 : best.index;
}

template <class Finish>
void RunReal(const Plan& plan, FloatReduction reduction) {
  const DType dtype = plan.views[1].dtype;
  RunReduction<double>(plan, {simd::FloatReducer(reduction, ComputedDType(dtype)), RealStore<Finish>(plan.views[0].dtype)});
}

void RunInteger(const Plan& plan, IntegerReduction reduction) {
  const DType dtype = ComputedDType(plan.views[1].dtype);
  RunReduction<int64_t>(plan, {simd::IntegerReducer(reduction, dtype), IntegerStore(plan.views[0].dtype)});
}

void RunEither(const Plan& plan, FloatReduction real, IntegerReduction whole) {
  if (IsWhole(plan.views[1].dtype)) return RunInteger(plan, whole);
  RunReal<Itself>(plan, real);
}

template <template <typename> class Finish>
void RunDeviations(const Plan& plan) {
  const DType dtype = plan.views[1].dtype;
  const DType computed = ComputedDType(dtype);
  const bool twice = computed == DType::kFloat64;
  const Reducer<double> sum = simd::FloatReducer(FloatReduction::kSum, computed);
  Reduction<double> reduction = {simd::FloatReducer(FloatReduction::kSquaredDeviations, computed),
                                 twice ? RealStore<Finish<double>>(dtype) : RealStore<Finish<float>>(dtype)};
  reduction.sum = &sum;
  reduction.centre = twice ? &Centre<double> : &Centre<float>;
  RunReduction(plan, reduction);
}

template <typename Value>
void RunArg(const Plan& plan, const Reducer<Best<Value>>& reducer) {
  Reduction<Best<Value>> reduction = {reducer, &StoreIndex<Value>};
  reduction.in_order = true;
  RunReduction(plan, reduction);
}
void RunArg(const Plan& plan, bool largest) {
  const DType dtype = plan.views[1].dtype;
  if (IsWhole(dtype)) return RunArg(plan, simd::IntegerArgReducer(largest, dtype));
  RunArg(plan, simd::FloatArgReducer(largest, ComputedDType(dtype)));
}

// Norms of any other order are rare: one pow an element. The norm of order 0 counts the elements that are not 0.
double AbsPower(double x, double p) { return p == 0 ? static_cast<double>(x != 0) : std::pow(std::abs(x), p); }

template <typename T>
double PowerRow(const void* in, size_t count, double p, int64_t) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += AbsPower(static_cast<double>(static_cast<const T*>(in)[i]), p);
  return sum;
}
template <typename T>
void PowerColumns(const void* in, int64_t rows, int64_t stride, size_t count, const double* p, double* sums, int64_t) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = static_cast<const T*>(in) + r * stride;
    for (size_t i = 0; i < count; ++i) sums[i] += AbsPower(static_cast<double>(row[i]), p[i]);
  }
}
double AddNumbers(double a, double b) { return a + b; }

void RunPowers(const Plan& plan, double p) {
  const bool twice = plan.views[1].dtype == DType::kFloat64;
  const Reducer<double> reducer = {0.0, twice ? &PowerRow<double> : &PowerRow<float>,
                                   twice ? &PowerColumns<double> : &PowerColumns<float>, &AddNumbers};
  RunReduction<double>(plan, {reducer, RealStore<PowerRoot>(plan.views[0].dtype), p});
}

}  // namespace

void Sum(const Plan& plan) { RunEither(plan, FloatReduction::kSum, IntegerReduction::kSum); }
void Prod(const Plan& plan) { RunEither(plan, FloatReduction::kProduct, IntegerReduction::kProduct); }
void Mean(const Plan& plan) { RunReal<Average>(plan, FloatReduction::kSum); }
void Var(const Plan& plan) { RunDeviations<Variance>(plan); }
void Std(const Plan& plan) { RunDeviations<Deviation>(plan); }
void Min(const Plan& plan) { RunEither(plan, FloatReduction::kMin, IntegerReduction::kMin); }
void Max(const Plan& plan) { RunEither(plan, FloatReduction::kMax, IntegerReduction::kMax); }
void ArgMin(const Plan& plan) { RunArg(plan, false); }
void ArgMax(const Plan& plan) { RunArg(plan, true); }
void Any(const Plan& plan) { RunInteger(plan, IntegerReduction::kAny); }
void All(const Plan& plan) { RunInteger(plan, IntegerReduction::kAll); }

void Norm(const Plan& plan) {
  const double p = plan.params[0];
  if (p == 2) {
    RunReal<Root>(plan, FloatReduction::kSquaredDeviations);
  } else if (p == 1) {
    RunReal<Itself>(plan, FloatReduction::kAbsSum);
  } else if (std::isinf(p)) {
    RunReal<Itself>(plan, p > 0 ? FloatReduction::kAbsMax : FloatReduction::kAbsMin);
  } else {
    RunPowers(plan, p);
  }
}

}  // namespace evenkeel::reductions
