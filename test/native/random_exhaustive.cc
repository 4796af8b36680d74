// Every radius word and every angle word of the float32 normal distribution, and every word of some truncated ones, on the
// best instruction set: the vector code against the scalar reference, and both against exact values. (Exponentials are
// squares of radii.) Minutes of work, so not a part of ctest. Exit status 0 and lines of figures if all is well.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include "parallel.h"
#include "rng/reference.h"
#include "simd/random.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

constexpr int64_t kAllWords = int64_t{1} << 32;
constexpr int64_t kBlock = 1 << 14;

// Chunks of 2^24 words keep the sums' rounding errors, and the threads' waiting for one another, small.
constexpr int64_t kChunk = 1 << 24;
std::mutex mutex;

bool SameBits(float a, float b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

struct Radii {
  int64_t not_reference = 0;  // vector code differs
  int64_t not_finite = 0;     // or negative
  int64_t rises = 0;          // r^2 larger than for the word before
  double worst = 0;           // relative error of r
  long double sum2 = 0, sum4 = 0;

  void Add(const Radii& other) {
    not_reference += other.not_reference;
    not_finite += other.not_finite;
    rises += other.rises;
    worst = std::max(worst, other.worst);
    sum2 += other.sum2;
    sum4 += other.sum4;
  }
};

Radii CheckRadii(int64_t begin, int64_t end) {
  Radii result;
  std::vector<uint32_t> words(kBlock);
  std::vector<float> squares(kBlock);
  float before = begin == 0 ? INFINITY : reference::RadiusSquared<float>(static_cast<uint32_t>(begin - 1));
  for (int64_t base = begin; base < end; base += kBlock) {
    for (int64_t i = 0; i < kBlock; ++i) words[i] = static_cast<uint32_t>(base + i);
    simd::RadiiSquared(words.data(), kBlock, squares.data());
    double sum2 = 0, sum4 = 0;
    for (int64_t i = 0; i < kBlock; ++i) {
      const float square = squares[i];
      result.not_reference += !SameBits(square, reference::RadiusSquared<float>(words[i]));
      result.not_finite += !(square >= 0 && std::isfinite(square));
      result.rises += square > before;
      before = square;
      // Exact in double precision: near 1 the argument still has 32 bits to spare.
      const double exact = std::sqrt(-2 * std::log((words[i] + 0.5) * 0x1p-32));
      result.worst = std::max(result.worst, std::abs(std::sqrt(square) - exact) / exact);
      sum2 += square;
      sum4 += static_cast<double>(square) * square;
    }
    result.sum2 += sum2;
    result.sum4 += sum4;
  }
  return result;
}

struct Angles {
  int64_t not_reference = 0;
  int64_t asymmetric = 0;  // a quadrant is not the mirror image of the first
  double worst = 0;        // relative error of cosine or sine

  void Add(const Angles& other) {
    not_reference += other.not_reference;
    asymmetric += other.asymmetric;
    worst = std::max(worst, other.worst);
  }
};

// [begin, end) are angles of the first quadrant; their images in the others are checked with them.
Angles CheckAngles(int64_t begin, int64_t end) {
  Angles result;
  // Any radius will do: u1 = exp(-1/2) gives one near 1.
  const uint32_t radius_word = static_cast<uint32_t>(std::lround(std::exp(-0.5) * 4294967296.0));
  const float radius = std::sqrt(reference::RadiusSquared<float>(radius_word));
  const std::vector<uint32_t> radii(4 * kBlock, radius_word);
  std::vector<uint32_t> words(4 * kBlock);
  std::vector<float> z(8 * kBlock);
  for (int64_t base = begin; base < end; base += kBlock) {
    for (int64_t i = 0; i < kBlock; ++i) {
      const uint32_t n = static_cast<uint32_t>(base + i);
      words[4 * i] = n;                          // a
      words[4 * i + 1] = 0x7fffffffu - n;        // 1/2 turn - a
      words[4 * i + 2] = 0x80000000u + n;        // 1/2 turn + a
      words[4 * i + 3] = 0xffffffffu - n;        // 1 turn - a
    }
    simd::NormalsFromWords(radii.data(), words.data(), words.size(), z.data());
    for (int64_t i = 0; i < kBlock; ++i) {
      float cos, sin;
      for (int q = 0; q < 4; ++q) {
        reference::CosSin<float>(words[4 * i + q], &cos, &sin);
        const float* pair = &z[8 * i + 2 * q];
        result.not_reference += !SameBits(pair[0], radius * cos) || !SameBits(pair[1], radius * sin);
      }
      const float* image = &z[8 * i];
      result.asymmetric += image[2] != -image[0] || image[3] != image[1] || image[4] != -image[0] ||
                           image[5] != -image[1] || image[6] != image[0] || image[7] != -image[1];
      reference::CosSin<float>(words[4 * i], &cos, &sin);
      // Quarter turns from either axis, so that the small one of the two is accurate as well.
      const double half_pi = 1.57079632679489661923;
      const double low = (static_cast<double>(base + i) + 0.5) * 0x1p-30;
      const double exact_sin = std::sin(half_pi * low);
      const double exact_cos = low < 0.5 ? std::cos(half_pi * low) : std::sin(half_pi * (1 - low));
      result.worst = std::max(result.worst, std::abs(sin - exact_sin) / exact_sin);
      result.worst = std::max(result.worst, std::abs(cos - exact_cos) / exact_cos);
    }
  }
  return result;
}

// Truncated normals ---------------------------------------------------------------------------------------------------

struct Bounds {
  double a, b;
};
constexpr Bounds kBounds[] = {{-2, 2}, {-INFINITY, INFINITY}, {1, 3}, {10, INFINITY}};

// Words between those that the scalar reference and float64 look at.
constexpr int64_t kReferenceStep = 32;
constexpr int64_t kExactStep = 4;

struct Truncated {
  int64_t not_reference = 0;
  int64_t outside = 0;
  double fall = 0;   // below the word before, relative to max(1, |z|)
  double worst = 0;  // error relative to max(1, |z|); beyond 5 sigma to the distance from the bound, but for half an ulp

  void Add(const Truncated& other) {
    not_reference += other.not_reference;
    outside += other.outside;
    fall = std::max(fall, other.fall);
    worst = std::max(worst, other.worst);
  }
};

Truncated CheckTruncated(const Bounds& of, int64_t begin, int64_t end) {
  const auto normal = TruncatedNormalOf<float>(0, 1, of.a, of.b);
  // random_distributions_test.cc holds this against exact values.
  const auto wide = TruncatedNormalOf<double>(0, 1, of.a, of.b);
  const bool is_tail = normal.kind == TruncatedNormal<float>::Kind::kTail;
  Truncated result;
  std::vector<uint32_t> words(kBlock);
  std::vector<uint64_t> wide_words(kBlock / kExactStep);
  std::vector<float> values(kBlock);
  std::vector<double> exact(kBlock / kExactStep);
  float before = begin == 0 ? -INFINITY : reference::TruncatedNormalFromWord<float>(normal, static_cast<uint32_t>(begin - 1));
  for (int64_t base = begin; base < end; base += kBlock) {
    for (int64_t i = 0; i < kBlock; ++i) words[i] = static_cast<uint32_t>(base + i);
    // The same place but for 2^-65.
    for (int64_t i = 0; i < kBlock; i += kExactStep) {
      wide_words[i / kExactStep] = static_cast<uint64_t>(words[i]) << 32 | 0x80000000u;
    }
    simd::TruncatedNormalsFromWords(normal, words.data(), kBlock, values.data());
    simd::TruncatedNormalsFromWords(wide, wide_words.data(), wide_words.size(), exact.data());
    for (int64_t i = 0; i < kBlock; ++i) {
      const float value = values[i];
      result.outside += !(value >= of.a && value <= of.b);
      if (value < before) {
        result.fall = std::max(result.fall, static_cast<double>(before - value) / std::max(1.0f, std::abs(value)));
      }
      before = value;
    }
    for (int64_t i = 0; i < kBlock; i += kReferenceStep) {
      result.not_reference += !SameBits(values[i], reference::TruncatedNormalFromWord<float>(normal, words[i]));
    }
    for (int64_t i = 0; i < kBlock; i += kExactStep) {
      const double want = exact[i / kExactStep];
      double error = std::abs(values[i] - want);
      if (is_tail) error = std::max(0.0, error - std::abs(want) * 0x1p-24) / (want - of.a);
      result.worst = std::max(result.worst, error / (is_tail ? 1 : std::max(1.0, std::abs(want))));
    }
  }
  return result;
}

template <typename Result, typename Check>
Result Sweep(int64_t count, Check check) {
  Result total;
  ParallelFor(count / kChunk, 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const Result part = check(chunk * kChunk, (chunk + 1) * kChunk);
      std::lock_guard<std::mutex> lock(mutex);
      total.Add(part);
    }
  });
  return total;
}

