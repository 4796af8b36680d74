// The sum that a convolution and its gradient with respect to the input have in common.
#pragma once

#include <cstdint>

namespace evenkeel::conv {

// Multiply-adds per thread below which a second one does not pay.
constexpr int64_t kMultiplyGrain = 1 << 18;

constexpr int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// out[n, o, i, j] = sum over c, a, b of w[o, c, a, b] * x[n, c, i * step_h + a * tap_h + first_h, j * step_w + b * tap_w +
// first_w], x being 0 outside its bounds. Channels are those of one group; groups lie side by side in x and out.
struct Correlation {
  int64_t images, groups;
  int64_t in_channels, height, width;
  int64_t out_channels, out_h, out_w;
  int64_t taps_h, taps_w;
  // Rows and columns of x: from one output to the next, from one tap to the next, and of output 0's tap 0.
  int64_t step_h, step_w;
  int64_t tap_h, tap_w;
  int64_t first_h, first_w;

  int64_t depth() const { return in_channels * taps_h * taps_w; }
  int64_t positions() const { return out_h * out_w; }

  // Whether output i is made of input i alone: then the rows of an image may as well be one.
  bool IsPointwise() const {
    return taps_h == 1 && taps_w == 1 && step_h == 1 && step_w == 1 && first_h == 0 && first_w == 0 && out_h == height &&
           out_w == width;
  }
  void Flatten() {
    out_w = width = positions();
    out_h = height = 1;
  }
};

// Weights as a correlation sees them: strides in elements, which may be negative.
template <typename T>
struct Weights {
  const T* data;
  int64_t group, out, in, row, column;
};

// Where results go: strides in elements.
template <typename T>
struct Target {
  T* data;
  int64_t image, channel, row, column;
};

// out <- the correlation, plus `bias` [groups * out_channels] unless it is null, plus out itself if `accumulate`. x is
// contiguous [images, groups * in_channels, height, width]. Picks the fastest way (docs/convolution.md), in parallel. Bits do
// not depend on the number of threads.
template <typename T>
void Correlate(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
               const Target<T>& out);

}  // namespace evenkeel::conv
