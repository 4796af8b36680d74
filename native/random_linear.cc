// Products with a random matrix that is never stored. Any element of a fill can be made on its own (docs/random.md), so pieces
// of the weight are made in cache and multiplied there: memory is traded for making the weight anew in every product. The
// bits of the weight are those of the fill; sums are taken in an order that depends on the sizes alone, not on threads.
#include <algorithm>

#include "conv/scratch.h"
#include "kernels.h"
#include "parallel.h"
#include "rng/params.h"
#include "simd/dot_tile.h"
#include "simd/random.h"
#include "simd/weighted_rows.h"

namespace evenkeel {
namespace {

// Elements of a row made at a time: starting the generator's lanes costs as much as a hundred elements.
constexpr int64_t kChunk = 2048;
// Room between rows, for the element before an odd start, and so that rows do not fall on the same lines of a cache.
constexpr int64_t kGap = 64;
constexpr int64_t kStride = kChunk + kGap;
// Elements that a thread is worth waking for, as in a fill of normals.
constexpr int64_t kGrain = 32768;

// The weight [rows, columns], as the fill kernel of its distribution would write it.
class RandomMatrix {
 public:
  RandomMatrix(const Plan& plan, int64_t columns)
      : columns_(columns), start_(StreamFromParams(plan.params)), params_(plan.params + kNumStreamParams + 1) {
    const double distribution = plan.params[kNumStreamParams];
    if (distribution == 0) {
      draw_ = &RandomMatrix::DrawNormals;
      pairs_ = true;
    } else if (distribution == 1) {
      draw_ = &RandomMatrix::DrawUniforms;
    } else if (distribution == 2) {
      draw_ = &RandomMatrix::DrawTruncated;
      truncated_ = TruncatedNormalOf<float>(params_[0], params_[1], params_[2], params_[3]);
    } else {
      throw PlanError("random: unknown distribution of a weight");
    }
  }

  // Makes element (row + r, column + j) at to[r * stride + j], for r < rows and j < columns. What lies before each row may be
  // overwritten. Whole rows may follow one another without gaps.
  void Make(int64_t row, int64_t rows, int64_t column, int64_t columns, float* to, int64_t stride) const {
    if (columns == columns_ && stride == columns) return MakeRun(row * columns_, rows * columns, to);
    for (int64_t r = 0; r < rows; ++r) MakeRun((row + r) * columns_ + column, columns, to + r * stride);
  }

 private:
  // Normals come in pairs: a run that starts with a pair's second one is made from the first one on.
  void MakeRun(int64_t first, int64_t count, float* to) const {
    const int64_t before = pairs_ ? first % 2 : 0;
    Pcg32 pcg = start_;
    pcg.Advance(static_cast<uint64_t>(first - before));
    (this->*draw_)(pcg, static_cast<size_t>(count + before), to - before);
  }

  void DrawNormals(Pcg32 pcg, size_t count, float* to) const { simd::DrawNormals(params_, pcg, count, to); }
  void DrawUniforms(Pcg32 pcg, size_t count, float* to) const { simd::DrawUniforms(params_, pcg, count, to); }
  void DrawTruncated(Pcg32 pcg, size_t count, float* to) const { simd::DrawTruncatedNormals(truncated_, pcg, count, to); }

  int64_t columns_;
  Pcg32 start_;
  const double* params_;
  void (RandomMatrix::*draw_)(Pcg32, size_t, float*) const;
  bool pairs_ = false;
  evenkeel::TruncatedNormal<float> truncated_{0, 1, -1, 1, -1, 1};
};

}  // namespace

void RandomLinear(const Plan& plan) {
  const int64_t m = plan.views[0].shape[0];
  const int64_t n = plan.views[0].shape[1];
  const int64_t k = plan.views[1].shape[1];
  float* const out = plan.views[0].As<float>();
  const float* const x = plan.views[1].As<const float>();
  const RandomMatrix weight(plan, k);
  if (m == 0 || n == 0) return;
  if (k == 0) {
    std::fill_n(out, m * n, 0.0f);
    return;
  }
  const simd::DotTile<float> tile = simd::ChooseDotTile<float>();
  // Short rows are made many at a time. Sums are taken in parts, so that the rows of x stay in the first-level cache as well.
  constexpr int64_t kPart = 512;
  const bool whole = k <= kChunk;
  const int64_t stride = whole ? k : kStride;
  const int64_t rows = tile.columns * (whole ? std::max<int64_t>(1, kChunk / k) : 1);
  const auto range = [&](int64_t begin, int64_t end) {
    const conv::Scratch<float> scratch(kGap + rows * stride);
    float* const made = scratch.get() + kGap;
    for (int64_t b = 0; b < m; ++b) std::fill(out + b * n + begin, out + b * n + end, 0.0f);
    for (int64_t i = begin; i < end; i += rows) {
      const int64_t count = std::min(rows, end - i);
      for (int64_t j = 0; j < k; j += kChunk) {
        const int64_t columns = std::min(kChunk, k - j);
        weight.Make(i, count, j, columns, made, stride);
        for (int64_t p = 0; p < columns; p += kPart) {
          tile.multiply(m, count, std::min(kPart, columns - p), x + j + p, k, made + p, stride, out + i, n);
        }
      }
    }
  };
  ParallelFor(n, std::max<int64_t>(1, kGrain / k), range, rows, kSeveralPieces);
}

void RandomLinearBackward(const Plan& plan) {
  const int64_t m = plan.views[0].shape[0];
  const int64_t k = plan.views[0].shape[1];
  const int64_t n = plan.views[1].shape[1];
  float* const out = plan.views[0].As<float>();
  const float* const x = plan.views[1].As<const float>();
  const RandomMatrix weight(plan, k);
  if (m == 0 || k == 0) return;
  // Sums of so many rows of the weight are taken in registers, then added to those before.
  constexpr int64_t kRows = 16;
  constexpr int64_t kPadding = simd::kWeightedRowsPadding;
  // With a large batch fewer columns, so that their sums stay in the second-level cache.
  const int64_t most = std::clamp<int64_t>(65536 / m / kPadding * kPadding, kPadding, kChunk);
  const auto range = [&](int64_t begin, int64_t end) {
    const int64_t widest = (std::min(most, end - begin) + kPadding - 1) / kPadding * kPadding;
    const conv::Scratch<float> scratch(kGap + kRows * (widest + kGap));
    const conv::Scratch<float> sums(m * widest);
    float* const made = scratch.get() + kGap;
    // What no element is made for is multiplied as well.
    std::fill_n(scratch.get(), kGap + kRows * (widest + kGap), 0.0f);
    for (int64_t j = begin; j < end; j += most) {
      const int64_t columns = std::min(most, end - j);
      std::fill_n(sums.get(), m * widest, 0.0f);
      for (int64_t i = 0; i < n; i += kRows) {
        const int64_t count = std::min(kRows, n - i);
        weight.Make(i, count, j, columns, made, widest + kGap);
        simd::AddWeightedRows(m, columns, count, x + i, n, made, widest + kGap, sums.get(), widest);
      }
      for (int64_t b = 0; b < m; ++b) std::copy_n(sums.get() + b * widest, columns, out + b * k + j);
    }
  };
  ParallelFor(k, std::max<int64_t>(kPadding, kGrain / std::max<int64_t>(1, n)), range, kPadding);
}

}  // namespace evenkeel
