// How pcg32's permutations are divided: part of the random law, for the kernel and its reference.
#pragma once

#include <cstdint>

#include "kernel.h"

namespace evenkeel {

// Up to this many elements a permutation is one shuffle: their numbers, of 32 bits, fit the third-level cache.
// lib/rng/distributions.ts counts the draws by it.
constexpr int64_t kOneShuffle = 1 << 20;

// In larger ones every number draws the bucket that it is shuffled in: as many bits as make this the largest mean of a bucket's
// size, whose numbers fit the second-level cache; no more than 12, so that a line of the cache for every bucket does so too.
constexpr int64_t kMeanBucket = 1 << 16;
constexpr int kMaxBucketBits = 12;

// The bits of a bucket's number in a permutation of n; 0 where there is one shuffle.
inline int BucketBits(int64_t n) {
  if (n <= kOneShuffle) return 0;
  int bits = 1;
  while (bits < kMaxBucketBits && n > kMeanBucket << bits) ++bits;
  return bits;
}

// The kernel as it works beyond 2^32 elements, with numbers of 64 bits, on any number of them: for tests.
void WidePermutation(const Plan& plan);

}  // namespace evenkeel
