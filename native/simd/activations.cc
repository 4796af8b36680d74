// Activation functions and their gradients: the functors of the ACTIVATION rows of kernels.def, written once for every
// instruction set. A gradient's inputs are that of the output, and the output or the input, whichever takes less work.
#include "elementwise.h"
#include "kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/activations.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/map-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> Constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// 0 for finite numbers, NaN for the others: torch's gradients of gelu and silu are NaN where x is infinite.
template <class V>
HWY_INLINE V NaNUnlessFinite(V x) {
  return hn::Sub(x, x);
}

// max(a, 0), but NaN stays NaN.
struct ReluOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return hn::IfThenZeroElse(hn::Lt(a, hn::Zero(d)), a);
  }
};

struct ReluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V y) {
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), gradient);
  }
};

struct LeakyReluOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), a, hn::Mul(a, Param(d, params, 0)));
  }
};

struct LeakyReluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V gradient, V x) {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), gradient, hn::Mul(gradient, Param(d, params, 0)));
  }
};

// 1 above 0, the parameter up to 0; NaN stays NaN.
struct StepOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    const V step = hn::IfThenElse(hn::Gt(a, hn::Zero(d)), Constant(d, 1), Param(d, params, 0));
    return hn::IfThenElse(hn::IsNaN(a), a, step);
  }
};

struct TanhBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V y) {
    return hn::Mul(gradient, hn::NegMulAdd(y, y, Constant(d, 1)));
  }
};

struct SigmoidOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return LogisticOf(d, a).value;
  }
};

struct SigmoidBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V y) {
    return hn::Mul(hn::Mul(gradient, hn::Sub(Constant(d, 1), y)), y);
  }
};

struct SiluOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return hn::Mul(a, LogisticOf(d, a).value);
  }
};

struct SiluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V x) {
    const auto s = LogisticOf(d, x);
    return hn::Mul(gradient, hn::Mul(s.value, hn::MulAdd(x, s.complement, Constant(d, 1))));
  }
};

// The normal distribution function and, without its factor, the density. The tail to the left keeps its digits, which
// (1 + erf(x / sqrt 2)) / 2 would lose.
template <class V>
struct Normal {
  V distribution;
  V exponential;
};
template <class D, class V>
HWY_INLINE Normal<V> NormalOf(D d, V x) {
  const V limit = Constant(d, sizeof(hn::TFromD<D>) == 4 ? 15 : 40);
  const V size = hn::Min(hn::Abs(x), limit);
  const V exponential = ExpOfMinusSquare(d, size, 0.5);
  const V tail = hn::Mul(hn::Mul(Constant(d, 0.5), exponential),
                         ScaledErfc(d, hn::Mul(size, Constant(d, 0.70710678118654752440))));
  return {hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(Constant(d, 1), tail)), exponential};
}

// x times the normal distribution function (Hendrycks and Gimpel 2016).
struct GeluOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return hn::Mul(a, NormalOf(d, a).distribution);
  }
};

struct GeluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V x) {
    const auto normal = NormalOf(d, x);
    const V density = hn::Mul(normal.exponential, Constant(d, 0.39894228040143267794));  // 1 / sqrt(2 pi)
    const V slope = hn::MulAdd(x, density, normal.distribution);
    return hn::Mul(gradient, hn::Add(slope, NaNUnlessFinite(x)));
  }
};

// (1 + tanh u) / 2 is the logistic function of 2 u; here 2 u = x (a + b x^2), a = 2 sqrt(2 / pi), b = 0.044715 a.
constexpr double kGeluA = 1.5957691216057307117;
constexpr double kGeluB = kGeluA * 0.044715;

struct GeluTanhOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    const V inner = hn::Mul(a, hn::MulAdd(hn::Mul(a, a), Constant(d, kGeluB), Constant(d, kGeluA)));
    return hn::Mul(a, LogisticOf(d, inner).value);
  }
};

struct GeluTanhBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V x) {
    // Beyond, the logistic function is 0 or 1, and large numbers would overflow on the way.
    const V limit = Constant(d, sizeof(hn::TFromD<D>) == 4 ? 15 : 30);
    const V near = hn::Clamp(x, hn::Neg(limit), limit);
    const V square = hn::Mul(near, near);
    const auto s = LogisticOf(d, hn::Mul(near, hn::MulAdd(square, Constant(d, kGeluB), Constant(d, kGeluA))));
    const V inner_slope = hn::MulAdd(square, Constant(d, 3 * kGeluB), Constant(d, kGeluA));
    const V slope = hn::Mul(s.value, hn::MulAdd(hn::Mul(near, s.complement), inner_slope, Constant(d, 1)));
    return hn::Mul(gradient, hn::Add(slope, NaNUnlessFinite(x)));
  }
};

template <class D, class V>
HWY_INLINE V EluOf(D d, V x, double alpha, double scale) {
  const V negative = hn::Mul(Expm1OfNegative(d, x), Constant(d, alpha * scale));
  return hn::IfThenElse(hn::Ge(x, hn::Zero(d)), hn::Mul(x, Constant(d, scale)), negative);
}
template <class D, class V>
HWY_INLINE V EluSlope(D d, V x, double alpha, double scale) {
  const V negative = hn::Mul(FullExp(d, x), Constant(d, alpha * scale));
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), Constant(d, scale), negative);
}

struct EluOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    return EluOf(d, a, params[0], 1);
  }
};

struct EluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V gradient, V x) {
    return hn::Mul(gradient, EluSlope(d, x, params[0], 1));
  }
};

// Klambauer and others 2017: the constants with which activations keep mean 0 and variance 1.
constexpr double kSeluAlpha = 1.6732632423543772848;
constexpr double kSeluScale = 1.0507009873554804934;

struct SeluOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return EluOf(d, a, kSeluAlpha, kSeluScale);
  }
};

struct SeluBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double*, V gradient, V x) {
    return hn::Mul(gradient, EluSlope(d, x, kSeluAlpha, kSeluScale));
  }
};

// log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold.
struct SoftplusOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    const V beta = Param(d, params, 0);
    const V z = hn::Mul(a, beta);
    const V zero = hn::Zero(d);
    // max(z, 0) + log(1 + exp(-|z|)) does not overflow.
    const V rest = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(z))));
    const V sum = hn::Add(hn::IfThenElseZero(hn::Gt(z, zero), z), rest);
    const V smooth = hn::IfThenElse(hn::Eq(z, z), hn::Div(sum, beta), z);
    return hn::IfThenElse(hn::Gt(z, Param(d, params, 1)), a, smooth);
  }
};

struct SoftplusBackwardOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V gradient, V x) {
    const V z = hn::Mul(x, Param(d, params, 0));
    return hn::IfThenElse(hn::Gt(z, Param(d, params, 1)), gradient, hn::Mul(gradient, LogisticOf(d, z).value));
  }
};

#define ACTIVATION(name, inputs, params, functor) \
  RowFunction functor##Row(DType dtype) { return MapRowFor<functor##Op, inputs>(dtype); }
#include "kernels.def"

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

#define ACTIVATION(name, inputs, params, functor) \
  HWY_EXPORT(functor##Row);                       \
  void functor(const Plan& plan) { RunElementwise(plan, HWY_DYNAMIC_DISPATCH(functor##Row)(plan.views[0].dtype)); }
#include "kernels.def"

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
