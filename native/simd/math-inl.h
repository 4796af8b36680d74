// Vector exp and tanh with torch's answers at the edges. Include after hwy/foreach_target.h; the guard toggles so that
// every target gets its own copy.
#if defined(EVENKEEL_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_MATH_INL_H_
#undef EVENKEEL_SIMD_MATH_INL_H_
#else
#define EVENKEEL_SIMD_MATH_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Highway's Exp is undefined above about 104 (709 for doubles) and gives 0 for NaN: clamp to where the result is already
// infinite, and let NaN through.
template <class D, class V>
HWY_INLINE V FullExp(D d, V x) {
  using T = hn::TFromD<D>;
  const V overflow = hn::Set(d, sizeof(T) == 4 ? static_cast<T>(89.0) : static_cast<T>(710.0));
  const V infinity = hn::Inf(d);
  const V y = hn::Exp(d, hn::Min(x, overflow));
  const V bounded = hn::IfThenElse(hn::Ge(x, overflow), infinity, y);
  return hn::IfThenElse(hn::Eq(x, x), bounded, x);
}

// Highway's Tanh overflows inside for large arguments and loses NaN; |x| above 20 is 1 in both precisions.
template <class D, class V>
HWY_INLINE V FullTanh(D d, V x) {
  using T = hn::TFromD<D>;
  const V limit = hn::Set(d, static_cast<T>(20.0));
  const V y = hn::Tanh(d, hn::Clamp(x, hn::Neg(limit), limit));
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_MATH_INL_H_
