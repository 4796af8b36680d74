// The gradient with respect to 3 x 3 kernels in the domain of transformed tiles.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "conv/runs.h"
#include "conv/scratch.h"
#include "conv/winograd.h"
#include "parallel.h"
#include "simd/dot_tile.h"
#include "simd/winograd.h"

namespace evenkeel::conv {
namespace {

using simd::kWinogradPoints;

// Tiles whose products are summed at a time.
constexpr int64_t kStrip = 192;

// Some output and some input channels of a group: what a thread works out by itself.
class Block {
 public:
  Block(const Correlation& shape, const float* x, const float* grad_out, int64_t outs, int64_t ins)
      : shape_(shape),
        tiles_(InputTiles(shape)),
        grad_tiles_(OutputTiles(shape)),
        x_(x),
        grad_out_(grad_out),
        product_(simd::ChooseDotTile<float>()),
        transforms_(simd::ChooseWinograd()),
        outs_(outs),
        ins_(ins),
        // A vector more: rows do not compete for the same cache lines, and transforms write up to that much too far.
        row_(kStrip + product_.lanes),
        inputs_(kWinogradPoints * ins * row_ + product_.lanes),
        grads_(kWinogradPoints * outs * row_ + product_.lanes),
        sums_(kWinogradPoints * outs * ins),
        scratch_(transforms_.scratch(row_)) {}

  // Output channels [out, out + outs) and input channels [in, in + ins) of the group.
  void Run(int64_t group, int64_t out, int64_t outs, int64_t in, int64_t ins, float* grad_w) {
    std::fill(sums_.get(), sums_.get() + kWinogradPoints * outs_ * ins_, 0.0f);
    const int64_t total = tiles_.images * tiles_.positions();
    for (int64_t first = 0; first < total; first += kStrip) {
      const int64_t used = std::min(kStrip, total - first);
      const int64_t length = CeilDivide(used, product_.lanes) * product_.lanes;
      Transform(tiles_, x_, transforms_.transform_input, group, in, ins, first, used, inputs_.get(), ins_ * row_);
      Transform(grad_tiles_, grad_out_, transforms_.transform_gradient, group, out, outs, first, used, grads_.get(),
                outs_ * row_);
      for (int64_t p = 0; p < kWinogradPoints; ++p) {
        product_.multiply(outs, ins, length, grads_.get() + p * outs_ * row_, row_, inputs_.get() + p * ins_ * row_, row_,
                          sums_.get() + p * outs_ * ins_, ins_);
      }
    }
    for (int64_t o = 0; o < outs; ++o) {
      transforms_.transform_sums(sums_.get() + o * ins_, outs_ * ins_, ins,
                                 grad_w + ((group * shape_.out_channels + out + o) * shape_.in_channels + in) * 9);
    }
  }

 private:
  using TransformFunction = void (*)(const float*, int64_t, int64_t, const conv::Run&, float*, float*, int64_t);

  // Channels [from, from + count) of tiles [first, first + used); zeros up to whole vectors after them.
  void Transform(const Correlation& tiles, const float* data, TransformFunction transform, int64_t group, int64_t from,
                 int64_t count, int64_t first, int64_t used, float* to, int64_t point_stride) {
    FindRuns(tiles, group, first, used, runs_);
    const int64_t plane = tiles.height * tiles.width;
    const int64_t end = CeilDivide(used, product_.lanes) * product_.lanes;
    for (int64_t c = 0; c < count; ++c, to += row_) {
      for (const conv::Run& run : runs_) {
        transform(data + run.image + (from + c) * plane, tiles.height, tiles.width, run, scratch_.get(), to + run.at,
                  point_stride);
      }
      for (int64_t p = 0; used < end && p < kWinogradPoints; ++p) {
        std::fill(to + p * point_stride + used, to + p * point_stride + end, 0.0f);
      }
    }
  }

  const Correlation& shape_;
  const Correlation tiles_;
  const Correlation grad_tiles_;
  const float* x_;
  const float* grad_out_;
  const simd::DotTile<float> product_;
  const simd::Winograd transforms_;
  const int64_t outs_;
  const int64_t ins_;
  const int64_t row_;
  Scratch<float> inputs_;
  Scratch<float> grads_;
  Scratch<float> sums_;
  Scratch<float> scratch_;
  std::vector<conv::Run> runs_;
};

}  // namespace

bool WinogradWeightGradient(const Correlation& shape, const float* x, const float* grad_out, float* grad_w) {
  const double work = static_cast<double>(shape.images * shape.positions()) *
                      static_cast<double>(shape.in_channels * shape.out_channels) * kWinogradPoints / 16;
  const int64_t parts = work < 2.0 * kMultiplyGrain ? 1 : NumThreads();
  int64_t ins = shape.in_channels;
  int64_t outs = shape.out_channels;
  const auto pieces = [&] { return CeilDivide(shape.in_channels, ins) * CeilDivide(shape.out_channels, outs); };
  while (shape.groups * pieces() < parts && std::max(ins, outs) > 16) {
    int64_t& larger = ins >= outs ? ins : outs;
    larger = CeilDivide(CeilDivide(larger, 2), 4) * 4;
  }
  const int64_t across = CeilDivide(shape.in_channels, ins);
  const int64_t units = shape.groups * pieces();
  ParallelFor(units, parts == 1 ? units : 1, [&](int64_t begin, int64_t end) {
    Block block(shape, x, grad_out, outs, ins);
    for (; begin < end; ++begin) {
      const int64_t unit = begin % pieces();
      const int64_t out = unit / across * outs;
      const int64_t in = unit % across * ins;
      block.Run(begin / pieces(), out, std::min(outs, shape.out_channels - out), in, std::min(ins, shape.in_channels - in),
                grad_w);
    }
  });
  const int64_t count = shape.groups * shape.out_channels * shape.depth();
  return std::all_of(grad_w, grad_w + count, [](float value) { return std::isfinite(value); });
}

}  // namespace evenkeel::conv
