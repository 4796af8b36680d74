// The distributions that random fills have, against exact ones: accuracy of the truncated normal, distribution tests of
// all, and the elements at their bounds. That vector code and reference agree is random_test.cc's business.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "parallel.h"
#include "random_fills.h"
#include "rng/discrete.h"
#include "rng/truncated_normal.h"
#include "simd/random.h"

namespace evenkeel {
namespace {

using Real = long double;

constexpr double kInf = INFINITY;
const Pcg32 kStart = Pcg32::Seeded(42, 54);

// Exact normal functions ----------------------------------------------------------------------------------------------

// Q(z)/phi(z)
Real Mills(Real z) {
  if (z < 60) return std::erfc(z / std::sqrt(2.0L)) * 0.5L * std::exp(z * z / 2) * std::sqrt(2 * M_PIl);
  const Real r = 1 / (z * z);
  return (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r * (1 - 9 * r * (1 - 11 * r)))))) / z;
}

// ln Q(from) - ln Q(from + distance), distance >= 0, without cancellation where `from` is far out.
Real LogDrop(Real from, Real distance) {
  if (std::isinf(distance)) return distance;
  return distance * (from + distance / 2) + std::log(Mills(from) / Mills(from + distance));
}

struct Bounds {
  double mean, std, a, b;
};

const Bounds kBounds[] = {
    {0, 1, -2, 2},        {0, 1, 1, 3},          {0, 1, -kInf, kInf},  {0, 1, 0, kInf},       {0, 1, -kInf, 0},
    {0, 1, 0.5, 0.6},     {0, 1, 0.5, kInf},     {0, 1, 2, kInf},      {0, 1, 4.99, kInf},    {0, 1, 5.01, kInf},
    {0, 1, 10, 11},       {0, 1, -11, -10},      {0, 1, 3, 3.02},      {0, 1, 3, 3.03},       {0, 1, -0.05, 0.05},
    {0, 1, -1e-3, 1e-3},  {0, 1, 30, 31},        {0, 1, 6, 6.005},     {0, 1, 6, 6.02},       {0, 1, -7, -6},
    {0, 1, -3, 12},       {0, 1, -1, 0.25},      {2, 0.5, -1, 1},      {-100, 1, 0, kInf},    {-1e4, 1, 0, kInf},
    {1e4, 1, -kInf, 0},   {0, 0.02, -0.04, 0.04}, {5, 3, 5, 5.5},      {0, 1, 4.9, 5.3},      {0, 1, 37, 40},
    {0, 1, -4.5, -0.5},   {0, 1, -6, -1e-4},     {0, 1, -37, kInf},    {1, 2, -kInf, 8},      {0, 1, -30, -5.5},
};

std::string Name(const Bounds& of) {
  return "(" + std::to_string(of.mean) + ", " + std::to_string(of.std) + ", " + std::to_string(of.a) + ", " +
         std::to_string(of.b) + ")";
}

// Words at both ends, at powers of two, and spread over all.
template <typename T>
std::vector<Word<T>> ManyWords(size_t count) {
  std::vector<Word<T>> words;
  for (int bit = 0; bit < static_cast<int>(8 * sizeof(T)); ++bit) {
    for (int delta = -2; delta <= 2; ++delta) {
      words.push_back((Word<T>{1} << bit) + static_cast<Word<T>>(delta));
      words.push_back(~words.back());
    }
  }
  const Word<T> step = ~Word<T>{0} / static_cast<Word<T>>(count);
  for (size_t i = 0; i < count; ++i) words.push_back(static_cast<Word<T>>(i) * step + static_cast<Word<T>>(i * i % 1000));
  std::sort(words.begin(), words.end());
  return words;
}

