// Conversions between element types, as torch does them.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "dtype.h"

namespace evenkeel {

// An element as a number. Halves go through float.
template <typename T>
T Widen(T value) {
  return value;
}
inline float Widen(Float16 value) { return value.ToFloat(); }
inline float Widen(BFloat16 value) { return value.ToFloat(); }
inline uint8_t Widen(Bool value) { return value.byte != 0; }

template <typename To, typename From>
To Convert(From from) {
  const auto value = Widen(from);
  using Wide = std::decay_t<decltype(value)>;
  if constexpr (std::is_same_v<To, Bool>) {
    return {static_cast<uint8_t>(value != 0)};
  } else if constexpr (std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>) {
    return To::From(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<Wide>) {
    // C++ leaves conversions of NaN and of numbers out of range undefined: 0, and the nearest number there is.
    if (value != value) return 0;
    if (static_cast<double>(value) <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (static_cast<double>(value) >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace evenkeel
