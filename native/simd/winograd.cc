#include "simd/winograd.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/winograd.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr float kSqrtHalf = 0.70710678118654752f;
constexpr float kSqrt2 = 1.41421356237309505f;

HWY_INLINE int64_t NumLanes() { return static_cast<int64_t>(hn::Lanes(D())); }

// v = B' d.
HWY_INLINE void TransformInput6(V d0, V d1, V d2, V d3, V d4, V d5, V& v0, V& v1, V& v2, V& v3, V& v4, V& v5) {
  const D d;
  const V half = hn::Set(d, 0.5f);
  const V two = hn::Set(d, 2.0f);
  const V sum = hn::Set(d, 2.5f);
  const V even_a = hn::NegMulAdd(two, d2, d4);
  const V odd_a = hn::NegMulAdd(two, d1, d3);
  const V even_b = hn::NegMulAdd(half, d2, d4);
  const V odd_b = hn::NegMulAdd(half, d1, d3);
  const V a = hn::Set(d, kSqrtHalf);
  const V b = hn::Set(d, kSqrt2);
  v0 = hn::NegMulAdd(sum, d2, hn::Add(d0, d4));
  v1 = hn::MulAdd(a, odd_a, even_a);
  v2 = hn::NegMulAdd(a, odd_a, even_a);
  v3 = hn::MulAdd(b, odd_b, even_b);
  v4 = hn::NegMulAdd(b, odd_b, even_b);
  v5 = hn::NegMulAdd(sum, d3, hn::Add(d1, d5));
}

// y = A' m.
HWY_INLINE void TransformOutput4(V m0, V m1, V m2, V m3, V m4, V m5, V& y0, V& y1, V& y2, V& y3) {
  const D d;
  const V half = hn::Set(d, 0.5f);
  const V two = hn::Set(d, 2.0f);
  const V sum_a = hn::Add(m1, m2);
  const V sum_b = hn::Add(m3, m4);
  const V odd_a = hn::Mul(hn::Set(d, kSqrtHalf), hn::Sub(m1, m2));
  const V odd_b = hn::Mul(hn::Set(d, kSqrt2), hn::Sub(m3, m4));
  y0 = hn::Add(hn::Add(m0, sum_a), sum_b);
  y1 = hn::Add(odd_a, odd_b);
  y2 = hn::MulAdd(half, sum_a, hn::Mul(two, sum_b));
  y3 = hn::MulAdd(half, odd_a, hn::MulAdd(two, odd_b, m5));
}

// u = G g.
HWY_INLINE void TransformKernel3(V g0, V g1, V g2, V& u0, V& u1, V& u2, V& u3, V& u4, V& u5) {
  const D d;
  // 1 / f at the points +-sqrt(1/2) and +-sqrt(2), f the product of the distances to the other points.
  const V scale_a = hn::Set(d, -2.0f / 3.0f);
  const V scale_b = hn::Set(d, 1.0f / 6.0f);
  const V even_a = hn::Mul(scale_a, hn::MulAdd(hn::Set(d, 0.5f), g2, g0));
  const V even_b = hn::Mul(scale_b, hn::MulAdd(hn::Set(d, 2.0f), g2, g0));
  const V odd_a = hn::Mul(hn::Set(d, -2.0f / 3.0f * kSqrtHalf), g1);
  const V odd_b = hn::Mul(hn::Set(d, 1.0f / 6.0f * kSqrt2), g1);
  u0 = g0;
  u1 = hn::Add(even_a, odd_a);
  u2 = hn::Sub(even_a, odd_a);
  u3 = hn::Add(even_b, odd_b);
  u4 = hn::Sub(even_b, odd_b);
  u5 = g2;
}

// z = A y.
HWY_INLINE void TransformGradient4(V y0, V y1, V y2, V y3, V& z0, V& z1, V& z2, V& z3, V& z4, V& z5) {
  const D d;
  const V half = hn::Set(d, 0.5f);
  const V two = hn::Set(d, 2.0f);
  const V even_a = hn::MulAdd(half, y2, y0);
  const V odd_a = hn::MulAdd(half, y3, y1);
  const V even_b = hn::MulAdd(two, y2, y0);
  const V odd_b = hn::MulAdd(two, y3, y1);
  const V a = hn::Set(d, kSqrtHalf);
  const V b = hn::Set(d, kSqrt2);
  z0 = y0;
  z1 = hn::MulAdd(a, odd_a, even_a);
  z2 = hn::NegMulAdd(a, odd_a, even_a);
  z3 = hn::MulAdd(b, odd_b, even_b);
  z4 = hn::NegMulAdd(b, odd_b, even_b);
  z5 = y3;
}

