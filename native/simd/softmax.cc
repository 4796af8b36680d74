// Softmax, its logarithm, and their gradients, along rows. The largest element is taken off first, so that exp cannot
// overflow; sums accumulate in double.
#include <cmath>
#include <limits>

#include "kernels.h"
#include "rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

// Calls each(i, n) for vectors of n elements that together make `count`: `n` is fewer than a vector's at the end only.
template <class D, class Each>
HWY_INLINE void ForEachVector(D d, size_t count, Each&& each) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) each(i, lanes);
  if (i < count) each(i, count - i);
}

// `n` elements, and `rest` beyond them.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadSome(D d, const T* from, size_t n, T rest) {
  if (n == hn::Lanes(d)) return hn::LoadU(d, from);
  HWY_ALIGN T all[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(hn::Set(d, rest), d, all);
  for (size_t i = 0; i < n; ++i) all[i] = from[i];
  return hn::Load(d, all);
}

template <class D, typename T>
HWY_INLINE void StoreSome(D d, hn::Vec<D> v, T* to, size_t n) {
  if (n == hn::Lanes(d)) return hn::StoreU(v, d, to);
  HWY_ALIGN T all[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, all);
  for (size_t i = 0; i < n; ++i) to[i] = all[i];
}

// Sums of vectors, in double.
class Sum {
  using D = hn::ScalableTag<double>;

 public:
  // Written out: a constructor that the compiler makes would not be compiled for the instruction set.
  HWY_INLINE Sum() : low_(hn::Zero(D())), high_(hn::Zero(D())) {}
  HWY_INLINE void Add(hn::Vec<hn::ScalableTag<double>> v) { low_ = hn::Add(low_, v); }
  HWY_INLINE void Add(hn::Vec<hn::ScalableTag<float>> v) {
    const hn::Half<hn::ScalableTag<float>> half;
    low_ = hn::Add(low_, hn::PromoteTo(D(), hn::LowerHalf(half, v)));
    high_ = hn::Add(high_, hn::PromoteTo(D(), hn::UpperHalf(half, v)));
  }
  HWY_INLINE double Total() const { return hn::GetLane(hn::SumOfLanes(D(), hn::Add(low_, high_))); }

 private:
  hn::Vec<D> low_;
  hn::Vec<D> high_;
};

template <typename T>
T Largest(const T* in, size_t count) {
  const hn::ScalableTag<T> d;
  const T least = -std::numeric_limits<T>::infinity();
  auto largest = hn::Set(d, least);
  // NaN needs no care here: it reaches every element through the sum.
  ForEachVector(d, count, [&](size_t i, size_t n) { largest = hn::Max(LoadSome(d, in + i, n, least), largest); });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

// A row holds more than its largest element only where that is finite: then exp is of numbers up to 0. Where all are
// -infinity, or one is infinite or NaN, the differences are NaN or make it; FullExp passes that on.
template <bool kLog, typename T>
void SoftmaxRow(const void* const* in_bytes, void* out_bytes, size_t count, const double*, bool) {
  const hn::ScalableTag<T> d;
  const T* in = static_cast<const T*>(in_bytes[0]);
  T* out = static_cast<T*>(out_bytes);
  const T least = -std::numeric_limits<T>::infinity();
  const auto largest = hn::Set(d, Largest(in, count));
  Sum sum;
  ForEachVector(d, count, [&](size_t i, size_t n) {
    const auto difference = hn::Sub(LoadSome(d, in + i, n, least), largest);
    auto power = FullExp(d, difference);
    if (n < hn::Lanes(d)) power = hn::IfThenElseZero(hn::FirstN(d, n), power);
    sum.Add(power);
    StoreSome(d, kLog ? difference : power, out + i, n);
  });
  if constexpr (kLog) {
    const auto log = hn::Set(d, static_cast<T>(std::log(sum.Total())));
    ForEachVector(d, count, [&](size_t i, size_t n) {
      StoreSome(d, hn::Sub(LoadSome(d, out + i, n, T(0)), log), out + i, n);
    });
  } else {
    const auto total = hn::Set(d, static_cast<T>(sum.Total()));
    ForEachVector(d, count, [&](size_t i, size_t n) {
      StoreSome(d, hn::Div(LoadSome(d, out + i, n, T(0)), total), out + i, n);
    });
  }
}

// Inputs: the gradient g of the output, the output y. Softmax: (g - sum(g y)) y; its logarithm: g - exp(y) sum(g).
template <bool kLog, typename T>
void SoftmaxBackwardRow(const void* const* in_bytes, void* out_bytes, size_t count, const double*, bool) {
  const hn::ScalableTag<T> d;
  const T* gradient = static_cast<const T*>(in_bytes[0]);
  const T* y = static_cast<const T*>(in_bytes[1]);
  T* out = static_cast<T*>(out_bytes);
  Sum sum;
  ForEachVector(d, count, [&](size_t i, size_t n) {
    const auto g = LoadSome(d, gradient + i, n, T(0));
    sum.Add(kLog ? g : hn::Mul(g, LoadSome(d, y + i, n, T(0))));
  });
  const auto total = hn::Set(d, static_cast<T>(sum.Total()));
  ForEachVector(d, count, [&](size_t i, size_t n) {
    const auto g = LoadSome(d, gradient + i, n, T(0));
    const auto v = LoadSome(d, y + i, n, T(0));
    StoreSome(d, kLog ? hn::NegMulAdd(FullExp(d, v), total, g) : hn::Mul(hn::Sub(g, total), v), out + i, n);
  });
}

}  // namespace

RowFunction SoftmaxRows(DType dtype, bool log) {
  if (dtype == DType::kFloat64) return log ? &SoftmaxRow<true, double> : &SoftmaxRow<false, double>;
  return log ? &SoftmaxRow<true, float> : &SoftmaxRow<false, float>;
}

RowFunction SoftmaxBackwardRows(DType dtype, bool log) {
  if (dtype == DType::kFloat64) return log ? &SoftmaxBackwardRow<true, double> : &SoftmaxBackwardRow<false, double>;
  return log ? &SoftmaxBackwardRow<true, float> : &SoftmaxBackwardRow<false, float>;
}

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(SoftmaxBackwardRows);

void Softmax(const Plan& plan) { RunRows(plan, HWY_DYNAMIC_DISPATCH(SoftmaxRows)(plan.views[0].dtype, false)); }
void LogSoftmax(const Plan& plan) { RunRows(plan, HWY_DYNAMIC_DISPATCH(SoftmaxRows)(plan.views[0].dtype, true)); }
void SoftmaxBackward(const Plan& plan) {
  RunRows(plan, HWY_DYNAMIC_DISPATCH(SoftmaxBackwardRows)(plan.views[0].dtype, false));
}
void LogSoftmaxBackward(const Plan& plan) {
  RunRows(plan, HWY_DYNAMIC_DISPATCH(SoftmaxBackwardRows)(plan.views[0].dtype, true));
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
