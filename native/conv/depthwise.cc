#include "conv/depthwise.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "conv/scratch.h"
#include "parallel.h"
#include "simd/depthwise.h"
#include "strided.h"

namespace evenkeel::conv {
namespace {

constexpr int64_t kMultiplyGrain = 1 << 16;
// Elements of a padded plane, at most.
constexpr int64_t kMaxPlane = 1 << 22;
constexpr int64_t kMaxStep = 8;

// How wide the streams of a padded row are: those elements of it that lie step_w apart, one stream for each remainder.
int64_t StreamWidth(const Correlation& shape, int64_t lanes) {
  return (shape.out_w + lanes - 1) / lanes * lanes + (shape.taps_w - 1) * shape.tap_w / shape.step_w + 1;
}

// One channel of one image with zeros left and right of it, so that an output row is a sum of contiguous rows.
template <typename T>
class Plane {
 public:
  Plane(const Correlation& shape, int64_t lanes)
      : shape_(shape),
        stream_(StreamWidth(shape, lanes)),
        width_(stream_ * shape.step_w),
        // The last row is read in whole vectors.
        data_(shape.height * width_ + lanes),
        rows_(static_cast<size_t>(shape.taps_h)) {
    std::fill(data_.get(), data_.get() + shape.height * width_ + lanes, T(0));
    for (int64_t b = 0; b < shape.taps_w; ++b) {
      const int64_t column = b * shape.tap_w;
      offsets_.push_back(column % shape.step_w * stream_ + column / shape.step_w);
    }
  }

  void Load(const T* plane) {
    for (int64_t i = 0; i < shape_.height; ++i) {
      const T* from = plane + i * shape_.width;
      for (int64_t r = 0; r < shape_.step_w; ++r) {
        // Elements first_w + r, first_w + r + step_w, ... of the row, those that there are.
        const int64_t first = shape_.first_w + r;
        const int64_t begin = first >= 0 ? 0 : (shape_.step_w - 1 - first) / shape_.step_w;
        const int64_t end = std::min(stream_, (shape_.width - first + shape_.step_w - 1) / shape_.step_w);
        T* const to = data_.get() + i * width_ + r * stream_;
        if (end > begin) Gather(from + first + begin * shape_.step_w, shape_.step_w, to + begin, end - begin);
      }
    }
  }

  // The rows that output row i sees, one for each row of the kernel; null where it reaches outside.
  const T* const* RowsFor(int64_t i) {
    for (int64_t a = 0; a < shape_.taps_h; ++a) {
      const int64_t row = i * shape_.step_h + a * shape_.tap_h + shape_.first_h;
      rows_[static_cast<size_t>(a)] = row < 0 || row >= shape_.height ? nullptr : data_.get() + row * width_;
    }
    return rows_.data();
  }

  const int64_t* offsets() const { return offsets_.data(); }

