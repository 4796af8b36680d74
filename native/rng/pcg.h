// pcg32: PCG-XSH-RR 64/32 (M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
// for Random Number Generation", Harvey Mudd College HMC-CS-2014-0905, 2014). The scalar generator, and jumps along
// its orbit.
#pragma once

#include <cstdint>

namespace evenkeel {

constexpr uint64_t kPcgMultiplier = 6364136223846793005u;

// d steps at once: d applications of s -> a s + c take s to a^d s + (1 + a + ... + a^(d-1)) c.
struct PcgJump {
  uint64_t multiplier = 1;  // a^d
  uint64_t sum = 0;         // 1 + a + ... + a^(d-1)

  constexpr uint64_t Apply(uint64_t state, uint64_t increment) const { return multiplier * state + sum * increment; }

  // This jump, then `next`.
  constexpr PcgJump Then(const PcgJump& next) const {
    return {next.multiplier * multiplier, next.multiplier * sum + next.sum};
  }
};

// Jumps by 1, 2, 4, ... 2^63.
struct PcgPowers {
  PcgJump jump[64];

  constexpr PcgPowers() {
    jump[0] = {kPcgMultiplier, 1};
    for (int i = 1; i < 64; ++i) jump[i] = jump[i - 1].Then(jump[i - 1]);
  }
};
inline constexpr PcgPowers kPcgPowers;

// Any distance, modulo the period 2^64, in as many steps as `delta` has bits set.
constexpr PcgJump PcgJumpBy(uint64_t delta) {
  PcgJump jump;
  for (int i = 0; delta != 0; ++i, delta >>= 1) {
    if (delta & 1) jump = jump.Then(kPcgPowers.jump[i]);
  }
  return jump;
}

struct Pcg32 {
  uint64_t state = 0;
  uint64_t increment = 1;  // odd, else the period is shorter

  constexpr Pcg32() = default;
  constexpr Pcg32(uint64_t s, uint64_t i) : state(s), increment(i) {}

  // The reference implementation's pcg32_srandom.
  static constexpr Pcg32 Seeded(uint64_t initial_state, uint64_t sequence) {
    Pcg32 pcg(0, sequence << 1 | 1);
    pcg.Next();
    pcg.state += initial_state;
    pcg.Next();
    return pcg;
  }

  constexpr uint32_t Next() {
    const uint64_t old = state;
    state = old * kPcgMultiplier + increment;
    const uint32_t shifted = static_cast<uint32_t>((old >> 18 ^ old) >> 27);
    const uint32_t rotation = static_cast<uint32_t>(old >> 59);
    return shifted >> rotation | shifted << (-rotation & 31);
  }

  // As if Next() had been called `delta` times.
  constexpr void Advance(uint64_t delta) {
    for (int i = 0; delta != 0; ++i, delta >>= 1) {
      if (delta & 1) state = kPcgPowers.jump[i].Apply(state, increment);
    }
  }
};

}  // namespace evenkeel
