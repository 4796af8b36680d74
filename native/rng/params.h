// How a plan's parameters name a place in a stream of random numbers.
#pragma once

#include <cstdint>

#include "guard.h"
#include "rng/pcg.h"

namespace evenkeel {

constexpr int kNumStreamParams = 5;  // the distribution's own parameters follow

// A whole number below `limit` that JavaScript sent. A conversion of anything else would be undefined behaviour.
inline uint64_t WholeNumber(double value, double limit) {
  if (!(value >= 0 && value < limit)) throw PlanError("random: state, increment and position must be whole numbers");
  return static_cast<uint64_t>(value);
}

// params: state high, low, increment high, low (32 bits each), position. The generator, advanced to the position.
inline Pcg32 StreamFromParams(const double* params) {
  uint64_t halves[4];
  for (int i = 0; i < 4; ++i) halves[i] = WholeNumber(params[i], 4294967296.0);
  Pcg32 pcg(halves[0] << 32 | halves[1], halves[2] << 32 | halves[3]);
  pcg.Advance(WholeNumber(params[4], 9007199254740992.0));
  return pcg;
}

}  // namespace evenkeel
