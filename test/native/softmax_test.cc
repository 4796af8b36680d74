// Softmax, its logarithm and their gradients, against sums in long double, on rows of all layouts.
#include "kernel_tests.h"

namespace evenkeel {
namespace {

using Long = long double;

const References references = References::Of({"softmax", "log_softmax", "softmax_backward", "log_softmax_backward"});

template <typename T>
Long NumberOf(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    return x;
  } else {
    return x.ToFloat();
  }
}
template <typename T>
T RealOf(double x) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(x);
  } else {
    return T::From(static_cast<float>(x));
  }
}
template <typename T>
constexpr Long kUnit = std::numeric_limits<T>::epsilon();
template <>
constexpr Long kUnit<Float16> = 0x1p-10L;
template <>
constexpr Long kUnit<BFloat16> = 0x1p-7L;

// Halves are computed with as floats.
template <typename T>
constexpr Long kComputedUnit = sizeof(T) == 8 ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();

// What may be lost next to the smallest number.
template <typename T>
constexpr Long kTiny = std::is_same_v<T, Float16> ? 0x1p-24L : 0x1p-130L;

std::vector<Long> SoftmaxOf(const std::vector<Long>& x, bool log) {
  const Long largest = x.empty() ? 0 : *std::max_element(x.begin(), x.end());
  Long sum = 0;
  for (const Long value : x) sum += std::exp(value - largest);
  std::vector<Long> y;
  for (const Long value : x) y.push_back(log ? value - largest - std::log(sum) : std::exp(value - largest) / sum);
  return y;
}

// Rows of the last dimension.
template <typename T>
std::vector<std::vector<size_t>> RowsOf(const Array<T>& array) {
  const Sizes& shape = array.shape();
  return GroupsOf(shape, shape.empty() ? 0 : 1u << (shape.size() - 1));
}

template <typename T>
void CheckSoftmax(const Sizes& shape, Layout out_layout, const std::vector<Layout>& in_layouts) {
  for (const bool log : {false, true}) {
    SCOPED_TRACE(log ? "log_softmax" : "softmax");
    Array<T> x(shape, in_layouts[0]);
    x.Fill([](size_t i) { return RealOf<T>(Scrambled(i) * (i % 7 == 3 ? 30 : 4)); });
    Array<T> y(shape, out_layout);
    y.Fill(AnyElement<T>);
    const std::vector<T> gaps = y.Gaps();
    RunKernel(log ? "log_softmax" : "softmax", {y.view(), x.view()});
    ASSERT_TRUE(SameBits(y.Gaps(), gaps));
    for (const auto& row : RowsOf(x)) {
      std::vector<Long> values;
      for (const size_t i : row) values.push_back(NumberOf(x[i]));
      const std::vector<Long> want = SoftmaxOf(values, log);
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      const Long range = values.empty() ? 0 : *high - *low;
      // Of adding up in double.
      const Long adding = static_cast<Long>(row.size()) * 0x1p-53L;
      for (size_t k = 0; k < row.size(); ++k) {
        // The differences that exp is taken of are rounded, so that its relative error grows with them; so does the
        // absolute error of a logarithm.
        const Long allowed = log ? (kUnit<T> * 2 + adding) * (1 + range + std::abs(want[k]))
                                 : (kUnit<T> + kComputedUnit<T> * (4 + range) + adding) * want[k] + kTiny<T>;
        ASSERT_LE(std::abs(NumberOf(y[row[k]]) - want[k]), allowed) << row[k];
      }
    }

    Array<T> gradient(shape, in_layouts[1]);
    gradient.Fill([](size_t i) { return RealOf<T>(Scrambled(i + 77)); });
    Array<T> out(shape, out_layout);
    out.Fill(AnyElement<T>);
    const std::vector<T> out_gaps = out.Gaps();
    RunKernel(log ? "log_softmax_backward" : "softmax_backward", {out.view(), gradient.view(), y.view()});
    ASSERT_TRUE(SameBits(out.Gaps(), out_gaps));
    for (const auto& row : RowsOf(x)) {
      Long sum = 0, magnitudes = 0;
      for (const size_t i : row) {
        const Long term = NumberOf(gradient[i]) * (log ? 1 : NumberOf(y[i]));
        sum += term;
        magnitudes += std::abs(term);
      }
      for (const size_t i : row) {
        const Long g = NumberOf(gradient[i]), v = NumberOf(y[i]);
        const Long want = log ? g - std::exp(v) * sum : (g - sum) * v;
        const Long size = log ? std::abs(g) + std::exp(v) * magnitudes : (std::abs(g) + magnitudes) * v;
        const Long adding = static_cast<Long>(row.size()) * 0x1p-53L;
        ASSERT_LE(std::abs(NumberOf(out[i]) - want), (4 * kUnit<T> + adding) * size + kTiny<T>) << i;
      }
    }
  }
}

