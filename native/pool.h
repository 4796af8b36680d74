// Windows of two-dimensional pooling.
#pragma once

#include <algorithm>
#include <cstdint>

namespace evenkeel::pool {

// Elements that a thread reads or writes at least.
inline constexpr int64_t kGrain = 1 << 14;

// What one output's window covers of one dimension of the image.
struct Window {
  int64_t begin;  // the first position inside
  int64_t count;  // how many are inside, `dilation` apart
  int64_t size;   // how many there would be, padding counted but nothing past it
};

// Windows of one dimension.
struct Windows {
  int64_t size, kernel, stride, padding, dilation;

  Window At(int64_t i) const {
    const int64_t start = i * stride - padding;
    const int64_t skipped = start >= 0 ? 0 : std::min((-start + dilation - 1) / dilation, kernel);
    const int64_t begin = start + skipped * dilation;
    const int64_t left = begin >= size ? 0 : (size - begin + dilation - 1) / dilation;
    return {begin, std::min(kernel - skipped, left), std::min(start + kernel, size + padding) - start};
  }
};

// What an average divides by.
inline double Divisor(const Window& h, const Window& w, const double* params) {
  if (params[7] != 0) return params[7];
  return params[6] != 0 ? static_cast<double>(h.size) * static_cast<double>(w.size)
                        : static_cast<double>(h.count) * static_cast<double>(w.count);
}

}  // namespace evenkeel::pool
