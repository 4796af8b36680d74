// Kernels on small awkward views, for each of their dtypes, on every instruction set of this machine, against the plainest
// loops that say the same. Built with the address and undefined-behaviour sanitizers this also shows that kernels stay inside
// arrays of exactly the right size. Here: matrices, convolution and random fills; the other files of this program have the rest.
// A new row of kernels.def needs a reference in one of them.
#include <map>

#include "blas.h"
#include "kernel_tests.h"
#include "kernels.h"
#include "rng/reference.h"

namespace evenkeel {
namespace {

// OpenBLAS on one thread, as in the addon.
class OneThreadedBlas : public ::testing::Environment {
  void SetUp() override { blas::Initialize(); }
};
const auto* const blas_environment = ::testing::AddGlobalTestEnvironment(new OneThreadedBlas);

std::string TargetName(const ::testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(, OnTarget, ::testing::ValuesIn(simd::SupportedTargets()), TargetName);

const References references = References::Of({"gemm", "conv2d", "haar_orthogonal",
                                              // These are in random_test.cc and random_distributions_test.cc.
                                              "integers", "permutation", "sparse_zero"});

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

const References fill_references = References::Of(Fills());

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

TEST(Table, EveryRowHasAReference) {
  for (int id = 0; id < kNumKernels; ++id) {
    const std::string name = kKernels[id].name;
    // mt19937's, convolutions, linear layers, those without a weight and pooling have test programs of their own.
    if (name.rfind("mt_", 0) == 0 || name.rfind("conv", 0) == 0 || name.rfind("linear", 0) == 0) continue;
    if (name.rfind("random_linear", 0) == 0) continue;
    // evenkeel/blas is compared with a slow reference through its public calls, in test/blas.
    if (name.rfind("blas_", 0) == 0) continue;
    if (name.find("_pool2d") != std::string::npos) continue;
    EXPECT_EQ(ReferencedKernels().count(name), 1u)
        << "kernels.def has a row '" << name << "': give it a reference in one of the test files";
  }
}

}  // namespace
}  // namespace evenkeel
