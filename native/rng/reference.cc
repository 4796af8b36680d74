#include "rng/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "rng/coefficients.h"
#include "rng/params.h"

namespace evenkeel::reference {
namespace {

template <typename To, typename From>
To BitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

// Estrin's scheme, whose order of operations is part of the law.
template <typename T, int n>
T Polynomial(const T (&coefficients)[n], T x) {
  T terms[n];
  std::copy(coefficients, coefficients + n, terms);
  for (int left = n; left > 1; left = (left + 1) / 2) {
    for (int k = 0; k < left / 2; ++k) terms[k] = terms[2 * k] + terms[2 * k + 1] * x;
    if (left % 2 == 1) terms[left / 2] = terms[left - 1];
    x = x * x;
  }
  return terms[0];
}

float LogTail(float a) {
  const float two_a = a + a;
  return two_a + a * a * Polynomial(NormalCoefficients<float>::kLog, a);
}

double LogTail(double a) {
  const double s = a / (2.0 - a);
  const double t = s * s;
  return 4.0 * s + s * t * Polynomial(NormalCoefficients<double>::kLog, t);
}

template <typename T>
constexpr int kBits = 8 * sizeof(T);
template <typename T>
constexpr int kMantissaBits = std::numeric_limits<T>::digits - 1;

template <typename T>
Word<T> NextWord(Pcg32& pcg);
template <>
uint32_t NextWord<float>(Pcg32& pcg) {
  return pcg.Next();
}
template <>
uint64_t NextWord<double>(Pcg32& pcg) {
  const uint64_t high = pcg.Next();
  return high << 32 | pcg.Next();
}

}  // namespace

template <typename T>
T RadiusSquared(Word<T> word) {
  using Signed = std::make_signed_t<Word<T>>;
  const bool upper = word >> (kBits<T> - 1);
  // u1 = x in the lower half, 1 - x in the upper, with x = (folded + 1/2) 2^-bits <= 1/2 either way.
  const Word<T> folded = upper ? ~word : word;
  const T x = (static_cast<T>(static_cast<Signed>(folded)) + static_cast<T>(0.5)) * std::ldexp(static_cast<T>(1), -kBits<T>);
  if (upper) return static_cast<T>(0) * NormalCoefficients<T>::kTwoLn2 + LogTail(x);
  int exponent;
  const T mantissa = std::frexp(x, &exponent);  // x = mantissa 2^exponent, 1/2 <= mantissa < 1
  return static_cast<T>(-exponent) * NormalCoefficients<T>::kTwoLn2 + LogTail(static_cast<T>(1) - mantissa);
}

template <typename T>
void CosSin(Word<T> word, T* cos, T* sin) {
  using Signed = std::make_signed_t<Word<T>>;
  constexpr int kFractionBits = kBits<T> - 2;
  constexpr Word<T> kMask = (static_cast<Word<T>>(1) << kFractionBits) - 1;
  const bool top = word >> (kBits<T> - 1) & 1;
  const bool next = word >> (kBits<T> - 2) & 1;
  // In the second and fourth quadrant count back from the quadrant's end: thanks to the half, the complement is exact.
  const Word<T> fraction = (next ? ~word : word) & kMask;
  const auto quarter_sine = [](Word<T> n) {
    const T g = (static_cast<T>(static_cast<Signed>(n)) + static_cast<T>(0.5)) * std::ldexp(static_cast<T>(1), -kFractionBits);
    return g * Polynomial(NormalCoefficients<T>::kSin, g * g);
  };
  const T c = quarter_sine(fraction ^ kMask);
  const T s = quarter_sine(fraction);
  *cos = top != next ? -c : c;
  *sin = top ? -s : s;
}

uint32_t RandomBits(Pcg32 start, uint64_t index) {
  start.Advance(index);
  return start.Next();
}

template <typename T>
T Uniform(Pcg32 start, uint64_t index, T low, T high) {
  using Signed = std::make_signed_t<Word<T>>;
  constexpr int kDigits = std::numeric_limits<T>::digits;
  start.Advance(index * (sizeof(T) / 4));
  const Word<T> word = NextWord<T>(start) >> (kBits<T> - kDigits);
  const T unit = static_cast<T>(static_cast<Signed>(word)) * std::ldexp(static_cast<T>(1), -kDigits);
  const T value = low + (high - low) * unit;
  return low < high ? std::min(value, std::nextafter(high, low)) : value;
}

template <typename T>
T Normal(Pcg32 start, uint64_t index, T mean, T std) {
  start.Advance(index / 2 * 2 * (sizeof(T) / 4));
  const T radius = std::sqrt(RadiusSquared<T>(NextWord<T>(start)));
  T cos, sin;
  CosSin<T>(NextWord<T>(start), &cos, &sin);
  const T z = radius * (index % 2 == 0 ? cos : sin);
  return z * std + mean;
}

namespace {

// Calls element(i) for each element in row-major order of the view's own shape, and stores what it returns.
template <typename T, typename Element>
void ForEach(const View& view, Element element) {
  const int64_t n = view.NumElements();
  for (int64_t i = 0; i < n; ++i) {
    int64_t offset = 0;
    int64_t left = i;
    for (int d = view.ndim; d-- > 0;) {
      offset += left % view.shape[d] * view.strides[d];
      left /= view.shape[d];
    }
    view.As<T>()[offset] = element(static_cast<uint64_t>(i));
  }
}

}  // namespace

void RandomBits(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  ForEach<uint32_t>(plan.views[0], [&](uint64_t i) { return RandomBits(start, i); });
}

void Uniform(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  const double* bounds = plan.params + kNumStreamParams;
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T low = static_cast<T>(bounds[0]);
    const T high = static_cast<T>(bounds[1]);
    ForEach<T>(plan.views[0], [&](uint64_t i) { return Uniform<T>(start, i, low, high); });
  });
}

void Normal(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T mean = static_cast<T>(plan.params[kNumStreamParams]);
    const T std = static_cast<T>(plan.params[kNumStreamParams + 1]);
    ForEach<T>(plan.views[0], [&](uint64_t i) { return Normal<T>(start, i, mean, std); });
  });
}

#define INSTANTIATE(T)                              \
  template T RadiusSquared<T>(Word<T>);             \
  template void CosSin<T>(Word<T>, T*, T*);         \
  template T Uniform<T>(Pcg32, uint64_t, T, T);     \
  template T Normal<T>(Pcg32, uint64_t, T, T);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::reference
