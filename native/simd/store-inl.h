// What the values of distributions-inl.h become in memory. Include after hwy/foreach_target.h; the guard toggles so that
// every target gets its own copy.
#if defined(EVENKEEL_SIMD_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_STORE_INL_H_
#undef EVENKEEL_SIMD_STORE_INL_H_
#else
#define EVENKEEL_SIMD_STORE_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "rng/element.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 0xffff in each lane of 32 bits at most -> lanes of 16.
HWY_INLINE void StoreNarrow(hn::Vec<hn::ScalableTag<uint32_t>> bits, uint16_t* to) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(d, bits)), d16, to);
}

// Stores values as elements of the type `to` points at.
template <typename T>
HWY_INLINE void StoreAs(hn::Vec<hn::ScalableTag<T>> values, T* to) {
  hn::StoreU(values, hn::ScalableTag<T>(), to);
}

// To nearest even once, as half.h does it; what is beyond the largest number becomes that.
HWY_INLINE void StoreAs(hn::Vec<hn::ScalableTag<float>> values, BFloat16* to) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<uint32_t> du;
  const auto largest = hn::Set(d, LargestOf<BFloat16>());
  const auto word = hn::BitCast(du, hn::Clamp(values, hn::Neg(largest), largest));
  const auto odd = hn::And(hn::ShiftRight<16>(word), hn::Set(du, 1));
  StoreNarrow(hn::ShiftRight<16>(hn::Add(word, hn::Add(odd, hn::Set(du, 0x7fff)))), &to->bits);
}

HWY_INLINE void StoreAs(hn::Vec<hn::ScalableTag<float>> values, Float16* to) {
  const hn::ScalableTag<float> d;
  const auto largest = hn::Set(d, LargestOf<Float16>());
  const auto clamped = hn::Clamp(values, hn::Neg(largest), largest);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C)
  const hn::Rebind<hwy::float16_t, decltype(d)> d16;
  const hn::Rebind<uint16_t, decltype(d)> du16;
  hn::StoreU(hn::BitCast(du16, hn::DemoteTo(d16, clamped)), du16, &to->bits);
#else
  const hn::ScalableTag<uint32_t> du;
  const auto word = hn::BitCast(du, clamped);
  const auto magnitude = hn::And(word, hn::Set(du, 0x7fffffff));
  const auto sign = hn::And(hn::ShiftRight<16>(word), hn::Set(du, 0x8000));
  // Below 2^-14: adding 1/2 puts multiples of 2^-24 at the float's last bit.
  const auto half = hn::Set(d, 0.5f);
  const auto small = hn::Sub(hn::BitCast(du, hn::Add(hn::BitCast(d, magnitude), half)), hn::BitCast(du, half));
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(du, 1));
  const auto rounded = hn::Add(magnitude, hn::Add(odd, hn::Set(du, 0xfff)));
  const auto normal = hn::ShiftRight<13>(hn::Sub(rounded, hn::Set(du, 112u << 23)));
  const auto is_small = hn::Lt(hn::BitCast(d, magnitude), hn::Set(d, 0x1p-14f));
  const auto chosen = hn::IfThenElse(hn::MaskFromVec(hn::BitCast(du, hn::VecFromMask(d, is_small))), small, normal);
  StoreNarrow(hn::Or(sign, chosen), &to->bits);
#endif
}

// 1 of any type as bits.
template <typename T>
constexpr uint64_t kOneBits = 1;
template <>
constexpr uint64_t kOneBits<float> = 0x3f800000;
template <>
constexpr uint64_t kOneBits<double> = 0x3ff0000000000000;
template <>
constexpr uint64_t kOneBits<Float16> = 0x3c00;
template <>
constexpr uint64_t kOneBits<BFloat16> = 0x3f80;

// Stores 1 for lanes that are all ones, 0 for zeros.
template <typename T>
HWY_INLINE void StoreBits(hn::Vec<hn::ScalableTag<uint32_t>> lanes, T* to) {
  const hn::ScalableTag<uint32_t> du;
  const hn::ScalableTag<int32_t> d;
  if constexpr (sizeof(T) == 8) {
    const hn::ScalableTag<int64_t> d64;
    const hn::Half<decltype(d)> half;
    const auto one = hn::Set(d64, static_cast<int64_t>(kOneBits<T>));
    const auto all = hn::BitCast(d, lanes);
    auto* bits = reinterpret_cast<int64_t*>(to);
    hn::StoreU(hn::And(hn::PromoteTo(d64, hn::LowerHalf(half, all)), one), d64, bits);
    hn::StoreU(hn::And(hn::PromoteTo(d64, hn::UpperHalf(half, all)), one), d64, bits + hn::Lanes(d64));
  } else {
    const auto bits = hn::And(lanes, hn::Set(du, static_cast<uint32_t>(kOneBits<T>)));
    if constexpr (sizeof(T) == 4) {
      hn::StoreU(bits, du, reinterpret_cast<uint32_t*>(to));
    } else if constexpr (sizeof(T) == 2) {
      StoreNarrow(bits, reinterpret_cast<uint16_t*>(to));
    } else {
      const hn::Rebind<uint8_t, decltype(d)> d8;
      hn::StoreU(hn::DemoteTo(d8, hn::BitCast(d, bits)), d8, reinterpret_cast<uint8_t*>(to));
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_STORE_INL_H_
