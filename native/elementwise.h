// Walks strided views so that the vector code in simd/ only ever sees contiguous rows of a type that has arithmetic.
#pragma once

#include <cstddef>

#include "kernel.h"

namespace evenkeel {

// Computes `count` outputs from contiguous inputs; may be called with out equal to an input. With `bypass_cache`, which then
// excludes that, stores should go past the caches.
using RowFunction = void (*)(const void* const* in, void* out, size_t count, const double* params, bool bypass_cache);

// Applies `row` to every element of the plan's output, in parallel. Halves reach `row` as floats, and are rounded from them.
void RunElementwise(const Plan& plan, RowFunction row, const double* params);
inline void RunElementwise(const Plan& plan, RowFunction row) { RunElementwise(plan, row, plan.params); }

// The same for rows that only move elements: halves are left as they are.
void RunMoves(const Plan& plan, RowFunction row);

}  // namespace evenkeel
