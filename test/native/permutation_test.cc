// Permutations from pcg32, around the sizes from which on numbers draw buckets; and the vector code of whole-number fills.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "convert.h"
#include "parallel.h"
#include "random_fills.h"
#include "rng/discrete.h"
#include "rng/permutation.h"
#include "simd/discrete.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

const Pcg32 kStart = Pcg32::Seeded(42, 54);

template <typename T>
std::vector<T> Filled(KernelFunction kernel, DType dtype, int64_t n, uint64_t position = 3) {
  std::vector<T> values(static_cast<size_t>(n));
  kernel(FillPlan(FlatView(values.data(), dtype, values.size()), kStart, position, {}));
  return values;
}

class DiscreteOnTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { simd::ForceTarget(GetParam()); }
  void TearDown() override {
    simd::ForceTarget(simd::SupportedTargets().front());
    SetNumThreads(1);
  }
};
INSTANTIATE_TEST_SUITE_P(, DiscreteOnTarget, ::testing::ValuesIn(simd::SupportedTargets()),
                         [](const auto& info) { return info.param; });

TEST_P(DiscreteOnTarget, ScaledWords) {
  std::vector<uint32_t> draws = {0, 0, ~0u, ~0u, 0, ~0u, ~0u, 0, 1u << 31, 0};
  Pcg32 pcg = kStart;
  while (draws.size() < 2 * 67) draws.push_back(pcg.Next());
  for (const uint64_t range : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{67}, uint64_t{1000}, (uint64_t{1} << 32) - 1,
                               uint64_t{1} << 32, (uint64_t{1} << 32) + 40, ~uint64_t{0}}) {
    for (const uint64_t step : {0, 1}) {
      for (size_t count = 0; count <= 67; ++count) {
        if (step != 0 && count > range) continue;
        std::vector<uint64_t> got(count + 1, 7), want = got;
        for (size_t k = 0; k < count; ++k) {
          const uint64_t word = static_cast<uint64_t>(draws[2 * k]) << 32 | draws[2 * k + 1];
          want[k] = range == 0 ? word : MultiplyHigh(word, range - step * k);
        }
        simd::ScaleWords(draws.data(), count, range, step, got.data());
        ASSERT_EQ(got, want) << range << " step " << step << " count " << count;
      }
    }
  }
}

template <typename T>
void CheckZeroMarked() {
  constexpr size_t kRows = 9, kPitch = 70;
  std::vector<uint64_t> marks = {0, ~uint64_t{0}, 1, uint64_t{1} << 63};
  Pcg32 pcg = kStart;
  while (marks.size() < kRows) marks.push_back(static_cast<uint64_t>(pcg.Next()) << 32 | pcg.Next());
  // A column off, so that vectors are not aligned.
  std::vector<T> got(kRows * kPitch + 1, T(3)), want = got;
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < 64; ++column) {
      if (marks[row] >> column & 1) want[row * kPitch + column + 1] = 0;
    }
  }
  simd::ZeroMarked(marks.data(), kRows, got.data() + 1, kPitch * sizeof(T), sizeof(T));
  EXPECT_EQ(got, want);
  EXPECT_EQ(marks, std::vector<uint64_t>(kRows));
}

TEST_P(DiscreteOnTarget, ZeroMarked) {
  CheckZeroMarked<uint8_t>();
  CheckZeroMarked<uint16_t>();
  CheckZeroMarked<uint32_t>();
  CheckZeroMarked<uint64_t>();
}

// The sizes below, at and above which another number of buckets is used.
TEST(Permutation, BucketBits) {
  for (const int64_t n : {int64_t{0}, int64_t{1}, kOneShuffle}) EXPECT_EQ(BucketBits(n), 0) << n;
  EXPECT_EQ(BucketBits(kOneShuffle + 1), 5);
  for (int bits = 5; bits < 12; ++bits) {
    EXPECT_EQ(BucketBits(kMeanBucket << bits), bits);
    EXPECT_EQ(BucketBits((kMeanBucket << bits) + 1), bits + 1);
  }
  EXPECT_EQ(BucketBits(int64_t{1} << 40), 12);
}

