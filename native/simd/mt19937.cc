// What torch 2.15 makes of mt19937's draws, to the last bit, in vectors. docs/random.md has the formulas. Its official
// x86-64 build fuses some multiplications with the additions that follow; those are written out here (Fma), and the compiler
// fuses none of its own (-ffp-contract=off).

// As in random.cc: machines with SVE have NEON too.
#if defined(__aarch64__) && !defined(HWY_DISABLED_TARGETS)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include "simd/mt19937.h"

#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/mt19937.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::ScalableTag<uint32_t>;
using DF = hn::ScalableTag<float>;
using V32 = hn::Vec<D32>;
using VF = hn::Vec<DF>;

// The generator ---------------------------------------------------------------------------------------------------------

constexpr size_t kSize = 624;
constexpr size_t kShift = 397;

// next[i] = state[(i + 397) % 624] ^ twist(state[i], state[i + 1]), where later words see the earlier ones' new values.
template <class D>
HWY_INLINE void TwistWords(D d, uint32_t* state, size_t begin, size_t end, const uint32_t* shifted) {
  for (size_t i = begin; i < end; i += hn::Lanes(d)) {
    const auto low = hn::LoadU(d, state + i + 1);
    const auto high = hn::LoadU(d, state + i);
    const auto y = hn::Or(hn::And(high, hn::Set(d, 0x80000000u)), hn::And(low, hn::Set(d, 0x7fffffffu)));
    const auto odd = hn::Sub(hn::Zero(d), hn::And(low, hn::Set(d, 1)));  // all ones or zeros
    const auto twisted = hn::Xor(hn::ShiftRight<1>(y), hn::And(odd, hn::Set(d, 0x9908b0dfu)));
    hn::StoreU(hn::Xor(hn::LoadU(d, shifted + i), twisted), d, state + i);
  }
}

void Twist(uint32_t* state) {
  const D32 d;
  const hn::CappedTag<uint32_t, 4> d4;
  const hn::CappedTag<uint32_t, 1> d1;
  const size_t lanes = hn::Lanes(d);
  // Up to kSize - kShift the shifted words are old, from there on they are new: at least a vector behind.
  constexpr size_t kTurn = kSize - kShift;
  const size_t first = kTurn / lanes * lanes;
  TwistWords(d, state, 0, first, state + kShift);
  TwistWords(d1, state, first, kTurn, state + kShift);
  const uint32_t* behind = state - kTurn;
  const size_t second = kTurn + (kSize - 1 - kTurn) / lanes * lanes;
  TwistWords(d, state, kTurn, second, behind);
  TwistWords(d4, state, second, kSize - 1, behind);  // 396 words: a multiple of 4
  // The last word's successor is the first.
  const uint32_t low = state[0];
  const uint32_t y = (state[kSize - 1] & 0x80000000u) | (low & 0x7fffffffu);
  state[kSize - 1] = state[kShift - 1] ^ y >> 1 ^ ((0u - (low & 1)) & 0x9908b0dfu);
}

template <class D>
HWY_INLINE hn::Vec<D> TemperWords(D d, hn::Vec<D> y) {
  y = hn::Xor(y, hn::ShiftRight<11>(y));
  y = hn::Xor(y, hn::And(hn::ShiftLeft<7>(y), hn::Set(d, 0x9d2c5680u)));
  y = hn::Xor(y, hn::And(hn::ShiftLeft<15>(y), hn::Set(d, 0xefc60000u)));
  return hn::Xor(y, hn::ShiftRight<18>(y));
}

void Temper(const uint32_t* state, size_t count, void* out) {
  const D32 d;
  const size_t lanes = hn::Lanes(d);
  uint32_t* to = static_cast<uint32_t*>(out);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(TemperWords(d, hn::LoadU(d, state + i)), d, to + i);
  if (i < count) {
    HWY_ALIGN uint32_t rest[hn::MaxLanes(d)] = {};
    std::memcpy(rest, state + i, (count - i) * sizeof(uint32_t));
    hn::Store(TemperWords(d, hn::Load(d, rest)), d, rest);
    std::memcpy(to + i, rest, (count - i) * sizeof(uint32_t));
  }
}

