// BLAS on matrices, divided over threads by columns, rows or panels of rows.
#include "routines.h"

namespace evenkeel::blas {
namespace {

// body(begin, end) for ranges of `count` columns or rows of the output, each of which takes `work` multiply-adds.
template <typename Body>
void OverSlices(int64_t count, int64_t work, Body&& body) {
  constexpr int64_t kPanel = 32;
  ParallelFor(count, std::max<int64_t>(kPanel, kProductGrain / std::max<int64_t>(1, work)), body, kPanel);
}

// The triangle of a square matrix, stored by rows, times beta; what was there is not read if beta is 0.
template <typename T>
void ScaleTriangle(const Rows<T>& c, int64_t n, bool lower, T beta) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t begin = lower ? 0 : i;
    Scale(Vector<T>::Run(c.data + i * c.ld + begin, (lower ? i + 1 : n) - begin), beta);
  }
}

// Panels of rows of a triangle: diagonal(first, size) for the square on the diagonal, rest(first, size, column, columns) for
// what is beside it. On one thread the triangle is one panel.
template <typename Diagonal, typename Rest>
void OverTriangle(int64_t n, int64_t k, bool lower, Diagonal&& diagonal, Rest&& rest) {
  constexpr int64_t kPanel = 128;
  if (NumThreads() == 1 || n <= 2 * kPanel || n * n / 2 * k < 2 * kProductGrain) return diagonal(0, n);
  ParallelFor(
      (n + kPanel - 1) / kPanel, 1,
      [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          const int64_t first = p * kPanel;
          const int64_t size = std::min(kPanel, n - first);
          diagonal(first, size);
          const int64_t column = lower ? 0 : first + size;
          const int64_t columns = lower ? first : n - column;
          if (columns > 0) rest(first, size, column, columns);
        }
      },
      1, kSeveralPieces);
}

template <typename T>
Matrix<T> From(const Matrix<T>& matrix, int64_t row) {
  return {RowsFrom(matrix, row), matrix.ld, matrix.transposed};
}
template <typename T>
Matrix<T> Transpose(const Matrix<T>& matrix) {
  return {matrix.data, matrix.ld, !matrix.transposed};
}

template <typename T>
void Symm(const Plan& plan, CBLAS_SIDE side) {
  const int64_t m = plan.views[0].shape[0];
  const int64_t n = plan.views[0].shape[1];
  if (m == 0 || n == 0) return;
  const Rows<T> c(plan.views[0]);
  const Rows<T> a(plan.views[1]);
  const Rows<T> b(plan.views[2]);
  const bool left = side == CblasLeft;
  OverSlices(left ? n : m, left ? m * m : n * n, [&](int64_t begin, int64_t end) {
    ROUTINE(T, symm)
    (CblasRowMajor, side, Triangle(plan.params[2]), ToBlasInt(left ? m : end - begin), ToBlasInt(left ? end - begin : n),
     static_cast<T>(plan.params[0]), a.data, a.leading(), b.data + begin * (left ? 1 : b.ld), b.leading(),
     static_cast<T>(plan.params[1]), c.data + begin * (left ? 1 : c.ld), c.leading());
  });
}

// b <- alpha times the triangular matrix, or its inverse, times b; or from the right.
template <typename T, typename Routine>
void Triangular(const Plan& plan, CBLAS_SIDE side, Routine routine) {
  const int64_t m = plan.views[0].shape[0];
  const int64_t n = plan.views[0].shape[1];
  if (m == 0 || n == 0) return;
  const Rows<T> b(plan.views[0]);
  const Rows<T> a(plan.views[1]);
  const bool left = side == CblasLeft;
  OverSlices(left ? n : m, left ? m * m / 2 : n * n / 2, [&](int64_t begin, int64_t end) {
    routine(CblasRowMajor, side, Triangle(plan.params[1]), Transposition(plan.params[2]), blas::Diagonal(plan.params[3]),
            ToBlasInt(left ? m : end - begin), ToBlasInt(left ? end - begin : n), static_cast<T>(plan.params[0]), a.data,
            a.leading(), b.data + begin * (left ? 1 : b.ld), b.leading());
  });
}

}  // namespace

void SymmLeft(const Plan& plan) {
  Visit(plan, [&](auto tag) { Symm<ELEMENT(tag)>(plan, CblasLeft); });
}
void SymmRight(const Plan& plan) {
  Visit(plan, [&](auto tag) { Symm<ELEMENT(tag)>(plan, CblasRight); });
}

