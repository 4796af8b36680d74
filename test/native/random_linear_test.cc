// Products with weights that are never stored, against the fill kernels' weights and sums in double precision.
#include "kernel_tests.h"

namespace evenkeel {
namespace {

struct Law {
  const char* fill;
  double code;
  std::vector<double> params;
};
const Law kLaws[] = {{"normal", 0, {0.1, 1.5}}, {"uniform", 1, {-0.5, 2}}, {"truncated_normal", 2, {0, 1, -2, 0.5}}};

// An odd position: pairs of normals start anywhere in the stream.
const std::vector<double> kPlace = {0x12345678, 0x9abcdef0, 7, 0x22222223, 1000003};

std::vector<double> ParamsOf(const Law& law) {
  std::vector<double> params = kPlace;
  params.push_back(law.code);
  params.insert(params.end(), law.params.begin(), law.params.end());
  params.resize(10);
  return params;
}

Array<float> WeightOf(const Law& law, int64_t n, int64_t k) {
  Array<float> weight({n, k}, Layout::kDense);
  std::vector<double> params = kPlace;
  params.insert(params.end(), law.params.begin(), law.params.end());
  RunKernel(law.fill, {weight.view()}, params);
  return weight;
}

// [m, columns of the result]
std::vector<float> Product(const Law& law, bool backward, int64_t m, int64_t n, int64_t k) {
  Array<float> x({m, backward ? n : k}, Layout::kOffset);
  Array<float> out({m, backward ? k : n}, Layout::kOffset);
  x.Fill(Scrambled);
  out.Fill([](size_t) { return kNaN; });
  const std::vector<float> gaps = out.Gaps();
  RunKernel(backward ? "random_linear_backward" : "random_linear", {out.view(), x.view()}, ParamsOf(law));
  EXPECT_TRUE(SameBits(out.Gaps(), gaps));
  return out.Values();
}

void Check(const Law& law, int64_t m, int64_t n, int64_t k) {
  const Array<float> weight = WeightOf(law, n, k);
  for (const bool backward : {false, true}) {
    SCOPED_TRACE(std::string(law.fill) + (backward ? " backward " : " ") + Describe({m, n, k}));
    const int64_t inner = backward ? n : k;
    const int64_t columns = backward ? k : n;
    Array<float> x({m, inner}, Layout::kOffset);
    x.Fill(Scrambled);
    const std::vector<float> out = Product(law, backward, m, n, k);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        double size = 0;
        for (int64_t p = 0; p < inner; ++p) {
          const auto at = static_cast<size_t>(backward ? p * k + j : j * k + p);
          const double term = static_cast<double>(x[static_cast<size_t>(i * inner + p)]) * static_cast<double>(weight[at]);
          sum += term;
          size += std::abs(term);
        }
        // Sums of blocks: the error grows with a block's length, not with the sum's.
        const double tolerance = 32 * kEpsilon<float> * size + 1e-30;
        ASSERT_NEAR(static_cast<double>(out[static_cast<size_t>(i * columns + j)]), sum, tolerance) << i << ", " << j;
      }
    }
  }
}

TEST_P(OnTarget, RandomLinear) {
  SetNumThreads(3);
  for (const Law& law : kLaws) {
    for (const int64_t m : {0, 1, 2, 3, 5, 37}) {
      for (const int64_t n : {0, 1, 7, 33}) {
        for (const int64_t k : {0, 1, 2, 9, 130}) Check(law, m, n, k);
      }
    }
    // Rows of several chunks, odd ones too; several threads; batches for which the gradient's columns are split further.
    Check(law, 2, 5, 2048);
    Check(law, 3, 67, 4099);
    Check(law, 1, 700, 301);
    Check(law, 130, 21, 1027);
    if (HasFatalFailure()) return;
  }
}

TEST_P(OnTarget, RandomLinearIsTheSameOnAnyNumberOfThreads) {
  for (const Law& law : kLaws) {
    for (const bool backward : {false, true}) {
      for (const Sizes& size : {Sizes{2, 101, 2501}, {70, 50, 700}}) {
        SetNumThreads(1);
        const std::vector<float> one = Product(law, backward, size[0], size[1], size[2]);
        for (const int threads : {2, 5}) {
          SetNumThreads(threads);
          EXPECT_TRUE(SameBits(Product(law, backward, size[0], size[1], size[2]), one)) << law.fill << threads;
        }
      }
    }
  }
}

TEST(RandomLinear, RefusesUnknownDistributions) {
  for (const double code : {-1.0, 0.5, 3.0, kNaN}) {
    Law law = kLaws[0];
    law.code = code;
    EXPECT_THROW(Product(law, false, 1, 2, 3), PlanError);
    EXPECT_THROW(Product(law, true, 1, 2, 3), PlanError);
  }
}

INSTANTIATE_TEST_SUITE_P(, OnTarget, ::testing::ValuesIn(simd::SupportedTargets()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace evenkeel
