#include "simd/dot_tile.h"

#include <algorithm>
#include <cstring>

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
#define EVENKEEL_START(j) \
  V s0##j = zero;         \
  V s1##j = zero;         \
  V s2##j = zero;         \
  V s3##j = zero;

// Column by column, so that one vector of b is in use at a time.
#define EVENKEEL_MULTIPLY(j)                                               \
  if constexpr (kColumns > j) {                                            \
    const V right = load(b##j);                                            \
    s0##j = hn::MulAdd(left0, right, s0##j);                               \
    s1##j = hn::MulAdd(left1, right, s1##j);                               \
    s2##j = hn::MulAdd(left2, right, s2##j);                               \
    if constexpr (kRows == 4) s3##j = hn::MulAdd(left3, right, s3##j);     \
  }

// The `count` elements from `from` on, fewer than a vector's; zeros in the other lanes.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadFirst(D d, const T* from, int64_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN T first[HWY_MAX_BYTES / sizeof(T)] = {};
  std::memcpy(first, from, static_cast<size_t>(count) * sizeof(T));
  return hn::Load(d, first);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
#endif
}

// The sum of a vector's lanes that lie a whole number of 128-bit blocks from its first ones.
template <class D, class V, typename T>
HWY_INLINE void StoreSumOfBlocks(D d, V v, T* to) {
  const hn::Full128<T> block;
  constexpr size_t kBlock = 16 / sizeof(T);
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, lanes);
  auto sum = hn::Load(block, lanes);
  for (size_t i = kBlock; i < hn::Lanes(d); i += kBlock) sum = hn::Add(sum, hn::Load(block, lanes + i));
  hn::StoreU(sum, block, to);
}

// to[0] ... to[3] <- the sums of the lanes of four vectors.
template <class D, class V, typename T>
HWY_INLINE void StoreSums(D d, V v0, V v1, V v2, V v3, T* to) {
  const V pair = hn::Add(hn::InterleaveLower(d, v0, v1), hn::InterleaveUpper(d, v0, v1));
  const V other = hn::Add(hn::InterleaveLower(d, v2, v3), hn::InterleaveUpper(d, v2, v3));
  if constexpr (sizeof(T) == 8) {
    StoreSumOfBlocks(d, pair, to);
    StoreSumOfBlocks(d, other, to + 2);
  } else {
    const hn::Repartition<double, D> wide;
    const auto low = hn::InterleaveLower(wide, hn::BitCast(wide, pair), hn::BitCast(wide, other));
    const auto high = hn::InterleaveUpper(wide, hn::BitCast(wide, pair), hn::BitCast(wide, other));
    StoreSumOfBlocks(d, hn::Add(hn::BitCast(d, low), hn::BitCast(d, high)), to);
  }
}

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
  EVENKEEL_START(0) EVENKEEL_START(1) EVENKEEL_START(2) EVENKEEL_START(3) EVENKEEL_START(4) EVENKEEL_START(5)
  const auto step = [&](auto&& load) HWY_ATTR {
    const V left0 = load(a0);
    const V left1 = load(a1);
    const V left2 = load(a2);
    const V left3 = kRows == 4 ? load(a3) : zero;
    EVENKEEL_MULTIPLY(0) EVENKEEL_MULTIPLY(1) EVENKEEL_MULTIPLY(2)
    EVENKEEL_MULTIPLY(3) EVENKEEL_MULTIPLY(4) EVENKEEL_MULTIPLY(5)
    (void)left3;
  };
  int64_t p = 0;
  for (; p + lanes <= k; p += lanes) step([&](const T* from) HWY_ATTR { return hn::LoadU(d, from + p); });
  if (p < k) step([&](const T* from) HWY_ATTR { return LoadFirst(d, from + p, k - p); });
  // Columns 4 and 5 of two rows share four.
  HWY_ALIGN T sums[4 * 6] = {};
  StoreSums(d, s00, s01, s02, s03, sums);
  StoreSums(d, s10, s11, s12, s13, sums + 4);
  StoreSums(d, s20, s21, s22, s23, sums + 8);
  if constexpr (kRows == 4) {
    StoreSums(d, s30, s31, s32, s33, sums + 12);
    StoreSums(d, s04, s05, s14, s15, sums + 16);
    StoreSums(d, s24, s25, s34, s35, sums + 20);
  }
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) c[i * ldc + j] += sums[j < 4 ? 4 * i + j : 12 + 2 * i + j];
  }
}

#undef EVENKEEL_START
#undef EVENKEEL_MULTIPLY

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
