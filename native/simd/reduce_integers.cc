// The loops of reductions of whole numbers and bools, which wrap around in int64 as in torch; and of any and all, of any
// dtype. The compiler vectorises them for each instruction set.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "simd/reducers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/reduce_integers.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
namespace {

struct Plus {
  static constexpr int64_t kIdentity = 0;
  static int64_t Combine(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }
};
struct Times {
  static constexpr int64_t kIdentity = 1;
  static int64_t Combine(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b)); }
};
struct Least {
  static constexpr int64_t kIdentity = std::numeric_limits<int64_t>::max();
  static int64_t Combine(int64_t a, int64_t b) { return std::min(a, b); }
  static bool IsBetter(int64_t a, int64_t b) { return b < a; }
};
struct Greatest {
  static constexpr int64_t kIdentity = std::numeric_limits<int64_t>::min();
  static int64_t Combine(int64_t a, int64_t b) { return std::max(a, b); }
  static bool IsBetter(int64_t a, int64_t b) { return b > a; }
};
struct Either {
  static constexpr int64_t kIdentity = 0;
  static int64_t Combine(int64_t a, int64_t b) { return a | b; }
};
struct Both {
  static constexpr int64_t kIdentity = 1;
  static int64_t Combine(int64_t a, int64_t b) { return a & b; }
};

template <typename T>
HWY_INLINE int64_t Number(T element) {
  return static_cast<int64_t>(element);
}
HWY_INLINE int64_t Number(Bool element) { return element.byte != 0; }

// NaN is true, as in torch.
template <typename T>
HWY_INLINE int64_t Truth(T element) {
  return element != 0;
}
HWY_INLINE int64_t Truth(Bool element) { return element.byte != 0; }

// An element's term of a combination.
template <class Combination, typename T>
HWY_INLINE int64_t Term(T element) {
  if constexpr (std::is_same_v<Combination, Either> || std::is_same_v<Combination, Both>) {
    return Truth(element);
  } else {
    return Number(element);
  }
}

template <class Combination, typename T>
int64_t Row(const void* in_bytes, size_t count, double, int64_t) {
  const T* in = static_cast<const T*>(in_bytes);
  int64_t result = Combination::kIdentity;
  for (size_t i = 0; i < count; ++i) result = Combination::Combine(result, Term<Combination>(in[i]));
  return result;
}

template <class Combination, typename T>
void Columns(const void* in_bytes, int64_t rows, int64_t stride, size_t count, const double*, int64_t* accumulators, int64_t) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* in = static_cast<const T*>(in_bytes) + r * stride;
    for (size_t i = 0; i < count; ++i) accumulators[i] = Combination::Combine(accumulators[i], Term<Combination>(in[i]));
  }
}

template <class Combination>
Best<int64_t> Better(Best<int64_t> before, Best<int64_t> after) {
  if (before.index < 0 || (after.index >= 0 && Combination::IsBetter(before.value, after.value))) return after;
  return before;
}

template <class Combination, typename T>
Best<int64_t> ArgRow(const void* in_bytes, size_t count, double, int64_t first) {
  const T* in = static_cast<const T*>(in_bytes);
  Best<int64_t> best = {0, -1};
  for (size_t i = 0; i < count; ++i) best = Better<Combination>(best, {Number(in[i]), first + static_cast<int64_t>(i)});
  return best;
}

template <class Combination, typename T>
void ArgColumns(const void* in_bytes, int64_t rows, int64_t stride, size_t count, const double*,
                Best<int64_t>* accumulators, int64_t first) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* in = static_cast<const T*>(in_bytes) + r * stride;
    for (size_t i = 0; i < count; ++i) accumulators[i] = Better<Combination>(accumulators[i], {Number(in[i]), first + r});
  }
}

template <class Combination, typename T>
Reducer<int64_t> Make() {
  return {Combination::kIdentity, &Row<Combination, T>, &Columns<Combination, T>, &Combination::Combine};
}

template <class Combination>
Reducer<int64_t> MakeFor(DType dtype) {
  switch (dtype) {
    case DType::kInt64:
      return Make<Combination, int64_t>();
    case DType::kInt32:
      return Make<Combination, int32_t>();
    case DType::kUint8:
      return Make<Combination, uint8_t>();
    case DType::kBool:
      return Make<Combination, Bool>();
    default:
      UnlistedDType();
  }
}

template <class Combination>
Reducer<int64_t> MakeTruth(DType dtype) {
  if (dtype == DType::kFloat32) return Make<Combination, float>();
  if (dtype == DType::kFloat64) return Make<Combination, double>();
  return MakeFor<Combination>(dtype);
}

template <class Combination, typename T>
Reducer<Best<int64_t>> MakeArg() {
  return {{0, -1}, &ArgRow<Combination, T>, &ArgColumns<Combination, T>, &Better<Combination>};
}

template <class Combination>
Reducer<Best<int64_t>> MakeArgFor(DType dtype) {
  switch (dtype) {
    case DType::kInt64:
      return MakeArg<Combination, int64_t>();
    case DType::kInt32:
      return MakeArg<Combination, int32_t>();
    case DType::kUint8:
      return MakeArg<Combination, uint8_t>();
    case DType::kBool:
      return MakeArg<Combination, Bool>();
    default:
      UnlistedDType();
  }
}

}  // namespace

Reducer<int64_t> MakeIntegerReducer(IntegerReduction reduction, DType dtype) {
  switch (reduction) {
    case IntegerReduction::kSum:
      return MakeFor<Plus>(dtype);
    case IntegerReduction::kProduct:
      return MakeFor<Times>(dtype);
    case IntegerReduction::kMin:
      return MakeFor<Least>(dtype);
    case IntegerReduction::kMax:
      return MakeFor<Greatest>(dtype);
    case IntegerReduction::kAny:
      return MakeTruth<Either>(dtype);
    case IntegerReduction::kAll:
      break;
  }
  return MakeTruth<Both>(dtype);
}

Reducer<Best<int64_t>> MakeIntegerArgReducer(bool largest, DType dtype) {
  return largest ? MakeArgFor<Greatest>(dtype) : MakeArgFor<Least>(dtype);
}

}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(MakeIntegerReducer);
HWY_EXPORT(MakeIntegerArgReducer);

Reducer<int64_t> IntegerReducer(IntegerReduction reduction, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(MakeIntegerReducer)(reduction, dtype);
}
Reducer<Best<int64_t>> IntegerArgReducer(bool largest, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(MakeIntegerArgReducer)(largest, dtype);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
