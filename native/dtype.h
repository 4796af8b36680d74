// Element types: the codes that lib/dtype.ts sends, how they lie in typed arrays, and the switch from a run-time code to a
// C++ type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "half.h"

namespace evenkeel {

// The numbers are the protocol with lib/dtype.ts; a new one goes at the end.
enum class DType : uint8_t {
  kFloat32 = 0,
  kFloat64 = 1,
  kUint32 = 2,
  kFloat16 = 3,
  kBFloat16 = 4,
  kInt64 = 5,
  kInt32 = 6,
  kUint8 = 7,
  kBool = 8,
};
constexpr int kNumDTypes = 9;

// The kinds of typed arrays. Half-precision floats lie in Uint16Arrays as bits, booleans in Uint8Arrays as 0 and 1.
enum class Storage : uint8_t { kFloat32, kFloat64, kUint32, kUint16, kInt64, kInt32, kUint8 };

constexpr Storage StorageOf(DType dtype) {
  constexpr Storage kStorage[kNumDTypes] = {Storage::kFloat32, Storage::kFloat64, Storage::kUint32,
                                            Storage::kUint16,  Storage::kUint16,  Storage::kInt64,
                                            Storage::kInt32,   Storage::kUint8,   Storage::kUint8};
  return kStorage[static_cast<int>(dtype)];
}

constexpr size_t SizeOf(DType dtype) {
  constexpr size_t kSize[kNumDTypes] = {4, 8, 4, 2, 2, 8, 4, 1, 1};
  return kSize[static_cast<int>(dtype)];
}

// Sets of dtypes, one bit each, for the table of kernels.
constexpr unsigned Bit(DType dtype) { return 1u << static_cast<unsigned>(dtype); }
constexpr unsigned kFloats = Bit(DType::kFloat32) | Bit(DType::kFloat64);
constexpr unsigned kHalves = Bit(DType::kFloat16) | Bit(DType::kBFloat16);
constexpr unsigned kWords = Bit(DType::kUint32);
constexpr unsigned kIntegers =
    Bit(DType::kInt64) | Bit(DType::kInt32) | Bit(DType::kUint8) | Bit(DType::kBool);
constexpr unsigned kReals = kFloats | kHalves;
constexpr unsigned kAllTensors = kReals | kIntegers;
constexpr unsigned kNumbers = kAllTensors & ~Bit(DType::kBool);
constexpr bool IsIn(unsigned dtypes, DType dtype) { return (dtypes & Bit(dtype)) != 0; }

template <typename T>
struct TypeTag {
  using type = T;
};

// The value of a bool tensor's byte; distinct from uint8_t so that conversions to it test for 0.
struct Bool {
  uint8_t byte;
};

[[noreturn]] inline void UnlistedDType() {
  throw std::logic_error("kernel called with a dtype that its row in kernels.def does not list");
}

// Calls `function(TypeTag<float>{})` or `function(TypeTag<double>{})`.
template <typename Function>
decltype(auto) VisitFloat(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::kFloat32:
      return std::forward<Function>(function)(TypeTag<float>{});
    case DType::kFloat64:
      return std::forward<Function>(function)(TypeTag<double>{});
    default:
      UnlistedDType();
  }
}

// Calls `function(TypeTag<T>{})` with the C++ type of any dtype that a tensor may have.
template <typename Function>
decltype(auto) VisitAny(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::kFloat32:
      return function(TypeTag<float>{});
    case DType::kFloat64:
      return function(TypeTag<double>{});
    case DType::kFloat16:
      return function(TypeTag<Float16>{});
    case DType::kBFloat16:
      return function(TypeTag<BFloat16>{});
    case DType::kInt64:
      return function(TypeTag<int64_t>{});
    case DType::kInt32:
      return function(TypeTag<int32_t>{});
    case DType::kUint8:
      return function(TypeTag<uint8_t>{});
    case DType::kBool:
      return function(TypeTag<Bool>{});
    default:
      UnlistedDType();
  }
}

}  // namespace evenkeel
