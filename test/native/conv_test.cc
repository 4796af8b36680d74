// Convolutions and their gradients on every instruction set, against the plainest loops in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "conv/geometry.h"
#include "conv/winograd.h"
#include "parallel.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct ConvCase {
  Sizes out, x, w;
  // stride h, w, padding h, w, dilation h, w, groups
  std::vector<double> params;

  // How many products are summed up to one output, to an element of the input's gradient, to one of the weight's.
  int64_t Depth() const { return w[1] * w[2] * w[3]; }
  int64_t InputDepth() const { return w[0] / static_cast<int64_t>(params[6]) * w[2] * w[3]; }
  int64_t WeightDepth() const { return out[0] * out[2] * out[3]; }
};

std::string DescribeCase(const ConvCase& conv) {
  std::string text = Describe(conv.out) + " of " + Describe(conv.x) + " and " + Describe(conv.w) + ", parameters";
  for (const double p : conv.params) text += " " + std::to_string(static_cast<int64_t>(p));
  return text;
}

// Calls term(out, x, w), indices of the elements, for every product of the sum.
template <typename Term>
void ForEachTerm(const ConvCase& conv, Term&& term) {
  const int64_t groups = static_cast<int64_t>(conv.params[6]);
  const int64_t co = conv.out[1], oh = conv.out[2], ow = conv.out[3];
  const int64_t ci = conv.x[1], height = conv.x[2], width = conv.x[3];
  const int64_t cg = conv.w[1], kh = conv.w[2], kw = conv.w[3];
  for (int64_t i = 0; i < Count(conv.out); ++i) {
    const int64_t image = i / (co * oh * ow), c = i / (oh * ow) % co, row = i / ow % oh, column = i % ow;
    for (int64_t g = 0; g < cg; ++g) {
      for (int64_t p = 0; p < kh; ++p) {
        // As doubles: exact enough to tell inside from outside, and they do not overflow.
        const double y = static_cast<double>(row) * conv.params[0] - conv.params[2] + static_cast<double>(p) * conv.params[4];
        if (y < 0 || y >= static_cast<double>(height)) continue;
        for (int64_t q = 0; q < kw; ++q) {
          const double z = static_cast<double>(column) * conv.params[1] - conv.params[3] + static_cast<double>(q) * conv.params[5];
          if (z < 0 || z >= static_cast<double>(width)) continue;
          const int64_t channel = c / (co / groups) * cg + g;
          const int64_t x = ((image * ci + channel) * height + static_cast<int64_t>(y)) * width + static_cast<int64_t>(z);
          term(static_cast<size_t>(i), static_cast<size_t>(x), static_cast<size_t>(((c * cg + g) * kh + p) * kw + q));
        }
      }
    }
  }
}

// NaN matches NaN alone. Errors are those of `depth` terms of this size.
template <typename T>
::testing::AssertionResult AllNear(const Array<T>& got, const std::vector<double>& want, int64_t depth) {
  const double tolerance = static_cast<double>(4 * (depth + 4)) * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (size_t i = 0; i < got.size(); ++i) {
    const double value = static_cast<double>(got[i]);
    if (value == want[i] || (std::isnan(value) && std::isnan(want[i]))) continue;
    const double scale = std::max({1.0, std::abs(value), std::abs(want[i])});
    if (std::isfinite(scale) && std::abs(value - want[i]) <= tolerance * scale) continue;
    return ::testing::AssertionFailure() << "element " << i << " is " << value << " where the reference has " << want[i];
  }
  return ::testing::AssertionSuccess();
}

// The arrays of a case, filled with numbers.
template <typename T>
struct Arrays {
  Array<T> out, x, w, bias;

  explicit Arrays(const ConvCase& conv)
      : out(conv.out, Layout::kOffset), x(conv.x, Layout::kOffset), w(conv.w, Layout::kOffset), bias({conv.out[1]}, Layout::kOffset) {
    out.Fill([](size_t i) { return Scrambled(i + 2000); });
    x.Fill(Scrambled);
    w.Fill([](size_t i) { return Scrambled(i + 1000); });
    bias.Fill([](size_t i) { return Scrambled(i + 3000); });
  }
};

