// Vector exp, log, tanh, erf, pow and their kin, with torch's answers at the edges. Include after hwy/foreach_target.h; the
// guard toggles so that every target gets its own copy.
#if defined(EVENKEEL_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_MATH_INL_H_
#undef EVENKEEL_SIMD_MATH_INL_H_
#else
#define EVENKEEL_SIMD_MATH_INL_H_
#endif

#include <cmath>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "simd/erf_coefficients.h"

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

// Highway's Log takes positive finite numbers only.
template <class D, class V>
HWY_INLINE V FullLog(D d, V x) {
  const V infinity = hn::Inf(d);
  const V edge = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), hn::NaN(d));
  const V positive = hn::IfThenElse(hn::Lt(x, infinity), hn::Log(d, x), x);
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), positive, edge);
}

// exp(x) - 1 for x <= 0; Highway's loses NaN.
template <class D, class V>
HWY_INLINE V Expm1OfNegative(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, x), hn::Expm1(d, x), x);
}

// Estrin's scheme: half the depth of Horner's.
template <class D, int n>
HWY_INLINE hn::Vec<D> EvaluatePolynomial(D d, const hn::TFromD<D> (&coefficients)[n], hn::Vec<D> x) {
  hn::Vec<D> terms[n];
  for (int k = 0; k < n; ++k) terms[k] = hn::Set(d, coefficients[k]);
  for (int left = n; left > 1; left = (left + 1) / 2) {
    for (int k = 0; k < left / 2; ++k) terms[k] = hn::MulAdd(terms[2 * k + 1], x, terms[2 * k]);
    if (left % 2 == 1) terms[left / 2] = terms[left - 1];
    if (left > 2) x = hn::Mul(x, x);
  }
  return terms[0];
}

// exp(-factor x^2) to a few units in the last place. The square's rounding error, times its size, would be exp's relative
// error: it is found exactly, by splitting x into halves of its digits (Dekker 1971), and taken off. |x| is finite.
template <class D, class V>
HWY_INLINE V ExpOfMinusSquare(D d, V x, double factor) {
  using T = hn::TFromD<D>;
  const hn::Rebind<hwy::MakeUnsigned<T>, D> du;
  const auto high_bits = hn::Set(du, static_cast<hwy::MakeUnsigned<T>>(sizeof(T) == 4 ? 0xfffff000u : 0xfffffffff8000000u));
  const V high = hn::BitCast(d, hn::And(hn::BitCast(du, x), high_bits));
  const V low = hn::Sub(x, high);
  const V square = hn::Mul(x, x);
  const V twice = hn::Mul(hn::Add(high, high), low);
  const V error = hn::Add(hn::Add(hn::Sub(hn::Mul(high, high), square), twice), hn::Mul(low, low));
  const V minus_factor = hn::Set(d, static_cast<T>(-factor));
  const V result = hn::Exp(d, hn::Mul(minus_factor, square));
  return hn::MulAdd(result, hn::Mul(minus_factor, error), result);
}

// exp(x^2) erfc(x), x >= 0, up to where erfc is 0.
template <class D, class V>
HWY_INLINE V ScaledErfc(D d, V x) {
  using C = ErfCoefficients<hn::TFromD<D>>;
  const V three = hn::Set(d, static_cast<hn::TFromD<D>>(3));
  const V inverse = hn::Div(hn::Set(d, static_cast<hn::TFromD<D>>(1)), hn::Add(x, three));
  const V t = hn::Sub(hn::Mul(hn::Sub(x, three), inverse), hn::Set(d, C::kMiddle));
  return hn::Mul(EvaluatePolynomial(d, C::kErfcx, t), inverse);
}

template <class D, class V>
HWY_INLINE V FullErf(D d, V x) {
  using T = hn::TFromD<D>;
  const V one = hn::Set(d, static_cast<T>(1));
  const V magnitude = hn::Abs(x);
  const V small = hn::MulAdd(x, EvaluatePolynomial(d, ErfCoefficients<T>::kErf, hn::Mul(x, x)), x);
  const V bounded = hn::Min(magnitude, hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 10.5 : 28)));
  const V complement = hn::Mul(hn::Exp(d, hn::Neg(hn::Mul(bounded, bounded))), ScaledErfc(d, bounded));
  const V large = hn::CopySignToAbs(hn::Sub(one, complement), x);
  // NaN is not above 1.
  return hn::IfThenElse(hn::Gt(magnitude, one), large, small);
}

