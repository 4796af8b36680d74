// Pooling against the plainest loops that say what torch does.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrays.h"
#include "parallel.h"

namespace evenkeel {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct PoolCase {
  Sizes x, out;
  // kernel h, w, stride h, w, padding h, w, dilation h, w
  std::vector<double> params;

  int64_t P(int i) const { return static_cast<int64_t>(params[static_cast<size_t>(i)]); }
  size_t Planes() const { return static_cast<size_t>(x[0] * x[1]); }
  size_t InPlane() const { return static_cast<size_t>(x[2] * x[3]); }
  size_t OutPlane() const { return static_cast<size_t>(out[2] * out[3]); }
};

std::string DescribeCase(const PoolCase& pool) {
  std::string text = Describe(pool.out) + " of " + Describe(pool.x) + ", parameters";
  for (const double p : pool.params) text += " " + std::to_string(static_cast<int64_t>(p));
  return text;
}

// The elements of x's plane that output (i, j) sees, in order.
std::vector<size_t> Seen(const PoolCase& pool, int64_t i, int64_t j, bool dilated) {
  std::vector<size_t> seen;
  for (int64_t a = 0; a < pool.P(0); ++a) {
    const int64_t row = i * pool.P(2) - pool.P(4) + a * (dilated ? pool.P(6) : 1);
    if (row < 0 || row >= pool.x[2]) continue;
    for (int64_t b = 0; b < pool.P(1); ++b) {
      const int64_t column = j * pool.P(3) - pool.P(5) + b * (dilated ? pool.P(7) : 1);
      if (column >= 0 && column < pool.x[3]) seen.push_back(static_cast<size_t>(row * pool.x[3] + column));
    }
  }
  return seen;
}

// Numbers with repetitions, and now and then one that is not finite.
double Unusual(size_t i) {
  constexpr double kOdd[] = {kNaN, kInfinity, -kInfinity, 0.0, -0.0};
  return i % 7 == 3 ? kOdd[i / 7 % 5] : std::floor(Scrambled(i) * 4);
}

const std::vector<PoolCase>& Cases() {
  static const std::vector<PoolCase> cases = {
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1, 0, 0, 1, 1}},
      {{2, 3, 8, 6}, {2, 3, 4, 3}, {2, 2, 2, 2, 0, 0, 1, 1}},
      {{2, 3, 9, 7}, {2, 3, 5, 4}, {3, 3, 2, 2, 1, 1, 1, 1}},
      {{1, 2, 9, 7}, {1, 2, 9, 7}, {3, 3, 1, 1, 1, 1, 1, 1}},
      {{1, 2, 11, 12}, {1, 2, 3, 5}, {3, 2, 3, 2, 1, 0, 2, 3}},
      // As with ceil_mode: the last windows reach past the padding.
      {{1, 2, 6, 5}, {1, 2, 4, 4}, {3, 2, 2, 2, 1, 1, 1, 1}},
      {{1, 1, 5, 5}, {1, 1, 3, 3}, {2, 2, 2, 2, 1, 1, 1, 1}},
      {{3, 5, 40, 41}, {3, 5, 20, 20}, {2, 2, 2, 2, 0, 0, 1, 1}},
      // Windows that see nothing, and strides that go nowhere.
      {{1, 1, 4, 4}, {1, 1, 6, 5}, {2, 2, 3, 3, 3, 2, 1, 1}},
      {{1, 1, 4, 4}, {1, 1, 3, 3}, {2, 3, 0, 0, 0, 0, 1, 1}},
      {{1, 1, 4, 4}, {1, 1, 2, 2}, {0, 2, 1, 1, 0, 0, 1, 1}},
      // No images, no channels, no pixels, no outputs.
      {{0, 2, 4, 4}, {0, 2, 2, 2}, {2, 2, 2, 2, 0, 0, 1, 1}},
      {{2, 0, 4, 4}, {2, 0, 2, 2}, {2, 2, 2, 2, 0, 0, 1, 1}},
      {{1, 2, 0, 4}, {1, 2, 2, 2}, {2, 2, 2, 2, 1, 0, 1, 1}},
      {{1, 2, 4, 0}, {1, 2, 2, 2}, {2, 2, 2, 2, 1, 0, 1, 1}},
      {{1, 2, 4, 4}, {1, 2, 0, 2}, {2, 2, 2, 2, 0, 0, 1, 1}},
      {{1, 2, 4, 4}, {1, 2, 2, 0}, {2, 2, 2, 2, 0, 0, 1, 1}},
  };
  return cases;
}

