// Whole numbers from random words: what the vector code, its reference and the serial fills have in common.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "rng/params.h"

namespace evenkeel {

// The factor that makes an exponential variate of rate `lambda` of -2 ln u; finite.
template <typename T>
T ExponentialScale(double lambda) {
  return static_cast<T>(std::min(0.5 / lambda, static_cast<double>(std::numeric_limits<T>::max())));
}

// A draw below it is a 1: draws are below p 2^32 and below its ceiling alike. From 0 to 2^32.
inline uint64_t BernoulliThreshold(double p) {
  const double threshold = std::ceil(p * 4294967296.0);
  return threshold >= 4294967296.0 ? uint64_t{1} << 32 : threshold > 0 ? static_cast<uint64_t>(threshold) : 0;
}

// The high 64 bits of the product.
inline uint64_t MultiplyHigh(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>(static_cast<Wide>(a) * b >> 64);
#else
  const uint64_t a_low = a & 0xffffffff, a_high = a >> 32, b_low = b & 0xffffffff, b_high = b >> 32;
  const uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
  return a_high * b_high + (middle >> 32) + ((a_low * b_high + (middle & 0xffffffff)) >> 32);
#endif
}

// low + floor(word range / 2^64): params are the high and low words of `low`, in two's complement, and of `range`, where 0
// stands for 2^64.
class IntegerRange {
 public:
  explicit IntegerRange(const double* params) : low_(Whole(params)), range_(Whole(params + 2)) {}

  uint64_t low() const { return low_; }
  uint64_t range() const { return range_; }

  int64_t At(uint64_t word) const {
    return static_cast<int64_t>(low_ + (range_ == 0 ? word : MultiplyHigh(word, range_)));
  }

 private:
  static uint64_t Whole(const double* words) {
    return WholeNumber(words[0], 4294967296.0) << 32 | WholeNumber(words[1], 4294967296.0);
  }

  uint64_t low_;
  uint64_t range_;
};

}  // namespace evenkeel
