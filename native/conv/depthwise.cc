#include "conv/depthwise.h"

#include <algorithm>
#include <vector>

#include "conv/padded_row.h"
#include "conv/scratch.h"
#include "parallel.h"
#include "simd/depthwise.h"
#include "simd/pack_rows.h"

namespace evenkeel::conv {
namespace {

// Elements of a padded plane, at most.
constexpr int64_t kMaxPlane = 1 << 22;
constexpr int64_t kMaxStep = 8;
// Elements of the longest vector there is.
constexpr int64_t kMaxVector = 64;

// How wide the streams of a padded row are: those elements of it that lie step_w apart, one stream for each remainder. They
// are read four vectors at a time.
int64_t StreamWidth(const Correlation& shape, int64_t lanes) {
  const int64_t unit = 4 * lanes;
  return (shape.out_w + unit - 1) / unit * unit + (shape.taps_w - 1) * shape.tap_w / shape.step_w;
}

// One channel of one image with zeros left and right of it, so that an output row is a sum of contiguous rows.
template <typename T>
class Plane {
 public:
  Plane(const Correlation& shape, const T* x, int64_t lanes)
      : shape_(shape),
        end_of_x_(x + shape.images * shape.groups * shape.height * shape.width),
        pack_(simd::ChoosePackRows<T>()),
        stream_(StreamWidth(shape, lanes)),
        // Copying goes up to a vector too far.
        data_(shape.height * stream_ * shape.step_w + kMaxVector),
        offsets_(static_cast<size_t>(shape.taps_w)),
        padded_{data_.get(),  stream_ * shape.step_w, shape.height, offsets_.data(), shape.taps_h, shape.taps_w,
                shape.step_h, shape.tap_h,            shape.first_h, shape.out_h,     shape.out_w} {
    for (int64_t b = 0; b < shape.taps_w; ++b) {
      const int64_t column = b * shape.tap_w;
      offsets_[static_cast<size_t>(b)] = column % shape.step_w * stream_ + column / shape.step_w;
    }
  }

  const simd::PaddedPlane<T>& Load(const T* plane) {
    T* to = data_.get();
    for (int64_t i = 0; i < shape_.height; ++i, plane += shape_.width) {
      for (int64_t r = 0; r < shape_.step_w; ++r, to += stream_) {
        CopyPaddedRow(pack_, plane, shape_.width, end_of_x_ - plane, shape_.first_w + r, shape_.step_w, stream_, to);
      }
    }
    return padded_;
  }

 private:
  const Correlation& shape_;
  const T* const end_of_x_;
  const simd::PackRows<T> pack_;
  const int64_t stream_;
  Scratch<T> data_;
  std::vector<int64_t> offsets_;
  const simd::PaddedPlane<T> padded_;
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
        Plane<T> plane(shape, x, kernel.lanes);
        const Scratch<T> weights(taps);
        const bool dense = !accumulate && out.column == 1 && out.row == shape.out_w;
        const Scratch<T> results(dense ? 0 : shape.positions());
        for (; begin < end; ++begin) {
          const int64_t image = begin / shape.groups;
          const int64_t group = begin % shape.groups;
          const simd::PaddedPlane<T>& padded = plane.Load(x + begin * shape.height * shape.width);
          for (int64_t o = 0; o < shape.out_channels; ++o) {
            const int64_t channel = group * shape.out_channels + o;
            for (int64_t k = 0; k < taps; ++k) {
              weights.get()[k] = w.data[group * w.group + o * w.out + k / shape.taps_w * w.row + k % shape.taps_w * w.column];
            }
            T* const to = out.data + image * out.image + channel * out.channel;
            kernel.correlate(padded, weights.get(), bias == nullptr ? T(0) : bias[channel], dense ? to : results.get());
            const T* from = results.get();
            for (int64_t i = 0; !dense && i < shape.out_h; ++i) {
              for (int64_t j = 0; j < shape.out_w; ++j, ++from) {
                T& result = to[i * out.row + j * out.column];
                result = accumulate ? result + *from : *from;
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
  const T* const end_of_grad = grad_out + shape.images * channels * shape.positions();
  const simd::PackRows<T> pack = simd::ChoosePackRows<T>();
  ParallelFor(
      shape.groups, std::max<int64_t>(1, Grain(shape) / shape.images),
      [&](int64_t begin, int64_t end) {
        Plane<T> plane(shape, x, kernel.lanes);
        const Scratch<T> sums(shape.out_channels * taps);
        const int64_t pitch = (shape.out_w + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
        const Scratch<T> grads(shape.out_h * pitch + kMaxVector);
        for (int64_t group = begin; group < end; ++group) {
          std::fill(sums.get(), sums.get() + shape.out_channels * taps, T(0));
          for (int64_t image = 0; image < shape.images; ++image) {
            const simd::PaddedPlane<T>& padded =
                plane.Load(x + (image * shape.groups + group) * shape.height * shape.width);
            for (int64_t o = 0; o < shape.out_channels; ++o) {
              const T* grad = grad_out + (image * channels + group * shape.out_channels + o) * shape.positions();
              for (int64_t i = 0; i < shape.out_h; ++i, grad += shape.out_w) {
                CopyPaddedRow(pack, grad, shape.out_w, end_of_grad - grad, 0, 1, pitch, grads.get() + i * pitch);
              }
              kernel.products(padded, grads.get(), pitch, sums.get() + o * taps);
            }
          }
          T* const to = grad_w + group * shape.out_channels * taps;
          for (int64_t k = 0; k < shape.out_channels * taps; ++k) {
            to[k] = accumulate ? to[k] + sums.get()[k] : sums.get()[k];
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
