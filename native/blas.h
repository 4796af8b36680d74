// The only door to OpenBLAS. It always runs on one thread; parallelism comes from native/parallel.h.
#pragma once

#include <cstdint>
#include <string>

namespace evenkeel::blas {

// A matrix for gemm: row-major with leading dimension `ld`, or the transpose of one.
template <typename T>
struct Matrix {
  const T* data;
  int64_t ld;
  bool transposed;
};

// out [m, n] (row-major, leading dimension ldo) <- alpha * a [m, k] * b [k, n] + beta * out, on the calling thread.
// With beta = 0 the old contents are ignored, NaN included.
template <typename T>
void Gemm(int64_t m, int64_t n, int64_t k, T alpha, const Matrix<T>& a, const Matrix<T>& b, T beta, T* out, int64_t ldo);

// Must run once before any other call.
void Initialize();

std::string Library();
std::string Core();

}  // namespace evenkeel::blas