template <typename T>
std::vector<double> Doubles(const Array<T>& array, double factor) {
  std::vector<double> values(array.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = factor == 0 ? 0 : factor * static_cast<double>(array[i]);
  return values;
}

// The sums that a convolution and its gradients are, for the arrays of a case. Worked out once for all instruction sets.
struct Sums {
  std::vector<double> out, x, w;
};

template <typename T>
Sums SumsOf(const ConvCase& conv, const Arrays<T>& a) {
  const std::vector<double> out = Doubles(a.out, 1), x = Doubles(a.x, 1), w = Doubles(a.w, 1);
  Sums sums = {std::vector<double>(out.size()), std::vector<double>(x.size()), std::vector<double>(w.size())};
  ForEachTerm(conv, [&](size_t i, size_t j, size_t k) {
    sums.out[i] += x[j] * w[k];
    sums.x[j] += out[i] * w[k];
    sums.w[k] += out[i] * x[j];
  });
  return sums;
}

template <typename T>
const Sums& KnownSums(const ConvCase& conv) {
  static std::map<std::string, Sums> known;
  const std::string name = DescribeCase(conv);
  const auto it = known.find(name);
  return it != known.end() ? it->second : known.emplace(name, SumsOf(conv, Arrays<T>(conv))).first->second;
}

std::vector<double> With(std::vector<double> params, double beta) {
  params.push_back(beta);
  return params;
}

// The wanted result: sums, and beta times what was in the array before. For beta 0 that must not matter at all.
template <typename T>
std::vector<double> Wanted(Array<T>& array, double beta, const std::vector<double>& sums) {
  if (beta == 0) array.Fill([](size_t) { return kNaN; });
  std::vector<double> want = Doubles(array, beta);
  for (size_t i = 0; i < want.size(); ++i) want[i] += sums[i];
  return want;
}

// The sums with the bias of each channel.
template <typename T>
std::vector<double> PlusBias(const ConvCase& conv, const Arrays<T>& a, std::vector<double> sums) {
  const size_t plane = static_cast<size_t>(conv.out[2] * conv.out[3]);
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(a.bias[i / plane % a.bias.size()]);
  return sums;
}

template <typename T>
void CheckForward(const ConvCase& conv, double beta) {
  Arrays<T> a(conv);
  const std::vector<double> want = Wanted(a.out, beta, KnownSums<T>(conv).out);
  RunKernel("conv2d", {a.out.view(), a.x.view(), a.w.view()}, With(conv.params, beta));
  ASSERT_TRUE(AllNear(a.out, want, conv.Depth()));
}

template <typename T>
void CheckBias(const ConvCase& conv) {
  Arrays<T> a(conv);
  const std::vector<double> want = PlusBias(conv, a, Wanted(a.out, 0, KnownSums<T>(conv).out));
  RunKernel("conv2d_bias", {a.out.view(), a.x.view(), a.w.view(), a.bias.view()}, conv.params);
  ASSERT_TRUE(AllNear(a.out, want, conv.Depth()));
}

template <typename T>
void CheckBackwardInput(const ConvCase& conv) {
  Arrays<T> a(conv);
  const std::vector<double> want = Wanted(a.x, 0, KnownSums<T>(conv).x);
  RunKernel("conv2d_backward_input", {a.x.view(), a.out.view(), a.w.view()}, conv.params);
  ASSERT_TRUE(AllNear(a.x, want, conv.InputDepth()));
}

template <typename T>
void CheckTransposed(const ConvCase& conv) {
  Arrays<T> a(conv);
  Array<T> bias({conv.x[1]}, Layout::kOffset);
  bias.Fill([](size_t i) { return Scrambled(i + 3000); });
  std::vector<double> want = Wanted(a.x, 0, KnownSums<T>(conv).x);
  const size_t plane = static_cast<size_t>(conv.x[2] * conv.x[3]);
  for (size_t i = 0; i < want.size(); ++i) want[i] += static_cast<double>(bias[i / plane % bias.size()]);
  RunKernel("conv_transpose2d_bias", {a.x.view(), a.out.view(), a.w.view(), bias.view()}, conv.params);
  ASSERT_TRUE(AllNear(a.x, want, conv.InputDepth()));
}

template <typename T>
void CheckBackwardWeight(const ConvCase& conv, double beta) {
  Arrays<T> a(conv);
  const std::vector<double> want = Wanted(a.w, beta, KnownSums<T>(conv).w);
  RunKernel("conv2d_backward_weight", {a.w.view(), a.x.view(), a.out.view()}, With(conv.params, beta));
  ASSERT_TRUE(AllNear(a.w, want, conv.WeightDepth()));
}

template <typename T>
void CheckAll(const ConvCase& conv) {
  CheckForward<T>(conv, 0);
  CheckForward<T>(conv, 1);
  CheckBias<T>(conv);
  // A stride of 0 has no inverse: the guard refuses it.
  if (conv.params[0] >= 1 && conv.params[1] >= 1) {
    CheckBackwardInput<T>(conv);
    CheckTransposed<T>(conv);
  }
  CheckBackwardWeight<T>(conv, 0);
  CheckBackwardWeight<T>(conv, 1);
}

// The size that torch gives an output.
int64_t OutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

ConvCase Conv(const Sizes& x, const Sizes& w, int64_t stride, int64_t padding, int64_t dilation, int64_t groups) {
  ConvCase conv;
  conv.x = x, conv.w = w;
  conv.out = {x[0], w[0], OutputSize(x[2], w[2], stride, padding, dilation), OutputSize(x[3], w[3], stride, padding, dilation)};
  for (const int64_t p : {stride, stride, padding, padding, dilation, dilation, groups}) {
    conv.params.push_back(static_cast<double>(p));
  }
  return conv;
}

// Runs on one instruction set, on several threads.
class Conv2d : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    simd::ForceTarget(GetParam());
    SetNumThreads(3);
  }
  void TearDown() override {
    simd::ForceTarget(simd::SupportedTargets().front());
    SetNumThreads(1);
  }
};

