#include "blas.h"

#include <cblas.h>

#include <algorithm>
#include <stdexcept>

#include "blas/scratch.h"
#include "blas_symbol.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"

namespace evenkeel {
namespace {

// Multiply-adds per thread below which a second one does not pay.
constexpr int64_t kGemmGrain = 1 << 18;
// Matrix elements per thread, for products with a vector: they are bound by memory.
constexpr int64_t kGemvGrain = 1 << 16;
// Panels start at multiples of this many rows or columns, so that only the last one has a ragged edge.
constexpr int64_t kPanel = 32;

CBLAS_TRANSPOSE Op(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

void CallGemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
              const float* b, int ldb, float beta, float* out, int ldo) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_sgemm)(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, out, ldo);
}
void CallGemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
              const double* b, int ldb, double beta, double* out, int ldo) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_dgemm)(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, out, ldo);
}
void CallGemv(CBLAS_TRANSPOSE t, int rows, int columns, float alpha, const float* a, int lda, const float* x, int incx,
              float beta, float* y, int incy) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_sgemv)(CblasRowMajor, t, rows, columns, alpha, a, lda, x, incx, beta, y, incy);
}
void CallGemv(CBLAS_TRANSPOSE t, int rows, int columns, double alpha, const double* a, int lda, const double* x,
              int incx, double beta, double* y, int incy) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_dgemv)(CblasRowMajor, t, rows, columns, alpha, a, lda, x, incx, beta, y, incy);
}
void CallSyrk(int n, int k, const float* a, int lda, float* out, int ldo) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_ssyrk)(CblasRowMajor, CblasUpper, CblasNoTrans, n, k, 1, a, lda, 0, out, ldo);
}
void CallSyrk(int n, int k, const double* a, int lda, double* out, int ldo) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_dsyrk)(CblasRowMajor, CblasUpper, CblasNoTrans, n, k, 1, a, lda, 0, out, ldo);
}
void CallTrsm(CBLAS_SIDE side, CBLAS_TRANSPOSE t, int rows, int columns, const float* upper, int ldu, float* x, int ldx) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_strsm)(CblasRowMajor, side, CblasUpper, t, CblasNonUnit, rows, columns, 1, upper, ldu, x, ldx);
}
void CallTrsm(CBLAS_SIDE side, CBLAS_TRANSPOSE t, int rows, int columns, const double* upper, int ldu, double* x, int ldx) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(cblas_dtrsm)(CblasRowMajor, side, CblasUpper, t, CblasNonUnit, rows, columns, 1, upper, ldu, x, ldx);
}

// The stride of a vector's elements. BLAS refuses 0, which a vector of one element may have.
int64_t Increment(int64_t size, int64_t stride) {
  if (size == 1) return 1;
  if (stride == 0) throw std::invalid_argument("vector strides that BLAS cannot address");
  return stride;
}

template <typename T>
void ParallelGemv(int64_t m, int64_t k, T alpha, const blas::Matrix<T>& matrix, const T* x, int64_t incx, T beta, T* y,
                  int64_t incy) {
  ParallelFor(
      m, std::max<int64_t>(kPanel, kGemvGrain / k),
      [&](int64_t begin, int64_t end) {
        const blas::Matrix<T> part = {RowsFrom(matrix, begin), matrix.ld, matrix.transposed};
        blas::Gemv(end - begin, k, alpha, part, x, incx, beta, y + begin * incy, incy);
      },
      kPanel);
}

template <typename T>
void ParallelGemm(int64_t m, int64_t n, int64_t k, T alpha, const blas::Matrix<T>& a, const blas::Matrix<T>& b, T beta,
                  T* out, int64_t ldo) {
  const bool by_rows = m >= n;
  const int64_t grain = std::max<int64_t>(kPanel, kGemmGrain / std::max<int64_t>(1, (by_rows ? n : m) * k));
  ParallelFor(
      by_rows ? m : n, grain,
      [&](int64_t begin, int64_t end) {
        const int64_t size = end - begin;
        if (by_rows) {
          const blas::Matrix<T> part = {RowsFrom(a, begin), a.ld, a.transposed};
          blas::Gemm(size, n, k, alpha, part, b, beta, out + begin * ldo, ldo);
        } else {
          const blas::Matrix<T> part = {ColumnsFrom(b, begin), b.ld, b.transposed};
          blas::Gemm(m, size, k, alpha, a, part, beta, out + begin, ldo);
        }
      },
      kPanel);
}

