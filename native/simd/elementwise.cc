// Element-by-element kernels: one functor per MAP row of kernels.def, written once for every instruction set.
// A functor sees whole vectors: Apply(d, params, inputs...) with d the vector's tag and params the row's numbers.
#include <cstring>

#include "elementwise.h"
#include "kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/elementwise.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

struct FillOp {
  template <class D>
  static hn::Vec<D> Apply(D d, const double* params) {
    return hn::Set(d, static_cast<hn::TFromD<D>>(params[0]));
  }
};

struct NegOp {
  template <class D, class V>
  static V Apply(D, const double*, V a) {
    return hn::Neg(a);
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

struct ExpOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullExp(d, a);
  }
};

struct TanhOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return FullTanh(d, a);
  }
};

// max(a, 0), but NaN stays NaN.
struct ReluOp {
  template <class D, class V>
  static V Apply(D d, const double*, V a) {
    return hn::IfThenZeroElse(hn::Lt(a, hn::Zero(d)), a);
  }
};

// min(max(a, low), high), in this order, as torch: with low > high everything becomes high. NaN stays NaN.
struct ClampOp {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    const V low = hn::Set(d, static_cast<hn::TFromD<D>>(params[0]));
    const V high = hn::Set(d, static_cast<hn::TFromD<D>>(params[1]));
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

// The second operand as a number, rounded to the elements' type first, as torch does.
template <class Op>
struct WithScalar {
  template <class D, class V>
  static V Apply(D d, const double* params, V a) {
    return Op::Apply(d, params, a, hn::Set(d, static_cast<hn::TFromD<D>>(params[0])));
  }
};
using AddScalarOp = WithScalar<AddOp>;
using SubScalarOp = WithScalar<SubOp>;
using MulScalarOp = WithScalar<MulOp>;
using DivScalarOp = WithScalar<DivOp>;

template <class Op, int kInputs, class D, typename T>
hn::Vec<D> ApplyAt(D d, const double* params, const T* const* in, size_t i) {
  (void)in;
  (void)i;
  if constexpr (kInputs == 0) {
    return Op::Apply(d, params);
  } else if constexpr (kInputs == 1) {
    return Op::Apply(d, params, hn::LoadU(d, in[0] + i));
  } else {
    return Op::Apply(d, params, hn::LoadU(d, in[0] + i), hn::LoadU(d, in[1] + i));
  }
}

template <class Op, int kInputs, typename T>
void Row(const void* const* in_bytes, void* out_bytes, size_t count, const double* params) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const T* in[kInputs + 1];
  for (int v = 0; v < kInputs; ++v) in[v] = static_cast<const T*>(in_bytes[v]);
  T* out = static_cast<T*>(out_bytes);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(ApplyAt<Op, kInputs>(d, params, in, i), d, out + i);
  if (i == count) return;
  // The rest goes through full vectors too, so that every element is computed alike wherever it lies.
  T tail[kInputs + 1][HWY_MAX_BYTES / sizeof(T)] = {};
  const size_t bytes = (count - i) * sizeof(T);
  for (int v = 0; v < kInputs; ++v) {
    std::memcpy(tail[v], in[v] + i, bytes);
    in[v] = tail[v];
  }
  hn::StoreU(ApplyAt<Op, kInputs>(d, params, in, 0), d, tail[kInputs]);
  std::memcpy(out + i, tail[kInputs], bytes);
}

#define MAP(name, inputs, params, functor)                                                     \
  RowFunction functor##Row(DType dtype) {                                                      \
    return dtype == DType::kFloat32 ? &Row<functor##Op, inputs, float> : &Row<functor##Op, inputs, double>; \
  }
#include "kernels.def"

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

#define MAP(name, inputs, params, functor) \
  HWY_EXPORT(functor##Row);                \
  void functor(const Plan& plan) { RunElementwise(plan, HWY_DYNAMIC_DISPATCH(functor##Row)(plan.views[0].dtype)); }
#include "kernels.def"

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
