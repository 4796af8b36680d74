// Depthwise convolutions, where every output channel sees a single input channel: directly, without products of matrices.
#pragma once

#include "conv/correlation.h"

namespace evenkeel::conv {

bool SuitsDepthwise(const Correlation& shape);

// As Correlate, for a shape that suits.
template <typename T>
void CorrelateDepthwise(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
                        const Target<T>& out);

// grad_w [groups * out_channels, 1, taps_h, taps_w] <- the gradient with respect to the weight, plus grad_w itself if
// `accumulate`; grad_out is contiguous [images, groups * out_channels, out_h, out_w]. For a shape that suits.
template <typename T>
void DepthwiseWeightGradient(const Correlation& shape, const T* x, const T* grad_out, bool accumulate, T* grad_w);

}  // namespace evenkeel::conv
