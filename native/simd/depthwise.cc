#include "simd/depthwise.h"

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

template <typename T>
void Row(const T* const* rows, const int64_t* offsets, int64_t taps_h, int64_t taps_w, const T* w, T bias, int64_t count,
         T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t j = 0;
  // Four vectors at a time: their sums do not wait for one another.
  for (; j + 3 * lanes < count; j += 4 * lanes) {
    V s0 = hn::Set(d, bias), s1 = s0, s2 = s0, s3 = s0;
    for (int64_t a = 0; a < taps_h; ++a) {
      if (rows[a] == nullptr) continue;
      for (int64_t b = 0; b < taps_w; ++b) {
        const T* from = rows[a] + offsets[b] + j;
        const V weight = hn::Set(d, w[a * taps_w + b]);
        s0 = hn::MulAdd(weight, hn::LoadU(d, from), s0);
        s1 = hn::MulAdd(weight, hn::LoadU(d, from + lanes), s1);
        s2 = hn::MulAdd(weight, hn::LoadU(d, from + 2 * lanes), s2);
        s3 = hn::MulAdd(weight, hn::LoadU(d, from + 3 * lanes), s3);
      }
    }
    hn::StoreU(s0, d, out + j);
    hn::StoreU(s1, d, out + j + lanes);
    hn::StoreU(s2, d, out + j + 2 * lanes);
    hn::StoreU(s3, d, out + j + 3 * lanes);
  }
  for (; j < count; j += lanes) {
    V sum = hn::Set(d, bias);
    for (int64_t a = 0; a < taps_h; ++a) {
      if (rows[a] == nullptr) continue;
      for (int64_t b = 0; b < taps_w; ++b) {
        sum = hn::MulAdd(hn::Set(d, w[a * taps_w + b]), hn::LoadU(d, rows[a] + offsets[b] + j), sum);
      }
    }
    hn::StoreU(sum, d, out + j);
  }
}

template <typename T>
void Products(const T* const* rows, const int64_t* offsets, int64_t taps_h, int64_t taps_w, const T* grad, int64_t count,
              T* sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = count / lanes * lanes;
  const auto rest = hn::FirstN(d, static_cast<size_t>(count - whole));
  for (int64_t a = 0; a < taps_h; ++a) {
    if (rows[a] == nullptr) continue;
    for (int64_t b = 0; b < taps_w; ++b) {
      const T* from = rows[a] + offsets[b];
      T* to = sums + (a * taps_w + b) * lanes;
      V sum = hn::LoadU(d, to);
      for (int64_t j = 0; j < whole; j += lanes) sum = hn::MulAdd(hn::LoadU(d, grad + j), hn::LoadU(d, from + j), sum);
      if (whole < count) {
        // Both: what lies past the end may be infinite.
        sum = hn::MulAdd(hn::IfThenElseZero(rest, hn::LoadU(d, grad + whole)),
                         hn::IfThenElseZero(rest, hn::LoadU(d, from + whole)), sum);
      }
      hn::StoreU(sum, d, to);
    }
  }
}

template <typename T>
Depthwise<T> Describe() {
  return {static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), &Row<T>, &Products<T>};
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
