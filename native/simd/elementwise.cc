// Arithmetic element by element: the functors of the ARITHMETIC and MAP rows of kernels.def, written once for every
// instruction set. Whole numbers are in integers.cc.
#include "elementwise.h"

#include <cmath>

#include "kernels.h"
#include "simd/integers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/elementwise.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/map-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

struct NegOp {
  template <class D, class V>
  static V Apply(D, const double*, V a) {
    return hn::Neg(a);
  }
};

struct AbsOp {
  template <class D, class V>
  static V Apply(D, const double*, V a) {
    return hn::Abs(a);
  }
};

// 0 for NaN, as torch.
struct SignOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    const V one = hn::Set(d, static_cast<hn::TFromD<D>>(1));
    return hn::Sub(hn::IfThenElseZero(hn::Gt(a, hn::Zero(d)), one), hn::IfThenElseZero(hn::Lt(a, hn::Zero(d)), one));
  }
};

struct SqrtOp {
  template <class D, class V>
  static V Apply(D, const double*, V a) {
    return hn::Sqrt(a);
  }
};

struct RsqrtOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return hn::Div(hn::Set(d, static_cast<hn::TFromD<D>>(1)), hn::Sqrt(a));
  }
};

// min(max(a, low), high), in this order, as torch: with low > high everything becomes high. NaN stays NaN.
struct ClampOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    const V low = Param(d, params, 0);
    const V high = Param(d, params, 1);
    const V raised = hn::IfThenElse(hn::Lt(a, low), low, a);
    return hn::IfThenElse(hn::Gt(raised, high), high, raised);
  }
};

struct AddOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::Add(a, b);
  }
};

struct SubOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::Sub(a, b);
  }
};

struct MulOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::Mul(a, b);
  }
};

struct DivOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::Div(a, b);
  }
};

// NaN wins. It is told by Eq: Highway's Ne is an ordered comparison on AVX2 and AVX-512, where NaN != NaN is false.
struct MaximumOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::Not(hn::Eq(b, b))), b, a);
  }
};

struct MinimumOp {
  template <class D, class V>
  static V Apply(D, const double*, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::Not(hn::Eq(b, b))), b, a);
  }
};

struct PowOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a, V b) {
    return Power(d, a, b);
  }
};

// The second operand as a number, rounded to the elements' type first, as torch does.
template <class Op>
struct WithScalar {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    return Op::Apply(d, params, a, Param(d, params, 0));
  }
};
// The first.
template <class Op>
struct OfScalar {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    return Op::Apply(d, params, Param(d, params, 0), a);
  }
};
using AddScalarOp = WithScalar<AddOp>;
using SubScalarOp = WithScalar<SubOp>;
using MulScalarOp = WithScalar<MulOp>;
using DivScalarOp = WithScalar<DivOp>;
using RsubScalarOp = OfScalar<SubOp>;
using RdivScalarOp = OfScalar<DivOp>;
using RpowScalarOp = OfScalar<PowOp>;

// The exponents that torch computes in other ways: a root, and products, which differ from pow for -0 and -infinity.
struct PowScalarOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    const double p = params[0];
    const V one = hn::Set(d, static_cast<hn::TFromD<D>>(1));
    if (p == 2) return hn::Mul(a, a);
    if (p == 3) return hn::Mul(hn::Mul(a, a), a);
    if (p == 0.5) return hn::Sqrt(a);
    if (p == -0.5) return hn::Div(one, hn::Sqrt(a));
    if (p == -1) return hn::Div(one, a);
    if (p == -2) return hn::Div(one, hn::Mul(a, a));
    return Power(d, a, Param(d, params, 0));
  }
};

// Fused where there is an instruction for it, as torch.
struct AddScaledOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a, V b) {
    return hn::MulAdd(b, Param(d, params, 0), a);
  }
};

struct AddcmulOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a, V b, V c) {
    return hn::MulAdd(hn::Mul(Param(d, params, 0), b), c, a);
  }
};

struct AddcdivOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a, V b, V c) {
    return hn::Add(a, hn::Div(hn::Mul(Param(d, params, 0), b), c));
  }
};

#define ARITHMETIC(name, inputs, params, functor, dtypes) \
  RowFunction functor##Row(DType dtype) { return MapRowFor<functor##Op, inputs>(dtype); }
#define MAP(name, inputs, params, functor) ARITHMETIC(name, inputs, params, functor, kReals)
#include "kernels.def"

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

#define ARITHMETIC(name, inputs, params, functor, dtypes)                                                   \
  HWY_EXPORT(functor##Row);                                                                                  \
  void functor(const Plan& plan) {                                                                           \
    const DType dtype = plan.views[0].dtype;                                                                 \
    RunElementwise(plan, IsIn(kIntegers, dtype) ? functor##Integers(dtype) : HWY_DYNAMIC_DISPATCH(functor##Row)(dtype)); \
  }
#define MAP(name, inputs, params, functor) \
  HWY_EXPORT(functor##Row);                \
  void functor(const Plan& plan) { RunElementwise(plan, HWY_DYNAMIC_DISPATCH(functor##Row)(plan.views[0].dtype)); }
#include "kernels.def"

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
