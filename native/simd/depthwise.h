// Rows of a convolution of one channel with one kernel.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

template <typename T>
struct Depthwise {
  int64_t lanes;  // elements in a vector

  // out[j] <- bias + sum over a, b of w[a * taps_w + b] * rows[a][offsets[b] + j], for j < count; null rows are left out.
  // Reads and writes whole vectors.
  void (*row)(const T* const* rows, const int64_t* offsets, int64_t taps_h, int64_t taps_w, const T* w, T bias,
              int64_t count, T* out);

  // sums[(a * taps_w + b) * lanes + i] += the terms of lane i in the sum over j < count of grad[j] * rows[a][offsets[b] + j].
  // Reads whole vectors.
  void (*products)(const T* const* rows, const int64_t* offsets, int64_t taps_h, int64_t taps_w, const T* grad,
                   int64_t count, T* sums);
};

// For T float or double.
template <typename T>
Depthwise<T> ChooseDepthwise();

}  // namespace evenkeel::simd
