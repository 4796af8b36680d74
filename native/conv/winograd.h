// Convolutions with 3 x 3 kernels by Winograd's minimal filtering (simd/winograd.h), in float32: a quarter of the products,
// for a rounding error two to three times as large.
#pragma once

#include "conv/correlation.h"

namespace evenkeel::conv {

// Whether it applies, and pays: for a correlation, and for the gradient with respect to its weights.
bool SuitsWinograd(const Correlation& shape);
bool SuitsWinogradGradient(const Correlation& shape);

// Tiles as outputs that lie four pixels apart: those of the input, which overlap, and those of the output, which do not.
Correlation InputTiles(const Correlation& shape);
Correlation OutputTiles(const Correlation& shape);

// As Correlate, without accumulating, for a shape that suits; out's columns lie side by side. False if an output is not finite, and
// then out holds nothing of use: a transformed tile cannot tell which of its outputs an infinity or a NaN belongs to.
bool CorrelateWinograd(const Correlation& shape, const float* x, const Weights<float>& w, const float* bias,
                       const Target<float>& out);

// grad_w [groups * out_channels, in_channels, 3, 3] <- the gradient with respect to the weights, for a shape that suits.
// False, as above, if it is not finite.
bool WinogradWeightGradient(const Correlation& shape, const float* x, const float* grad_out, float* grad_w);

}  // namespace evenkeel::conv
