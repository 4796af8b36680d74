// Decompositions of matrices by LAPACK, and the triangular systems that their gradients solve. LAPACK wants columns: to it, a
// matrix [m, n] stored by rows is the transpose, [n, m].
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "blas.h"
#include "blas/scratch.h"
#include "blas_symbol.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"

extern "C" {
// LAPACK's Fortran entry points, which every OpenBLAS has (LAPACKE is left out of Debian's).
void EVENKEEL_BLAS(sgeqrf_)(const int* m, const int* n, float* a, const int* lda, float* tau, float* work,
                            const int* lwork, int* info);
void EVENKEEL_BLAS(dgeqrf_)(const int* m, const int* n, double* a, const int* lda, double* tau, double* work,
                            const int* lwork, int* info);
void EVENKEEL_BLAS(sorgqr_)(const int* m, const int* n, const int* k, float* a, const int* lda, const float* tau,
                            float* work, const int* lwork, int* info);
void EVENKEEL_BLAS(dorgqr_)(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
                            double* work, const int* lwork, int* info);
// Fortran passes the lengths of strings behind all other arguments.
void EVENKEEL_BLAS(sgesdd_)(const char* job, const int* m, const int* n, float* a, const int* lda, float* s, float* u,
                            const int* ldu, float* vt, const int* ldvt, float* work, const int* lwork, int* iwork, int* info,
                            size_t job_length);
void EVENKEEL_BLAS(dgesdd_)(const char* job, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
                            const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork,
                            int* info, size_t job_length);
}

namespace evenkeel {
namespace {

void CallGeqrf(int m, int n, float* a, float* tau, float* work, int lwork, int* info) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(sgeqrf_)(&m, &n, a, &m, tau, work, &lwork, info);
}
void CallGeqrf(int m, int n, double* a, double* tau, double* work, int lwork, int* info) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(dgeqrf_)(&m, &n, a, &m, tau, work, &lwork, info);
}
void CallOrgqr(int m, int n, float* a, const float* tau, float* work, int lwork, int* info) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(sorgqr_)(&m, &n, &n, a, &m, tau, work, &lwork, info);
}
void CallOrgqr(int m, int n, double* a, const double* tau, double* work, int lwork, int* info) {
  const blas::Scratch scratch;
  EVENKEEL_BLAS(dorgqr_)(&m, &n, &n, a, &m, tau, work, &lwork, info);
}

// Not every BLAS takes 0 times NaN for NaN, so that finite numbers may come of what is none: all that follows from the first
// reflector that is not finite is to be NaN. `a` is what geqrf makes.
template <typename T>
int FirstNotFinite(int m, int n, const T* a, const std::vector<T>& tau) {
  for (int j = 0; j < n; ++j) {
    if (!std::isfinite(tau[j]) || !std::isfinite(a[static_cast<int64_t>(j) * (m + 1)])) return j;
  }
  return n;
}

template <typename T>
void QrViews(const Plan& plan) {
  const View& q = plan.views[0];
  T* a = q.As<T>();
  T* r = plan.views[1].As<T>();
  const int m = ToBlasInt(q.shape[0]);
  const int n = ToBlasInt(q.shape[1]);
  if (n == 0) return;
  std::vector<T> tau(n);
  int info = 0;
  T size_r = 0;
  T size_q = 0;
  CallGeqrf(m, n, a, tau.data(), &size_r, -1, &info);
  CallOrgqr(m, n, a, tau.data(), &size_q, -1, &info);
  std::vector<T> work(static_cast<size_t>(std::max(size_r, size_q)));
  const int lwork = static_cast<int>(work.size());
  CallGeqrf(m, n, a, tau.data(), work.data(), lwork, &info);
  if (info != 0) throw std::runtime_error("geqrf failed");
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  const int finite = FirstNotFinite(m, n, a, tau);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? T(0) : i < finite || j == finite ? a[j * m + i] : kNaN;
  }
  CallOrgqr(m, n, a, tau.data(), work.data(), lwork, &info);
  if (info != 0) throw std::runtime_error("orgqr failed");
  std::fill(a + static_cast<int64_t>(finite) * m, a + static_cast<int64_t>(n) * m, kNaN);
}