int Main() {
  const Radii radii = Sweep<Radii>(kAllWords, CheckRadii);
  const Angles angles = Sweep<Angles>(kAllWords / 4, CheckAngles);
  const double mean2 = static_cast<double>(radii.sum2 / kAllWords - 2);
  const double mean4 = static_cast<double>(radii.sum4 / kAllWords - 8);
  // z = fl(r s) with r and s rounded as measured: relative errors add, plus half an ulp for the product. Relative to z
  // itself, which is more than the 1e-6 max(1, |z|) of the contract asks.
  const double z = (1 + radii.worst) * (1 + angles.worst) * (1 + 0x1p-24) - 1;
  const bool good = radii.not_reference == 0 && radii.not_finite == 0 && radii.rises == 0 &&
                    angles.not_reference == 0 && angles.asymmetric == 0 && z <= 1e-6 &&
                    std::abs(mean2) <= 1e-7 && std::abs(mean4) <= 1e-6;
  std::printf(
      "random_exhaustive (%s): %s; 2^32 radii: relative error of r <= %.3g, E r^2 - 2 = %.2g, E r^4 - 8 = %.2g, "
      "%lld rises, %lld not finite or negative, %lld unlike the reference; 2^32 angles: relative error <= %.3g, "
      "%lld unlike the reference, %lld asymmetric; so normals within %.3g |z|\n",
      simd::CurrentTarget().c_str(), good ? "good" : "BAD", radii.worst, mean2, mean4,
      static_cast<long long>(radii.rises),
      static_cast<long long>(radii.not_finite), static_cast<long long>(radii.not_reference), angles.worst,
      static_cast<long long>(angles.not_reference), static_cast<long long>(angles.asymmetric), z);
  bool all_good = good;
  for (const Bounds& of : kBounds) {
    const Truncated truncated =
        Sweep<Truncated>(kAllWords, [&](int64_t begin, int64_t end) { return CheckTruncated(of, begin, end); });
    const bool fine = truncated.not_reference == 0 && truncated.outside == 0 && truncated.fall <= 4e-7 &&
                      truncated.worst <= 1e-6;
    all_good = all_good && fine;
    std::printf("2^32 normals in [%g, %g]: %s; error <= %.3g, %.3g below the word before at most, %lld outside, "
                "%lld unlike the reference\n",
                of.a, of.b, fine ? "good" : "BAD", truncated.worst, truncated.fall,
                static_cast<long long>(truncated.outside), static_cast<long long>(truncated.not_reference));
  }
  return all_good ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel

int main() { return evenkeel::Main(); }
