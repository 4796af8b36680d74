// The gradient of a convolution with respect to its input, which is also what a transposed convolution computes: that one has a
// bias.
#include <algorithm>
#include <numeric>

#include "conv/correlation.h"
#include "conv/geometry.h"
#include "kernels.h"

namespace evenkeel {
namespace conv {
namespace {

// The input positions r, r + stride, r + 2 stride, ... of one dimension. Those kernel taps that ever meet them do so at
// outputs one apart: for these positions the gradient is a correlation of stride 1.
struct Phase {
  int64_t size;      // how many positions
  int64_t taps;      // how many taps meet them
  int64_t last_tap;  // the one with the highest number, and how far apart they are
  int64_t tap_step;
  int64_t dilation;  // outputs between one tap and the next
  int64_t first;     // the output under the highest tap, at position r
};

Phase FindPhase(int64_t r, int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  Phase phase = {};
  phase.size = (size - r + stride - 1) / stride;
  // Position y meets tap t at output (y + padding - t * dilation) / stride, if that is whole.
  const int64_t divisor = std::gcd(dilation, stride);
  phase.tap_step = stride / divisor;
  phase.dilation = dilation / divisor;
  if ((r + padding) % divisor != 0) return phase;
  // One of the first tap_step taps does; their number may be large, so look through those that the kernel has.
  int64_t tap = 0;
  while (tap < std::min(phase.tap_step, kernel) && (r + padding - tap * dilation) % stride != 0) ++tap;
  if (tap == std::min(phase.tap_step, kernel)) return phase;
  phase.taps = (kernel - tap + phase.tap_step - 1) / phase.tap_step;
  phase.last_tap = tap + (phase.taps - 1) * phase.tap_step;
  phase.first = (r + padding - phase.last_tap * dilation) / stride;
  return phase;
}

template <typename T>
void BackwardInput(const Plan& plan) {
  const Geometry g(plan, 1, 0, 2);
  T* const grad_x = plan.views[0].As<T>();
  const T* const grad_out = plan.views[1].As<const T>();
  const T* const w = plan.views[2].As<const T>();
  const T* const bias = plan.kernel->num_views == 4 ? plan.views[3].As<const T>() : nullptr;
  Correlation shape;
  shape.images = g.images, shape.groups = g.groups;
  shape.in_channels = g.out_channels / g.groups, shape.height = g.out_h, shape.width = g.out_w;
  shape.out_channels = g.in_channels / g.groups;
  shape.step_h = shape.step_w = 1;
  const int64_t taps = g.kernel_h * g.kernel_w;
  const int64_t depth = shape.out_channels * taps;
  const int64_t plane = g.height * g.width;
  for (int64_t rh = 0; rh < std::min(g.stride_h, g.height); ++rh) {
    const Phase h = FindPhase(rh, g.height, g.kernel_h, g.stride_h, g.padding_h, g.dilation_h);
    shape.out_h = h.size, shape.taps_h = h.taps, shape.tap_h = h.dilation, shape.first_h = h.first;
    for (int64_t rw = 0; rw < std::min(g.stride_w, g.width); ++rw) {
      const Phase v = FindPhase(rw, g.width, g.kernel_w, g.stride_w, g.padding_w, g.dilation_w);
      shape.out_w = v.size, shape.taps_w = v.taps, shape.tap_w = v.dilation, shape.first_w = v.first;
      // From the highest tap down, so that outputs go up.
      const Weights<T> weights = {w + h.last_tap * g.kernel_w + v.last_tap, shape.in_channels * depth, taps, depth,
                                  -h.tap_step * g.kernel_w, -v.tap_step};
      const Target<T> target = {grad_x + rh * g.width + rw, g.in_channels * plane, plane, g.stride_h * g.width, g.stride_w};
      Correlate<T>(shape, grad_out, weights, bias, false, target);
    }
  }
}

}  // namespace
}  // namespace conv

void Conv2dBackwardInput(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) { conv::BackwardInput<typename decltype(tag)::type>(plan); });
}

}  // namespace evenkeel
