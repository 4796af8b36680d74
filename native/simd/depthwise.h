// Convolutions of one channel with one kernel.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

// An input plane whose rows are padded, so that tap (a, b) of output (i, j) meets data[row * pitch + offsets[b] + j], row =
// i * step_h + a * tap_h + first_h; rows outside [0, height) are zeros that need not be there. Rows are read in whole vectors.
template <typename T>
struct PaddedPlane {
  const T* data;
  int64_t pitch, height;
  const int64_t* offsets;
  int64_t taps_h, taps_w;
  int64_t step_h, tap_h, first_h;
  int64_t out_h, out_w;
};

template <typename T>
struct Depthwise {
  int64_t lanes;  // elements in a vector

  // out [out_h, out_w] <- bias + the sum over taps of w [taps_h, taps_w] times what they meet.
  void (*correlate)(const PaddedPlane<T>& plane, const T* w, T bias, T* out);

  // sums[a * taps_w + b] += the sum over outputs of their gradients times what tap (a, b) meets. The gradients' rows lie
  // `pitch` apart, a multiple of lanes, and end in zeros.
  void (*products)(const PaddedPlane<T>& plane, const T* grad, int64_t pitch, T* sums);
};

// For T float or double.
template <typename T>
Depthwise<T> ChooseDepthwise();

}  // namespace evenkeel::simd
