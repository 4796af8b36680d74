// The inner loop of products of a matrix with a transposed one, both of them row-major: what a sum over many positions of an
// image comes to. No operand has to be packed.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

template <typename T>
struct DotTile {
  int64_t lanes;    // elements in a vector
  int64_t columns;  // n that waste nothing are multiples of it
  // c [m, n] += a [m, k] times the transpose of b [n, k].
  void (*multiply)(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc);
};

// For T float or double.
template <typename T>
DotTile<T> ChooseDotTile();

}  // namespace evenkeel::simd