// Fused multiply-add ----------------------------------------------------------------------------------------------------

// a b + c, rounded once.
template <class V>
HWY_INLINE V Fma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  using D = hn::DFromV<V>;
  const D d;
  HWY_ALIGN hn::TFromD<D> lanes[3][hn::MaxLanes(d)];
  hn::Store(a, d, lanes[0]);
  hn::Store(b, d, lanes[1]);
  hn::Store(c, d, lanes[2]);
  for (size_t i = 0; i < hn::MaxLanes(d); ++i) lanes[0][i] = std::fma(lanes[0][i], lanes[1][i], lanes[2][i]);
  return hn::Load(d, lanes[0]);
#endif
}

template <class V>
HWY_INLINE V Fma(V a, V b, hn::TFromV<V> c) {
  return Fma(a, b, hn::Set(hn::DFromV<V>(), c));
}

// Uniforms --------------------------------------------------------------------------------------------------------------

// [0, 1) from the low 24 bits of a draw.
HWY_INLINE VF Unit(V32 draws) {
  const DF d;
  const hn::ScalableTag<int32_t> di;
  const auto fraction = hn::BitCast(di, hn::And(draws, hn::Set(D32(), 0xffffffu)));
  return hn::Mul(hn::ConvertTo(d, fraction), hn::Set(d, 0x1p-24f));
}

// [0, 1) from the low 53 bits of two draws, the first of which is the upper half.
template <class V32Pair>
HWY_INLINE hn::Vec<hn::ScalableTag<double>> UnitFromPairs(V32Pair draws) {
  const hn::ScalableTag<double> d;
  const hn::ScalableTag<int64_t> di;
  const auto words = hn::BitCast(hn::ScalableTag<uint64_t>(), hn::Shuffle2301(draws));
  const auto fraction = hn::And(words, hn::Set(hn::ScalableTag<uint64_t>(), (uint64_t{1} << 53) - 1));
  return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, fraction)), hn::Set(d, 0x1p-53));
}

HWY_INLINE VF UnitOf(float, V32 draws) { return Unit(draws); }
HWY_INLINE hn::Vec<hn::ScalableTag<double>> UnitOf(double, V32 draws) { return UnitFromPairs(draws); }

template <typename T>
HWY_INLINE void Uniforms(T* values, size_t count, T low, T high) {
  const hn::ScalableTag<T> d;
  constexpr size_t kLanes = hn::MaxLanes(d);
  const auto range = hn::Set(d, high - low);
  const auto bottom = hn::Set(d, low);
  const auto top = hn::Set(d, high);
  const auto step = [&](T* at) HWY_ATTR {
    const V32 draws = hn::LoadU(D32(), reinterpret_cast<const uint32_t*>(at));
    const auto value = Fma(UnitOf(T(), draws), range, bottom);
    // The upper bound is open, but the sum may round onto it.
    hn::StoreU(hn::IfThenElse(hn::Eq(value, top), bottom, value), d, at);
  };
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) step(values + i);
  if (i < count) {
    HWY_ALIGN T rest[kLanes] = {};
    std::memcpy(rest, values + i, (count - i) * sizeof(T));
    step(rest);
    std::memcpy(values + i, rest, (count - i) * sizeof(T));
  }
}

void Uniforms32(float* values, size_t count, float low, float high) { Uniforms(values, count, low, high); }
void Uniforms64(double* values, size_t count, double low, double high) { Uniforms(values, count, low, high); }

// Normals ---------------------------------------------------------------------------------------------------------------

// The logarithm and the sine and cosine below are those of Moshier's Cephes library for single precision (1988).

