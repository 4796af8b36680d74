// Correlations of any shape.
#pragma once

#include "conv/correlation.h"

namespace evenkeel::conv {

// As Correlate, for sums that have terms and outputs that there are.
template <typename T>
void CorrelatePacked(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
                     const Target<T>& out);

}  // namespace evenkeel::conv