void Syrk(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const int64_t n = plan.views[1].shape[0];
    const int64_t k = plan.views[1].shape[1];
    if (n == 0) return;
    const Rows<T> c(plan.views[0]);
    const T alpha = static_cast<T>(plan.params[0]);
    const T beta = static_cast<T>(plan.params[1]);
    const bool lower = IsSet(plan.params[2]);
    if (k == 0 || alpha == 0) return ScaleTriangle(c, n, lower, beta);
    const Matrix<T> a = ToMatrix<T>(plan.views[1]);
    OverTriangle(
        n, k, lower,
        [&](int64_t first, int64_t size) {
          ROUTINE(T, syrk)
          (CblasRowMajor, Triangle(lower), Transposition(a.transposed), ToBlasInt(size), ToBlasInt(k), alpha,
           RowsFrom(a, first), ToBlasInt(a.ld), beta, c.data + first * (c.ld + 1), c.leading());
        },
        [&](int64_t first, int64_t size, int64_t column, int64_t columns) {
          Gemm<T>(size, columns, k, alpha, From(a, first), Transpose(From(a, column)), beta, c.data + first * c.ld + column,
                  c.ld);
        });
  });
}

void Syr2k(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const int64_t n = plan.views[1].shape[0];
    const int64_t k = plan.views[1].shape[1];
    if (n == 0) return;
    const Rows<T> c(plan.views[0]);
    const T alpha = static_cast<T>(plan.params[0]);
    const T beta = static_cast<T>(plan.params[1]);
    const bool lower = IsSet(plan.params[2]);
    if (k == 0 || alpha == 0) return ScaleTriangle(c, n, lower, beta);
    const Matrix<T> a = ToMatrix<T>(plan.views[1]);
    // Where a can be taken for either (one row, one column), as b is.
    const Matrix<T> b = ToMatrix<T>(plan.views[2]);
    if (a.transposed != b.transposed) throw std::invalid_argument("matrices stored in different orders");
    OverTriangle(
        n, k, lower,
        [&](int64_t first, int64_t size) {
          ROUTINE(T, syr2k)
          (CblasRowMajor, Triangle(lower), Transposition(a.transposed), ToBlasInt(size), ToBlasInt(k), alpha,
           RowsFrom(a, first), ToBlasInt(a.ld), RowsFrom(b, first), ToBlasInt(b.ld), beta, c.data + first * (c.ld + 1),
           c.leading());
        },
        [&](int64_t first, int64_t size, int64_t column, int64_t columns) {
          T* const out = c.data + first * c.ld + column;
          Gemm<T>(size, columns, k, alpha, From(a, first), Transpose(From(b, column)), beta, out, c.ld);
          Gemm<T>(size, columns, k, alpha, From(b, first), Transpose(From(a, column)), T(1), out, c.ld);
        });
  });
}

void TrmmLeft(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, CblasLeft, ROUTINE(ELEMENT(tag), trmm)); });
}
void TrmmRight(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, CblasRight, ROUTINE(ELEMENT(tag), trmm)); });
}
void TrsmLeft(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, CblasLeft, ROUTINE(ELEMENT(tag), trsm)); });
}
void TrsmRight(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, CblasRight, ROUTINE(ELEMENT(tag), trsm)); });
}

namespace {

// A matrix of a batch.
View Item(const View& batch, int64_t item, int64_t size) {
  View matrix = batch;
  matrix.ndim = 2;
  matrix.data = batch.As<char>() + item * batch.strides[0] * size;
  for (int d = 0; d < 2; ++d) {
    matrix.shape[d] = batch.shape[d + 1];
    matrix.strides[d] = batch.strides[d + 1];
  }
  return matrix;
}

}  // namespace

// Large products are divided themselves; of small ones each thread makes some, in which nothing is divided any more.
void GemmBatched(const Plan& plan) {
  const View& out = plan.views[0];
  const int64_t count = out.shape[0];
  if (out.NumElements() == 0) return;
  const int64_t work = out.shape[1] * out.shape[2] * plan.views[1].shape[2];
  const auto size = static_cast<int64_t>(SizeOf(out.dtype));
  const auto multiply = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Plan one = plan;
      for (int v = 0; v < 3; ++v) one.views[v] = Item(plan.views[v], i, size);
      evenkeel::Gemm(one);
    }
  };
  if (count < NumThreads() && work > 2 * kProductGrain) return multiply(0, count);
  ParallelFor(count, std::max<int64_t>(1, kProductGrain / std::max<int64_t>(1, work)), multiply);
}

}  // namespace evenkeel::blas
