// Element types: the codes that lib/dtype.ts sends, their sizes, and the switch from a run-time code to a C++ type.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace evenkeel {

// The numbers are the protocol with lib/dtype.ts; a new one goes at the end.
enum class DType : uint8_t { kFloat32 = 0, kFloat64 = 1, kUint32 = 2 };
constexpr int kNumDTypes = 3;

// Sets of dtypes, one bit each, for the table of kernels.
constexpr unsigned Bit(DType dtype) { return 1u << static_cast<unsigned>(dtype); }
constexpr unsigned kFloats = Bit(DType::kFloat32) | Bit(DType::kFloat64);
constexpr unsigned kWords = Bit(DType::kUint32);

template <typename T>
struct TypeTag {
  using type = T;
};

// Calls `function(TypeTag<float>{})` or `function(TypeTag<double>{})`.
template <typename Function>
decltype(auto) VisitFloat(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::kFloat32:
      return std::forward<Function>(function)(TypeTag<float>{});
    case DType::kFloat64:
      return std::forward<Function>(function)(TypeTag<double>{});
    case DType::kUint32:
      break;
  }
  throw std::logic_error("kernel called with a dtype that its row in kernels.def does not list");
}

}  // namespace evenkeel
