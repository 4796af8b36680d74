// BLAS on a matrix and vectors; packed.cc has those on band and packed matrices.
#include "routines.h"

namespace evenkeel::blas {

void GemvVectors(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const View& a = plan.views[1];
    const int64_t m = a.shape[0];
    const int64_t n = a.shape[1];
    if (m == 0 || n == 0) return;
    const Vector<T> y(plan.views[0], IsSet(plan.params[3]));
    const Vector<T> x(plan.views[2], IsSet(plan.params[2]));
    const Matrix<T> matrix = ToMatrix<T>(a);
    const T alpha = static_cast<T>(plan.params[0]);
    const T beta = static_cast<T>(plan.params[1]);
    constexpr int64_t kPanel = 32;
    ParallelFor(
        m, std::max<int64_t>(kPanel, kMatrixGrain / n),
        [&](int64_t begin, int64_t end) {
          const Vector<T> part = y.Part(begin, end);
          Scale(part, beta);
          const Matrix<T> rows = {RowsFrom(matrix, begin), matrix.ld, matrix.transposed};
          Gemv<T>(end - begin, n, alpha, rows, x.data, x.increment(), T(1), part.data, part.increment());
        },
        kPanel);
  });
}

void Ger(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const View& a = plan.views[0];
    const int64_t n = a.shape[1];
    if (a.shape[0] == 0 || n == 0) return;
    const Rows<T> rows(a);
    const Vector<T> x(plan.views[1], IsSet(plan.params[1]));
    const Vector<T> y(plan.views[2], IsSet(plan.params[2]));
    const T alpha = static_cast<T>(plan.params[0]);
    ParallelFor(a.shape[0], std::max<int64_t>(1, kMatrixGrain / n), [&](int64_t begin, int64_t end) {
      const Vector<T> part = x.Part(begin, end);
      ROUTINE(T, ger)
      (CblasRowMajor, part.count(), y.count(), alpha, part.data, part.increment(), y.data, y.increment(),
       rows.data + begin * rows.ld, rows.leading());
    });
  });
}

void Symv(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[0].shape[0] == 0) return;
    const Vector<T> y(plan.views[0], IsSet(plan.params[4]));
    const Rows<T> a(plan.views[1]);
    const Vector<T> x(plan.views[2], IsSet(plan.params[3]));
    Scale(y, static_cast<T>(plan.params[1]));
    ROUTINE(T, symv)
    (CblasRowMajor, Triangle(plan.params[2]), y.count(), static_cast<T>(plan.params[0]), a.data, a.leading(), x.data,
     x.increment(), T(1), y.data, y.increment());
  });
}

void Syr(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[1].shape[0] == 0) return;
    const Rows<T> a(plan.views[0]);
    const Vector<T> x(plan.views[1], IsSet(plan.params[2]));
    ROUTINE(T, syr)
    (CblasRowMajor, Triangle(plan.params[1]), x.count(), static_cast<T>(plan.params[0]), x.data, x.increment(), a.data,
     a.leading());
  });
}

void Syr2(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[1].shape[0] == 0) return;
    const Rows<T> a(plan.views[0]);
    const Vector<T> x(plan.views[1], IsSet(plan.params[2]));
    const Vector<T> y(plan.views[2], IsSet(plan.params[3]));
    ROUTINE(T, syr2)
    (CblasRowMajor, Triangle(plan.params[1]), x.count(), static_cast<T>(plan.params[0]), x.data, x.increment(), y.data,
     y.increment(), a.data, a.leading());
  });
}

namespace {

// x <- the triangular matrix, or its inverse, times x.
template <typename T, typename Routine>
void Triangular(const Plan& plan, Routine routine) {
  if (plan.views[0].shape[0] == 0) return;
  const Vector<T> x(plan.views[0], IsSet(plan.params[3]));
  const Rows<T> a(plan.views[1]);
  routine(CblasRowMajor, Triangle(plan.params[0]), Transposition(plan.params[1]), Diagonal(plan.params[2]), x.count(),
          a.data, a.leading(), x.data, x.increment());
}

}  // namespace

void Trmv(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), trmv)); });
}

void Trsv(const Plan& plan) {
  Visit(plan, [&](auto tag) { Triangular<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), trsv)); });
}

}  // namespace evenkeel::blas
