// Truncated normals by inversion, as a distribution of distributions-inl.h. Include after hwy/foreach_target.h; the guard
// toggles so that every target gets its own copy.
#if defined(EVENKEEL_SIMD_TRUNCATED_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_TRUNCATED_NORMAL_INL_H_
#undef EVENKEEL_SIMD_TRUNCATED_NORMAL_INL_H_
#else
#define EVENKEEL_SIMD_TRUNCATED_NORMAL_INL_H_
#endif

#include <limits>

#include "hwy/highway.h"
#include "rng/truncated_normal.h"
#include "simd/distributions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The words + 1/2 as numbers, rounded once: their halves are exact.
HWY_INLINE Float<float>::V MiddleOf(Float<float>::VWord words) {
  const Float<float>::D d;
  const Float<float>::DWord dw;
  const auto low = hn::Add(ToFloat<float>(hn::And(words, hn::Set(dw, 0xffffu))), hn::Set(d, 0.5f));
  return hn::Add(hn::Mul(ToFloat<float>(hn::ShiftRight<16>(words)), hn::Set(d, 65536.0f)), low);
}
HWY_INLINE Float<double>::V MiddleOf(Float<double>::VWord words) {
  const Float<double>::D d;
  const Float<double>::DWord dw;
  const auto low = hn::Add(SmallToFloat(hn::And(words, hn::Set(dw, 0xffffffffu))), hn::Set(d, 0.5));
  return hn::Add(hn::Mul(SmallToFloat(hn::ShiftRight<32>(words)), hn::Set(d, 4294967296.0)), low);
}

// y = 2^-k (1 - a) for 0 < y < 1, with 0 < a <= 1/2.
template <typename T>
HWY_INLINE void SplitForLog(typename Float<T>::V y, typename Float<T>::VWord* k, typename Float<T>::V* a) {
  using F = Float<T>;
  const typename F::D d;
  const typename F::DWord dw;
  const auto bits = hn::BitCast(dw, y);
  *k = hn::ShiftRight<F::kMantissaBits>(hn::Sub(hn::Set(dw, F::kHalfBits | F::kMantissaMask), bits));
  const auto mantissa = hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(dw, F::kMantissaMask)), hn::Set(dw, F::kHalfBits)));
  *a = hn::Sub(hn::Set(d, static_cast<T>(1)), mantissa);
}

// 2^-k (1 - a) -> -2 ln
template <typename T>
HWY_INLINE typename Float<T>::V JoinLog(typename Float<T>::VWord k, typename Float<T>::V a) {
  const typename Float<T>::D d;
  return hn::Add(hn::Mul(SmallToFloat(k), hn::Set(d, NormalCoefficients<T>::kTwoLn2)), LogTail(a));
}

// z / (1 - 2 q), Q(z) = q, from w = -ln(4 q (1 - q)); see rng/coefficients.h. Few vectors reach beyond the first polynomial.
HWY_INLINE Float<float>::V QuantileRatio(Float<float>::V w) {
  using C = QuantileCoefficients<float>;
  const Float<float>::D d;
  auto ratio = Polynomial<float>(C::kBody, hn::Sub(w, hn::Set(d, C::kBodyMiddle)));
  const auto tail = hn::Ge(w, hn::Set(d, C::kSplit));
  if (HWY_UNLIKELY(!hn::AllFalse(d, tail))) {
    const auto x = hn::Sub(hn::Sqrt(w), hn::Set(d, C::kTailMiddle));
    ratio = hn::IfThenElse(tail, Polynomial<float>(C::kTail, x), ratio);
  }
  return ratio;
}
HWY_INLINE Float<double>::V QuantileRatio(Float<double>::V w) {
  using C = QuantileCoefficients<double>;
  const Float<double>::D d;
  auto ratio = Polynomial<double>(C::kBody, hn::Sub(w, hn::Set(d, C::kBodyMiddle)));
  const auto tail = hn::Ge(w, hn::Set(d, C::kSplit));
  if (HWY_UNLIKELY(!hn::AllFalse(d, tail))) {
    const auto root = hn::Sqrt(w);
    ratio = hn::IfThenElse(tail, Polynomial<double>(C::kTail, hn::Sub(root, hn::Set(d, C::kTailMiddle))), ratio);
    const auto far = hn::Ge(root, hn::Set(d, C::kFarSplit));
    if (HWY_UNLIKELY(!hn::AllFalse(d, far))) {
      const auto x = hn::Sub(root, hn::Set(d, C::kFarTailMiddle));
      ratio = hn::IfThenElse(far, Polynomial<double>(C::kFarTail, x), ratio);
    }
  }
  return ratio;
}

