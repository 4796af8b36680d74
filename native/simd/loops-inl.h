// Plain loops over elements of any type, which the compiler vectorises for each instruction set. Include after
// hwy/foreach_target.h; the guard toggles so that every target gets its own copy.
#if defined(EVENKEEL_SIMD_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_SIMD_LOOPS_INL_H_
#undef EVENKEEL_SIMD_LOOPS_INL_H_
#else
#define EVENKEEL_SIMD_LOOPS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "dtype.h"
#include "elementwise.h"
#include "hwy/highway.h"

// An output is one of the inputs or apart from them all: iterations do not depend on one another.
#if defined(__clang__)
#define EVENKEEL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define EVENKEEL_INDEPENDENT _Pragma("GCC ivdep")
#else
#define EVENKEEL_INDEPENDENT
#endif

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

// out[i] = function(i)
template <typename Out, class Function>
HWY_INLINE void ForEach(Out* out, size_t count, Function function) {
  EVENKEEL_INDEPENDENT
  for (size_t i = 0; i < count; ++i) out[i] = function(i);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#endif  // EVENKEEL_SIMD_LOOPS_INL_H_
