#include "simd/weighted_rows.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/weighted_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// kRows rows of c, two vectors wide, from column j on. Vectors of scalable targets cannot be put in arrays.
template <int kRows>
HWY_INLINE void Tile(int64_t k, const float* HWY_RESTRICT a, int64_t lda, const float* HWY_RESTRICT b, int64_t ldb,
                     float* HWY_RESTRICT c, int64_t ldc) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V s00 = hn::Zero(d), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (int64_t p = 0; p < k; ++p) {
    const V left = hn::LoadU(d, b + p * ldb);
    const V right = hn::LoadU(d, b + p * ldb + lanes);
    const auto add = [&](int row, V& s0, V& s1) HWY_ATTR {
      const V factor = hn::Set(d, a[row * lda + p]);
      s0 = hn::MulAdd(factor, left, s0);
      s1 = hn::MulAdd(factor, right, s1);
    };
    add(0, s00, s01);
    if constexpr (kRows > 1) add(1, s10, s11);
    if constexpr (kRows > 2) add(2, s20, s21);
    if constexpr (kRows > 3) add(3, s30, s31);
  }
  const auto store = [&](int row, V s0, V s1) HWY_ATTR {
    float* const to = c + row * ldc;
    hn::StoreU(hn::Add(hn::LoadU(d, to), s0), d, to);
    hn::StoreU(hn::Add(hn::LoadU(d, to + lanes), s1), d, to + lanes);
  };
  store(0, s00, s01);
  if constexpr (kRows > 1) store(1, s10, s11);
  if constexpr (kRows > 2) store(2, s20, s21);
  if constexpr (kRows > 3) store(3, s30, s31);
}

// Columns outside: a few rows of b's two vectors stay in the first-level cache for all rows of a.
void Multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
              int64_t ldc) {
  const int64_t width = 2 * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  for (int64_t j = 0; j < n; j += width) {
    int64_t i = 0;
    for (; i + 4 <= m; i += 4) Tile<4>(k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc);
    const float* const left = a + i * lda;
    float* const to = c + i * ldc + j;
    if (m - i == 3) Tile<3>(k, left, lda, b + j, ldb, to, ldc);
    if (m - i == 2) Tile<2>(k, left, lda, b + j, ldb, to, ldc);
    if (m - i == 1) Tile<1>(k, left, lda, b + j, ldb, to, ldc);
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Multiply);

void AddWeightedRows(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                     int64_t ldc) {
  HWY_DYNAMIC_DISPATCH(Multiply)(m, n, k, a, lda, b, ldb, c, ldc);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
