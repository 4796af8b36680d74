#include "simd/depthwise.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/depthwise.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// The taps [begin, end) of a column of the kernel that meet rows of the plane, for output row i.
template <typename T>
void FindRows(const PaddedPlane<T>& plane, int64_t i, int64_t& begin, int64_t& end) {
  begin = 0;
  end = plane.taps_h;
  const auto row = [&](int64_t a) { return i * plane.step_h + a * plane.tap_h + plane.first_h; };
  while (begin < end && row(begin) < 0) ++begin;
  while (end > begin && row(end - 1) >= plane.height) --end;
}

// kTapsW: how many taps a row of the kernel has, or 0 for any number.
template <int kTapsW, typename T>
void CorrelateRows(const PaddedPlane<T>& plane, const T* w, T bias, T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t taps_w = kTapsW == 0 ? plane.taps_w : kTapsW;
  HWY_ALIGN T last[HWY_MAX_BYTES / sizeof(T)];
  T* const end_of_out = out + plane.out_h * plane.out_w;
  // Whole vectors: what they write too many belongs to the next row, which is yet to come. Not so at the end.
  const auto put = [&](V sum, T* to, T* end_of_row) HWY_ATTR {
    if (to >= end_of_row) return;
    if (HWY_LIKELY(to + lanes <= end_of_out)) {
      hn::StoreU(sum, d, to);
    } else {
      hn::Store(sum, d, last);
      std::memcpy(to, last, static_cast<size_t>(end_of_row - to) * sizeof(T));
    }
  };
  for (int64_t i = 0; i < plane.out_h; ++i, out += plane.out_w) {
    int64_t begin, end;
    FindRows(plane, i, begin, end);
    // Four vectors at a time: their sums do not wait for one another.
    for (int64_t j = 0; j < plane.out_w; j += 4 * lanes) {
      V s0 = hn::Set(d, bias), s1 = s0, s2 = s0, s3 = s0;
      for (int64_t a = begin; a < end; ++a) {
        const T* const row = plane.data + (i * plane.step_h + a * plane.tap_h + plane.first_h) * plane.pitch + j;
        for (int64_t b = 0; b < taps_w; ++b) {
          const T* const from = row + plane.offsets[b];
          const V weight = hn::Set(d, w[a * taps_w + b]);
          s0 = hn::MulAdd(weight, hn::LoadU(d, from), s0);
          s1 = hn::MulAdd(weight, hn::LoadU(d, from + lanes), s1);
          s2 = hn::MulAdd(weight, hn::LoadU(d, from + 2 * lanes), s2);
          s3 = hn::MulAdd(weight, hn::LoadU(d, from + 3 * lanes), s3);
        }
      }
      T* const end_of_row = out + plane.out_w;
      put(s0, out + j, end_of_row);
      put(s1, out + j + lanes, end_of_row);
      put(s2, out + j + 2 * lanes, end_of_row);
      put(s3, out + j + 3 * lanes, end_of_row);
    }
  }
}

template <typename T>
void Correlate(const PaddedPlane<T>& plane, const T* w, T bias, T* out) {
  const auto correlate = plane.taps_w == 3 ? &CorrelateRows<3, T> : plane.taps_w == 5 ? &CorrelateRows<5, T> : &CorrelateRows<0, T>;
  correlate(plane, w, bias, out);
}

// Tap (a, b) and, if kTaps is 3, the two after it: sums[0] ... sums[kTaps - 1].
template <int kTaps, typename T>
void AddProducts(const PaddedPlane<T>& plane, int64_t a, int64_t b, const T* grad, int64_t pitch, T* sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = plane.out_w / lanes * lanes;
  const auto rest = hn::FirstN(d, static_cast<size_t>(plane.out_w - whole));
  // Two sums for each tap: they do not wait for one another.
  V s0 = hn::Zero(d), s1 = s0, s2 = s0, t0 = s0, t1 = s0, t2 = s0;
  for (int64_t i = 0; i < plane.out_h; ++i, grad += pitch) {
    const int64_t row = i * plane.step_h + a * plane.tap_h + plane.first_h;
    if (row < 0 || row >= plane.height) continue;
    const T* const from = plane.data + row * plane.pitch;
    const T* const x0 = from + plane.offsets[b];
    const T* const x1 = kTaps == 3 ? from + plane.offsets[b + 1] : x0;
    const T* const x2 = kTaps == 3 ? from + plane.offsets[b + 2] : x0;
    int64_t j = 0;
    for (; j + lanes < whole; j += 2 * lanes) {
      const V g = hn::LoadU(d, grad + j);
      const V h = hn::LoadU(d, grad + j + lanes);
      s0 = hn::MulAdd(g, hn::LoadU(d, x0 + j), s0);
      t0 = hn::MulAdd(h, hn::LoadU(d, x0 + j + lanes), t0);
      if constexpr (kTaps == 3) {
        s1 = hn::MulAdd(g, hn::LoadU(d, x1 + j), s1);
        t1 = hn::MulAdd(h, hn::LoadU(d, x1 + j + lanes), t1);
        s2 = hn::MulAdd(g, hn::LoadU(d, x2 + j), s2);
        t2 = hn::MulAdd(h, hn::LoadU(d, x2 + j + lanes), t2);
      }
    }
    for (; j < plane.out_w; j += lanes) {
      const V g = hn::LoadU(d, grad + j);
      // Where the gradient's row has ended, what it would meet may be infinite.
      const auto load = [&](const T* x) HWY_ATTR {
        return j < whole ? hn::LoadU(d, x + j) : hn::IfThenElseZero(rest, hn::LoadU(d, x + j));
      };
      s0 = hn::MulAdd(g, load(x0), s0);
      if constexpr (kTaps == 3) {
        s1 = hn::MulAdd(g, load(x1), s1);
        s2 = hn::MulAdd(g, load(x2), s2);
      }
    }
  }
  sums[0] += hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, t0)));
  if constexpr (kTaps == 3) {
    sums[1] += hn::GetLane(hn::SumOfLanes(d, hn::Add(s1, t1)));
    sums[2] += hn::GetLane(hn::SumOfLanes(d, hn::Add(s2, t2)));
  }
}

template <typename T>
void Products(const PaddedPlane<T>& plane, const T* grad, int64_t pitch, T* sums) {
  for (int64_t a = 0; a < plane.taps_h; ++a) {
    T* const row = sums + a * plane.taps_w;
    int64_t b = 0;
    for (; b + 3 <= plane.taps_w; b += 3) AddProducts<3>(plane, a, b, grad, pitch, row + b);
    for (; b < plane.taps_w; ++b) AddProducts<1>(plane, a, b, grad, pitch, row + b);
  }
}

template <typename T>
Depthwise<T> Describe() {
  return {static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), &Correlate<T>, &Products<T>};
}
Depthwise<float> Float32Depthwise() { return Describe<float>(); }
Depthwise<double> Float64Depthwise() { return Describe<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Float32Depthwise);
HWY_EXPORT(Float64Depthwise);

template <>
Depthwise<float> ChooseDepthwise<float>() {
  return HWY_DYNAMIC_DISPATCH(Float32Depthwise)();
}
template <>
Depthwise<double> ChooseDepthwise<double>() {
  return HWY_DYNAMIC_DISPATCH(Float64Depthwise)();
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
