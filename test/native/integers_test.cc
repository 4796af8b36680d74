// Arithmetic on whole numbers and bools, against 128-bit numbers of which the elements' type keeps the low bits.
#include <functional>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

__extension__ using Wide = __int128;

struct Limits {
  Wide low;
  Wide high;
};

struct IntegerMap {
  std::vector<std::vector<int64_t>> scalars;  // to try
  // `x` are the inputs, `s` the scalars as the elements' type has them.
  std::function<Wide(const Wide* x, const Wide* s)> of;
};

// By definition; modulo 2^64, since only low bits are kept.
Wide Power(Wide base, Wide exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1;
  // A base of few bits has run out of them, or is back at 1, long before: powers of even numbers end in 0s, those of odd
  // ones repeat with a period that divides 2^62.
  const auto b = static_cast<uint64_t>(base);
  if (b % 2 == 0 && exponent > 64) return 0;
  const uint64_t steps = static_cast<uint64_t>(exponent) % (uint64_t{1} << 62);
  std::vector<uint64_t> squares = {b};
  for (int i = 1; i < 64; ++i) squares.push_back(squares.back() * squares.back());
  for (size_t i = 0; i < 64; ++i) {
    if (steps >> i & 1) result *= squares[i];
  }
  return static_cast<Wide>(static_cast<int64_t>(result));
}

const std::map<std::string, IntegerMap>& IntegerMaps() {
  using N = const Wide*;
  static const std::vector<std::vector<int64_t>> some = {{0}, {1}, {-1}, {3}, {300}, {INT64_MAX}, {INT64_MIN}, {(int64_t{1} << 53) + 1}};
  static const std::map<std::string, IntegerMap> maps = {
      {"neg", {{{}}, [](N x, N) { return -x[0]; }}},
      {"abs", {{{}}, [](N x, N) { return x[0] < 0 ? -x[0] : x[0]; }}},
      {"sign", {{{}}, [](N x, N) { return Wide((x[0] > 0) - (x[0] < 0)); }}},
      {"add", {{{}}, [](N x, N) { return x[0] + x[1]; }}},
      {"sub", {{{}}, [](N x, N) { return x[0] - x[1]; }}},
      {"mul", {{{}}, [](N x, N) { return x[0] * x[1]; }}},
      {"pow", {{{}}, [](N x, N) { return Power(x[0], x[1]); }}},
      {"maximum", {{{}}, [](N x, N) { return std::max(x[0], x[1]); }}},
      {"minimum", {{{}}, [](N x, N) { return std::min(x[0], x[1]); }}},
      {"add_scalar", {some, [](N x, N s) { return x[0] + s[0]; }}},
      {"sub_scalar", {some, [](N x, N s) { return x[0] - s[0]; }}},
      {"rsub_scalar", {some, [](N x, N s) { return s[0] - x[0]; }}},
      {"mul_scalar", {some, [](N x, N s) { return x[0] * s[0]; }}},
      {"pow_scalar", {{{0}, {1}, {2}, {3}, {7}, {64}, {-1}, {-2}}, [](N x, N s) { return Power(x[0], s[0]); }}},
      {"rpow_scalar", {{{0}, {1}, {-1}, {2}, {-2}, {3}}, [](N x, N s) { return Power(s[0], x[0]); }}},
      {"add_scaled", {some, [](N x, N s) { return x[0] + s[0] * x[1]; }}},
      {"addcmul", {some, [](N x, N s) { return x[0] + static_cast<int64_t>(static_cast<uint64_t>(s[0]) * static_cast<uint64_t>(x[1])) * x[2]; }}},
  };
  return maps;
}

Numbers Words(const std::vector<int64_t>& scalars) {
  Numbers words;
  for (const int64_t scalar : scalars) {
    const auto bits = static_cast<uint64_t>(scalar);
    words.push_back(static_cast<double>(bits >> 32));
    words.push_back(static_cast<double>(bits & 0xffffffffu));
  }
  return words;
}

Wide Widen(int64_t x) { return x; }
Wide Widen(Bool x) { return x.byte != 0; }

// What the element's type makes of a number: bools tell 0 from others.
template <typename T>
T Wrap(Wide x) {
  if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(x != 0)};
  } else {
    return static_cast<T>(static_cast<uint64_t>(static_cast<unsigned __int128>(x)));
  }
}

