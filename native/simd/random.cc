// Fills with random numbers from pcg32. Element i of a fill depends on the generator's place at its start and on i
// alone, so a range of elements can be made by any thread, in vectors of any length: see docs/random.md.
//
// pcg-inl.h makes bits, distributions-inl.h and truncated_normal-inl.h make values of them, store-inl.h elements of those;
// here is the loop that joins them. rng/fill.h hands out ranges and copes with strides.

// Generators keep their states in arrays of vectors, which vectors of unknown length can't be put in. Machines with SVE
// have NEON too.
#if defined(__aarch64__) && !defined(HWY_DISABLED_TARGETS)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include "simd/random.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "convert.h"
#include "kernels.h"
#include "rng/discrete.h"
#include "rng/element.h"
#include "rng/fill.h"
#include "rng/truncated_normal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/random.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/distributions-inl.h"
#include "simd/pcg-inl.h"
#include "simd/store-inl.h"
#include "simd/truncated_normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

// `count` values from the first unit of the stream that begins at `start`. Not inlined: it is most of this file's code, and
// the element types share it.
template <class Distribution>
HWY_NOINLINE void Generate(const Distribution& distribution, Pcg32 start, size_t count,
                           typename Distribution::Value* HWY_RESTRICT out) {
  using T = typename Distribution::Value;
  constexpr int kWords = Distribution::kWords;
  constexpr int kOutputs = Distribution::kOutputs;
  constexpr int kGroups = Distribution::kGroups;
  using Lanes = PcgLanes<typename Distribution::Word, kWords, kGroups, kOutputs == 2>;
  constexpr size_t kStep = Lanes::kUnits * kOutputs;
  const hn::ScalableTag<T> d;
  constexpr size_t kLanes = hn::MaxLanes(d);

  Lanes lanes(start);
  HWY_ALIGN T rest[kStep];
  for (size_t i = 0; i < count; i += kStep) {
    T* to = count - i < kStep ? rest : out + i;
    for (int g = 0; g < kGroups; ++g) {
      typename Lanes::VWord words[kWords];
      hn::Vec<decltype(d)> values[kOutputs];
      for (int k = 0; k < kWords; ++k) words[k] = lanes.Next(g, k);
      distribution(words, values);
      for (int k = 0; k < kOutputs; ++k) hn::StoreU(values[k], d, to + (g * kOutputs + k) * kLanes);
    }
  }
  std::memcpy(out + count / kStep * kStep, rest, count % kStep * sizeof(T));
}

// The same in blocks that stay in the first-level cache, each turned into elements of another type while it is there:
// store(vector, to) makes a vector's worth of them.
template <class Distribution, typename Out, class Store>
HWY_INLINE void GenerateAs(const Distribution& distribution, Pcg32 start, size_t count, Out* HWY_RESTRICT out,
                           Store&& store) {
  using T = typename Distribution::Value;
  static_assert(sizeof(T) == 4, "a value's words are one draw each");
  constexpr size_t kBlock = 2048;
  const hn::ScalableTag<T> d;
  constexpr size_t kLanes = hn::MaxLanes(d);
  HWY_ALIGN T values[kBlock];
  HWY_ALIGN Out rest[kLanes];
  for (size_t done = 0; done < count; done += kBlock) {
    const size_t n = std::min(kBlock, count - done);
    Generate(distribution, start, n, values);
    start.Advance(kBlock / Distribution::kOutputs * Distribution::kWords);
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) store(hn::Load(d, values + i), out + done + i);
    if (i < n) {
      std::fill(values + n, values + i + kLanes, T(0));
      store(hn::Load(d, values + i), rest);
      std::memcpy(out + done + i, rest, (n - i) * sizeof(Out));
    }
  }
}

template <class Distribution, typename Out>
HWY_INLINE void GenerateNumbers(const Distribution& distribution, Pcg32 start, size_t count, Out* HWY_RESTRICT out) {
  if constexpr (std::is_same_v<Out, typename Distribution::Value>) {
    Generate(distribution, start, count, out);
  } else {
    GenerateAs(distribution, start, count, out, [](auto values, Out* to) HWY_ATTR { StoreAs(values, to); });
  }
}

void GenerateBits(Pcg32 start, size_t count, uint32_t* out) {
  GenerateNumbers(BitsDistribution(), start, count, out);
}

