#include "simd/dot_tile.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/dot_tile.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A tile is kRows x kColumns sums of whole vectors, whose lanes are added up at the end. They fill the registers: 32 of
// them, but 16 on x86-64 before AVX-512.
#if HWY_ARCH_X86 && HWY_TARGET >= HWY_AVX2
constexpr int kRows = 3;
constexpr int kColumns = 3;
#else
constexpr int kRows = 4;
constexpr int kColumns = 6;
#endif

// Vectors of scalable targets cannot be put in arrays: each sum is a variable of its own.
#define EVENKEEL_EACH_COLUMN(COLUMN, i) COLUMN(i, 0) COLUMN(i, 1) COLUMN(i, 2) COLUMN(i, 3) COLUMN(i, 4) COLUMN(i, 5)
#define EVENKEEL_EACH_SUM(COLUMN)                                                                          \
  EVENKEEL_EACH_COLUMN(COLUMN, 0) EVENKEEL_EACH_COLUMN(COLUMN, 1) EVENKEEL_EACH_COLUMN(COLUMN, 2) \
  EVENKEEL_EACH_COLUMN(COLUMN, 3)
#define EVENKEEL_START(i, j) V s##i##j = hn::Zero(d);
#define EVENKEEL_MULTIPLY(i, j) \
  if constexpr (kRows > i && kColumns > j) s##i##j = hn::MulAdd(left##i, right##j, s##i##j);
#define EVENKEEL_STORE(i, j)                                             \
  if constexpr (kRows > i && kColumns > j) {                             \
    if (i < m && j < n) c[i * ldc + j] += hn::GetLane(hn::SumOfLanes(d, s##i##j)); \
  }
#define EVENKEEL_LOAD_LEFT(i) const V left##i = kRows > i ? hn::LoadU(d, a##i + p) : zero;
#define EVENKEEL_LOAD_RIGHT(j) const V right##j = kColumns > j ? hn::LoadU(d, b##j + p) : zero;

// c [m, n] for m <= kRows, n <= kColumns. Rows and columns past them repeat the last one.
template <typename T>
void Tile(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* const a0 = a;
  const T* const a1 = a + std::min<int64_t>(1, m - 1) * lda;
  const T* const a2 = a + std::min<int64_t>(2, m - 1) * lda;
  const T* const a3 = a + std::min<int64_t>(3, m - 1) * lda;
  const T* const b0 = b;
  const T* const b1 = b + std::min<int64_t>(1, n - 1) * ldb;
  const T* const b2 = b + std::min<int64_t>(2, n - 1) * ldb;
  const T* const b3 = b + std::min<int64_t>(3, n - 1) * ldb;
  const T* const b4 = b + std::min<int64_t>(4, n - 1) * ldb;
  const T* const b5 = b + std::min<int64_t>(5, n - 1) * ldb;
  const V zero = hn::Zero(d);
  EVENKEEL_EACH_SUM(EVENKEEL_START)
  for (int64_t p = 0; p < k; p += lanes) {
    EVENKEEL_LOAD_LEFT(0) EVENKEEL_LOAD_LEFT(1) EVENKEEL_LOAD_LEFT(2) EVENKEEL_LOAD_LEFT(3)
    EVENKEEL_LOAD_RIGHT(0) EVENKEEL_LOAD_RIGHT(1) EVENKEEL_LOAD_RIGHT(2)
    EVENKEEL_LOAD_RIGHT(3) EVENKEEL_LOAD_RIGHT(4) EVENKEEL_LOAD_RIGHT(5)
    EVENKEEL_EACH_SUM(EVENKEEL_MULTIPLY)
  }
  EVENKEEL_EACH_SUM(EVENKEEL_STORE)
}

#undef EVENKEEL_EACH_COLUMN
#undef EVENKEEL_EACH_SUM
#undef EVENKEEL_START
#undef EVENKEEL_MULTIPLY
#undef EVENKEEL_STORE
#undef EVENKEEL_LOAD_LEFT
#undef EVENKEEL_LOAD_RIGHT

template <typename T>
void Multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc) {
  // The rows of b, of which a tile has more, stay in the first-level cache.
  for (int64_t j = 0; j < n; j += kColumns) {
    for (int64_t i = 0; i < m; i += kRows) {
      Tile(std::min<int64_t>(kRows, m - i), std::min<int64_t>(kColumns, n - j), k, a + i * lda, lda, b + j * ldb, ldb,
           c + i * ldc + j, ldc);
    }
  }
}

template <typename T>
DotTile<T> Describe() {
  return {static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), kColumns, &Multiply<T>};
}
DotTile<float> Float32Tile() { return Describe<float>(); }
DotTile<double> Float64Tile() { return Describe<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Float32Tile);
HWY_EXPORT(Float64Tile);

template <>
DotTile<float> ChooseDotTile<float>() {
  return HWY_DYNAMIC_DISPATCH(Float32Tile)();
}
template <>
DotTile<double> ChooseDotTile<double>() {
  return HWY_DYNAMIC_DISPATCH(Float64Tile)();
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
