#pragma once

#include "kernel.h"

namespace evenkeel {

// The dimensions of a reduction, split into those that stay (views: out, in) and those that go (view: in).
struct Split {
  View kept[2];
  View reduced;

  explicit Split(const Plan& plan) : kept{plan.views[0], plan.views[1]}, reduced(plan.views[1]) {
    kept[0].ndim = kept[1].ndim = reduced.ndim = 0;
    const View& out = plan.views[0];
    const View& in = plan.views[1];
    for (int d = 0; d < in.ndim; ++d) {
      if (out.shape[d] == in.shape[d]) {
        const int at = kept[0].ndim++;
        kept[1].ndim = kept[0].ndim;
        for (int v = 0; v < 2; ++v) {
          kept[v].shape[at] = plan.views[v].shape[d];
          kept[v].strides[at] = plan.views[v].strides[d];
        }
      } else {
        reduced.shape[reduced.ndim] = in.shape[d];
        reduced.strides[reduced.ndim++] = in.strides[d];
      }
    }
  }
};

}  // namespace evenkeel
