// mt19937: its published outputs, and the fills against scalar code that follows docs/random.md step by step with the
// standard library's generator, on every instruction set of this machine. That this is what torch makes is for
// test/random/mt19937.test.ts to check.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "arrays.h"
#include "parallel.h"
#include "rng/mt19937.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

// A generator as JavaScript has it: words.
class State {
 public:
  explicit State(uint32_t seed) : State(std::vector<double>{0, static_cast<double>(seed)}) {}
  // The number of key words, then the words.
  explicit State(std::vector<double> params) : words_({Mt19937::kWords}, Layout::kDense) {
    params.resize(9);
    RunKernel("mt_seed", {words_.view()}, params);
  }

  template <typename T>
  void Fill(const std::string& kernel, Array<T>& out, std::vector<double> params = {}) {
    RunKernel(kernel, {out.view(), words_.view()}, params);
  }
  template <typename T>
  std::vector<T> Fill(const std::string& kernel, int64_t n, std::vector<double> params = {}) {
    Array<T> out({n}, Layout::kDense);
    Fill(kernel, out, params);
    return out.Values();
  }
  std::vector<uint32_t> Bits(int64_t n) { return Fill<uint32_t>("mt_bits", n); }

  uint32_t& operator[](size_t i) { return words_[i]; }
  std::vector<uint32_t> Words() const { return words_.Values(); }
  uint64_t Draws() { return static_cast<uint64_t>(words_[629]) << 32 | words_[628]; }

 private:
  Array<uint32_t> words_;
};

// The same fills, one element after the other.
class Scalar {
 public:
  explicit Scalar(uint32_t seed) : engine_(seed) {}

  uint32_t Next32() { return static_cast<uint32_t>(engine_()); }
  uint64_t Next64() {
    const uint64_t high = Next32();
    return high << 32 | Next32();
  }

  float Unit(float) { return static_cast<float>(Next32() & 0xffffff) / 16777216.0f; }
  double Unit(double) { return static_cast<double>(Next64() & 0x1fffffffffffffu) / 9007199254740992.0; }

  template <typename T>
  T Uniform(T low, T high) {
    const T value = std::fma(Unit(T()), high - low, low);
    return value == high ? low : value;
  }

  template <typename T>
  void Uniforms(std::vector<T>& values, T low, T high) {
    for (T& value : values) value = Uniform(low, high);
  }

  // One by one, as torch fills fewer than 16 elements and tensors that are not contiguous.
  template <typename T>
  void Serial(std::vector<T>& values, double mean, double std) {
    for (T& value : values) {
      double z = kept_;
      if (!has_kept_) {
        const double angle = 2.0 * M_PI * Unit(double());
        const double radius = std::sqrt(-2.0 * std::log1p(-Unit(double())));
        z = radius * std::cos(angle);
        kept_ = radius * std::sin(angle);
      }
      has_kept_ = !has_kept_;
      value = static_cast<T>(std::fma(z, std, mean));
    }
  }

  template <typename T>
  void Normals(std::vector<T>& values, double mean, double std, bool contiguous = true) {
    const size_t n = values.size();
    if (n < 16 || !contiguous) return Serial(values, mean, std);
    for (T& value : values) value = Unit(T());
    for (size_t i = 0; i + 16 <= n; i += 16) Block(&values[i], static_cast<T>(mean), static_cast<T>(std));
    if (n % 16 == 0) return;
    for (size_t i = n - 16; i < n; ++i) values[i] = Unit(T());
    Block(&values[n - 16], static_cast<T>(mean), static_cast<T>(std));
  }