HWY_INLINE VF Log(VF u) {
  const DF d;
  const D32 dw;
  const hn::ScalableTag<int32_t> di;
  const auto bits = hn::BitCast(dw, u);
  // u = m 2^e with 1/2 <= m < 1.
  const VF m = hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(dw, 0x007fffffu)), hn::Set(dw, 0x3f000000u)));
  VF e = hn::ConvertTo(d, hn::Sub(hn::BitCast(di, hn::ShiftRight<23>(bits)), hn::Set(di, 126)));
  const VF one = hn::Set(d, 1.0f);
  const auto small = hn::Lt(m, hn::Set(d, 0.707106781186547524f));
  const VF x = hn::Add(hn::Sub(m, one), hn::IfThenElseZero(small, m));
  e = hn::Sub(e, hn::IfThenElseZero(small, one));
  const VF z = hn::Mul(x, x);
  VF y = hn::Set(d, 7.0376836292e-2f);
  for (const float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                        2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f}) {
    y = Fma(y, x, c);
  }
  y = hn::Mul(y, x);
  y = Fma(y, z, hn::Mul(e, hn::Set(d, -2.12194440e-4f)));
  y = Fma(hn::Neg(z), hn::Set(d, 0.5f), y);
  return Fma(e, hn::Set(d, 0.693359375f), hn::Add(x, y));
}

HWY_INLINE void SinCos(VF x, VF* sin, VF* cos) {
  const DF d;
  const D32 dw;
  const hn::ScalableTag<int32_t> di;
  const auto octant = hn::Add(hn::ConvertTo(di, hn::Mul(x, hn::Set(d, 1.27323954473516f))), hn::Set(di, 1));
  const auto j = hn::And(octant, hn::Set(di, ~1));
  const VF y = hn::ConvertTo(d, j);
  x = Fma(y, hn::Set(d, -0.78515625f), x);
  x = Fma(y, hn::Set(d, -2.4187564849853515625e-4f), x);
  x = Fma(y, hn::Set(d, -3.77489497744594108e-8f), x);
  const VF z = hn::Mul(x, x);
  VF even = Fma(hn::Set(d, 2.443315711809948e-5f), z, -1.388731625493765e-3f);
  even = hn::Mul(Fma(even, z, 4.166664568298827e-2f), z);
  even = hn::Add(Fma(even, z, hn::Mul(z, hn::Set(d, -0.5f))), hn::Set(d, 1.0f));
  VF odd = Fma(hn::Set(d, -1.9515295891e-4f), z, 8.3321608736e-3f);
  odd = hn::Mul(Fma(odd, z, -1.6666654611e-1f), z);
  odd = Fma(odd, x, x);
  const auto bits = hn::BitCast(dw, j);
  const auto swap = hn::RebindMask(d, hn::TestBit(j, hn::Set(di, 2)));
  const auto four = hn::Set(dw, 4);
  const auto sin_sign = hn::ShiftLeft<29>(hn::And(bits, four));
  const auto cos_sign = hn::ShiftLeft<29>(hn::AndNot(hn::Sub(bits, hn::Set(dw, 2)), four));
  *sin = hn::Xor(hn::IfThenElse(swap, even, odd), hn::BitCast(d, sin_sign));
  *cos = hn::Xor(hn::IfThenElse(swap, odd, even), hn::BitCast(d, cos_sign));
}

// Box and Muller's transform (1958).
HWY_INLINE void BoxMuller(V32 radius_draws, V32 angle_draws, float mean, float std, VF* z0, VF* z1) {
  const DF d;
  const VF u1 = hn::Sub(hn::Set(d, 1.0f), Unit(radius_draws));  // above 0, for the logarithm
  const VF radius = hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), Log(u1)));
  VF sin, cos;
  SinCos(hn::Mul(hn::Set(d, 6.28318530717958647692f), Unit(angle_draws)), &sin, &cos);
  *z0 = Fma(hn::Mul(radius, cos), hn::Set(d, std), mean);
  *z1 = Fma(hn::Mul(radius, sin), hn::Set(d, std), mean);
}

