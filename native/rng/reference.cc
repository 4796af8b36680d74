#include "rng/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "convert.h"
#include "rng/discrete.h"
#include "rng/fill.h"
#include "rng/params.h"
#include "rng/permutation.h"
#include "rng/polynomial.h"

namespace evenkeel::reference {
namespace {

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
  const T middle = static_cast<T>(static_cast<Signed>(folded)) + static_cast<T>(0.5);
  const T x = middle * std::ldexp(static_cast<T>(1), -kBits<T>);
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
    const T middle = static_cast<T>(static_cast<Signed>(n)) + static_cast<T>(0.5);
    const T g = middle * std::ldexp(static_cast<T>(1), -kFractionBits);
    return g * Polynomial(NormalCoefficients<T>::kSin, g * g);
  };
  const T c = quarter_sine(fraction ^ kMask);
  const T s = quarter_sine(fraction);
  *cos = top != next ? -c : c;
  *sin = top ? -s : s;
}

namespace {

// word + 1/2, rounded once: the halves of the word are exact.
template <typename T>
T MiddleOf(Word<T> word) {
  constexpr int kHalf = kBits<T> / 2;
  const Word<T> low = word & ((Word<T>{1} << kHalf) - 1);
  return static_cast<T>(word >> kHalf) * std::ldexp(static_cast<T>(1), kHalf) +
         (static_cast<T>(low) + static_cast<T>(0.5));
}

// -2 ln y, 0 < y < 1.
template <typename T>
T MinusTwoLog(T y) {
  int exponent;
  const T mantissa = std::frexp(y, &exponent);
  return static_cast<T>(-exponent) * NormalCoefficients<T>::kTwoLn2 + LogTail(static_cast<T>(1) - mantissa);
}

// z / (1 - 2 q), Q(z) = q, from w = -ln(4 q (1 - q)).
float QuantileRatio(float w) {
  using C = QuantileCoefficients<float>;
  if (w < C::kSplit) return Polynomial(C::kBody, w - C::kBodyMiddle);
  return Polynomial(C::kTail, std::sqrt(w) - C::kTailMiddle);
}
double QuantileRatio(double w) {
  using C = QuantileCoefficients<double>;
  if (w < C::kSplit) return Polynomial(C::kBody, w - C::kBodyMiddle);
  const double root = std::sqrt(w);
  if (root < C::kFarSplit) return Polynomial(C::kTail, root - C::kTailMiddle);
  return Polynomial(C::kFarTail, root - C::kFarTailMiddle);
}

}  // namespace

template <typename T>
T TruncatedNormalFromWord(const evenkeel::TruncatedNormal<T>& normal, Word<T> word) {
  using Kind = typename evenkeel::TruncatedNormal<T>::Kind;
  constexpr T kOne = 1;
  word ^= normal.flip;
  T distance = 0;
  if (normal.kind == Kind::kNarrow) {
    const T t = MiddleOf<T>(word) * std::ldexp(kOne, -kBits<T>);
    distance = t * Polynomial(normal.polynomial, t);
  } else if (normal.kind == Kind::kTail) {
    const T t = MiddleOf<T>(word);
    const T complement = MiddleOf<T>(static_cast<Word<T>>(~word)) * std::ldexp(kOne, -kBits<T>);
    const T a = t * normal.covered;
    // 1 - a = v: whichever of the two is known to full relative accuracy.
    const T log = a <= static_cast<T>(0.5) ? LogTail(a) : MinusTwoLog(complement + t * normal.ratio);
    const T d = log / (kOne + std::sqrt(kOne + log * normal.inverse_square));
    distance = d * Polynomial(normal.polynomial, d * normal.to_unit - kOne);
  } else {
    const bool low = word < normal.threshold;
    const T t = MiddleOf<T>(low ? word : static_cast<Word<T>>(~word));
    const T q = (low ? normal.lower : normal.upper) + t * normal.mass;
    const T y = std::min(static_cast<T>(4) * q * (kOne - q), std::nextafter(kOne, static_cast<T>(0)));
    const T z = (kOne - (q + q)) * QuantileRatio(static_cast<T>(0.5) * MinusTwoLog(y));
    distance = low ? -z : z;
  }
  return std::min(std::max(distance * normal.scale + normal.base, normal.lowest), normal.highest);
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
  for (int64_t i = 0; i < n; ++i) view.As<T>()[OffsetOf(view, i)] = element(static_cast<uint64_t>(i));
}

// The words of a fill that begins at `start`, each element's by itself.
template <typename T>
Word<T> WordAt(Pcg32 start, uint64_t index) {
  start.Advance(index * (sizeof(T) / 4));
  return NextWord<T>(start);
}

}  // namespace

void RandomBits(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  ForEach<uint32_t>(plan.views[0], [&](uint64_t i) { return RandomBits(start, i); });
}