template <typename T>
void GemmViews(const Plan& plan) {
  const View& out = plan.views[0];
  const View& a = plan.views[1];
  const View& b = plan.views[2];
  const int64_t m = out.shape[0];
  const int64_t n = out.shape[1];
  const int64_t k = a.shape[1];
  const T alpha = static_cast<T>(plan.params[0]);
  const T beta = static_cast<T>(plan.params[1]);
  if (m == 0 || n == 0) return;
  if (k == 0) {
    // BLAS leaves the output alone here; an empty sum is 0.
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        T& value = out.As<T>()[i * out.strides[0] + j * out.strides[1]];
        value = beta == 0 ? T(0) : beta * value;
      }
    }
    return;
  }
  if (n == 1) {
    return ParallelGemv(m, k, alpha, ToMatrix<T>(a), b.As<T>(), Increment(k, b.strides[0]), beta, out.As<T>(),
                        Increment(m, out.strides[0]));
  }
  if (m == 1) {
    blas::Matrix<T> transposed = ToMatrix<T>(b);
    transposed.transposed = !transposed.transposed;
    return ParallelGemv(n, k, alpha, transposed, a.As<T>(), Increment(k, a.strides[1]), beta, out.As<T>(),
                        Increment(n, out.strides[1]));
  }
  const blas::Matrix<T> target = ToMatrix<T>(out);
  if (target.transposed) throw std::invalid_argument("the product must be stored by rows");
  ParallelGemm(m, n, k, alpha, ToMatrix<T>(a), ToMatrix<T>(b), beta, out.As<T>(), target.ld);
}

}  // namespace

namespace blas {

template <typename T>
void Gemm(int64_t m, int64_t n, int64_t k, T alpha, const Matrix<T>& a, const Matrix<T>& b, T beta, T* out,
          int64_t ldo) {
  CallGemm(Op(a.transposed), Op(b.transposed), ToBlasInt(m), ToBlasInt(n), ToBlasInt(k), alpha, a.data, ToBlasInt(a.ld),
           b.data, ToBlasInt(b.ld), beta, out, ToBlasInt(ldo));
}
template void Gemm(int64_t, int64_t, int64_t, float, const Matrix<float>&, const Matrix<float>&, float, float*, int64_t);
template void Gemm(int64_t, int64_t, int64_t, double, const Matrix<double>&, const Matrix<double>&, double, double*,
                   int64_t);

template <typename T>
void Gemv(int64_t m, int64_t k, T alpha, const Matrix<T>& matrix, const T* x, int64_t incx, T beta, T* y, int64_t incy) {
  const int rows = ToBlasInt(matrix.transposed ? k : m);
  const int columns = ToBlasInt(matrix.transposed ? m : k);
  CallGemv(Op(matrix.transposed), rows, columns, alpha, matrix.data, ToBlasInt(matrix.ld), x, ToBlasInt(incx), beta, y,
           ToBlasInt(incy));
}
template void Gemv(int64_t, int64_t, float, const Matrix<float>&, const float*, int64_t, float, float*, int64_t);
template void Gemv(int64_t, int64_t, double, const Matrix<double>&, const double*, int64_t, double, double*, int64_t);

template <typename T>
void Gram(int64_t n, int64_t k, const T* a, int64_t lda, T* out, int64_t ldo) {
  CallSyrk(ToBlasInt(n), ToBlasInt(k), a, ToBlasInt(lda), out, ToBlasInt(ldo));
}
template void Gram(int64_t, int64_t, const float*, int64_t, float*, int64_t);
template void Gram(int64_t, int64_t, const double*, int64_t, double*, int64_t);

template <typename T>
void SolveUpper(int64_t m, int64_t n, const T* upper, int64_t ldu, T* x, int64_t ldx, bool transposed) {
  // The transpose of u x = b is x' u' = b'.
  if (transposed) {
    CallTrsm(CblasRight, CblasTrans, ToBlasInt(n), ToBlasInt(m), upper, ToBlasInt(ldu), x, ToBlasInt(ldx));
  } else {
    CallTrsm(CblasLeft, CblasNoTrans, ToBlasInt(m), ToBlasInt(n), upper, ToBlasInt(ldu), x, ToBlasInt(ldx));
  }
}
template void SolveUpper(int64_t, int64_t, const float*, int64_t, float*, int64_t, bool);
template void SolveUpper(int64_t, int64_t, const double*, int64_t, double*, int64_t, bool);

void Initialize() { EVENKEEL_BLAS(openblas_set_num_threads)(1); }
std::string Library() { return EVENKEEL_BLAS(openblas_get_config)(); }
std::string Core() { return EVENKEEL_BLAS(openblas_get_corename)(); }

}  // namespace blas

void Gemm(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { GemmViews<typename decltype(tag)::type>(plan); });
}

}  // namespace evenkeel
