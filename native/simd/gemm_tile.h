// The inner loops of products that pack their own operands: small tiles of the result that stay in registers.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

// What the instruction set in use multiplies at a time. Operands come in panels: of the left one, `rows` rows interleaved,
// element (i, p) of a panel at p * rows + i; of the right one, `columns` columns, element (p, j) at p * columns + j.
template <typename T>
struct GemmTile {
  int64_t rows;
  int64_t columns;
  // c [m, columns], rows `ldc` apart, <- a [m, k] * b [k, columns], plus bias[i] in row i unless `bias` is null, plus c
  // itself if `accumulate`. `a` is one panel after another, the last one padded; `b` is one panel.
  void (*multiply)(int64_t m, int64_t k, const T* a, const T* b, const T* bias, bool accumulate, T* c, int64_t ldc);
};

// For T float or double.
template <typename T>
GemmTile<T> ChooseGemmTile();

}  // namespace evenkeel::simd
