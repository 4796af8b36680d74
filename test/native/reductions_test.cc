// Reductions over all sets of dimensions, against sums in long double.
#include <functional>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

double Power(const Numbers& x, double p) {
  long double sum = 0;
  for (const double value : x) sum += std::pow(std::abs(value), p);
  return static_cast<double>(std::pow(sum, 1 / static_cast<long double>(p)));
}

double SumOf(const Numbers& x) {
  long double sum = 0;
  for (const double value : x) sum += value;
  return static_cast<double>(sum);
}

double ProductOf(const Numbers& x) {
  long double product = 1;
  for (const double value : x) product *= value;
  return static_cast<double>(product);
}

double MeanOf(const Numbers& x) { return SumOf(x) / static_cast<double>(x.size()); }

double VarianceOf(const Numbers& x, double correction) {
  long double squares = 0;
  const double mean = MeanOf(x);
  for (const double value : x) squares += (value - mean) * (value - mean);
  return static_cast<double>(squares) / std::max(0.0, static_cast<double>(x.size()) - correction);
}

double ExtremeOf(const Numbers& x, double sign) {
  double best = -kInfinity;
  for (const double value : x) {
    if (std::isnan(value)) return value;
    best = std::max(best, sign * value);
  }
  return sign * best;
}

double NormOf(const Numbers& x, double p) {
  Numbers magnitudes;
  double different = 0;
  for (const double value : x) {
    magnitudes.push_back(std::abs(value));
    if (value != 0) ++different;
  }
  if (p == 0) return different;
  if (std::isinf(p)) return ExtremeOf(magnitudes, p > 0 ? 1 : -1);
  return Power(x, p);
}

struct Fold {
  // The parameters to try.
  std::vector<Numbers> params;
  std::function<double(const Numbers& x, const Numbers& p)> of;
};

const std::map<std::string, Fold>& Folds() {
  using N = const Numbers&;
  static const std::map<std::string, Fold> folds = {
      {"sum", {{{}}, [](N x, N) { return SumOf(x); }}},
      {"mean", {{{}}, [](N x, N) { return MeanOf(x); }}},
      {"var", {{{0}, {1}, {3}}, [](N x, N p) { return VarianceOf(x, p[0]); }}},
      {"std", {{{0}, {1}}, [](N x, N p) { return std::sqrt(VarianceOf(x, p[0])); }}},
      {"prod", {{{}}, [](N x, N) { return ProductOf(x); }}},
      {"min", {{{}}, [](N x, N) { return ExtremeOf(x, -1); }}},
      {"max", {{{}}, [](N x, N) { return ExtremeOf(x, 1); }}},
      {"norm", {{{2}, {1}, {0}, {3}, {kInfinity}, {-kInfinity}}, [](N x, N p) { return NormOf(x, p[0]); }}},
  };
  return folds;
}

const References references = References::Of(Folds());

template <typename T>
T RealOf(double x) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(x);
  } else {
    return T::From(static_cast<float>(x));
  }
}
template <typename T>
double NumberOf(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(x);
  } else {
    return static_cast<double>(x.ToFloat());
  }
}
template <typename T>
constexpr double kUnit = kEpsilon<T>;
template <>
constexpr double kUnit<Float16> = 0x1p-10;
template <>
constexpr double kUnit<BFloat16> = 0x1p-7;

