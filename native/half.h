// IEEE binary16 and bfloat16 as bits, and their conversions: to float exactly, from float rounding to nearest even once.
#pragma once

#include <cstdint>
#include <cstring>

namespace evenkeel {

inline uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

struct BFloat16 {
  uint16_t bits;

  static BFloat16 From(float value) {
    const uint32_t word = BitsOf(value);
    // NaN keeps its sign and stays quiet: rounding could carry it into infinity.
    if ((word & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>((word >> 16) | 0x40u)};
    return {static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16)};
  }
  float ToFloat() const { return FloatOf(static_cast<uint32_t>(bits) << 16); }
};

struct Float16 {
  uint16_t bits;

  static Float16 From(float value) {
    const uint32_t word = BitsOf(value);
    const uint32_t sign = (word >> 16) & 0x8000u;
    const uint32_t magnitude = word & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return {static_cast<uint16_t>(sign | 0x7e00u)};
    // 65520 and up round to infinity.
    if (magnitude >= 0x477ff000u) return {static_cast<uint16_t>(sign | 0x7c00u)};
    if (magnitude < 0x38800000u) {
      // Below 2^-14 the result counts multiples of 2^-24: adding 1/2 puts those units at the float's last bit, and the
      // addition rounds to nearest even.
      const uint32_t units = BitsOf(FloatOf(magnitude) + 0.5f) - BitsOf(0.5f);
      return {static_cast<uint16_t>(sign | units)};
    }
    // Re-bias the exponent by 127 - 15 and drop 13 bits, rounding; a carry moves into the exponent as it should.
    const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    return {static_cast<uint16_t>(sign | ((rounded - (112u << 23)) >> 13))};
  }
  float ToFloat() const {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
    const uint32_t magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u) return FloatOf(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
    if (magnitude < 0x400u) return FloatOf(sign | BitsOf(static_cast<float>(magnitude) * 5.9604644775390625e-8f));
    return FloatOf(sign | ((magnitude << 13) + (112u << 23)));
  }
};

}  // namespace evenkeel
