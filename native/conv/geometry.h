// The numbers of a convolution, as its plan has them.
#pragma once

#include <cstdint>

#include "conv/correlation.h"
#include "kernel.h"

namespace evenkeel::conv {

// out [images, out_channels, out_h, out_w], x [images, in_channels, height, width], w [out_channels, in_channels / groups,
// kernel_h, kernel_w]; plan.params: stride h, w, padding h, w, dilation h, w, groups.
struct Geometry {
  int64_t images, in_channels, height, width;
  int64_t out_channels, out_h, out_w;
  int64_t kernel_h, kernel_w;
  int64_t stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w, groups;

  // Which of the plan's views are the output, x, and the weight.
  Geometry(const Plan& plan, int out_view, int x_view, int w_view) {
    const View& out = plan.views[out_view];
    const View& x = plan.views[x_view];
    const View& w = plan.views[w_view];
    images = x.shape[0], in_channels = x.shape[1], height = x.shape[2], width = x.shape[3];
    out_channels = out.shape[1], out_h = out.shape[2], out_w = out.shape[3];
    kernel_h = w.shape[2], kernel_w = w.shape[3];
    int64_t* const numbers[] = {&stride_h, &stride_w, &padding_h, &padding_w, &dilation_h, &dilation_w, &groups};
    for (int p = 0; p < 7; ++p) *numbers[p] = static_cast<int64_t>(plan.params[p]);
  }

  // out as a sum over x.
  Correlation Forward() const {
    Correlation shape;
    shape.images = images, shape.groups = groups;
    shape.in_channels = in_channels / groups, shape.height = height, shape.width = width;
    shape.out_channels = out_channels / groups, shape.out_h = out_h, shape.out_w = out_w;
    shape.taps_h = kernel_h, shape.taps_w = kernel_w;
    shape.step_h = stride_h, shape.step_w = stride_w;
    shape.tap_h = dilation_h, shape.tap_w = dilation_w;
    shape.first_h = -padding_h, shape.first_w = -padding_w;
    return shape;
  }
};

}  // namespace evenkeel::conv
