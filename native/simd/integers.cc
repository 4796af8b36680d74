// Arithmetic on whole numbers and bools: the functors of the ARITHMETIC rows of kernels.def. Results wrap around, as in
// torch: everything goes through unsigned numbers, where C++ defines that.
#include "simd/integers.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/integers.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "simd/loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

// Wide enough that nothing is promoted to int.
template <typename T>
using Unsigned = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
HWY_INLINE Unsigned<T> U(T value) {
  return static_cast<Unsigned<T>>(value);
}

// A functor's Apply(scalars, inputs...) sees elements; bools come as `bool`.
struct Neg {
  template <typename T>
  static T Apply(const int64_t*, T a) {
    return static_cast<T>(0 - U(a));
  }
};

struct Abs {
  template <typename T>
  static T Apply(const int64_t*, T a) {
    if constexpr (std::is_signed_v<T>) return a < 0 ? static_cast<T>(0 - U(a)) : a;
    return a;
  }
};

struct Sign {
  template <typename T>
  static T Apply(const int64_t*, T a) {
    if constexpr (std::is_signed_v<T>) return static_cast<T>((a > 0) - (a < 0));
    return static_cast<T>(a != 0);
  }
};

// min(max(a, low), high), in this order. Bounds that the type cannot hold are as good as its own.
struct Clamp {
  template <typename T>
  static T Apply(const int64_t* bounds, T a) {
    return std::min(std::max(a, Nearest<T>(bounds[0])), Nearest<T>(bounds[1]));
  }
  template <typename T>
  static T Nearest(int64_t bound) {
    constexpr int64_t kLow = std::numeric_limits<T>::min();
    constexpr int64_t kHigh = std::numeric_limits<T>::max();
    return static_cast<T>(bound < kLow ? kLow : bound > kHigh ? kHigh : bound);
  }
};

// Of bools, as in torch: or.
struct Add {
  template <typename T>
  static T Apply(const int64_t*, T a, T b) {
    return static_cast<T>(U(a) + U(b));
  }
};

struct Sub {
  template <typename T>
  static T Apply(const int64_t*, T a, T b) {
    return static_cast<T>(U(a) - U(b));
  }
};

struct Mul {
  template <typename T>
  static T Apply(const int64_t*, T a, T b) {
    return static_cast<T>(U(a) * U(b));
  }
};

// Negative exponents round to zero: only 1 and -1 have whole powers. Those of 0 are 0, as in torch.
struct Pow {
  template <typename T>
  static T Apply(const int64_t*, T base, T exponent) {
    if constexpr (std::is_signed_v<T>) {
      if (exponent < 0) return base == 1 || (base == -1 && exponent % 2 == 0) ? 1 : base == -1 ? -1 : 0;
    }
    Unsigned<T> result = 1;
    Unsigned<T> square = U(base);
    for (Unsigned<T> left = U(exponent); left != 0; left >>= 1) {
      if ((left & 1) != 0) result *= square;
      square *= square;
    }
    return static_cast<T>(result);
  }
};

struct Maximum {
  template <typename T>
  static T Apply(const int64_t*, T a, T b) {
    return b > a ? b : a;
  }
};

struct Minimum {
  template <typename T>
  static T Apply(const int64_t*, T a, T b) {
    return b < a ? b : a;
  }
};

// The scalar wraps around to the elements' type.
template <class Op>
struct WithScalar {
  template <typename T>
  static T Apply(const int64_t* scalars, T a) {
    return Op::template Apply<T>(scalars, a, static_cast<T>(scalars[0]));
  }
};
template <class Op>
struct OfScalar {
  template <typename T>
  static T Apply(const int64_t* scalars, T a) {
    return Op::template Apply<T>(scalars, static_cast<T>(scalars[0]), a);
  }
};
using AddScalar = WithScalar<Add>;
using SubScalar = WithScalar<Sub>;
using MulScalar = WithScalar<Mul>;
using PowScalar = WithScalar<Pow>;
using RsubScalar = OfScalar<Sub>;
using RpowScalar = OfScalar<Pow>;

struct AddScaled {
  template <typename T>
  static T Apply(const int64_t* scalars, T a, T b) {
    return static_cast<T>(U(a) + U(static_cast<T>(scalars[0])) * U(b));
  }
};

struct Addcmul {
  template <typename T>
  static T Apply(const int64_t* scalars, T a, T b, T c) {
    return static_cast<T>(U(a) + U(static_cast<T>(scalars[0])) * U(b) * U(c));
  }
};

template <typename T>
HWY_INLINE T Load(const T* from, size_t i) {
  return from[i];
}
HWY_INLINE bool Load(const Bool* from, size_t i) { return from[i].byte != 0; }

template <class Op, int kInputs, int kScalars, typename T>
void Row(const void* const* in, void* out_bytes, size_t count, const double* params, bool) {
  using Element = std::conditional_t<std::is_same_v<T, Bool>, bool, T>;
  int64_t scalars[kScalars + 1] = {};
  for (int i = 0; i < kScalars; ++i) scalars[i] = IntegerScalar(params, i);
  // A bool is stored as 0 or 1.
  using Stored = std::conditional_t<std::is_same_v<T, Bool>, uint8_t, T>;
  Stored* out = static_cast<Stored*>(out_bytes);
  const T* a = static_cast<const T*>(in[0]);
  if constexpr (kInputs == 1) {
    ForEach(out, count, [=](size_t i) -> Stored { return Op::template Apply<Element>(scalars, Load(a, i)); });
  } else {
    const T* b = static_cast<const T*>(in[1]);
    if constexpr (kInputs == 2) {
      ForEach(out, count, [=](size_t i) -> Stored { return Op::template Apply<Element>(scalars, Load(a, i), Load(b, i)); });
    } else {
      const T* c = static_cast<const T*>(in[2]);
      ForEach(out, count, [=](size_t i) -> Stored {
        return Op::template Apply<Element>(scalars, Load(a, i), Load(b, i), Load(c, i));
      });
    }
  }
}

template <class Op, int kInputs, int kScalars, unsigned kDTypes>
RowFunction RowFor(DType dtype) {
  switch (dtype) {
    case DType::kInt64:
      return &Row<Op, kInputs, kScalars, int64_t>;
    case DType::kInt32:
      return &Row<Op, kInputs, kScalars, int32_t>;
    case DType::kUint8:
      return &Row<Op, kInputs, kScalars, uint8_t>;
    default:
      if constexpr (IsIn(kDTypes, DType::kBool)) return &Row<Op, kInputs, kScalars, Bool>;
  }
  UnlistedDType();
}

}  // namespace

#define ARITHMETIC(name, inputs, params, functor, dtypes) \
  RowFunction functor##IntegerRow(DType dtype) { return RowFor<functor, inputs, params, dtypes>(dtype); }
#include "kernels.def"

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

#define ARITHMETIC(name, inputs, params, functor, dtypes) \
  HWY_EXPORT(functor##IntegerRow);                        \
  RowFunction functor##Integers(DType dtype) { return HWY_DYNAMIC_DISPATCH(functor##IntegerRow)(dtype); }
#include "kernels.def"

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
