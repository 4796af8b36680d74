// How outputs, numbered from image to image, lie in the rows of the input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "conv/correlation.h"
#include "simd/im2col.h"

namespace evenkeel::conv {

// Outputs [begin, begin + columns) of a group as runs; past the last output there are zeros.
inline void FindRuns(const Correlation& shape, int64_t group, int64_t begin, int64_t columns, std::vector<simd::Run>& runs) {
  const int64_t total = shape.images * shape.positions();
  const int64_t plane = shape.in_channels * shape.height * shape.width;
  runs.clear();
  for (int64_t at = 0; at < columns;) {
    const int64_t q = begin + at;
    if (q >= total) {
      runs.push_back({0, simd::kNoRow, 0, columns - at, at});
      return;
    }
    const int64_t image = q / shape.positions();
    const int64_t i = q % shape.positions() / shape.out_w;
    const int64_t j = q % shape.out_w;
    const int64_t count = std::min(columns - at, shape.out_w - j);
    runs.push_back({(image * shape.groups + group) * plane, i * shape.step_h + shape.first_h,
                    j * shape.step_w + shape.first_w, count, at});
    at += count;
  }
}

}  // namespace evenkeel::conv
