// Reductions over any dimensions of strided views. Floats accumulate in double, whole numbers in int64.
#pragma once

#include <cstddef>

#include "kernel.h"

namespace evenkeel {

// What one kind of reduction does with contiguous elements (halves as floats). `arg` is a number that the terms may need:
// the centre of squared deviations, the exponent of powers. `first` is the place of in[0] among the elements reduced.
template <typename Accumulator>
struct Reducer {
  Accumulator identity;
  // The reduction of `count` elements.
  Accumulator (*row)(const void* in, size_t count, double arg, int64_t first);
  // accumulators[i] <- combination of accumulators[i] and the terms of column i of a matrix, whose rows lie `stride`
  // elements apart; args[i] goes with it.
  void (*columns)(const void* in, int64_t rows, int64_t stride, size_t count, const double* args,
                  Accumulator* accumulators, int64_t first);
  // Of what came before and what comes after.
  Accumulator (*combine)(Accumulator before, Accumulator after);
};

// The element found best so far and its place; none at all where the index is negative.
template <typename Value>
struct Best {
  Value value;
  int64_t index;
};

// Turns what has accumulated over `count` elements into one element of the output. `mean` is theirs where deviations were
// asked for, `param` the plan's first number.
template <typename Accumulator>
using Store = void (*)(Accumulator accumulated, double mean, int64_t count, double param, void* to);

template <typename Accumulator>
struct Reduction {
  Reducer<Accumulator> reducer;
  Store<Accumulator> store;
  double arg = 0;
  // For squared deviations: how to sum up first. Two passes, because one alone loses everything when the mean is large.
  // `centre` is what deviations are from: the mean, as the elements' type can have it.
  const Reducer<double>* sum = nullptr;
  double (*centre)(double mean) = nullptr;
  // Whether elements must come in the order of their indices, so that `first` counts in that order.
  bool in_order = false;
};

template <typename Accumulator>
void RunReduction(const Plan& plan, const Reduction<Accumulator>& reduction);

extern template void RunReduction(const Plan&, const Reduction<double>&);
extern template void RunReduction(const Plan&, const Reduction<int64_t>&);
extern template void RunReduction(const Plan&, const Reduction<Best<double>>&);
extern template void RunReduction(const Plan&, const Reduction<Best<int64_t>>&);

}  // namespace evenkeel
