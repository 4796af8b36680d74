// Fills with random numbers from pcg32. Element i of a fill depends on the generator's place at its start and on i alone,
// so a range of elements can be made by any thread, in vectors of any length: see docs/random.md.
//
// pcg-inl.h makes bits, distributions-inl.h makes values of them; here are the loop that joins them and the driver that
// hands out ranges and copes with strides.

// Generators keep their states in arrays of vectors, which vectors of unknown length can't be put in. Machines with SVE
// have NEON too.
#if defined(__aarch64__) && !defined(HWY_DISABLED_TARGETS)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include "simd/random.h"

#include <algorithm>
#include <cstring>

#include "kernels.h"
#include "parallel.h"
#include "rng/params.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/random.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/distributions-inl.h"
#include "simd/pcg-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

// `count` values from the first unit of the stream that begins at `start`.
template <class Distribution>
HWY_INLINE void Generate(const Distribution& distribution, Pcg32 start, size_t count,
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

void GenerateBits(const double* params, DType, Pcg32 start, size_t count, void* out) {
  Generate(BitsDistribution(params), start, count, static_cast<uint32_t*>(out));
}

void GenerateUniform(const double* params, DType dtype, Pcg32 start, size_t count, void* out) {
  if (dtype == DType::kFloat32) {
    Generate(UniformDistribution<float>(params), start, count, static_cast<float*>(out));
  } else {
    Generate(UniformDistribution<double>(params), start, count, static_cast<double*>(out));
  }
}

void GenerateNormal(const double* params, DType dtype, Pcg32 start, size_t count, void* out) {
  if (dtype == DType::kFloat32) {
    Generate(NormalDistribution<float>(params), start, count, static_cast<float*>(out));
  } else {
    Generate(NormalDistribution<double>(params), start, count, static_cast<double*>(out));
  }
}

// The transforms alone, for tests. The lanes that a short last vector leaves unused see zeros.
template <typename T>
HWY_INLINE void TransformNormals(const hwy::MakeUnsigned<T>* radius, const hwy::MakeUnsigned<T>* angle, size_t pairs, T* out) {
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

template <typename T>
HWY_INLINE void TransformRadii(const hwy::MakeUnsigned<T>* words, size_t count, T* out) {
  using F = Float<T>;
  const typename F::D d;
  const typename F::DWord dw;
  constexpr size_t kLanes = hn::MaxLanes(d);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(RadiusSquared<T>(hn::LoadU(dw, words + i)), d, out + i);
  if (i < count) {
    HWY_ALIGN typename F::Word padded[kLanes] = {};
    HWY_ALIGN T values[kLanes];
    std::memcpy(padded, words + i, (count - i) * sizeof(T));
    hn::Store(RadiusSquared<T>(hn::Load(dw, padded)), d, values);
    std::memcpy(out + i, values, (count - i) * sizeof(T));
  }
}

void TransformNormals32(const uint32_t* radius, const uint32_t* angle, size_t pairs, float* out) {
  TransformNormals<float>(radius, angle, pairs, out);
}
void TransformNormals64(const uint64_t* radius, const uint64_t* angle, size_t pairs, double* out) {
  TransformNormals<double>(radius, angle, pairs, out);
}
void TransformRadii32(const uint32_t* words, size_t count, float* out) { TransformRadii<float>(words, count, out); }
void TransformRadii64(const uint64_t* words, size_t count, double* out) { TransformRadii<double>(words, count, out); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(GenerateBits);
HWY_EXPORT(GenerateUniform);
HWY_EXPORT(GenerateNormal);
HWY_EXPORT(TransformNormals32);
HWY_EXPORT(TransformNormals64);
HWY_EXPORT(TransformRadii32);
HWY_EXPORT(TransformRadii64);

namespace {

// How a distribution consumes the stream: `draws` consecutive draws of 32 bits make a unit of `outputs` elements. A thread
// is worth waking for `grain` elements: 10 to 30 us of work.
struct Units {
  int64_t outputs;
  int64_t draws;
  int64_t grain;
};

// Threads start at multiples of this many elements: whole units, and no cache line shared in contiguous fills.
constexpr int64_t kAlign = 64;

// Elements generated at a time for views with gaps. A multiple of every unit.
constexpr int64_t kScratch = 1024;

bool IsContiguous(const View& view) {
  int64_t expected = 1;
  for (int d = view.ndim; d-- > 0;) {
    if (view.shape[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}

// Writes `values` to the elements from `begin` on, in row-major order of the view's own shape.
template <typename T>
void ScatterRowMajor(const T* values, int64_t count, const View& view, int64_t begin) {
  int64_t index[kMaxDims];
  int64_t offset = 0;
  int64_t left = begin;
  for (int d = view.ndim; d-- > 0;) {
    index[d] = left % view.shape[d];
    left /= view.shape[d];
    offset += index[d] * view.strides[d];
  }
  T* data = view.As<T>();
  const int last = view.ndim - 1;
  for (int64_t done = 0; done < count;) {
    const int64_t run = std::min(count - done, view.shape[last] - index[last]);
    const int64_t stride = view.strides[last];
    for (int64_t i = 0; i < run; ++i) data[offset + i * stride] = values[done + i];
    done += run;
    // Back to the start of the row, then on to the next.
    offset -= index[last] * stride;
    index[last] = 0;
    for (int d = last; d-- > 0;) {
      offset += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      offset -= view.shape[d] * view.strides[d];
      index[d] = 0;
    }
  }
}

template <typename T, typename GenerateFunction>
void FillAs(const Plan& plan, Units units, GenerateFunction generate) {
  const View& view = plan.views[0];
  const Pcg32 start = StreamFromParams(plan.params);
  const double* params = plan.params + kNumStreamParams;
  const int64_t count = view.NumElements();
  const bool contiguous = IsContiguous(view);
  const auto range = [&](int64_t begin, int64_t end) {
    if (contiguous) {
      Pcg32 pcg = start;
      pcg.Advance(static_cast<uint64_t>(begin / units.outputs * units.draws));
      generate(params, view.dtype, pcg, static_cast<size_t>(end - begin), view.As<T>() + begin);
      return;
    }
    T scratch[kScratch];
    for (int64_t i = begin; i < end; i += kScratch) {
      const int64_t n = std::min(kScratch, end - i);
      Pcg32 pcg = start;
      pcg.Advance(static_cast<uint64_t>(i / units.outputs * units.draws));
      generate(params, view.dtype, pcg, static_cast<size_t>(n), scratch);
      ScatterRowMajor(scratch, n, view, i);
    }
  };
  ParallelFor(count, units.grain, range, kAlign);
}

template <typename GenerateFunction>
void FillFloats(const Plan& plan, Units float_units, GenerateFunction generate) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    // A double takes twice the bits and twice the time.
    constexpr int64_t kTimes = sizeof(T) / 4;
    FillAs<T>(plan, {float_units.outputs, float_units.draws * kTimes, float_units.grain / kTimes}, generate);
  });
}

}  // namespace

void RandomBits(const Plan& plan) {
  FillAs<uint32_t>(plan, {1, 1, 131072}, [](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateBits)(args...); });
}

void Uniform(const Plan& plan) {
  FillFloats(plan, {1, 1, 131072}, [](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateUniform)(args...); });
}

void Normal(const Plan& plan) {
  FillFloats(plan, {2, 2, 32768}, [](auto... args) { HWY_DYNAMIC_DISPATCH(GenerateNormal)(args...); });
}

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

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
