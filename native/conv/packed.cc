// Correlations as products of packed panels: the weights are packed once, the other operand panel by panel as the products
// need it, so that no im2col matrix is ever written.
#include <algorithm>
#include <vector>

#include "conv/input.h"
#include "conv/packed.h"
#include "conv/scratch.h"
#include "parallel.h"
#include "simd/gemm_tile.h"

namespace evenkeel::conv {
namespace {

// The longest sum that a panel holds, and how much of the panels and of the weights is in use at a time: all of it stays in
// the second-level cache.
constexpr int64_t kMaxDepth = 1024;
constexpr int64_t kStripBytes = 256 * 1024;
constexpr int64_t kWeightBytes = 256 * 1024;
constexpr int64_t kBlockBytes = 192 * 1024;
constexpr int64_t kPackGrain = 1 << 15;

template <typename T>
class Packed {
 public:
  Packed(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate, const Target<T>& out)
      : shape_(shape),
        x_(x),
        w_(w),
        bias_(bias),
        accumulate_(accumulate),
        out_(out),
        tile_(simd::ChooseGemmTile<T>()),
        depth_(shape.depth()),
        block_(CeilDivide(depth_, CeilDivide(depth_, kMaxDepth))),
        rows_(CeilDivide(shape.out_channels, tile_.rows) * tile_.rows),
        weights_(shape.groups * rows_ * depth_) {
    PackWeights();
  }

  void Run() const {
    const int64_t panels = CeilDivide(shape_.images * shape_.positions(), tile_.columns);
    // Output channels are divided too where there are too few panels to share out, and enough to do.
    const int64_t parts = panels * rows_ * depth_ * tile_.columns < 2 * kMultiplyGrain ? 1 : kSeveralPieces * NumThreads();
    int64_t splits = 1;
    while (shape_.groups * panels * splits < parts && rows_ / tile_.rows >= 2 * splits) splits *= 2;
    const int64_t split_rows = CeilDivide(rows_ / tile_.rows, splits) * tile_.rows;
    splits = CeilDivide(rows_, split_rows);
    const int64_t strip = std::clamp<int64_t>(
        kStripBytes / static_cast<int64_t>(sizeof(T)) / (block_ * tile_.columns), 1, panels);
    const int64_t work = std::max<int64_t>(1, split_rows * depth_ * tile_.columns);
    ParallelFor(
        shape_.groups * splits * panels, std::max<int64_t>(1, kMultiplyGrain / work),
        [&](int64_t begin, int64_t end) {
          Strip scratch(*this, strip, split_rows);
          while (begin < end) {
            const int64_t unit = begin / panels;
            const int64_t first = begin % panels;
            const int64_t count = std::min(panels - first, end - begin);
            const int64_t from = unit % splits * split_rows;
            scratch.Run(unit / splits, from, std::min(split_rows, shape_.out_channels - from), first, count);
            begin += count;
          }
        },
        1, kSeveralPieces);
  }

 private:
  // A block of the depth begins at `weights_ + group's + begin * rows_`; within it, panels lie one after another.
  void PackWeights() {
    const int64_t tiles = rows_ / tile_.rows;
    if (w_.out < w_.in) {
      // A gradient's: what belongs to one input channel lies together.
      const int64_t work = std::max<int64_t>(1, rows_ * shape_.taps_h * shape_.taps_w);
      ParallelFor(shape_.groups * shape_.in_channels, std::max<int64_t>(1, kPackGrain / work), [&](int64_t begin, int64_t end) {
        for (; begin < end; ++begin) {
          const int64_t c = begin % shape_.in_channels;
          for (int64_t t = 0; t < tiles; ++t) PackTile(begin / shape_.in_channels, t * tile_.rows, c, c + 1);
        }
      });
    } else {
      const int64_t work = std::max<int64_t>(1, tile_.rows * depth_);
      ParallelFor(shape_.groups * tiles, std::max<int64_t>(1, kPackGrain / work), [&](int64_t begin, int64_t end) {
        for (; begin < end; ++begin) PackTile(begin / tiles, begin % tiles * tile_.rows, 0, shape_.in_channels);
      });
    }
  }

  // The group's output channels from `first` on, the terms of its input channels [from, to).
  void PackTile(int64_t group, int64_t first, int64_t from, int64_t to) {
    const int64_t used = std::min(tile_.rows, shape_.out_channels - first);
    const T* const weights = w_.data + group * w_.group + first * w_.out;
    int64_t k = from * shape_.taps_h * shape_.taps_w;
    int64_t begin = k / block_ * block_;
    int64_t size = std::min(block_, depth_ - begin);
    T* panel = weights_.get() + (group * depth_ + begin) * rows_ + first * size + (k - begin) * tile_.rows;
    for (int64_t c = from; c < to; ++c) {
      for (int64_t a = 0; a < shape_.taps_h; ++a) {
        for (int64_t b = 0; b < shape_.taps_w; ++b, ++k, panel += tile_.rows) {
          if (k == begin + size) {
            begin = k;
            size = std::min(block_, depth_ - begin);
            panel = weights_.get() + (group * depth_ + begin) * rows_ + first * size;
          }
          const T* element = weights + c * w_.in + a * w_.row + b * w_.column;
          for (int64_t i = 0; i < used; ++i, element += w_.out) panel[i] = *element;
          std::fill(panel + used, panel + tile_.rows, T(0));
        }
      }
    }
  }

