// Comparisons and logic: every kernel on every dtype, against C++'s own operators.
#include <functional>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

// An element as C++ compares it.
template <typename T>
T Plain(T element) {
  return element;
}
float Plain(Float16 element) { return element.ToFloat(); }
float Plain(BFloat16 element) { return element.ToFloat(); }
bool Plain(Bool element) { return element.byte != 0; }

// A scalar, as the call's words and as what they become in the elements' type.
template <typename T>
Numbers ScalarWords(double number) {
  if constexpr (IsIn(kIntegers, kDTypeOf<T>)) {
    const auto bits = static_cast<uint64_t>(static_cast<int64_t>(number));
    return {static_cast<double>(bits >> 32), static_cast<double>(bits & 0xffffffffu)};
  } else {
    return {number};
  }
}
template <typename T>
T ScalarElement(double number) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T::From(static_cast<float>(number));
  } else if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(static_cast<int64_t>(number) != 0)};
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<int64_t>(number));
  } else {
    return static_cast<T>(number);
  }
}

template <typename T>
using Relation = std::function<bool(T, T)>;

template <typename T>
const std::map<std::string, Relation<T>>& Relations() {
  static const std::map<std::string, Relation<T>> relations = {
      {"eq", [](T a, T b) { return a == b; }},
      {"ne", [](T a, T b) { return a != b; }},
      {"lt", [](T a, T b) { return a < b; }},
      {"le", [](T a, T b) { return a <= b; }},
      {"gt", [](T a, T b) { return a > b; }},
      {"ge", [](T a, T b) { return a >= b; }},
      {"logical_and", [](T a, T b) { return a != 0 && b != 0; }},
      {"logical_or", [](T a, T b) { return a != 0 || b != 0; }},
  };
  return relations;
}
const References references = References::Of(Relations<double>());

const References other_references =
    References::Of({"eq_scalar", "ne_scalar", "lt_scalar", "le_scalar", "gt_scalar", "ge_scalar", "isnan", "isinf", "isfinite",
                    "logical_not"});

// Checks the bytes against `want(i)`.
template <typename Want>
void ExpectBools(const Array<Bool>& out, const std::vector<Bool>& gaps, Want&& want) {
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_EQ(out[i].byte, static_cast<uint8_t>(want(i))) << "element " << i;
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

template <typename T>
void CheckRelations(const Sizes& shape, Layout out_layout, const std::vector<Layout>& in_layouts) {
  using P = decltype(Plain(T()));
  Array<T> a(shape, in_layouts[0]);
  Array<T> b(shape, in_layouts[1]);
  a.Fill(AnyElement<T>);
  // Often equal.
  b.Fill([](size_t i) { return AnyElement<T>(i % 4 == 0 ? i : i + 3); });
  for (const auto& [name, relation] : Relations<P>()) {
    SCOPED_TRACE(name);
    Array<Bool> out(shape, out_layout);
    out.Fill([](size_t) { return Bool{77}; });
    const std::vector<Bool> gaps = out.Gaps();
    RunKernel(name, {out.view(), a.view(), b.view()});
    ExpectBools(out, gaps, [&, &relation = relation](size_t i) { return relation(Plain(a[i]), Plain(b[i])); });
    if (name.rfind("logical", 0) == 0) continue;
    // 0.1 is a half once it is rounded to one; 300 wraps around in a uint8.
    for (const double scalar : {0.0, 1.0, -1.0, 0.1, 300.0, 1e10}) {
      out.Fill([](size_t) { return Bool{77}; });
      RunKernel(name + "_scalar", {out.view(), a.view()}, ScalarWords<T>(scalar));
      const P number = Plain(ScalarElement<T>(scalar));
      ExpectBools(out, gaps, [&, &relation = relation](size_t i) { return relation(Plain(a[i]), number); });
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

template <typename T>
void CheckQuestions(const Sizes& shape, Layout out_layout, Layout in_layout) {
  Array<T> in(shape, in_layout);
  in.Fill(AnyElement<T>);
  Array<Bool> out(shape, out_layout);
  const std::vector<Bool> gaps = out.Gaps();
  const auto number = [&](size_t i) { return static_cast<double>(Plain(in[i])); };
  const auto check = [&](const std::string& name, auto&& want) {
    SCOPED_TRACE(name);
    RunKernel(name, {out.view(), in.view()});
    ExpectBools(out, gaps, want);
  };
  check("isnan", [&](size_t i) { return std::isnan(number(i)); });
  check("isinf", [&](size_t i) { return std::isinf(number(i)); });
  check("isfinite", [&](size_t i) { return std::isfinite(number(i)); });
  check("logical_not", [&](size_t i) { return !Plain(in[i]); });
}

TEST_P(OnTarget, Comparisons) {
  for (const Sizes& shape : {Sizes{}, {0}, {1}, {17}, {9, 33}, {4, 3, 2, 5}, {1030}}) {
    SCOPED_TRACE(Describe(shape));
    size_t round = 0;
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      // Every third layout for each dtype.
      ++round;
      size_t dtype = 0;
      TensorTypes::ForEach([&](auto zero) {
        if (++dtype % 3 != round % 3) return;
        CheckRelations<decltype(zero)>(shape, out, in);
        CheckQuestions<decltype(zero)>(shape, out, in[0]);
      });
    });
    if (HasFatalFailure()) return;
  }
}

TEST_P(OnTarget, ComparisonsOnSeveralThreads) {
  SetNumThreads(3);
  const Array<float> a = std::move(Array<float>({2, 3, 12000}, Layout::kDense).Fill(Unusual));
  const Array<float> b = std::move(Array<float>({2, 3, 12000}, Layout::kReversed).Fill(Unusual));
  Array<Bool> out(a.shape(), Layout::kPadded);
  RunKernel("lt", {out.view(), a.view(), b.view()});
  ExpectBools(out, out.Gaps(), [&](size_t i) { return a[i] < b[i]; });
}

// Whole numbers beyond 2^53 are told apart.
TEST(Comparisons, LargeScalars) {
  Array<int64_t> in({3}, Layout::kDense);
  in[0] = INT64_MAX - 1, in[1] = INT64_MAX, in[2] = (int64_t{1} << 53) + 1;
  Array<Bool> out({3}, Layout::kDense);
  RunKernel("eq_scalar", {out.view(), in.view()}, {0x7fffffff, 0xffffffff});
  ExpectBools(out, {}, [](size_t i) { return i == 1; });
  RunKernel("gt_scalar", {out.view(), in.view()}, {1 << 21, 0});
  ExpectBools(out, {}, [](size_t) { return true; });
}

}  // namespace
}  // namespace evenkeel
