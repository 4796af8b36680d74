// The vector loops of reductions of floats. Results are doubles, and terms are added as doubles; but of a long sum of
// squares or magnitudes of floats, where nothing cancels, four are added as floats before they become doubles. That is as
// fast as memory, and a relative error of at most 2^-23 whatever their number (and 1.5 times 2^-23 with the squares' own).
#include <cmath>
#include <limits>

#include "simd/reducers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/reduce.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Combinations: how two accumulated values become one, for vectors and for numbers. NaN always wins, as in torch. It is
// told by Eq: Highway's Ne is an ordered comparison on AVX2 and AVX-512, where NaN != NaN is false.
struct Plus {
  static constexpr double kIdentity = 0;
  template <class D, class V>
  static V Combine(D, V a, V b) {
    return hn::Add(a, b);
  }
};
struct Times {
  static constexpr double kIdentity = 1;
  template <class D, class V>
  static V Combine(D, V a, V b) {
    return hn::Mul(a, b);
  }
};
struct Least {
  static constexpr double kIdentity = std::numeric_limits<double>::infinity();
  template <class D, class V>
  static V Combine(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::Not(hn::Eq(b, b))), b, a);
  }
};
struct Greatest {
  static constexpr double kIdentity = -std::numeric_limits<double>::infinity();
  template <class D, class V>
  static V Combine(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::Not(hn::Eq(b, b))), b, a);
  }
};

// Terms: what one element contributes.
struct Value {
  template <class D, class V>
  static V Term(D, V x, V) {
    return x;
  }
};
struct Magnitude {
  template <class D, class V>
  static V Term(D, V x, V) {
    return hn::Abs(x);
  }
};
struct SquaredDeviation {
  template <class D, class V>
  static V Term(D, V x, V centre) {
    const V deviation = hn::Sub(x, centre);
    return hn::Mul(deviation, deviation);
  }
};

HWY_INLINE hn::Vec<hn::ScalableTag<double>> LoadDoubles(const double* from) {
  return hn::LoadU(hn::ScalableTag<double>(), from);
}
HWY_INLINE hn::Vec<hn::ScalableTag<double>> LoadDoubles(const float* from) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> half;
  return hn::PromoteTo(d, hn::LoadU(half, from));
}

template <class Combination>
double Combine(double a, double b) {
  const hn::CappedTag<double, 1> d;
  return hn::GetLane(Combination::Combine(d, hn::Set(d, a), hn::Set(d, b)));
}

template <class Combination, class D>
double CombineLanes(D d, hn::Vec<D> v) {
  HWY_ALIGN hn::TFromD<D> lanes[HWY_MAX_BYTES / sizeof(hn::TFromD<D>)];
  hn::Store(v, d, lanes);
  double result = Combination::kIdentity;
  for (size_t i = 0; i < hn::Lanes(d); ++i) result = Combine<Combination>(result, static_cast<double>(lanes[i]));
  return result;
}

// In the order of the elements, terms and combinations in double.
template <class Term, class Combination, typename T>
double Rest(const T* in, size_t count, double arg) {
  const hn::CappedTag<double, 1> one;
  double result = Combination::kIdentity;
  for (size_t i = 0; i < count; ++i) {
    const auto term = Term::Term(one, hn::Set(one, static_cast<double>(in[i])), hn::Set(one, arg));
    result = Combine<Combination>(result, hn::GetLane(term));
  }
  return result;
}

// Terms and combinations in double.
template <class Term, class Combination, typename T>
double WideRow(const T* in, size_t count, double arg) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const V argument = hn::Set(d, arg);
  const V identity = hn::Set(d, Combination::kIdentity);
  V a0 = identity, a1 = identity, a2 = identity, a3 = identity;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a0 = Combination::Combine(d, a0, Term::Term(d, LoadDoubles(in + i), argument));
    a1 = Combination::Combine(d, a1, Term::Term(d, LoadDoubles(in + i + lanes), argument));
    a2 = Combination::Combine(d, a2, Term::Term(d, LoadDoubles(in + i + 2 * lanes), argument));
    a3 = Combination::Combine(d, a3, Term::Term(d, LoadDoubles(in + i + 3 * lanes), argument));
  }
  for (; i + lanes <= count; i += lanes) {
    a0 = Combination::Combine(d, a0, Term::Term(d, LoadDoubles(in + i), argument));
  }
  a0 = Combination::Combine(d, Combination::Combine(d, a0, a1), Combination::Combine(d, a2, a3));
  return Combine<Combination>(CombineLanes<Combination>(d, a0), Rest<Term, Combination>(in + i, count - i, arg));
}

