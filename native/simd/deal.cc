// A store to a random one of some hundred places in memory waits for its line of the cache, and for the page's address.
// Sixteen numbers that were collected before go there at the price of one, and as a whole line, which need not be read.

// As in random.cc: machines with SVE have NEON too.
#if defined(__aarch64__) && !defined(HWY_DISABLED_TARGETS)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include "simd/deal.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "simd/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/deal.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename Number>
HWY_INLINE void DealAs(Pcg32 start, int bits, uint64_t begin, uint64_t end, Number* out, int64_t* to, DealtLine* lines) {
  constexpr size_t kSlots = sizeof(DealtLine) / sizeof(Number);
  constexpr uint64_t kBlock = 2048;
  const hn::ScalableTag<Number> d;
  constexpr size_t kLanes = hn::MaxLanes(d);
  const std::vector<int64_t> from(to, to + (size_t{1} << bits));
  // out[p] lies in slot (p + skew) % kSlots of its line.
  const size_t skew = reinterpret_cast<uintptr_t>(out) / sizeof(Number) % kSlots;
  uint32_t draws[kBlock];
  for (uint64_t i = begin; i < end; i += kBlock) {
    const auto count = static_cast<size_t>(std::min(kBlock, end - i));
    DrawBits(start, count, draws);
    start.Advance(count);
    for (size_t k = 0; k < count; ++k) {
      const uint32_t bucket = draws[k] >> (32 - bits);
      const int64_t at = to[bucket]++;
      const size_t slot = (static_cast<size_t>(at) + skew) % kSlots;
      auto* line = reinterpret_cast<Number*>(lines[bucket].bytes);
      line[slot] = static_cast<Number>(i + k);
      if (slot != kSlots - 1) continue;
      const int64_t first = at - static_cast<int64_t>(slot);
      if (first < from[bucket]) {
        // What is before belongs to others.
        const int64_t others = from[bucket] - first;
        std::copy(line + others, line + kSlots, out + from[bucket]);
      } else {
        for (size_t v = 0; v < kSlots; v += kLanes) hn::Stream(hn::Load(d, line + v), d, out + first + v);
      }
    }
  }
  for (size_t bucket = 0; bucket < from.size(); ++bucket) {
    const auto slot = static_cast<int64_t>((static_cast<size_t>(to[bucket]) + skew) % kSlots);
    const int64_t first = std::max(to[bucket] - slot, from[bucket]);
    const auto* line = reinterpret_cast<const Number*>(lines[bucket].bytes);
    std::copy(line + slot - (to[bucket] - first), line + slot, out + first);
  }
  hwy::FlushStream();
}

void Deal32(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint32_t* out, int64_t* to, DealtLine* lines) {
  DealAs(start, bits, begin, end, out, to, lines);
}
void Deal64(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint64_t* out, int64_t* to, DealtLine* lines) {
  DealAs(start, bits, begin, end, out, to, lines);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Deal32);
HWY_EXPORT(Deal64);

void Deal(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint32_t* out, int64_t* to, DealtLine* lines) {
  HWY_DYNAMIC_DISPATCH(Deal32)(start, bits, begin, end, out, to, lines);
}
void Deal(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint64_t* out, int64_t* to, DealtLine* lines) {
  HWY_DYNAMIC_DISPATCH(Deal64)(start, bits, begin, end, out, to, lines);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
