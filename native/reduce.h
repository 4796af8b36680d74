// Reductions over any dimensions of strided views, accumulated in double whatever the elements' type.
#pragma once

#include <cstddef>

#include "kernel.h"

namespace evenkeel {

// What one kind of reduction does with contiguous elements. `arg` is a number that the terms may need: the mean for
// squared deviations, the exponent for powers.
struct Reducer {
  double identity;
  // The reduction of `count` elements.
  double (*row)(const void* in, size_t count, double arg);
  // accumulators[i] <- combination of accumulators[i] and the term of in[i] with args[i].
  void (*columns)(const void* in, size_t count, const double* args, double* accumulators);
  double (*combine)(double a, double b);
};

enum class Reduction { kSum, kSquaredDeviations, kMin, kMax, kAbsSum, kAbsMin, kAbsMax };

// Turns an accumulated value into the output; `count` is the number of elements reduced.
using Finish = double (*)(double accumulated, int64_t count, double param);

// out <- finish(reduction of in).
void RunReduction(const Plan& plan, const Reducer& reducer, double arg, Finish finish);

// Like RunReduction with the squared deviations from the mean, which it finds first: two passes, because a single one
// loses everything when the mean is large.
void RunDeviations(const Plan& plan, const Reducer& sum, const Reducer& squared_deviations, Finish finish);

}  // namespace evenkeel