// How far, in standard deviations, `value` is from where the fraction (word + 1/2) 2^-bits of the mass of [a, b] ends; and
// its distance from the bound that is nearer to the mean.
struct Error {
  Real sigmas, distance, z;
};
template <typename T>
Error ErrorOf(const Bounds& of, Word<T> word, T value) {
  const Real unit = std::ldexp(1.0L, -static_cast<int>(8 * sizeof(T)));
  Real mean = of.mean, a = of.a, b = of.b, x = value;
  if (x < mean) {  // the mirror image
    mean = -mean;
    x = -x;
    std::swap(a, b);
    a = -a;
    b = -b;
    word = ~word;
  }
  const Real t = (word + 0.5L) * unit;
  const Real rest = (static_cast<Word<T>>(~word) + 0.5L) * unit;
  const Real alpha = (a - mean) / of.std;
  const Real beta = (b - mean) / of.std;
  const Real z = (x - mean) / of.std;
  const Real distance = (x - a) / of.std;
  if (alpha <= 0) {
    const auto tail = [](Real at) { return std::erfc(at / std::sqrt(2.0L)) / 2; };
    const Real wanted = tail(beta) + rest * (tail(alpha) - tail(beta));
    return {std::log(tail(z) / wanted) * Mills(z), distance, z};
  }
  const Real ratio = std::exp(-LogDrop(alpha, (b - a) / of.std));
  const Real wanted = t < 0.5L ? -std::log1p(-t * -std::expm1(-LogDrop(alpha, (b - a) / of.std)))
                               : -std::log(rest + t * ratio);
  return {(LogDrop(alpha, distance) - wanted) * Mills(z), distance, z};
}

// The worst error of the truncated normal's transform in units of `unit`, relative to the distance from a bound 5 or more
// standard deviations out, to the width of a narrow interval, or to max(1, |z|) standard deviations. Half an ulp of the
// value and of the bounds it is counted from comes for free.
template <typename T>
Real WorstError(const Bounds& of, Real unit) {
  const auto normal = TruncatedNormal<T>(of.mean, of.std, of.a, of.b, AtLeast<T>(of.a), AtMost<T>(of.b));
  using Kind = typename TruncatedNormal<T>::Kind;
  Real worst = 0;
  for (const Word<T> word : ManyWords<T>(3000)) {
    const T value = reference::TruncatedNormalFromWord<T>(normal, word);
    const Error error = ErrorOf<T>(of, word, value);
    const Real scale = normal.kind == Kind::kTail     ? error.distance
                       : normal.kind == Kind::kNarrow ? (static_cast<Real>(of.b) - of.a) / of.std
                                                      : std::max(1.0L, error.z);
    const T size = std::max({std::abs(value), std::abs(normal.base)});
    const Real ulp = static_cast<Real>(std::nextafter(size, static_cast<T>(INFINITY))) - size;
    const Real own = 1e-18L * Mills(error.z);  // what this test gets wrong itself
    worst = std::max(worst, std::max(0.0L, std::abs(error.sigmas) - ulp / of.std - own) / (unit * scale));
  }
  return worst;
}

TEST(TruncatedNormal, IsAccurate) {
  for (const Bounds& of : kBounds) {
    EXPECT_LE(WorstError<float>(of, 1e-6L), 0.5L) << Name(of);
    EXPECT_LE(WorstError<double>(of, 1e-14L), 0.5L) << Name(of);
  }
}

template <typename T>
void CheckOrderAndBounds() {
  const std::vector<Word<T>> words = ManyWords<T>(20000);
  std::vector<T> values(words.size());
  for (const Bounds& of : kBounds) {
    const auto normal = TruncatedNormalOf<T>(of.mean, of.std, of.a, of.b);
    simd::TruncatedNormalsFromWords(normal, words.data(), words.size(), values.data());
    for (size_t i = 0; i < words.size(); ++i) {
      ASSERT_EQ(values[i], reference::TruncatedNormalFromWord<T>(normal, words[i])) << Name(of) << ", word " << words[i];
      ASSERT_GE(static_cast<double>(values[i]), of.a) << Name(of);
      ASSERT_LE(static_cast<double>(values[i]), of.b) << Name(of);
      // Rises with the word, but for a few last bits.
      const T slack = 4 * std::numeric_limits<T>::epsilon() *
                      std::max(std::abs(values[i]), static_cast<T>(of.std) + std::abs(static_cast<T>(of.mean)));
      ASSERT_GE(values[i], values[i > 0 ? i - 1 : 0] - slack) << Name(of) << ", word " << words[i];
    }
  }
}

TEST(TruncatedNormal, RisesWithTheWordAndStaysInside) {
  CheckOrderAndBounds<float>();
  CheckOrderAndBounds<double>();
}

TEST(TruncatedNormal, MillsRatioAndTailsAreExact) {
  for (double z = 0; z < 50; z += 0.0371) {
    EXPECT_NEAR(MillsRatio(z) / static_cast<double>(Mills(z)), 1, 1e-15) << z;
    if (z > 37) continue;  // a double has no room for more
    EXPECT_NEAR(UpperTail(z) / static_cast<double>(std::erfc(z / std::sqrt(2.0L)) / 2), 1, 1e-15 * (1 + z * z)) << z;
  }
  EXPECT_EQ(UpperTail(kInf), 0);
  EXPECT_EQ(UpperTail(-kInf), 1);
}

