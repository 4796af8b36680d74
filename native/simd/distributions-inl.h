// Distributions: what to make of random bits. Include after hwy/foreach_target.h; the guard toggles so that every
// target gets its own copy.
//
// A distribution derives from Distribution, below, and has
//   operator()  const VWord words[kWords] -> VValue values[kOutputs], in memory order
// Its constructor takes what the whole fill has in common; store-inl.h turns values into elements. Nothing here may depend
// on the number of lanes. No fused multiply-adds: they would round differently where the instruction set lacks them.
#if defined(EVENKEEL_SIMD_DISTRIBUTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_DISTRIBUTIONS_INL_H_
#undef EVENKEEL_SIMD_DISTRIBUTIONS_INL_H_
#else
#define EVENKEEL_SIMD_DISTRIBUTIONS_INL_H_
#endif

#include <cstdint>
#include <limits>

#include "hwy/highway.h"
#include "rng/coefficients.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The formats of a float type's bits, and vectors of them.
template <typename T>
struct Float {
  using Word = hwy::MakeUnsigned<T>;
  using D = hn::ScalableTag<T>;
  using DWord = hn::ScalableTag<Word>;
  using DSigned = hn::ScalableTag<hwy::MakeSigned<T>>;
  using V = hn::Vec<D>;
  using VWord = hn::Vec<DWord>;
  static constexpr int kBits = 8 * sizeof(T);
  static constexpr int kDigits = std::numeric_limits<T>::digits;  // 24 or 53
  static constexpr int kMantissaBits = kDigits - 1;
  static constexpr Word kOne = 1;
  static constexpr Word kMantissaMask = (kOne << kMantissaBits) - 1;
  // 0.5, as bits.
  static constexpr Word kHalfBits = static_cast<Word>(std::numeric_limits<T>::max_exponent - 2) << kMantissaBits;
};

// 2^-n
template <typename T>
constexpr T NegativePower(int n) {
  T power = 1;
  for (int i = 0; i < n; ++i) power /= 2;
  return power;
}

// The vectors' words as numbers; their top bit must be clear.
template <typename T>
HWY_INLINE typename Float<T>::V ToFloat(typename Float<T>::VWord words) {
  return hn::ConvertTo(typename Float<T>::D(), hn::BitCast(typename Float<T>::DSigned(), words));
}

// Estrin's scheme: neighbouring terms in pairs, then pairs of pairs with x^2, and so on. Hardly more operations than
// Horner's and half its depth, for processors that overlap fewer of them. The order is part of the random law.
template <typename T, int n>
HWY_INLINE typename Float<T>::V Polynomial(const T (&coefficients)[n], typename Float<T>::V x) {
  const typename Float<T>::D d;
  typename Float<T>::V terms[n];
  for (int k = 0; k < n; ++k) terms[k] = hn::Set(d, coefficients[k]);
  for (int left = n; left > 1; left = (left + 1) / 2) {
    for (int k = 0; k < left / 2; ++k) terms[k] = hn::Add(terms[2 * k], hn::Mul(terms[2 * k + 1], x));
    if (left % 2 == 1) terms[left / 2] = terms[left - 1];
    if (left > 2) x = hn::Mul(x, x);
  }
  return terms[0];
}

// T is what a distribution makes: the element type, float for halves, uint32_t (all ones or zeros) for yes and no. It does
// so from `words` words of as many bits for each unit of `outputs` values, 1 or 2, and works on `groups` vectors of units
// at once.
template <typename T, int words, int outputs, int groups>
struct Distribution {
  using Value = T;
  using Word = hwy::MakeUnsigned<T>;
  static constexpr int kWords = words;
  static constexpr int kOutputs = outputs;
  static constexpr int kGroups = groups;
};

struct BitsDistribution : Distribution<uint32_t, 1, 1, 4> {
  template <class VWord>
  HWY_INLINE void operator()(const VWord* words, VWord* values) const {
    values[0] = words[0];
  }
};

// low + (high - low) u, u the word's top 24 or 53 bits as a fraction.
template <typename T>
class UniformDistribution : public Distribution<T, 1, 1, 4> {
 public:
  // The upper bound is open, but the sum may round onto it: `largest` is what it becomes then.
  UniformDistribution(T low, T high, T largest) : low_(low), range_(high - low), largest_(largest) {}