TEST_P(OnTarget, Softmax) {
  SetNumThreads(3);
  for (const Sizes& shape : {Sizes{}, {0}, {1}, {5}, {17}, {3, 0, 2}, {2, 3, 0}, {7, 1, 5}, {4, 3, 2, 5}, {9, 33}, {40, 19}, {2, 1100}}) {
    SCOPED_TRACE(Describe(shape));
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      CheckSoftmax<float>(shape, out, in);
      CheckSoftmax<double>(shape, out, in);
      if (shape.size() == 2) CheckSoftmax<Float16>(shape, out, in);
      if (shape.size() == 4) CheckSoftmax<BFloat16>(shape, out, in);
    });
    if (HasFatalFailure()) return;
  }
  CheckSoftmax<float>({300, 200}, Layout::kDense, {Layout::kDense, Layout::kDense});
  CheckSoftmax<float>({300, 200}, Layout::kReversed, {Layout::kReversed, Layout::kDense});
  CheckSoftmax<double>({2, 70000}, Layout::kReversed, {Layout::kReversed, Layout::kDense});
}

// What torch gives where there is no answer, and where exp overflows or vanishes.
TEST_P(OnTarget, SoftmaxOfOddRows) {
  const auto softmax = [](const std::string& name, const Numbers& values) {
    Array<float> x({static_cast<int64_t>(values.size())}, Layout::kDense);
    for (size_t i = 0; i < values.size(); ++i) x[i] = static_cast<float>(values[i]);
    Array<float> y(x.shape(), Layout::kDense);
    RunKernel(name, {y.view(), x.view()});
    // In place as well.
    RunKernel(name, {x.view(), x.view()});
    for (size_t i = 0; i < y.size(); ++i) EXPECT_TRUE(Near(x[i], y[i], 0));
    return y.Values();
  };
  for (const size_t n : {2u, 40u}) {
    Numbers row(n, 1.0);
    const auto expect = [&](const std::string& name, double first, double second) {
      const std::vector<float> y = softmax(name, row);
      EXPECT_TRUE(Near(y[0], first, kEpsilon<float>)) << name << " of " << row[0] << ", " << row[1];
      EXPECT_TRUE(Near(y[n - 1], second, kEpsilon<float>)) << name << " of " << row[0] << ", " << row[1];
    };
    row[0] = 1e30;
    expect("softmax", 1, 0), expect("log_softmax", 0, -1e30);
    row[0] = kNaN;
    expect("softmax", kNaN, kNaN), expect("log_softmax", kNaN, kNaN);
    row[0] = kInfinity;
    expect("softmax", kNaN, kNaN), expect("log_softmax", kNaN, kNaN);
    row[0] = -kInfinity;
    expect("softmax", 0, 1.0 / static_cast<double>(n - 1));
    expect("log_softmax", -kInfinity, -std::log(static_cast<double>(n - 1)));
    row.assign(n, -kInfinity);
    expect("softmax", kNaN, kNaN), expect("log_softmax", kNaN, kNaN);
  }
}

}  // namespace
}  // namespace evenkeel
