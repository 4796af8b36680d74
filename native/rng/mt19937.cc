#include "rng/mt19937.h"

#include <algorithm>
#include <cstring>

#include "guard.h"
#include "simd/mt19937.h"

namespace evenkeel {
namespace {

enum Word { kUsed = Mt19937::kSize, kHasNormal, kNormalLow, kNormalHigh, kDrawsLow, kDrawsHigh, kLayoutWord, kEnd };
static_assert(kEnd == Mt19937::kWords, "the layout that the header describes");

uint64_t Join(const uint32_t* halves) { return static_cast<uint64_t>(halves[1]) << 32 | halves[0]; }

void Split(uint64_t value, uint32_t* halves) {
  halves[0] = static_cast<uint32_t>(value);
  halves[1] = static_cast<uint32_t>(value >> 32);
}

}  // namespace

// The constants are those of mt19937ar.c.
Mt19937::Mt19937(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t i = 1; i < kSize; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
}

Mt19937::Mt19937(const uint32_t* key, int length) : Mt19937(19650218u) {
  uint32_t i = 1;
  // Mixes `addend` into word i, with `factor` times the word before it, and goes on to the next.
  const auto mix = [&](uint32_t factor, uint32_t addend) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * factor)) + addend;
    if (++i == kSize) {
      state_[0] = state_[kSize - 1];
      i = 1;
    }
  };
  for (int k = 0; k < std::max(length, kSize); ++k) {
    const int j = k % length;
    mix(1664525u, key[j] + static_cast<uint32_t>(j));
  }
  for (int k = 1; k < kSize; ++k) mix(1566083941u, 0u - i);
  state_[0] = 0x80000000u;
}

Mt19937 Mt19937::Load(const View& view) {
  uint32_t words[kWords];
  std::memcpy(words, view.data, sizeof(words));
  if (words[kLayoutWord] != kLayout || words[kUsed] > kSize || words[kHasNormal] > 1) {
    throw PlanError("mt19937: not a generator's state");
  }
  Mt19937 mt;
  std::memcpy(mt.state_, words, sizeof(mt.state_));
  mt.used_ = words[kUsed];
  mt.has_normal_ = words[kHasNormal] == 1;
  const uint64_t bits = Join(words + kNormalLow);
  std::memcpy(&mt.normal_, &bits, sizeof(bits));
  mt.draws_ = Join(words + kDrawsLow);
  return mt;
}

void Mt19937::Store(const View& view) const {
  uint32_t words[kWords];
  std::memcpy(words, state_, sizeof(state_));
  words[kUsed] = used_;
  words[kHasNormal] = has_normal_;
  uint64_t bits;
  std::memcpy(&bits, &normal_, sizeof(bits));
  Split(bits, words + kNormalLow);
  Split(draws_, words + kDrawsLow);
  words[kLayoutWord] = kLayout;
  std::memcpy(view.data, words, sizeof(words));
}

uint32_t Mt19937::Next32() {
  uint32_t word;
  if (used_ == kSize) {
    Draw(&word, 1);
    return word;
  }
  ++draws_;
  word = state_[used_++];
  word ^= word >> 11;
  word ^= word << 7 & 0x9d2c5680u;
  word ^= word << 15 & 0xefc60000u;
  return word ^ word >> 18;
}

void Mt19937::Draw(void* out, int64_t count) {
  char* to = static_cast<char*>(out);
  draws_ += static_cast<uint64_t>(count);
  while (count > 0) {
    if (used_ == kSize) {
      simd::MtTwist(state_);
      used_ = 0;
    }
    const int64_t n = std::min<int64_t>(count, kSize - used_);
    simd::MtTemper(state_ + used_, static_cast<size_t>(n), to);
    used_ += static_cast<uint32_t>(n);
    to += n * 4;
    count -= n;
  }
}

bool Mt19937::TakeNormal(double* normal) {
  if (!has_normal_) return false;
  has_normal_ = false;
  *normal = normal_;
  return true;
}

}  // namespace evenkeel