// `mask` has bit d set where dimension d goes.
template <typename T>
void CheckFold(const std::string& name, const Fold& fold, const Sizes& shape, unsigned mask, Layout out_layout,
               Layout in_layout) {
  const Sizes out_shape = ReducedShape(shape, mask);
  Array<T> in(shape, in_layout);
  in.Fill([&](size_t i) {
    if (i == 23 && (name == "min" || name == "max")) return RealOf<T>(kNaN);
    // Products stay in range.
    if (name == "prod") return RealOf<T>(1 + Scrambled(i) / 64);
    return RealOf<T>(i % 11 == 5 ? 0 : Scrambled(i));
  });
  std::vector<Numbers> groups;
  for (const std::vector<size_t>& group : GroupsOf(shape, mask)) {
    groups.emplace_back();
    for (const size_t i : group) groups.back().push_back(NumberOf(in[i]));
  }
  for (const Numbers& params : fold.params) {
    Array<T> out(out_shape, out_layout);
    out.Fill([](size_t i) { return RealOf<T>(1000.0 + static_cast<double>(i)); });
    const std::vector<T> gaps = out.Gaps();
    RunKernel(name, {out.view(), in.view()}, params);
    for (size_t i = 0; i < out.size(); ++i) {
      const double want = NumberOf(RealOf<T>(fold.of(groups[i], params)));
      ASSERT_TRUE(Near(NumberOf(out[i]), want, std::max(2 * kUnit<T>, 1e-12)))
          << name << " to " << Describe(out_shape) << ", element " << i
          << (params.empty() ? "" : ", parameter " + std::to_string(params[0]));
    }
    ASSERT_TRUE(SameBits(out.Gaps(), gaps));
  }
}

