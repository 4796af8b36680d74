// Every row of kernels.def on small awkward views, for each of its dtypes, on every instruction set of this machine,
// against the plainest loops that say the same. Built with the address and undefined-behaviour sanitizers this also shows
// that kernels stay inside arrays of exactly the right size. A new row needs a reference here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "arrays.h"
#include "blas.h"
#include "kernels.h"
#include "parallel.h"
#include "rng/reference.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

// OpenBLAS on one thread, as in the addon.
class OneThreadedBlas : public ::testing::Environment {
  void SetUp() override { blas::Initialize(); }
};
const auto* const blas_environment = ::testing::AddGlobalTestEnvironment(new OneThreadedBlas);

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const Sizes kShapes[] = {{},           {1},       {0},       {5},          {17},    {2, 3},
                         {3, 0, 2},    {1, 1, 1}, {7, 1, 5}, {4, 3, 2, 5}, {9, 33}, {2, 1, 2, 3, 1, 2, 1, 2},
                         {2, 2, 2, 2, 2, 2, 2, 2}, {1030}, {2, 1100}};

// Within `tolerance` of the larger magnitude or of 1; NaN matches NaN alone.
::testing::AssertionResult Near(double got, double want, double tolerance) {
  if (std::isnan(got) && std::isnan(want)) return ::testing::AssertionSuccess();
  if (got == want) return ::testing::AssertionSuccess();
  const double scale = std::max({1.0, std::abs(got), std::abs(want)});
  if (std::isfinite(scale) && std::abs(got - want) <= tolerance * scale) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << got << " where the reference has " << want;
}

template <typename T>
constexpr double kEpsilon = static_cast<double>(std::numeric_limits<T>::epsilon());

template <typename T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// Element by element -------------------------------------------------------------------------------------------------

struct Map {
  // How many units in the last place the kernel may be off.
  double ulps;
  std::vector<double> params;
  float (*single)(const float* x, const double* p);
  double (*twice)(const double* x, const double* p);

  float operator()(const float* x) const { return single(x, params.data()); }
  double operator()(const double* x) const { return twice(x, params.data()); }
};

// `x` are the inputs; P(i) is parameter i in their type.
#define MAP_REFERENCE(name, ulps, params, expression)                               \
  {                                                                                 \
#name, {                                                                        \
      ulps, params, [](const float* x, const double* p) -> float {                  \
        using T = float;                                                            \
        const auto P = [p](int i) { return static_cast<T>(p[i]); };                 \
        (void)x, (void)P;                                                           \
        return expression;                                                          \
      },                                                                            \
          [](const double* x, const double* p) -> double {                          \
            using T = double;                                                       \
            const auto P = [p](int i) { return static_cast<T>(p[i]); };             \
            (void)x, (void)P;                                                       \
            return expression;                                                      \
          }                                                                         \
    }                                                                               \
  }

using Numbers = std::vector<double>;

const std::map<std::string, Map>& Maps() {
  static const std::map<std::string, Map> maps = {
      MAP_REFERENCE(fill, 0, Numbers({0.3}), P(0)),
      MAP_REFERENCE(neg, 0, Numbers(), -x[0]),
      MAP_REFERENCE(sqrt, 0, Numbers(), std::sqrt(x[0])),
      MAP_REFERENCE(rsqrt, 0, Numbers(), T(1) / std::sqrt(x[0])),
      MAP_REFERENCE(exp, 4, Numbers(), std::exp(x[0])),
      MAP_REFERENCE(tanh, 8, Numbers(), std::tanh(x[0])),
      MAP_REFERENCE(relu, 0, Numbers(), x[0] < 0 ? T(0) : x[0]),
      MAP_REFERENCE(clamp, 0, Numbers({-0.5, 1.25}), x[0] < P(0) ? P(0) : x[0] > P(1) ? P(1) : x[0]),
      MAP_REFERENCE(add, 0, Numbers(), x[0] + x[1]),
      MAP_REFERENCE(sub, 0, Numbers(), x[0] - x[1]),
      MAP_REFERENCE(mul, 0, Numbers(), x[0] * x[1]),
      MAP_REFERENCE(div, 0, Numbers(), x[0] / x[1]),
      MAP_REFERENCE(add_scalar, 0, Numbers({1.7}), x[0] + P(0)),
      MAP_REFERENCE(sub_scalar, 0, Numbers({1.7}), x[0] - P(0)),
      MAP_REFERENCE(mul_scalar, 0, Numbers({1.7}), x[0] * P(0)),
      MAP_REFERENCE(div_scalar, 0, Numbers({1.7}), x[0] / P(0)),
  };
  return maps;
}

