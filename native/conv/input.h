// A convolution's input as the right operand of a product: terms of the sum by outputs, made panel by panel.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "conv/correlation.h"
#include "conv/runs.h"
#include "conv/scratch.h"
#include "simd/pack_rows.h"

namespace evenkeel::conv {

// What some neighbouring outputs need is first copied to a block: rows with their padding, split by the stride, in which what
// one term of the sum needs for outputs side by side lies side by side too. From there panels are filled by whole vectors.
template <typename T>
class Input {
 public:
  // For panels of `columns` outputs, and a block of about `bytes` bytes.
  Input(const Correlation& shape, const T* x, int64_t columns, int64_t bytes);

  // How many outputs a block may be loaded for, at least.
  int64_t capacity() const { return capacity_; }

  // Takes in what outputs [first, first + count) of a group need. Outputs are numbered from image to image.
  void Load(int64_t group, int64_t first, int64_t count);

  // Where the outputs of one panel, from `first` on as far as they are taken in, lie in the block or in the input.
  struct Panel {
    int64_t outputs;
    std::vector<simd::RowCopy> copies;
    std::vector<Run> runs;
  };
  void Find(int64_t first, Panel& panel) const;

  // Terms [begin, end) of the sum: to[(k - begin) * columns + j] for output j of the panel. Columns after its outputs hold
  // anything, and up to a vector past the end is written to.
  void Pack(const Panel& panel, int64_t begin, int64_t end, int64_t columns, T* to) const;

 private:
  // Rows of outputs of one image, whose first input row is row `at` of the block.
  struct Piece {
    int64_t image;
    int64_t row;
    int64_t count;
    int64_t at;
  };

  double MaxRows(int64_t outputs) const;
  double BlockSize(int64_t outputs) const;
  void CopyPiece(const Piece& piece, const T* channels);
  void GatherTerms(const Panel& panel, int64_t begin, int64_t end, int64_t columns, T* to) const;

  const Correlation& shape_;
  const T* const x_;
  const int64_t size_;  // of x
  const int64_t columns_;
  const simd::PackRows<T> pack_;
  // Rows and columns of a stream that the last tap lies past the first, streams of a channel, and their length.
  int64_t shift_h_, shift_w_;
  int64_t streams_h_, streams_w_;
  int64_t pitch_;
  bool has_block_;
  bool can_use_x_;
  int64_t capacity_;
  int64_t stream_;  // elements of one stream of one channel
  std::unique_ptr<Scratch<T>> block_;  // made when it is first needed
  std::vector<int64_t> block_offsets_;
  std::vector<int64_t> x_offsets_;
  int64_t group_ = 0;
  int64_t end_ = 0;  // of the outputs taken in
  std::vector<Piece> pieces_;
  bool uses_x_ = false;
  const T* data_ = nullptr;
  const int64_t* offsets_ = nullptr;
};

}  // namespace evenkeel::conv
