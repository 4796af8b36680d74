// The kernels that work on floats element by element, against references in long double or, where the operation is exact,
// in the elements' own type: every kernel on odd and ordinary numbers, and the loops around them on awkward views.
#include <array>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

using Long = long double;

// How far a result may be from the reference.
struct Tolerance {
  double ulps;             // units in the last place of the result
  double input_ulps;       // and as if each input had been off by so many of its own
  double underflow = 0;    // and so many of the smallest numbers, times the inputs: what was lost in between
};

constexpr int kMaxInputs = 3;

struct Map {
  Tolerance tolerance;
  Numbers params;
  // For exact operations, in the elements' type, with products and sums rounded once or twice; otherwise null.
  float (*single)(const float* x, const double* p, bool fused);
  double (*twice)(const double* x, const double* p, bool fused);
  // In long double; `p` are the parameters as the elements' type has them.
  Long (*precise)(const Long* x, const Long* p);

  float Exact(const float* x, bool fused) const { return single(x, params.data(), fused); }
  double Exact(const double* x, bool fused) const { return twice(x, params.data(), fused); }

  template <typename T>
  Long Precise(const Long* x) const {
    Long p[2] = {};
    for (size_t i = 0; i < params.size(); ++i) p[i] = static_cast<T>(params[i]);
    return precise(x, p);
  }
};

// `x` are the inputs; P(i) is parameter i in their type.
#define EXACT(name, params, expression) EITHER(name, params, expression, expression)
#define EITHER(name, params, plain_expression, fused_expression)                        \
  {                                                                                     \
    #name, {                                                                            \
      {}, params, PLAIN_OR_FUSED(float, plain_expression, fused_expression),            \
          PLAIN_OR_FUSED(double, plain_expression, fused_expression), nullptr           \
    }                                                                                   \
  }
#define PLAIN_OR_FUSED(type, plain_expression, fused_expression)  \
  [](const type* x, const double* p, bool fused) -> type {        \
    using T = type;                                               \
    const auto P = [p](int i) { return static_cast<T>(p[i]); };   \
    (void)P;                                                      \
    return fused ? (fused_expression) : (plain_expression);       \
  }
#define CLOSE(name, tolerance, params, expression)                              \
  {                                                                             \
    #name, {                                                                    \
      tolerance, params, nullptr, nullptr, [](const Long* x, const Long* p) -> Long { \
        (void)p;                                                                \
        return expression;                                                      \
      }                                                                         \
    }                                                                           \
  }
// Within so many units in the last place.
#define ULPS(...) (Tolerance{__VA_ARGS__})

const Long kPi = 3.14159265358979323846264338327950288L;
const Long kSqrtHalf = 0.70710678118654752440084436210484904L;

Long Sigmoid(Long x) { return 1 / (1 + std::exp(-x)); }
// The normal distribution function and density.
Long Phi(Long x) { return std::erfc(-x * kSqrtHalf) / 2; }
Long Density(Long x) { return std::exp(-x * x / 2) / std::sqrt(2 * kPi); }
Long GeluInner(Long x) { return std::sqrt(2 / kPi) * (x + 0.044715L * x * x * x); }
Long GeluTanhSlope(Long x) {
  const Long s = Sigmoid(2 * GeluInner(x));
  if (std::isfinite(x) && std::abs(x) > 50) return x > 0 ? 1 : 0;
  return s + x * s * (1 - s) * 2 * std::sqrt(2 / kPi) * (1 + 3 * 0.044715L * x * x);
}
Long Elu(Long x, Long alpha, Long scale) { return x >= 0 ? scale * x : scale * alpha * std::expm1(x); }
Long EluSlope(Long x, Long alpha, Long scale) { return x > 0 ? scale : scale * alpha * std::exp(x); }
const Long kSeluAlpha = 1.67326324235437728481704L;
const Long kSeluScale = 1.05070098735548049341933L;
Long Softplus(Long x, Long beta, Long threshold) {
  return x * beta > threshold ? x : std::log1p(std::exp(x * beta)) / beta;
}

