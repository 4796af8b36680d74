// Reductions with whole numbers in or out, over all sets of dimensions: sums and products that wrap around, extremes and
// their places, any and all.
#include <functional>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

// An element as C++ compares it: `x < y`, `x != 0`.
template <typename T>
T Plain(T element) {
  return element;
}
float Plain(Float16 element) { return element.ToFloat(); }
float Plain(BFloat16 element) { return element.ToFloat(); }
bool Plain(Bool element) { return element.byte != 0; }

const References references = References::Of({"argmin", "argmax", "any", "all"});

template <typename T>
bool IsNaN(T x) {
  return x != x;
}

// The place of the first of the largest (`sign` 1) or smallest (-1); the first NaN comes before all.
template <typename P>
int64_t PlaceOf(const std::vector<P>& x, bool largest) {
  size_t best = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (IsNaN(x[i])) return static_cast<int64_t>(i);
    if (largest ? x[i] > x[best] : x[i] < x[best]) best = i;
  }
  return static_cast<int64_t>(best);
}

template <typename Out, typename T, typename Want>
void CheckReduction(const std::string& name, const Array<T>& in, unsigned mask, Layout out_layout, Want&& want) {
  SCOPED_TRACE(name);
  Array<Out> out(ReducedShape(in.shape(), mask), out_layout);
  out.Fill(AnyElement<Out>);
  const std::vector<Out> gaps = out.Gaps();
  RunKernel(name, {out.view(), in.view()});
  const auto groups = GroupsOf(in.shape(), mask);
  for (size_t i = 0; i < out.size(); ++i) {
    std::vector<decltype(Plain(T()))> x;
    for (const size_t k : groups[i]) x.push_back(Plain(in[k]));
    ASSERT_EQ(Plain(out[i]), want(x)) << "element " << i << " of " << Describe(out.shape());
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

// Small numbers, so that extremes are often equal, with NaN among them.
template <typename T>
T Repeating(size_t i) {
  const int number = static_cast<int>((i * 0x9E3779B97F4A7C15u >> 40) % 5) - 2;
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T::From(i % 37 == 11 ? static_cast<float>(kNaN) : static_cast<float>(number));
  } else if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(number > 0)};
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(number);
  } else {
    return i % 37 == 11 ? static_cast<T>(kNaN) : static_cast<T>(number);
  }
}

template <typename T>
void CheckDType(const Sizes& shape, unsigned mask, Layout out, Layout in_layout) {
  using P = decltype(Plain(T()));
  using X = const std::vector<P>&;
  for (const bool repeating : {false, true}) {
    Array<T> in(shape, in_layout);
    in.Fill([&](size_t i) { return repeating ? Repeating<T>(i) : AnyElement<T>(i); });
    CheckReduction<Bool>("any", in, mask, out, [](X x) { return std::any_of(x.begin(), x.end(), [](P p) { return p != 0; }); });
    CheckReduction<Bool>("all", in, mask, out, [](X x) { return std::all_of(x.begin(), x.end(), [](P p) { return p != 0; }); });
    CheckReduction<int64_t>("argmax", in, mask, out, [](X x) { return PlaceOf<P>(x, true); });
    CheckReduction<int64_t>("argmin", in, mask, out, [](X x) { return PlaceOf<P>(x, false); });
    if constexpr (IsIn(kIntegers, kDTypeOf<T>)) {
      CheckReduction<int64_t>("sum", in, mask, out, [](X x) {
        uint64_t sum = 0;
        for (const P p : x) sum += static_cast<uint64_t>(static_cast<int64_t>(p));
        return static_cast<int64_t>(sum);
      });
      CheckReduction<int64_t>("prod", in, mask, out, [](X x) {
        uint64_t product = 1;
        for (const P p : x) product *= static_cast<uint64_t>(static_cast<int64_t>(p));
        return static_cast<int64_t>(product);
      });
      // There is no extreme of no elements.
      if (Count(shape) == 0) continue;
      CheckReduction<T>("min", in, mask, out, [](X x) { return *std::min_element(x.begin(), x.end()); });
      CheckReduction<T>("max", in, mask, out, [](X x) { return *std::max_element(x.begin(), x.end()); });
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST_P(OnTarget, ReductionsOfAnyDType) {
  SetNumThreads(3);
  for (const Sizes& shape : {Sizes{}, {0}, {1}, {17}, {3, 0, 2}, {7, 1, 5}, {4, 3, 2, 5}, {9, 33}, {1030}}) {
    SCOPED_TRACE(Describe(shape));
    ForEachReduction(shape, [&](unsigned mask, Layout out, Layout in) {
      TensorTypes::ForEach([&](auto zero) { CheckDType<decltype(zero)>(shape, mask, out, in); });
    });
    if (HasFatalFailure()) return;
  }
}

TEST_P(OnTarget, LargeReductionsOfAnyDType) {
  SetNumThreads(3);
  CheckDType<float>({200003}, 1, Layout::kDense, Layout::kDense);
  CheckDType<float>({3, 140000}, 2, Layout::kDense, Layout::kDense);
  CheckDType<int32_t>({70, 1200}, 1, Layout::kDense, Layout::kDense);
  CheckDType<uint8_t>({30000, 7}, 1, Layout::kGapped, Layout::kDense);
  CheckDType<Bool>({300, 700}, 3, Layout::kDense, Layout::kReversed);
  CheckDType<double>({300, 700}, 3, Layout::kDense, Layout::kReversed);
}

}  // namespace
}  // namespace evenkeel