void Uniform(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  const double* bounds = plan.params + kNumStreamParams;
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    const Made<Out> low = NearestOf<Out>(bounds[0]);
    const Made<Out> high = NearestOf<Out>(bounds[1]);
    ForEach<Out>(plan.views[0], [&](uint64_t i) {
      const Made<Out> value = Uniform<Made<Out>>(start, i, low, high);
      return Rounded<Out>(low < high ? std::min(value, Neighbour<Out>(high, -1)) : value);
    });
  });
}

void Normal(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    const auto mean = static_cast<Made<Out>>(plan.params[kNumStreamParams]);
    const auto std = static_cast<Made<Out>>(plan.params[kNumStreamParams + 1]);
    ForEach<Out>(plan.views[0], [&](uint64_t i) { return Rounded<Out>(Normal<Made<Out>>(start, i, mean, std)); });
  });
}

void TruncatedNormal(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  const double* p = plan.params + kNumStreamParams;
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    using T = Made<Out>;
    const auto normal = TruncatedNormalOf<Out>(p[0], p[1], p[2], p[3]);
    ForEach<Out>(plan.views[0], [&](uint64_t i) {
      return Rounded<Out>(TruncatedNormalFromWord<T>(normal, WordAt<T>(start, i)));
    });
  });
}

void Exponential(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    using T = Made<Out>;
    const T scale = ExponentialScale<T>(plan.params[kNumStreamParams]);
    ForEach<Out>(plan.views[0], [&](uint64_t i) {
      const T value = RadiusSquared<T>(WordAt<T>(start, i)) * scale;
      return Rounded<Out>(std::min(std::max(value, SmallestPositiveOf<Out>()), LargestOf<Out>()));
    });
  });
}

void Bernoulli(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  const uint64_t threshold = BernoulliThreshold(plan.params[kNumStreamParams]);
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    ForEach<Out>(plan.views[0], [&](uint64_t i) { return Convert<Out>(RandomBits(start, i) < threshold); });
  });
}

void Integers(const Plan& plan) {
  const Pcg32 start = StreamFromParams(plan.params);
  const IntegerRange range(plan.params + kNumStreamParams);
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    ForEach<Out>(plan.views[0], [&](uint64_t i) { return Convert<Out>(range.At(WordAt<double>(start, i))); });
  });
}

// Buckets of numbers, where there are several, each with Fisher and Yates's shuffle.
void Permutation(const Plan& plan) {
  const View& view = plan.views[0];
  const auto n = static_cast<uint64_t>(view.NumElements());
  const int bits = BucketBits(view.NumElements());
  const Pcg32 start = StreamFromParams(plan.params);
  std::vector<std::vector<uint64_t>> buckets(size_t{1} << bits);
  for (uint64_t i = 0; i < n; ++i) buckets[bits == 0 ? 0 : RandomBits(start, i) >> (32 - bits)].push_back(i);
  const uint64_t first = bits == 0 ? 0 : n;  // of the draws for the shuffles
  std::vector<uint64_t> order;
  for (std::vector<uint64_t>& bucket : buckets) {
    for (size_t i = 0; i + 1 < bucket.size(); ++i) {
      Pcg32 pcg = start;
      pcg.Advance(first + 2 * (order.size() + i));
      std::swap(bucket[i], bucket[i + MultiplyHigh(NextWord<double>(pcg), bucket.size() - i)]);
    }
    order.insert(order.end(), bucket.begin(), bucket.end());
  }
  VisitAny(view.dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    ForEach<Out>(view, [&](uint64_t i) { return Convert<Out>(static_cast<int64_t>(order[i])); });
  });
}

void SparseZero(const Plan& plan) {
  const View& view = plan.views[0];
  const Pcg32 start = StreamFromParams(plan.params);
  const auto rows = static_cast<uint64_t>(view.shape[0]);
  const auto count = static_cast<uint64_t>(plan.params[kNumStreamParams]);
  VisitAny(view.dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    for (int64_t column = 0; column < view.shape[1]; ++column) {
      std::vector<uint64_t> order(rows);
      for (uint64_t i = 0; i < rows; ++i) order[i] = i;
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t word = WordAt<double>(start, static_cast<uint64_t>(column) * count + i);
        std::swap(order[i], order[i + MultiplyHigh(word, rows - i)]);
        const auto row = static_cast<int64_t>(order[i]);
        view.As<Out>()[row * view.strides[0] + column * view.strides[1]] = Convert<Out>(0);
      }
    }
  });
}

#define INSTANTIATE(T)                                                                              \
  template T RadiusSquared<T>(Word<T>);                                                             \
  template void CosSin<T>(Word<T>, T*, T*);                                                         \
  template T TruncatedNormalFromWord<T>(const evenkeel::TruncatedNormal<T>&, Word<T>);              \
  template T Uniform<T>(Pcg32, uint64_t, T, T);                                                     \
  template T Normal<T>(Pcg32, uint64_t, T, T);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::reference