const std::map<std::string, Map>& Maps() {
  static const std::map<std::string, Map> maps = {
      EXACT(neg, Numbers(), -x[0]),
      EXACT(abs, Numbers(), std::abs(x[0])),
      EXACT(sign, Numbers(), static_cast<T>((x[0] > 0) - (x[0] < 0))),
      EXACT(sqrt, Numbers(), std::sqrt(x[0])),
      EXACT(rsqrt, Numbers(), T(1) / std::sqrt(x[0])),
      EXACT(clamp, Numbers({-0.5, 1.25}), (x[0] < P(0) ? P(0) : x[0]) > P(1) ? P(1) : x[0] < P(0) ? P(0) : x[0]),
      EXACT(add, Numbers(), x[0] + x[1]),
      EXACT(sub, Numbers(), x[0] - x[1]),
      EXACT(mul, Numbers(), x[0] * x[1]),
      EXACT(div, Numbers(), x[0] / x[1]),
      EXACT(add_scalar, Numbers({1.7}), x[0] + P(0)),
      EXACT(sub_scalar, Numbers({1.7}), x[0] - P(0)),
      EXACT(rsub_scalar, Numbers({1.7}), P(0) - x[0]),
      EXACT(mul_scalar, Numbers({1.7}), x[0] * P(0)),
      EXACT(div_scalar, Numbers({1.7}), x[0] / P(0)),
      EXACT(rdiv_scalar, Numbers({1.7}), P(0) / x[0]),
      EXACT(maximum, Numbers(), std::isnan(x[0]) ? x[0] : std::isnan(x[1]) || x[1] > x[0] ? x[1] : x[0]),
      EXACT(minimum, Numbers(), std::isnan(x[0]) ? x[0] : std::isnan(x[1]) || x[1] < x[0] ? x[1] : x[0]),
      EXACT(relu, Numbers(), x[0] < 0 ? T(0) : x[0]),
      EXACT(leaky_relu, Numbers({0.01}), x[0] > 0 ? x[0] : x[0] * P(0)),
      EXACT(step, Numbers({-0.25}), std::isnan(x[0]) ? x[0] : x[0] > 0 ? T(1) : P(0)),
      EXACT(relu_backward, Numbers(), x[1] <= 0 ? T(0) : x[0]),
      EXACT(leaky_relu_backward, Numbers({0.01}), x[1] > 0 ? x[0] : x[0] * P(0)),
      EXACT(addcdiv, Numbers({-0.3}), x[0] + P(0) * x[1] / x[2]),
      EXACT(sigmoid_backward, Numbers(), x[0] * (1 - x[1]) * x[1]),
      EITHER(add_scaled, Numbers({-1.7}), x[0] + P(0) * x[1], std::fma(x[1], P(0), x[0])),
      EITHER(addcmul, Numbers({-0.3}), x[0] + P(0) * x[1] * x[2], std::fma(P(0) * x[1], x[2], x[0])),
      EITHER(tanh_backward, Numbers(), x[0] * (1 - x[1] * x[1]), x[0] * std::fma(-x[1], x[1], T(1))),
      CLOSE(pow, ULPS(1, 0), Numbers(), std::pow(x[0], x[1])),
      CLOSE(pow_scalar, ULPS(1, 0), Numbers({2.3}), std::pow(x[0], p[0])),
      CLOSE(rpow_scalar, ULPS(1, 0), Numbers({0.7}), std::pow(p[0], x[0])),
      CLOSE(exp, ULPS(2, 0), Numbers(), std::exp(x[0])),
      CLOSE(log, ULPS(2, 0), Numbers(), std::log(x[0])),
      CLOSE(erf, ULPS(2, 0), Numbers(), std::erf(x[0])),
      CLOSE(tanh, ULPS(4, 0), Numbers(), std::tanh(x[0])),
      CLOSE(sigmoid, ULPS(3, 0), Numbers(), Sigmoid(x[0])),
      CLOSE(gelu, ULPS(6, 0, 6), Numbers(), x[0] * Phi(x[0])),
      CLOSE(gelu_tanh, ULPS(3, 1, 3), Numbers(), x[0] * Sigmoid(2 * GeluInner(x[0]))),
      CLOSE(elu, ULPS(3, 0), Numbers({0.7}), Elu(x[0], p[0], 1)),
      CLOSE(selu, ULPS(3, 0), Numbers(), Elu(x[0], kSeluAlpha, kSeluScale)),
      CLOSE(silu, ULPS(3, 0, 2), Numbers(), x[0] * Sigmoid(x[0])),
      CLOSE(softplus, ULPS(4, 1), Numbers({1.5, 20}), Softplus(x[0], p[0], p[1])),
      CLOSE(gelu_backward, ULPS(6, 4, 6), Numbers(), x[0] * (Phi(x[1]) + x[1] * Density(x[1]))),
      CLOSE(gelu_tanh_backward, ULPS(6, 4, 200), Numbers(), x[0] * GeluTanhSlope(x[1])),
      CLOSE(elu_backward, ULPS(3, 0, 2), Numbers({0.7}), x[0] * EluSlope(x[1], p[0], 1)),
      CLOSE(selu_backward, ULPS(3, 0, 2), Numbers(), x[0] * EluSlope(x[1], kSeluAlpha, kSeluScale)),
      CLOSE(silu_backward, ULPS(5, 4, 4), Numbers(), x[0] * (Sigmoid(x[1]) * (1 + x[1] * Sigmoid(-x[1])))),
      CLOSE(softplus_backward, ULPS(4, 2, 2), Numbers({1.5, 20}), x[0] * (x[1] * p[0] > p[1] ? 1 : Sigmoid(x[1] * p[0]))),
  };
  return maps;
}
const References references = References::Of(Maps());

