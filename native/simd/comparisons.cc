// Questions with the answer yes or no, and choices by such answers: the functors of the COMPARISON rows of kernels.def, and
// where.
#include <cmath>
#include <limits>
#include <type_traits>

#include "elementwise.h"
#include "kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/comparisons.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

// A functor's Apply(inputs...) sees elements; bools come as `bool`, halves as floats.
#define EVENKEEL_RELATION(functor, operation)          \
  struct functor {                                     \
    template <typename T>                              \
    static bool Apply(T a, T b) {                      \
      return a operation b;                            \
    }                                                  \
  };                                                   \
  struct functor##Scalar : functor {};

EVENKEEL_RELATION(Eq, ==)
EVENKEEL_RELATION(Ne, !=)
EVENKEEL_RELATION(Lt, <)
EVENKEEL_RELATION(Le, <=)
EVENKEEL_RELATION(Gt, >)
EVENKEEL_RELATION(Ge, >=)
#undef EVENKEEL_RELATION

struct IsNan {
  template <typename T>
  static bool Apply(T a) {
    return a != a;
  }
};

struct IsInf {
  template <typename T>
  static bool Apply(T a) {
    if constexpr (std::is_floating_point_v<T>) return std::abs(a) == std::numeric_limits<T>::infinity();
    return false;
  }
};

struct IsFinite {
  template <typename T>
  static bool Apply(T a) {
    if constexpr (std::is_floating_point_v<T>) return std::abs(a) < std::numeric_limits<T>::infinity();
    return true;
  }
};

// NaN is true, as in torch and C.
struct LogicalNot {
  template <typename T>
  static bool Apply(T a) {
    return a == T(0);
  }
};

struct LogicalAnd {
  template <typename T>
  static bool Apply(T a, T b) {
    return (a != T(0)) & (b != T(0));
  }
};

struct LogicalOr {
  template <typename T>
  static bool Apply(T a, T b) {
    return (a != T(0)) | (b != T(0));
  }
};

template <typename T>
HWY_INLINE T Load(const T* from, size_t i) {
  return from[i];
}
HWY_INLINE bool Load(const Bool* from, size_t i) { return from[i].byte != 0; }

template <typename T>
T Scalar(const double* params) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(params[0]);
  return static_cast<T>(IntegerScalar(params, 0));
}

template <class Op, int kInputs, int kScalars, typename T>
void Row(const void* const* in, void* out_bytes, size_t count, const double* params, bool) {
  using Element = std::conditional_t<std::is_same_v<T, Bool>, bool, T>;
  uint8_t* out = static_cast<uint8_t*>(out_bytes);
  const T* a = static_cast<const T*>(in[0]);
  if constexpr (kScalars == 1) {
    const Element b = Scalar<Element>(params);
    ForEach(out, count, [=](size_t i) -> uint8_t { return Op::template Apply<Element>(Load(a, i), b); });
  } else if constexpr (kInputs == 1) {
    ForEach(out, count, [=](size_t i) -> uint8_t { return Op::template Apply<Element>(Load(a, i)); });
  } else {
    const T* b = static_cast<const T*>(in[1]);
    ForEach(out, count, [=](size_t i) -> uint8_t { return Op::template Apply<Element>(Load(a, i), Load(b, i)); });
  }
}

template <class Op, int kInputs, int kScalars>
RowFunction RowFor(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return &Row<Op, kInputs, kScalars, double>;
    case DType::kInt64:
      return &Row<Op, kInputs, kScalars, int64_t>;
    case DType::kInt32:
      return &Row<Op, kInputs, kScalars, int32_t>;
    case DType::kUint8:
      return &Row<Op, kInputs, kScalars, uint8_t>;
    case DType::kBool:
      return &Row<Op, kInputs, kScalars, Bool>;
    default:
      return &Row<Op, kInputs, kScalars, float>;
  }
}

template <typename T>
void Choose(const void* const* in, void* out, size_t count, const double*, bool) {
  const Bool* condition = static_cast<const Bool*>(in[0]);
  const T* a = static_cast<const T*>(in[1]);
  const T* b = static_cast<const T*>(in[2]);
  ForEach(static_cast<T*>(out), count, [=](size_t i) { return Load(condition, i) ? a[i] : b[i]; });
}

}  // namespace

#define COMPARISON(name, inputs, params, functor) \
  RowFunction functor##Row(DType dtype) { return RowFor<functor, inputs, params>(dtype); }
#include "kernels.def"

// Elements are only moved: as bits.
RowFunction WhereRow(DType dtype) {
  switch (SizeOf(dtype)) {
    case 1:
      return &Choose<uint8_t>;
    case 2:
      return &Choose<uint16_t>;
    case 4:
      return &Choose<uint32_t>;
    default:
      return &Choose<uint64_t>;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

namespace {

// Halves are compared as floats; the scalar is rounded to the half first, as torch does.
void RunComparison(const Plan& plan, RowFunction row) {
  const DType dtype = plan.views[1].dtype;
  double scalar[2] = {plan.params[0], plan.params[1]};
  if (dtype == DType::kFloat16) scalar[0] = Float16::From(static_cast<float>(scalar[0])).ToFloat();
  if (dtype == DType::kBFloat16) scalar[0] = BFloat16::From(static_cast<float>(scalar[0])).ToFloat();
  RunElementwise(plan, row, scalar);
}

}  // namespace

#define COMPARISON(name, inputs, params, functor) \
  HWY_EXPORT(functor##Row);                       \
  void functor(const Plan& plan) { RunComparison(plan, HWY_DYNAMIC_DISPATCH(functor##Row)(plan.views[1].dtype)); }
#include "kernels.def"

HWY_EXPORT(WhereRow);
void Where(const Plan& plan) { RunMoves(plan, HWY_DYNAMIC_DISPATCH(WhereRow)(plan.views[0].dtype)); }

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
