// Orthogonal matrices: orthonormal to the last digits, equal to the same reflectors applied one at a time, the same bits
// for any number of threads, and distributed as Haar's measure asks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "blas.h"
#include "guard.h"
#include "kernels.h"
#include "parallel.h"
#include "rng/pcg.h"
#include "rng/reference.h"

namespace evenkeel {
namespace {

const Pcg32 kStream = Pcg32::Seeded(2026, 4);

struct Shape {
  int64_t rows;
  int64_t columns;
};

template <typename T>
Plan MakePlan(T* out, Shape shape, double gain, uint64_t position, Pcg32 stream = kStream) {
  Plan plan{};
  View& view = plan.views[0];
  view.data = out;
  view.dtype = sizeof(T) == 4 ? DType::kFloat32 : DType::kFloat64;
  view.ndim = 2;
  view.shape[0] = shape.rows;
  view.shape[1] = shape.columns;
  view.strides[0] = shape.columns;
  view.strides[1] = 1;
  const double params[] = {static_cast<double>(stream.state >> 32),     static_cast<double>(stream.state & 0xffffffff),
                           static_cast<double>(stream.increment >> 32), static_cast<double>(stream.increment & 0xffffffff),
                           static_cast<double>(position),               gain};
  std::copy(std::begin(params), std::end(params), plan.params);
  return plan;
}

template <typename T>
std::vector<T> Orthogonal(Shape shape, double gain = 1, uint64_t position = 0) {
  // NaN where nothing is written.
  std::vector<T> out(static_cast<size_t>(shape.rows * shape.columns), std::nanf(""));
  HaarOrthogonal(MakePlan(out.data(), shape, gain, position));
  return out;
}

// The largest element of Q'Q - I, or of QQ' - I where there are more columns than rows.
template <typename T>
double Error(const std::vector<T>& out, Shape shape) {
  const int64_t n = std::min(shape.rows, shape.columns);
  const int64_t m = std::max(shape.rows, shape.columns);
  const bool wide = shape.columns > shape.rows;
  std::vector<double> gram(static_cast<size_t>(n * n));
  std::vector<double> row(static_cast<size_t>(n));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) row[j] = out[wide ? j * m + i : i * n + j];
    for (int64_t a = 0; a < n; ++a) {
      for (int64_t b = 0; b < n; ++b) gram[a * n + b] += row[a] * row[b];
    }
  }
  double error = 0;
  for (int64_t a = 0; a < n; ++a) {
    // Not std::max: it would lose NaN.
    for (int64_t b = 0; b < n; ++b) {
      const double off = std::abs(gram[a * n + b] - (a == b ? 1 : 0));
      if (!(off <= error)) error = off;
    }
  }
  return error;
}

// Stewart's algorithm as it is written down, in double: the last reflector first, each a rank-one update.
template <typename T>
std::vector<double> Unblocked(Shape shape, uint64_t position) {
  const int64_t n = std::min(shape.rows, shape.columns);
  const int64_t m = std::max(shape.rows, shape.columns);
  Pcg32 start = kStream;
  start.Advance(position);
  std::vector<double> q(static_cast<size_t>(m * n));
  std::vector<double> v(static_cast<size_t>(m));
  for (int64_t i = n - 1; i >= 0; --i) {
    double square = 0;
    for (int64_t j = i; j < m; ++j) {
      v[j] = reference::Normal<T>(start, static_cast<uint64_t>(i * m + j), T(0), T(1));
      square += v[j] * v[j];
    }
    const double norm = std::sqrt(square);
    const double sign = v[i] < 0 ? -1 : 1;
    const double beta = -sign * norm;
    const double pivot = v[i] - beta;
    const double tau = (beta - v[i]) / beta;
    v[i] = 1;
    for (int64_t j = i + 1; j < m; ++j) v[j] /= pivot;
    q[i * n + i] = -sign;
    for (int64_t c = i; c < n; ++c) {
      double dot = 0;
      for (int64_t j = i; j < m; ++j) dot += v[j] * q[j * n + c];
      for (int64_t j = i; j < m; ++j) q[j * n + c] -= tau * dot * v[j];
    }
  }
  if (shape.rows >= shape.columns) return q;
  std::vector<double> transposed(q.size());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) transposed[j * m + i] = q[i * n + j];
  }
  return transposed;
}

// Sizes around those of blocks and panels (96), tall and wide.
std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  const int64_t sizes[] = {1, 2, 3, 64, 95, 96, 97, 191, 192, 193};
  for (const int64_t rows : sizes) {
    for (const int64_t columns : sizes) shapes.push_back({rows, columns});
  }
  for (const Shape shape : {Shape{257, 257}, {289, 289}, {300, 200}, {200, 300}, {385, 64}, {64, 385}, {1000, 1}, {1, 1000}}) {
    shapes.push_back(shape);
  }
  return shapes;
}