template <typename T>
void CheckInteger(const std::string& name, const IntegerMap& map, const Sizes& shape, Layout out_layout,
                  const std::vector<Layout>& in_layouts) {
  const Kernel& kernel = kKernels[KernelId(name)];
  if (!IsIn(kernel.dtypes, kDTypeOf<T>)) return;
  const int inputs = kernel.num_views - 1;
  std::vector<Array<T>> in;
  for (int v = 0; v < inputs; ++v) {
    in.emplace_back(shape, in_layouts[static_cast<size_t>(v)]);
    in.back().Fill([v](size_t i) { return AnyElement<T>(i + i / 27 * static_cast<size_t>(v) + 5 * static_cast<size_t>(v)); });
  }
  for (const std::vector<int64_t>& scalars : map.scalars) {
    Array<T> out(shape, out_layout);
    out.Fill(AnyElement<T>);
    const std::vector<T> gaps = out.Gaps();
    std::vector<PlannedView> views = {out.view()};
    for (const Array<T>& array : in) views.push_back(array.view());
    RunKernel(name, views, Words(scalars));
    std::vector<Wide> s;
    for (const int64_t scalar : scalars) s.push_back(Widen(Wrap<T>(scalar)));
    for (size_t i = 0; i < out.size(); ++i) {
      Wide x[3] = {};
      for (int v = 0; v < inputs; ++v) x[v] = Widen(in[static_cast<size_t>(v)][i]);
      ASSERT_EQ(Widen(out[i]), Widen(Wrap<T>(map.of(x, s.data()))))
          << "element " << i << ": " << static_cast<int64_t>(x[0]) << ", " << static_cast<int64_t>(x[1]);
    }
    ASSERT_TRUE(SameBits(out.Gaps(), gaps));
  }
}

TEST_P(OnTarget, IntegerMaps) {
  for (const auto& [name, map] : IntegerMaps()) {
    SCOPED_TRACE(name);
    for (const Sizes& shape : {Sizes{}, {0}, {4, 3, 2, 5}, {1200}}) {
      ForEachLayout([&, &name = name, &map = map](Layout out, const std::vector<Layout>& in) {
        if (Count(shape) > 1000 && out != Layout::kDense) return;
        CheckInteger<int64_t>(name, map, shape, out, in);
        CheckInteger<int32_t>(name, map, shape, out, in);
        CheckInteger<uint8_t>(name, map, shape, out, in);
        CheckInteger<Bool>(name, map, shape, out, in);
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(OnTarget, IntegersInPlace) {
  for (const std::string name : {"add", "mul_scalar", "neg"}) {
    Array<int32_t> in({1000}, Layout::kDense);
    in.Fill(AnyElement<int32_t>);
    const int inputs = kKernels[KernelId(name)].num_views - 1;
    const Numbers params = name == "mul_scalar" ? Words({-7}) : Numbers();
    Array<int32_t> out({1000}, Layout::kDense);
    std::vector<PlannedView> views(static_cast<size_t>(inputs) + 1, in.view());
    views[0] = out.view();
    RunKernel(name, views, params);
    views[0] = in.view();
    RunKernel(name, views, params);
    EXPECT_TRUE(SameBits(in.Values(), out.Values())) << name;
  }
}

// Bounds beyond the type's are its own.
template <typename T>
void CheckClamp() {
  Array<T> in({300}, Layout::kDense);
  in.Fill(AnyElement<T>);
  Array<T> out({300}, Layout::kDense);
  const int64_t bounds[] = {INT64_MIN, -(int64_t{1} << 40), -300, -1, 0, 3, 200, 255, 256, int64_t{1} << 40, INT64_MAX};
  for (const int64_t low : bounds) {
    for (const int64_t high : bounds) {
      RunKernel("clamp", {out.view(), in.view()}, Words({low, high}));
      for (size_t i = 0; i < out.size(); ++i) {
        const Wide least = std::numeric_limits<T>::min();
        const Wide most = std::numeric_limits<T>::max();
        const Wide raised = std::max<Wide>(in[i], std::clamp<Wide>(low, least, most));
        ASSERT_EQ(Wide(out[i]), std::min<Wide>(raised, std::clamp<Wide>(high, least, most))) << low << " to " << high;
      }
    }
  }
}

TEST_P(OnTarget, ClampsIntegers) {
  CheckClamp<int64_t>();
  CheckClamp<int32_t>();
  CheckClamp<uint8_t>();
}

// Of the powers above, the ones that show what torch makes of exponents below 0 and beyond the type.
TEST(Integers, PowersAsInTorch) {
  const auto power = [](int64_t base, int64_t exponent) {
    Array<int64_t> out({1}, Layout::kDense);
    Array<int64_t> a({1}, Layout::kDense);
    Array<int64_t> b({1}, Layout::kDense);
    a[0] = base, b[0] = exponent;
    RunKernel("pow", {out.view(), a.view(), b.view()});
    return out[0];
  };
  EXPECT_EQ(power(1, -1), 1);
  EXPECT_EQ(power(-1, -1), -1);
  EXPECT_EQ(power(-1, -2), 1);
  EXPECT_EQ(power(-1, INT64_MIN), 1);
  EXPECT_EQ(power(2, -1), 0);
  EXPECT_EQ(power(0, -1), 0);
  EXPECT_EQ(power(0, 0), 1);
  EXPECT_EQ(power(5, int64_t{1} << 40), 8225398108880633857);
  EXPECT_EQ(power(INT64_MAX, 3), INT64_MAX);
}

}  // namespace
}  // namespace evenkeel
