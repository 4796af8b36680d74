// Views as BLAS sees them.
#pragma once

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "blas.h"
#include "kernel.h"

namespace evenkeel {

// OpenBLAS counts in int here.
inline int ToBlasInt(int64_t value) {
  if (value > std::numeric_limits<int>::max()) throw std::out_of_range("matrix too large for BLAS's 32-bit sizes");
  return static_cast<int>(value);
}

// How BLAS can address a 2-D view, which must have unit stride in one dimension and no overlap in the other.
template <typename T>
blas::Matrix<T> ToMatrix(const View& view) {
  const int64_t rows = view.shape[0];
  const int64_t columns = view.shape[1];
  if ((columns == 1 || view.strides[1] == 1) && (rows == 1 || view.strides[0] >= columns)) {
    return {view.As<T>(), rows == 1 ? std::max<int64_t>(columns, 1) : view.strides[0], false};
  }
  if ((rows == 1 || view.strides[0] == 1) && (columns == 1 || view.strides[1] >= rows)) {
    return {view.As<T>(), columns == 1 ? std::max<int64_t>(rows, 1) : view.strides[1], true};
  }
  throw std::invalid_argument("matrix strides that BLAS cannot address");
}

template <typename T>
const T* RowsFrom(const blas::Matrix<T>& matrix, int64_t row) {
  return matrix.data + row * (matrix.transposed ? 1 : matrix.ld);
}
template <typename T>
const T* ColumnsFrom(const blas::Matrix<T>& matrix, int64_t column) {
  return matrix.data + column * (matrix.transposed ? matrix.ld : 1);
}

}  // namespace evenkeel