  template <typename T>
  void Truncated(std::vector<T>& values, double mean, double std, double a, double b, bool contiguous = true) {
    const auto cdf = [](double x) { return (1.0 + std::erf(x / std::sqrt(2.0))) / 2.0; };
    std::vector<T> fresh(values.size());
    std::vector<bool> pending(values.size(), true);
    const auto any = [&] { return std::find(pending.begin(), pending.end(), true) != pending.end(); };
    if (cdf((b - mean) / std) - cdf((a - mean) / std) > 0.3) {
      do {
        Normals(fresh, mean, std, contiguous);
        for (size_t i = 0; i < values.size(); ++i) {
          if (!pending[i]) continue;
          values[i] = fresh[i];
          pending[i] = values[i] < static_cast<T>(a) || values[i] > static_cast<T>(b);
        }
      } while (any());
      return;
    }
    const double mode = std::max(a, std::min(mean, b));
    const T log_peak = static_cast<T>(-0.5 * ((mode - mean) / std) * ((mode - mean) / std));
    std::vector<T> accept(values.size());
    do {
      Uniforms(fresh, static_cast<T>(a), static_cast<T>(b));
      Uniforms(accept, T(0), T(1));
      for (size_t i = 0; i < values.size(); ++i) {
        if (!pending[i]) continue;
        values[i] = fresh[i];
        const T z = (values[i] - static_cast<T>(mean)) / static_cast<T>(std);
        pending[i] = std::log(accept[i]) > z * z * T(-0.5) - log_peak;
      }
    } while (any());
  }

 private:
  static float Log(float u) {
    int e;
    float m = std::frexp(u, &e);
    float x = m - 1;
    if (m < 0.70710678118654752f) {
      --e;
      x += m;
    }
    const float z = x * x;
    float y = 7.0376836292e-2f;
    for (const float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                          2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f}) {
      y = std::fma(y, x, c);
    }
    y = y * x;
    y = std::fma(y, z, static_cast<float>(e) * -2.12194440e-4f);
    y = std::fma(-z, 0.5f, y);
    return std::fma(static_cast<float>(e), 0.693359375f, x + y);
  }

  static void SinCos(float x, float* sin, float* cos) {
    const int j = (static_cast<int>(x * 1.27323954473516f) + 1) & ~1;
    for (const float c : {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f}) {
      x = std::fma(static_cast<float>(j), c, x);
    }
    const float z = x * x;
    float even = std::fma(std::fma(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f) * z;
    even = std::fma(even, z, -z / 2) + 1;
    float odd = std::fma(std::fma(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z;
    odd = std::fma(odd, x, x);
    if (j & 2) std::swap(even, odd);
    *sin = j & 4 ? -odd : odd;
    *cos = (j - 2) & 4 ? even : -even;
  }

  static void Block(float* block, float mean, float std) {
    for (int i = 0; i < 8; ++i) {
      const float radius = std::sqrt(-2.0f * Log(1.0f - block[i]));
      float sin, cos;
      SinCos(static_cast<float>(2 * M_PI) * block[i + 8], &sin, &cos);
      block[i] = std::fma(radius * cos, std, mean);
      block[i + 8] = std::fma(radius * sin, std, mean);
    }
  }

  static void Block(double* block, double mean, double std) {
    for (int i = 0; i < 8; ++i) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - block[i]));
      const double angle = 2 * M_PI * block[i + 8];
      block[i] = std::fma(radius * std::cos(angle), std, mean);
      block[i + 8] = std::fma(radius * std::sin(angle), std, mean);
    }
  }

  std::mt19937 engine_;
  bool has_kept_ = false;
  double kept_ = 0;
};

template <typename T>
::testing::AssertionResult SameBits(const std::vector<T>& got, const std::vector<T>& want) {
  if (got.size() != want.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::memcmp(&got[i], &want[i], sizeof(T)) != 0) {
      return ::testing::AssertionFailure() << "element " << i << " is " << got[i] << ", not " << want[i];
    }
  }
  return ::testing::AssertionSuccess();
}

std::vector<double> Halves(uint64_t value) {
  return {static_cast<double>(value >> 32), static_cast<double>(value & 0xffffffff)};
}

std::vector<double> Range(int64_t low, uint64_t range, bool wide) {
  std::vector<double> params = Halves(static_cast<uint64_t>(low));
  for (const double half : Halves(range)) params.push_back(half);
  params.push_back(wide);
  return params;
}

class MtOnTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    SetNumThreads(1);
    simd::ForceTarget(GetParam());
  }
  void TearDown() override {
    SetNumThreads(1);
    simd::ForceTarget(simd::SupportedTargets().front());
  }
};

const std::vector<int64_t> kSizes = {0, 1, 2, 3, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 49, 100, 623, 624, 625, 2047, 2048, 2049, 5000};