// A rounding error's unit at `value`.
template <typename T>
Long Ulp(Long value) {
  return std::max(std::abs(value) * std::numeric_limits<T>::epsilon(), static_cast<Long>(std::numeric_limits<T>::denorm_min()));
}

template <typename T>
::testing::AssertionResult IsWithin(const Map& map, int num_inputs, const T* x, T got) {
  const auto failure = [&](Long want) {
    auto result = ::testing::AssertionFailure() << std::hexfloat << got << std::defaultfloat << " (" << got << ") for (";
    for (int v = 0; v < num_inputs; ++v) result << (v == 0 ? "" : ", ") << x[v];
    return result << ") where the reference has " << static_cast<double>(want) << ": off by "
                  << static_cast<double>(std::abs(got - want) / Ulp<T>(want)) << " units";
  };
  if (map.single != nullptr) {
    for (const bool fused : {false, true}) {
      const T want = map.Exact(x, fused);
      if (std::isnan(want) ? std::isnan(got) : std::memcmp(&got, &want, sizeof(T)) == 0) return ::testing::AssertionSuccess();
    }
    return failure(map.Exact(x, false));
  }
  Long inputs[kMaxInputs];
  std::copy(x, x + num_inputs, inputs);
  const Long want = map.Precise<T>(inputs);
  if (std::isnan(want)) return std::isnan(got) ? ::testing::AssertionSuccess() : failure(want);
  const T rounded = static_cast<T>(want);
  if (got == rounded) {
    const bool same_sign = std::signbit(got) == std::signbit(rounded) || num_inputs > 1;
    return got == 0 && !same_sign ? failure(want) : ::testing::AssertionSuccess();
  }
  // Beyond the largest number there is no distance: next to it the last place counts as if there were.
  const Long largest = std::numeric_limits<T>::max();
  const Long clipped = std::isinf(got) ? std::copysign(largest * (1 + std::numeric_limits<T>::epsilon()), got) : static_cast<Long>(got);
  Long allowed = map.tolerance.ulps * Ulp<T>(want);
  Long size = 1;
  for (int v = 0; v < num_inputs; ++v) size *= std::max<Long>(1, std::abs(inputs[v]));
  if (map.tolerance.underflow > 0) {
    // Infinity times what is below the smallest number is infinite, or NaN for who rounds to 0 first.
    if (num_inputs == 2 && std::isinf(inputs[0])) return ::testing::AssertionSuccess();
    allowed += map.tolerance.underflow * size * std::numeric_limits<T>::denorm_min();
  }
  for (int v = 0; v < num_inputs && map.tolerance.input_ulps > 0; ++v) {
    for (const int sign : {-1, 1}) {
      Long moved[kMaxInputs];
      std::copy(x, x + num_inputs, moved);
      moved[v] += sign * map.tolerance.input_ulps * Ulp<T>(moved[v]);
      const Long change = std::abs(map.Precise<T>(moved) - want);
      if (std::isfinite(change)) allowed += change / 2;
    }
  }
  return std::abs(clipped - want) <= allowed ? ::testing::AssertionSuccess() : failure(want);
}

