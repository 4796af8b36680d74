#include "conv/winograd.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "conv/runs.h"
#include "conv/scratch.h"
#include "parallel.h"
#include "simd/gemm_tile.h"
#include "simd/winograd.h"

namespace evenkeel::conv {
namespace {

using simd::kWinogradPoints;
using simd::kWinogradTile;

// Output channels whose products are in the second-level cache at a time.
constexpr int64_t kChannelBlock = 32;

class Filter {
 public:
  Filter(const Correlation& shape, const float* x, const Weights<float>& w, const float* bias, const Target<float>& out)
      : shape_(shape),
        x_(x),
        w_(w),
        bias_(bias),
        out_(out),
        tile_(simd::ChooseGemmTile<float>()),
        transforms_(simd::ChooseWinograd()),
        tiles_(InputTiles(shape)),
        rows_(CeilDivide(shape.out_channels, tile_.rows) * tile_.rows),
        // A little more than the kernels take, so that points do not compete for the same cache lines.
        kernel_stride_(rows_ * shape.in_channels + 2 * tile_.rows),
        kernels_(shape.groups * kWinogradPoints * kernel_stride_) {
    TransformKernels();
  }

  bool Run() {
    const int64_t panels = CeilDivide(tiles_.images * tiles_.positions(), tile_.columns);
    const int64_t work = kWinogradPoints * rows_ * shape_.in_channels * tile_.columns;
    // Output channels are divided too where there are too few panels to share out, and enough to do.
    const int64_t parts = panels * work < 2 * kMultiplyGrain ? 1 : NumThreads();
    int64_t splits = 1;
    while (shape_.groups * panels * splits < parts && rows_ / tile_.rows >= 2 * splits) splits *= 2;
    const int64_t split_rows = CeilDivide(rows_ / tile_.rows, splits) * tile_.rows;
    splits = CeilDivide(rows_, split_rows);
    ParallelFor(
        shape_.groups * splits * panels, std::max<int64_t>(1, kMultiplyGrain * splits / work),
        [&](int64_t begin, int64_t end) {
          Panel panel(*this, std::min(split_rows, kChannelBlock));
          for (; begin < end; ++begin) {
            const int64_t unit = begin / panels;
            const int64_t from = unit % splits * split_rows;
            panel.Run(unit / splits, from, std::min(split_rows, shape_.out_channels - from), begin % panels);
          }
        },
        1, kSeveralPieces);
    return finite_;
  }

 private:
  void TransformKernels() {
    const int64_t tiles = rows_ / tile_.rows;
    ParallelFor(shape_.groups * tiles, std::max<int64_t>(1, (1 << 11) / (tile_.rows * shape_.in_channels)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t t = begin; t < end; ++t) {
                    const int64_t group = t / tiles;
                    const int64_t row = t % tiles * tile_.rows;
                    const int64_t used = std::min(tile_.rows, shape_.out_channels - row);
                    float* const to = kernels_.get() + group * kWinogradPoints * kernel_stride_ + row * shape_.in_channels;
                    for (int64_t c = 0; c < shape_.in_channels; ++c) {
                      const float* from = w_.data + group * w_.group + row * w_.out + c * w_.in;
                      transforms_.transform_kernels(from, w_.row, w_.column, w_.out, used, to + c * tile_.rows,
                                                    kernel_stride_);
                      for (int64_t p = 0; p < kWinogradPoints; ++p) {
                        float* const panel = to + p * kernel_stride_ + c * tile_.rows;
                        std::fill(panel + used, panel + tile_.rows, 0.0f);
                      }
                    }
                  }
                });
  }

  // As many tiles as a panel has columns, in whatever images they lie.
  class Panel {
   public:
    Panel(const Filter& filter, int64_t block)
        : f_(filter),
          block_(block),
          input_stride_((f_.shape_.in_channels + 1) * f_.tile_.columns),
          product_stride_((block + 1) * f_.tile_.columns),
          inputs_(kWinogradPoints * input_stride_),
          products_(kWinogradPoints * product_stride_),
          outputs_(kWinogradTile * kWinogradTile * f_.tile_.columns),
          scratch_(f_.transforms_.scratch(f_.tile_.columns)) {}

    // Channels [from, from + rows) of the group's outputs.
    void Run(int64_t group, int64_t from, int64_t rows, int64_t number) {
      first_ = number * f_.tile_.columns;
      used_ = FindRuns(f_.tiles_, group, first_, f_.tile_.columns, runs_);
      width_ = f_.tile_.Width(used_);
      TransformInputs();
      for (int64_t row = from; row < from + rows; row += block_) {
        const int64_t some = std::min(block_, from + rows - row);
        const int64_t depth = f_.shape_.in_channels;
        const float* const kernels = f_.kernels_.get() + group * kWinogradPoints * f_.kernel_stride_ + row * depth;
        for (int64_t p = 0; p < kWinogradPoints; ++p) {
          f_.tile_.multiply(some, width_, depth, kernels + p * f_.kernel_stride_, inputs_.get() + p * input_stride_, nullptr, false,
                            products_.get() + p * product_stride_, width_);
        }
        for (int64_t r = 0; r < some; ++r) WriteOutputs(group * f_.shape_.out_channels + row + r, r);
      }
    }