// The outputs that come with mt19937ar.c: its first five and its thousandth.
TEST_P(MtOnTarget, InitByArrayAsPublished) {
  State state({4, 0x123, 0x234, 0x345, 0x456});
  const std::vector<uint32_t> bits = state.Bits(1000);
  EXPECT_EQ(std::vector<uint32_t>(bits.begin(), bits.begin() + 5),
            (std::vector<uint32_t>{1067595299, 955945823, 477289528, 4107218783, 4228976476}));
  EXPECT_EQ(bits[999], 3460025646);
}

// From NumPy's RandomState: a key of eight words, as spawned generators have, and one of a single word.
TEST_P(MtOnTarget, InitByArrayOfOtherLengths) {
  const std::vector<uint32_t> bits = State({8, 1, 2, 3, 4, 5, 6, 7, 4294967295}).Bits(1000);
  EXPECT_EQ(std::vector<uint32_t>(bits.begin(), bits.begin() + 3),
            (std::vector<uint32_t>{3781265413, 1415796773, 2894363466}));
  EXPECT_EQ(bits[999], 339315780);
  EXPECT_EQ(State({1, 7}).Bits(3), (std::vector<uint32_t>{1390851128, 4071050724, 647892279}));
}

TEST_P(MtOnTarget, InitGenrandAsPublished) {
  State state(5489);
  const std::vector<uint32_t> bits = state.Bits(10000);
  EXPECT_EQ(std::vector<uint32_t>(bits.begin(), bits.begin() + 5),
            (std::vector<uint32_t>{3499211612, 581869302, 3890346734, 3586334585, 545404204}));
  EXPECT_EQ(bits[9999], 4123659995);
  EXPECT_EQ(state.Draws(), 10000);
}

TEST_P(MtOnTarget, BitsInPiecesOfAnySize) {
  State state(1);
  Scalar scalar(1);
  uint64_t draws = 0;
  for (const int64_t n : kSizes) {
    std::vector<uint32_t> want(static_cast<size_t>(n));
    for (uint32_t& word : want) word = scalar.Next32();
    ASSERT_TRUE(SameBits(state.Bits(n), want)) << n;
    draws += static_cast<uint64_t>(n);
    EXPECT_EQ(state.Draws(), draws);
  }
}

template <typename T>
void CheckFloats(int threads) {
  SetNumThreads(threads);
  State state(2);
  Scalar scalar(2);
  std::vector<int64_t> sizes = kSizes;
  sizes.push_back(200003);
  for (const int64_t n : sizes) {
    std::vector<T> want(static_cast<size_t>(n));
    scalar.Uniforms(want, T(-0.1), T(0.7));
    ASSERT_TRUE(SameBits(state.Fill<T>("mt_uniform", n, {-0.1, 0.7}), want)) << "uniform, size " << n;
    scalar.Normals(want, 0.3, 1.7);
    ASSERT_TRUE(SameBits(state.Fill<T>("mt_normal", n, {0.3, 1.7}), want)) << "normal, size " << n;
    scalar.Truncated(want, 0.3, 1.7, -2, 2);
    ASSERT_TRUE(SameBits(state.Fill<T>("mt_trunc_normal", n, {0.3, 1.7, -2, 2}), want)) << "truncated, size " << n;
    if (n > 5000) continue;
    scalar.Truncated(want, 0, 1, 1, 3);
    ASSERT_TRUE(SameBits(state.Fill<T>("mt_trunc_normal", n, {0, 1, 1, 3}), want)) << "tail, size " << n;
  }
  EXPECT_EQ(state.Bits(1)[0], scalar.Next32());
}

TEST_P(MtOnTarget, FloatsEqualScalarCode) {
  for (const int threads : {1, 2, 3}) {
    CheckFloats<float>(threads);
    CheckFloats<double>(threads);
  }
}

