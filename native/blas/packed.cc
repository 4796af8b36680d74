// BLAS on vectors and matrices of which only a band or one triangle is stored.
#include "routines.h"

namespace evenkeel::blas {
namespace {

// The number of diagonals beside the main one of a band matrix stored with `width` elements in a row.
int Diagonals(const View& band) {
  if (band.shape[1] == 0) throw std::invalid_argument("a band matrix without diagonals");
  return ToBlasInt(band.shape[1] - 1);
}

// A row of `below` elements, the diagonal and those above it for each of the matrix's rows.
template <typename T>
void GeneralBand(const Plan& plan, CBLAS_TRANSPOSE transposition) {
  const View& band = plan.views[1];
  const int diagonals = Diagonals(band);
  if (plan.views[0].shape[0] == 0 || plan.views[2].shape[0] == 0) return;
  if (!(plan.params[2] >= 0 && plan.params[2] <= diagonals)) throw std::invalid_argument("more diagonals than are stored");
  const int below = static_cast<int>(plan.params[2]);
  const Vector<T> y(plan.views[0], IsSet(plan.params[4]));
  const Vector<T> x(plan.views[2], IsSet(plan.params[3]));
  const Rows<T> a(band);
  const bool transposed = transposition == CblasTrans;
  Scale(y, static_cast<T>(plan.params[1]));
  ROUTINE(T, gbmv)
  (CblasRowMajor, transposition, (transposed ? x : y).count(), (transposed ? y : x).count(), below, diagonals - below,
   static_cast<T>(plan.params[0]), a.data, a.leading(), x.data, x.increment(), T(1), y.data, y.increment());
}

template <typename T, typename Routine>
void TriangularBand(const Plan& plan, Routine routine) {
  const int diagonals = Diagonals(plan.views[1]);
  if (plan.views[0].shape[0] == 0) return;
  const Vector<T> x(plan.views[0], IsSet(plan.params[3]));
  const Rows<T> a(plan.views[1]);
  routine(CblasRowMajor, Triangle(plan.params[0]), Transposition(plan.params[1]), Diagonal(plan.params[2]), x.count(),
          diagonals, a.data, a.leading(), x.data, x.increment());
}

template <typename T, typename Routine>
void TriangularPacked(const Plan& plan, Routine routine) {
  if (plan.views[0].shape[0] == 0) return;
  const Vector<T> x(plan.views[0], IsSet(plan.params[3]));
  routine(CblasRowMajor, Triangle(plan.params[0]), Transposition(plan.params[1]), Diagonal(plan.params[2]), x.count(),
          plan.views[1].As<T>(), x.data, x.increment());
}

}  // namespace

void Gbmv(const Plan& plan) {
  Visit(plan, [&](auto tag) { GeneralBand<ELEMENT(tag)>(plan, CblasNoTrans); });
}

void GbmvTransposed(const Plan& plan) {
  Visit(plan, [&](auto tag) { GeneralBand<ELEMENT(tag)>(plan, CblasTrans); });
}

void Sbmv(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const int diagonals = Diagonals(plan.views[1]);
    if (plan.views[0].shape[0] == 0) return;
    const Vector<T> y(plan.views[0], IsSet(plan.params[4]));
    const Rows<T> a(plan.views[1]);
    const Vector<T> x(plan.views[2], IsSet(plan.params[3]));
    Scale(y, static_cast<T>(plan.params[1]));
    ROUTINE(T, sbmv)
    (CblasRowMajor, Triangle(plan.params[2]), y.count(), diagonals, static_cast<T>(plan.params[0]), a.data, a.leading(),
     x.data, x.increment(), T(1), y.data, y.increment());
  });
}

void Tbmv(const Plan& plan) {
  Visit(plan, [&](auto tag) { TriangularBand<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), tbmv)); });
}

void Tbsv(const Plan& plan) {
  Visit(plan, [&](auto tag) { TriangularBand<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), tbsv)); });
}

void Spmv(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[0].shape[0] == 0) return;
    const Vector<T> y(plan.views[0], IsSet(plan.params[4]));
    const Vector<T> x(plan.views[2], IsSet(plan.params[3]));
    Scale(y, static_cast<T>(plan.params[1]));
    ROUTINE(T, spmv)
    (CblasRowMajor, Triangle(plan.params[2]), y.count(), static_cast<T>(plan.params[0]), plan.views[1].As<T>(), x.data,
     x.increment(), T(1), y.data, y.increment());
  });
}

void Spr(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[1].shape[0] == 0) return;
    const Vector<T> x(plan.views[1], IsSet(plan.params[2]));
    ROUTINE(T, spr)
    (CblasRowMajor, Triangle(plan.params[1]), x.count(), static_cast<T>(plan.params[0]), x.data, x.increment(),
     plan.views[0].As<T>());
  });
}

void Spr2(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    if (plan.views[1].shape[0] == 0) return;
    const Vector<T> x(plan.views[1], IsSet(plan.params[2]));
    const Vector<T> y(plan.views[2], IsSet(plan.params[3]));
    ROUTINE(T, spr2)
    (CblasRowMajor, Triangle(plan.params[1]), x.count(), static_cast<T>(plan.params[0]), x.data, x.increment(), y.data,
     y.increment(), plan.views[0].As<T>());
  });
}

void Tpmv(const Plan& plan) {
  Visit(plan, [&](auto tag) { TriangularPacked<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), tpmv)); });
}

void Tpsv(const Plan& plan) {
  Visit(plan, [&](auto tag) { TriangularPacked<ELEMENT(tag)>(plan, ROUTINE(ELEMENT(tag), tpsv)); });
}

}  // namespace evenkeel::blas