// Exported functions can't be templates: `dtype` says what `out` points at.
template <typename Out>
HWY_INLINE void GenerateUniformAs(const double* params, Pcg32 start, size_t count, Out* out) {
  using T = Made<Out>;
  const T low = NearestOf<Out>(params[0]);
  const T high = NearestOf<Out>(params[1]);
  const T largest = low < high ? Neighbour<Out>(high, -1) : std::numeric_limits<T>::infinity();
  GenerateNumbers(UniformDistribution<T>(low, high, largest), start, count, out);
}
void GenerateUniform(const double* params, DType dtype, Pcg32 start, size_t count, void* out) {
  VisitReal(dtype, [&](auto tag) HWY_ATTR {
    GenerateUniformAs(params, start, count, static_cast<typename decltype(tag)::type*>(out));
  });
}

template <typename Out>
HWY_INLINE void GenerateNormalAs(const double* params, Pcg32 start, size_t count, Out* out) {
  using T = Made<Out>;
  GenerateNumbers(NormalDistribution<T>(static_cast<T>(params[0]), static_cast<T>(params[1])), start, count, out);
}
void GenerateNormal(const double* params, DType dtype, Pcg32 start, size_t count, void* out) {
  VisitReal(dtype, [&](auto tag) HWY_ATTR {
    GenerateNormalAs(params, start, count, static_cast<typename decltype(tag)::type*>(out));
  });
}

// `normal` points at a evenkeel::TruncatedNormal<Made<Out>>.
template <typename Out>
HWY_INLINE void GenerateTruncatedNormalAs(const void* normal, Pcg32 start, size_t count, Out* out) {
  using T = Made<Out>;
  using Kind = typename evenkeel::TruncatedNormal<T>::Kind;
  const auto& of = *static_cast<const evenkeel::TruncatedNormal<T>*>(normal);
  if (of.kind == Kind::kBody) {
    GenerateNumbers(TruncatedNormalDistribution<T, Kind::kBody>(of), start, count, out);
  } else if (of.kind == Kind::kTail) {
    GenerateNumbers(TruncatedNormalDistribution<T, Kind::kTail>(of), start, count, out);
  } else {
    GenerateNumbers(TruncatedNormalDistribution<T, Kind::kNarrow>(of), start, count, out);
  }
}
void GenerateTruncatedNormal(const void* normal, DType dtype, Pcg32 start, size_t count, void* out) {
  VisitReal(dtype, [&](auto tag) HWY_ATTR {
    GenerateTruncatedNormalAs(normal, start, count, static_cast<typename decltype(tag)::type*>(out));
  });
}

template <typename Out>
HWY_INLINE void GenerateExponentialAs(double lambda, Pcg32 start, size_t count, Out* out) {
  using T = Made<Out>;
  const ExponentialDistribution<T> distribution(ExponentialScale<T>(lambda), SmallestPositiveOf<Out>(),
                                                LargestOf<Out>());
  GenerateNumbers(distribution, start, count, out);
}
void GenerateExponential(double lambda, DType dtype, Pcg32 start, size_t count, void* out) {
  VisitReal(dtype, [&](auto tag) HWY_ATTR {
    GenerateExponentialAs(lambda, start, count, static_cast<typename decltype(tag)::type*>(out));
  });
}

void GenerateBernoulli(uint32_t threshold, DType dtype, Pcg32 start, size_t count, void* out) {
  VisitAny(dtype, [&](auto tag) HWY_ATTR {
    using Out = typename decltype(tag)::type;
    GenerateAs(BernoulliDistribution(threshold), start, count, static_cast<Out*>(out),
               [](auto lanes, Out* to) HWY_ATTR { StoreBits(lanes, to); });
  });
}

