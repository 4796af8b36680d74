// Feeds pcg32's fills, as the library makes them, to a battery of TestU01 (P. L'Ecuyer, R. Simard, "TestU01: A C Library for
// Empirical Testing of Random Number Generators", ACM Transactions on Mathematical Software 33 (2007), article 22). Started by
// run.mjs, which says more.
//
//   testu01 BATTERY SOURCE [TEST] < STREAMS
//
// TEST is the number of the battery's only test to run. STREAMS has a line for each stream: state and
// increment, in hexadecimal. Number i comes from stream i mod their count.
// Prints TestU01's reports, then one line for each statistic: its p-value and its name.
//
// TestU01's licence forbids commercial use: no part of the set-up, the tests or the package.
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>
}

#include "kernels.h"
#include "parallel.h"
#include "random_fills.h"

namespace evenkeel {
namespace {

// Numbers of a fill in turn from each of the streams, a block of each at a time.
template <typename T>
class Numbers {
 public:
  static Numbers& Instance() {
    static Numbers numbers;
    return numbers;
  }

  void Start(KernelFunction kernel, DType dtype, std::vector<double> params, std::vector<Pcg32> streams) {
    kernel_ = kernel;
    dtype_ = dtype;
    params_ = std::move(params);
    streams_ = std::move(streams);
    // Even, so that normals come in whole pairs.
    block_ = std::max<size_t>(2, 65536 / streams_.size() * 2);
    numbers_.resize(block_ * streams_.size());
    next_ = numbers_.size();
  }

  T Next() {
    if (next_ == numbers_.size()) Refill();
    return numbers_[next_++];
  }

 private:
  void Refill() {
    for (size_t k = 0; k < streams_.size(); ++k) {
      View view = FlatView(numbers_.data() + k, dtype_, block_);
      view.strides[0] = static_cast<int64_t>(streams_.size());
      kernel_(FillPlan(view, streams_[k], position_, params_));
    }
    position_ += block_ * (sizeof(T) / 4);
    next_ = 0;
  }

  KernelFunction kernel_ = nullptr;
  DType dtype_ = DType::kUint32;
  std::vector<double> params_;
  std::vector<Pcg32> streams_;
  std::vector<T> numbers_;
  size_t block_ = 0;
  size_t next_ = 0;
  uint64_t position_ = 0;
};

using Words = Numbers<uint32_t>;
using Floats = Numbers<float>;
using Doubles = Numbers<double>;

double NormalCdf(double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); }

// A probability as a number below 1.
double Below1(double p) { return std::min(p, 1 - 0x1p-53); }

unsigned int NextBits() { return Words::Instance().Next(); }
double NextUniform() { return Doubles::Instance().Next(); }
double NextNormal() { return Below1(NormalCdf(Doubles::Instance().Next())); }
double NextExponential() { return Below1(-std::expm1(-Doubles::Instance().Next())); }
double NextTruncatedNormal() {
  static const double below = NormalCdf(-2), mass = NormalCdf(2) - below;
  return Below1(std::max(0.0, (NormalCdf(Doubles::Instance().Next()) - below) / mass));
}
// A float32 does not have 32 bits for a number: 16 of each of two, which are a pair of Box and Muller's.
unsigned int NextNormalPair() {
  const auto half = [] { return static_cast<unsigned int>(NormalCdf(Floats::Instance().Next()) * 65536); };
  const unsigned int high = std::min(half(), 65535u);
  return high << 16 | std::min(half(), 65535u);
}

struct Source {
  const char* name;
  KernelFunction kernel;
  DType dtype;
  std::vector<double> params;
  unsigned int (*bits)();  // one of the two
  double (*number)();
};

struct Battery {
  const char* name;
  void (*run)(unif01_Gen*);
  void (*repeat)(unif01_Gen*, int*);  // the times to run each test, counted from 1
};

template <typename Row>
const Row* Find(const std::vector<Row>& rows, const char* name) {
  for (const Row& row : rows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  std::fprintf(stderr, "there is no %s\n", name);
  return nullptr;
}

int Main(int argc, char** argv) {
  const std::vector<Battery> batteries = {{"smallcrush", bbattery_SmallCrush, bbattery_RepeatSmallCrush},
                                          {"crush", bbattery_Crush, bbattery_RepeatCrush},
                                          {"bigcrush", bbattery_BigCrush, bbattery_RepeatBigCrush}};
  const std::vector<Source> sources = {
      {"bits", simd::RandomBits, DType::kUint32, {}, NextBits, nullptr},
      {"uniform64", simd::Uniform, DType::kFloat64, {0, 1}, nullptr, NextUniform},
      {"normal64", simd::Normal, DType::kFloat64, {0, 1}, nullptr, NextNormal},
      {"normal32", simd::Normal, DType::kFloat32, {0, 1}, NextNormalPair, nullptr},
      {"truncated64", simd::TruncatedNormal, DType::kFloat64, {0, 1, -2, 2}, nullptr, NextTruncatedNormal},
      {"exponential64", simd::Exponential, DType::kFloat64, {1}, nullptr, NextExponential},
  };
  constexpr int kMostTests = 200;
  const int test = argc == 4 ? std::atoi(argv[3]) : 0;
  if (argc < 3 || argc > 4 || test < 0 || test > kMostTests) {
    std::fprintf(stderr, "usage: testu01 BATTERY SOURCE [TEST] < STREAMS\n");
    return 2;
  }
  const Battery* battery = Find(batteries, argv[1]);
  const Source* source = Find(sources, argv[2]);
  std::vector<Pcg32> streams;
  for (uint64_t state, increment; std::scanf("%" SCNx64 "%" SCNx64, &state, &increment) == 2;) {
    streams.emplace_back(state, increment);
  }
  if (battery == nullptr || source == nullptr || streams.empty()) return 2;

  if (source->dtype == DType::kUint32) {
    Words::Instance().Start(source->kernel, source->dtype, source->params, streams);
  } else if (source->dtype == DType::kFloat32) {
    Floats::Instance().Start(source->kernel, source->dtype, source->params, streams);
  } else {
    Doubles::Instance().Start(source->kernel, source->dtype, source->params, streams);
  }
  SetNumThreads(1);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  swrite_Host = FALSE;
  char* name = argv[2];
  unif01_Gen* generator = source->bits != nullptr ? unif01_CreateExternGenBits(name, source->bits)
                                                  : unif01_CreateExternGen01(name, source->number);
  if (test == 0) {
    battery->run(generator);
  } else {
    std::vector<int> times(kMostTests + 1);
    times[static_cast<size_t>(test)] = 1;
    battery->repeat(generator, times.data());
  }

  // A statistic that could not be computed is negative.
  for (int i = 0; i < bbattery_NTests; ++i) {
    const double p = bbattery_pVal[i];
    if (p < 0) continue;
    if (p > 0.5) {
      std::printf("statistic 1 - %.3g %s\n", 1 - p, bbattery_TestNames[i]);
    } else {
      std::printf("statistic %.3g %s\n", p, bbattery_TestNames[i]);
    }
  }
  return 0;
}

}  // namespace
}  // namespace evenkeel

int main(int argc, char** argv) { return evenkeel::Main(argc, argv); }
