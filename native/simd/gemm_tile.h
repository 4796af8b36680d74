// The inner loops of products that pack their own operands: small tiles of the result that stay in registers.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

// What the instruction set in use multiplies at a time. Operands come in panels: of the left one, `rows` rows interleaved,
// element (i, p) of a panel at p * rows + i; of the right one, up to `columns` columns, element (p, j) of n at p * n + j.
template <typename T>
struct GemmTile {
  int64_t rows;
  int64_t columns;
  int64_t lanes;  // elements in a vector; columns is a multiple of it
  // c [m, n], rows `ldc` apart, <- a [m, k] * b [k, n], plus bias[i] in row i unless `bias` is null, plus c itself if
  // `accumulate`. n is a multiple of lanes up to `columns`. `a` is one panel after another, the last one padded; `b` is one.
  void (*multiply)(int64_t m, int64_t n, int64_t k, const T* a, const T* b, const T* bias, bool accumulate, T* c,
                   int64_t ldc);

  // The multiple of lanes for so many columns.
  int64_t Width(int64_t n) const { return (n + lanes - 1) / lanes * lanes; }
};

// For T float or double.
template <typename T>
GemmTile<T> ChooseGemmTile();

}  // namespace evenkeel::simd