template <typename T>
class HaarOf : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { blas::Initialize(); }
  void TearDown() override { SetNumThreads(1); }
};
using Floats = ::testing::Types<float, double>;
class FloatNames {
 public:
  template <typename T>
  static std::string GetName(int) {
    return sizeof(T) == 4 ? "float32" : "float64";
  }
};
TYPED_TEST_SUITE(HaarOf, Floats, FloatNames);

TYPED_TEST(HaarOf, IsOrthonormal) {
  const double tolerance = sizeof(TypeParam) == 4 ? 5e-6 : 1e-14;
  std::vector<Shape> shapes = Shapes();
  shapes.insert(shapes.end(), {{512, 512}, {4096, 64}, {64, 4096}, {20000, 3}});
  for (const Shape shape : shapes) {
    EXPECT_LE(Error(Orthogonal<TypeParam>(shape), shape), tolerance) << shape.rows << " x " << shape.columns;
  }
}

TYPED_TEST(HaarOf, EqualsReflectorsAppliedOneByOne) {
  const double tolerance = sizeof(TypeParam) == 4 ? 2e-6 : 4e-15;
  uint64_t position = 0;
  for (const Shape shape : Shapes()) {
    const std::vector<TypeParam> got = Orthogonal<TypeParam>(shape, 1, position);
    const std::vector<double> want = Unblocked<TypeParam>(shape, position);
    double worst = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      const double off = std::abs(got[i] - want[i]);
      if (!(off <= worst)) worst = off;
    }
    EXPECT_LE(worst, tolerance) << shape.rows << " x " << shape.columns << " at position " << position;
    position = (position * 3 + 1) % 1000003;  // odd and even ones
  }
}

TYPED_TEST(HaarOf, SameBitsForAnyNumberOfThreads) {
  for (const Shape shape : {Shape{300, 300}, {520, 390}, {390, 520}, {3000, 129}, {65, 20000}}) {
    SetNumThreads(1);
    const std::vector<TypeParam> want = Orthogonal<TypeParam>(shape, 1.5, 7);
    for (const int threads : {2, 3, 8}) {
      SetNumThreads(threads);
      const std::vector<TypeParam> got = Orthogonal<TypeParam>(shape, 1.5, 7);
      EXPECT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(TypeParam)), 0)
          << shape.rows << " x " << shape.columns << ", " << threads << " threads";
    }
  }
}

TYPED_TEST(HaarOf, GainScales) {
  for (const Shape shape : {Shape{130, 70}, {70, 130}}) {
    const std::vector<TypeParam> one = Orthogonal<TypeParam>(shape);
    const std::vector<TypeParam> quarter = Orthogonal<TypeParam>(shape, 0.25);
    const std::vector<TypeParam> zero = Orthogonal<TypeParam>(shape, 0);
    for (size_t i = 0; i < one.size(); ++i) {
      ASSERT_EQ(quarter[i], one[i] / 4) << i;
      ASSERT_EQ(zero[i], 0) << i;
    }
  }
}

TYPED_TEST(HaarOf, AnEmptyMatrixIsLeftAlone) {
  for (const Shape shape : {Shape{0, 0}, {0, 5}, {5, 0}}) {
    HaarOrthogonal(MakePlan<TypeParam>(nullptr, shape, 1, 0));
  }
}

TYPED_TEST(HaarOf, RefusesWhatItCannotWriteBeforeItWrites) {
  std::vector<TypeParam> out(64, 42);
  Plan plan = MakePlan(out.data(), {4, 4}, 1, 0);
  plan.views[0].strides[0] = 5;
  EXPECT_THROW(HaarOrthogonal(plan), std::invalid_argument);
  plan = MakePlan(out.data(), {4, 4}, 1, 0);
  std::swap(plan.views[0].strides[0], plan.views[0].strides[1]);
  EXPECT_THROW(HaarOrthogonal(plan), std::invalid_argument);
  plan = MakePlan(out.data(), {4, 4}, 1, 0);
  plan.views[0].ndim = 3;
  plan.views[0].shape[2] = plan.views[0].strides[2] = 1;
  EXPECT_THROW(HaarOrthogonal(plan), std::invalid_argument);
  for (int param = 0; param < 5; ++param) {
    for (const double value : {-1.0, 1e300, std::nan("")}) {
      plan = MakePlan(out.data(), {4, 4}, 1, 0);
      plan.params[param] = value;
      EXPECT_THROW(HaarOrthogonal(plan), PlanError) << param;
    }
  }
  EXPECT_EQ(out, std::vector<TypeParam>(64, 42));
}

