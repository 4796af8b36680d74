// Turns functors into row functions. Include after hwy/foreach_target.h; the guard toggles so that every target gets its
// own copy.
//
// A functor sees whole vectors: Apply(d, params, inputs...) with d the vector's tag and params the row's numbers.
#if defined(EVENKEEL_SIMD_MAP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_MAP_INL_H_
#undef EVENKEEL_SIMD_MAP_INL_H_
#else
#define EVENKEEL_SIMD_MAP_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "dtype.h"
#include "elementwise.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A parameter as a vector, rounded to the elements' type.
template <class D>
HWY_INLINE hn::Vec<D> Param(D d, const double* params, int i) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(params[i]));
}

template <class Op, int kInputs, class D, typename T>
HWY_INLINE hn::Vec<D> ApplyAt(D d, const double* params, const T* const* in, size_t i) {
  if constexpr (kInputs == 1) {
    return Op::Apply(d, params, hn::LoadU(d, in[0] + i));
  } else if constexpr (kInputs == 2) {
    return Op::Apply(d, params, hn::LoadU(d, in[0] + i), hn::LoadU(d, in[1] + i));
  } else {
    return Op::Apply(d, params, hn::LoadU(d, in[0] + i), hn::LoadU(d, in[1] + i), hn::LoadU(d, in[2] + i));
  }
}

// Fewer elements than a vector has. They go through full vectors too, so that every element is computed alike wherever it
// lies.
template <class Op, int kInputs, class D, typename T>
HWY_INLINE void MapSome(D d, const double* params, const T* const* in, T* out, size_t i, size_t count) {
  if (count == 0) return;
  T some[kInputs + 1][HWY_MAX_BYTES / sizeof(T)] = {};
  const T* some_in[kInputs];
  const size_t bytes = count * sizeof(T);
  for (int v = 0; v < kInputs; ++v) {
    std::memcpy(some[v], in[v] + i, bytes);
    some_in[v] = some[v];
  }
  hn::StoreU(ApplyAt<Op, kInputs>(d, params, some_in, 0), d, some[kInputs]);
  std::memcpy(out + i, some[kInputs], bytes);
}

// From so many elements on, it pays to begin at a whole vector: arrays from malloc lie 16 bytes past a cache line, where
// every vector of 64 bytes would be two accesses.
constexpr size_t kWorthAligning = 256;

// Beyond so many bytes of output the arrays come from the second-level cache or further away.
constexpr size_t kWorthPrefetching = 64 << 10;

// How far ahead of the loop lines are asked for, in bytes: a few lines, for the hardware's prefetcher finds the rest. With
// three arrays of 4 MB in the third-level cache it saves 6 %.
constexpr size_t kPrefetchDistance = 256;

// Whether the last element is to be the first. Both directions are as fast (backward a little faster, on Zen 4), but a load
// from just where a store went, give or take multiples of 4 KB, waits for that store, because it is addresses' low bits that
// are compared at first: then the loop had better go away from there. It costs 30 % otherwise.
template <int kInputs, typename T>
HWY_INLINE bool RunsBackward(const T* const* in, const T* out) {
  for (int v = 0; v < kInputs; ++v) {
    const size_t ahead = (reinterpret_cast<uintptr_t>(in[v]) - reinterpret_cast<uintptr_t>(out)) % 4096;
    if (ahead > 0 && ahead <= kPrefetchDistance) return false;
  }
  return true;
}

template <int kInputs, typename T>
HWY_INLINE void PrefetchAt(const T* const* in, const T* out, uintptr_t offset) {
  // As numbers: the ends' lie outside of the arrays.
  for (int v = 0; v < kInputs; ++v) {
    hwy::Prefetch(reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(in[v]) + offset));
  }
  hwy::Prefetch(reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(out) + offset));
}

// Whole vectors from element `begin`, a whole vector of `out`, to `end`.
template <class Op, int kInputs, class D, typename T>
HWY_INLINE void MapFarAway(D d, const double* params, const T* const* in, T* out, size_t begin, size_t end) {
  const size_t lanes = hn::Lanes(d);
  if (RunsBackward<kInputs>(in, out)) {
    for (size_t i = end; i > begin;) {
      i -= lanes;
      PrefetchAt<kInputs>(in, out, i * sizeof(T) - kPrefetchDistance);
      hn::StoreU(ApplyAt<Op, kInputs>(d, params, in, i), d, out + i);
    }
  } else {
    for (size_t i = begin; i < end; i += lanes) {
      PrefetchAt<kInputs>(in, out, i * sizeof(T) + kPrefetchDistance);
      hn::StoreU(ApplyAt<Op, kInputs>(d, params, in, i), d, out + i);
    }
  }
}

template <class Op, int kInputs, typename T>
void MapRow(const void* const* in_bytes, void* out_bytes, size_t count, const double* params, bool bypass_cache) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const T* in[kInputs];
  for (int v = 0; v < kInputs; ++v) in[v] = static_cast<const T*>(in_bytes[v]);
  T* out = static_cast<T*>(out_bytes);
  size_t i = 0;
  if (count >= kWorthAligning) {
    i = (lanes - reinterpret_cast<uintptr_t>(out) / sizeof(T) % lanes) % lanes;
    MapSome<Op, kInputs>(d, params, in, out, 0, i);
    if (bypass_cache) {
      for (; i + lanes <= count; i += lanes) hn::Stream(ApplyAt<Op, kInputs>(d, params, in, i), d, out + i);
      hwy::FlushStream();
    } else if (count * sizeof(T) >= kWorthPrefetching) {
      const size_t end = i + (count - i) / lanes * lanes;
      MapFarAway<Op, kInputs>(d, params, in, out, i, end);
      i = end;
    }
  }
  for (; i + lanes <= count; i += lanes) hn::StoreU(ApplyAt<Op, kInputs>(d, params, in, i), d, out + i);
  MapSome<Op, kInputs>(d, params, in, out, i, count - i);
}

// The row function for floats and, once they are floats, halves.
template <class Op, int kInputs>
RowFunction MapRowFor(DType dtype) {
  return dtype == DType::kFloat64 ? &MapRow<Op, kInputs, double> : &MapRow<Op, kInputs, float>;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_MAP_INL_H_
