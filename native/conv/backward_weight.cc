// The gradient of a convolution with respect to its weight: products of the outputs' gradient with the inputs that each
// weight meets, summed over all positions of all images.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "conv/depthwise.h"
#include "conv/geometry.h"
#include "conv/input.h"
#include "conv/scratch.h"
#include "conv/winograd.h"
#include "kernels.h"
#include "parallel.h"
#include "simd/dot_tile.h"

namespace evenkeel {
namespace conv {
namespace {

// Positions summed at a time, and weights of one output channel: what is in use stays in the second-level cache.
constexpr int64_t kStrip = 1024;
constexpr int64_t kTerms = 96;
constexpr int64_t kBlockBytes = 192 * 1024;

// Some output channels and some of their weights: what a thread works out by itself.
template <typename T>
class Block {
 public:
  Block(const Correlation& shape, const T* x, const T* grad_out, int64_t channels, int64_t terms)
      : shape_(shape),
        grad_out_(grad_out),
        tile_(simd::ChooseDotTile<T>()),
        outputs_(shape.images * shape.positions()),
        strip_(std::min(kStrip, outputs_)),
        // A vector more: rows do not compete for the same cache lines, and packing writes up to that much too far.
        row_(strip_ + tile_.lanes),
        input_(shape, x, row_, kBlockBytes),
        grads_(channels * row_),
        inputs_(std::min(terms, kTerms) * row_ + tile_.lanes),
        sums_(channels * terms) {}

  // Output channels [from, from + channels) of the group, weights [begin, begin + terms) of each.
  void Run(int64_t group, int64_t from, int64_t channels, int64_t begin, int64_t terms, bool accumulate, T* grad_w) {
    std::fill(sums_.get(), sums_.get() + channels * terms, T(0));
    for (int64_t first = 0; first < outputs_; first += strip_) {
      const int64_t count = std::min(strip_, outputs_ - first);
      input_.Load(group, first, count);
      input_.Find(first, panel_);
      const int64_t channel = group * shape_.out_channels + from;
      const T* grads = grads_.get();
      int64_t grads_row = row_;
      if (first / shape_.positions() == (first + count - 1) / shape_.positions()) {
        // All in one image: no need to copy them together.
        grads = grad_out_ + (first / shape_.positions() * shape_.groups * shape_.out_channels + channel) * shape_.positions() +
                first % shape_.positions();
        grads_row = shape_.positions();
      } else {
        CopyGrads(channel, channels, first, count);
      }
      for (int64_t k = 0; k < terms; k += kTerms) {
        const int64_t some = std::min(kTerms, terms - k);
        input_.Pack(panel_, begin + k, begin + k + some, row_, inputs_.get());
        tile_.multiply(channels, some, count, grads, grads_row, inputs_.get(), row_, sums_.get() + k, terms);
      }
    }
    const int64_t depth = shape_.depth();
    T* to = grad_w + (group * shape_.out_channels + from) * depth + begin;
    for (int64_t c = 0; c < channels; ++c, to += depth) {
      const T* const sums = sums_.get() + c * terms;
      for (int64_t k = 0; k < terms; ++k) to[k] = accumulate ? to[k] + sums[k] : sums[k];
    }
  }

 private:
  // Outputs [first, first + count) of the gradient's channels from `channel` on.
  void CopyGrads(int64_t channel, int64_t channels, int64_t first, int64_t count) {
    const int64_t positions = shape_.positions();
    for (int64_t c = 0; c < channels; ++c) {
      T* const to = grads_.get() + c * row_;
      for (int64_t at = 0; at < count;) {
        const int64_t image = (first + at) / positions;
        const int64_t position = (first + at) % positions;
        const int64_t some = std::min(count - at, positions - position);
        const T* from = grad_out_ + (image * shape_.groups * shape_.out_channels + channel + c) * positions + position;
        std::memcpy(to + at, from, static_cast<size_t>(some) * sizeof(T));
        at += some;
      }
    }
  }