// In a block the radii are in the first half, the angles in the second; the cosines and sines likewise.
constexpr size_t kBlock = 16;
constexpr size_t kHalf = kBlock / 2;

template <size_t kBlocks>  // as many as make two vectors, but one at least
HWY_INLINE void NormalsOfBlocks(float* values, float mean, float std) {
  const DF d;
  const D32 dw;
  constexpr size_t kLanes = hn::MaxLanes(d);
  const uint32_t* draws = reinterpret_cast<const uint32_t*>(values);
  VF z0, z1;
#if HWY_MAX_BYTES >= 64
  if (kBlocks == 2) {
    const V32 a = hn::LoadU(dw, draws);
    const V32 b = hn::LoadU(dw, draws + kBlock);
    BoxMuller(hn::ConcatLowerLower(dw, b, a), hn::ConcatUpperUpper(dw, b, a), mean, std, &z0, &z1);
    hn::StoreU(hn::ConcatLowerLower(d, z1, z0), d, values);
    hn::StoreU(hn::ConcatUpperUpper(d, z1, z0), d, values + kBlock);
    return;
  }
#endif
  for (size_t i = 0; i < kHalf; i += kLanes) {
    BoxMuller(hn::LoadU(dw, draws + i), hn::LoadU(dw, draws + kHalf + i), mean, std, &z0, &z1);
    hn::StoreU(z0, d, values + i);
    hn::StoreU(z1, d, values + kHalf + i);
  }
}

void NormalBlocks32(float* values, size_t blocks, float mean, float std) {
  constexpr size_t kBlocks = hn::MaxLanes(DF()) > kHalf ? 2 : 1;
  size_t block = 0;
  for (; block + kBlocks <= blocks; block += kBlocks) NormalsOfBlocks<kBlocks>(values + block * kBlock, mean, std);
  if (block < blocks) {
    HWY_ALIGN float rest[kBlocks * kBlock] = {};
    std::memcpy(rest, values + block * kBlock, kBlock * sizeof(float));
    NormalsOfBlocks<kBlocks>(rest, mean, std);
    std::memcpy(values + block * kBlock, rest, kBlock * sizeof(float));
  }
}

// The C library's logarithm, sine and cosine, as torch has it: the bits are those of the library.
void NormalBlocks64(double* values, size_t blocks, double mean, double std) {
  for (double* block = values; block != values + blocks * kBlock; block += kBlock) {
    Uniforms(block, kBlock, 0.0, 1.0);
    for (size_t j = 0; j < kHalf; ++j) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - block[j]));
      const double angle = 2.0 * 3.14159265358979323846 * block[j + kHalf];
      block[j] = std::fma(radius * std::cos(angle), std, mean);
      block[j + kHalf] = std::fma(radius * std::sin(angle), std, mean);
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Twist);
HWY_EXPORT(Temper);
HWY_EXPORT(Uniforms32);
HWY_EXPORT(Uniforms64);
HWY_EXPORT(NormalBlocks32);
HWY_EXPORT(NormalBlocks64);

void MtTwist(uint32_t* state) { HWY_DYNAMIC_DISPATCH(Twist)(state); }
void MtTemper(const uint32_t* state, size_t count, void* out) { HWY_DYNAMIC_DISPATCH(Temper)(state, count, out); }
void MtUniforms(float* values, size_t count, float low, float high) {
  HWY_DYNAMIC_DISPATCH(Uniforms32)(values, count, low, high);
}
void MtUniforms(double* values, size_t count, double low, double high) {
  HWY_DYNAMIC_DISPATCH(Uniforms64)(values, count, low, high);
}
void MtNormalBlocks(float* values, size_t blocks, float mean, float std) {
  HWY_DYNAMIC_DISPATCH(NormalBlocks32)(values, blocks, mean, std);
}
void MtNormalBlocks(double* values, size_t blocks, double mean, double std) {
  HWY_DYNAMIC_DISPATCH(NormalBlocks64)(values, blocks, mean, std);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