 private:
  const Correlation& shape_;
  const int64_t stream_;
  const int64_t width_;
  Scratch<T> data_;
  std::vector<const T*> rows_;
  std::vector<int64_t> offsets_;
};

int64_t Grain(const Correlation& shape) {
  return std::max<int64_t>(1, kMultiplyGrain / (shape.positions() * shape.taps_h * shape.taps_w));
}

}  // namespace

bool SuitsDepthwise(const Correlation& shape) {
  return shape.in_channels == 1 && shape.groups > 1 && shape.step_w >= 1 && shape.step_w <= kMaxStep && shape.tap_w >= 0 &&
         shape.tap_w <= kMaxPlane && shape.taps_w <= kMaxPlane && shape.out_w <= kMaxPlane && shape.height <= kMaxPlane &&
         StreamWidth(shape, 64) * shape.step_w * std::max<int64_t>(shape.height, 1) <= kMaxPlane;
}

template <typename T>
void CorrelateDepthwise(const Correlation& shape, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
                        const Target<T>& out) {
  const simd::Depthwise<T> kernel = simd::ChooseDepthwise<T>();
  const int64_t taps = shape.taps_h * shape.taps_w;
  ParallelFor(
      shape.images * shape.groups, Grain(shape),
      [&](int64_t begin, int64_t end) {
        Plane<T> plane(shape, kernel.lanes);
        const Scratch<T> weights(taps);
        const Scratch<T> results(shape.out_w + kernel.lanes);
        for (; begin < end; ++begin) {
          const int64_t image = begin / shape.groups;
          const int64_t group = begin % shape.groups;
          plane.Load(x + begin * shape.height * shape.width);
          for (int64_t o = 0; o < shape.out_channels; ++o) {
            const int64_t channel = group * shape.out_channels + o;
            for (int64_t k = 0; k < taps; ++k) {
              weights.get()[k] = w.data[group * w.group + o * w.out + k / shape.taps_w * w.row + k % shape.taps_w * w.column];
            }
            for (int64_t i = 0; i < shape.out_h; ++i) {
              kernel.row(plane.RowsFor(i), plane.offsets(), shape.taps_h, shape.taps_w, weights.get(),
                         bias == nullptr ? T(0) : bias[channel], shape.out_w, results.get());
              T* const to = out.data + image * out.image + channel * out.channel + i * out.row;
              const T* const from = results.get();
              if (accumulate) {
                for (int64_t j = 0; j < shape.out_w; ++j) to[j * out.column] += from[j];
              } else if (out.column == 1) {
                std::memcpy(to, from, static_cast<size_t>(shape.out_w) * sizeof(T));
              } else {
                for (int64_t j = 0; j < shape.out_w; ++j) to[j * out.column] = from[j];
              }
            }
          }
        }
      },
      1, kSeveralPieces);
}

template <typename T>
void DepthwiseWeightGradient(const Correlation& shape, const T* x, const T* grad_out, bool accumulate, T* grad_w) {
  const simd::Depthwise<T> kernel = simd::ChooseDepthwise<T>();
  const int64_t taps = shape.taps_h * shape.taps_w;
  const int64_t channels = shape.groups * shape.out_channels;
  ParallelFor(
      shape.groups, std::max<int64_t>(1, Grain(shape) / shape.images),
      [&](int64_t begin, int64_t end) {
        Plane<T> plane(shape, kernel.lanes);
        const Scratch<T> sums(shape.out_channels * taps * kernel.lanes);
        const Scratch<T> grad(shape.out_w + kernel.lanes);
        std::fill(grad.get(), grad.get() + shape.out_w + kernel.lanes, T(0));
        for (int64_t group = begin; group < end; ++group) {
          std::fill(sums.get(), sums.get() + shape.out_channels * taps * kernel.lanes, T(0));
          for (int64_t image = 0; image < shape.images; ++image) {
            plane.Load(x + (image * shape.groups + group) * shape.height * shape.width);
            for (int64_t o = 0; o < shape.out_channels; ++o) {
              const T* from = grad_out + (image * channels + group * shape.out_channels + o) * shape.positions();
              for (int64_t i = 0; i < shape.out_h; ++i, from += shape.out_w) {
                std::memcpy(grad.get(), from, static_cast<size_t>(shape.out_w) * sizeof(T));
                kernel.products(plane.RowsFor(i), plane.offsets(), shape.taps_h, shape.taps_w, grad.get(), shape.out_w,
                                sums.get() + o * taps * kernel.lanes);
              }
            }
          }
          for (int64_t k = 0; k < shape.out_channels * taps; ++k) {
            T sum = 0;
            for (int64_t lane = 0; lane < kernel.lanes; ++lane) sum += sums.get()[k * kernel.lanes + lane];
            T& result = grad_w[group * shape.out_channels * taps + k];
            result = accumulate ? result + sum : sum;
          }
        }
      },
      1, kSeveralPieces);
}

template void CorrelateDepthwise(const Correlation&, const float*, const Weights<float>&, const float*, bool,
                                 const Target<float>&);
template void CorrelateDepthwise(const Correlation&, const double*, const Weights<double>&, const double*, bool,
                                 const Target<double>&);
template void DepthwiseWeightGradient(const Correlation&, const float*, const float*, bool, float*);
template void DepthwiseWeightGradient(const Correlation&, const double*, const double*, bool, double*);

}  // namespace evenkeel::conv