// A [m, n] stored by rows, as gesdd sees it: A' = V S U'. What it stores by columns as V is V' by rows, and its U' is U.
template <typename T>
struct Gesdd {
  int m;
  int n;
  T* a;
  T* s;
  T* u;   // [m, k], or null for the singular values alone
  T* vt;  // [k, n]

  int Call(T* work, int lwork, int* iwork) const {
    const char job = u == nullptr ? 'N' : 'S';
    const int k = std::min(m, n);
    int info = 0;
    if constexpr (std::is_same_v<T, float>) {
      const blas::Scratch scratch;
      EVENKEEL_BLAS(sgesdd_)(&job, &n, &m, a, &n, s, vt, &n, u, &k, work, &lwork, iwork, &info, 1);
    } else {
      const blas::Scratch scratch;
      EVENKEEL_BLAS(dgesdd_)(&job, &n, &m, a, &n, s, vt, &n, u, &k, work, &lwork, iwork, &info, 1);
    }
    return info;
  }
};

// How much workspace gesdd asks for. It counts in int, which overflows unnoticed, so that a bound comes first.
template <typename T>
int WorkspaceOf(const Gesdd<T>& svd) {
  const double k = std::min(svd.m, svd.n);
  const double most = (svd.u == nullptr ? 0 : 5 * k * k) + 256 * (static_cast<double>(svd.m) + svd.n);
  if (most > std::numeric_limits<int>::max()) throw std::out_of_range("matrix too large for LAPACK's 32-bit sizes");
  T size = 0;
  int iwork = 0;
  if (svd.Call(&size, -1, &iwork) != 0) throw std::runtime_error("gesdd failed");
  // As a float it may have been rounded down.
  const double wanted = std::nextafter(size, std::numeric_limits<T>::max());
  return static_cast<int>(std::clamp(wanted, 1.0, static_cast<double>(std::numeric_limits<int>::max())));
}

template <typename T>
void SvdViews(const Plan& plan) {
  const View& a = plan.views[1];
  const bool vectors = plan.kernel->num_views == 4;
  const Gesdd<T> svd = {ToBlasInt(a.shape[0]),
                      ToBlasInt(a.shape[1]),
                      a.As<T>(),
                      plan.views[0].As<T>(),
                      vectors ? plan.views[2].As<T>() : nullptr,
                      vectors ? plan.views[3].As<T>() : nullptr};
  const int k = std::min(svd.m, svd.n);
  if (k == 0) return;
  const auto is_finite = [](T x) { return std::isfinite(x); };
  // Some versions of LAPACK iterate on them for ever.
  if (!std::all_of(svd.a, svd.a + a.NumElements(), is_finite)) {
    throw std::domain_error("the matrix has elements that are not finite");
  }
  std::vector<T> work(static_cast<size_t>(WorkspaceOf(svd)));
  std::vector<int> iwork(static_cast<size_t>(k) * 8);
  if (svd.Call(work.data(), static_cast<int>(work.size()), iwork.data()) != 0) {
    throw std::runtime_error("the singular values did not converge");
  }
}

// Multiply-adds per thread below which a second one does not pay.
constexpr int64_t kSolveGrain = 1 << 18;

template <typename T>
void SolveUpperViews(const Plan& plan) {
  const View& x = plan.views[0];
  const View& upper = plan.views[1];
  const int64_t n = x.shape[0];
  const int64_t columns = x.shape[1];
  if (n == 0 || columns == 0) return;
  const blas::Matrix<T> target = ToMatrix<T>(x);
  const int64_t step = target.transposed ? target.ld : 1;
  constexpr int64_t kPanel = 32;
  ParallelFor(
      columns, std::max(kPanel, 2 * kSolveGrain / (n * n)),
      [&](int64_t begin, int64_t end) {
        T* part = x.As<T>() + begin * step;
        blas::SolveUpper(n, end - begin, upper.As<T>(), n, part, target.ld, target.transposed);
      },
      kPanel);
}

}  // namespace

void Qr(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { QrViews<typename decltype(tag)::type>(plan); });
}

void Svd(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { SvdViews<typename decltype(tag)::type>(plan); });
}

void SolveUpper(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { SolveUpperViews<typename decltype(tag)::type>(plan); });
}

}  // namespace evenkeel
