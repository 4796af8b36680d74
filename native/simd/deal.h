// Numbers dealt out to random buckets, in vectors' worth of stores.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rng/pcg.h"

namespace evenkeel::simd {

// A bucket's numbers wait here until they fill a line of the cache.
struct alignas(64) DealtLine {
  unsigned char bytes[64];
};

// The numbers from begin on, below end, in order: number begin + k goes to out[to[b]++], b the top `bits` bits of the k-th
// draw from `start` on. `out` is aligned to its elements, and taken to be larger than the caches: whole lines go past them.
// `lines` are as many as there are buckets.
void Deal(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint32_t* out, int64_t* to, DealtLine* lines);
void Deal(Pcg32 start, int bits, uint64_t begin, uint64_t end, uint64_t* out, int64_t* to, DealtLine* lines);

}  // namespace evenkeel::simd
