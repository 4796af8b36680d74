// Arithmetic on whole numbers: the row functions of the ARITHMETIC rows of kernels.def.
#pragma once

#include "elementwise.h"

namespace evenkeel::simd {

#define ARITHMETIC(name, inputs, params, functor, dtypes) RowFunction functor##Integers(DType dtype);
#include "kernels.def"

}  // namespace evenkeel::simd