// The transforms alone, for tests. The lanes that a short last vector leaves unused see zeros.
template <typename T>
HWY_INLINE void TransformNormals(const hwy::MakeUnsigned<T>* radius, const hwy::MakeUnsigned<T>* angle, size_t pairs,
                                 T* out) {
  using F = Float<T>;
  const typename F::D d;
  const typename F::DWord dw;
  constexpr size_t kLanes = hn::MaxLanes(d);
  HWY_ALIGN typename F::Word words[2][kLanes] = {};
  HWY_ALIGN T values[2][kLanes];
  for (size_t i = 0; i < pairs; i += kLanes) {
    const size_t n = std::min(kLanes, pairs - i);
    std::memcpy(words[0], radius + i, n * sizeof(T));
    std::memcpy(words[1], angle + i, n * sizeof(T));
    typename F::V z0, z1;
    BoxMuller<T>(hn::Load(dw, words[0]), hn::Load(dw, words[1]), &z0, &z1);
    hn::Store(z0, d, values[0]);
    hn::Store(z1, d, values[1]);
    for (size_t k = 0; k < n; ++k) {
      out[2 * (i + k)] = values[0][k];
      out[2 * (i + k) + 1] = values[1][k];
    }
  }
}

// out[i] = transform(words[i]).
template <typename T, class Transform>
HWY_INLINE void TransformWords(const hwy::MakeUnsigned<T>* words, size_t count, T* out, Transform&& transform) {
  using F = Float<T>;
  const typename F::D d;
  const typename F::DWord dw;
  constexpr size_t kLanes = hn::MaxLanes(d);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(transform(hn::LoadU(dw, words + i)), d, out + i);
  if (i < count) {
    HWY_ALIGN typename F::Word padded[kLanes] = {};
    HWY_ALIGN T values[kLanes];
    std::memcpy(padded, words + i, (count - i) * sizeof(T));
    hn::Store(transform(hn::Load(dw, padded)), d, values);
    std::memcpy(out + i, values, (count - i) * sizeof(T));
  }
}

template <typename T>
HWY_INLINE void TransformRadii(const hwy::MakeUnsigned<T>* words, size_t count, T* out) {
  TransformWords(words, count, out, [](auto vector) HWY_ATTR { return RadiusSquared<T>(vector); });
}

template <typename T, typename evenkeel::TruncatedNormal<T>::Kind kKind>
HWY_INLINE void TransformTruncatedOf(const evenkeel::TruncatedNormal<T>& normal, const hwy::MakeUnsigned<T>* words, size_t count,
                                     T* out) {
  const TruncatedNormalDistribution<T, kKind> distribution(normal);
  TransformWords(words, count, out, [&](auto vector) HWY_ATTR {
    typename Float<T>::V value;
    distribution(&vector, &value);
    return value;
  });
}
template <typename T>
HWY_INLINE void TransformTruncated(const evenkeel::TruncatedNormal<T>& normal, const hwy::MakeUnsigned<T>* words, size_t count,
                                   T* out) {
  using Kind = typename evenkeel::TruncatedNormal<T>::Kind;
  if (normal.kind == Kind::kBody) return TransformTruncatedOf<T, Kind::kBody>(normal, words, count, out);
  if (normal.kind == Kind::kTail) return TransformTruncatedOf<T, Kind::kTail>(normal, words, count, out);
  TransformTruncatedOf<T, Kind::kNarrow>(normal, words, count, out);
}

void TransformNormals32(const uint32_t* radius, const uint32_t* angle, size_t pairs, float* out) {
  TransformNormals<float>(radius, angle, pairs, out);
}
void TransformNormals64(const uint64_t* radius, const uint64_t* angle, size_t pairs, double* out) {
  TransformNormals<double>(radius, angle, pairs, out);
}
void TransformRadii32(const uint32_t* words, size_t count, float* out) { TransformRadii<float>(words, count, out); }
void TransformRadii64(const uint64_t* words, size_t count, double* out) { TransformRadii<double>(words, count, out); }
void TransformTruncated32(const evenkeel::TruncatedNormal<float>& normal, const uint32_t* words, size_t count, float* out) {
  TransformTruncated<float>(normal, words, count, out);
}
void TransformTruncated64(const evenkeel::TruncatedNormal<double>& normal, const uint64_t* words, size_t count, double* out) {
  TransformTruncated<double>(normal, words, count, out);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(GenerateBits);
HWY_EXPORT(GenerateUniform);
HWY_EXPORT(GenerateNormal);
HWY_EXPORT(GenerateTruncatedNormal);
HWY_EXPORT(GenerateExponential);
HWY_EXPORT(GenerateBernoulli);
HWY_EXPORT(TransformNormals32);
HWY_EXPORT(TransformNormals64);
HWY_EXPORT(TransformRadii32);
HWY_EXPORT(TransformRadii64);
HWY_EXPORT(TransformTruncated32);
HWY_EXPORT(TransformTruncated64);

namespace {

// Fills a view of floats from units of `outputs` elements and as many words, which two draws make for float64. `grain` is
// for float32.
template <typename GenerateFunction>
void FillReal(const Plan& plan, int64_t outputs, int64_t grain, GenerateFunction&& generate) {
  const DType dtype = plan.views[0].dtype;
  VisitReal(dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    // A double takes twice the bits and twice the time.
    constexpr int64_t kTimes = sizeof(Made<Out>) / 4;
    FillView<Out>(plan, {outputs, outputs * kTimes, grain / kTimes},
                  [&](Pcg32 start, size_t count, Out* out) { generate(dtype, start, count, out); });
  });
}

}  // namespace