// g = G' u.
HWY_INLINE void TransformSum6(V u0, V u1, V u2, V u3, V u4, V u5, V& g0, V& g1, V& g2) {
  const D d;
  const V even_a = hn::Mul(hn::Set(d, -2.0f / 3.0f), hn::Add(u1, u2));
  const V even_b = hn::Mul(hn::Set(d, 1.0f / 6.0f), hn::Add(u3, u4));
  const V odd_a = hn::Mul(hn::Set(d, -2.0f / 3.0f * kSqrtHalf), hn::Sub(u1, u2));
  const V odd_b = hn::Mul(hn::Set(d, 1.0f / 6.0f * kSqrt2), hn::Sub(u3, u4));
  g0 = hn::Add(u0, hn::Add(even_a, even_b));
  g1 = hn::Add(odd_a, odd_b);
  g2 = hn::MulAdd(hn::Set(d, 0.5f), even_a, hn::MulAdd(hn::Set(d, 2.0f), even_b, u5));
}

// Elements of a row of transformed or interleaved values: four for each tile, two more columns, and whole vectors.
HWY_INLINE int64_t RowSize(int64_t columns) { return 4 * columns + 6 * NumLanes(); }

int64_t ScratchSize(int64_t columns) { return 6 * RowSize(columns); }

