// Pooling of images [N, H, W, C], whose channels lie side by side, with TensorFlow.js's rules: a maximum passes over NaN, and
// its gradient goes to the first of equal elements; padding never counts in an average.
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "pool.h"

namespace evenkeel {
namespace {

using pool::Divisor;
using pool::Window;
using pool::Windows;

// out [N, out_h, out_w, C] and x [N, height, width, C], both contiguous; plan.params: kernel h, w, stride h, w, padding h, w.
struct Images {
  int64_t images, height, width, channels, out_h, out_w;
  Windows rows, columns;

  Images(const View& out, const View& x, const double* params) {
    images = x.shape[0], height = x.shape[1], width = x.shape[2], channels = x.shape[3];
    out_h = out.shape[1], out_w = out.shape[2];
    int64_t p[6];
    for (int i = 0; i < 6; ++i) p[i] = static_cast<int64_t>(params[i]);
    rows = {height, p[0], p[2], p[4], 1};
    columns = {width, p[1], p[3], p[5], 1};
  }

  // Calls visit(image, i) for all rows of the output, on several threads.
  template <typename Visit>
  void ForEachRow(Visit&& visit) const {
    const int64_t size = std::max<int64_t>(1, out_w * channels);
    ParallelFor(
        images * out_h, std::max<int64_t>(1, pool::kGrain / size),
        [&](int64_t begin, int64_t end) {
          for (; begin < end; ++begin) visit(begin / out_h, begin % out_h);
        },
        1, kSeveralPieces);
  }

  // Calls visit(image) for all images, on several threads: their gradients do not meet.
  template <typename Visit>
  void ForEachImage(Visit&& visit) const {
    const int64_t size = std::max<int64_t>({1, height * width * channels, out_h * out_w * channels});
    ParallelFor(
        images, std::max<int64_t>(1, pool::kGrain / size),
        [&](int64_t begin, int64_t end) {
          for (; begin < end; ++begin) visit(begin);
        },
        1, kSeveralPieces);
  }

  // Where the channels of a pixel begin.
  int64_t Pixel(int64_t image, int64_t row, int64_t column) const {
    return ((image * height + row) * width + column) * channels;
  }
  int64_t OutPixel(int64_t image, int64_t i, int64_t j) const { return ((image * out_h + i) * out_w + j) * channels; }
};

// Calls visit(first element of the channels) for every pixel that a window has in the image, row by row.
template <typename Visit>
void ForEachPixel(const Images& all, int64_t image, const Window& h, const Window& w, Visit&& visit) {
  for (int64_t a = 0; a < h.count; ++a) {
    for (int64_t b = 0; b < w.count; ++b) visit(all.Pixel(image, h.begin + a, w.begin + b));
  }
}

}  // namespace

void MaxPool2dNhwc(const Plan& plan) {
  const Images all(plan.views[0], plan.views[1], plan.params);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* const x = plan.views[1].As<const T>();
    all.ForEachRow([&](int64_t image, int64_t i) {
      const Window h = all.rows.At(i);
      for (int64_t j = 0; j < all.out_w; ++j) {
        T* const out = plan.views[0].As<T>() + all.OutPixel(image, i, j);
        std::fill(out, out + all.channels, -std::numeric_limits<T>::infinity());
        ForEachPixel(all, image, h, all.columns.At(j), [&](int64_t at) {
          const T* const from = x + at;
          for (int64_t c = 0; c < all.channels; ++c) out[c] = from[c] > out[c] ? from[c] : out[c];
        });
      }
    });
  });
}

void MaxPool2dNhwcBackward(const Plan& plan) {
  const Images all(plan.views[2], plan.views[1], plan.params);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    // As wide as T, so that both are chosen by one comparison of vectors.
    using Place = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
    if (all.height * all.width > std::numeric_limits<Place>::max()) throw std::out_of_range("image too large");
    T* const grad_x = plan.views[0].As<T>();
    const T* const x = plan.views[1].As<const T>();
    const T* const grad_out = plan.views[2].As<const T>();
    all.ForEachImage([&](int64_t image) {
      T* const target = grad_x + all.Pixel(image, 0, 0);
      std::fill(target, target + all.height * all.width * all.channels, T(0));
      std::vector<T> best(static_cast<size_t>(all.channels));
      std::vector<Place> places(static_cast<size_t>(all.channels));
      for (int64_t i = 0; i < all.out_h; ++i) {
        const Window h = all.rows.At(i);
        for (int64_t j = 0; j < all.out_w; ++j) {
          const Window w = all.columns.At(j);
          std::fill(best.begin(), best.end(), -std::numeric_limits<T>::infinity());
          std::fill(places.begin(), places.end(), Place(-1));
          Place place = 0;
          ForEachPixel(all, image, h, w, [&](int64_t at) {
            const T* const from = x + at;
            T* const b = best.data();
            Place* const p = places.data();
            for (int64_t c = 0; c < all.channels; ++c) {
              const bool better = from[c] > b[c];
              b[c] = better ? from[c] : b[c];
              p[c] = better ? place : p[c];
            }
            ++place;
          });
          const T* const from = grad_out + all.OutPixel(image, i, j);
          for (int64_t c = 0; c < all.channels; ++c) {
            const int64_t p = places[static_cast<size_t>(c)];
            if (p >= 0) grad_x[all.Pixel(image, h.begin + p / w.count, w.begin + p % w.count) + c] += from[c];
          }
        }
      }
    });
  });
}

void AvgPool2dNhwc(const Plan& plan) {
  const Images all(plan.views[0], plan.views[1], plan.params);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* const x = plan.views[1].As<const T>();
    all.ForEachRow([&](int64_t image, int64_t i) {
      const Window h = all.rows.At(i);
      for (int64_t j = 0; j < all.out_w; ++j) {
        const Window w = all.columns.At(j);
        T* const out = plan.views[0].As<T>() + all.OutPixel(image, i, j);
        std::fill(out, out + all.channels, T(0));
        // No element at all: 0, whatever the divisor.
        if (h.count == 0 || w.count == 0) continue;
        ForEachPixel(all, image, h, w, [&](int64_t at) {
          const T* const from = x + at;
          for (int64_t c = 0; c < all.channels; ++c) out[c] += from[c];
        });
        const T divisor = static_cast<T>(Divisor(h, w, plan.params));
        for (int64_t c = 0; c < all.channels; ++c) out[c] /= divisor;
      }
    });
  });
}

void AvgPool2dNhwcBackward(const Plan& plan) {
  const Images all(plan.views[1], plan.views[0], plan.params);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* const grad_x = plan.views[0].As<T>();
    const T* const grad_out = plan.views[1].As<const T>();
    all.ForEachImage([&](int64_t image) {
      T* const target = grad_x + all.Pixel(image, 0, 0);
      std::fill(target, target + all.height * all.width * all.channels, T(0));
      for (int64_t i = 0; i < all.out_h; ++i) {
        const Window h = all.rows.At(i);
        for (int64_t j = 0; j < all.out_w; ++j) {
          const Window w = all.columns.At(j);
          const T* const from = grad_out + all.OutPixel(image, i, j);
          const T divisor = static_cast<T>(Divisor(h, w, plan.params));
          ForEachPixel(all, image, h, w, [&](int64_t at) {
            T* const to = grad_x + at;
            for (int64_t c = 0; c < all.channels; ++c) to[c] += from[c] / divisor;
          });
        }
      }
    });
  });
}

}  // namespace evenkeel
