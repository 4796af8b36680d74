// Copies what a convolution's kernel covers into panels of the right operand of simd/gemm_tile.h.
#pragma once

#include <cstdint>

#include "conv/correlation.h"

namespace evenkeel::simd {

// Outputs side by side in one row, which fill the columns from `at` of a panel.
struct Run {
  int64_t image;   // where in x the first channel of their image and group starts
  int64_t row;     // of x, under the kernel's first tap; may lie outside the image
  int64_t column;  // likewise, of the first output
  int64_t count;
  int64_t at;
};

// A row of zeros, for columns that no output needs.
constexpr int64_t kNoRow = INT64_MIN;

// Terms [begin, end) of the sum over (channel, row, column of the kernel), for the outputs of `runs`, which cover every
// column of the panel in order. Writes up to a vector past the panel's end. x ends at `end_of_x`.
template <typename T>
using PackPanel = void (*)(const conv::Correlation& shape, const T* x, const T* end_of_x, const Run* runs, int64_t num_runs,
                           int64_t columns, int64_t begin, int64_t end, T* panel);

// For T float or double.
template <typename T>
PackPanel<T> ChoosePackPanel();

}  // namespace evenkeel::simd