   private:
    void TransformInputs() {
      const Correlation& shape = f_.shape_;
      for (int64_t c = 0; c < shape.in_channels; ++c) {
        float* const to = inputs_.get() + c * width_;
        for (const conv::Run& run : runs_) {
          f_.transforms_.transform_input(f_.x_ + run.image + c * shape.height * shape.width, shape.height, shape.width, run,
                                         scratch_.get(), to + run.at, input_stride_);
        }
        for (int64_t p = 0; used_ < width_ && p < kWinogradPoints; ++p) {
          std::fill(to + p * input_stride_ + used_, to + p * input_stride_ + width_, 0.0f);
        }
      }
    }

    // One output channel, whose products are row r of the block's.
    void WriteOutputs(int64_t channel, int64_t r) const {
      const Correlation& shape = f_.shape_;
      const float bias = f_.bias_ == nullptr ? 0.0f : f_.bias_[channel];
      const float* const products = products_.get() + r * width_;
      if (!f_.transforms_.transform_output(products, product_stride_, width_, bias, outputs_.get())) f_.finite_ = false;
      for (const conv::Run& run : runs_) {
        const int64_t tile = first_ + run.at;
        const int64_t i = tile % f_.tiles_.positions() / f_.tiles_.out_w * kWinogradTile;
        const int64_t j = tile % f_.tiles_.out_w * kWinogradTile;
        float* const to = f_.out_.data + tile / f_.tiles_.positions() * f_.out_.image + channel * f_.out_.channel +
                          i * f_.out_.row + j;
        const int64_t rows = std::min(kWinogradTile, shape.out_h - i);
        const int64_t width = std::min(kWinogradTile * run.count, shape.out_w - j);
        for (int64_t row = 0; row < rows; ++row) {
          const float* const results = outputs_.get() + (row * width_ + run.at) * kWinogradTile;
          std::memcpy(to + row * f_.out_.row, results, static_cast<size_t>(width) * sizeof(float));
        }
      }
    }

    const Filter& f_;
    const int64_t block_;
    const int64_t input_stride_;
    const int64_t product_stride_;
    Scratch<float> inputs_;
    Scratch<float> products_;
    Scratch<float> outputs_;
    Scratch<float> scratch_;
    std::vector<conv::Run> runs_;
    int64_t first_ = 0;  // tile
    int64_t used_ = 0;   // how many tiles
    int64_t width_ = 0;  // of the panel: whole vectors
  };

  const Correlation& shape_;
  const float* x_;
  const Weights<float>& w_;
  const float* bias_;
  const Target<float>& out_;
  const simd::GemmTile<float> tile_;
  const simd::Winograd transforms_;
  const Correlation tiles_;
  const int64_t rows_;  // a group's output channels, rounded up to whole tiles of products
  const int64_t kernel_stride_;
  Scratch<float> kernels_;
  mutable std::atomic<bool> finite_{true};
};

}  // namespace

Correlation OutputTiles(const Correlation& shape) {
  Correlation tiles = shape;
  tiles.in_channels = shape.out_channels, tiles.height = shape.out_h, tiles.width = shape.out_w;
  tiles.out_h = CeilDivide(shape.out_h, kWinogradTile), tiles.out_w = CeilDivide(shape.out_w, kWinogradTile);
  tiles.step_h = tiles.step_w = kWinogradTile;
  tiles.first_h = tiles.first_w = 0;
  return tiles;
}

Correlation InputTiles(const Correlation& shape) {
  Correlation tiles = OutputTiles(shape);
  tiles.in_channels = shape.in_channels, tiles.height = shape.height, tiles.width = shape.width;
  tiles.first_h = shape.first_h, tiles.first_w = shape.first_w;
  return tiles;
}

namespace {

bool IsThreeByThree(const Correlation& shape) {
  return shape.taps_h == 3 && shape.taps_w == 3 && shape.step_h == 1 && shape.step_w == 1 && shape.tap_h == 1 &&
         shape.tap_w == 1;
}

}  // namespace

// Measured, see docs/convolution.md. Few tiles do not pay for transforming the kernels, short rows of tiles waste the vectors
// that transform them, and then only many channels make up for it.
bool SuitsWinograd(const Correlation& shape) {
  if (!IsThreeByThree(shape)) return false;
  const Correlation tiles = OutputTiles(shape);
  const double count = static_cast<double>(tiles.images * tiles.positions());
  const double kernels = static_cast<double>(shape.in_channels * shape.out_channels);
  return std::min(shape.in_channels, shape.out_channels) >= 8 && count >= 32 && 16 * count * count >= kernels &&
         (tiles.out_w >= 7 || kernels >= 512);
}

bool SuitsWinogradGradient(const Correlation& shape) {
  if (!IsThreeByThree(shape)) return false;
  const Correlation tiles = OutputTiles(shape);
  const double count = static_cast<double>(tiles.images * tiles.positions());
  const double kernels = static_cast<double>(shape.in_channels * shape.out_channels);
  const int64_t channels = std::min(shape.in_channels, shape.out_channels);
  return count >= 64 && 4 * count * count >= kernels &&
         channels >= (tiles.out_w >= 14 ? 8 : tiles.out_w >= 7 ? 32 : tiles.out_w >= 4 ? 256 : INT64_MAX);
}

bool CorrelateWinograd(const Correlation& shape, const float* x, const Weights<float>& w, const float* bias,
                       const Target<float>& out) {
  return Filter(shape, x, w, bias, out).Run();
}

}  // namespace evenkeel::conv