void RandomBits(const Plan& plan) { FillView<uint32_t>(plan, {1, 1, 131072}, DrawBits); }

void Uniform(const Plan& plan) {
  const double* params = plan.params + kNumStreamParams;
  FillReal(plan, 1, 131072, [&](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateUniform)(params, args...); });
}

void Normal(const Plan& plan) {
  const double* params = plan.params + kNumStreamParams;
  FillReal(plan, 2, 32768, [&](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateNormal)(params, args...); });
}

void TruncatedNormal(const Plan& plan) {
  const double* params = plan.params + kNumStreamParams;
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    const auto normal = TruncatedNormalOf<typename decltype(tag)::type>(params[0], params[1], params[2], params[3]);
    FillReal(plan, 1, 32768, [&](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateTruncatedNormal)(&normal, args...); });
  });
}

void Exponential(const Plan& plan) {
  const double lambda = plan.params[kNumStreamParams];
  FillReal(plan, 1, 65536, [&](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateExponential)(lambda, args...); });
}

void Bernoulli(const Plan& plan) {
  const uint64_t threshold = BernoulliThreshold(plan.params[kNumStreamParams]);
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    FillView<Out>(plan, {1, 1, 131072}, [&](Pcg32 start, size_t count, Out* out) {
      if (threshold >> 32 != 0) {
        std::fill_n(out, count, Convert<Out>(1));
      } else {
        HWY_DYNAMIC_DISPATCH(GenerateBernoulli)(static_cast<uint32_t>(threshold), plan.views[0].dtype, start, count, out);
      }
    });
  });
}

void DrawNormals(const double* params, Pcg32 start, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(GenerateNormal)(params, DType::kFloat32, start, count, out);
}
void DrawUniforms(const double* params, Pcg32 start, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(GenerateUniform)(params, DType::kFloat32, start, count, out);
}
void DrawTruncatedNormals(const evenkeel::TruncatedNormal<float>& normal, Pcg32 start, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(GenerateTruncatedNormal)(&normal, DType::kFloat32, start, count, out);
}
void DrawBits(Pcg32 start, size_t count, uint32_t* out) { HWY_DYNAMIC_DISPATCH(GenerateBits)(start, count, out); }

void NormalsFromWords(const uint32_t* radius, const uint32_t* angle, size_t pairs, float* out) {
  HWY_DYNAMIC_DISPATCH(TransformNormals32)(radius, angle, pairs, out);
}
void NormalsFromWords(const uint64_t* radius, const uint64_t* angle, size_t pairs, double* out) {
  HWY_DYNAMIC_DISPATCH(TransformNormals64)(radius, angle, pairs, out);
}
void RadiiSquared(const uint32_t* words, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(TransformRadii32)(words, count, out);
}
void RadiiSquared(const uint64_t* words, size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(TransformRadii64)(words, count, out);
}
void TruncatedNormalsFromWords(const evenkeel::TruncatedNormal<float>& normal, const uint32_t* words, size_t count,
                               float* out) {
  HWY_DYNAMIC_DISPATCH(TransformTruncated32)(normal, words, count, out);
}
void TruncatedNormalsFromWords(const evenkeel::TruncatedNormal<double>& normal, const uint64_t* words, size_t count,
                               double* out) {
  HWY_DYNAMIC_DISPATCH(TransformTruncated64)(normal, words, count, out);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
