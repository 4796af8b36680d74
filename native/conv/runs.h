// How outputs, numbered from image to image, lie in the rows of the input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "conv/correlation.h"

namespace evenkeel::conv {

// Outputs side by side in one row, which fill the columns from `at` of a panel.
struct Run {
  int64_t image;   // where in the input the first channel of their image and group starts
  int64_t row;     // of the input, under the kernel's first tap; may lie outside the image
  int64_t column;  // likewise, of the first output
  int64_t count;
  int64_t at;
};

// Outputs [begin, begin + columns) of a group, or as many of them as there are. Returns how many.
inline int64_t FindRuns(const Correlation& shape, int64_t group, int64_t begin, int64_t columns, std::vector<Run>& runs) {
  const int64_t end = std::min(begin + columns, shape.images * shape.positions());
  const int64_t plane = shape.in_channels * shape.height * shape.width;
  runs.clear();
  for (int64_t q = begin; q < end;) {
    const int64_t image = q / shape.positions();
    const int64_t i = q % shape.positions() / shape.out_w;
    const int64_t j = q % shape.out_w;
    const int64_t count = std::min(end - q, shape.out_w - j);
    runs.push_back({(image * shape.groups + group) * plane, i * shape.step_h + shape.first_h,
                    j * shape.step_w + shape.first_w, count, q - begin});
    q += count;
  }
  return end - begin;
}

}  // namespace evenkeel::conv