int NumInputs(const std::string& name) { return kKernels[KernelId(name)].num_views - 1; }

// The loops ----------------------------------------------------------------------------------------------------------

template <typename T>
void CheckMap(const std::string& name, const Map& map, const Sizes& shape, Layout out_layout,
              const std::vector<Layout>& in_layouts) {
  const int num_inputs = NumInputs(name);
  Array<T> out(shape, out_layout);
  out.Fill([](size_t i) { return 1000.0 + static_cast<double>(i); });
  std::vector<Array<T>> in;
  std::vector<PlannedView> views = {out.view()};
  for (int v = 0; v < num_inputs; ++v) {
    in.emplace_back(shape, in_layouts[static_cast<size_t>(v)]);
    in.back().Fill([v](size_t i) { return Unusual(i + 7 * static_cast<size_t>(v)); });
    views.push_back(in.back().view());
  }
  const std::vector<T> gaps = out.Gaps();
  RunKernel(name, views, map.params);
  for (size_t i = 0; i < out.size(); ++i) {
    T x[kMaxInputs] = {};
    for (int v = 0; v < num_inputs; ++v) x[v] = in[static_cast<size_t>(v)][i];
    ASSERT_TRUE(IsWithin(map, num_inputs, x, out[i])) << "element " << i;
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps)) << "wrote between the output's elements";
}

// One kernel of each number of inputs and parameters: all share their loops.
const char* const kTypical[] = {"relu", "add_scalar", "clamp", "add", "softplus_backward", "addcdiv"};

