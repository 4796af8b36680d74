// The inner loops of reductions, on the instruction set in use. `dtype` is that of contiguous elements: halves are floats
// by then.
#pragma once

#include "reduce.h"

namespace evenkeel::simd {

enum class FloatReduction { kSum, kProduct, kSquaredDeviations, kMin, kMax, kAbsSum, kAbsMin, kAbsMax };
Reducer<double> FloatReducer(FloatReduction reduction, DType dtype);

// The first of the largest elements, or of the smallest; NaN is both.
Reducer<Best<double>> FloatArgReducer(bool largest, DType dtype);

// Any and all are of any dtype, and 0 or 1.
enum class IntegerReduction { kSum, kProduct, kMin, kMax, kAny, kAll };
Reducer<int64_t> IntegerReducer(IntegerReduction reduction, DType dtype);

Reducer<Best<int64_t>> IntegerArgReducer(bool largest, DType dtype);

}  // namespace evenkeel::simd
