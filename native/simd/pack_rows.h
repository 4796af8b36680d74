// Fills panels of operands with pieces of rows.
#pragma once

#include <cstdint>

namespace evenkeel::simd {

// One vector from a row of the source to a row of the panel.
struct RowCopy {
  int64_t from;
  int64_t to;
};

template <typename T>
struct PackRows {
  int64_t lanes;  // elements in a vector

  // Rows k = 0, 1, ... of the panel, `columns` apart: panel[k * columns + copy.to ...] <- data[offsets[k] + copy.from ...],
  // a vector for each copy, in order. Vectors may reach into the panel's next row, which is yet to come, and past its end.
  // `scattered` rows of the source are asked for ahead of their turn.
  void (*pack)(const T* data, const int64_t* offsets, int64_t rows, const RowCopy* copies, int64_t num_copies,
               int64_t columns, bool scattered, T* panel);

  // to[i] <- from[i * step] for i < count, in whole vectors, which may go past the end. From `from` on there are `readable`
  // elements.
  void (*copy)(const T* from, int64_t step, int64_t count, int64_t readable, T* to);

  // Asks for `count` elements that will be read soon.
  void (*prefetch)(const T* from, int64_t count);
};

// For T float or double.
template <typename T>
PackRows<T> ChoosePackRows();

}  // namespace evenkeel::simd
