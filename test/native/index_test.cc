// gather and scatter_add: every dtype and layout, whole rows by one index, and indices that are none.
#include <stdexcept>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

const References references = References::Of({"gather", "scatter_add"});

// What the kernel does to one element.
template <typename T>
T Added(T a, T b) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T::From(a.ToFloat() + b.ToFloat());
  } else if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(a.byte || b.byte)};
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

// Of a row of `n` elements.
int64_t AnyIndex(size_t i, int64_t n) { return static_cast<int64_t>((i * 0x9E3779B97F4A7C15u >> 33) % static_cast<uint64_t>(n)); }

// Leading sizes, then k indices into rows of n.
struct IndexCase {
  Sizes leading;
  int64_t k;
  int64_t n;
};
const IndexCase kCases[] = {{{}, 5, 3}, {{}, 1, 1},  {{4}, 1, 10},     {{4, 3}, 7, 2}, {{33}, 20, 40},
                            {{}, 0, 3}, {{0}, 4, 3}, {{3, 2, 2}, 3, 5}, {{2}, 1030, 7}};

Sizes With(Sizes leading, int64_t last) {
  leading.push_back(last);
  return leading;
}

template <typename T>
void CheckGather(const IndexCase& c, Layout out_layout, const std::vector<Layout>& in_layouts) {
  Array<T> in(With(c.leading, c.n), in_layouts[0]);
  Array<int64_t> index(With(c.leading, c.k), in_layouts[1]);
  Array<T> out(With(c.leading, c.k), out_layout);
  in.Fill(AnyElement<T>);
  index.Fill([&](size_t i) { return AnyIndex(i, c.n); });
  out.Fill(AnyElement<T>);
  const std::vector<T> gaps = out.Gaps();
  RunKernel("gather", {out.view(), index.view(), in.view()});
  std::vector<T> want;
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t row = i / static_cast<size_t>(c.k);
    want.push_back(in[row * static_cast<size_t>(c.n) + static_cast<size_t>(index[i])]);
  }
  ASSERT_TRUE(SameBits(out.Values(), want));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

template <typename T>
void CheckScatter(const IndexCase& c, Layout out_layout, const std::vector<Layout>& in_layouts) {
  Array<T> source(With(c.leading, c.k), in_layouts[0]);
  Array<int64_t> index(With(c.leading, c.k), in_layouts[1]);
  Array<T> out(With(c.leading, c.n), out_layout);
  source.Fill([](size_t i) { return AnyElement<T>(i + 9); });
  index.Fill([&](size_t i) { return AnyIndex(i, c.n); });
  // No NaN: whose bits a sum of two has is open.
  const auto ordinary = [](size_t i) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(Scrambled(i));
    else if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) return T::From(static_cast<float>(Scrambled(i)));
    else return AnyElement<T>(i);
  };
  source.Fill(ordinary);
  out.Fill(ordinary);
  std::vector<T> want = out.Values();
  const std::vector<T> gaps = out.Gaps();
  RunKernel("scatter_add", {out.view(), index.view(), source.view()});
  for (size_t i = 0; i < index.size(); ++i) {
    T& sum = want[i / static_cast<size_t>(c.k) * static_cast<size_t>(c.n) + static_cast<size_t>(index[i])];
    sum = Added(sum, source[i]);
  }
  ASSERT_TRUE(SameBits(out.Values(), want));
  ASSERT_TRUE(SameBits(out.Gaps(), gaps));
}

TEST(Index, GatherAndScatter) {
  SetNumThreads(3);
  for (const IndexCase& c : kCases) {
    SCOPED_TRACE(Describe(c.leading) + ", " + std::to_string(c.k) + " of " + std::to_string(c.n));
    ForEachLayout([&](Layout out, const std::vector<Layout>& in) {
      TensorTypes::ForEach([&](auto zero) {
        CheckGather<decltype(zero)>(c, out, in);
        CheckScatter<decltype(zero)>(c, out, in);
      });
    });
    if (HasFatalFailure()) return;
  }
}