// Extremes of floats: exact without becoming doubles.
template <class Term, class Combination>
double FloatExtreme(const float* in, size_t count, double arg) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const V identity = hn::Set(d, static_cast<float>(Combination::kIdentity));
  V a0 = identity, a1 = identity, a2 = identity, a3 = identity;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a0 = Combination::Combine(d, a0, Term::Term(d, hn::LoadU(d, in + i), identity));
    a1 = Combination::Combine(d, a1, Term::Term(d, hn::LoadU(d, in + i + lanes), identity));
    a2 = Combination::Combine(d, a2, Term::Term(d, hn::LoadU(d, in + i + 2 * lanes), identity));
    a3 = Combination::Combine(d, a3, Term::Term(d, hn::LoadU(d, in + i + 3 * lanes), identity));
  }
  a0 = Combination::Combine(d, Combination::Combine(d, a0, a1), Combination::Combine(d, a2, a3));
  return Combine<Combination>(CombineLanes<Combination>(d, a0), Rest<Term, Combination>(in + i, count - i, arg));
}

// Shorter sums of floats take no noticeable time as doubles.
constexpr size_t kLongSum = 4096;

// Four added as floats before they become doubles.
template <class Term>
double FloatSum(const float* in, size_t count, double arg) {
  const hn::ScalableTag<float> d;
  const hn::Half<decltype(d)> half;
  const hn::ScalableTag<double> wide;
  const size_t lanes = hn::Lanes(d);
  const auto argument = hn::Set(d, static_cast<float>(arg));
  auto low = hn::Zero(wide);
  auto high = hn::Zero(wide);
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto t0 = Term::Term(d, hn::LoadU(d, in + i), argument);
    const auto t1 = Term::Term(d, hn::LoadU(d, in + i + lanes), argument);
    const auto t2 = Term::Term(d, hn::LoadU(d, in + i + 2 * lanes), argument);
    const auto t3 = Term::Term(d, hn::LoadU(d, in + i + 3 * lanes), argument);
    const auto four = hn::Add(hn::Add(t0, t1), hn::Add(t2, t3));
    low = hn::Add(low, hn::PromoteTo(wide, hn::LowerHalf(half, four)));
    high = hn::Add(high, hn::PromoteTo(wide, hn::UpperHalf(half, four)));
  }
  const double result = CombineLanes<Plus>(wide, hn::Add(low, high)) + WideRow<Term, Plus>(in + i, count - i, arg);
  // What overflowed as a float may not as a double, and squares may have come near the smallest floats.
  constexpr bool kSquares = std::is_same_v<Term, SquaredDeviation>;
  const bool doubtful = !std::isfinite(result) || (kSquares && result < static_cast<double>(count) * 0x1p-100);
  return doubtful ? WideRow<Term, Plus>(in, count, arg) : result;
}

template <class Term, class Combination, typename T>
double Row(const void* in_bytes, size_t count, double arg, int64_t) {
  const T* in = static_cast<const T*>(in_bytes);
  constexpr bool kExtreme = std::is_same_v<Combination, Least> || std::is_same_v<Combination, Greatest>;
  if constexpr (std::is_same_v<T, float> && kExtreme) return FloatExtreme<Term, Combination>(in, count, arg);
  if constexpr (std::is_same_v<T, float> && std::is_same_v<Combination, Plus> && !std::is_same_v<Term, Value>) {
    if (count >= kLongSum) return FloatSum<Term>(in, count, arg);
  }
  return WideRow<Term, Combination>(in, count, arg);
}

template <class Term, class Combination, typename T>
void Columns(const void* in_bytes, int64_t rows, int64_t stride, size_t count, const double* args, double* accumulators,
             int64_t) {
  const hn::ScalableTag<double> d;
  const size_t lanes = hn::Lanes(d);
  const T* in = static_cast<const T*>(in_bytes);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto argument = hn::LoadU(d, args + i);
    auto accumulator = hn::LoadU(d, accumulators + i);
    for (int64_t r = 0; r < rows; ++r) {
      const auto term = Term::Term(d, LoadDoubles(in + r * stride + i), argument);
      accumulator = Combination::Combine(d, accumulator, term);
    }
    hn::StoreU(accumulator, d, accumulators + i);
  }
  for (; i < count; ++i) {
    for (int64_t r = 0; r < rows; ++r) {
      const double term = Rest<Term, Combination>(in + r * stride + i, 1, args[i]);
      accumulators[i] = Combine<Combination>(accumulators[i], term);
    }
  }
}