TEST_P(DiscreteOnTarget, Permutation) {
  const int64_t n = kOneShuffle + 1;
  static const std::vector<int64_t> want = Filled<int64_t>(reference::Permutation, DType::kInt64, n);
  SetNumThreads(2);
  EXPECT_TRUE(Filled<int64_t>(Permutation, DType::kInt64, n) == want);
}

TEST(Permutation, ThreadsDoNotChangeIt) {
  for (const int64_t n : {kOneShuffle - 1, kOneShuffle, kOneShuffle + 1, kMeanBucket << 5, (kMeanBucket << 5) + 1}) {
    const std::vector<int64_t> want = Filled<int64_t>(reference::Permutation, DType::kInt64, n);
    for (const int threads : {1, 2, 3, 8}) {
      SetNumThreads(threads);
      ASSERT_TRUE(Filled<int64_t>(Permutation, DType::kInt64, n) == want) << n << ", threads " << threads;
    }
  }
  SetNumThreads(1);
}

template <typename T>
void CheckDType(DType dtype, const std::vector<int64_t>& want) {
  const auto n = static_cast<int64_t>(want.size());
  std::vector<T> converted(want.size());
  std::transform(want.begin(), want.end(), converted.begin(), [](int64_t x) { return Convert<T>(x); });
  const auto same = [&](const std::vector<T>& got) {
    return std::memcmp(static_cast<const void*>(got.data()), converted.data(), got.size() * sizeof(T)) == 0;
  };
  const int code = static_cast<int>(dtype);
  EXPECT_TRUE(same(Filled<T>(Permutation, dtype, n))) << code;
  EXPECT_TRUE(same(Filled<T>(WidePermutation, dtype, n))) << code;
  // From places that are not aligned to lines of the cache; nothing beside the view changes.
  for (const size_t before : {1, 5, 15}) {
    std::vector<T> memory(want.size() + before + 1, Convert<T>(1));
    Permutation(FillPlan(FlatView(memory.data() + before, dtype, want.size()), kStart, 3, {}));
    EXPECT_TRUE(same({memory.begin() + static_cast<std::ptrdiff_t>(before), memory.end() - 1})) << code << " " << before;
    EXPECT_EQ(Convert<double>(memory[before - 1]), 1);
    EXPECT_EQ(Convert<double>(memory.back()), 1);
  }
  // With gaps, and backwards.
  for (const int64_t stride : {2, -1}) {
    std::vector<T> memory(2 * want.size(), Convert<T>(1));
    View view = FlatView(stride > 0 ? memory.data() : &memory.back(), dtype, want.size());
    view.strides[0] = stride;
    for (const KernelFunction kernel : {Permutation, WidePermutation}) {
      kernel(FillPlan(view, kStart, 3, {}));
      std::vector<T> got(want.size());
      for (int64_t i = 0; i < n; ++i) got[static_cast<size_t>(i)] = view.As<T>()[i * stride];
      EXPECT_TRUE(same(got)) << code << " stride " << stride;
      if (stride > 0) EXPECT_EQ(Convert<double>(memory[1]), 1);
    }
  }
}

TEST(Permutation, DTypesAndLayouts) {
  SetNumThreads(2);
  for (const int64_t n : {int64_t{5000}, kOneShuffle + 4321}) {
    const std::vector<int64_t> want = Filled<int64_t>(reference::Permutation, DType::kInt64, n);
    CheckDType<int64_t>(DType::kInt64, want);
    CheckDType<int32_t>(DType::kInt32, want);
    CheckDType<float>(DType::kFloat32, want);
    CheckDType<double>(DType::kFloat64, want);
    // The facade asks for no more numbers than these have; memory must be safe all the same.
    CheckDType<Float16>(DType::kFloat16, want);
    CheckDType<BFloat16>(DType::kBFloat16, want);
    CheckDType<uint8_t>(DType::kUint8, want);
    CheckDType<Bool>(DType::kBool, want);
  }
  SetNumThreads(1);
}

// How many standard deviations a sum of squared differences from `want` is from what chance makes it.
double ChiSquare(const std::vector<int64_t>& counts, double want, double freedom) {
  double sum = 0;
  for (const int64_t count : counts) sum += (static_cast<double>(count) - want) * (static_cast<double>(count) - want) / want;
  return (sum - freedom) / std::sqrt(2 * freedom);
}