  // A few panels at a time, the memory they take, and how their columns lie in x and out.
  class Strip {
   public:
    Strip(const Packed& packed, int64_t panels, int64_t rows)
        : p_(packed),
          input_(packed.shape_, packed.x_, packed.tile_.columns, kBlockBytes),
          // Packing writes up to a vector too far.
          operand_(panels * packed.block_ * packed.tile_.columns + packed.tile_.columns),
          product_(rows * packed.tile_.columns),
          panels_(static_cast<size_t>(panels)) {}

    // Channels [from, from + rows) of the group's outputs, `count` panels from number `first` on.
    void Run(int64_t group, int64_t from, int64_t rows, int64_t first, int64_t count) {
      const int64_t columns = p_.tile_.columns;
      const int64_t outputs = p_.shape_.images * p_.shape_.positions();
      const int64_t loads = input_.capacity() / columns;
      for (int64_t i = 0; i < count; i += loads) {
        const int64_t loaded = std::min(loads, count - i);
        input_.Load(group, (first + i) * columns, std::min(loaded * columns, outputs - (first + i) * columns));
        const int64_t strip = static_cast<int64_t>(panels_.size());
        for (int64_t j = 0; j < loaded; j += strip) {
          RunStrip(group, from, rows, first + i + j, std::min(strip, loaded - j));
        }
      }
    }

   private:
    void RunStrip(int64_t group, int64_t from, int64_t rows, int64_t first, int64_t count) {
      const int64_t columns = p_.tile_.columns;
      for (int64_t i = 0; i < count; ++i) input_.Find((first + i) * columns, panels_[static_cast<size_t>(i)]);
      for (int64_t begin = 0; begin < p_.depth_; begin += p_.block_) {
        const int64_t size = std::min(p_.block_, p_.depth_ - begin);
        for (int64_t i = 0; i < count; ++i) {
          const typename Input<T>::Panel& panel = panels_[static_cast<size_t>(i)];
          input_.Pack(panel, begin, begin + size, p_.tile_.Width(panel.outputs), operand_.get() + i * size * columns);
        }
        const T* const weights = p_.weights_.get() + group * p_.rows_ * p_.depth_ + begin * p_.rows_;
        const int64_t step = std::max<int64_t>(1, kWeightBytes / static_cast<int64_t>(sizeof(T)) / (size * p_.tile_.rows)) *
                             p_.tile_.rows;
        for (int64_t row = from; row < from + rows; row += step) {
          const int64_t some = std::min(step, from + rows - row);
          for (int64_t i = 0; i < count; ++i) {
            Multiply(group, row, some, size, weights + row * size, operand_.get() + i * size * columns, begin == 0,
                     first + i, panels_[static_cast<size_t>(i)]);
          }
        }
      }
    }

    void Multiply(int64_t group, int64_t row, int64_t rows, int64_t size, const T* weights, const T* panel, bool is_first,
                  int64_t number, const typename Input<T>::Panel& where) const {
      const int64_t width = p_.tile_.Width(where.outputs);
      const int64_t channel = group * p_.shape_.out_channels + row;
      const T* const bias = is_first && p_.bias_ != nullptr ? p_.bias_ + channel : nullptr;
      const bool add = p_.accumulate_ || !is_first;
      const Target<T>& out = p_.out_;
      const int64_t positions = p_.shape_.positions();
      const int64_t q = number * p_.tile_.columns;
      T* const to = out.data + channel * out.channel;
      // Side by side in memory: no detour.
      const bool dense = out.column == 1 && (out.row == p_.shape_.out_w || p_.shape_.out_h == 1);
      if (dense && width == where.outputs && q % positions + width <= positions) {
        p_.tile_.multiply(rows, width, size, weights, panel, bias, add,
                          to + q / positions * out.image + q % positions, out.channel);
        return;
      }
      p_.tile_.multiply(rows, width, size, weights, panel, bias, false, product_.get(), width);
      for (const conv::Run& run : where.runs) {
        const int64_t image = (q + run.at) / positions;
        const int64_t i = (q + run.at) % positions / p_.shape_.out_w;
        const int64_t j = (q + run.at) % p_.shape_.out_w;
        T* const start = to + image * out.image + i * out.row + j * out.column;
        for (int64_t r = 0; r < rows; ++r) {
          const T* const sums = product_.get() + r * width + run.at;
          T* const results = start + r * out.channel;
          if (add) {
            for (int64_t c = 0; c < run.count; ++c) results[c * out.column] += sums[c];
          } else {
            for (int64_t c = 0; c < run.count; ++c) results[c * out.column] = sums[c];
          }
        }
      }
    }

    const Packed& p_;
    Input<T> input_;
    Scratch<T> operand_;
    Scratch<T> product_;
    std::vector<typename Input<T>::Panel> panels_;
  };

  const Correlation& shape_;
  const T* x_;
  const Weights<T>& w_;
  const T* bias_;
  const bool accumulate_;
  const Target<T>& out_;
  const simd::GemmTile<T> tile_;
  const int64_t depth_;
  const int64_t block_;  // terms of the sum at a time
  const int64_t rows_;   // a group's output channels, rounded up to whole tiles
  Scratch<T> weights_;
};

}  // namespace

template <typename T>
void CorrelatePacked(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
                     const Target<T>& out) {
  Packed<T>(shape, x, w, bias, accumulate, out).Run();
}
template void CorrelatePacked(const Correlation&, const float*, const Weights<float>&, const float*, bool,
                              const Target<float>&);
template void CorrelatePacked(const Correlation&, const double*, const Weights<double>&, const double*, bool,
                              const Target<double>&);

}  // namespace evenkeel::conv
