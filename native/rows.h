// Walks views of one shape row by row, a row being the last dimension, so that vector code only ever sees contiguous rows of
// a type that has arithmetic. A kernel along another dimension is this with that dimension moved to the end, which for a
// strided view costs nothing.
#pragma once

#include <cstddef>

#include "elementwise.h"

namespace evenkeel {

// Calls `row` for every row, in parallel. Halves reach it as floats, and are rounded from them.
void RunRows(const Plan& plan, RowFunction row);

}  // namespace evenkeel