// Permutations of a fixed seed above the threshold. A sound shuffle would exceed the limit of 4.5 standard deviations for
// about one seed in 150,000 by each of the six statistics that are nearly normal, for one in 5,000 by the number of fixed points,
// and for one in 2,000 by the chi-square with 5 degrees of freedom.
TEST(Permutation, LargeOnesAreUniform) {
  constexpr int64_t kTrials = 8;
  constexpr int64_t n = kOneShuffle + 64 * 3;
  constexpr int64_t kCells = 64;
  constexpr int64_t kCell = n / kCells;
  std::vector<int64_t> places(kCells * kCells);    // cell of the position, cell of the number
  std::vector<int64_t> low_bits(kCells * kCells);  // position modulo 64, number modulo 64
  std::vector<int64_t> pairs(kCells * kCells);     // cells of numbers beside each other
  std::vector<int64_t> near(kCells);               // number less the one before, modulo n
  std::vector<int64_t> orders(6);                  // of three numbers side by side
  double ascents = 0, fixed = 0, alike = 0;
  for (int64_t trial = 0; trial < kTrials; ++trial) {
    const auto x = Filled<int64_t>(Permutation, DType::kInt64, n, static_cast<uint64_t>(3 * n * trial));
    std::vector<bool> seen(x.size());
    for (int64_t i = 0; i < n; ++i) {
      const int64_t number = x[static_cast<size_t>(i)];
      ASSERT_TRUE(number >= 0 && number < n && !seen[static_cast<size_t>(number)]);
      seen[static_cast<size_t>(number)] = true;
      ++places[static_cast<size_t>(i / kCell * kCells + number / kCell)];
      ++low_bits[static_cast<size_t>(i % kCells * kCells + number % kCells)];
      fixed += number == i ? 1 : 0;
      if (i + 1 == n) continue;
      const int64_t next = x[static_cast<size_t>(i + 1)];
      ascents += number < next ? 1 : 0;
      alike += number / kCell == next / kCell ? 1 : 0;
      if (i % 2 == 0) {
        ++pairs[static_cast<size_t>(number / kCell * kCells + next / kCell)];
        ++near[static_cast<size_t>((next - number + n) % n / kCell)];
      }
    }
    for (size_t i = 0; i + 2 < x.size(); i += 3) {
      const int smaller = (x[i] > x[i + 1]) + (x[i] > x[i + 2]);
      ++orders[static_cast<size_t>(smaller * 2 + (x[i + 1] > x[i + 2]))];
    }
  }
  const double total = static_cast<double>(kTrials * n);
  // The sums of the rows and columns of these tables are fixed.
  const double freedom = (kCells - 1) * (kCells - 1);
  EXPECT_LT(std::abs(ChiSquare(places, total / (kCells * kCells), freedom)), 4.5);
  EXPECT_LT(std::abs(ChiSquare(low_bits, total / (kCells * kCells), freedom)), 4.5);
  EXPECT_LT(std::abs(ChiSquare(pairs, total / 2 / (kCells * kCells), kCells * kCells - 1)), 4.5);
  EXPECT_LT(std::abs(ChiSquare(near, total / 2 / kCells, kCells - 1)), 4.5);
  EXPECT_LT(std::abs(ChiSquare(orders, static_cast<double>(kTrials * (n / 3)) / 6, 5)), 4.5);
  // Of n - 1 pairs half ascend, with variance (n + 1) / 12.
  EXPECT_LT(std::abs(ascents - total / 2 + kTrials / 2.0) / std::sqrt((total + kTrials) / 12), 4.5);
  // One in each, with variance 1.
  EXPECT_LT(std::abs(fixed - kTrials) / std::sqrt(kTrials), 4.5);
  // Neighbours from one cell.
  const double wanted_alike = static_cast<double>(kTrials * (n - 1)) * (kCell - 1) / (n - 1);
  EXPECT_LT(std::abs(alike - wanted_alike) / std::sqrt(wanted_alike), 4.5);
}

}  // namespace
}  // namespace evenkeel