  template <class VWord, class V>
  HWY_INLINE void operator()(const VWord* words, V* values) const {
    using F = Float<T>;
    const typename F::D d;
    const V unit = hn::Mul(ToFloat<T>(hn::ShiftRight<F::kBits - F::kDigits>(words[0])),
                           hn::Set(d, NegativePower<T>(F::kDigits)));
    const V value = hn::Add(hn::Mul(unit, hn::Set(d, range_)), hn::Set(d, low_));
    values[0] = hn::Min(value, hn::Set(d, largest_));
  }

 private:
  T low_;
  T range_;
  T largest_;
};

// -2 ln(1 - a) for 0 <= a <= 1/2; see rng/coefficients.h.
HWY_INLINE Float<float>::V LogTail(Float<float>::V a) {
  const auto two_a = hn::Add(a, a);
  return hn::Add(two_a, hn::Mul(hn::Mul(a, a), Polynomial<float>(NormalCoefficients<float>::kLog, a)));
}

HWY_INLINE Float<double>::V LogTail(Float<double>::V a) {
  const Float<double>::D d;
  const auto s = hn::Div(a, hn::Sub(hn::Set(d, 2.0), a));
  const auto t = hn::Mul(s, s);
  return hn::Add(hn::Mul(hn::Set(d, 4.0), s),
                 hn::Mul(hn::Mul(s, t), Polynomial<double>(NormalCoefficients<double>::kLog, t)));
}

// Whole numbers below 2^23 as floats, below 2^52 as doubles.
HWY_INLINE Float<float>::V SmallToFloat(Float<float>::VWord n) { return ToFloat<float>(n); }
HWY_INLINE Float<double>::V SmallToFloat(Float<double>::VWord n) {
  // Cheaper than a conversion from 64 bits, which most instruction sets lack: n in the mantissa of 2^52.
  const Float<double>::D d;
  const auto magic = hn::Set(d, 4503599627370496.0);
  return hn::Sub(hn::BitCast(d, hn::Or(n, hn::BitCast(Float<double>::DWord(), magic))), magic);
}

// -2 ln((word + 1/2) 2^-bits): at least 0, and float results never rise as `word` does.
template <typename T>
HWY_INLINE typename Float<T>::V RadiusSquared(typename Float<T>::VWord word) {
  using F = Float<T>;
  const typename F::D d;
  const typename F::DWord dw;
  const typename F::DSigned ds;
  // The argument u1 is x for words in the lower half and 1 - x for those in the upper, where x <= 1/2 is exact or
  // rounded relative to itself: near u1 = 1, x is all that counts.
  const auto upper = hn::BitCast(dw, hn::BroadcastSignBit(hn::BitCast(ds, word)));  // all ones or zeros
  const auto folded = hn::Xor(word, upper);
  const auto scaled = hn::Add(ToFloat<T>(folded), hn::Set(d, static_cast<T>(0.5)));  // x 2^bits
  const auto x = hn::Mul(scaled, hn::Set(d, NegativePower<T>(F::kBits)));
  // x = 2^-k (1 - a) with 1/2 <= 1 - a < 1, from the exponent and the mantissa (which the scale leaves alone).
  constexpr auto kScaledHalf = F::kHalfBits + (static_cast<typename F::Word>(F::kBits) << F::kMantissaBits);
  const auto bits = hn::BitCast(dw, scaled);
  const auto k = hn::ShiftRight<F::kMantissaBits>(hn::Sub(hn::Set(dw, kScaledHalf | F::kMantissaMask), bits));
  const auto mantissa = hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(dw, F::kMantissaMask)), hn::Set(dw, F::kHalfBits)));
  // (Not IfNegativeThenElse: Highway 1.0.3 gets it wrong for floats on SSSE3.)
  const auto from_mantissa = hn::Sub(hn::Set(d, static_cast<T>(1)), mantissa);
  const auto a = hn::IfThenElse(hn::MaskFromVec(hn::BitCast(d, upper)), x, from_mantissa);
  return hn::Add(hn::Mul(SmallToFloat(hn::AndNot(upper, k)), hn::Set(d, NormalCoefficients<T>::kTwoLn2)), LogTail(a));
}

