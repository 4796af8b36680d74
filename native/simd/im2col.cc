#include "simd/im2col.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/im2col.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Every second element.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadEven(D d, const T* from) {
  hn::Vec<D> even, odd;
  hn::LoadInterleaved2(d, from, even, odd);
  return even;
}

// Whole vectors, of which `count` elements are wanted. What they write too many belongs to the next run, which is yet to come.
template <typename T>
HWY_INLINE void Zeros(int64_t count, T* to) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += lanes) hn::StoreU(hn::Zero(d), d, to + i);
}

// kStep 1 or 2: elements kStep apart.
template <int kStep, typename T>
HWY_INLINE void Copy(const T* from, const T* end_of_x, int64_t count, T* to) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t reach = (count + lanes - 1) / lanes * lanes * kStep;
  if (HWY_UNLIKELY(reach > end_of_x - from)) {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * kStep];
    return;
  }
  for (int64_t i = 0; i < count; i += lanes) {
    if constexpr (kStep == 1) {
      hn::StoreU(hn::LoadU(d, from + i), d, to + i);
    } else {
      hn::StoreU(LoadEven(d, from + 2 * i), d, to + i);
    }
  }
}

// Outputs of one run: elements of a row of x from `first` on, which may start and end outside.
template <int kStep, typename T>
HWY_INLINE void CopyRun(const T* row, int64_t width, const T* end_of_x, int64_t first, int64_t count, T* to) {
  // [low, high): the part of the run that lies inside the image.
  const int64_t low = first >= 0 ? 0 : std::min<int64_t>((kStep - 1 - first) / kStep, count);
  const int64_t high = std::clamp<int64_t>((width - first + kStep - 1) / kStep, low, count);
  if (low > 0) Zeros(low, to);
  if (high > low) Copy<kStep>(row + first + low * kStep, end_of_x, high - low, to + low);
  if (high < count) Zeros(count - high, to + high);
}

// Asks for what the runs need of one channel: its turn comes soon, and the hardware does not see it coming.
template <typename T>
HWY_INLINE void PrefetchChannel(const conv::Correlation& shape, const T* plane, const Run* runs, int64_t num_runs) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (const Run* run = runs; run != runs + num_runs; ++run) {
    if (run->row == kNoRow) continue;
    const int64_t low = std::max<int64_t>(run->column, 0);
    const int64_t high = std::min(shape.width, run->column + (run->count - 1) * shape.step_w + 1);
    for (int64_t a = 0; a < shape.taps_h; ++a) {
      const int64_t row = run->row + a * shape.tap_h;
      if (row < 0 || row >= shape.height) continue;
      const T* const from = plane + run->image + row * shape.width;
      for (int64_t j = low; j < high; j += kLine) hwy::Prefetch(from + j);
    }
  }
}

// kStep 0: any.
template <int kStep, typename T>
void Pack(const conv::Correlation& shape, const T* x, const T* end_of_x, const Run* runs, int64_t num_runs, int64_t columns,
          int64_t begin, int64_t end, T* panel) {
  const int64_t taps = shape.taps_h * shape.taps_w;
  int64_t channel = begin / taps;
  int64_t a = begin % taps / shape.taps_w;
  int64_t b = begin % shape.taps_w;
  for (int64_t k = begin; k < end; ++k, panel += columns) {
    const T* plane = x + channel * shape.height * shape.width;
    if (a == 0 && b == 0) PrefetchChannel(shape, plane + shape.height * shape.width, runs, num_runs);
    for (const Run* run = runs; run != runs + num_runs; ++run) {
      T* to = panel + run->at;
      const int64_t row = run->row == kNoRow ? -1 : run->row + a * shape.tap_h;
      if (row < 0 || row >= shape.height) {
        Zeros(run->count, to);
        continue;
      }
      const T* from = plane + run->image + row * shape.width;
      const int64_t first = run->column + b * shape.tap_w;
      if constexpr (kStep != 0) {
        CopyRun<kStep>(from, shape.width, end_of_x, first, run->count, to);
      } else {
        for (int64_t i = 0; i < run->count; ++i) {
          const int64_t column = first + i * shape.step_w;
          to[i] = column >= 0 && column < shape.width ? from[column] : T(0);
        }
      }
    }
    if (++b == shape.taps_w) {
      b = 0;
      if (++a == shape.taps_h) {
        a = 0;
        ++channel;
      }
    }
  }
}

template <typename T>
void PackAny(const conv::Correlation& shape, const T* x, const T* end_of_x, const Run* runs, int64_t num_runs,
             int64_t columns, int64_t begin, int64_t end, T* panel) {
  const auto pack = shape.step_w == 1 ? &Pack<1, T> : shape.step_w == 2 ? &Pack<2, T> : &Pack<0, T>;
  pack(shape, x, end_of_x, runs, num_runs, columns, begin, end, panel);
}

PackPanel<float> Float32Pack() { return &PackAny<float>; }
PackPanel<double> Float64Pack() { return &PackAny<double>; }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Float32Pack);
HWY_EXPORT(Float64Pack);

template <>
PackPanel<float> ChoosePackPanel<float>() {
  return HWY_DYNAMIC_DISPATCH(Float32Pack)();
}
template <>
PackPanel<double> ChoosePackPanel<double>() {
  return HWY_DYNAMIC_DISPATCH(Float64Pack)();
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