template <typename Out>
std::vector<Out> FillOf(KernelFunction kernel, DType dtype, size_t count, const std::vector<double>& params,
                        uint64_t position = 0) {
  std::vector<Out> values(count);
  kernel(FillPlan(FlatView(values.data(), dtype, count), kStart, position, params));
  return values;
}
std::vector<float> Floats(KernelFunction kernel, size_t count, const std::vector<double>& params) {
  return FillOf<float>(kernel, DType::kFloat32, count, params);
}
std::vector<double> Doubles(KernelFunction kernel, size_t count, const std::vector<double>& params) {
  return FillOf<double>(kernel, DType::kFloat64, count, params);
}

// Kolmogorov and Smirnov's statistic times sqrt(n): above 2.3 for one true hypothesis in 20,000.
template <typename T, typename Cdf>
double Kolmogorov(std::vector<T> values, Cdf cdf) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(static_cast<double>(values[i]));
    worst = std::max({worst, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return worst * std::sqrt(n);
}

TEST(TruncatedNormal, HasItsDistribution) {
  constexpr size_t kCount = 100000;
  for (const Bounds& of : kBounds) {
    const Bounds seen = of.a + of.b < 2 * of.mean ? Bounds{-of.mean, of.std, -of.b, -of.a} : of;
    const double sign = seen.mean == of.mean && seen.a == of.a ? 1 : -1;
    const Real alpha = std::max<Real>((static_cast<Real>(seen.a) - seen.mean) / seen.std, -40);
    const Real h = (static_cast<Real>(seen.b) - std::max<Real>(seen.a, seen.mean - 40 * seen.std)) / seen.std;
    const auto cdf = [&](double value) {
      const Real z = (sign * static_cast<Real>(value) - seen.mean) / seen.std;
      const Real mass = std::expm1(-LogDrop(alpha, z - alpha)) / std::expm1(-LogDrop(alpha, h));
      return static_cast<double>(sign > 0 ? mass : 1 - mass);
    };
    const std::vector<double> params = {of.mean, of.std, of.a, of.b};
    EXPECT_LT(Kolmogorov(Doubles(simd::TruncatedNormal, kCount, params), cdf), 2.3) << Name(of);
    // Where a float's steps are fine enough to have a distribution.
    const double width = std::min({of.b - of.a, of.std, of.std / std::abs(static_cast<double>(alpha))});
    const double at = std::min(std::abs(of.a), std::abs(of.b));
    if (width > 1e-5 * at) {
      EXPECT_LT(Kolmogorov(Floats(simd::TruncatedNormal, kCount, params), cdf), 2.3) << Name(of);
    }
  }
}

template <typename T>
double Mean(const std::vector<T>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0L) / static_cast<Real>(values.size());
}

TEST(TruncatedNormal, FarTailHasTheKnownMean) {
  // The standard deviation is about 0.0953, that of a mean of 2^20 a thousandth of it.
  EXPECT_NEAR(Mean(Floats(simd::TruncatedNormal, 1 << 20, {0, 1, 10, 11})), 10.098068, 4e-4);
  EXPECT_NEAR(Mean(Doubles(simd::TruncatedNormal, 1 << 20, {0, 1, 10, 11})), 10.098068, 4e-4);
  EXPECT_NEAR(Mean(Floats(simd::TruncatedNormal, 1 << 20, {0, 1, -11, -10})), -10.098068, 4e-4);
}

