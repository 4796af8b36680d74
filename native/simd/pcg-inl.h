// pcg32 in vector lanes. Include after hwy/foreach_target.h; the guard toggles so that every target gets its own copy.
#if defined(EVENKEEL_SIMD_PCG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_PCG_INL_H_
#undef EVENKEEL_SIMD_PCG_INL_H_
#else
#define EVENKEEL_SIMD_PCG_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "rng/pcg.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D64 = hn::ScalableTag<uint64_t>;
using D32 = hn::ScalableTag<uint32_t>;
using V64 = hn::Vec<D64>;
using V32 = hn::Vec<D32>;

// s -> multiplier s + addend in every lane, modulo 2^64.
class LaneStep {
 public:
  HWY_INLINE LaneStep(PcgJump jump, uint64_t increment)
      : multiplier_(hn::Set(D64(), jump.multiplier)),
        multiplier_high_(hn::Set(D64(), jump.multiplier >> 32)),
        addend_(hn::Set(D64(), jump.sum * increment)) {}

  HWY_INLINE V64 operator()(V64 s) const {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    return hn::Add(hn::Mul(s, multiplier_), addend_);
#else
    // No 64-bit multiply: low x low in full, and the low halves of the two cross products.
    const D32 d32;
    const V32 s_low = hn::BitCast(d32, s);
    const V32 s_high = hn::BitCast(d32, hn::ShiftRight<32>(s));
    const V32 m_low = hn::BitCast(d32, multiplier_);
    const V32 m_high = hn::BitCast(d32, multiplier_high_);
    const V64 cross = hn::Add(hn::MulEven(s_low, m_high), hn::MulEven(s_high, m_low));
    return hn::Add(hn::Add(hn::MulEven(s_low, m_low), addend_), hn::ShiftLeft<32>(cross));
#endif
  }

 private:
  V64 multiplier_;
  V64 multiplier_high_;
  V64 addend_;
};

HWY_INLINE V32 RotateRightVariable(V32 x, V32 count) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return V32{_mm512_rorv_epi32(x.raw, count.raw)};
#else
  const D32 d;
  V32 left = hn::Sub(hn::Set(d, 32), count);
#if HWY_TARGET != HWY_AVX2
  // A shift by 32, which only AVX2 defines (as 0), must become a shift by 0.
  left = hn::And(left, hn::Set(d, 31));
#endif
  return hn::Or(hn::Shr(x, count), hn::Shl(x, left));
#endif
}

// What pcg32 outputs for the states: those of `low` in the even 32-bit lanes (the low halves of the 64-bit lanes),
// those of `high` in the odd ones. Each half is computed where it ends up, so that nothing has to move across lanes.
HWY_INLINE V32 PcgOutput(V64 low, V64 high) {
  const D32 d32;
  const V64 mixed_low = hn::Xor(hn::ShiftRight<18>(low), low);
  const V64 mixed_high = hn::Xor(hn::ShiftRight<18>(high), high);
  const V32 shifted = hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<5>(mixed_high)),
                                  hn::BitCast(d32, hn::ShiftRight<27>(mixed_low)));
  const V32 rotation = hn::OddEven(hn::ShiftRight<27>(hn::BitCast(d32, high)),
                                   hn::BitCast(d32, hn::ShiftRight<59>(low)));
  return RotateRightVariable(shifted, rotation);
}

// Where lane `lane` of a vector stands in the order of the stream. With kPaired the lanes are in the order from which
// InterleaveLower and InterleaveUpper, which work within blocks of 128 bits, make two vectors that follow one another:
// the lower half of each block holds units of the vector's first half.
template <bool kPaired>
constexpr size_t UnitOfLane(size_t lane, size_t lanes, size_t lanes_per_block) {
  if (!kPaired) return lane;
  const size_t half = lanes_per_block / 2;
  const size_t block = lane / lanes_per_block;
  const size_t within = lane % lanes_per_block;
  return (within < half ? 0 : lanes / 2) + block * half + within % half;
}

// The generator's stream, cut into units of kWords consecutive words, a word being one draw (uint32_t) or two
// (uint64_t, high half first). A vector of words has one lane per unit; word k of the units of group g is
// Next(g, k). The lanes leapfrog: after each call the lane jumps over the units of all lanes of all groups. Groups are
// independent chains of multiplications, for the processor to overlap.
//
// Vectors of states hold 64 bits per lane. For uint32_t words two of them, for the even and odd units, make one
// vector of words; for uint64_t words they hold the low and high halves.
template <typename Word, int kWords, int kGroups, bool kPaired>
class PcgLanes {
 public:
  using DWord = hn::ScalableTag<Word>;
  using VWord = hn::Vec<DWord>;
  static constexpr size_t kLanes = hn::MaxLanes(DWord());
  static constexpr size_t kUnits = kLanes * kGroups;  // per step

  HWY_INLINE explicit PcgLanes(Pcg32 start) : step_(kStep, start.increment) {
    HWY_ALIGN uint64_t states[kVectors * kStateLanes];
    for (size_t i = 0; i < kVectors * kStateLanes; ++i) {
      states[i] = kStart.multiplier[i] * start.state + kStart.sum[i] * start.increment;
    }
    for (size_t v = 0; v < kVectors; ++v) states_[v] = hn::Load(D64(), states + v * kStateLanes);
  }

  HWY_INLINE VWord Next(size_t group, size_t word) {
    V64& low = states_[(group * kWords + word) * 2];
    V64& high = states_[(group * kWords + word) * 2 + 1];
    const V32 output = PcgOutput(low, high);
    low = step_(low);
    high = step_(high);
    return hn::BitCast(DWord(), output);
  }

 private:
  static constexpr size_t kStateLanes = hn::MaxLanes(D64());
  static constexpr size_t kVectors = 2 * kWords * kGroups;
  static constexpr PcgJump kStep = PcgJumpBy(kUnits * kWords * sizeof(Word) / 4);

  // The jump from the start of the stream to each lane's first draw, in the order of the states in memory.
  struct StartJumps {
    uint64_t multiplier[kVectors * kStateLanes] = {};
    uint64_t sum[kVectors * kStateLanes] = {};

    constexpr StartJumps() {
      constexpr size_t kPerBlock = 16 / sizeof(Word);
      for (size_t v = 0; v < kVectors; ++v) {
        const size_t half = v % 2;  // 1: the odd 32-bit lanes
        const size_t word = v / 2 % kWords;
        const size_t group = v / 2 / kWords;
        for (size_t lane = 0; lane < kStateLanes; ++lane) {
          const size_t word_lane = sizeof(Word) == 4 ? 2 * lane + half : lane;
          const size_t unit = group * kLanes + UnitOfLane<kPaired>(word_lane, kLanes, kPerBlock);
          const size_t word_index = unit * kWords + word;
          const PcgJump jump = PcgJumpBy(sizeof(Word) == 4 ? word_index : 2 * word_index + (1 - half));
          multiplier[v * kStateLanes + lane] = jump.multiplier;
          sum[v * kStateLanes + lane] = jump.sum;
        }
      }
    }
  };
  static constexpr StartJumps kStart{};

  LaneStep step_;
  V64 states_[kVectors];
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_PCG_INL_H_