// See rng/truncated_normal.h for what the three kinds are.
template <typename T, typename evenkeel::TruncatedNormal<T>::Kind kKind>
class TruncatedNormalDistribution : public Distribution<T, 1, 1, 2> {
 public:
  explicit TruncatedNormalDistribution(const evenkeel::TruncatedNormal<T>& normal) : normal_(normal) {}

  template <class VWord, class V>
  HWY_INLINE void operator()(const VWord* words, V* values) const {
    const typename F::D d;
    const typename F::DWord dw;
    const V distance = Distance(hn::Xor(words[0], hn::Set(dw, normal_.flip)));
    const V value = hn::Add(hn::Mul(distance, hn::Set(d, normal_.scale)), hn::Set(d, normal_.base));
    values[0] = hn::Min(hn::Max(value, hn::Set(d, normal_.lowest)), hn::Set(d, normal_.highest));
  }

 private:
  using F = Float<T>;
  using Kind = typename evenkeel::TruncatedNormal<T>::Kind;

  HWY_INLINE typename F::V Distance(typename F::VWord word) const {
    const typename F::D d;
    const typename F::DWord dw;
    const auto one = hn::Set(d, static_cast<T>(1));
    if constexpr (kKind == Kind::kNarrow) {
      const auto t = hn::Mul(MiddleOf(word), hn::Set(d, NegativePower<T>(F::kBits)));
      return hn::Mul(t, Polynomial<T>(normal_.polynomial, t));
    } else if constexpr (kKind == Kind::kTail) {
      const auto t = MiddleOf(word);
      const auto complement = hn::Mul(MiddleOf(hn::Not(word)), hn::Set(d, NegativePower<T>(F::kBits)));
      const auto covered = hn::Mul(t, hn::Set(d, normal_.covered));
      typename F::VWord k;
      typename F::V a;
      SplitForLog<T>(hn::Add(complement, hn::Mul(t, hn::Set(d, normal_.ratio))), &k, &a);
      // 1 - covered is the argument too: whichever of the two is known to full relative accuracy.
      const auto near = hn::Le(covered, hn::Set(d, static_cast<T>(0.5)));
      a = hn::IfThenElse(near, covered, a);
      k = hn::AndNot(hn::BitCast(dw, hn::VecFromMask(d, near)), k);
      const auto log = JoinLog<T>(k, a);
      const auto root = hn::Sqrt(hn::Add(one, hn::Mul(log, hn::Set(d, normal_.inverse_square))));
      const auto x = hn::Div(log, hn::Add(one, root));
      return hn::Mul(x, Polynomial<T>(normal_.polynomial, hn::Sub(hn::Mul(x, hn::Set(d, normal_.to_unit)), one)));
    } else {
      const auto low = hn::VecFromMask(dw, hn::Lt(word, hn::Set(dw, normal_.threshold)));
      // Words of the upper half are counted from the end.
      const auto t = MiddleOf(hn::Xor(hn::Not(low), word));
      const auto outside = hn::IfThenElse(hn::MaskFromVec(hn::BitCast(d, low)), hn::Set(d, normal_.lower),
                                          hn::Set(d, normal_.upper));
      const auto q = hn::Add(outside, hn::Mul(t, hn::Set(d, normal_.mass)));
      const auto four_q = hn::Mul(hn::Set(d, static_cast<T>(4)), q);
      // Below 1.
      const auto y = hn::Min(hn::Mul(four_q, hn::Sub(one, q)), hn::Set(d, 1 - std::numeric_limits<T>::epsilon() / 2));
      typename F::VWord k;
      typename F::V a;
      SplitForLog<T>(y, &k, &a);
      const auto w = hn::Mul(JoinLog<T>(k, a), hn::Set(d, static_cast<T>(0.5)));
      const auto z = hn::Mul(hn::Sub(one, hn::Add(q, q)), QuantileRatio(w));
      return hn::Xor(z, hn::BitCast(d, hn::And(low, hn::Set(dw, F::kOne << (F::kBits - 1)))));
    }
  }

  const evenkeel::TruncatedNormal<T> normal_;
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_TRUNCATED_NORMAL_INL_H_
