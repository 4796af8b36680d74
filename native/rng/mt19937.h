// MT19937 (Matsumoto and Nishimura 1998), the bit generator of torch's CPU streams.
//
// Its state is a Uint32Array of kWords words that JavaScript owns; kernels get it as their last view and move it on. This
// is the layout, of which lib/rng/mt19937.ts knows the number of words and where the draws are counted:
//
//   words 0 to 623   the generator's own
//         624        how many of them have been used, 0 to 624
//         625        1 if a normal is kept for the next serial fill, else 0
//         626, 627   that normal's bits, low and high half
//         628, 629   draws so far, low and high half
//         630        the number of this layout
#pragma once

#include <cstdint>

#include "kernel.h"

namespace evenkeel {

class Mt19937 {
 public:
  static constexpr int kSize = 624;
  static constexpr int kWords = 631;
  static constexpr uint32_t kLayout = 1;

  // As init_genrand and init_by_array of the authors' mt19937ar.c (2002) leave the state.
  explicit Mt19937(uint32_t seed);
  Mt19937(const uint32_t* key, int length);

  // A copy of the state in a view that the guard let through. Throws PlanError where it holds no state of this layout.
  static Mt19937 Load(const View& view);
  // Copied back, so that a call that fails leaves the generator where it was.
  void Store(const View& view) const;

  // The next 32-bit draw, and the next two as one number, the first of them on top.
  uint32_t Next32();
  uint64_t Next64() {
    const uint64_t high = Next32();
    return high << 32 | Next32();
  }

  // The next `count` draws, as uint32_t to any memory. Vectorised.
  void Draw(void* out, int64_t count);

  // The second normal of a pair, kept for the next fill that makes them one by one.
  bool TakeNormal(double* normal);
  void KeepNormal(double normal) {
    has_normal_ = true;
    normal_ = normal;
  }

 private:
  Mt19937() = default;

  uint32_t state_[kSize];
  uint32_t used_ = kSize;
  bool has_normal_ = false;
  double normal_ = 0;
  uint64_t draws_ = 0;
};

}  // namespace evenkeel
