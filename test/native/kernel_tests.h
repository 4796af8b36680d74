// What the tests of kernels have in common: shapes and layouts to try, comparisons, instruction sets, and the list of the
// kernels that have a reference somewhere.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "arrays.h"
#include "parallel.h"
#include "simd/targets.h"

namespace evenkeel {

using Numbers = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline const Sizes kShapes[] = {{},           {1},       {0},       {5},          {17},    {2, 3},
                                {3, 0, 2},    {1, 1, 1}, {7, 1, 5}, {4, 3, 2, 5}, {9, 33}, {2, 1, 2, 3, 1, 2, 1, 2},
                                {2, 2, 2, 2, 2, 2, 2, 2}, {1030}, {2, 1100}};

// The names of the kernels that test files have references for: each file adds its own before main.
inline std::multiset<std::string>& ReferencedKernels() {
  static std::multiset<std::string> names;
  return names;
}
struct References {
  // A map from names, or a list of them.
  template <typename Map>
  static References Of(const Map& map) {
    for (const auto& row : map) ReferencedKernels().insert(row.first);
    return {};
  }
  static References Of(std::initializer_list<const char*> names) {
    for (const char* name : names) ReferencedKernels().insert(name);
    return {};
  }
};

template <typename T>
constexpr double kEpsilon = static_cast<double>(std::numeric_limits<T>::epsilon());

// Within `tolerance` of the larger magnitude or of 1; NaN matches NaN alone.
inline ::testing::AssertionResult Near(double got, double want, double tolerance) {
  if (std::isnan(got) && std::isnan(want)) return ::testing::AssertionSuccess();
  if (got == want) return ::testing::AssertionSuccess();
  const double scale = std::max({1.0, std::abs(got), std::abs(want)});
  if (std::isfinite(scale) && std::abs(got - want) <= tolerance * scale) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << got << " where the reference has " << want;
}

template <typename T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// What inputs hold: ordinary numbers, and every so often one that is not.
inline double Unusual(size_t i) {
  constexpr double kOdd[] = {0.0, -0.0, 1, -1, kInfinity, -kInfinity, kNaN, 1e30, -1e30, 1e-42, 20, -20};
  return i % 5 == 3 ? kOdd[i / 5 % 12] : Scrambled(i);
}

// Elements of any dtype that are neither round nor regular, with the type's extremes among them.
template <typename T>
T AnyElement(size_t i) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T::From(static_cast<float>(Unusual(i)));
  } else if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(i * 0x9E3779B97F4A7C15u >> 40 & 1)};
  } else if constexpr (std::is_integral_v<T>) {
    constexpr T kOdd[] = {0,
                          1,
                          static_cast<T>(-1),
                          2,
                          static_cast<T>(-2),
                          std::numeric_limits<T>::min(),
                          std::numeric_limits<T>::max(),
                          static_cast<T>(std::numeric_limits<T>::max() - 1),
                          static_cast<T>(std::numeric_limits<T>::min() + 1)};
    return i % 3 == 1 ? kOdd[i / 3 % 9] : static_cast<T>(i * 0x9E3779B97F4A7C15u >> (i % 60));
  } else {
    return static_cast<T>(Unusual(i));
  }
}

// Every way to lay out output and inputs, near enough: calls check(out layout, in layouts).
template <typename Check>
void ForEachLayout(Check&& check) {
  constexpr size_t kIn = std::size(kInputLayouts);
  for (const Layout out : kOutputLayouts) {
    for (size_t i = 0; i < kIn; ++i) {
      const Layout second = kInputLayouts[(i * 3 + static_cast<size_t>(out)) % kIn];
      const Layout third = kInputLayouts[(i * 5 + static_cast<size_t>(out) + 2) % kIn];
      check(out, std::vector<Layout>{kInputLayouts[i], second, third});
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

// The shape without the dimensions whose bits `mask` has.
inline Sizes ReducedShape(const Sizes& shape, unsigned mask) {
  Sizes reduced = shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (mask >> d & 1) reduced[d] = 1;
  }
  return reduced;
}

// For each element of the reduced shape, the elements that it stands for: everything in row-major order.
inline std::vector<std::vector<size_t>> GroupsOf(const Sizes& shape, unsigned mask) {
  const Sizes reduced = ReducedShape(shape, mask);
  std::vector<std::vector<size_t>> groups(static_cast<size_t>(Count(reduced)));
  Sizes index(shape.size());
  for (size_t i = 0; i < static_cast<size_t>(Count(shape)); ++i) {
    int64_t group = 0;
    for (size_t d = 0; d < shape.size(); ++d) group = group * reduced[d] + (reduced[d] == 1 ? 0 : index[d]);
    groups[static_cast<size_t>(group)].push_back(i);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return groups;
}

// Calls check(mask, out layout, in layout) for all sets of dimensions of small shapes, and some of large ones.
template <typename Check>
void ForEachReduction(const Sizes& shape, Check&& check) {
  for (unsigned mask = 0; mask < 1u << shape.size(); mask += shape.size() > 4 ? 37 : 1) {
    size_t i = mask;
    for (const Layout in : kInputLayouts) {
      check(mask, kOutputLayouts[i++ % std::size(kOutputLayouts)], in);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

// Calls visit(T{}) for each of the types.
template <typename... All>
struct Types {
  template <typename Visit>
  static void ForEach(Visit&& visit) {
    (visit(All{}), ...);
  }
};
using TensorTypes = Types<float, double, Float16, BFloat16, int64_t, int32_t, uint8_t, Bool>;

// Runs on one instruction set.
class OnTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { simd::ForceTarget(GetParam()); }
  void TearDown() override { simd::ForceTarget(simd::SupportedTargets().front()); }
};

}  // namespace evenkeel
