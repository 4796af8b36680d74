// Steps of the fills with whole numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenkeel::simd {

// out[k] = floor(W[k] (range - step k) / 2^64), W[k] = draws[2k] 2^32 + draws[2k + 1]; a range of 0 stands for 2^64, without
// steps. `step` is 0 or 1; then `count` is at most the range. Fastest for ranges below 2^32.
void ScaleWords(const uint32_t* draws, size_t count, uint64_t range, uint64_t step, uint64_t* out);

// Zeroes the elements (row, column) with bit `column` set in marks[row], and clears the marks. A row's 64 elements of `size`
// bytes (1, 2, 4 or 8) lie side by side, the rows `pitch` bytes apart; all are aligned to their size.
void ZeroMarked(uint64_t* marks, size_t rows, void* out, ptrdiff_t pitch, size_t size);

}  // namespace evenkeel::simd
