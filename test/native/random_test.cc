// Random fills: the vector code against the scalar reference, bit for bit, on every instruction set of this machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "guard.h"
#include "kernels.h"
#include "parallel.h"
#include "random_fills.h"
#include "rng/pcg.h"
#include "rng/reference.h"
#include "simd/random.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

template <typename T>
constexpr DType kDTypeOf = DType::kUint32;
template <>
constexpr DType kDTypeOf<float> = DType::kFloat32;
template <>
constexpr DType kDTypeOf<double> = DType::kFloat64;

const Pcg32 kDemo = Pcg32::Seeded(42, 54);

Plan MakePlan(const View& view, Pcg32 pcg, uint64_t position, double a = 0, double b = 1) {
  return FillPlan(view, pcg, position, {a, b});
}

template <typename T>
View Flat(std::vector<T>& values) {
  return FlatView(values.data(), kDTypeOf<T>, values.size());
}

template <typename T>
std::vector<T> FillWith(KernelFunction kernel, size_t count, uint64_t position, double a = 0, double b = 1) {
  std::vector<T> values(count);
  kernel(MakePlan(Flat(values), kDemo, position, a, b));
  return values;
}

template <typename T>
::testing::AssertionResult SameBits(const std::vector<T>& got, const std::vector<T>& want, size_t element_size = 1) {
  if (got.size() != want.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::memcmp(&got[i], &want[i], sizeof(T)) != 0) {
      return ::testing::AssertionFailure() << "element " << i / element_size << " differs";
    }
  }
  return ::testing::AssertionSuccess();
}

class RandomOnTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { simd::ForceTarget(GetParam()); }
  void TearDown() override {
    SetNumThreads(1);
    simd::ForceTarget(simd::SupportedTargets().front());
  }
};

TEST(Pcg32, ReferenceSequence) {
  Pcg32 pcg = kDemo;
  for (const uint32_t want : {0xa15c02b7u, 0x7b47f409u, 0xba1d3330u, 0x83d2f293u, 0xbfa4784bu, 0xcbed606eu}) {
    EXPECT_EQ(pcg.Next(), want);
  }
}

TEST(Pcg32, AdvanceEqualsSteps) {
  Pcg32 stepped = kDemo;
  for (uint64_t delta = 0; delta < 1000; ++delta) {
    Pcg32 jumped = kDemo;
    jumped.Advance(delta);
    ASSERT_EQ(jumped.state, stepped.state) << delta;
    stepped.Next();
  }
  Pcg32 there_and_back = kDemo;
  there_and_back.Advance(uint64_t{1} << 40 | 12345);
  there_and_back.Advance(-(uint64_t{1} << 40 | 12345));
  EXPECT_EQ(there_and_back.state, kDemo.state);
}

TEST(Reference, FollowsTheLawForWords) {
  Pcg32 pcg = kDemo;
  uint32_t u[8];
  for (uint32_t& word : u) word = pcg.Next();
  for (uint64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(reference::RandomBits(kDemo, i), u[i]);
    EXPECT_EQ(reference::Uniform<float>(kDemo, i, 0, 1), static_cast<float>(u[i] >> 8) / 16777216.0f);
  }
  for (uint64_t i = 0; i < 4; ++i) {
    const uint64_t word = static_cast<uint64_t>(u[2 * i]) << 32 | u[2 * i + 1];
    EXPECT_EQ(reference::Uniform<double>(kDemo, i, 0, 1), static_cast<double>(word >> 11) / 9007199254740992.0);
  }
  for (uint64_t k = 0; k < 4; ++k) {
    const long double r = std::sqrt(-2 * std::log((u[2 * k] + 0.5L) / 4294967296.0L));
    const long double angle = 2 * M_PIl * ((u[2 * k + 1] + 0.5L) / 4294967296.0L);
    EXPECT_NEAR(reference::Normal<float>(kDemo, 2 * k, 0, 1), r * std::cos(angle), 1e-6);
    EXPECT_NEAR(reference::Normal<float>(kDemo, 2 * k + 1, 0, 1), r * std::sin(angle), 1e-6);
  }
}

TEST_P(RandomOnTarget, DemoDraws) {
  EXPECT_EQ(FillWith<uint32_t>(simd::RandomBits, 6, 0),
            (std::vector<uint32_t>{0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e}));
}

