// Statistics of a batch of signals in one pass: moments, extremes and counts of each input, products between inputs, and
// the units that are 0 for all of them. Everything accumulates in double.
#include "simd/signal.h"

#include <algorithm>
#include <iterator>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/signal.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

HWY_INLINE V LoadDoubles(D d, const double* from) { return hn::LoadU(d, from); }
HWY_INLINE V LoadDoubles(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
}

HWY_INLINE V OneWhere(D d, hn::Mask<D> mask) { return hn::IfThenElseZero(mask, hn::Set(d, 1.0)); }

HWY_INLINE double Total(D d, V v) { return hn::GetLane(hn::SumOfLanes(d, v)); }

// Columns taken together: a few rows of them stay in the first-level cache.
constexpr size_t kColumns = 1024;

template <typename T>
void AddInput(const T* x, size_t count, const double* limits, double* out, double* alive) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto low = hn::Set(d, limits[0]);
  const auto high = hn::Set(d, limits[1]);
  const auto zero = hn::Zero(d);
  auto sum = zero;
  auto squares = zero;
  auto cubes = zero;
  auto fourths = zero;
  auto largest = zero;
  auto zeros = zero;
  auto saturated = zero;
  auto bad = zero;
  // A whole vector; `valid` says which of its elements count. The others are 0.
  const auto add = [&](V v, hn::Mask<D> valid, double* to) HWY_ATTR {
    const auto square = hn::Mul(v, v);
    sum = hn::Add(sum, v);
    squares = hn::Add(squares, square);
    cubes = hn::MulAdd(square, v, cubes);
    fourths = hn::MulAdd(square, square, fourths);
    const auto finite = hn::Eq(hn::Sub(v, v), zero);
    // NaN would hide what is infinite, or be hidden, by the operands' order; it is counted apart.
    largest = hn::Max(largest, hn::IfThenElse(hn::Eq(v, v), hn::Abs(v), zero));
    bad = hn::Add(bad, hn::IfThenZeroElse(finite, hn::Set(d, 1.0)));
    const auto is_zero = hn::Eq(v, zero);
    zeros = hn::Add(zeros, OneWhere(d, hn::And(is_zero, valid)));
    saturated = hn::Add(saturated, OneWhere(d, hn::And(hn::Or(hn::Le(v, low), hn::Ge(v, high)), valid)));
    hn::StoreU(hn::IfThenElse(is_zero, hn::LoadU(d, to), hn::Set(d, 1.0)), d, to);
  };
  const auto all = hn::FirstN(d, lanes);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) add(LoadDoubles(d, x + i), all, alive + i);
  if (i < count) {
    double some[HWY_MAX_BYTES / sizeof(double)] = {};
    for (size_t k = i; k < count; ++k) some[k - i] = static_cast<double>(x[k]);
    add(hn::LoadU(d, some), hn::FirstN(d, count - i), alive + i);
  }
  const double totals[] = {Total(d, sum), Total(d, squares), Total(d, cubes), Total(d, fourths)};
  for (int k = 0; k < 4; ++k) out[k] += totals[k];
  out[kSignalLargest] = std::max(out[kSignalLargest], hn::GetLane(hn::MaxOfLanes(d, largest)));
  out[kSignalZeros] += Total(d, zeros);
  out[kSignalSaturated] += Total(d, saturated);
  out[kSignalNonFinite] += Total(d, bad);
}

template <typename T>
double Dot(const T* a, const T* b, size_t count) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    even = hn::MulAdd(LoadDoubles(d, a + i), LoadDoubles(d, b + i), even);
    odd = hn::MulAdd(LoadDoubles(d, a + i + lanes), LoadDoubles(d, b + i + lanes), odd);
  }
  double rest = 0;
  for (; i < count; ++i) rest += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return Total(d, hn::Add(even, odd)) + rest;
}

template <typename T>
void AddSignals(const T* x, const SignalRange& range, double* out) {
  double alive[kColumns + HWY_MAX_BYTES / sizeof(double)];
  const size_t compared = std::min(range.inputs, kSignalCompared);
  for (size_t begin = range.begin; begin < range.end; begin += kColumns) {
    const size_t count = std::min(kColumns, range.end - begin);
    std::fill(std::begin(alive), std::end(alive), 0.0);
    const T* block = x + begin;
    for (size_t r = 0; r < range.inputs; ++r) {
      AddInput(block + r * range.units, count, range.limits, out + r * kSignalNumbers, alive);
    }
    for (size_t r = 0; r < compared; ++r) {
      double* products = out + r * kSignalNumbers + kSignalProducts;
      for (size_t s = 0; s < r; ++s) {
        products[s] += Dot(block + r * range.units, block + s * range.units, count);
      }
    }
    if (range.inputs > 0) out[kSignalDead] += static_cast<double>(std::count(alive, alive + count, 0.0));
  }
}

void AddFloats(const void* x, const SignalRange& range, double* out) {
  AddSignals(static_cast<const float*>(x), range, out);
}
void AddDoubles(const void* x, const SignalRange& range, double* out) {
  AddSignals(static_cast<const double*>(x), range, out);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {
namespace {
HWY_EXPORT(AddFloats);
HWY_EXPORT(AddDoubles);
}  // namespace

void AddSignalStatistics(DType dtype, const void* x, const SignalRange& range, double* out) {
  if (dtype == DType::kFloat64) {
    HWY_DYNAMIC_DISPATCH(AddDoubles)(x, range, out);
  } else {
    HWY_DYNAMIC_DISPATCH(AddFloats)(x, range, out);
  }
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