template <typename T>
void CheckMax(const PoolCase& pool) {
  Array<T> x(pool.x, Layout::kOffset);
  x.Fill(Unusual);
  Array<T> out(pool.out, Layout::kOffset);
  Array<int64_t> indices(pool.out, Layout::kOffset);
  out.Fill([](size_t) { return 77; });
  indices.Fill([](size_t) { return 77; });
  RunKernel("max_pool2d", {out.view(), indices.view(), x.view()}, pool.params);
  for (size_t plane = 0; plane < pool.Planes(); ++plane) {
    for (size_t o = 0; o < pool.OutPlane(); ++o) {
      const int64_t i = static_cast<int64_t>(o) / pool.out[3], j = static_cast<int64_t>(o) % pool.out[3];
      // The last NaN, or else the first of the largest.
      double best = -kInfinity;
      int64_t index = -1;
      for (const size_t at : Seen(pool, i, j, true)) {
        const double value = static_cast<double>(x[plane * pool.InPlane() + at]);
        if (index == -1 || value > best || std::isnan(value)) best = value, index = static_cast<int64_t>(at);
      }
      const double got = static_cast<double>(out[plane * pool.OutPlane() + o]);
      ASSERT_TRUE(std::isnan(best) ? std::isnan(got) : got == best) << got << " instead of " << best;
      ASSERT_EQ(indices[plane * pool.OutPlane() + o], index);
    }
  }

  // Backwards: each output's gradient goes to the element its index names.
  Array<T> grad_out(pool.out, Layout::kOffset);
  Array<T> grad_x(pool.x, Layout::kOffset);
  grad_out.Fill([](size_t i) { return std::floor(Scrambled(i) * 8); });
  grad_x.Fill([](size_t) { return kNaN; });
  RunKernel("max_pool2d_backward", {grad_x.view(), indices.view(), grad_out.view()});
  std::vector<double> want(grad_x.size());
  for (size_t o = 0; o < grad_out.size(); ++o) {
    if (indices[o] < 0) continue;
    want[o / pool.OutPlane() * pool.InPlane() + static_cast<size_t>(indices[o])] += static_cast<double>(grad_out[o]);
  }
  for (size_t i = 0; i < want.size(); ++i) ASSERT_EQ(static_cast<double>(grad_x[i]), want[i]) << i;
}