// torch draws in the order of memory, and makes normals in blocks only where the indices have the same order.
template <typename T>
void CheckLayouts() {
  struct Case {
    Sizes shape, strides;
    bool blocks;      // are normals made in blocks?
    bool redrawn;     // and those that replace truncated ones, which lie without gaps?
    Sizes order;      // dimensions, slowest first
  };
  const Case cases[] = {
      {{9, 4}, {4, 1}, true, true, {0, 1}},
      {{9, 4}, {1, 9}, false, false, {1, 0}},
      {{9, 4}, {5, 1}, false, true, {0, 1}},
      {{40}, {3}, false, true, {0}},
      {{3, 1, 50}, {50, 999, 1}, true, true, {0, 1, 2}},
      {{1, 50, 3}, {1, 3, 1}, true, true, {0, 1, 2}},
      {{2, 3, 8, 5}, {1, 80, 2, 16}, false, false, {1, 3, 2, 0}},
      {{70, 60}, {1, 71}, false, false, {1, 0}},
      {{}, {}, true, true, {}},
  };
  for (const Case& c : cases) {
    State state(3);
    Scalar scalar(3);
    const auto n = static_cast<size_t>(Count(c.shape));
    // Index of each element in the order of memory, in row-major order of the indices.
    std::vector<size_t> position(n);
    for (size_t i = 0; i < n; ++i) {
      size_t left = i;
      Sizes index(c.shape.size());
      for (size_t d = c.shape.size(); d-- > 0;) {
        index[d] = static_cast<int64_t>(left) % c.shape[d];
        left /= static_cast<size_t>(c.shape[d]);
      }
      for (const int64_t d : c.order) position[i] = position[i] * static_cast<size_t>(c.shape[d]) + static_cast<size_t>(index[d]);
    }
    const auto check = [&](const std::string& kernel, const std::vector<double>& params, const std::vector<T>& in_order) {
      Array<T> out(c.shape, c.strides, 2);
      out.Fill([](size_t) { return 7; });
      state.Fill(kernel, out, params);
      std::vector<T> want(n);
      for (size_t i = 0; i < n; ++i) want[i] = in_order[position[i]];
      ASSERT_TRUE(SameBits(out.Values(), want)) << kernel << ", " << Describe(c.shape) << ", " << Describe(c.strides);
      for (const T gap : out.Gaps()) ASSERT_EQ(gap, T(7));
    };
    std::vector<T> want(n);
    scalar.Uniforms(want, T(0), T(1));
    check("mt_uniform", {0, 1}, want);
    scalar.Normals(want, 1, 2, c.blocks);
    check("mt_normal", {1, 2}, want);
    if (c.blocks == c.redrawn) {
      scalar.Truncated(want, 0, 1, -1, 1, c.blocks);
      check("mt_trunc_normal", {0, 1, -1, 1}, want);
    }
    scalar.Truncated(want, 0, 1, 1, 3);
    check("mt_trunc_normal", {0, 1, 1, 3}, want);
    for (T& value : want) value = scalar.Unit(double()) < 0.3;
    check("mt_bernoulli", {0.3}, want);
    for (T& value : want) value = static_cast<T>(-0.5 * std::log1p(-scalar.Unit(double())));
    check("mt_exponential", {2}, want);
    for (T& value : want) value = static_cast<T>(scalar.Next32() % 100) - 50;
    check("mt_randint", Range(-50, 100, false), want);
    EXPECT_EQ(state.Bits(1)[0], scalar.Next32());
  }
}

TEST_P(MtOnTarget, DrawsInTheOrderOfMemory) {
  CheckLayouts<float>();
  CheckLayouts<double>();
}

TEST_P(MtOnTarget, UniformStaysBelowItsUpperBound) {
  const auto check = [](auto zero, double low, double high) {
    using T = decltype(zero);
    State state(4);
    Scalar scalar(4);
    std::vector<T> want(10000);
    scalar.Uniforms(want, static_cast<T>(low), static_cast<T>(high));
    const std::vector<T> got = state.Fill<T>("mt_uniform", 10000, {low, high});
    ASSERT_TRUE(SameBits(got, want));
    for (const T value : got) {
      ASSERT_GE(value, static_cast<T>(low));
      ASSERT_LT(value, static_cast<T>(high));
    }
  };
  // Neighbours: half the sums round up to the bound.
  check(float{}, 1, 1 + 0x1p-23);
  check(double{}, 1, 1 + 0x1p-52);
  check(float{}, 1e8, 1e8 + 8);
  check(float{}, -3, -2);
}