// What inputs hold: ordinary numbers, and every so often one that is not.
double Unusual(size_t i) {
  constexpr double kOdd[] = {0.0, -0.0, 1, -1, kInfinity, -kInfinity, kNaN, 1e30, -1e30, 1e-42, 20, -20};
  return i % 5 == 3 ? kOdd[i / 5 % 12] : Scrambled(i);
}

template <typename T>
void CheckMap(const std::string& name, const Map& map, int num_inputs, const Sizes& shape, Layout out_layout,
              const std::vector<Layout>& in_layouts) {
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
    T x[2] = {};
    for (int v = 0; v < num_inputs; ++v) x[v] = in[static_cast<size_t>(v)][i];
    const T want = map(x);
    // Relative to the value itself: results of exp span many magnitudes.
    const double scale = std::isfinite(want) && want != 0 ? std::abs(static_cast<double>(want)) : 1.0;
    ASSERT_TRUE(Near(static_cast<double>(out[i]) / scale, static_cast<double>(want) / scale, map.ulps * kEpsilon<T>))
        << "element " << i << " of " << name << "(" << x[0] << ", " << x[1] << ")";
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps)) << "wrote between the output's elements";
}

// Every way to lay out output and inputs, near enough: calls check(out layout, in layouts).
template <typename Check>
void ForEachLayout(Check&& check) {
  constexpr size_t kIn = std::size(kInputLayouts);
  for (const Layout out : kOutputLayouts) {
    for (size_t i = 0; i < kIn; ++i) {
      const Layout other = kInputLayouts[(i * 3 + static_cast<size_t>(out)) % kIn];
      check(out, std::vector<Layout>{kInputLayouts[i], other});
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

// Runs on one instruction set.
class OnTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { simd::ForceTarget(GetParam()); }
  void TearDown() override { simd::ForceTarget(simd::SupportedTargets().front()); }
};

std::string TargetName(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(, OnTarget, ::testing::ValuesIn(simd::SupportedTargets()), TargetName);

TEST_P(OnTarget, Maps) {
  for (const auto& [name, map] : Maps()) {
    SCOPED_TRACE(name);
    const int inputs = kKernels[KernelId(name)].num_views - 1;
    for (const Sizes& shape : kShapes) {
      SCOPED_TRACE(Describe(shape));
      ForEachLayout([&, &name = name, &map = map](Layout out, const std::vector<Layout>& in) {
        CheckMap<float>(name, map, inputs, shape, out, in);
        CheckMap<double>(name, map, inputs, shape, out, in);
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(OnTarget, MapsOnSeveralThreads) {
  for (const auto& [name, map] : Maps()) {
    SCOPED_TRACE(name);
    const int inputs = kKernels[KernelId(name)].num_views - 1;
    for (const Layout in : {Layout::kDense, Layout::kReversed, Layout::kBroadcast}) {
      CheckMap<float>(name, map, inputs, {2, 3, 12000}, Layout::kDense, {in, Layout::kDense});
      CheckMap<double>(name, map, inputs, {257, 300}, Layout::kPadded, {Layout::kGapped, in});
      if (HasFatalFailure()) return;
    }
  }
}

template <typename T>
void CheckMapInPlace(const std::string& name, const Map& map, const Sizes& shape, Layout layout) {
  const int inputs = kKernels[KernelId(name)].num_views - 1;
  Array<T> array(shape, layout);
  array.Fill(Unusual);
  const std::vector<T> before = array.Values();
  RunKernel(name, std::vector<PlannedView>(static_cast<size_t>(inputs) + 1, array.view()), map.params);
  for (size_t i = 0; i < array.size(); ++i) {
    const T x[2] = {before[i], before[i]};
    const T want = map(x);
    const double scale = std::isfinite(want) && want != 0 ? std::abs(static_cast<double>(want)) : 1.0;
    ASSERT_TRUE(Near(static_cast<double>(array[i]) / scale, static_cast<double>(want) / scale, map.ulps * kEpsilon<T>))
        << "element " << i;
  }
}

TEST_P(OnTarget, MapsInPlace) {
  for (const auto& [name, map] : Maps()) {
    SCOPED_TRACE(name);
    for (const Layout layout : kOutputLayouts) {
      CheckMapInPlace<float>(name, map, {7, 43}, layout);
      CheckMapInPlace<double>(name, map, {3, 1100}, layout);
      if (HasFatalFailure()) return;
    }
  }
}

// Copies --------------------------------------------------------------------------------------------------------------

template <typename From, typename To>
void CheckCopy(const Sizes& shape, Layout out_layout, Layout in_layout) {
  Array<To> out(shape, out_layout);
  Array<From> in(shape, in_layout);
  in.Fill(Unusual);
  const std::vector<To> gaps = out.Gaps();
  RunKernel("copy", {out.view(), in.view()});
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_TRUE(Near(static_cast<double>(out[i]), static_cast<double>(static_cast<To>(in[i])), 0)) << "element " << i;
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Copy, ConvertsAndRearranges) {
  SetNumThreads(3);
  std::vector<Sizes> shapes(std::begin(kShapes), std::end(kShapes));
  // Tiles of transposed copies, whole and ragged; several threads.
  shapes.insert(shapes.end(), {{33, 65}, {2, 40, 70}, {3, 2, 35, 31}, {300, 301}});
  for (const Sizes& shape : shapes) {
    SCOPED_TRACE(Describe(shape));
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      CheckCopy<float, float>(shape, out, in[0]);
      CheckCopy<float, double>(shape, out, in[0]);
      CheckCopy<double, float>(shape, out, in[0]);
      CheckCopy<double, double>(shape, out, in[0]);
    });
    if (HasFatalFailure()) return;
  }
}

template <typename From, typename To>
void CheckConversion(const Sizes& shape, Layout out_layout, Layout in_layout) {
  // What the numbers become is for others to test; here, that it is the same wherever they lie.
  Array<From> in(shape, in_layout);
  in.Fill([](size_t i) {
    if constexpr (std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>) {
      return From::From(static_cast<float>(Unusual(i)));
    } else if constexpr (std::is_same_v<From, Bool>) {
      return Bool{static_cast<uint8_t>(i % 3 == 0)};
    } else if constexpr (std::is_integral_v<From>) {
      return static_cast<From>(i * 0x9E3779B97F4A7C15u);
    } else {
      return Unusual(i);
    }
  });
  Array<To> dense(shape, Layout::kDense);
  Array<From> moved(shape, Layout::kDense);
  for (size_t i = 0; i < in.size(); ++i) moved[i] = in[i];
  RunKernel("copy", {dense.view(), moved.view()});
  Array<To> out(shape, out_layout);
  const std::vector<To> gaps = out.Gaps();
  RunKernel("copy", {out.view(), in.view()});
  ASSERT_TRUE(SameBits(out.Values(), dense.Values()));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

template <typename... All>
struct DTypes {
  // Calls visit(From{}, To{}) for each pair.
  template <typename Visit>
  static void ForEachPair(Visit&& visit) {
    (ForEachTo<All>(visit), ...);
  }
  template <typename From, typename Visit>
  static void ForEachTo(Visit&& visit) {
    (visit(From{}, All{}), ...);
  }
};

TEST(Copy, EveryPairOfDTypes) {
  using Tensors = DTypes<float, double, Float16, BFloat16, int64_t, int32_t, uint8_t, Bool>;
  Tensors::ForEachPair([](auto from, auto to) {
    for (const Sizes& shape : {Sizes{}, {3, 0}, {5, 7}, {33, 65}, {2, 1, 3, 1, 2, 1, 2, 5}}) {
      SCOPED_TRACE(Describe(shape));
      ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
        CheckConversion<decltype(from), decltype(to)>(shape, out, in[0]);
      });
    }
  });
}

// Reductions ----------------------------------------------------------------------------------------------------------

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
      {"min", {{{}}, [](N x, N) { return ExtremeOf(x, -1); }}},
      {"max", {{{}}, [](N x, N) { return ExtremeOf(x, 1); }}},
      {"norm", {{{2}, {1}, {0}, {3}, {kInfinity}, {-kInfinity}}, [](N x, N p) { return NormOf(x, p[0]); }}},
  };
  return folds;
}

// `mask` has bit d set where dimension d goes.
template <typename T>
void CheckFold(const std::string& name, const Fold& fold, const Sizes& shape, unsigned mask, Layout out_layout,
               Layout in_layout) {
  Sizes out_shape = shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (mask >> d & 1) out_shape[d] = 1;
  }
  Array<T> in(shape, in_layout);
  in.Fill([&](size_t i) { return i == 23 && (name == "min" || name == "max") ? kNaN : i % 11 == 5 ? 0 : Scrambled(i); });
  // Which elements belong to which output: count through the shape.
  std::vector<Numbers> groups(static_cast<size_t>(Count(out_shape)));
  Sizes index(shape.size());
  for (size_t i = 0; i < in.size(); ++i) {
    int64_t group = 0;
    for (size_t d = 0; d < shape.size(); ++d) group = group * out_shape[d] + (out_shape[d] == 1 ? 0 : index[d]);
    groups[static_cast<size_t>(group)].push_back(static_cast<double>(in[i]));
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  for (const Numbers& params : fold.params) {
    Array<T> out(out_shape, out_layout);
    out.Fill([](size_t i) { return 1000.0 + static_cast<double>(i); });
    const std::vector<T> gaps = out.Gaps();
    RunKernel(name, {out.view(), in.view()}, params);
    for (size_t i = 0; i < out.size(); ++i) {
      const double want = static_cast<double>(static_cast<T>(fold.of(groups[i], params)));
      ASSERT_TRUE(Near(static_cast<double>(out[i]), want, std::max(2 * kEpsilon<T>, 1e-12)))
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
      // All sets of dimensions of small shapes, some of large ones.
      const unsigned all = 1u << shape.size();
      for (unsigned mask = 0; mask < all; mask += shape.size() > 4 ? 37 : 1) {
        size_t i = mask;
        for (const Layout in : kInputLayouts) {
          const Layout out = kOutputLayouts[i++ % std::size(kOutputLayouts)];
          CheckFold<float>(name, fold, shape, mask, out, in);
          CheckFold<double>(name, fold, shape, mask, out, in);
          if (HasFatalFailure()) return;
        }
      }
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
    if (HasFatalFailure()) return;
  }
}

// Random fills --------------------------------------------------------------------------------------------------------

// The scalar kernels of rng/reference.h, by the name of the vector kernel.
const std::map<std::string, KernelFunction>& Fills() {
  static const std::map<std::string, KernelFunction> fills = {
      {"random_bits", reference::RandomBits},
      {"uniform", reference::Uniform},
      {"normal", reference::Normal},
      {"truncated_normal", reference::TruncatedNormal},
      {"exponential", reference::Exponential},
      {"bernoulli", reference::Bernoulli},
  };
  return fills;
}

constexpr double kState[] = {0x12345678, 0x9abcdef0, 0x0badcafe, 0xdeadbeef};

std::vector<double> FillParams(const Kernel& kernel, double position) {
  std::vector<double> params(std::begin(kState), std::end(kState));
  params.push_back(position);
  for (size_t i = params.size(); i < static_cast<size_t>(kernel.num_params); ++i) {
    params.push_back(-0.25 + 1.5 * static_cast<double>(i - 5));
  }
  return params;
}

template <typename T>
void CheckFill(const std::string& name, KernelFunction reference, const Sizes& shape, Layout layout, double position) {
  Array<T> got(shape, layout);
  Array<T> want(shape, layout);
  const auto unwritten = [](size_t i) { return 1000 + i; };
  got.Fill(unwritten);
  want.Fill(unwritten);
  PlanBuilder plan(name);
  plan.params = FillParams(kKernels[KernelId(name)], position);
  plan.views = {got.view()};
  const Plan fill = plan.Decode();
  fill.kernel->function(fill);
  plan.views = {want.view()};
  reference(plan.Decode());
  ASSERT_TRUE(SameBits(got.Values(), want.Values()));
  ASSERT_TRUE(SameBits(got.Gaps(), want.Gaps()));
}

TEST_P(OnTarget, Fills) {
  SetNumThreads(3);
  for (const auto& [name, reference] : Fills()) {
    SCOPED_TRACE(name);
    std::vector<Sizes> shapes(std::begin(kShapes), std::end(kShapes));
    shapes.push_back({3, 30001});
    for (const Sizes& shape : shapes) {
      SCOPED_TRACE(Describe(shape));
      for (const Layout layout : kOutputLayouts) {
        if (Count(shape) > 10000 && layout != Layout::kDense && layout != Layout::kPadded) continue;
        for (const double position : {3.0, 9007199254740991.0}) {
          if (kKernels[KernelId(name)].dtypes == kWords) {
            CheckFill<uint32_t>(name, reference, shape, layout, position);
          } else {
            CheckFill<float>(name, reference, shape, layout, position);
            CheckFill<double>(name, reference, shape, layout, position);
          }
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Fills, RefuseBadStreamsBeforeTheyWrite) {
  for (const auto& [name, reference] : Fills()) {
    if (kKernels[KernelId(name)].dtypes == kWords) continue;
    for (int p = 0; p < 5; ++p) {
      for (const double bad : {-1.0, kNaN, kInfinity, p < 4 ? 4294967296.0 : 9007199254740992.0}) {
        Array<float> out({100, 1000}, Layout::kDense);
        std::vector<double> params = FillParams(kKernels[KernelId(name)], 0);
        params[static_cast<size_t>(p)] = bad;
        EXPECT_THROW(RunKernel(name, {out.view()}, params), PlanError) << name << " parameter " << p << " = " << bad;
        for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], 0);
      }
    }
  }
}

// Fills from mt19937, whose values depend on the layout: they have tests of their own. Here: the same twice, nothing
// written in between, and the generator moves on.
template <typename T>
void CheckMtFill(const Kernel& kernel, const std::vector<double>& params, const Sizes& shape, Layout layout) {
  std::vector<T> values[2];
  std::vector<uint32_t> states[2];
  for (int round = 0; round < 2; ++round) {
    Array<uint32_t> state({631}, Layout::kOffset);
    RunKernel("mt_seed", {state.view()}, {0, 42, 0, 0, 0, 0, 0, 0, 0});
    const std::vector<uint32_t> seeded = state.Values();
    Array<T> out(shape, layout);
    const std::vector<T> gaps = out.Gaps();
    RunKernel(kernel.name, {out.view(), state.view()}, params);
    ASSERT_TRUE(SameBits(out.Gaps(), gaps));
    values[round] = out.Values();
    states[round] = state.Values();
    if (out.size() > 1) {
      ASSERT_FALSE(SameBits(states[round], seeded));
    }
  }
  ASSERT_TRUE(SameBits(values[0], values[1]));
  ASSERT_TRUE(SameBits(states[0], states[1]));
}

TEST_P(OnTarget, MtFills) {
  SetNumThreads(3);
  const std::map<std::string, std::vector<double>> params = {
      {"mt_uniform", {-1, 2}},          {"mt_normal", {0.5, 2}},
      {"mt_trunc_normal", {0, 1, 1, 2}}, {"mt_exponential", {2}},
      {"mt_bernoulli", {0.3}},          {"mt_randint", {0, 3, 0, 7, 0}},
  };
  for (int id = 0; id < kNumKernels; ++id) {
    const Kernel& kernel = kKernels[id];
    const std::string name = kernel.name;
    if (name.rfind("mt_", 0) != 0 || name == "mt_seed") continue;
    SCOPED_TRACE(name);
    const auto with = params.find(name);
    const std::vector<double> numbers = with == params.end() ? std::vector<double>() : with->second;
    std::vector<Sizes> shapes(std::begin(kShapes), std::end(kShapes));
    shapes.push_back({70001});
    for (const Sizes& shape : shapes) {
      if (name == "mt_randperm" && shape.size() != 1) continue;
      SCOPED_TRACE(Describe(shape));
      for (const Layout layout : kOutputLayouts) {
        if (Count(shape) > 10000 && layout != Layout::kDense) continue;
        if (kernel.dtypes == kWords) {
          CheckMtFill<uint32_t>(kernel, numbers, shape, layout);
        } else {
          CheckMtFill<float>(kernel, numbers, shape, layout);
          CheckMtFill<double>(kernel, numbers, shape, layout);
        }
        if (kernel.dtypes == kAllTensors) {
          CheckMtFill<BFloat16>(kernel, numbers, shape, layout);
          CheckMtFill<int64_t>(kernel, numbers, shape, layout);
          CheckMtFill<Bool>(kernel, numbers, shape, layout);
        }
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Matrices ------------------------------------------------------------------------------------------------------------

template <typename T>
void CheckGemm(const Sizes& mnk, Layout out_layout, Layout a_layout, Layout b_layout, double alpha, double beta) {
  const int64_t m = mnk[0], n = mnk[1], k = mnk[2];
  Array<T> out({m, n}, out_layout);
  Array<T> a({m, k}, a_layout);
  Array<T> b({k, n}, b_layout);
  a.Fill(Scrambled);
  b.Fill([](size_t i) { return Scrambled(i + 1000); });
  // With beta = 0 nothing of the old contents may survive.
  out.Fill([&](size_t i) { return beta == 0 ? kNaN : Scrambled(i + 2000); });
  const std::vector<T> before = out.Values();
  const std::vector<T> gaps = out.Gaps();
  RunKernel("gemm", {out.view(), a.view(), b.view()}, {alpha, beta});
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += static_cast<double>(a[static_cast<size_t>(i * k + l)]) * static_cast<double>(b[static_cast<size_t>(l * n + j)]);
      }
      const size_t at = static_cast<size_t>(i * n + j);
      const double want = alpha * sum + (beta == 0 ? 0 : beta * static_cast<double>(before[at]));
      ASSERT_TRUE(Near(static_cast<double>(out[at]), want, 2 * static_cast<double>(k + 2) * kEpsilon<T>))
          << "element " << i << ", " << j;
    }
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Gemm, AllShapesAndLayouts) {
  std::vector<Sizes> sizes;
  for (const int64_t m : {0, 1, 2, 5, 33}) {
    for (const int64_t n : {0, 1, 2, 5, 33}) {
      for (const int64_t k : {0, 1, 2, 7, 40}) sizes.push_back({m, n, k});
    }
  }
  const Layout outs[] = {Layout::kDense, Layout::kOffset, Layout::kPadded};
  const Layout ins[] = {Layout::kDense, Layout::kReversed, Layout::kPadded, Layout::kOffset};
  for (const Sizes& mnk : sizes) {
    SCOPED_TRACE(Describe(mnk));
    size_t round = 0;
    for (const Layout out : outs) {
      for (const Layout a : ins) {
        const Layout b = ins[(round * 3 + static_cast<size_t>(mnk[0])) % std::size(ins)];
        const double alpha = round % 3 == 0 ? 1 : -0.5;
        const double beta = round % 2 == 0 ? 0 : 0.75;
        CheckGemm<float>(mnk, out, a, b, alpha, beta);
        CheckGemm<double>(mnk, out, a, b, alpha, beta);
        if (HasFatalFailure()) return;
        ++round;
      }
    }
  }
}

TEST(Gemm, OnSeveralThreads) {
  SetNumThreads(3);
  for (const Sizes& mnk : {Sizes{130, 129, 70}, {70, 250, 61}, {5, 40000, 3}, {40000, 1, 9}, {1, 40000, 9}}) {
    SCOPED_TRACE(Describe(mnk));
    CheckGemm<float>(mnk, Layout::kPadded, Layout::kDense, Layout::kReversed, 1, 0.75);
    CheckGemm<double>(mnk, Layout::kDense, Layout::kReversed, Layout::kPadded, 1, 0);
    if (HasFatalFailure()) return;
  }
}

TEST(Gemm, VectorsWithGaps) {
  for (const Layout vector : {Layout::kDense, Layout::kGapped, Layout::kOffset}) {
    for (const Layout matrix : {Layout::kDense, Layout::kReversed, Layout::kPadded}) {
      CheckGemm<float>({37, 1, 5}, vector, matrix, vector, 1, 0);
      CheckGemm<double>({1, 37, 5}, vector, vector, matrix, 1, 1);
      CheckGemm<float>({1, 1, 37}, vector, vector, vector, 1, 0);
      CheckGemm<double>({1, 1, 1}, vector, vector, vector, 2, 1);
      if (HasFatalFailure()) return;
    }
  }
}

// BLAS would do nothing, and say so on standard error at most.
TEST(Gemm, RefusesStridesThatBlasCannotAddress) {
  const auto refuses = [](const Sizes& mnk, Layout out_layout, Layout a_layout, Layout b_layout) {
    Array<float> out({mnk[0], mnk[1]}, out_layout);
    Array<float> a({mnk[0], mnk[2]}, a_layout);
    Array<float> b({mnk[2], mnk[1]}, b_layout);
    EXPECT_THROW(RunKernel("gemm", {out.view(), a.view(), b.view()}, {1, 0}), std::invalid_argument);
    for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], 0);
  };
  constexpr Layout kDense = Layout::kDense;
  refuses({4, 3, 2}, kDense, Layout::kGapped, kDense);
  refuses({4, 3, 2}, kDense, kDense, Layout::kGapped);
  refuses({4, 3, 2}, Layout::kGapped, kDense, kDense);
  refuses({4, 3, 2}, Layout::kReversed, kDense, kDense);
  for (const Layout repeated : {Layout::kRepeated, Layout::kBroadcast}) {
    refuses({4, 3, 2}, kDense, repeated, kDense);
    refuses({4, 3, 2}, kDense, kDense, repeated);
    refuses({4, 1, 2}, kDense, repeated, kDense);
    refuses({4, 1, 2}, kDense, kDense, Layout::kRepeated);
    refuses({1, 4, 2}, kDense, kDense, repeated);
    refuses({1, 4, 2}, kDense, Layout::kRepeated, kDense);
  }
}

template <typename T>
void CheckLinear(const Sizes& mnk, Layout x_layout, Layout w_layout, bool has_bias, bool relu) {
  const int64_t m = mnk[0], n = mnk[1], k = mnk[2];
  Array<T> out({m, n}, Layout::kPadded);
  Array<T> x({m, k}, x_layout);
  Array<T> w({n, k}, w_layout);
  Array<T> bias({n}, Layout::kOffset);
  out.Fill([](size_t) { return kNaN; });
  x.Fill(Scrambled);
  w.Fill([](size_t i) { return Scrambled(i + 1000); });
  bias.Fill([](size_t i) { return Scrambled(i + 2000); });
  // NaN goes through the activation.
  if (m > 1 && k > 0) x[0] = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> gaps = out.Gaps();
  std::vector<PlannedView> views = {out.view(), x.view(), w.view()};
  if (has_bias) views.push_back(bias.view());
  RunKernel(has_bias ? "linear_bias" : "linear", views, {relu ? 1.0 : 0.0});
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = has_bias ? static_cast<double>(bias[static_cast<size_t>(j)]) : 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += static_cast<double>(x[static_cast<size_t>(i * k + l)]) * static_cast<double>(w[static_cast<size_t>(j * k + l)]);
      }
      if (relu && sum < 0) sum = 0;
      ASSERT_TRUE(Near(static_cast<double>(out[static_cast<size_t>(i * n + j)]), sum, 2 * static_cast<double>(k + 2) * kEpsilon<T>))
          << "element " << i << ", " << j;
    }
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST_P(OnTarget, Linear) {
  SetNumThreads(3);
  std::vector<Sizes> sizes;
  for (const int64_t m : {0, 1, 2, 5, 33}) {
    for (const int64_t n : {0, 1, 6, 20}) {
      for (const int64_t k : {0, 1, 7, 40}) sizes.push_back({m, n, k});
    }
  }
  // The last ones by dot products, all of their edges ragged; and large enough for several threads.
  sizes.insert(sizes.end(), {{1, 700, 900}, {200, 210, 60}, {4, 400, 256}, {35, 38, 300}, {6, 333, 263}, {150, 13, 257}, {130, 70, 280}});
  for (const Sizes& mnk : sizes) {
    SCOPED_TRACE(Describe(mnk));
    for (const bool has_bias : {false, true}) {
      for (const bool relu : {false, true}) {
        CheckLinear<float>(mnk, Layout::kDense, Layout::kOffset, has_bias, relu);
        CheckLinear<double>(mnk, Layout::kPadded, Layout::kDense, has_bias, relu);
      }
    }
    CheckLinear<float>(mnk, Layout::kReversed, Layout::kDense, true, true);
    CheckLinear<double>(mnk, Layout::kDense, Layout::kReversed, true, false);
    if (HasFatalFailure()) return;
  }
}

TEST(Linear, RefusesStridesThatBlasCannotAddress) {
  const auto refuses = [](Layout out_layout, Layout x_layout, Layout w_layout) {
    Array<float> out({4, 3}, out_layout);
    Array<float> x({4, 2}, x_layout);
    Array<float> w({3, 2}, w_layout);
    EXPECT_THROW(RunKernel("linear", {out.view(), x.view(), w.view()}, {0}), std::invalid_argument);
    for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], 0);
  };
  refuses(Layout::kDense, Layout::kGapped, Layout::kDense);
  refuses(Layout::kDense, Layout::kDense, Layout::kBroadcast);
  refuses(Layout::kDense, Layout::kRepeated, Layout::kDense);
  refuses(Layout::kGapped, Layout::kDense, Layout::kDense);
  refuses(Layout::kReversed, Layout::kDense, Layout::kDense);
}

template <typename T>
void CheckQr(int64_t m, int64_t n, bool zeros) {
  SCOPED_TRACE(Describe({m, n}));
  Array<T> q({m, n}, Layout::kReversed);
  Array<T> r({n, n}, Layout::kDense);
  if (!zeros) q.Fill(Scrambled);
  r.Fill([](size_t) { return kNaN; });
  const std::vector<T> a = q.Values();
  RunKernel("qr", {q.view(), r.view()});
  const auto Q = [&](int64_t i, int64_t j) { return static_cast<double>(q[static_cast<size_t>(i * n + j)]); };
  const auto R = [&](int64_t i, int64_t j) { return static_cast<double>(r[static_cast<size_t>(i * n + j)]); };
  const double tolerance = static_cast<double>(10 * (m + 1)) * kEpsilon<T>;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double product = 0;
      for (int64_t l = 0; l < n; ++l) product += Q(i, l) * R(l, j);
      ASSERT_TRUE(Near(product, static_cast<double>(a[static_cast<size_t>(i * n + j)]), tolerance));
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double dot = 0;
      for (int64_t l = 0; l < m; ++l) dot += Q(l, i) * Q(l, j);
      ASSERT_TRUE(Near(dot, i == j ? 1 : 0, tolerance));
      if (i > j) {
        ASSERT_EQ(R(i, j), 0);
      }
    }
  }
}

TEST(Qr, Decomposes) {
  for (const Sizes& shape : {Sizes{0, 0}, {5, 0}, {1, 1}, {5, 1}, {2, 2}, {5, 3}, {33, 33}, {70, 40}}) {
    for (const bool zeros : {false, true}) {
      CheckQr<float>(shape[0], shape[1], zeros);
      CheckQr<double>(shape[0], shape[1], zeros);
      if (HasFatalFailure()) return;
    }
  }
}

template <typename T>
void CheckHaar(int64_t rows, int64_t columns, double gain) {
  SCOPED_TRACE(Describe({rows, columns}));
  Array<T> q({rows, columns}, Layout::kOffset);
  q.Fill([](size_t) { return kNaN; });
  std::vector<double> params(std::begin(kState), std::end(kState));
  params.insert(params.end(), {7.0, gain});
  const int64_t small = std::min(rows, columns);
  RunKernel("haar_orthogonal", {q.view()}, params);
  const auto Q = [&](int64_t i, int64_t j) {
    return static_cast<double>(q[static_cast<size_t>(rows >= columns ? i * columns + j : j * columns + i)]);
  };
  for (int64_t i = 0; i < small; ++i) {
    for (int64_t j = 0; j < small; ++j) {
      double dot = 0;
      for (int64_t l = 0; l < std::max(rows, columns); ++l) dot += Q(l, i) * Q(l, j);
      ASSERT_TRUE(Near(dot, i == j ? gain * gain : 0, 100 * kEpsilon<T>)) << i << ", " << j;
    }
  }
}

TEST(Haar, Orthogonal) {
  for (const Sizes& shape : {Sizes{0, 3}, {1, 1}, {5, 1}, {1, 5}, {5, 3}, {3, 5}, {65, 64}, {64, 130}, {140, 129}}) {
    CheckHaar<float>(shape[0], shape[1], 1);
    CheckHaar<double>(shape[0], shape[1], 1.5);
    if (HasFatalFailure()) return;
  }
}

// -----------------------------------------------------------------------------------------------------------------------

TEST(Table, EveryRowHasAReferenceHere) {
  // Whole numbers are in random_test.cc and random_distributions_test.cc, convolutions in conv_test.cc, pooling in
  // pool_test.cc.
  const std::set<std::string> own = {"copy",     "gemm",        "linear",     "linear_bias", "qr", "haar_orthogonal",
                                     "integers", "permutation", "sparse_zero"};
  for (int id = 0; id < kNumKernels; ++id) {
    const std::string name = kKernels[id].name;
    if (name.rfind("mt_", 0) == 0 || name.rfind("conv", 0) == 0) continue;
    if (name.find("_pool2d") != std::string::npos) continue;
    EXPECT_EQ(Maps().count(name) + Folds().count(name) + Fills().count(name) + own.count(name), 1u)
        << "kernels.def has a row '" << name << "': give it a reference in kernels_test.cc";
  }
}

}  // namespace
}  // namespace evenkeel
