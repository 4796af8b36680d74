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

// y [m] <- alpha * matrix [m, k] * x [k] + beta * y, on the calling thread; elements of x and y lie incx and incy apart.
template <typename T>
void Gemv(int64_t m, int64_t k, T alpha, const Matrix<T>& matrix, const T* x, int64_t incx, T beta, T* y, int64_t incy);

// out [n, n] <- a [n, k] times its transpose, on the calling thread. Only the upper triangle is written; both are row-major.
template <typename T>
void Gram(int64_t n, int64_t k, const T* a, int64_t lda, T* out, int64_t ldo);

// Solves upper * x = b in place on the calling thread: x, given as b, is [m, n] in row-major order, or `transposed`: its
// transpose is. `upper` [m, m] is row-major, and only its upper triangle is read.
template <typename T>
void SolveUpper(int64_t m, int64_t n, const T* upper, int64_t ldu, T* x, int64_t ldx, bool transposed);

// Must run once before any other call.
void Initialize();

std::string Library();
std::string Core();

}  // namespace evenkeel::blas