TEST(TruncatedNormal, BoundsOfEveryKind) {
  const auto all = [](const std::vector<double>& params, double want) {
    for (const float value : Floats(simd::TruncatedNormal, 1000, params)) ASSERT_EQ(value, static_cast<float>(want));
    for (const double value : Doubles(simd::TruncatedNormal, 1000, params)) ASSERT_EQ(value, want);
  };
  all({0, 1, 3, 3}, 3);                  // nothing between the bounds
  all({0, 0, -1, 1}, 0);                 // no deviation: the mean, or the bound nearest to it
  all({5, 0, -1, 1}, 1);
  all({0, 1, 0x1p100, kInf}, 0x1p100);   // 2^-100 sigma beyond the bound
  all({-1e300, 1e-300, 1, 2}, 1);
  // A bound that float32 doesn't have: the numbers inside it count.
  for (const float value : Floats(simd::TruncatedNormal, 10000, {0, 1, 0.1, 0.3})) {
    ASSERT_TRUE(static_cast<double>(value) >= 0.1 && static_cast<double>(value) <= 0.3);
  }
  // Nothing inside: the nearest there is.
  for (const float value : Floats(simd::TruncatedNormal, 100, {0, 1, 0.1, 0.1})) ASSERT_EQ(value, 0.1f);
  // Neighbouring numbers, and bounds of 1 ulp.
  const float next = std::nextafter(1.0f, 2.0f);
  const std::vector<float> two = Floats(simd::TruncatedNormal, 10000, {0, 1, 1, next});
  EXPECT_NEAR(static_cast<double>(std::count(two.begin(), two.end(), 1.0f)), 5000, 250);
  for (const float value : two) ASSERT_TRUE(value == 1 || value == next);
  // Wide beyond measure, and finite all the same.
  for (const float value : Floats(simd::TruncatedNormal, 10000, {0, 3e38, -kInf, kInf})) ASSERT_TRUE(std::isfinite(value));
}

// Halves --------------------------------------------------------------------------------------------------------------

template <typename Half>
void CheckHalves(DType dtype) {
  constexpr size_t kCount = 50000;
  const auto check = [&](KernelFunction kernel, const std::vector<double>& params, double least, double greatest) {
    const std::vector<Half> halves = FillOf<Half>(kernel, dtype, kCount, params);
    const std::vector<float> floats = Floats(kernel, kCount, params);
    for (size_t i = 0; i < kCount; ++i) {
      ASSERT_GE(halves[i].ToFloat(), least);
      ASSERT_LE(halves[i].ToFloat(), greatest);
      // The same draws, rounded once.
      const Half want = Half::From(floats[i]);
      if (want.ToFloat() >= least && want.ToFloat() <= greatest) {
        ASSERT_EQ(halves[i].bits, want.bits) << floats[i];
      }
    }
  };
  const double largest = LargestOf<Half>();
  const double below_one = Neighbour<Half>(1, -1);
  check(simd::Uniform, {0, 1}, 0, below_one);
  check(simd::Uniform, {-2, 0}, -2, -SmallestPositiveOf<Half>());
  check(simd::Uniform, {1, Neighbour<Half>(1, 1)}, 1, 1);  // half of the floats round onto the bound
  check(simd::Normal, {0, 1}, -7, 7);
  check(simd::Normal, {0, 1e-6}, -7e-6, 7e-6);
  check(simd::Normal, {0, largest / 2}, -largest, largest);
  check(simd::Normal, {largest, largest}, -largest, largest);
  check(simd::TruncatedNormal, {0, 1, -2, 2}, -2, 2);
  check(simd::TruncatedNormal, {0, 1, 0.1, 0.3}, 0.1, 0.3);  // bounds between halves
  check(simd::TruncatedNormal, {0, 1, -kInf, kInf}, -7, 7);
  check(simd::TruncatedNormal, {largest, largest, 0, kInf}, 0, largest);
  check(simd::Exponential, {1}, SmallestPositiveOf<Half>(), 23);
  check(simd::Exponential, {1e7}, SmallestPositiveOf<Half>(), 23e-7);
  check(simd::Exponential, {1e-37}, SmallestPositiveOf<Half>(), largest);
}

TEST(Halves, AreFloatsRoundedOnceInsideTheirBounds) {
  CheckHalves<Float16>(DType::kFloat16);
  CheckHalves<BFloat16>(DType::kBFloat16);
}

// Exponential ---------------------------------------------------------------------------------------------------------

TEST(Exponential, HasItsDistribution) {
  for (const double lambda : {1.0, 0.01, 350.0}) {
    const auto cdf = [&](double x) { return -std::expm1(-lambda * x); };
    EXPECT_LT(Kolmogorov(Floats(simd::Exponential, 200000, {lambda}), cdf), 2.3);
    EXPECT_LT(Kolmogorov(Doubles(simd::Exponential, 200000, {lambda}), cdf), 2.3);
  }
  const std::vector<double> x = Doubles(simd::Exponential, 1 << 20, {1});
  EXPECT_NEAR(Mean(x), 1, 0.005);
}

