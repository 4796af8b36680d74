// Walks strided views so that the vector code in simd/elementwise.cc only ever sees contiguous rows.
#pragma once

#include <cstddef>

#include "kernel.h"

namespace evenkeel {

// Computes `count` outputs from contiguous inputs; may be called with out equal to an input.
using RowFunction = void (*)(const void* const* in, void* out, size_t count, const double* params);

// Applies `row` to every element of the plan's output, in parallel.
void RunElementwise(const Plan& plan, RowFunction row);

}  // namespace evenkeel
