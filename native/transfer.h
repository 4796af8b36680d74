// How elements travel between a strided view and contiguous memory of the type that arithmetic is done in.
#pragma once

#include <cstdint>
#include <type_traits>

#include "dtype.h"

namespace evenkeel {

// Halves are computed with as floats.
template <typename T>
struct Computed {
  using type = T;
};
template <>
struct Computed<Float16> {
  using type = float;
};
template <>
struct Computed<BFloat16> {
  using type = float;
};

// Copies `count` elements that lie `stride` elements apart in a view.
using TransferFunction = void (*)(const void* from, int64_t stride, void* to, int64_t count);

struct Transfer {
  int64_t size;     // bytes of an element in the view
  bool converts;    // whether contiguous memory holds another type
  TransferFunction gather;   // from the view
  TransferFunction scatter;  // to the view: its elements are `to`
};

template <typename T>
void GatherElements(const void* from_bytes, int64_t stride, void* to_bytes, int64_t count) {
  using Wide = typename Computed<T>::type;
  const T* from = static_cast<const T*>(from_bytes);
  Wide* to = static_cast<Wide*>(to_bytes);
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, Wide>) {
      to[i] = from[i * stride];
    } else {
      to[i] = from[i * stride].ToFloat();
    }
  }
}

template <typename T>
void ScatterElements(const void* from_bytes, int64_t stride, void* to_bytes, int64_t count) {
  using Wide = typename Computed<T>::type;
  const Wide* from = static_cast<const Wide*>(from_bytes);
  T* to = static_cast<T*>(to_bytes);
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, Wide>) {
      to[i * stride] = from[i];
    } else {
      to[i * stride] = T::From(from[i]);
    }
  }
}

template <typename T>
constexpr Transfer MakeTransfer() {
  return {sizeof(T), !std::is_same_v<T, typename Computed<T>::type>, &GatherElements<T>, &ScatterElements<T>};
}

// As bits of the element's size.
inline Transfer MovesOf(int64_t size) {
  switch (size) {
    case 1:
      return MakeTransfer<uint8_t>();
    case 2:
      return MakeTransfer<uint16_t>();
    case 4:
      return MakeTransfer<uint32_t>();
    default:
      return MakeTransfer<uint64_t>();
  }
}

inline Transfer TransferOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return MakeTransfer<Float16>();
    case DType::kBFloat16:
      return MakeTransfer<BFloat16>();
    default:
      return MovesOf(static_cast<int64_t>(SizeOf(dtype)));
  }
}

}  // namespace evenkeel