TEST(Pool, Maxima) {
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    for (const PoolCase& pool : Cases()) {
      SCOPED_TRACE(DescribeCase(pool));
      CheckMax<float>(pool);
      CheckMax<double>(pool);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Pool, ExtremeParameters) {
  constexpr double kMax = 2147483647;
  for (int p = 0; p < 8; ++p) {
    PoolCase pool = {{1, 1, 4, 4}, {1, 1, 3, 3}, {2, 2, 1, 1, 0, 0, 1, 1}};
    pool.params[static_cast<size_t>(p)] = kMax;
    // The reference would look through every element of a window.
    if (p < 2) pool.params[static_cast<size_t>(p)] = 100;
    SCOPED_TRACE(DescribeCase(pool));
    CheckMax<float>(pool);
    if (HasFatalFailure()) return;
  }
  Array<float> x({1, 1, 4, 4}, Layout::kDense), out({1, 1, 3, 3}, Layout::kDense);
  Array<int64_t> indices({1, 1, 3, 3}, Layout::kDense);
  x.Fill([](size_t i) { return static_cast<double>(i); });
  RunKernel("max_pool2d", {out.view(), indices.view(), x.view()}, {kMax, kMax, 1, 1, 0, 0, 1, 1});
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(out[i], 15);
  // Windows 0 and 1 of each dimension have one element of the image, number 2 lies past it.
  RunKernel("max_pool2d", {out.view(), indices.view(), x.view()}, std::vector<double>(8, kMax));
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(indices[i], i / 3 == 2 || i % 3 == 2 ? -1 : 0);
  RunKernel("avg_pool2d", {out.view(), x.view()}, std::vector<double>(8, kMax));
  RunKernel("avg_pool2d_backward", {x.view(), out.view()}, std::vector<double>(8, kMax));
}

TEST(Pool, IndicesOutsideTheImageAreRefused) {
  for (const int64_t bad : {int64_t{16}, int64_t{-2}, INT64_MAX, INT64_MIN}) {
    Array<float> grad_x({1, 2, 4, 4}, Layout::kDense), grad_out({1, 2, 2, 2}, Layout::kDense);
    Array<int64_t> indices({1, 2, 2, 2}, Layout::kDense);
    indices[5] = bad;
    EXPECT_THROW(RunKernel("max_pool2d_backward", {grad_x.view(), indices.view(), grad_out.view()}), std::out_of_range);
  }
}

template <typename T>
void CheckAverage(const PoolCase& pool, bool padding_counts, double divisor) {
  std::vector<double> params(pool.params.begin(), pool.params.begin() + 6);
  params.insert(params.end(), {padding_counts ? 1.0 : 0.0, divisor});
  Array<T> x(pool.x, Layout::kOffset), out(pool.out, Layout::kOffset);
  Array<T> grad_x(pool.x, Layout::kOffset), grad_out(pool.out, Layout::kOffset);
  x.Fill(Scrambled);
  grad_out.Fill(Scrambled);
  out.Fill([](size_t) { return kNaN; });
  grad_x.Fill([](size_t) { return kNaN; });
  RunKernel("avg_pool2d", {out.view(), x.view()}, params);
  RunKernel("avg_pool2d_backward", {grad_x.view(), grad_out.view()}, params);
  std::vector<double> want_grad(grad_x.size());
  const double tolerance = 40 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (size_t plane = 0; plane < pool.Planes(); ++plane) {
    for (size_t o = 0; o < pool.OutPlane(); ++o) {
      const int64_t i = static_cast<int64_t>(o) / pool.out[3], j = static_cast<int64_t>(o) % pool.out[3];
      const std::vector<size_t> seen = Seen(pool, i, j, false);
      // Padding counts, but what lies past it does not.
      const int64_t top = i * pool.P(2) - pool.P(4), left = j * pool.P(3) - pool.P(5);
      const int64_t height = std::min(top + pool.P(0), pool.x[2] + pool.P(4)) - top;
      const int64_t width = std::min(left + pool.P(1), pool.x[3] + pool.P(5)) - left;
      const double by = divisor != 0 ? divisor : static_cast<double>(padding_counts ? height * width : static_cast<int64_t>(seen.size()));
      double sum = 0;
      for (const size_t at : seen) {
        sum += static_cast<double>(x[plane * pool.InPlane() + at]);
        want_grad[plane * pool.InPlane() + at] += static_cast<double>(grad_out[plane * pool.OutPlane() + o]) / by;
      }
      ASSERT_NEAR(static_cast<double>(out[plane * pool.OutPlane() + o]), seen.empty() ? 0 : sum / by, tolerance);
    }
  }
  for (size_t i = 0; i < want_grad.size(); ++i) ASSERT_NEAR(static_cast<double>(grad_x[i]), want_grad[i], tolerance) << i;
}

TEST(Pool, Averages) {
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    for (const PoolCase& pool : Cases()) {
      SCOPED_TRACE(DescribeCase(pool));
      for (const bool padding_counts : {false, true}) {
        for (const double divisor : {0.0, 3.0, -2.0}) {
          CheckAverage<float>(pool, padding_counts, divisor);
          CheckAverage<double>(pool, padding_counts, divisor);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// The same windows on images whose channels lie side by side. `to` and `from` number an element of a plane, and of a pixel.
size_t Nhwc(const Sizes& planes, size_t plane, size_t at) {
  const size_t channels = static_cast<size_t>(planes[1]), pixels = static_cast<size_t>(planes[2] * planes[3]);
  return (plane / channels * pixels + at) * channels + plane % channels;
}
Sizes Nhwc(const Sizes& planes) { return {planes[0], planes[2], planes[3], planes[1]}; }

template <typename T>
void CheckNhwcMax(const PoolCase& pool) {
  const std::vector<double> params(pool.params.begin(), pool.params.begin() + 6);
  Array<T> x(Nhwc(pool.x), Layout::kOffset), out(Nhwc(pool.out), Layout::kOffset);
  Array<T> grad_x(Nhwc(pool.x), Layout::kOffset), grad_out(Nhwc(pool.out), Layout::kOffset);
  x.Fill(Unusual);
  out.Fill([](size_t) { return 77; });
  grad_out.Fill([](size_t i) { return std::floor(Scrambled(i) * 8); });
  grad_x.Fill([](size_t) { return kNaN; });
  RunKernel("max_pool2d_nhwc", {out.view(), x.view()}, params);
  RunKernel("max_pool2d_nhwc_backward", {grad_x.view(), x.view(), grad_out.view()}, params);
  std::vector<double> want(grad_x.size());
  for (size_t plane = 0; plane < pool.Planes(); ++plane) {
    for (size_t o = 0; o < pool.OutPlane(); ++o) {
      const int64_t i = static_cast<int64_t>(o) / pool.out[3], j = static_cast<int64_t>(o) % pool.out[3];
      // The first of the largest; NaN, and what is no larger than -infinity, is passed over.
      double best = -kInfinity;
      int64_t index = -1;
      for (const size_t at : Seen(pool, i, j, false)) {
        const double value = static_cast<double>(x[Nhwc(pool.x, plane, at)]);
        if (value > best) best = value, index = static_cast<int64_t>(at);
      }
      const size_t to = Nhwc(pool.out, plane, o);
      ASSERT_EQ(static_cast<double>(out[to]), best);
      if (index >= 0) want[Nhwc(pool.x, plane, static_cast<size_t>(index))] += static_cast<double>(grad_out[to]);
    }
  }
  for (size_t i = 0; i < want.size(); ++i) ASSERT_EQ(static_cast<double>(grad_x[i]), want[i]) << i;
}

// Averages are those of the planes, which have tests of their own.
template <typename T>
void CheckNhwcAverage(const PoolCase& pool, bool padding_counts, double divisor) {
  std::vector<double> params(pool.params.begin(), pool.params.begin() + 6);
  params.insert(params.end(), {padding_counts ? 1.0 : 0.0, divisor});
  Array<T> x(pool.x, Layout::kDense), out(pool.out, Layout::kDense), grad_x(pool.x, Layout::kDense), grad_out(pool.out, Layout::kDense);
  x.Fill(Scrambled);
  grad_out.Fill(Scrambled);
  RunKernel("avg_pool2d", {out.view(), x.view()}, params);
  RunKernel("avg_pool2d_backward", {grad_x.view(), grad_out.view()}, params);
  Array<T> x_last(Nhwc(pool.x), Layout::kOffset), out_last(Nhwc(pool.out), Layout::kOffset);
  Array<T> grad_x_last(Nhwc(pool.x), Layout::kOffset), grad_out_last(Nhwc(pool.out), Layout::kOffset);
  for (size_t i = 0; i < x.size(); ++i) x_last[Nhwc(pool.x, i / pool.InPlane(), i % pool.InPlane())] = x[i];
  for (size_t i = 0; i < out.size(); ++i) grad_out_last[Nhwc(pool.out, i / pool.OutPlane(), i % pool.OutPlane())] = grad_out[i];
  out_last.Fill([](size_t) { return kNaN; });
  grad_x_last.Fill([](size_t) { return kNaN; });
  RunKernel("avg_pool2d_nhwc", {out_last.view(), x_last.view()}, params);
  RunKernel("avg_pool2d_nhwc_backward", {grad_x_last.view(), grad_out_last.view()}, params);
  const double tolerance = 40 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_NEAR(out_last[Nhwc(pool.out, i / pool.OutPlane(), i % pool.OutPlane())], out[i], tolerance);
  }
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_NEAR(grad_x_last[Nhwc(pool.x, i / pool.InPlane(), i % pool.InPlane())], grad_x[i], tolerance);
  }
}

TEST(PoolNhwc, Maxima) {
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    for (const PoolCase& pool : Cases()) {
      SCOPED_TRACE(DescribeCase(pool));
      CheckNhwcMax<float>(pool);
      CheckNhwcMax<double>(pool);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(PoolNhwc, Averages) {
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    for (const PoolCase& pool : Cases()) {
      SCOPED_TRACE(DescribeCase(pool));
      for (const bool padding_counts : {false, true}) {
        for (const double divisor : {0.0, 3.0, -2.0}) {
          CheckNhwcAverage<float>(pool, padding_counts, divisor);
          CheckNhwcAverage<double>(pool, padding_counts, divisor);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(PoolNhwc, ExtremeParameters) {
  constexpr double kMax = 2147483647;
  for (int p = 0; p < 6; ++p) {
    PoolCase pool = {{1, 2, 4, 4}, {1, 2, 3, 3}, {2, 2, 1, 1, 0, 0, 1, 1}};
    // The reference would look through every element of a window.
    pool.params[static_cast<size_t>(p)] = p < 2 ? 100 : kMax;
    SCOPED_TRACE(DescribeCase(pool));
    CheckNhwcMax<float>(pool);
    if (HasFatalFailure()) return;
  }
  Array<float> x({1, 4, 4, 1}, Layout::kDense), out({1, 3, 3, 1}, Layout::kDense), grad({1, 4, 4, 1}, Layout::kDense);
  x.Fill([](size_t i) { return static_cast<double>(i); });
  RunKernel("max_pool2d_nhwc", {out.view(), x.view()}, {kMax, kMax, 1, 1, 0, 0});
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(out[i], 15);
  RunKernel("max_pool2d_nhwc_backward", {grad.view(), x.view(), out.view()}, std::vector<double>(6, kMax));
  RunKernel("avg_pool2d_nhwc", {out.view(), x.view()}, std::vector<double>(8, kMax));
  RunKernel("avg_pool2d_nhwc_backward", {x.view(), out.view()}, std::vector<double>(8, kMax));
}

}  // namespace
}  // namespace evenkeel
