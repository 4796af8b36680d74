// Statistics of signals, one range of units at a time.
#pragma once

#include <cstddef>

#include "dtype.h"

namespace evenkeel::simd {

// What is known of each input, in this order: the sums of its elements' first four powers, the largest magnitude, how many
// elements are 0, saturated, or not finite; how many units are 0 for all inputs (the first input's only); and the products
// with the inputs before it, for the first few.
constexpr size_t kSignalLargest = 4;
constexpr size_t kSignalZeros = 5;
constexpr size_t kSignalSaturated = 6;
constexpr size_t kSignalNonFinite = 7;
constexpr size_t kSignalDead = 8;
constexpr size_t kSignalProducts = 9;
constexpr size_t kSignalCompared = 16;
constexpr size_t kSignalNumbers = kSignalProducts + kSignalCompared;

struct SignalRange {
  size_t inputs;
  size_t units;          // of each input: the distance between two
  size_t begin, end;     // the units to look at
  const double* limits;  // up to the first, and from the second on, an element is saturated
};

// Adds to out[inputs][kSignalNumbers].
void AddSignalStatistics(DType dtype, const void* x, const SignalRange& range, double* out);

}  // namespace evenkeel::simd
