// The vector loops of reductions: terms are formed and accumulated in double.
#include <cmath>
#include <limits>

#include "kernels.h"
#include "reduce.h"

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
  static V Term(D, V x, V mean) {
    const V deviation = hn::Sub(x, mean);
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

template <class Term, class Combination>
double Combine(double a, double b) {
  const hn::CappedTag<double, 1> d;
  return hn::GetLane(Combination::Combine(d, hn::Set(d, a), hn::Set(d, b)));
}

template <class Term, class Combination, typename T>
double Row(const void* in_bytes, size_t count, double arg) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const T* in = static_cast<const T*>(in_bytes);
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
  HWY_ALIGN double partial[HWY_MAX_BYTES / sizeof(double)];
  hn::Store(a0, d, partial);
  double result = Combination::kIdentity;
  for (size_t lane = 0; lane < lanes; ++lane) result = Combine<Term, Combination>(result, partial[lane]);
  const hn::CappedTag<double, 1> one;
  for (; i < count; ++i) {
    const auto term = Term::Term(one, hn::Set(one, static_cast<double>(in[i])), hn::Set(one, arg));
    result = Combine<Term, Combination>(result, hn::GetLane(term));
  }
  return result;
}

template <class Term, class Combination, typename T>
void Columns(const void* in_bytes, size_t count, const double* args, double* accumulators) {
  const hn::ScalableTag<double> d;
  const size_t lanes = hn::Lanes(d);
  const T* in = static_cast<const T*>(in_bytes);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto term = Term::Term(d, LoadDoubles(in + i), hn::LoadU(d, args + i));
    hn::StoreU(Combination::Combine(d, hn::LoadU(d, accumulators + i), term), d, accumulators + i);
  }
  const hn::CappedTag<double, 1> one;
  for (; i < count; ++i) {
    const auto term = Term::Term(one, hn::Set(one, static_cast<double>(in[i])), hn::Set(one, args[i]));
    accumulators[i] = Combine<Term, Combination>(accumulators[i], hn::GetLane(term));
  }
}

template <class Term, class Combination>
Reducer Make(DType dtype) {
  const bool single = dtype == DType::kFloat32;
  return {Combination::kIdentity,
          single ? &Row<Term, Combination, float> : &Row<Term, Combination, double>,
          single ? &Columns<Term, Combination, float> : &Columns<Term, Combination, double>,
          &Combine<Term, Combination>};
}

Reducer MakeReducer(Reduction reduction, DType dtype) {
  switch (reduction) {
    case Reduction::kSum:
      return Make<Value, Plus>(dtype);
    case Reduction::kSquaredDeviations:
      return Make<SquaredDeviation, Plus>(dtype);
    case Reduction::kMin:
      return Make<Value, Least>(dtype);
    case Reduction::kMax:
      return Make<Value, Greatest>(dtype);
    case Reduction::kAbsSum:
      return Make<Magnitude, Plus>(dtype);
    case Reduction::kAbsMin:
      return Make<Magnitude, Least>(dtype);
    case Reduction::kAbsMax:
      break;
  }
  return Make<Magnitude, Greatest>(dtype);
}

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(MakeReducer);

namespace {

Reducer GetReducer(const Plan& plan, Reduction reduction) {
  return HWY_DYNAMIC_DISPATCH(MakeReducer)(reduction, plan.views[0].dtype);
}

// Norms of any other order are rare: one pow an element. The norm of order 0 counts the elements that are not 0.
double AbsPower(double x, double p) { return p == 0 ? static_cast<double>(x != 0) : std::pow(std::abs(x), p); }

template <typename T>
double PowerRow(const void* in, size_t count, double p) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += AbsPower(static_cast<double>(static_cast<const T*>(in)[i]), p);
  return sum;
}
template <typename T>
void PowerColumns(const void* in, size_t count, const double* p, double* sums) {
  for (size_t i = 0; i < count; ++i) sums[i] += AbsPower(static_cast<double>(static_cast<const T*>(in)[i]), p[i]);
}
double AddNumbers(double a, double b) { return a + b; }

Reducer PowerReducer(DType dtype) {
  const bool single = dtype == DType::kFloat32;
  return {0.0, single ? &PowerRow<float> : &PowerRow<double>, single ? &PowerColumns<float> : &PowerColumns<double>,
          &AddNumbers};
}

double Identity(double accumulated, int64_t, double) { return accumulated; }
double Average(double sum, int64_t count, double) { return sum / static_cast<double>(count); }
// As torch: no degrees of freedom left give NaN (0 / 0) or infinity.
double Variance(double squares, int64_t count, double correction) {
  return squares / std::fmax(0.0, static_cast<double>(count) - correction);
}
double Deviation(double squares, int64_t count, double correction) {
  return std::sqrt(Variance(squares, count, correction));
}
double Root(double squares, int64_t, double) { return std::sqrt(squares); }
double PowerRoot(double powers, int64_t, double p) { return p == 0 ? powers : std::pow(powers, 1.0 / p); }

void Deviations(const Plan& plan, Finish finish) {
  RunDeviations(plan, GetReducer(plan, Reduction::kSum), GetReducer(plan, Reduction::kSquaredDeviations), finish);
}

}  // namespace

void Sum(const Plan& plan) { RunReduction(plan, GetReducer(plan, Reduction::kSum), 0, Identity); }
void Mean(const Plan& plan) { RunReduction(plan, GetReducer(plan, Reduction::kSum), 0, Average); }
void Var(const Plan& plan) { Deviations(plan, Variance); }
void Std(const Plan& plan) { Deviations(plan, Deviation); }
void Min(const Plan& plan) { RunReduction(plan, GetReducer(plan, Reduction::kMin), 0, Identity); }
void Max(const Plan& plan) { RunReduction(plan, GetReducer(plan, Reduction::kMax), 0, Identity); }

void Norm(const Plan& plan) {
  const double p = plan.params[0];
  if (p == 2) {
    RunReduction(plan, GetReducer(plan, Reduction::kSquaredDeviations), 0, Root);
  } else if (p == 1) {
    RunReduction(plan, GetReducer(plan, Reduction::kAbsSum), 0, Identity);
  } else if (std::isinf(p)) {
    RunReduction(plan, GetReducer(plan, p > 0 ? Reduction::kAbsMax : Reduction::kAbsMin), 0, Identity);
  } else {
    RunReduction(plan, PowerReducer(plan.views[0].dtype), p, PowerRoot);
  }
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