TEST_P(RandomOnTarget, EqualsReferenceAtEverySize) {
  std::vector<size_t> sizes;
  for (size_t n = 0; n <= 200; ++n) sizes.push_back(n);
  for (const size_t n : {255, 256, 257, 511, 512, 513, 1000, 4097}) sizes.push_back(n);
  for (const Fill& fill : AllFills()) {
    for (const uint64_t position : {uint64_t{0}, uint64_t{17}, (uint64_t{1} << 40) - 3}) {
      const std::vector<unsigned char> want = FillBytes(fill.reference, fill, 4097, kDemo, position);
      for (const size_t n : sizes) {
        // The prefix property is part of what this checks: a longer fill starts with the shorter one.
        const auto end = want.begin() + static_cast<std::ptrdiff_t>(n * SizeOf(fill.dtype));
        ASSERT_TRUE(SameBits(FillBytes(fill.kernel, fill, n, kDemo, position),
                             std::vector<unsigned char>(want.begin(), end), SizeOf(fill.dtype)))
            << fill.name << ", size " << n << ", position " << position;
      }
    }
  }
}

TEST_P(RandomOnTarget, EqualsReferenceOnAnyNumberOfThreads) {
  for (const Fill& fill : AllFills()) {
    const size_t n = 300001;
    const std::vector<unsigned char> want = FillBytes(fill.reference, fill, n, kDemo, 5);
    for (const int threads : {1, 2, 3, 8}) {
      SetNumThreads(threads);
      ASSERT_TRUE(SameBits(FillBytes(fill.kernel, fill, n, kDemo, 5), want, SizeOf(fill.dtype)))
          << fill.name << ", threads " << threads;
    }
  }
}

TEST_P(RandomOnTarget, EqualsReferenceInAnyLayout) {
  struct Layout {
    std::vector<int64_t> shape, strides;
  };
  const Layout layouts[] = {
      {{}, {}},                                     // one element, no dimensions
      {{7, 5}, {5, 1}},                             // contiguous
      {{5, 7}, {1, 5}},                             // transposed
      {{311, 200}, {1, 311}},                       // transposed, several scratch blocks
      {{67}, {3}},                                  // every third
      {{9, 4}, {10, 2}},                            // gaps in both
      {{2, 3, 4, 5}, {1, 40, 2, 8}},                // permuted
      {{3, 1, 50}, {60, 999, 1}},                   // rows apart, a dimension of one
      {{1, 1, 1}, {5, 6, 7}},
      {{4, 0, 2}, {2, 2, 1}},                       // empty
      {{40, 11, 42}, {42 * 11, 42, 1}},
      {{129, 517}, {1024, 1}},
  };
  for (const Fill& fill : AllFills()) {
    for (const Layout& layout : layouts) {
      size_t reach = 1;
      View view{};
      view.dtype = fill.dtype;
      view.ndim = static_cast<int>(layout.shape.size());
      for (int d = 0; d < view.ndim; ++d) {
        view.shape[d] = layout.shape[d];
        view.strides[d] = layout.strides[d];
        reach += static_cast<size_t>(std::max<int64_t>(layout.shape[d] - 1, 0) * layout.strides[d]);
      }
      for (const int threads : {1, 3}) {
        SetNumThreads(threads);
        std::vector<unsigned char> got(reach * SizeOf(fill.dtype)), want(got.size());
        view.data = want.data();
        fill.reference(FillPlan(view, kDemo, 3, fill.params));
        view.data = got.data();
        fill.kernel(FillPlan(view, kDemo, 3, fill.params));
        ASSERT_TRUE(SameBits(got, want, SizeOf(fill.dtype)))
            << fill.name << ", layout " << &layout - layouts << ", threads " << threads;
      }
    }
  }
}

TEST_P(RandomOnTarget, AnyGeneratorState) {
  std::mt19937_64 seeds(1);
  for (const Fill& fill : AllFills()) {
    for (int trial = 0; trial < 20; ++trial) {
      const Pcg32 pcg(seeds(), seeds() | 1);
      const uint64_t position = seeds() >> (11 + seeds() % 50);
      ASSERT_TRUE(SameBits(FillBytes(fill.kernel, fill, 777, pcg, position),
                           FillBytes(fill.reference, fill, 777, pcg, position), SizeOf(fill.dtype)))
          << fill.name << ", trial " << trial;
    }
  }
}

TEST_P(RandomOnTarget, UniformStaysBelowItsUpperBound) {
  const auto check = [](auto zero, double low, double high) {
    using T = decltype(zero);
    const std::vector<T> values = FillWith<T>(simd::Uniform, 100000, 0, low, high);
    ASSERT_TRUE(SameBits(values, FillWith<T>(reference::Uniform, 100000, 0, low, high)));
    for (const T value : values) {
      ASSERT_GE(value, static_cast<T>(low));
      if (low < high) {
        ASSERT_LT(value, static_cast<T>(high));
      }
    }
  };
  const std::pair<double, double> bounds[] = {{0, 1}, {-1, 1}, {-3, -2}, {0.1, 0.3}, {5, 5}, {-1e30, 1e30}};
  for (const auto& [low, high] : bounds) {
    check(float{}, low, high);
    check(double{}, low, high);
  }
  // Two neighbours: half the sums round up to the bound.
  check(float{}, 1, 1 + 0x1p-23);
  check(double{}, 1, 1 + 0x1p-52);
  check(float{}, 1e8, 1e8 + 8);
  check(double{}, 1e17, 1e17 + 16);
}