std::string TargetName(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(, Conv2d, ::testing::ValuesIn(simd::SupportedTargets()), TargetName);

TEST_P(Conv2d, ShapesAndParameters) {
  constexpr double kMax = 2147483647;
  const ConvCase cases[] = {
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 0, 0, 1, 1, 1}},
      {{2, 4, 4, 6}, {2, 6, 5, 7}, {4, 3, 2, 2}, {1, 1, 0, 0, 1, 1, 2}},
      {{1, 2, 3, 3}, {1, 2, 9, 8}, {2, 2, 3, 2}, {2, 3, 1, 2, 2, 1, 1}},
      {{1, 2, 20, 30}, {1, 2, 20, 30}, {2, 2, 3, 3}, {1, 1, 1, 1, 1, 1, 1}},
      {{3, 8, 30, 31}, {3, 8, 32, 33}, {8, 8, 3, 3}, {1, 1, 0, 0, 1, 1, 1}},
      // Strides and dilations of 0 look at one place again and again.
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 2, 2}, {0, 0, 0, 0, 0, 0, 1}},
      {{1, 2, 3, 3}, {1, 2, 4, 4}, {2, 1, 2, 2}, {0, 0, 0, 0, 0, 0, 2}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 2, 2}, {1, 2, 0, 0, 0, 0, 1}},
      // The output says how far the kernel goes; past the image there are zeros.
      {{1, 2, 9, 9}, {1, 1, 3, 3}, {2, 1, 2, 2}, {3, 2, 4, 1, 1, 5, 1}},
      {{1, 2, 9, 9}, {1, 2, 3, 3}, {2, 1, 2, 2}, {3, 2, 4, 1, 1, 5, 2}},
      // It need not go as far as it could.
      {{1, 2, 1, 2}, {1, 2, 9, 8}, {2, 2, 3, 2}, {2, 3, 1, 2, 2, 1, 1}},
      // All extremes at once, and one at a time.
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {kMax, kMax, kMax, kMax, kMax, kMax, 1}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {kMax, kMax, 0, 0, kMax, kMax, 1}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {1, 1, kMax, kMax, 1, 1, 1}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {1, 1, kMax, 0, kMax, 1, 1}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {1, 1, 0, kMax, 1, kMax, 1}},
      {{1, 1, 3, 3}, {1, 1, 4, 4}, {1, 1, 3, 3}, {1, 2, 0, kMax, 1, kMax, 1}},
      {{1, 2, 3, 3}, {1, 2, 4, 4}, {2, 1, 3, 3}, {1, 2, 0, kMax, 1, kMax, 2}},
      {{1, 1, 1, 2}, {1, 1, 4, 4}, {1, 1, 1, 1}, {1, kMax, 0, kMax - 1, 1, 1, 1}},
      {{1, 2, 1, 2}, {1, 2, 4, 4}, {2, 1, 1, 1}, {1, kMax, 0, kMax - 1, 1, 1, 2}},
      // Nothing to read, or nothing to write.
      {{1, 2, 2, 2}, {1, 0, 3, 3}, {2, 0, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{2, 2, 2, 2}, {2, 3, 0, 3}, {2, 3, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{2, 2, 2, 2}, {2, 3, 3, 0}, {2, 3, 2, 2}, {1, 2, 0, 0, 1, 1, 1}},
      {{2, 2, 2, 2}, {2, 2, 3, 0}, {2, 1, 2, 2}, {1, 2, 0, 0, 1, 1, 2}},
      {{2, 2, 2, 2}, {2, 2, 0, 3}, {2, 1, 2, 2}, {1, 2, 0, 0, 1, 1, 2}},
      {{2, 4, 2, 2}, {2, 6, 1 << 20, 0}, {4, 3, 2, 2}, {1, 1, 0, 0, 1, 1, 2}},
      {{1, 2, 2, 2}, {1, 1, 3, 3}, {2, 1, 0, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{1, 2, 2, 2}, {1, 1, 3, 3}, {2, 1, 2, 0}, {1, 1, 0, 0, 1, 1, 1}},
      {{0, 2, 2, 2}, {0, 1, 3, 3}, {2, 1, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{1, 0, 2, 2}, {1, 1, 3, 3}, {0, 1, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{1, 2, 0, 2}, {1, 1, 3, 3}, {2, 1, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
      {{1, 2, 2, 0}, {1, 1, 3, 3}, {2, 1, 2, 2}, {1, 1, 0, 0, 1, 1, 1}},
  };
  for (const ConvCase& conv : cases) {
    SCOPED_TRACE(DescribeCase(conv));
    CheckAll<float>(conv);
    CheckAll<double>(conv);
    if (HasFatalFailure()) return;
  }
}

// Strides, paddings, dilations and groups in each other's company, for kernels and images of several sizes.
TEST_P(Conv2d, Combinations) {
  for (const int64_t kernel : {1, 2, 3, 5}) {
    for (const int64_t stride : {1, 2, 3, 5, 9}) {
      for (const int64_t dilation : {1, 2, 3}) {
        for (const int64_t padding : {0, 1, 4}) {
          for (const int64_t groups : {1, 3}) {
            const int64_t size = 9 + (kernel * stride + padding) % 12;
            if (dilation * (kernel - 1) + 1 > size + 2 * padding) continue;
            const ConvCase conv = Conv({2, 3 * groups, size, size + 3}, {4 * groups, 3, kernel, kernel}, stride, padding, dilation, groups);
            const ConvCase depthwise = Conv({2, 3, size, size + 3}, {3 * (1 + stride % 2), 1, kernel, kernel}, stride, padding, dilation, 3);
            for (const ConvCase& one : {conv, depthwise}) {
              SCOPED_TRACE(DescribeCase(one));
              CheckBias<float>(one);
              CheckTransposed<float>(one);
              CheckBackwardWeight<float>(one, 0);
              if (dilation == 1) CheckAll<double>(one);
              if (HasFatalFailure()) return;
            }
          }
        }
      }
    }
  }
}

// What the native code picks its way by.
conv::Correlation CorrelationOf(const ConvCase& conv) {
  Arrays<float> a(conv);
  PlanBuilder builder("conv2d");
  builder.views = {a.out.view(), a.x.view(), a.w.view()};
  builder.params = With(conv.params, 0);
  return conv::Geometry(builder.Decode(), 0, 1, 2).Forward();
}

// Larger than a strip, a panel, a block of terms or of the input; and shapes that Winograd's filtering takes.
TEST_P(Conv2d, LargeShapes) {
  const ConvCase cases[] = {
      Conv({1, 3, 70, 45}, {20, 3, 3, 3}, 1, 0, 1, 1),
      Conv({3, 130, 9, 8}, {17, 130, 3, 3}, 1, 1, 2, 1),
      Conv({2, 40, 7, 7}, {70, 40, 3, 3}, 2, 1, 1, 1),
      Conv({1, 20, 40, 150}, {4, 20, 2, 3}, 1, 1, 1, 1),
      Conv({2, 20, 40, 70}, {4, 20, 3, 3}, 2, 1, 1, 1),
      Conv({2, 16, 33, 31}, {16, 16, 1, 1}, 1, 0, 1, 1),
      Conv({1, 40, 40, 21}, {80, 20, 1, 1}, 1, 0, 1, 2),
      Conv({1, 64, 1, 1}, {130, 64, 1, 1}, 1, 0, 1, 1),
      Conv({2, 5, 80, 90}, {10, 1, 3, 3}, 2, 1, 1, 5),
  };
  for (const ConvCase& conv : cases) {
    SCOPED_TRACE(DescribeCase(conv));
    CheckForward<float>(conv, 0);
    CheckBias<float>(conv);
    CheckBackwardInput<float>(conv);
    CheckBackwardWeight<float>(conv, 0);
    CheckBackwardWeight<float>(conv, -0.5);
    CheckForward<double>(conv, 0.25);
    CheckBackwardInput<double>(conv);
    CheckBackwardWeight<double>(conv, 1);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Conv2d, WinogradShapes) {
  struct {
    ConvCase conv;
    bool gradient;  // whether the weight's gradient goes that way too
  } const cases[] = {
      {Conv({1, 16, 21, 60}, {16, 16, 3, 3}, 1, 1, 1, 1), true},
      {Conv({3, 16, 19, 18}, {37, 16, 3, 3}, 1, 0, 1, 1), false},
      {Conv({2, 36, 30, 21}, {60, 18, 3, 3}, 1, 2, 1, 2), false},
      {Conv({40, 32, 5, 6}, {16, 32, 3, 3}, 1, 1, 1, 1), false},
      {Conv({2, 66, 27, 26}, {70, 33, 3, 3}, 1, 1, 1, 2), true},
  };
  for (const auto& [conv, gradient] : cases) {
    SCOPED_TRACE(DescribeCase(conv));
    EXPECT_TRUE(conv::SuitsWinograd(CorrelationOf(conv)));
    EXPECT_EQ(conv::SuitsWinogradGradient(CorrelationOf(conv)), gradient);
    CheckForward<float>(conv, 0);
    CheckBias<float>(conv);
    CheckBackwardInput<float>(conv);
    CheckBackwardWeight<float>(conv, 0);
    CheckBackwardWeight<float>(conv, -0.5);
    if (HasFatalFailure()) return;
  }
}

// Wide images and kernels with few or many channels run on one thread and on several with the same bits.
TEST_P(Conv2d, ThreadsDoNotChangeBits) {
  const ConvCase cases[] = {
      Conv({2, 3, 50, 61}, {20, 3, 3, 3}, 1, 1, 1, 1),     Conv({2, 24, 30, 33}, {40, 24, 3, 3}, 1, 1, 1, 1),
      Conv({2, 24, 30, 33}, {20, 24, 3, 3}, 2, 1, 1, 1),   Conv({2, 24, 30, 33}, {24, 1, 3, 3}, 1, 1, 1, 24),
      Conv({1, 150, 7, 7}, {150, 150, 3, 3}, 1, 1, 1, 1),
  };
  for (const ConvCase& conv : cases) {
    SCOPED_TRACE(DescribeCase(conv));
    Arrays<float> first(conv);
    for (const int threads : {1, 2, 3, 8}) {
      SetNumThreads(threads);
      Arrays<float> a(conv);
      Arrays<float> inputs(conv);
      RunKernel("conv2d_bias", {a.out.view(), inputs.x.view(), inputs.w.view(), inputs.bias.view()}, conv.params);
      RunKernel("conv2d_backward_input", {a.x.view(), inputs.out.view(), inputs.w.view()}, conv.params);
      RunKernel("conv2d_backward_weight", {a.w.view(), inputs.x.view(), inputs.out.view()}, With(conv.params, 0));
      if (threads == 1) {
        first.out = std::move(a.out), first.x = std::move(a.x), first.w = std::move(a.w);
        continue;
      }
      EXPECT_EQ(a.out.Values(), first.out.Values()) << threads << " threads";
      EXPECT_EQ(a.x.Values(), first.x.Values()) << threads << " threads";
      EXPECT_EQ(a.w.Values(), first.w.Values()) << threads << " threads";
    }
  }
}

// The root mean square of the differences, over that of what is wanted.
template <typename T>
double RelativeError(const Array<T>& got, const std::vector<double>& want) {
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += std::pow(static_cast<double>(got[i]) - want[i], 2);
    size += std::pow(want[i], 2);
  }
  return std::sqrt(error / size);
}

// Winograd's filtering is less accurate than a plain sum, but not by much: docs/convolution.md promises these figures.
TEST_P(Conv2d, WinogradIsAccurate) {
  const ConvCase conv = Conv({1, 64, 36, 36}, {64, 64, 3, 3}, 1, 1, 1, 1);
  const Arrays<float> a(conv);
  const Sums& sums = KnownSums<float>(conv);
  Arrays<float> results(conv);
  RunKernel("conv2d", {results.out.view(), a.x.view(), a.w.view()}, With(conv.params, 0));
  RunKernel("conv2d_backward_input", {results.x.view(), a.out.view(), a.w.view()}, conv.params);
  RunKernel("conv2d_backward_weight", {results.w.view(), a.x.view(), a.out.view()}, With(conv.params, 0));
  EXPECT_LT(RelativeError(results.out, sums.out), 2e-6);
  EXPECT_LT(RelativeError(results.x, sums.x), 2e-6);
  EXPECT_LT(RelativeError(results.w, sums.w), 2e-6);
  // It is at work: a plain sum's error would be smaller still.
  EXPECT_GT(RelativeError(results.out, sums.out), 3e-7);
}

// The inputs of a case, positive and small enough that no sum overflows, but for one large value in x or in out.
Arrays<float> WithOne(const ConvCase& conv, float value, bool in_x) {
  Arrays<float> a(conv);
  a.out.Fill([](size_t i) { return std::abs(Scrambled(i)) / 8 + 0.01; });
  a.x.Fill([](size_t i) { return std::abs(Scrambled(i)) / 8 + 0.01; });
  a.w.Fill([](size_t i) { return std::abs(Scrambled(i)) / 4 + 0.01; });
  (in_x ? a.x[700] : a.out[800]) = value;
  return a;
}

// One value that is not finite spoils the outputs that see it, and no others.
TEST_P(Conv2d, WhatIsNotFiniteStaysWhereItIs) {
  const ConvCase conv = Conv({1, 16, 20, 57}, {18, 16, 3, 3}, 1, 1, 1, 1);
  ASSERT_TRUE(conv::SuitsWinograd(CorrelationOf(conv)) && conv::SuitsWinogradGradient(CorrelationOf(conv)));
  for (const double value : {kNaN, kInfinity}) {
    SCOPED_TRACE(value);
    Arrays<float> results(conv);
    const Arrays<float> a = WithOne(conv, static_cast<float>(value), true);
    RunKernel("conv2d_bias", {results.out.view(), a.x.view(), a.w.view(), a.bias.view()}, conv.params);
    EXPECT_TRUE(AllNear(results.out, PlusBias(conv, a, SumsOf(conv, a).out), conv.Depth()));

    const Arrays<float> b = WithOne(conv, static_cast<float>(value), false);
    const Sums sums = SumsOf(conv, b);
    RunKernel("conv2d_backward_input", {results.x.view(), b.out.view(), b.w.view()}, conv.params);
    EXPECT_TRUE(AllNear(results.x, sums.x, conv.InputDepth()));
    const std::vector<double> grad_w = Wanted(results.w, 1, sums.w);
    RunKernel("conv2d_backward_weight", {results.w.view(), b.x.view(), b.out.view()}, With(conv.params, 1));
    EXPECT_TRUE(AllNear(results.w, grad_w, conv.WeightDepth()));
  }
}

// A transformed tile overflows before its outputs do.
TEST_P(Conv2d, LargeValuesDoNotOverflow) {
  const ConvCase conv = Conv({1, 16, 20, 57}, {18, 16, 3, 3}, 1, 1, 1, 1);
  ASSERT_TRUE(conv::SuitsWinograd(CorrelationOf(conv)) && conv::SuitsWinogradGradient(CorrelationOf(conv)));
  Arrays<float> results(conv);
  const Arrays<float> a = WithOne(conv, 3e38f, true);
  RunKernel("conv2d", {results.out.view(), a.x.view(), a.w.view()}, With(conv.params, 0));
  EXPECT_LT(RelativeError(results.out, SumsOf(conv, a).out), 2e-6);
  const Arrays<float> b = WithOne(conv, 3e38f, false);
  const Sums sums = SumsOf(conv, b);
  RunKernel("conv2d_backward_input", {results.x.view(), b.out.view(), b.w.view()}, conv.params);
  EXPECT_LT(RelativeError(results.x, sums.x), 2e-6);
  RunKernel("conv2d_backward_weight", {results.w.view(), b.x.view(), b.out.view()}, With(conv.params, 0));
  EXPECT_LT(RelativeError(results.w, sums.w), 2e-6);
}

}  // namespace
}  // namespace evenkeel