template <class Term, class Combination>
Reducer<double> Make(DType dtype) {
  const bool twice = dtype == DType::kFloat64;
  return {Combination::kIdentity,
          twice ? &Row<Term, Combination, double> : &Row<Term, Combination, float>,
          twice ? &Columns<Term, Combination, double> : &Columns<Term, Combination, float>, &Combine<Combination>};
}

Reducer<double> MakeReducer(FloatReduction reduction, DType dtype) {
  switch (reduction) {
    case FloatReduction::kSum:
      return Make<Value, Plus>(dtype);
    case FloatReduction::kProduct:
      return Make<Value, Times>(dtype);
    case FloatReduction::kSquaredDeviations:
      return Make<SquaredDeviation, Plus>(dtype);
    case FloatReduction::kMin:
      return Make<Value, Least>(dtype);
    case FloatReduction::kMax:
      return Make<Value, Greatest>(dtype);
    case FloatReduction::kAbsSum:
      return Make<Magnitude, Plus>(dtype);
    case FloatReduction::kAbsMin:
      return Make<Magnitude, Least>(dtype);
    case FloatReduction::kAbsMax:
      break;
  }
  return Make<Magnitude, Greatest>(dtype);
}

// Whether `b` takes the place of `a`, which came before.
template <class Combination>
bool IsBetter(double a, double b) {
  if (std::isnan(a)) return false;
  return std::isnan(b) || (std::is_same_v<Combination, Greatest> ? b > a : b < a);
}

template <class Combination>
Best<double> Better(Best<double> before, Best<double> after) {
  if (before.index < 0 || (after.index >= 0 && IsBetter<Combination>(before.value, after.value))) return after;
  return before;
}

// The extreme of a few elements at a time; where it is better than all before, its place.
template <class Combination, typename T>
Best<double> ArgRow(const void* in_bytes, size_t count, double, int64_t first) {
  constexpr size_t kStep = 512;
  const T* in = static_cast<const T*>(in_bytes);
  Best<double> best = {0, -1};
  for (size_t i = 0; i < count; i += kStep) {
    const size_t n = count - i < kStep ? count - i : kStep;
    const double extreme = Row<Value, Combination, T>(in + i, n, 0, 0);
    if (best.index >= 0 && !IsBetter<Combination>(best.value, extreme)) continue;
    size_t k = 0;
    while (std::isnan(extreme) ? !std::isnan(in[i + k]) : static_cast<double>(in[i + k]) != extreme) ++k;
    best = {extreme, first + static_cast<int64_t>(i + k)};
  }
  return best;
}

template <class Combination, typename T>
void ArgColumns(const void* in_bytes, int64_t rows, int64_t stride, size_t count, const double*,
                Best<double>* accumulators, int64_t first) {
  const T* in = static_cast<const T*>(in_bytes);
  for (int64_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < count; ++i) {
      accumulators[i] = Better<Combination>(accumulators[i], {static_cast<double>(in[r * stride + static_cast<int64_t>(i)]), first + r});
    }
  }
}

template <class Combination>
Reducer<Best<double>> MakeArg(DType dtype) {
  const bool twice = dtype == DType::kFloat64;
  return {{0, -1},
          twice ? &ArgRow<Combination, double> : &ArgRow<Combination, float>,
          twice ? &ArgColumns<Combination, double> : &ArgColumns<Combination, float>,
          &Better<Combination>};
}

Reducer<Best<double>> MakeArgReducer(bool largest, DType dtype) {
  return largest ? MakeArg<Greatest>(dtype) : MakeArg<Least>(dtype);
}

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(MakeReducer);
HWY_EXPORT(MakeArgReducer);

Reducer<double> FloatReducer(FloatReduction reduction, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(MakeReducer)(reduction, dtype);
}
Reducer<Best<double>> FloatArgReducer(bool largest, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(MakeArgReducer)(largest, dtype);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