TEST_P(MtOnTarget, TheSecondNormalIsKept) {
  State state(5);
  Scalar scalar(5);
  std::vector<double> three(3), two(2), hundred(100);
  std::vector<float> one(1);
  scalar.Normals(three, 0, 1);
  scalar.Normals(hundred, 0, 1);  // leaves it alone
  scalar.Serial(one, 10, 2);      // scaled when it is used, in another dtype
  scalar.Serial(two, 0, 1);
  EXPECT_TRUE(SameBits(state.Fill<double>("mt_normal", 3, {0, 1}), three));
  EXPECT_EQ(state[625], 1u);
  EXPECT_TRUE(SameBits(state.Fill<double>("mt_normal", 100, {0, 1}), hundred));
  EXPECT_TRUE(SameBits(state.Fill<float>("mt_normal", 1, {10, 2}), one));
  EXPECT_EQ(state[625], 0u);
  EXPECT_TRUE(SameBits(state.Fill<double>("mt_normal", 2, {0, 1}), two));
}

// Halves are made as floats and rounded once.
template <typename T>
void CheckHalves() {
  const auto rounded = [](const std::vector<float>& values) {
    std::vector<uint16_t> bits;
    for (const float value : values) bits.push_back(T::From(value).bits);
    return bits;
  };
  const auto bits_of = [](const std::vector<T>& values) {
    std::vector<uint16_t> bits;
    for (const T value : values) bits.push_back(value.bits);
    return bits;
  };
  for (const int64_t n : {0, 1, 15, 16, 32, 4096}) {
    EXPECT_EQ(bits_of(State(1).Fill<T>("mt_normal", n, {1, 2})), rounded(State(1).Fill<float>("mt_normal", n, {1, 2}))) << n;
    EXPECT_EQ(bits_of(State(1).Fill<T>("mt_exponential", n, {2})), rounded(State(1).Fill<float>("mt_exponential", n, {2})));
  }
  // Before the last block of 16 is made anew, the numbers that it replaces are not drawn.
  std::vector<float> floats = State(1).Fill<float>("mt_normal", 32, {0, 1});
  floats.erase(floats.begin() + 4, floats.begin() + 16);
  EXPECT_EQ(bits_of(State(1).Fill<T>("mt_normal", 20, {0, 1})), rounded(floats));
  // Where rounding reaches the upper bound, the lower one takes its place.
  std::vector<float> uniforms = State(1).Fill<float>("mt_uniform", 100000, {0, 1});
  int moved = 0;
  for (float& value : uniforms) {
    if (T::From(value).ToFloat() == 1) {
      value = 0;
      ++moved;
    }
  }
  EXPECT_GT(moved, 10);
  EXPECT_EQ(bits_of(State(1).Fill<T>("mt_uniform", 100000, {0, 1})), rounded(uniforms));
  for (const Layout layout : kOutputLayouts) {
    for (const std::vector<double>& params : {std::vector<double>{0, 1, -1, 2}, {0, 1, 1, 3}}) {
      Array<T> out({50, 7}, layout);
      State(1).Fill("mt_trunc_normal", out, params);
      for (const T value : out.Values()) {
        EXPECT_GE(value.ToFloat(), params[2]);
        EXPECT_LE(value.ToFloat(), params[3]);
      }
    }
    Array<T> out({50, 7}, layout);
    State(1).Fill("mt_randint", out, Range(-20, 41, false));
    EXPECT_EQ(bits_of(out.Values()).size(), 350u);
  }
}

TEST_P(MtOnTarget, Halves) {
  CheckHalves<Float16>();
  CheckHalves<BFloat16>();
}

template <typename T>
void CheckIntegers(int64_t low, uint64_t range, bool wide) {
  State state(6);
  Scalar scalar(6);
  std::vector<T> want(3000);
  for (T& value : want) {
    const uint64_t draw = wide || range == 0 ? scalar.Next64() : scalar.Next32();
    value = static_cast<T>(static_cast<int64_t>((range == 0 ? draw : draw % range) + static_cast<uint64_t>(low)));
  }
  EXPECT_TRUE(SameBits(state.Fill<T>("mt_randint", 3000, Range(low, range, wide)), want)) << low << ", " << range;
}