// Box and Muller's transform (1958) with the sine of a quarter turn as its only trigonometric function.
template <typename T>
HWY_INLINE void BoxMuller(typename Float<T>::VWord radius_word, typename Float<T>::VWord angle_word,
                          typename Float<T>::V* z0, typename Float<T>::V* z1) {
  using F = Float<T>;
  using V = typename F::V;
  using VWord = typename F::VWord;
  const typename F::D d;
  const typename F::DWord dw;
  const typename F::DSigned ds;
  constexpr int kFractionBits = F::kBits - 2;
  const V radius = hn::Sqrt(RadiusSquared<T>(radius_word));

  // The top two bits are the quadrant. In the second and fourth the angle is counted back from the quadrant's end: its
  // complement is exact, because a word stands for its middle (the + 1/2).
  const VWord doubled = hn::ShiftLeft<1>(angle_word);
  const VWord flip = hn::BitCast(dw, hn::BroadcastSignBit(hn::BitCast(ds, doubled)));
  const VWord mask = hn::Set(dw, (F::kOne << kFractionBits) - 1);
  const VWord fraction = hn::And(hn::Xor(angle_word, flip), mask);
  const auto quarter_sine = [&](VWord n) HWY_ATTR {
    const V middle = hn::Add(ToFloat<T>(n), hn::Set(d, static_cast<T>(0.5)));
    const V g = hn::Mul(middle, hn::Set(d, NegativePower<T>(kFractionBits)));
    return hn::Mul(g, Polynomial<T>(NormalCoefficients<T>::kSin, hn::Mul(g, g)));
  };
  const VWord sign_bit = hn::Set(dw, F::kOne << (F::kBits - 1));
  const V sin_sign = hn::BitCast(d, hn::And(angle_word, sign_bit));
  const V cos_sign = hn::BitCast(d, hn::And(hn::Xor(angle_word, doubled), sign_bit));
  *z0 = hn::Xor(hn::Mul(radius, quarter_sine(hn::Xor(fraction, mask))), cos_sign);
  *z1 = hn::Xor(hn::Mul(radius, quarter_sine(fraction)), sin_sign);
}

// A unit is a pair of values: the first word gives the radius, the second the angle.
template <typename T>
class NormalDistribution : public Distribution<T, 2, 2, 1> {
 public:
  NormalDistribution(T mean, T std) : mean_(mean), std_(std) {}

  template <class VWord, class V>
  HWY_INLINE void operator()(const VWord* words, V* values) const {
    const typename Float<T>::D d;
    V z0, z1;
    BoxMuller<T>(words[0], words[1], &z0, &z1);
    const V std = hn::Set(d, std_);
    const V mean = hn::Set(d, mean_);
    z0 = hn::Add(hn::Mul(z0, std), mean);
    z1 = hn::Add(hn::Mul(z1, std), mean);
    values[0] = hn::InterleaveLower(d, z0, z1);
    values[1] = hn::InterleaveUpper(d, z0, z1);
  }

 private:
  T mean_;
  T std_;
};

// -ln u, as a multiple of the radius squared; never 0 nor infinite.
template <typename T>
class ExponentialDistribution : public Distribution<T, 1, 1, 2> {
 public:
  ExponentialDistribution(T scale, T least, T largest) : scale_(scale), least_(least), largest_(largest) {}

  template <class VWord, class V>
  HWY_INLINE void operator()(const VWord* words, V* values) const {
    const typename Float<T>::D d;
    const V value = hn::Mul(RadiusSquared<T>(words[0]), hn::Set(d, scale_));
    values[0] = hn::Min(hn::Max(value, hn::Set(d, least_)), hn::Set(d, largest_));
  }

 private:
  T scale_;
  T least_;
  T largest_;
};

// All ones for words below the threshold, which is at most 2^32 - 1.
class BernoulliDistribution : public Distribution<uint32_t, 1, 1, 4> {
 public:
  explicit BernoulliDistribution(uint32_t threshold) : threshold_(threshold) {}

  template <class VWord>
  HWY_INLINE void operator()(const VWord* words, VWord* values) const {
    const hn::ScalableTag<uint32_t> d;
    values[0] = hn::VecFromMask(d, hn::Lt(words[0], hn::Set(d, threshold_)));
  }

 private:
  uint32_t threshold_;
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_DISTRIBUTIONS_INL_H_