// The mean of what a statistic deviates from its expectation by, in standard deviations of that mean.
class ZScore {
 public:
  ZScore(const char* name, double expected, double variance) : name_(name), expected_(expected), variance_(variance) {}
  void Add(double value) {
    sum_ += value - expected_;
    ++count_;
  }
  const char* Name() const { return name_; }
  double Value() const { return sum_ / std::sqrt(variance_ * static_cast<double>(count_)); }

 private:
  const char* name_;
  double expected_;
  double variance_;
  double sum_ = 0;
  int64_t count_ = 0;
};

// Every element of a Haar matrix has the law of one coordinate on the sphere, and the traces of its powers have the first
// moments of normal variables (Diaconis and Shahshahani, "On the eigenvalues of random matrices", J. Appl. Prob. 31A
// (1994) 49-62): Tr Q of mean 0 and variance 1, Tr Q^2 of mean 1 and variance 2. Leaving out d was seen to shift Q_11 by
// 115 standard deviations, and leaving out its last sign alone to shift Q_nn by 73 and nothing else but the trace. The
// seed is fixed; for another, one of the 12 scores of a size would pass 5 with a probability of 7e-6.
TYPED_TEST(HaarOf, HasHaarsDistribution) {
  for (const auto& [n, count] : {std::pair<int64_t, int>{16, 20000}, {70, 2000}}) {
    const double size = static_cast<double>(n);
    const double q4 = 3 / (size * (size + 2));
    const double q8 = 105 / (size * (size + 2) * (size + 4) * (size + 6));
    ZScore scores[] = {
        {"Q_11", 0, 1 / size},           {"Q_nn", 0, 1 / size},
        {"Q_1n", 0, 1 / size},           {"Q_n1", 0, 1 / size},
        {"Q_11^4", q4, q8 - q4 * q4},    {"Q_nn^4", q4, q8 - q4 * q4},
        {"Q_1n^4", q4, q8 - q4 * q4},    {"Q_n1^4", q4, q8 - q4 * q4},
        {"Tr Q", 0, 1},                  {"(Tr Q)^2", 1, 2},
        {"Tr Q^2", 1, 2},                {"(Tr Q^2 - 1)^2", 2, 8},
    };
    for (int i = 0; i < count; ++i) {
      const std::vector<TypeParam> q = Orthogonal<TypeParam>({n, n}, 1, static_cast<uint64_t>(i * n * n) * 2);
      double trace = 0;
      double trace2 = 0;
      for (int64_t a = 0; a < n; ++a) {
        trace += q[a * n + a];
        for (int64_t b = 0; b < n; ++b) trace2 += static_cast<double>(q[a * n + b]) * q[b * n + a];
      }
      const double corners[] = {q.front(), q.back(), q[n - 1], q[n * (n - 1)]};
      for (int c = 0; c < 4; ++c) {
        scores[c].Add(corners[c]);
        scores[4 + c].Add(std::pow(corners[c], 4));
      }
      scores[8].Add(trace);
      scores[9].Add(trace * trace);
      scores[10].Add(trace2);
      scores[11].Add((trace2 - 1) * (trace2 - 1));
    }
    for (const ZScore& score : scores) EXPECT_LE(std::abs(score.Value()), 5) << score.Name() << ", n = " << n;
  }
}

// The same for the corners of matrices that are not square: coordinates on the sphere of the longer side's dimension.
TYPED_TEST(HaarOf, HasHaarsDistributionTallAndWide) {
  for (const Shape shape : {Shape{7, 3}, {3, 7}, {5, 1}, {1, 5}}) {
    const double size = static_cast<double>(std::max(shape.rows, shape.columns));
    const double q4 = 3 / (size * (size + 2));
    const double q8 = 105 / (size * (size + 2) * (size + 4) * (size + 6));
    ZScore first("first", 0, 1 / size);
    ZScore last("last", 0, 1 / size);
    ZScore last4("last^4", q4, q8 - q4 * q4);
    for (uint64_t i = 0; i < 20000; ++i) {
      const std::vector<TypeParam> q = Orthogonal<TypeParam>(shape, 1, i * 64);
      first.Add(q.front());
      last.Add(q.back());
      last4.Add(std::pow(q.back(), 4));
    }
    for (const ZScore& score : {first, last, last4}) {
      EXPECT_LE(std::abs(score.Value()), 5) << score.Name() << ", " << shape.rows << " x " << shape.columns;
    }
  }
}

}  // namespace
}  // namespace evenkeel
