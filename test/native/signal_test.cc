// Statistics of signals, against sums in long double, and the same on every number of threads.
#include "kernel_tests.h"
#include "simd/signal.h"

namespace evenkeel {
namespace {

using Long = long double;

const References references = References::Of({"signal_statistics"});

constexpr int64_t kNumbers = static_cast<int64_t>(simd::kSignalNumbers);
const Numbers kLimits = {-1.5, 1.75};

// Sums up to here are exact but for the rounding of `count` additions.
void ExpectSum(double got, Long want, Long magnitudes, size_t count) {
  ASSERT_LE(std::abs(got - want), 0x1p-52L * static_cast<Long>(count + 8) * magnitudes + 0x1p-1000L);
}

template <typename T>
std::vector<double> Statistics(const Array<T>& x) {
  Array<double> out({x.shape()[0], kNumbers}, Layout::kOffset);
  out.Fill([](size_t) { return kNaN; });
  RunKernel("signal_statistics", {out.view(), x.view()}, kLimits);
  return out.Values();
}

template <typename T>
void CheckStatistics(size_t inputs, size_t units) {
  SCOPED_TRACE(Describe({static_cast<int64_t>(inputs), static_cast<int64_t>(units)}));
  Array<T> x({static_cast<int64_t>(inputs), static_cast<int64_t>(units)}, Layout::kDense);
  // Every third unit is 0 for all, others for some.
  x.Fill([&](size_t i) { return i % units % 3 == 1 || i % 5 == 0 ? 0 : Scrambled(i); });
  const std::vector<double> got = Statistics(x);
  size_t dead = 0;
  for (size_t u = 0; u < units; ++u) {
    size_t zeros = 0;
    for (size_t r = 0; r < inputs; ++r) zeros += x[r * units + u] == 0;
    dead += inputs > 0 && zeros == inputs;
  }
  for (size_t r = 0; r < inputs; ++r) {
    SCOPED_TRACE(r);
    const double* row = got.data() + r * simd::kSignalNumbers;
    for (int power = 1; power <= 4; ++power) {
      Long sum = 0, magnitudes = 0;
      for (size_t u = 0; u < units; ++u) {
        const Long term = std::pow(static_cast<Long>(x[r * units + u]), power);
        sum += term;
        magnitudes += std::abs(term);
      }
      ExpectSum(row[power - 1], sum, magnitudes, units);
    }
    Long largest = 0;
    double zeros = 0, saturated = 0;
    for (size_t u = 0; u < units; ++u) {
      const double value = static_cast<double>(x[r * units + u]);
      largest = std::max<Long>(largest, std::abs(value));
      zeros += value == 0;
      saturated += value <= kLimits[0] || value >= kLimits[1];
    }
    ASSERT_EQ(row[simd::kSignalLargest], largest);
    ASSERT_EQ(row[simd::kSignalZeros], zeros);
    ASSERT_EQ(row[simd::kSignalSaturated], saturated);
    ASSERT_EQ(row[simd::kSignalNonFinite], 0);
    ASSERT_EQ(row[simd::kSignalDead], r == 0 ? static_cast<double>(dead) : 0);
    for (size_t s = 0; s < simd::kSignalCompared; ++s) {
      Long product = 0, magnitudes = 0;
      if (r < simd::kSignalCompared && s < r) {
        for (size_t u = 0; u < units; ++u) {
          const Long term = static_cast<Long>(x[r * units + u]) * static_cast<Long>(x[s * units + u]);
          product += term;
          magnitudes += std::abs(term);
        }
      }
      ExpectSum(row[simd::kSignalProducts + s], product, magnitudes, units);
    }
  }
}

TEST_P(OnTarget, SignalsMatchSums) {
  for (const size_t inputs : {0u, 1u, 2u, 3u, 16u, 19u}) {
    for (const size_t units : {0u, 1u, 3u, 7u, 8u, 63u, 1023u, 1024u, 1025u, 9001u}) {
      CheckStatistics<float>(inputs, units);
      CheckStatistics<double>(inputs, units);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(OnTarget, SignalsThatAreNotFinite) {
  Array<float> x({2, 1030}, Layout::kDense);
  x.Fill([](size_t) { return 1; });
  for (const size_t at : {3u, 1029u}) x[at] = static_cast<float>(kNaN);
  for (const size_t at : {5u, 1028u, 1030u}) x[at] = static_cast<float>(-kInfinity);
  const std::vector<double> got = Statistics(x);
  EXPECT_EQ(got[simd::kSignalNonFinite], 4);
  EXPECT_EQ(got[simd::kSignalLargest], kInfinity);
  EXPECT_EQ(got[simd::kSignalDead], 0);
  EXPECT_EQ(got[simd::kSignalSaturated], 2);
  EXPECT_TRUE(std::isnan(got[0]));
  const double* second = got.data() + simd::kSignalNumbers;
  EXPECT_EQ(second[simd::kSignalNonFinite], 1);
  EXPECT_EQ(second[0], -kInfinity);
  EXPECT_EQ(second[1], kInfinity);
}

TEST(SignalStatistics, DoNotDependOnThreads) {
  Array<float> x({3, 70001}, Layout::kDense);
  x.Fill(Scrambled);
  const int threads = NumThreads();
  SetNumThreads(1);
  const std::vector<double> one = Statistics(x);
  for (const int count : {2, 3, 8}) {
    SetNumThreads(count);
    EXPECT_TRUE(SameBits(Statistics(x), one)) << count;
  }
  SetNumThreads(threads);
}

TEST(SignalStatistics, RefuseAnotherOutput) {
  Array<float> x({2, 5}, Layout::kDense);
  Array<double> narrow({2, 24}, Layout::kDense);
  EXPECT_THROW(RunKernel("signal_statistics", {narrow.view(), x.view()}, kLimits), PlanError);
  Array<float> floats({2, kNumbers}, Layout::kDense);
  EXPECT_THROW(RunKernel("signal_statistics", {floats.view(), x.view()}, kLimits), PlanError);
}

}  // namespace
}  // namespace evenkeel
