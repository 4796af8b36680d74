// What the files of BLAS's levels share: the routine of an element type, and views as those take them.
#pragma once

#include <cblas.h>

#include <stdexcept>
#include <type_traits>

#include "../blas_symbol.h"
#include "../kernels.h"
#include "../matrix.h"
#include "../parallel.h"
#include "scratch.h"

namespace evenkeel::blas {

template <typename T, typename Single, typename Double>
constexpr auto Choose(Single single, Double twice) {
  if constexpr (std::is_same_v<T, float>) {
    return single;
  } else {
    return twice;
  }
}
// VECTOR_ROUTINE(float, axpy) is cblas_saxpy.
#define VECTOR_ROUTINE(T, name) Choose<T>(EVENKEEL_BLAS(cblas_s##name), EVENKEEL_BLAS(cblas_d##name))

// A routine with room for its scratch memory.
template <typename Function>
struct Routine {
  Function* function;

  template <typename... Arguments>
  void operator()(Arguments... arguments) const {
    const Scratch scratch;
    function(arguments...);
  }
};
template <typename Function>
constexpr Routine<Function> WithScratch(Function* function) {
  return {function};
}
// ROUTINE(float, trsv) calls cblas_strsv, with room for its scratch memory.
#define ROUTINE(T, name) WithScratch(VECTOR_ROUTINE(T, name))

// Elements that are worth a thread of their own, where memory is what takes the time.
constexpr int64_t kMatrixGrain = 1 << 16;
// Multiply-adds of products of matrices, the same.
constexpr int64_t kProductGrain = 1 << 18;

// A vector as BLAS addresses it: `data` is the element that lies lowest in memory, the last one of a vector that runs
// backwards.
template <typename T>
struct Vector {
  T* data;
  int64_t size;
  int64_t stride;
  bool backwards;

  // Elements side by side.
  static Vector Run(T* data, int64_t size) { return Vector(data, size); }

  Vector(const View& view, bool runs_backwards)
      : data(view.As<T>()), size(view.shape[0]), stride(size == 1 ? 1 : view.strides[0]), backwards(runs_backwards) {
    if (size > 1 && stride == 0) throw std::invalid_argument("vector strides that BLAS cannot address");
  }

  int increment() const { return ToBlasInt(backwards ? -stride : stride); }
  int count() const { return ToBlasInt(size); }

  // Elements [begin, end).
  Vector Part(int64_t begin, int64_t end) const {
    Vector part = *this;
    part.data += (backwards ? size - end : begin) * stride;
    part.size = end - begin;
    return part;
  }

  // Element i, wherever it lies.
  T& operator[](int64_t i) const { return data[(backwards ? size - 1 - i : i) * stride]; }

 private:
  Vector(T* first, int64_t count) : data(first), size(count), stride(1), backwards(false) {}
};

// A matrix of at least one element that is stored by rows.
template <typename T>
struct Rows {
  T* data;
  int64_t ld;

  explicit Rows(const View& view) : data(view.As<T>()) {
    const int64_t rows = view.shape[0];
    const int64_t columns = view.shape[1];
    if ((columns != 1 && view.strides[1] != 1) || (rows != 1 && view.strides[0] < columns)) {
      throw std::invalid_argument("matrix strides that BLAS cannot address");
    }
    ld = rows == 1 ? columns : view.strides[0];
  }

  int leading() const { return ToBlasInt(ld); }
};

inline bool IsSet(double param) { return param != 0; }
inline CBLAS_UPLO Triangle(double lower) { return IsSet(lower) ? CblasLower : CblasUpper; }
inline CBLAS_TRANSPOSE Transposition(double transposed) { return IsSet(transposed) ? CblasTrans : CblasNoTrans; }
inline CBLAS_DIAG Diagonal(double unit) { return IsSet(unit) ? CblasUnit : CblasNonUnit; }

// y <- beta y; what was there is not read if beta is 0. OpenBLAS would let NaN through in some of its versions.
template <typename T>
void Scale(const Vector<T>& y, T beta) {
  if (beta == 1) return;
  for (int64_t i = 0; i < y.size; ++i) y.data[i * y.stride] = beta == 0 ? T(0) : beta * y.data[i * y.stride];
}

template <typename Body>
void Visit(const Plan& plan, Body&& body) {
  VisitFloat(plan.views[plan.kernel->num_views - 1].dtype, [&](auto tag) { body(tag); });
}
// Within `Visit`: the element type.
#define ELEMENT(tag) typename decltype(tag)::type

}  // namespace evenkeel::blas
