#include <algorithm>
#include <type_traits>

#include "conv/correlation.h"
#include "conv/depthwise.h"
#include "conv/packed.h"
#include "conv/winograd.h"
#include "parallel.h"

namespace evenkeel::conv {
namespace {

// Elements that a thread writes at least.
constexpr int64_t kWriteGrain = 1 << 15;

// What is left of a sum without terms.
template <typename T>
void WriteBias(const Correlation& shape, const T* bias, const Target<T>& out) {
  const int64_t channels = shape.groups * shape.out_channels;
  ParallelFor(shape.images * channels, std::max<int64_t>(1, kWriteGrain / shape.positions()),
              [&](int64_t begin, int64_t end) {
                for (; begin < end; ++begin) {
                  const int64_t channel = begin % channels;
                  T* const plane = out.data + begin / channels * out.image + channel * out.channel;
                  const T value = bias == nullptr ? T(0) : bias[channel];
                  for (int64_t i = 0; i < shape.out_h; ++i) {
                    for (int64_t j = 0; j < shape.out_w; ++j) plane[i * out.row + j * out.column] = value;
                  }
                }
              });
}

}  // namespace

template <typename T>
void Correlate(const Correlation& given, const T* x, const Weights<T>& w, const T* bias, bool accumulate,
               const Target<T>& out) {
  Correlation shape = given;
  if (shape.images * shape.positions() == 0 || shape.groups * shape.out_channels == 0) return;
  if (shape.depth() == 0) {
    if (!accumulate) WriteBias(shape, bias, out);
    return;
  }
  if (shape.IsPointwise() && out.row == shape.out_w * out.column) shape.Flatten();
  if (SuitsDepthwise(shape)) return CorrelateDepthwise(shape, x, w, bias, accumulate, out);
  if constexpr (std::is_same_v<T, float>) {
    if (!accumulate && out.column == 1 && SuitsWinograd(shape) && CorrelateWinograd(shape, x, w, bias, out)) return;
  }
  CorrelatePacked(shape, x, w, bias, accumulate, out);
}
template void Correlate(const Correlation&, const float*, const Weights<float>&, const float*, bool, const Target<float>&);
template void Correlate(const Correlation&, const double*, const Weights<double>&, const double*, bool,
                        const Target<double>&);

}  // namespace evenkeel::conv
