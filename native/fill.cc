// Sets every element of a view of any dtype to one number.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels.h"
#include "parallel.h"
#include "strided.h"

namespace evenkeel {
namespace {

constexpr int64_t kGrain = 32768;

// The plan's scalar, as the element's bits.
uint64_t ScalarBits(const Plan& plan) {
  return VisitAny(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    uint64_t bits = 0;
    const auto store = [&](T element) { std::memcpy(&bits, &element, sizeof(element)); };
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
      store(T::From(static_cast<float>(plan.params[0])));
    } else if constexpr (std::is_floating_point_v<T>) {
      store(static_cast<T>(plan.params[0]));
    } else if constexpr (std::is_same_v<T, Bool>) {
      store({static_cast<uint8_t>(IntegerScalar(plan.params, 0) != 0)});
    } else {
      store(static_cast<T>(IntegerScalar(plan.params, 0)));
    }
    return bits;
  });
}

template <typename T>
void FillElements(const Plan& plan, uint64_t bits) {
  T element;
  std::memcpy(&element, &bits, sizeof(element));
  const StridedLoop loop(plan.views, 1);
  T* out = plan.views[0].As<T>();
  ParallelFor(
      loop.NumElements(), kGrain,
      [&](int64_t begin, int64_t end) {
        loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
          T* run = out + offsets[0];
          const int64_t stride = loop.inner_stride(0);
          if (stride == 1) {
            std::fill(run, run + length, element);
          } else {
            for (int64_t i = 0; i < length; ++i) run[i * stride] = element;
          }
        });
      },
      64, kSeveralPieces);
}

}  // namespace

void FillAll(const Plan& plan) {
  const uint64_t bits = ScalarBits(plan);
  switch (SizeOf(plan.views[0].dtype)) {
    case 1:
      return FillElements<uint8_t>(plan, bits);
    case 2:
      return FillElements<uint16_t>(plan, bits);
    case 4:
      return FillElements<uint32_t>(plan, bits);
    default:
      return FillElements<uint64_t>(plan, bits);
  }
}

}  // namespace evenkeel