// The logistic function 1 / (1 + exp(-x)) and its complement, each to a few units in the last place.
template <class V>
struct Logistic {
  V value;
  V complement;
};
template <class D, class V>
HWY_INLINE Logistic<V> LogisticOf(D d, V x) {
  const V one = hn::Set(d, static_cast<hn::TFromD<D>>(1));
  const V small = hn::Exp(d, hn::Neg(hn::Abs(x)));
  // x - x: NaN for NaN, which Exp loses; infinities are no trouble.
  const V nan = hn::IfThenZeroElse(hn::Eq(x, x), x);
  const V large_part = hn::Add(hn::Div(one, hn::Add(one, small)), nan);
  const V small_part = hn::Mul(small, large_part);
  const auto positive = hn::Ge(x, hn::Zero(d));
  return {hn::IfThenElse(positive, large_part, small_part), hn::IfThenElse(positive, small_part, large_part)};
}

// x^y of doubles as C has it at the edges. Its relative error is that of y log x, which is up to |y log x| 2^-52: fit for
// floats.
template <class D, class V>
HWY_INLINE V PowerForFloats(D d, V x, V y) {
  const V zero = hn::Zero(d);
  const V one = hn::Set(d, 1.0);
  const V size = hn::Abs(x);
  V result = FullExp(d, hn::Mul(y, FullLog(d, size)));
  // 0 times infinity in between.
  result = hn::IfThenElse(hn::Or(hn::Eq(y, zero), hn::Eq(size, one)), one, result);
  const V half = hn::Mul(y, hn::Set(d, 0.5));
  const auto whole = hn::Eq(hn::Trunc(y), y);
  const auto odd = hn::AndNot(hn::Eq(hn::Trunc(half), half), whole);
  result = hn::IfThenElse(odd, hn::Or(result, hn::And(x, hn::SignBit(d))), result);
  const auto finite_negative = hn::And(hn::Lt(x, zero), hn::Gt(x, hn::Neg(hn::Inf(d))));
  return hn::IfThenElse(hn::AndNot(whole, finite_negative), hn::NaN(d), result);
}

template <class D, class V>
HWY_INLINE V Power(D d, V x, V y) {
  using T = hn::TFromD<D>;
  if constexpr (sizeof(T) == 4) {
    const hn::Repartition<double, D> wide;
    const hn::Half<D> half;
    const auto low = PowerForFloats(wide, hn::PromoteTo(wide, hn::LowerHalf(half, x)), hn::PromoteTo(wide, hn::LowerHalf(half, y)));
    const auto high = PowerForFloats(wide, hn::PromoteTo(wide, hn::UpperHalf(half, x)), hn::PromoteTo(wide, hn::UpperHalf(half, y)));
    const auto narrow = [&](hn::Vec<decltype(wide)> lower, hn::Vec<decltype(wide)> upper) {
      return hn::Combine(d, hn::DemoteTo(half, upper), hn::DemoteTo(half, lower));
    };
    // Some targets' conversion stops at the largest float: what rounds to 2^128 is told by 2^-64 of it.
    const auto scale = hn::Set(wide, 0x1p-64);
    const V result = narrow(low, high);
    const V scaled = narrow(hn::Mul(low, scale), hn::Mul(high, scale));
    return hn::IfThenElse(hn::Ge(hn::Abs(scaled), hn::Set(d, 0x1p64f)), hn::CopySign(hn::Inf(d), result), result);
  } else {
    HWY_ALIGN T base[HWY_MAX_BYTES / sizeof(T)];
    HWY_ALIGN T exponent[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(x, d, base);
    hn::Store(y, d, exponent);
    for (size_t i = 0; i < hn::Lanes(d); ++i) base[i] = std::pow(base[i], exponent[i]);
    return hn::Load(d, base);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_MATH_INL_H_
