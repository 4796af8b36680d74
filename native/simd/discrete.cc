// Vector code of the fills with whole numbers: words of two draws, scaled to ranges; and elements zeroed by masks.

// As in random.cc: machines with SVE have NEON too.
#if defined(__aarch64__) && !defined(HWY_DISABLED_TARGETS)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include "simd/discrete.h"

#include <cstring>

#include "rng/discrete.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/discrete.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// For ranges below 2^32, where with a word's halves h and l: floor((h 2^32 + l) range / 2^64) =
// floor((h range + floor(l range / 2^32)) / 2^32), two products of 32 bits by 32. Returns how many it has done: whole vectors.
size_t Scale(const uint32_t* draws, size_t count, uint64_t range, uint64_t step, uint64_t* out) {
  const hn::ScalableTag<uint64_t> d;
  const hn::ScalableTag<uint32_t> d32;
  constexpr size_t kLanes = hn::MaxLanes(d);
  HWY_ALIGN uint64_t first[kLanes];
  for (size_t k = 0; k < kLanes; ++k) first[k] = range - step * k;
  auto ranges = hn::Load(d, first);
  const auto next = hn::Set(d, step * kLanes);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    // In memory the high half comes first; a lane of 64 bits has it at the bottom.
    const auto words = hn::BitCast(d, hn::LoadU(d32, draws + 2 * i));
    const auto range32 = hn::BitCast(d32, ranges);
    const auto high = hn::MulEven(hn::BitCast(d32, words), range32);
    const auto low = hn::MulEven(hn::BitCast(d32, hn::ShiftRight<32>(words)), range32);
    hn::StoreU(hn::ShiftRight<32>(hn::Add(high, hn::ShiftRight<32>(low))), d, out + i);
    ranges = hn::Sub(ranges, next);
  }
  return i;
}

template <typename T>
HWY_INLINE void ZeroMarkedAs(uint64_t* marks, size_t rows, unsigned char* out, ptrdiff_t pitch) {
  const hn::ScalableTag<T> d;
  constexpr size_t kLanes = hn::MaxLanes(d);
  static_assert(kLanes <= 64, "a row is whole vectors");
  for (size_t row = 0; row < rows; ++row, out += pitch) {
    uint64_t left = marks[row];
    marks[row] = 0;
    T* to = reinterpret_cast<T*>(out);
    for (size_t column = 0; column < 64; column += kLanes) {
      unsigned char bits[8];
      std::memcpy(bits, &left, 8);
      hn::BlendedStore(hn::Zero(d), hn::LoadMaskBits(d, bits), d, to + column);
      if (kLanes < 64) left >>= kLanes % 64;
    }
  }
}

void ZeroMarkedBytes(uint64_t* marks, size_t rows, void* out, ptrdiff_t pitch, size_t size) {
  auto* const bytes = static_cast<unsigned char*>(out);
  if (size == 1) return ZeroMarkedAs<uint8_t>(marks, rows, bytes, pitch);
  if (size == 2) return ZeroMarkedAs<uint16_t>(marks, rows, bytes, pitch);
  if (size == 4) return ZeroMarkedAs<uint32_t>(marks, rows, bytes, pitch);
  ZeroMarkedAs<uint64_t>(marks, rows, bytes, pitch);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Scale);
HWY_EXPORT(ZeroMarkedBytes);

void ScaleWords(const uint32_t* draws, size_t count, uint64_t range, uint64_t step, uint64_t* out) {
  size_t i = 0;
  if (range == 0) {
    for (; i < count; ++i) out[i] = static_cast<uint64_t>(draws[2 * i]) << 32 | draws[2 * i + 1];
    return;
  }
  if (count >= 4 && range >> 32 == 0) i = HWY_DYNAMIC_DISPATCH(Scale)(draws, count, range, step, out);
  for (; i < count; ++i) {
    out[i] = MultiplyHigh(static_cast<uint64_t>(draws[2 * i]) << 32 | draws[2 * i + 1], range - step * i);
  }
}

void ZeroMarked(uint64_t* marks, size_t rows, void* out, ptrdiff_t pitch, size_t size) {
  HWY_DYNAMIC_DISPATCH(ZeroMarkedBytes)(marks, rows, out, pitch, size);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