TEST_P(OnTarget, Reductions) {
  SetNumThreads(3);
  for (const auto& [name, fold] : Folds()) {
    SCOPED_TRACE(name);
    for (const Sizes& shape : kShapes) {
      SCOPED_TRACE(Describe(shape));
      ForEachReduction(shape, [&, &name = name, &fold = fold](unsigned mask, Layout out, Layout in) {
        CheckFold<float>(name, fold, shape, mask, out, in);
        CheckFold<double>(name, fold, shape, mask, out, in);
      });
      if (HasFatalFailure()) return;
    }
    for (const Sizes& shape : {Sizes{}, {3, 0, 2}, {4, 3, 2, 5}, {2, 1100}}) {
      SCOPED_TRACE(Describe(shape));
      ForEachReduction(shape, [&, &name = name, &fold = fold](unsigned mask, Layout out, Layout in) {
        CheckFold<Float16>(name, fold, shape, mask, out, in);
        CheckFold<BFloat16>(name, fold, shape, mask, out, in);
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(OnTarget, LargeReductions) {
  SetNumThreads(3);
  for (const auto& [name, fold] : Folds()) {
    SCOPED_TRACE(name);
    const Fold first = {{fold.params[0]}, fold.of};
    // In parts; rows and columns on several threads; more columns than fit the accumulators.
    CheckFold<float>(name, first, {200003}, 1, Layout::kDense, Layout::kDense);
    CheckFold<double>(name, first, {140001}, 1, Layout::kDense, Layout::kGapped);
    CheckFold<float>(name, first, {70, 1200}, 1, Layout::kDense, Layout::kDense);
    CheckFold<float>(name, first, {70, 1200}, 2, Layout::kGapped, Layout::kPadded);
    CheckFold<double>(name, first, {1200, 70}, 1, Layout::kDense, Layout::kReversed);
    CheckFold<float>(name, first, {30000, 7}, 1, Layout::kDense, Layout::kDense);
    CheckFold<float>(name, first, {2, 70000, 3}, 2, Layout::kDense, Layout::kReversed);
    if (HasFatalFailure()) return;
  }
}

// Sums that cancel to almost nothing are still right to the last place, and norms within what simd/reduce.cc states.
TEST_P(OnTarget, LongSumsOfFloats) {
  SetNumThreads(2);
  for (const int64_t n : {4096, 5003, 65536, 300000}) {
    Array<float> in({n}, Layout::kDense);
    // Every number and, nearly, its negative.
    in.Fill([n](size_t i) {
      const size_t half = static_cast<size_t>(n) / 2;
      const double size = std::pow(2.0, Scrambled(i % half) * 10);
      return (i < half ? size : -size) * (1 + Scrambled(i + 5) * 1e-3);
    });
    long double sum = 0, magnitudes = 0, squares = 0;
    for (size_t i = 0; i < in.size(); ++i) {
      sum += in[i];
      magnitudes += std::abs(in[i]);
      squares += static_cast<long double>(in[i]) * in[i];
    }
    Array<float> out({1}, Layout::kDense);
    const auto reduce = [&](const std::string& name, const Numbers& params = {}) {
      RunKernel(name, {out.view(), in.view()}, params);
      return static_cast<long double>(out[0]);
    };
    EXPECT_LE(std::abs(reduce("sum") - sum), std::abs(sum) * 0x1p-24L + magnitudes * 0x1p-45L) << n;
    EXPECT_LE(std::abs(reduce("norm", {1}) - magnitudes), magnitudes * 0x1.8p-23L) << n;
    EXPECT_LE(std::abs(reduce("norm", {2}) - std::sqrt(squares)), std::sqrt(squares) * 0x1.4p-23L) << n;
  }
}

// Floats that would overflow, or vanish, if they were added up or squared as floats.
TEST_P(OnTarget, SumsAndNormsBeyondFloats) {
  const auto reduce = [](const std::string& name, double even, double odd, const Numbers& params = {}) {
    Array<float> in({10000}, Layout::kDense);
    in.Fill([&](size_t i) { return i % 2 == 0 ? even : odd; });
    Array<float> out({1}, Layout::kDense);
    RunKernel(name, {out.view(), in.view()}, params);
    return static_cast<double>(out[0]);
  };
  EXPECT_EQ(reduce("sum", 3e38, -3e38), 0);
  EXPECT_EQ(reduce("sum", 3e38, 3e38), kInfinity);
  EXPECT_EQ(reduce("sum", kInfinity, 1), kInfinity);
  EXPECT_TRUE(std::isnan(reduce("sum", kInfinity, -kInfinity)));
  EXPECT_TRUE(Near(reduce("mean", 3e38, 3e38) / 3e38, 1, 2 * kEpsilon<float>));
  EXPECT_TRUE(Near(reduce("norm", 1e30, 1e30, {2}) / 1e30, std::sqrt(10000), 2 * kEpsilon<float>));
  EXPECT_TRUE(Near(reduce("norm", 1e-30, 0, {2}) / 1e-30, std::sqrt(5000), 2 * kEpsilon<float>));
  EXPECT_EQ(reduce("norm", 0, 0, {2}), 0);
  EXPECT_TRUE(Near(reduce("var", 1e30, -1e30, {0}) == kInfinity, 1, 0));
  EXPECT_TRUE(Near(reduce("std", 1e30, -1e30, {0}) / 1e30, 1, 2 * kEpsilon<float>));
  // Deviations far smaller than the mean.
  EXPECT_TRUE(Near(reduce("std", 16777216, 16777218, {0}), 1, 1e-6));
  EXPECT_EQ(reduce("var", 0.1, 0.1, {0}), 0);
}

TEST_P(OnTarget, ReductionsAreTheSameOnAnyNumberOfThreads) {
  for (const Sizes& shape : {Sizes{300001}, {3, 150000}, {40000, 5}}) {
    Array<float> in(shape, Layout::kDense);
    in.Fill(Scrambled);
    for (unsigned mask = 1; mask < 1u << shape.size(); ++mask) {
      for (const std::string name : {"sum", "var", "argmax"}) {
        std::vector<double> results[2];
        for (const int threads : {1, 3}) {
          SetNumThreads(threads);
          const Sizes reduced = ReducedShape(shape, mask);
          const auto run = [&](auto zero) {
            Array<decltype(zero)> out(reduced, Layout::kDense);
            RunKernel(name, {out.view(), in.view()}, name == "var" ? Numbers{1} : Numbers());
            for (size_t i = 0; i < out.size(); ++i) results[threads == 1].push_back(static_cast<double>(out[i]));
          };
          if (name == "argmax") {
            run(int64_t{});
          } else {
            run(0.0f);
          }
        }
        EXPECT_EQ(results[0], results[1]) << name << " of " << Describe(shape);
      }
    }
  }
}

}  // namespace
}  // namespace evenkeel
