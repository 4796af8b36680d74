// Walks views of one shape row by row, a row being the last dimension, so that vector code only ever sees contiguous rows of
// a type that has arithmetic. A kernel along another dimension is this with that dimension moved to the end, which for a
// strided view costs nothing.
#pragma once

#include <cstddef>

#include "kernel.h"

namespace evenkeel {

// One contiguous row, for an element type that has arithmetic.
using WholeRowFunction = void (*)(const void* const* in, void* out, size_t count);

// Calls `row` for every row, in parallel. Halves reach it as floats, and are rounded from them.
void RunRows(const Plan& plan, WholeRowFunction row);

}  // namespace evenkeel