void TransformKernels(const float* w, int64_t row, int64_t column, int64_t next, int64_t count, float* out,
                      int64_t point_stride) {
  const D d;
  const int64_t lanes = NumLanes();
  HWY_ALIGN float g[9][HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN float half[18][HWY_MAX_BYTES / sizeof(float)];
  HWY_ALIGN float result[HWY_MAX_BYTES / sizeof(float)];
  for (int64_t first = 0; first < count; first += lanes) {
    const int64_t used = std::min(lanes, count - first);
    for (int64_t i = 0; i < used; ++i) {
      for (int64_t k = 0; k < 9; ++k) g[k][i] = w[(first + i) * next + k / 3 * row + k % 3 * column];
    }
    V u0, u1, u2, u3, u4, u5;
    for (int64_t b = 0; b < 3; ++b) {
      TransformKernel3(hn::Load(d, g[b]), hn::Load(d, g[3 + b]), hn::Load(d, g[6 + b]), u0, u1, u2, u3, u4, u5);
      hn::Store(u0, d, half[b]);
      hn::Store(u1, d, half[3 + b]);
      hn::Store(u2, d, half[6 + b]);
      hn::Store(u3, d, half[9 + b]);
      hn::Store(u4, d, half[12 + b]);
      hn::Store(u5, d, half[15 + b]);
    }
    for (int64_t a = 0; a < 6; ++a) {
      TransformKernel3(hn::Load(d, half[3 * a]), hn::Load(d, half[3 * a + 1]), hn::Load(d, half[3 * a + 2]), u0, u1, u2,
                       u3, u4, u5);
      const auto put = [&](V u, int64_t b) {
        hn::Store(u, d, result);
        std::memcpy(out + (6 * a + b) * point_stride + first, result, static_cast<size_t>(used) * sizeof(float));
      };
      put(u0, 0), put(u1, 1), put(u2, 2), put(u3, 3), put(u4, 4), put(u5, 5);
    }
  }
}

// The `count` elements from `from` on, fewer than a vector's; zeros in the other lanes.
HWY_INLINE V LoadFirst(D d, const float* from, int64_t count) {
  HWY_ALIGN float first[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(first, from, static_cast<size_t>(count) * sizeof(float));
  return hn::Load(d, first);
}

// kRows rows of an image from `row` on, columns [column, column + count), to six rows: out[i * size + j], from zeros where
// they lie outside the image. `transform` takes rows to rows. Whole vectors.
template <int kRows, class Transform>
HWY_INLINE void TransformRows(const float* plane, int64_t height, int64_t width, int64_t row, int64_t column, int64_t count,
                              float* out, int64_t size, Transform&& transform) {
  const D d;
  const int64_t lanes = NumLanes();
  const int64_t low = std::clamp<int64_t>(-column, 0, count);
  const int64_t high = std::clamp<int64_t>(width - column, low, count);
  const float* rows[kRows];
  for (int64_t i = 0; i < kRows; ++i) {
    rows[i] = row + i >= 0 && row + i < height ? plane + (row + i) * width + column : nullptr;
    if (rows[i] == nullptr) continue;
    // The next channel's turn comes soon, and the hardware does not see it coming.
    const float* const next = rows[i] + height * width;
    for (int64_t j = low; j < high; j += 16) hwy::Prefetch(next + j);
    hwy::Prefetch(next + high - 1);
  }
  for (int64_t i = 0; i < 6; ++i) {
    for (int64_t j = 0; j < low; j += lanes) hn::StoreU(hn::Zero(d), d, out + i * size + j);
  }
  int64_t j = low;
  for (; j + lanes <= high; j += lanes) {
    transform([&](int i) HWY_ATTR { return rows[i] == nullptr ? hn::Zero(d) : hn::LoadU(d, rows[i] + j); }, out + j);
  }
  if (j < high) {
    transform([&](int i) HWY_ATTR { return rows[i] == nullptr ? hn::Zero(d) : LoadFirst(d, rows[i] + j, high - j); },
              out + j);
    j += lanes;
  }
  for (; j < count; j += lanes) {
    for (int64_t i = 0; i < 6; ++i) hn::StoreU(hn::Zero(d), d, out + i * size + j);
  }
}

// Six vectors `stride` apart.
HWY_INLINE void StoreSix(V v0, V v1, V v2, V v3, V v4, V v5, float* to, int64_t stride) {
  const D d;
  hn::StoreU(v0, d, to);
  hn::StoreU(v1, d, to + stride);
  hn::StoreU(v2, d, to + 2 * stride);
  hn::StoreU(v3, d, to + 3 * stride);
  hn::StoreU(v4, d, to + 4 * stride);
  hn::StoreU(v5, d, to + 5 * stride);
}

void TransformInput(const float* plane, int64_t height, int64_t width, const conv::Run& run, float* scratch, float* out,
                    int64_t point_stride) {
  const D d;
  const int64_t lanes = NumLanes();
  const int64_t size = RowSize(run.count);
  TransformRows<6>(plane, height, width, run.row, run.column, 4 * run.count + 2, scratch, size,
                   [&](auto&& row, float* to) HWY_ATTR {
                     V v0, v1, v2, v3, v4, v5;
                     TransformInput6(row(0), row(1), row(2), row(3), row(4), row(5), v0, v1, v2, v3, v4, v5);
                     StoreSix(v0, v1, v2, v3, v4, v5, to, size);
                   });
  for (int64_t i = 0; i < 6; ++i) {
    const float* from = scratch + i * size;
    for (int64_t t = 0; t < run.count; t += lanes) {
      V d0, d1, d2, d3, d4, d5, unused6, unused7;
      hn::LoadInterleaved4(d, from + 4 * t, d0, d1, d2, d3);
      hn::LoadInterleaved4(d, from + 4 * t + 4, d4, d5, unused6, unused7);
      V v0, v1, v2, v3, v4, v5;
      TransformInput6(d0, d1, d2, d3, d4, d5, v0, v1, v2, v3, v4, v5);
      StoreSix(v0, v1, v2, v3, v4, v5, out + 6 * i * point_stride + t, point_stride);
    }
  }
}

void TransformGradient(const float* plane, int64_t height, int64_t width, const conv::Run& run, float* scratch, float* out,
                       int64_t point_stride) {
  const D d;
  const int64_t lanes = NumLanes();
  const int64_t size = RowSize(run.count);
  TransformRows<4>(plane, height, width, run.row, run.column, 4 * run.count, scratch, size,
                   [&](auto&& row, float* to) HWY_ATTR {
                     V z0, z1, z2, z3, z4, z5;
                     TransformGradient4(row(0), row(1), row(2), row(3), z0, z1, z2, z3, z4, z5);
                     StoreSix(z0, z1, z2, z3, z4, z5, to, size);
                   });
  for (int64_t i = 0; i < 6; ++i) {
    for (int64_t t = 0; t < run.count; t += lanes) {
      V y0, y1, y2, y3, z0, z1, z2, z3, z4, z5;
      hn::LoadInterleaved4(d, scratch + i * size + 4 * t, y0, y1, y2, y3);
      TransformGradient4(y0, y1, y2, y3, z0, z1, z2, z3, z4, z5);
      StoreSix(z0, z1, z2, z3, z4, z5, out + 6 * i * point_stride + t, point_stride);
    }
  }
}

void TransformSums(const float* u, int64_t point_stride, int64_t count, float* out) {
  const D d;
  const int64_t lanes = NumLanes();
  HWY_ALIGN float sums[kWinogradPoints][HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN float half[18][HWY_MAX_BYTES / sizeof(float)];
  HWY_ALIGN float result[9][HWY_MAX_BYTES / sizeof(float)];
  for (int64_t first = 0; first < count; first += lanes) {
    const int64_t used = std::min(lanes, count - first);
    for (int64_t p = 0; p < kWinogradPoints; ++p) {
      std::memcpy(sums[p], u + p * point_stride + first, static_cast<size_t>(used) * sizeof(float));
    }
    V g0, g1, g2;
    for (int64_t j = 0; j < 6; ++j) {
      TransformSum6(hn::Load(d, sums[j]), hn::Load(d, sums[6 + j]), hn::Load(d, sums[12 + j]), hn::Load(d, sums[18 + j]),
                    hn::Load(d, sums[24 + j]), hn::Load(d, sums[30 + j]), g0, g1, g2);
      hn::Store(g0, d, half[j]);
      hn::Store(g1, d, half[6 + j]);
      hn::Store(g2, d, half[12 + j]);
    }
    for (int64_t a = 0; a < 3; ++a) {
      TransformSum6(hn::Load(d, half[6 * a]), hn::Load(d, half[6 * a + 1]), hn::Load(d, half[6 * a + 2]),
                    hn::Load(d, half[6 * a + 3]), hn::Load(d, half[6 * a + 4]), hn::Load(d, half[6 * a + 5]), g0, g1, g2);
      hn::Store(g0, d, result[3 * a]);
      hn::Store(g1, d, result[3 * a + 1]);
      hn::Store(g2, d, result[3 * a + 2]);
    }
    for (int64_t i = 0; i < used; ++i) {
      for (int64_t k = 0; k < 9; ++k) out[9 * (first + i) + k] = result[k][i];
    }
  }
}

bool TransformOutput(const float* m, int64_t point_stride, int64_t columns, float bias, float* y) {
  const D d;
  const int64_t lanes = NumLanes();
  const V term = hn::Set(d, bias);
  V check = hn::Zero(d);
  // A' m, as it is worked out column by column.
  HWY_ALIGN float half[24 * HWY_MAX_BYTES / sizeof(float)];
  for (int64_t t = 0; t < columns; t += lanes) {
    V y0, y1, y2, y3;
    for (int64_t j = 0; j < 6; ++j) {
      const float* from = m + j * point_stride + t;
      const int64_t row = 6 * point_stride;
      TransformOutput4(hn::LoadU(d, from), hn::LoadU(d, from + row), hn::LoadU(d, from + 2 * row),
                       hn::LoadU(d, from + 3 * row), hn::LoadU(d, from + 4 * row), hn::LoadU(d, from + 5 * row), y0, y1,
                       y2, y3);
      hn::Store(y0, d, half + j * lanes);
      hn::Store(y1, d, half + (6 + j) * lanes);
      hn::Store(y2, d, half + (12 + j) * lanes);
      hn::Store(y3, d, half + (18 + j) * lanes);
    }
    for (int64_t r = 0; r < 4; ++r) {
      const float* from = half + 6 * r * lanes;
      TransformOutput4(hn::Load(d, from), hn::Load(d, from + lanes), hn::Load(d, from + 2 * lanes),
                       hn::Load(d, from + 3 * lanes), hn::Load(d, from + 4 * lanes), hn::Load(d, from + 5 * lanes), y0,
                       y1, y2, y3);
      y0 = hn::Add(y0, term);
      y1 = hn::Add(y1, term);
      y2 = hn::Add(y2, term);
      y3 = hn::Add(y3, term);
      // 0 times a number is 0, but NaN where it is not finite; and then so is this sum for good.
      const V zero = hn::Zero(d);
      check = hn::MulAdd(y0, zero, hn::MulAdd(y1, zero, hn::MulAdd(y2, zero, hn::MulAdd(y3, zero, check))));
      hn::StoreInterleaved4(y0, y1, y2, y3, d, y + (r * columns + t) * 4);
    }
  }
  return hn::AllTrue(d, hn::Eq(check, hn::Zero(d)));
}

Winograd Describe() {
  return {&ScratchSize,     &TransformKernels,  &TransformInput,
          &TransformOutput, &TransformGradient, &TransformSums};
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Describe);

Winograd ChooseWinograd() { return HWY_DYNAMIC_DISPATCH(Describe)(); }

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