TEST(Exponential, FollowsItsWord) {
  Pcg32 pcg = kStart;
  for (const float value : Floats(simd::Exponential, 10000, {2})) {
    const double want = -std::log((pcg.Next() + 0.5) * 0x1p-32) / 2;
    ASSERT_NEAR(value / want, 1, 4e-7);
  }
}

TEST(Exponential, IsPositiveAndFiniteForAnyRate) {
  for (const double lambda : {1e-45, 1e-39, 1e-30, 1e30, 1e38, 1e300, 1e-300, 5e-324}) {
    for (const float value : Floats(simd::Exponential, 2000, {lambda})) ASSERT_TRUE(value > 0 && std::isfinite(value));
    for (const double value : Doubles(simd::Exponential, 2000, {lambda})) ASSERT_TRUE(value > 0 && std::isfinite(value));
  }
}

// Whole numbers -------------------------------------------------------------------------------------------------------

TEST(Bernoulli, DecidesInWholeNumbers) {
  EXPECT_EQ(BernoulliThreshold(0), 0u);
  EXPECT_EQ(BernoulliThreshold(1), uint64_t{1} << 32);
  EXPECT_EQ(BernoulliThreshold(0.5), uint64_t{1} << 31);
  EXPECT_EQ(BernoulliThreshold(0x1p-32), 1u);
  EXPECT_EQ(BernoulliThreshold(0x1p-40), 1u);
  EXPECT_EQ(BernoulliThreshold(1 - 0x1p-40), uint64_t{1} << 32);
  EXPECT_EQ(BernoulliThreshold(-1), 0u);
  EXPECT_EQ(BernoulliThreshold(NAN), 0u);
  for (const double p : {0.0, 0.1, 0.5, 0.999, 1.0}) {
    const std::vector<uint8_t> x = FillOf<uint8_t>(simd::Bernoulli, DType::kBool, 100000, {p});
    const double ones = static_cast<double>(std::count(x.begin(), x.end(), 1));
    EXPECT_NEAR(ones, 1e5 * p, 4.5 * std::sqrt(1e5 * p * (1 - p))) << p;
    EXPECT_EQ(static_cast<double>(std::count(x.begin(), x.end(), 0)), 1e5 - ones);
    Pcg32 pcg = kStart;
    for (const uint8_t one : x) ASSERT_EQ(one, static_cast<double>(pcg.Next()) < p * 4294967296.0);
  }
}

// Chi-square of counts that should be equal, in standard deviations of its normal approximation.
double ChiSquare(const std::vector<int>& counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double want = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - want) * (count - want) / want;
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (sum - freedom) / std::sqrt(2 * freedom);
}

TEST(Integers, MultiplyHigh) {
  EXPECT_EQ(MultiplyHigh(~uint64_t{0}, ~uint64_t{0}), ~uint64_t{0} - 1);
  EXPECT_EQ(MultiplyHigh(~uint64_t{0}, 10), 9u);
  EXPECT_EQ(MultiplyHigh(0, 10), 0u);
  EXPECT_EQ(MultiplyHigh(uint64_t{1} << 63, uint64_t{1} << 63), uint64_t{1} << 62);
  EXPECT_EQ(MultiplyHigh(0x123456789abcdef0, 0xfedcba9876543210), 0x121fa00ad77d7422u);
}

TEST(Integers, AreEquallyLikely) {
  // [-3, 8)
  const std::vector<int64_t> x = FillOf<int64_t>(Integers, DType::kInt64, 110000, {4294967295.0, 4294967293.0, 0, 11});
  std::vector<int> counts(11);
  for (const int64_t value : x) {
    ASSERT_TRUE(value >= -3 && value < 8);
    ++counts[static_cast<size_t>(value + 3)];
  }
  EXPECT_LT(std::abs(ChiSquare(counts)), 4.5);
  // [-2^63, 0), the whole of it.
  const std::vector<int64_t> wide = FillOf<int64_t>(Integers, DType::kInt64, 100000, {2147483648.0, 0, 2147483648.0, 0});
  std::vector<int> sixteenths(16);
  for (const int64_t value : wide) {
    ASSERT_LT(value, 0);
    ++sixteenths[static_cast<uint64_t>(value) << 1 >> 60];
  }
  EXPECT_LT(std::abs(ChiSquare(sixteenths)), 4.5);
}

