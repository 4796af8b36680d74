// The inner loop of products whose right operand is a few long rows that have just been made: nothing is packed.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

// Columns are done so many floats at a time at most, on the widest vectors: rows of b and c need room for a multiple of it.
constexpr int64_t kWeightedRowsPadding = 128;

// c [m, n] += a [m, k] times b [k, n], all row-major. An element's value does not depend on where its column lies.
void AddWeightedRows(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                     int64_t ldc);

}  // namespace evenkeel::simd
