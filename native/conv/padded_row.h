// Rows of an image with zeros left and right of them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "simd/pack_rows.h"

namespace evenkeel::conv {

// to[i] <- row[first + i * step] for i < count, or 0 where the row has no such element. Vectors go up to 64 elements past the
// end. From `row` on there are `readable` elements, `width` of them the row's.
template <typename T>
void CopyPaddedRow(const simd::PackRows<T>& pack, const T* row, int64_t width, int64_t readable, int64_t first, int64_t step,
                   int64_t count, T* to) {
  const int64_t begin = first >= 0 ? 0 : std::min((step - 1 - first) / step, count);
  const int64_t end = std::clamp(first >= width ? 0 : (width - first + step - 1) / step, begin, count);
  for (int64_t i = 0; i < begin; ++i) to[i] = T(0);
  if (end > begin) {
    const int64_t start = first + begin * step;
    pack.copy(row + start, step, end - begin, readable - start, to + begin);
  }
  for (int64_t i = end; i < count; ++i) to[i] = T(0);
}

}  // namespace evenkeel::conv
