// Two-dimensional convolution (cross-correlation, as in torch): im2col in strips that fit the second-level cache, one
// gemm per strip, strips in parallel.
#include <algorithm>
#include <memory>

#include "blas.h"
#include "kernels.h"
#include "parallel.h"

namespace evenkeel {
namespace {

constexpr int64_t kStripBytes = 512 * 1024;
constexpr int64_t kMultiplyGrain = 1 << 18;

struct Geometry {
  int64_t images, in_channels, height, width;
  int64_t out_channels, group_channels, kernel_h, kernel_w;
  int64_t out_h, out_w;
  int64_t stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w, groups;

  explicit Geometry(const Plan& plan) {
    const View& out = plan.views[0];
    const View& x = plan.views[1];
    const View& w = plan.views[2];
    images = x.shape[0], in_channels = x.shape[1], height = x.shape[2], width = x.shape[3];
    out_channels = w.shape[0], group_channels = w.shape[1], kernel_h = w.shape[2], kernel_w = w.shape[3];
    out_h = out.shape[2], out_w = out.shape[3];
    int64_t* const numbers[] = {&stride_h, &stride_w, &padding_h, &padding_w, &dilation_h, &dilation_w, &groups};
    for (int p = 0; p < 7; ++p) *numbers[p] = static_cast<int64_t>(plan.params[p]);
  }

  int64_t depth() const { return group_channels * kernel_h * kernel_w; }
};

// columns [depth, end - begin]: for each output position of the strip, the inputs that the kernel covers there. Positions
// outside the image are zeros.
template <typename T>
void Im2Col(const Geometry& g, const T* image, int64_t begin, int64_t end, T* columns) {
  for (int64_t c = 0; c < g.group_channels; ++c) {
    for (int64_t kh = 0; kh < g.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < g.kernel_w; ++kw) {
        for (int64_t p = begin; p < end;) {
          const int64_t oh = p / g.out_w;
          const int64_t ow = p % g.out_w;
          const int64_t count = std::min(end - p, g.out_w - ow);
          const int64_t ih = oh * g.stride_h - g.padding_h + kh * g.dilation_h;
          const int64_t first = ow * g.stride_w - g.padding_w + kw * g.dilation_w;
          if (ih < 0 || ih >= g.height) {
            std::fill(columns, columns + count, T(0));
          } else {
            const T* row = image + (c * g.height + ih) * g.width;
            if (g.stride_w == 1) {
              // [low, high): the part of the run that lies inside the image.
              const int64_t low = std::clamp<int64_t>(-first, 0, count);
              const int64_t high = std::clamp<int64_t>(g.width - first, low, count);
              std::fill(columns, columns + low, T(0));
              if (high > low) std::copy(row + first + low, row + first + high, columns + low);
              std::fill(columns + high, columns + count, T(0));
            } else {
              for (int64_t i = 0; i < count; ++i) {
                const int64_t iw = first + i * g.stride_w;
                columns[i] = iw >= 0 && iw < g.width ? row[iw] : T(0);
              }
            }
          }
          columns += count;
          p += count;
        }
      }
    }
  }
}

template <typename T>
void Run(const Plan& plan) {
  const Geometry g(plan);
  const T beta = static_cast<T>(plan.params[7]);
  const T* x = plan.views[1].As<T>();
  const T* w = plan.views[2].As<T>();
  T* out = plan.views[0].As<T>();
  const int64_t positions = g.out_h * g.out_w;
  const int64_t group_out = g.out_channels / g.groups;
  if (g.images == 0 || positions == 0 || g.out_channels == 0) return;

  // Whole rows of the image where they fit; at least a few vectors' worth.
  const int64_t depth = std::max<int64_t>(g.depth(), 1);
  int64_t strip = std::max<int64_t>(64, kStripBytes / static_cast<int64_t>(sizeof(T)) / depth);
  strip = std::min(positions, strip);
  // Enough strips that every thread gets some.
  const int64_t units = g.images * g.groups;
  if (units < NumThreads()) strip = std::min(strip, std::max<int64_t>(64, (positions + NumThreads() - 1) / NumThreads()));
  const int64_t strips = (positions + strip - 1) / strip;
  const int64_t work = std::max<int64_t>(1, strip * depth * group_out);

  ParallelFor(units * strips, std::max<int64_t>(1, kMultiplyGrain / work), [&](int64_t first, int64_t last) {
    const std::unique_ptr<T[]> columns(new T[static_cast<size_t>(depth * strip)]);
    for (int64_t s = first; s < last; ++s) {
      const int64_t image = s / strips / g.groups;
      const int64_t group = s / strips % g.groups;
      const int64_t begin = s % strips * strip;
      const int64_t end = std::min(positions, begin + strip);
      Im2Col(g, x + (image * g.in_channels + group * g.group_channels) * g.height * g.width, begin, end, columns.get());
      const blas::Matrix<T> weights = {w + group * group_out * g.depth(), depth, false};
      const blas::Matrix<T> inputs = {columns.get(), end - begin, false};
      T* target = out + (image * g.out_channels + group * group_out) * positions + begin;
      if (g.depth() == 0) {
        // A kernel without weights: BLAS would leave the output alone.
        for (int64_t c = 0; beta == 0 && c < group_out; ++c) {
          std::fill(target + c * positions, target + c * positions + (end - begin), T(0));
        }
        continue;
      }
      blas::Gemm(group_out, end - begin, g.depth(), T(1), weights, inputs, beta, target, positions);
    }
  });
}

}  // namespace

void Conv2d(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { Run<typename decltype(tag)::type>(plan); });
}

}  // namespace evenkeel