TEST_P(MtOnTarget, Integers) {
  CheckIntegers<int64_t>(0, 10, false);
  CheckIntegers<int64_t>(-5, 10, false);
  CheckIntegers<int64_t>(5, uint64_t{1} << 40, true);
  CheckIntegers<int64_t>(5, uint64_t{1} << 32, false);
  CheckIntegers<int64_t>(std::numeric_limits<int64_t>::min(), 0, true);
  CheckIntegers<int64_t>(std::numeric_limits<int64_t>::min(), ~uint64_t{0}, true);
  CheckIntegers<int32_t>(-7, 1000, false);
  CheckIntegers<int32_t>(0, uint64_t{1} << 31, false);
  CheckIntegers<uint8_t>(0, 256, false);
  CheckIntegers<float>(-100, 300, false);
  CheckIntegers<double>(0, (uint64_t{1} << 53) + 1, true);
}

TEST_P(MtOnTarget, Permutations) {
  for (const int64_t n : {0, 1, 2, 3, 10, 1000}) {
    State state(7);
    Scalar scalar(7);
    std::vector<int64_t> want(static_cast<size_t>(n));
    std::iota(want.begin(), want.end(), 0);
    for (size_t i = 0; i + 1 < want.size(); ++i) std::swap(want[i], want[i + scalar.Next32() % (want.size() - i)]);
    EXPECT_EQ(state.Fill<int64_t>("mt_randperm", n), want);
    EXPECT_EQ(state.Bits(1)[0], scalar.Next32());
    Array<double> gapped({n}, Layout::kGapped);
    State(7).Fill("mt_randperm", gapped);
    EXPECT_EQ(gapped.Values(), std::vector<double>(want.begin(), want.end()));
  }
  Array<double> matrix({2, 3}, Layout::kDense);
  EXPECT_THROW(State(7).Fill("mt_randperm", matrix), PlanError);
}

INSTANTIATE_TEST_SUITE_P(All, MtOnTarget, ::testing::ValuesIn(simd::SupportedTargets()),
                         [](const auto& info) { return info.param; });

TEST(MtState, IsCheckedAndLeftAloneByCallsThatFail) {
  const std::vector<std::pair<size_t, uint32_t>> wrong = {{630, 0}, {630, 2}, {624, 625}, {624, ~0u}, {625, 2}};
  for (const auto& [word, value] : wrong) {
    State state(8);
    state[word] = value;
    const std::vector<uint32_t> before = state.Words();
    Array<float> out({20}, Layout::kDense);
    out.Fill([](size_t) { return 7; });
    EXPECT_THROW(state.Fill("mt_uniform", out, {0, 1}), PlanError) << word;
    EXPECT_EQ(state.Words(), before);
    EXPECT_EQ(out.Values(), std::vector<float>(20, 7.0f));
  }
  State all_used(8);
  EXPECT_EQ(all_used[624], 624u);
  EXPECT_NO_THROW(all_used.Bits(1));
}

TEST(MtState, RefusesKeysThatAreNotWords) {
  for (const double bad : {-1.0, 0.5, 4294967296.0, static_cast<double>(NAN)}) {
    if (bad != 0.5) {
      EXPECT_THROW(State({8, 0, 0, 0, bad}), PlanError);
    }
    EXPECT_THROW(State({bad == 0.5 ? 9 : bad, 0}), PlanError);
  }
}

TEST(MtTruncNormal, GivesUpWhereTorchWouldGoOnForever) {
  State state(9);
  const std::vector<uint32_t> before = state.Words();
  // A tail of no weight in wide bounds; no width; bounds between two floats that normals of this width cannot hit.
  for (const std::vector<double>& params : {std::vector<double>{0, 1, 5, 1e12}, {0, 0, 1, 2}, {0, 1, 2, 1}}) {
    EXPECT_THROW(state.Fill<float>("mt_trunc_normal", 100, params), std::runtime_error);
  }
  EXPECT_THROW(state.Fill<float>("mt_trunc_normal", 100, {1 + 0x1p-24 * 0.9, 1e-12, 1 + 0x1p-24 * 1.1, 2}), std::runtime_error);
  EXPECT_EQ(state.Words(), before);
  // The deepest tails are fine.
  for (const double value : state.Fill<double>("mt_trunc_normal", 100, {0, 1, 10, 11})) {
    EXPECT_GE(value, 10);
    EXPECT_LE(value, 11);
  }
}

}  // namespace
}  // namespace evenkeel
