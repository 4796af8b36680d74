// Two-dimensional convolution (cross-correlation, as in torch).
#include "conv/correlation.h"
#include "conv/geometry.h"
#include "kernels.h"

namespace evenkeel {
namespace conv {
namespace {

template <typename T>
void Forward(const Plan& plan, const T* bias, T beta) {
  const Geometry g(plan, 0, 1, 2);
  T* const out = plan.views[0].As<T>();
  const int64_t positions = g.out_h * g.out_w;
  if (beta != 0 && beta != 1) {
    for (int64_t i = 0; i < g.images * g.out_channels * positions; ++i) out[i] *= beta;
  }
  const Correlation shape = g.Forward();
  const int64_t taps = g.kernel_h * g.kernel_w;
  const int64_t depth = shape.in_channels * taps;
  const Weights<T> w = {plan.views[2].As<T>(), shape.out_channels * depth, depth, taps, g.kernel_w, 1};
  const Target<T> target = {out, g.out_channels * positions, positions, g.out_w, 1};
  Correlate(shape, plan.views[1].As<const T>(), w, bias, beta != 0, target);
}

}  // namespace
}  // namespace conv

void Conv2d(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    conv::Forward<T>(plan, nullptr, static_cast<T>(plan.params[7]));
  });
}

void Conv2dBias(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    conv::Forward<T>(plan, plan.views[3].As<const T>(), T(0));
  });
}

}  // namespace evenkeel
