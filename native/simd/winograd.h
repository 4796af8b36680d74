// Transforms of Winograd's minimal filtering F(4 x 4, 3 x 3): a tile of 4 x 4 outputs costs 36 products where the plain sum
// has 144. Y = A' [(G g G') .* (B' d B)] A, g a 3 x 3 kernel, d the 6 x 6 inputs of a tile (Winograd, Arithmetic Complexity
// of Computations, 1980; Lavin and Gray, arXiv:1509.09308). The interpolation points are 0, +-sqrt(1/2), +-sqrt(2) and
// infinity: they lose a third of the accuracy that the usual 0, +-1, +-2 do.
#pragma once

#include <cstdint>

#include "conv/runs.h"

namespace evenkeel::simd {

constexpr int64_t kWinogradPoints = 36;  // of a transformed tile
constexpr int64_t kWinogradTile = 4;     // outputs, each way

struct Winograd {
  // Elements that transform_input and transform_output need as scratch, for panels of `columns` tiles.
  int64_t (*scratch)(int64_t columns);

  // out[point * point_stride + i * stride] <- G g G' for `count` kernels i = 0, 1, ..., the first one's element (a, b) at
  // w[a * row + b * column], the next one's `next` further.
  void (*transform_kernels)(const float* w, int64_t row, int64_t column, int64_t next, int64_t count, float* out,
                            int64_t point_stride);

  // out[point * point_stride + i] <- B' d B for the run's tiles i = 0, 1, ... of one channel, whose image `plane` is. Writes
  // whole vectors.
  void (*transform_input)(const float* plane, int64_t height, int64_t width, const conv::Run& run, float* scratch, float* out,
                          int64_t point_stride);

  // y[r * 4 * columns + 4 * i + s] <- output (r, s) of tile i, A' m A + bias, for `columns` tiles; m as transform_input
  // writes it. False if any is not finite.
  bool (*transform_output)(const float* m, int64_t point_stride, int64_t columns, float bias, float* y);

  // The adjoints, for the gradient with respect to the kernels, G' [(A y A') .* (B' d B)] G summed over tiles.
  // As transform_input, but A y A': y are 4 x 4 outputs' gradients.
  void (*transform_gradient)(const float* plane, int64_t height, int64_t width, const conv::Run& run, float* scratch, float* out,
                             int64_t point_stride);
  // out[9 * i + 3 * a + b] <- element (a, b) of G' u G, u[point * point_stride + i], for i < count.
  void (*transform_sums)(const float* u, int64_t point_stride, int64_t count, float* out);
};

Winograd ChooseWinograd();

}  // namespace evenkeel::simd
