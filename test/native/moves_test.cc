// Kernels that move elements of any dtype: copy, fill, where.
#include "kernel_tests.h"

namespace evenkeel {
namespace {

const References references = References::Of({"copy", "fill", "where"});

// Copies --------------------------------------------------------------------------------------------------------------

template <typename From, typename To>
void CheckCopy(const Sizes& shape, Layout out_layout, Layout in_layout) {
  Array<To> out(shape, out_layout);
  Array<From> in(shape, in_layout);
  in.Fill(Unusual);
  const std::vector<To> gaps = out.Gaps();
  RunKernel("copy", {out.view(), in.view()});
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_TRUE(Near(static_cast<double>(out[i]), static_cast<double>(static_cast<To>(in[i])), 0)) << "element " << i;
  }
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Copy, ConvertsAndRearranges) {
  SetNumThreads(3);
  std::vector<Sizes> shapes(std::begin(kShapes), std::end(kShapes));
  // Tiles of transposed copies, whole and ragged; several threads.
  shapes.insert(shapes.end(), {{33, 65}, {2, 40, 70}, {3, 2, 35, 31}, {300, 301}});
  for (const Sizes& shape : shapes) {
    SCOPED_TRACE(Describe(shape));
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      CheckCopy<float, float>(shape, out, in[0]);
      CheckCopy<float, double>(shape, out, in[0]);
      CheckCopy<double, float>(shape, out, in[0]);
      CheckCopy<double, double>(shape, out, in[0]);
    });
    if (HasFatalFailure()) return;
  }
}

template <typename From, typename To>
void CheckConversion(const Sizes& shape, Layout out_layout, Layout in_layout) {
  // What the numbers become is for others to test; here, that it is the same wherever they lie.
  Array<From> in(shape, in_layout);
  in.Fill(AnyElement<From>);
  Array<To> dense(shape, Layout::kDense);
  Array<From> moved(shape, Layout::kDense);
  for (size_t i = 0; i < in.size(); ++i) moved[i] = in[i];
  RunKernel("copy", {dense.view(), moved.view()});
  Array<To> out(shape, out_layout);
  const std::vector<To> gaps = out.Gaps();
  RunKernel("copy", {out.view(), in.view()});
  ASSERT_TRUE(SameBits(out.Values(), dense.Values()));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Copy, EveryPairOfDTypes) {
  TensorTypes::ForEach([](auto from) {
    TensorTypes::ForEach([from](auto to) {
      for (const Sizes& shape : {Sizes{}, {3, 0}, {5, 7}, {33, 65}, {2, 1, 3, 1, 2, 1, 2, 5}}) {
        SCOPED_TRACE(Describe(shape));
        ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
          CheckConversion<std::decay_t<decltype(from)>, decltype(to)>(shape, out, in[0]);
        });
      }
    });
  });
}

// Fills ---------------------------------------------------------------------------------------------------------------

// A scalar as two words.
Numbers Words(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return {static_cast<double>(bits >> 32), static_cast<double>(bits & 0xffffffffu)};
}

template <typename T>
void CheckFill(const Sizes& shape, Layout layout, const Numbers& params, T want) {
  Array<T> out(shape, layout);
  out.Fill(AnyElement<T>);
  const std::vector<T> gaps = out.Gaps();
  RunKernel("fill", {out.view()}, params);
  ASSERT_TRUE(SameBits(out.Values(), std::vector<T>(out.size(), want)));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Fill, EveryDType) {
  SetNumThreads(3);
  std::vector<Sizes> shapes(std::begin(kShapes), std::end(kShapes));
  shapes.push_back({3, 40001});
  for (const Sizes& shape : shapes) {
    SCOPED_TRACE(Describe(shape));
    for (const Layout layout : kOutputLayouts) {
      for (const double number : {0.3, -0.0, 1e300, kInfinity, kNaN}) {
        CheckFill<float>(shape, layout, {number}, static_cast<float>(number));
        CheckFill<double>(shape, layout, {number}, number);
        CheckFill<Float16>(shape, layout, {number}, Float16::From(static_cast<float>(number)));
        CheckFill<BFloat16>(shape, layout, {number}, BFloat16::From(static_cast<float>(number)));
      }
      for (const int64_t number : {int64_t{0}, int64_t{-1}, int64_t{300}, INT64_MIN, INT64_MAX, int64_t{1} << 40}) {
        CheckFill<int64_t>(shape, layout, Words(number), number);
        CheckFill<int32_t>(shape, layout, Words(number), static_cast<int32_t>(number));
        CheckFill<uint8_t>(shape, layout, Words(number), static_cast<uint8_t>(number));
        CheckFill<Bool>(shape, layout, Words(number), Bool{static_cast<uint8_t>(number != 0)});
      }
      if (HasFatalFailure()) return;
    }
  }
}

// Choices -------------------------------------------------------------------------------------------------------------

template <typename T>
void CheckWhere(const Sizes& shape, Layout out_layout, const std::vector<Layout>& in_layouts) {
  Array<T> out(shape, out_layout);
  Array<Bool> condition(shape, in_layouts[0]);
  Array<T> a(shape, in_layouts[1]);
  Array<T> b(shape, in_layouts[2]);
  out.Fill(AnyElement<T>);
  // Any byte but 0 is true.
  condition.Fill([](size_t i) { return Bool{static_cast<uint8_t>(i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : i)}; });
  a.Fill([](size_t i) { return AnyElement<T>(i + 100); });
  b.Fill([](size_t i) { return AnyElement<T>(i + 1000); });
  const std::vector<T> gaps = out.Gaps();
  RunKernel("where", {out.view(), condition.view(), a.view(), b.view()});
  std::vector<T> want;
  for (size_t i = 0; i < out.size(); ++i) want.push_back(condition[i].byte != 0 ? a[i] : b[i]);
  ASSERT_TRUE(SameBits(out.Values(), want));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST_P(OnTarget, Where) {
  SetNumThreads(3);
  for (const Sizes& shape : {Sizes{}, {0}, {1}, {17}, {9, 33}, {4, 3, 2, 5}, {2, 1100}}) {
    SCOPED_TRACE(Describe(shape));
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      TensorTypes::ForEach([&](auto zero) { CheckWhere<decltype(zero)>(shape, out, in); });
    });
    if (HasFatalFailure()) return;
  }
  CheckWhere<float>({3, 40001}, Layout::kDense, {Layout::kDense, Layout::kGapped, Layout::kReversed});
  CheckWhere<Float16>({90001}, Layout::kDense, {Layout::kDense, Layout::kDense, Layout::kDense});
}

}  // namespace
}  // namespace evenkeel