// Rows of a matrix [n, d] chosen by one index each: the views are transposed, and the index has stride 0 along d.
void CheckRows(int64_t n, int64_t d, int64_t k) {
  SCOPED_TRACE(::testing::Message() << k << " of " << n << " rows of " << d);
  Array<float> table({d, n}, {1, d}, 0);
  Array<float> rows({d, k}, {1, d}, 0);
  Array<int64_t> index({d, k}, {0, 1}, 0);
  table.Fill(Scrambled);
  index.Fill([&](size_t i) { return AnyIndex(i, n); });
  RunKernel("gather", {rows.view(), index.view(), table.view()});
  for (size_t i = 0; i < static_cast<size_t>(d); ++i) {
    for (size_t j = 0; j < static_cast<size_t>(k); ++j) {
      ASSERT_EQ(rows[i * static_cast<size_t>(k) + j], table[i * static_cast<size_t>(n) + static_cast<size_t>(index[j])]);
    }
  }
  // Its gradient, on any number of threads the same to the last bit.
  std::vector<float> sums[2];
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    Array<float> out({d, n}, {1, d}, 0);
    out.Fill([](size_t) { return 0.5; });
    RunKernel("scatter_add", {out.view(), index.view(), rows.view()});
    sums[threads == 1] = out.Values();
  }
  ASSERT_TRUE(SameBits(sums[0], sums[1]));
  std::vector<float> want(static_cast<size_t>(d * n), 0.5f);
  for (size_t i = 0; i < static_cast<size_t>(d); ++i) {
    for (size_t j = 0; j < static_cast<size_t>(k); ++j) {
      want[i * static_cast<size_t>(n) + static_cast<size_t>(index[j])] += rows[i * static_cast<size_t>(k) + j];
    }
  }
  ASSERT_TRUE(SameBits(sums[0], want));
}

TEST(Index, WholeRows) {
  SetNumThreads(3);
  CheckRows(10, 4, 7);
  CheckRows(1, 1, 1);
  CheckRows(50, 64, 3000);
  CheckRows(3000, 33, 900);
}

TEST(Index, RefusesOthersBeforeItWrites) {
  SetNumThreads(3);
  for (const int64_t bad : {int64_t{-1}, int64_t{5}, INT64_MIN, INT64_MAX}) {
    for (const int64_t count : {int64_t{8}, int64_t{100000}}) {
      Array<int64_t> index({count}, Layout::kDense);
      index[static_cast<size_t>(count) - 1] = bad;
      Array<float> table({5}, Layout::kDense);
      table.Fill([](size_t) { return 1; });
      Array<float> values({count}, Layout::kDense);
      values.Fill([](size_t) { return 2; });
      const std::vector<float> tables = table.Values(), before = values.Values();
      const auto message = [&](const std::string& name, const Array<float>& out, const Array<float>& in) -> std::string {
        try {
          RunKernel(name, {out.view(), index.view(), in.view()});
        } catch (const std::out_of_range& error) {
          return error.what();
        }
        return "accepted";
      };
      const std::string want = "index " + std::to_string(bad) + " is out of bounds for a dimension of size 5";
      EXPECT_EQ(message("gather", values, table), want);
      EXPECT_EQ(message("scatter_add", table, values), want);
      EXPECT_TRUE(SameBits(table.Values(), tables));
      EXPECT_TRUE(SameBits(values.Values(), before));
    }
  }
  // Nothing can be chosen from nothing.
  Array<int64_t> index({1}, Layout::kDense);
  Array<float> none({0}, Layout::kDense);
  Array<float> one({1}, Layout::kDense);
  EXPECT_THROW(RunKernel("gather", {one.view(), index.view(), none.view()}), std::out_of_range);
  EXPECT_THROW(RunKernel("scatter_add", {none.view(), index.view(), one.view()}), std::out_of_range);
}

}  // namespace
}  // namespace evenkeel
