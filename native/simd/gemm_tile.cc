#include "simd/gemm_tile.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gemm_tile.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A tile is kRows rows of three vectors. Its sums, three vectors of b and one of a fill the registers: 32 of them, but 16
// on x86-64 before AVX-512.
#if HWY_ARCH_X86 && HWY_TARGET >= HWY_AVX2
constexpr int kRows = 4;
#else
constexpr int kRows = 8;
#endif

// Vectors of scalable targets cannot be put in arrays: each row of sums has variables of its own.
#define EVENKEEL_EACH_ROW(ROW) ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7)

#define EVENKEEL_START(i) V s##i##0 = hn::Zero(d), s##i##1 = s##i##0, s##i##2 = s##i##0;

#define EVENKEEL_MULTIPLY(i)                                                 \
  if constexpr (kUsed > i) {                                                 \
    const V left = hn::Set(d, a[i]);                                         \
    s##i##0 = hn::MulAdd(left, b0, s##i##0);                                 \
    if constexpr (kVectors > 1) s##i##1 = hn::MulAdd(left, b1, s##i##1);     \
    if constexpr (kVectors > 2) s##i##2 = hn::MulAdd(left, b2, s##i##2);     \
  }

#define EVENKEEL_STORE(i)                                                                                \
  if constexpr (kUsed > i) {                                                                             \
    T* const to = c + i * ldc;                                                                           \
    if (bias != nullptr) {                                                                               \
      const V term = hn::Set(d, bias[i]);                                                                \
      s##i##0 = hn::Add(s##i##0, term);                                                                  \
      if constexpr (kVectors > 1) s##i##1 = hn::Add(s##i##1, term);                                      \
      if constexpr (kVectors > 2) s##i##2 = hn::Add(s##i##2, term);                                      \
    }                                                                                                    \
    if (accumulate) {                                                                                    \
      s##i##0 = hn::Add(s##i##0, hn::LoadU(d, to));                                                      \
      if constexpr (kVectors > 1) s##i##1 = hn::Add(s##i##1, hn::LoadU(d, to + lanes));                  \
      if constexpr (kVectors > 2) s##i##2 = hn::Add(s##i##2, hn::LoadU(d, to + 2 * lanes));              \
    }                                                                                                    \
    hn::StoreU(s##i##0, d, to);                                                                          \
    if constexpr (kVectors > 1) hn::StoreU(s##i##1, d, to + lanes);                                      \
    if constexpr (kVectors > 2) hn::StoreU(s##i##2, d, to + 2 * lanes);                                  \
  }

// kUsed rows of a tile, kVectors vectors wide.
template <int kUsed, int kVectors, typename T>
void Tile(int64_t k, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, const T* bias, bool accumulate, T* c, int64_t ldc) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  EVENKEEL_EACH_ROW(EVENKEEL_START)
  for (int64_t p = 0; p < k; ++p) {
    const V b0 = hn::LoadU(d, b);
    const V b1 = kVectors > 1 ? hn::LoadU(d, b + lanes) : b0;
    const V b2 = kVectors > 2 ? hn::LoadU(d, b + 2 * lanes) : b0;
    EVENKEEL_EACH_ROW(EVENKEEL_MULTIPLY)
    (void)b1, (void)b2;
    a += kRows;
    b += kVectors * lanes;
  }
  EVENKEEL_EACH_ROW(EVENKEEL_STORE)
}

#undef EVENKEEL_EACH_ROW
#undef EVENKEEL_START
#undef EVENKEEL_MULTIPLY
#undef EVENKEEL_STORE

template <typename T>
using TileFunction = void (*)(int64_t, const T*, const T*, const T*, bool, T*, int64_t);

template <int kVectors, typename T>
void MultiplyPanel(int64_t m, int64_t k, const T* a, const T* b, const T* bias, bool accumulate, T* c, int64_t ldc) {
  static constexpr TileFunction<T> kTiles[] = {
      &Tile<1, kVectors, T>,         &Tile<2, kVectors, T>,         &Tile<3, kVectors, T>,         &Tile<4, kVectors, T>,
      &Tile<kRows - 3, kVectors, T>, &Tile<kRows - 2, kVectors, T>, &Tile<kRows - 1, kVectors, T>, &Tile<kRows, kVectors, T>};
  for (int64_t i = 0; i < m; i += kRows) {
    const int64_t used = std::min<int64_t>(kRows, m - i);
    kTiles[used - 1](k, a + i * k, b, bias == nullptr ? nullptr : bias + i, accumulate, c + i * ldc, ldc);
  }
}

template <typename T>
void Multiply(int64_t m, int64_t n, int64_t k, const T* a, const T* b, const T* bias, bool accumulate, T* c, int64_t ldc) {
  const int64_t vectors = n / static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const auto multiply = vectors == 1 ? &MultiplyPanel<1, T> : vectors == 2 ? &MultiplyPanel<2, T> : &MultiplyPanel<3, T>;
  multiply(m, k, a, b, bias, accumulate, c, ldc);
}

template <typename T>
GemmTile<T> Describe() {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  return {kRows, 3 * lanes, lanes, &Multiply<T>};
}
GemmTile<float> Float32Tile() { return Describe<float>(); }
GemmTile<double> Float64Tile() { return Describe<double>(); }

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
GemmTile<float> ChooseGemmTile<float>() {
  return HWY_DYNAMIC_DISPATCH(Float32Tile)();
}
template <>
GemmTile<double> ChooseGemmTile<double>() {
  return HWY_DYNAMIC_DISPATCH(Float64Tile)();
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