  const Correlation& shape_;
  const T* grad_out_;
  const simd::DotTile<T> tile_;
  const int64_t outputs_;
  const int64_t strip_;
  const int64_t row_;
  Input<T> input_;
  Scratch<T> grads_;
  Scratch<T> inputs_;
  Scratch<T> sums_;
  typename Input<T>::Panel panel_;
};

// Threads share out the weights, so that each sum is formed in one order.
template <typename T>
void SumProducts(const Correlation& shape, const T* x, const T* grad_out, bool accumulate, T* grad_w) {
  const int64_t depth = shape.depth();
  const double work = static_cast<double>(shape.images * shape.positions()) * static_cast<double>(depth * shape.out_channels);
  const int64_t parts = work < 2.0 * kMultiplyGrain ? 1 : NumThreads();
  const int64_t unit = simd::ChooseDotTile<T>().columns;
  // Every split of the weights copies the gradient again, every split of the channels the inputs.
  int64_t terms = depth;
  int64_t channels = shape.out_channels;
  const auto pieces = [&] { return shape.groups * CeilDivide(depth, terms) * CeilDivide(shape.out_channels, channels); };
  while (pieces() < parts) {
    if (terms > kTerms && terms >= channels) {
      terms = CeilDivide(CeilDivide(terms, 2), unit) * unit;
    } else if (channels >= 8) {
      channels = CeilDivide(CeilDivide(channels, 2), 4) * 4;
    } else if (terms >= 2 * unit) {
      terms = CeilDivide(CeilDivide(terms, 2), unit) * unit;
    } else {
      break;
    }
  }
  const int64_t across = CeilDivide(depth, terms);
  const int64_t down = CeilDivide(shape.out_channels, channels);
  ParallelFor(shape.groups * across * down, parts == 1 ? shape.groups * across * down : 1, [&](int64_t begin, int64_t end) {
    Block<T> block(shape, x, grad_out, channels, terms);
    for (; begin < end; ++begin) {
      const int64_t from = begin / across % down * channels;
      const int64_t first = begin % across * terms;
      block.Run(begin / (across * down), from, std::min(channels, shape.out_channels - from), first,
                std::min(terms, depth - first), accumulate, grad_w);
    }
  });
}

template <typename T>
void BackwardWeight(const Plan& plan) {
  const Geometry g(plan, 2, 1, 0);
  T* const grad_w = plan.views[0].As<T>();
  const T* const x = plan.views[1].As<const T>();
  const T* const grad_out = plan.views[2].As<const T>();
  const T beta = static_cast<T>(plan.params[7]);
  Correlation shape = g.Forward();
  const int64_t count = g.out_channels * shape.depth();
  if (count == 0) return;
  if (beta != 0 && beta != 1) {
    for (int64_t i = 0; i < count; ++i) grad_w[i] *= beta;
  }
  const bool accumulate = beta != 0;
  if (shape.images * shape.positions() == 0 || shape.height * shape.width == 0) {
    if (!accumulate) std::fill(grad_w, grad_w + count, T(0));
    return;
  }
  if (shape.IsPointwise()) shape.Flatten();
  if (SuitsDepthwise(shape)) return DepthwiseWeightGradient(shape, x, grad_out, accumulate, grad_w);
  if constexpr (std::is_same_v<T, float>) {
    if (SuitsWinogradGradient(shape)) {
      // Not in place: what is there may still have to be added to.
      const Scratch<float> result(count);
      if (WinogradWeightGradient(shape, x, grad_out, result.get())) {
        for (int64_t i = 0; i < count; ++i) grad_w[i] = accumulate ? grad_w[i] + result.get()[i] : result.get()[i];
        return;
      }
    }
  }
  SumProducts(shape, x, grad_out, accumulate, grad_w);
}

}  // namespace
}  // namespace conv

void Conv2dBackwardWeight(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { conv::BackwardWeight<typename decltype(tag)::type>(plan); });
}

}  // namespace evenkeel