TEST_P(RandomOnTarget, NormalsAreAccurate) {
  std::vector<double> z64 = FillWith<double>(simd::Normal, 200000, 0);
  std::vector<float> z32 = FillWith<float>(simd::Normal, 200000, 0);
  Pcg32 pcg = kDemo;
  const auto word64 = [&] {
    const uint64_t high = pcg.Next();
    return high << 32 | pcg.Next();
  };
  const auto error = [](long double got, long double want) {
    return std::abs(got - want) / std::max(1.0L, std::abs(want));
  };
  long double worst64 = 0, worst32 = 0;
  for (size_t k = 0; k < z64.size() / 2; ++k) {
    // The + 1/2 goes beyond a long double's 64 bits, which costs 2^-65 at most.
    const long double u = (word64() + 0.5L) * 0x1p-64L;
    const long double r = std::sqrt(-2 * (u > 0.5L ? std::log1p(-(1 - u)) : std::log(u)));
    const long double angle = 2 * M_PIl * ((word64() + 0.5L) * 0x1p-64L);
    worst64 = std::max(worst64, error(z64[2 * k], r * std::cos(angle)));
    worst64 = std::max(worst64, error(z64[2 * k + 1], r * std::sin(angle)));
  }
  pcg = kDemo;
  for (size_t k = 0; k < z32.size() / 2; ++k) {
    const long double r = std::sqrt(-2 * std::log((pcg.Next() + 0.5L) * 0x1p-32L));
    const long double angle = 2 * M_PIl * ((pcg.Next() + 0.5L) * 0x1p-32L);
    worst32 = std::max(worst32, error(z32[2 * k], r * std::cos(angle)));
    worst32 = std::max(worst32, error(z32[2 * k + 1], r * std::sin(angle)));
  }
  EXPECT_LE(worst32, 1e-6L);
  EXPECT_LE(worst64, 2e-15L);
  RecordProperty("worst_float32", std::to_string(static_cast<double>(worst32 * 1e9L)) + "e-9");
  RecordProperty("worst_float64", std::to_string(static_cast<double>(worst64 * 1e18L)) + "e-18");
}

template <typename Word, typename T>
void CheckExtremeWords() {
  std::vector<Word> words = {0, 1, 2, 3};
  for (int bit = 0; bit < static_cast<int>(8 * sizeof(Word)); ++bit) {
    for (int delta = -2; delta <= 2; ++delta) {
      words.push_back((static_cast<Word>(1) << bit) + static_cast<Word>(delta));
      words.push_back(~words.back());
    }
  }
  std::vector<Word> radius, angle;
  for (const Word r : words) {
    for (const Word a : words) {
      radius.push_back(r);
      angle.push_back(a);
    }
  }
  std::vector<T> z(2 * radius.size()), squares(words.size());
  simd::NormalsFromWords(radius.data(), angle.data(), radius.size(), z.data());
  simd::RadiiSquared(words.data(), words.size(), squares.data());
  for (size_t i = 0; i < words.size(); ++i) {
    const T want = reference::RadiusSquared<T>(words[i]);
    ASSERT_EQ(squares[i], want) << words[i];
    ASSERT_GE(want, 0) << words[i];
    ASSERT_TRUE(std::isfinite(want)) << words[i];
  }
  for (size_t i = 0; i < radius.size(); ++i) {
    const T r = std::sqrt(reference::RadiusSquared<T>(radius[i]));
    T cos, sin;
    reference::CosSin<T>(angle[i], &cos, &sin);
    ASSERT_EQ(z[2 * i], r * cos) << radius[i] << ", " << angle[i];
    ASSERT_EQ(z[2 * i + 1], r * sin) << radius[i] << ", " << angle[i];
    ASSERT_NE(z[2 * i], 0);
    ASSERT_NE(z[2 * i + 1], 0);
  }
}

TEST_P(RandomOnTarget, ExtremeWords) {
  CheckExtremeWords<uint32_t, float>();
  CheckExtremeWords<uint64_t, double>();
}

TEST_P(RandomOnTarget, RefusesParametersThatAreNotWholeNumbers) {
  std::vector<float> values(4, 7.0f);
  for (int i = 0; i < 5; ++i) {
    for (const double bad : {-1.0, 1e300, static_cast<double>(NAN)}) {
      Plan plan = MakePlan(Flat(values), kDemo, 0);
      plan.params[i] = bad;
      EXPECT_THROW(simd::Uniform(plan), PlanError);
    }
  }
  EXPECT_EQ(values, std::vector<float>(4, 7.0f));
}

INSTANTIATE_TEST_SUITE_P(All, RandomOnTarget, ::testing::ValuesIn(simd::SupportedTargets()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace evenkeel
