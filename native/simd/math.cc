// Functions of one number: the functors of the MATH rows of kernels.def, written once for every instruction set.
#include "elementwise.h"
#include "kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/math.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/map-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

struct ExpOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullExp(d, a);
  }
};

struct LogOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullLog(d, a);
  }
};

struct ErfOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullErf(d, a);
  }
};

struct TanhOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullTanh(d, a);
  }
};

#define MATH(name, inputs, params, functor) \
  RowFunction functor##Row(DType dtype) { return MapRowFor<functor##Op, inputs>(dtype); }
#include "kernels.def"

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

#define MATH(name, inputs, params, functor) \
  HWY_EXPORT(functor##Row);                 \
  void functor(const Plan& plan) { RunElementwise(plan, HWY_DYNAMIC_DISPATCH(functor##Row)(plan.views[0].dtype)); }
#include "kernels.def"

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
