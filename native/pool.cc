// Two-dimensional pooling with torch's windows, NaN rules and indices.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "pool.h"

namespace evenkeel {
namespace {

using pool::Divisor;
using pool::kGrain;
using pool::Window;
using pool::Windows;

// out [N, C, out_h, out_w] and x [N, C, height, width], both contiguous, plane by plane; plan.params: kernel h, w, stride
// h, w, padding h, w and, if `dilated`, dilation h, w.
struct Pool {
  int64_t planes, height, width, out_h, out_w;
  Windows rows, columns;
  std::vector<Window> across;  // of each output column

  Pool(const View& out, const View& x, const double* params, bool dilated) {
    planes = x.shape[0] * x.shape[1], height = x.shape[2], width = x.shape[3];
    out_h = out.shape[2], out_w = out.shape[3];
    int64_t p[8] = {0, 0, 0, 0, 0, 0, 1, 1};
    for (int i = 0; i < (dilated ? 8 : 6); ++i) p[i] = static_cast<int64_t>(params[i]);
    rows = {height, p[0], p[2], p[4], p[6]};
    columns = {width, p[1], p[3], p[5], p[7]};
    if (planes * out_h == 0) return;
    across.reserve(static_cast<size_t>(out_w));
    for (int64_t j = 0; j < out_w; ++j) across.push_back(columns.At(j));
  }

  // Calls visit(plane) for all planes, on several threads.
  template <typename Visit>
  void ForEachPlane(Visit&& visit) const {
    const int64_t size = std::max<int64_t>({1, height * width, out_h * out_w});
    ParallelFor(
        planes, std::max<int64_t>(1, kGrain / size),
        [&](int64_t begin, int64_t end) {
          for (; begin < end; ++begin) visit(begin);
        },
        1, kSeveralPieces);
  }
};

template <typename T>
void MaxPlane(const Pool& pool, const T* x, T* out, int64_t* indices) {
  const int64_t step_h = pool.rows.dilation;
  const int64_t step_w = pool.columns.dilation;
  for (int64_t i = 0; i < pool.out_h; ++i) {
    const Window h = pool.rows.At(i);
    for (int64_t j = 0; j < pool.out_w; ++j, ++out, ++indices) {
      const Window w = pool.across[static_cast<size_t>(j)];
      T best = -std::numeric_limits<T>::infinity();
      int64_t index = h.count > 0 && w.count > 0 ? h.begin * pool.width + w.begin : -1;
      for (int64_t a = 0; a < h.count; ++a) {
        const int64_t first = (h.begin + a * step_h) * pool.width + w.begin;
        for (int64_t b = 0; b < w.count; ++b) {
          const T value = x[first + b * step_w];
          // The last NaN wins, as in torch. Without branches: nobody could predict them.
          const bool better = (value > best) | (value != value);
          best = better ? value : best;
          index = better ? first + b * step_w : index;
        }
      }
      *out = best;
      *indices = index;
    }
  }
}

template <typename T>
void AveragePlane(const Pool& pool, const double* params, const T* x, T* out) {
  for (int64_t i = 0; i < pool.out_h; ++i) {
    const Window h = pool.rows.At(i);
    for (int64_t j = 0; j < pool.out_w; ++j, ++out) {
      const Window w = pool.across[static_cast<size_t>(j)];
      T sum = 0;
      for (int64_t a = 0; a < h.count; ++a) {
        const T* row = x + (h.begin + a) * pool.width + w.begin;
        for (int64_t b = 0; b < w.count; ++b) sum += row[b];
      }
      // No element at all: 0, whatever the divisor.
      *out = h.count > 0 && w.count > 0 ? sum / static_cast<T>(Divisor(h, w, params)) : T(0);
    }
  }
}

template <typename T>
void SpreadPlane(const Pool& pool, const double* params, const T* grad_out, T* grad_x) {
  std::fill(grad_x, grad_x + pool.height * pool.width, T(0));
  for (int64_t i = 0; i < pool.out_h; ++i) {
    const Window h = pool.rows.At(i);
    for (int64_t j = 0; j < pool.out_w; ++j, ++grad_out) {
      const Window w = pool.across[static_cast<size_t>(j)];
      const T share = *grad_out / static_cast<T>(Divisor(h, w, params));
      for (int64_t a = 0; a < h.count; ++a) {
        T* row = grad_x + (h.begin + a) * pool.width + w.begin;
        for (int64_t b = 0; b < w.count; ++b) row[b] += share;
      }
    }
  }
}

}  // namespace

void MaxPool2d(const Plan& plan) {
  const Pool pool(plan.views[0], plan.views[2], plan.params, true);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    pool.ForEachPlane([&](int64_t plane) {
      const int64_t first = plane * pool.out_h * pool.out_w;
      MaxPlane(pool, plan.views[2].As<const T>() + plane * pool.height * pool.width, plan.views[0].As<T>() + first,
               plan.views[1].As<int64_t>() + first);
    });
  });
}

void MaxPool2dBackward(const Plan& plan) {
  const View& grad_x = plan.views[0];
  const View& grad_out = plan.views[2];
  const int64_t planes = grad_x.shape[0] * grad_x.shape[1];
  const int64_t size = grad_x.shape[2] * grad_x.shape[3];
  const int64_t outputs = grad_out.shape[2] * grad_out.shape[3];
  VisitFloat(grad_x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    ParallelFor(
        planes, std::max<int64_t>(1, kGrain / std::max<int64_t>({1, size, outputs})),
        [&](int64_t begin, int64_t end) {
          for (int64_t plane = begin; plane < end; ++plane) {
            T* const to = grad_x.As<T>() + plane * size;
            const T* const from = grad_out.As<const T>() + plane * outputs;
            // Each is read once: another thread may be writing to shared memory.
            const volatile int64_t* const indices = plan.views[1].As<int64_t>() + plane * outputs;
            std::fill(to, to + size, T(0));
            for (int64_t i = 0; i < outputs; ++i) {
              const int64_t index = indices[i];
              if (index == -1) continue;
              if (index < 0 || index >= size) throw std::out_of_range("index of a maximum outside the image");
              to[index] += from[i];
            }
          }
        },
        1, kSeveralPieces);
  });
}

void AvgPool2d(const Plan& plan) {
  const Pool pool(plan.views[0], plan.views[1], plan.params, false);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    pool.ForEachPlane([&](int64_t plane) {
      AveragePlane(pool, plan.params, plan.views[1].As<const T>() + plane * pool.height * pool.width,
                   plan.views[0].As<T>() + plane * pool.out_h * pool.out_w);
    });
  });
}

void AvgPool2dBackward(const Plan& plan) {
  const Pool pool(plan.views[1], plan.views[0], plan.params, false);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    pool.ForEachPlane([&](int64_t plane) {
      SpreadPlane(pool, plan.params, plan.views[1].As<const T>() + plane * pool.out_h * pool.out_w,
                  plan.views[0].As<T>() + plane * pool.height * pool.width);
    });
  });
}

}  // namespace evenkeel
