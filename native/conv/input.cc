#include "conv/input.h"

#include <algorithm>

#include "conv/padded_row.h"

namespace evenkeel::conv {
namespace {

// Elements that a block may have at most. Kernels and strides that would take more gather their terms one by one.
constexpr double kMaxBlock = 1 << 22;
// Reading goes that far past an element: the longest vector there is.
constexpr int64_t kMaxVector = 64;
// Elements to ask for at a time; from there on the hardware sees that a whole region is read.
constexpr int64_t kMaxPrefetch = 2048;

}  // namespace

template <typename T>
Input<T>::Input(const Correlation& shape, const T* x, int64_t columns, int64_t bytes)
    : shape_(shape),
      x_(x),
      size_(shape.images * shape.groups * shape.in_channels * shape.height * shape.width),
      columns_(columns),
      pack_(simd::ChoosePackRows<T>()),
      has_block_(shape.step_h >= 1 && shape.step_w >= 1 && shape.tap_h >= 0 && shape.tap_w >= 0) {
  const int64_t outputs = shape.images * shape.positions();
  if (has_block_) {
    const int64_t reach_h = (shape.taps_h - 1) * shape.tap_h;
    const int64_t reach_w = (shape.taps_w - 1) * shape.tap_w;
    shift_h_ = reach_h / shape.step_h, shift_w_ = reach_w / shape.step_w;
    streams_h_ = std::min(shape.step_h, reach_h + 1), streams_w_ = std::min(shape.step_w, reach_w + 1);
    pitch_ = shape.out_w + shift_w_;
    has_block_ = BlockSize(std::min(columns, outputs)) <= kMaxBlock;
  }
  if (!has_block_) {
    capacity_ = CeilDivide(outputs, columns) * columns;
    return;
  }
  // Twice as many outputs as long as they fit, or as rows would be copied again and again for a few outputs of each.
  const double elements = static_cast<double>(bytes) / sizeof(T);
  const double each = 1.5 * static_cast<double>(shape.in_channels * shape.step_h * shape.step_w);
  capacity_ = columns;
  while (capacity_ < outputs && (BlockSize(2 * capacity_) <= elements ||
                                 (BlockSize(capacity_) > each * static_cast<double>(capacity_) &&
                                  BlockSize(2 * capacity_) <= 4 * elements))) {
    capacity_ *= 2;
  }
  stream_ = static_cast<int64_t>(MaxRows(capacity_)) * pitch_ + kMaxVector;
  can_use_x_ = shape.step_h == 1 && shape.step_w == 1 && shape.first_h == 0 && shape.first_w == 0 &&
               shape.out_h + shift_h_ <= shape.height && shape.out_w + shift_w_ <= shape.width;
  for (int64_t c = 0; c < shape.in_channels; ++c) {
    for (int64_t a = 0; a < shape.taps_h; ++a) {
      const int64_t row = a * shape.tap_h;
      for (int64_t b = 0; b < shape.taps_w; ++b) {
        const int64_t column = b * shape.tap_w;
        const int64_t stream = (c * streams_h_ + row % shape.step_h) * streams_w_ + column % shape.step_w;
        block_offsets_.push_back(stream * stream_ + row / shape.step_h * pitch_ + column / shape.step_w);
        if (can_use_x_) x_offsets_.push_back((c * shape.height + row) * shape.width + column);
      }
    }
  }
}

// Rows of the block that `outputs` neighbouring outputs may take. As a double: shifts may be as large as 2^62.
template <typename T>
double Input<T>::MaxRows(int64_t outputs) const {
  const int64_t rows = std::min(shape_.images * shape_.out_h, CeilDivide(outputs - 1, shape_.out_w) + 1);
  const int64_t pieces = std::min(shape_.images, CeilDivide(outputs - 1, shape_.positions()) + 1);
  return static_cast<double>(rows) + static_cast<double>(pieces) * static_cast<double>(shift_h_);
}

// Elements of a block for so many outputs.
template <typename T>
double Input<T>::BlockSize(int64_t outputs) const {
  return MaxRows(outputs) * static_cast<double>(pitch_) * static_cast<double>(streams_h_) * static_cast<double>(streams_w_) *
         static_cast<double>(shape_.in_channels);
}

template <typename T>
void Input<T>::Load(int64_t group, int64_t first, int64_t count) {
  group_ = group;
  end_ = first + count;
  if (!has_block_) return;
  const int64_t channels = shape_.in_channels * shape_.height * shape_.width;
  const int64_t last = first + count - 1;
  if (can_use_x_) {
    const int64_t position = last % shape_.positions();
    const int64_t end = (last / shape_.positions() * shape_.groups + group) * channels +
                        position / shape_.out_w * shape_.width + position % shape_.out_w + x_offsets_.back();
    uses_x_ = end + kMaxVector <= size_;
  }
  if (uses_x_) {
    data_ = x_ + group * channels;
    offsets_ = x_offsets_.data();
    return;
  }
  const int64_t size = shape_.in_channels * streams_h_ * streams_w_ * stream_ + kMaxVector;
  if (!block_) block_ = std::make_unique<Scratch<T>>(size);
  data_ = block_->get();
  offsets_ = block_offsets_.data();
  pieces_.clear();
  int64_t at = 0;
  for (int64_t row = first / shape_.out_w; row <= last / shape_.out_w;) {
    const int64_t image = row / shape_.out_h;
    const int64_t end = std::min((image + 1) * shape_.out_h, last / shape_.out_w + 1);
    pieces_.push_back({image, row % shape_.out_h, end - row, at});
    CopyPiece(pieces_.back(), x_ + (image * shape_.groups + group) * channels);
    at += end - row + shift_h_;
    row = end;
  }
}

// `channels` are the group's in the piece's image. Vectors go past the end of a row: what lies there is written later, or
// between streams.
template <typename T>
void Input<T>::CopyPiece(const Piece& piece, const T* channels) {
  // The rows that are read, which lie together. The next channel's are far away, where the hardware does not look for them.
  const int64_t top = std::max<int64_t>(piece.row * shape_.step_h + shape_.first_h, 0);
  const int64_t bottom = std::min((piece.row + piece.count + shift_h_) * shape_.step_h + shape_.first_h, shape_.height);
  const int64_t region = std::clamp<int64_t>((bottom - top) * shape_.width, 0, kMaxPrefetch);
  for (int64_t c = 0; c < shape_.in_channels; ++c, channels += shape_.height * shape_.width) {
    if (c + 1 < shape_.in_channels) pack_.prefetch(channels + (shape_.height + top) * shape_.width, region);
    for (int64_t stream = 0; stream < streams_h_ * streams_w_; ++stream) {
      const int64_t first_row = piece.row * shape_.step_h + stream / streams_w_ + shape_.first_h;
      T* to = block_->get() + (c * streams_h_ * streams_w_ + stream) * stream_ + piece.at * pitch_;
      for (int64_t t = 0; t < piece.count + shift_h_; ++t, to += pitch_) {
        const int64_t row = first_row + t * shape_.step_h;
        if (row < 0 || row >= shape_.height) {
          std::fill(to, to + pitch_, T(0));
          continue;
        }
        const T* const from = channels + row * shape_.width;
        CopyPaddedRow(pack_, from, shape_.width, x_ + size_ - from, shape_.first_w + stream % streams_w_, shape_.step_w,
                      pitch_, to);
      }
    }
  }
}

template <typename T>
void Input<T>::Find(int64_t first, Panel& panel) const {
  panel.outputs = FindRuns(shape_, group_, first, std::min(columns_, end_ - first), panel.runs);
  if (!has_block_) return;
  panel.copies.clear();
  const int64_t plane = shape_.in_channels * shape_.height * shape_.width;
  size_t piece = 0;
  for (const Run& run : panel.runs) {
    const int64_t output = first + run.at;
    const int64_t image = output / shape_.positions();
    const int64_t row = output % shape_.positions() / shape_.out_w;
    int64_t from = output % shape_.out_w;
    if (uses_x_) {
      from += image * shape_.groups * plane + row * shape_.width;
    } else {
      while (pieces_[piece].image != image) ++piece;
      from += (pieces_[piece].at + row - pieces_[piece].row) * pitch_;
    }
    for (int64_t i = 0; i < run.count; i += pack_.lanes) panel.copies.push_back({from + i, run.at + i});
  }
}

template <typename T>
void Input<T>::Pack(const Panel& panel, int64_t begin, int64_t end, int64_t columns, T* to) const {
  if (!has_block_) return GatherTerms(panel, begin, end, columns, to);
  pack_.pack(data_, offsets_ + begin, end - begin, panel.copies.data(), static_cast<int64_t>(panel.copies.size()), columns,
             uses_x_, to);
}

template <typename T>
void Input<T>::GatherTerms(const Panel& panel, int64_t begin, int64_t end, int64_t columns, T* to) const {
  const int64_t taps = shape_.taps_h * shape_.taps_w;
  for (int64_t k = begin; k < end; ++k, to += columns) {
    const int64_t row_offset = k % taps / shape_.taps_w * shape_.tap_h;
    const int64_t column_offset = k % shape_.taps_w * shape_.tap_w;
    for (const Run& run : panel.runs) {
      const int64_t row = run.row + row_offset;
      std::fill(to + run.at, to + run.at + run.count, T(0));
      if (row < 0 || row >= shape_.height) continue;
      const T* const from = x_ + run.image + (k / taps * shape_.height + row) * shape_.width;
      for (int64_t i = 0; i < run.count; ++i) {
        const int64_t column = run.column + column_offset + i * shape_.step_w;
        if (column >= 0 && column < shape_.width) to[run.at + i] = from[column];
      }
    }
  }
}

template class Input<float>;
template class Input<double>;

}  // namespace evenkeel::conv
