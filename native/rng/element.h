// The float types that fills write: the precision they are made in, and the numbers that lie next to a bound.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dtype.h"

namespace evenkeel {

// 32 random bits make a float, 64 a double.
template <typename T>
using Word = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

// Halves are made as floats and rounded once.
template <typename Out>
using Made = std::conditional_t<std::is_same_v<Out, double>, double, float>;

template <typename Out>
constexpr bool kIsHalf = std::is_same_v<Out, Float16> || std::is_same_v<Out, BFloat16>;

template <typename Out>
Made<Out> LargestOf() {
  if constexpr (kIsHalf<Out>) {
    return Out{static_cast<uint16_t>(std::is_same_v<Out, Float16> ? 0x7bff : 0x7f7f)}.ToFloat();
  } else {
    return std::numeric_limits<Out>::max();
  }
}

template <typename Out>
Made<Out> SmallestPositiveOf() {
  if constexpr (kIsHalf<Out>) {
    return Out{1}.ToFloat();
  } else {
    return std::numeric_limits<Out>::denorm_min();
  }
}

// To nearest even, once; what is beyond the largest number becomes that.
template <typename Out>
Out Rounded(Made<Out> value) {
  if constexpr (kIsHalf<Out>) {
    return Out::From(std::min(std::max(value, -LargestOf<Out>()), LargestOf<Out>()));
  } else {
    return value;
  }
}

// A number of the type near `value`; by way of float32 for halves.
template <typename Out>
Made<Out> NearestOf(double value) {
  if constexpr (kIsHalf<Out>) {
    return Out::From(static_cast<float>(value)).ToFloat();
  } else {
    return static_cast<Out>(value);
  }
}

// The type's next number above (direction 1) or below (-1) one of its numbers.
template <typename Out>
Made<Out> Neighbour(Made<Out> value, int direction) {
  if constexpr (kIsHalf<Out>) {
    const uint16_t bits = Out::From(value).bits;
    // Numbers in order are whole numbers in order, once the sign is one.
    const int order = (bits & 0x8000 ? -(bits & 0x7fff) : bits) + direction;
    return Out{static_cast<uint16_t>(order < 0 ? 0x8000 | -order : order)}.ToFloat();
  } else {
    return std::nextafter(value, direction * std::numeric_limits<Out>::infinity());
  }
}

// The least finite number of the type that is not below `bound`, and the greatest not above.
template <typename Out>
Made<Out> AtLeast(double bound) {
  const Made<Out> nearest = NearestOf<Out>(bound);
  const Made<Out> value = nearest < bound ? Neighbour<Out>(nearest, 1) : nearest;
  return std::min(std::max(value, -LargestOf<Out>()), LargestOf<Out>());
}
template <typename Out>
Made<Out> AtMost(double bound) {
  return -AtLeast<Out>(-bound);
}

// Calls `function(TypeTag<T>{})` with the C++ type of any floating-point dtype.
template <typename Function>
void VisitReal(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::kFloat16:
      return function(TypeTag<Float16>{});
    case DType::kBFloat16:
      return function(TypeTag<BFloat16>{});
    default:
      return VisitFloat(dtype, function);
  }
}

}  // namespace evenkeel