TEST(Permutation, IsOneAndAllAreEquallyLikely) {
  std::vector<int> counts(24);
  for (uint64_t trial = 0; trial < 24000; ++trial) {
    const std::vector<int64_t> x = FillOf<int64_t>(Permutation, DType::kInt64, 4, {}, 8 * trial);
    ASSERT_EQ(std::set<int64_t>(x.begin(), x.end()), (std::set<int64_t>{0, 1, 2, 3}));
    const int64_t second = x[1] - (x[1] > x[0]);
    ++counts[static_cast<size_t>(x[0] * 6 + second * 2 + (x[2] > x[3]))];
  }
  EXPECT_LT(std::abs(ChiSquare(counts)), 4.5);
  for (const size_t n : {0, 1, 2, 3, 511, 512, 513, 514, 20000}) {
    const std::vector<int64_t> got = FillOf<int64_t>(Permutation, DType::kInt64, n, {}, 3);
    EXPECT_EQ(got, FillOf<int64_t>(reference::Permutation, DType::kInt64, n, {}, 3)) << n;
    const std::vector<int32_t> narrow = FillOf<int32_t>(Permutation, DType::kInt32, n, {}, 3);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), narrow.begin(), narrow.end()));
  }
  std::vector<int64_t> gaps(30, -1), together(10);
  View view = FlatView(gaps.data(), DType::kInt64, 10);
  view.strides[0] = 3;
  Permutation(FillPlan(view, kStart, 0, {}));
  together = FillOf<int64_t>(Permutation, DType::kInt64, 10, {});
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(gaps[i], i % 3 == 0 ? together[i / 3] : -1);
}

View MatrixView(void* data, DType dtype, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  View view{};
  view.data = data;
  view.dtype = dtype;
  view.ndim = 2;
  view.shape[0] = rows;
  view.shape[1] = columns;
  view.strides[0] = row_stride;
  view.strides[1] = column_stride;
  return view;
}

TEST(SparseZero, EveryColumnLosesItsRows) {
  const int64_t rows = 37, columns = 500;
  std::vector<int> counts(rows);
  for (const int64_t zeros : {0, 1, 13, 36, 37}) {
    for (const bool transposed : {false, true}) {
      for (const int threads : {1, 3}) {
        SetNumThreads(threads);
        std::vector<float> got(rows * columns, 1.0f), want = got;
        const int64_t row_stride = transposed ? 1 : columns, column_stride = transposed ? rows : 1;
        const auto run = [&](KernelFunction kernel, std::vector<float>& values) {
          kernel(FillPlan(MatrixView(values.data(), DType::kFloat32, rows, columns, row_stride, column_stride), kStart, 5,
                          {static_cast<double>(zeros)}));
        };
        run(SparseZero, got);
        run(reference::SparseZero, want);
        ASSERT_EQ(got, want) << zeros << (transposed ? " transposed" : "") << ", threads " << threads;
        for (int64_t c = 0; c < columns; ++c) {
          int64_t found = 0;
          for (int64_t r = 0; r < rows; ++r) {
            const bool zero = got[static_cast<size_t>(r * row_stride + c * column_stride)] == 0;
            found += zero;
            counts[static_cast<size_t>(r)] += zero && zeros < 36 ? 1 : 0;
          }
          ASSERT_EQ(found, zeros);
        }
      }
    }
  }
  SetNumThreads(1);
  EXPECT_LT(std::abs(ChiSquare(counts)) / 4, 4.5);  // each is counted four times
}

TEST(Discrete, RefusesPlansThatDoNotFit) {
  std::vector<float> values(4, 7.0f);
  const View flat = FlatView(values.data(), DType::kFloat32, 4);
  const View square = MatrixView(values.data(), DType::kFloat32, 2, 2, 2, 1);
  EXPECT_THROW(SparseZero(FillPlan(flat, kStart, 0, {1})), PlanError);
  EXPECT_THROW(SparseZero(FillPlan(square, kStart, 0, {3})), PlanError);
  EXPECT_THROW(SparseZero(FillPlan(square, kStart, 0, {NAN})), PlanError);
  EXPECT_THROW(Permutation(FillPlan(square, kStart, 0, {})), PlanError);
  EXPECT_THROW(Integers(FillPlan(flat, kStart, 0, {0, -1, 0, 1})), PlanError);
  EXPECT_EQ(values, std::vector<float>(4, 7.0f));
}

}  // namespace
}  // namespace evenkeel
