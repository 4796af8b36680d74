#include "simd/pack_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pack_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <bool kScattered, typename T>
void PackPanel(const T* data, const int64_t* offsets, int64_t rows, const RowCopy* copies, int64_t num_copies,
               int64_t columns, T* panel) {
  constexpr int64_t kAhead = 8;
  const hn::ScalableTag<T> d;
  for (int64_t k = 0; k < rows; ++k, panel += columns) {
    const T* from = data + offsets[k];
    const T* ahead = data + offsets[k + kAhead < rows ? k + kAhead : k];
    for (const RowCopy* copy = copies; copy != copies + num_copies; ++copy) {
      if constexpr (kScattered) hwy::Prefetch(ahead + copy->from);
      hn::StoreU(hn::LoadU(d, from + copy->from), d, panel + copy->to);
    }
  }
}

template <typename T>
void Pack(const T* data, const int64_t* offsets, int64_t rows, const RowCopy* copies, int64_t num_copies, int64_t columns,
          bool scattered, T* panel) {
  const auto pack = scattered ? &PackPanel<true, T> : &PackPanel<false, T>;
  pack(data, offsets, rows, copies, num_copies, columns, panel);
}

template <typename T>
void Copy(const T* from, int64_t step, int64_t count, int64_t readable, T* to) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  if (step == 1) {
    for (; i < count && i + lanes <= readable; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  } else if (step == 2) {
    for (; i < count && 2 * (i + lanes) <= readable; i += lanes) {
      hn::Vec<decltype(d)> even, odd;
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
    }
  }
  for (; i < count; ++i) to[i] = from[i * step];
}

template <typename T>
void Prefetch(const T* from, int64_t count) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += kLine) hwy::Prefetch(from + i);
}

template <typename T>
PackRows<T> Describe() {
  return {static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), &Pack<T>, &Copy<T>, &Prefetch<T>};
}
PackRows<float> Float32Pack() { return Describe<float>(); }
PackRows<double> Float64Pack() { return Describe<double>(); }

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
PackRows<float> ChoosePackRows<float>() {
  return HWY_DYNAMIC_DISPATCH(Float32Pack)();
}
template <>
PackRows<double> ChoosePackRows<double>() {
  return HWY_DYNAMIC_DISPATCH(Float64Pack)();
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