TEST_P(OnTarget, MapsInAnyLayout) {
  for (const std::string name : kTypical) {
    SCOPED_TRACE(name);
    const Map& map = Maps().at(name);
    for (const Sizes& shape : kShapes) {
      SCOPED_TRACE(Describe(shape));
      ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
        CheckMap<float>(name, map, shape, out, in);
        CheckMap<double>(name, map, shape, out, in);
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(OnTarget, MapsOnSeveralThreads) {
  SetNumThreads(3);
  for (const std::string name : {"relu", "add", "addcdiv"}) {
    SCOPED_TRACE(name);
    const Map& map = Maps().at(name);
    for (const Layout in : {Layout::kDense, Layout::kReversed, Layout::kBroadcast}) {
      CheckMap<float>(name, map, {2, 3, 12000}, Layout::kDense, {in, Layout::kDense, in});
      CheckMap<double>(name, map, {257, 300}, Layout::kPadded, {Layout::kGapped, in, Layout::kDense});
      if (HasFatalFailure()) return;
    }
  }
}

// The values ----------------------------------------------------------------------------------------------------------

// Odd numbers, then ordinary ones of many sizes.
template <typename T>
std::vector<T> Samples() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> samples;
  for (const double size : {0.0, 1.0, 0.5, 2.0, 3.0, 1e-42, 1e-310, 1e-30, 1e30, 17.0, 20.0, 88.0, 89.0, 104.0, 709.0, 746.0, 1e8}) {
    samples.insert(samples.end(), {static_cast<T>(size), static_cast<T>(-size)});
  }
  for (const T size : {Limits::infinity(), Limits::quiet_NaN(), Limits::max(), Limits::min(), Limits::denorm_min(),
                       T(1) + Limits::epsilon(), T(1) - Limits::epsilon() / 2}) {
    samples.insert(samples.end(), {size, -size});
  }
  const double decades = sizeof(T) == 4 ? 37 : 300;
  for (size_t i = 0; i < 700; ++i) {
    const double number = Scrambled(3 * i);
    samples.push_back(static_cast<T>(number));
    samples.push_back(static_cast<T>(number * 12));
    samples.push_back(static_cast<T>(std::copysign(std::pow(10, Scrambled(3 * i + 1) / 2 * decades), number)));
    samples.push_back(static_cast<T>(std::copysign(std::pow(10, Scrambled(3 * i + 2)), number)));
  }
  return samples;
}
constexpr size_t kNumOddSamples = 48;

// Inputs of one call: all samples, or for several inputs all pairs of odd ones and some of the others.
template <typename T>
std::array<std::vector<T>, kMaxInputs> Inputs(int num_inputs) {
  const std::vector<T> samples = Samples<T>();
  std::array<std::vector<T>, kMaxInputs> inputs;
  inputs[0] = samples;
  if (num_inputs == 1) return inputs;
  const size_t n = samples.size();
  for (size_t i = 0; i < n; ++i) {
    inputs[1].push_back(samples[i * 7 % n]);
    inputs[2].push_back(samples[i * 11 % n]);
  }
  for (size_t i = 0; i < kNumOddSamples; ++i) {
    for (size_t k = 0; k < kNumOddSamples; ++k) {
      inputs[0].push_back(samples[i]);
      inputs[1].push_back(samples[k]);
      inputs[2].push_back(samples[(i + 5 * k) % kNumOddSamples]);
    }
  }
  return inputs;
}

template <typename T>
Array<T> ArrayOf(const std::vector<T>& values, Layout layout = Layout::kDense) {
  Array<T> array({static_cast<int64_t>(values.size())}, layout);
  for (size_t i = 0; i < values.size(); ++i) array[i] = values[i];
  return array;
}

template <typename T>
void CheckValues(const std::string& name, const Map& map) {
  const int num_inputs = NumInputs(name);
  const auto inputs = Inputs<T>(num_inputs);
  std::vector<Array<T>> in;
  for (int v = 0; v < num_inputs; ++v) in.push_back(ArrayOf(inputs[static_cast<size_t>(v)]));
  Array<T> out(in[0].shape(), Layout::kDense);
  std::vector<PlannedView> views = {out.view()};
  for (const Array<T>& array : in) views.push_back(array.view());
  RunKernel(name, views, map.params);
  for (size_t i = 0; i < out.size(); ++i) {
    T x[kMaxInputs] = {};
    for (int v = 0; v < num_inputs; ++v) x[v] = in[static_cast<size_t>(v)][i];
    EXPECT_TRUE(IsWithin(map, num_inputs, x, out[i])) << name;
  }
  // In place, over the last input.
  views[0] = views.back();
  RunKernel(name, views, map.params);
  EXPECT_TRUE(SameBits(in.back().Values(), out.Values())) << name << " in place";
}

TEST_P(OnTarget, MapValues) {
  for (const auto& [name, map] : Maps()) {
    CheckValues<float>(name, map);
    CheckValues<double>(name, map);
  }
}

// Parameters that make other branches of a kernel.
TEST_P(OnTarget, MapParameters) {
  const auto check = [](const std::string& name, const Numbers& params) {
    SCOPED_TRACE(::testing::Message() << name << " of " << params[0]);
    Map map = Maps().at(name);
    map.params = params;
    CheckValues<float>(name, map);
    CheckValues<double>(name, map);
  };
  for (const double p : {0.0, 1.0, 3.5, -2.5, 7.0, -3.0, 1.0 / 3, kInfinity, -kInfinity, kNaN}) check("pow_scalar", {p});
  for (const double p : {0.0, -0.0, 1.0, -1.0, -0.7, 2.0, kInfinity, -kInfinity, kNaN}) check("rpow_scalar", {p});
  for (const double p : {0.0, -0.5, 2.0}) check("elu", {p}), check("elu_backward", {p}), check("leaky_relu", {p});
  check("softplus", {1, 20}), check("softplus_backward", {1, 20});
  check("softplus", {0.25, 5}), check("softplus_backward", {0.25, 5});
  check("clamp", {2, -2}), check("clamp", {-kInfinity, 0.5}), check("clamp", {0, 0});
  check("add_scaled", {1}), check("add_scaled", {-1}), check("addcmul", {1}), check("addcdiv", {1});
}

// The powers that torch takes to be products and roots.
TEST_P(OnTarget, PowersOfTheirOwn) {
  const auto check = [](double power, auto reference) {
    const auto in_type = [&](auto zero) {
      using T = decltype(zero);
      const Array<T> in = ArrayOf(Samples<T>());
      Array<T> out(in.shape(), Layout::kDense);
      RunKernel("pow_scalar", {out.view(), in.view()}, {power});
      for (size_t i = 0; i < out.size(); ++i) {
        const T want = reference(in[i]);
        EXPECT_TRUE(std::isnan(want) ? std::isnan(out[i]) : std::memcmp(&out[i], &want, sizeof(T)) == 0)
            << in[i] << " to the power of " << power << " is " << out[i] << ", expected " << want;
      }
    };
    in_type(0.0f);
    in_type(0.0);
  };
  check(2, [](auto x) { return x * x; });
  check(3, [](auto x) { return x * x * x; });
  check(-1, [](auto x) { return decltype(x)(1) / x; });
  check(-2, [](auto x) { return decltype(x)(1) / (x * x); });
  check(0.5, [](auto x) { return std::sqrt(x); });
  check(-0.5, [](auto x) { return decltype(x)(1) / std::sqrt(x); });
}

// Halves -------------------------------------------------------------------------------------------------------------

// A half's result is the float's, rounded once.
template <typename Half>
void CheckHalves(const std::string& name, const Map& map, Layout layout) {
  const int num_inputs = NumInputs(name);
  const auto inputs = Inputs<float>(num_inputs);
  std::vector<Array<Half>> in;
  std::vector<Array<float>> wide;
  std::vector<PlannedView> views(1);
  std::vector<PlannedView> wide_views(1);
  for (int v = 0; v < num_inputs; ++v) {
    std::vector<Half> values;
    for (const float x : inputs[static_cast<size_t>(v)]) values.push_back(Half::From(x));
    in.push_back(ArrayOf(values, layout));
    std::vector<float> widened;
    for (const Half x : values) widened.push_back(x.ToFloat());
    wide.push_back(ArrayOf(widened));
    views.push_back(in.back().view());
    wide_views.push_back(wide.back().view());
  }
  Array<Half> out(in[0].shape(), layout);
  Array<float> wide_out(in[0].shape(), Layout::kDense);
  views[0] = out.view();
  wide_views[0] = wide_out.view();
  RunKernel(name, views, map.params);
  RunKernel(name, wide_views, map.params);
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_EQ(out[i].bits, Half::From(wide_out[i]).bits) << name << " of " << wide[0][i];
  }
  views[0] = views.back();
  RunKernel(name, views, map.params);
  EXPECT_TRUE(SameBits(in.back().Values(), out.Values())) << name << " in place";
}

TEST_P(OnTarget, MapsOfHalves) {
  for (const auto& [name, map] : Maps()) {
    CheckHalves<Float16>(name, map, Layout::kDense);
    CheckHalves<BFloat16>(name, map, Layout::kGapped);
  }
}

}  // namespace
}  // namespace evenkeel
