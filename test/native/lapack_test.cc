// Decompositions and triangular systems, against what they are to be: factors with orthonormal columns whose product is the
// matrix, singular values in order, systems that are solved.
#include "kernel_tests.h"

namespace evenkeel {
namespace {

const References references = References::Of({"qr", "svdvals", "svd", "solve_upper"});

const Sizes kMatrices[] = {{0, 0}, {5, 0}, {0, 5}, {1, 1},   {5, 1},   {1, 5},   {2, 2},
                           {5, 3}, {3, 5}, {33, 33}, {70, 40}, {40, 70}, {150, 7}, {7, 150}};

// A matrix [rows, columns] as its elements by rows, in double.
struct Matrix {
  int64_t rows;
  int64_t columns;
  Numbers elements;

  double operator()(int64_t i, int64_t j) const { return elements[static_cast<size_t>(i * columns + j)]; }
  Matrix Transposed() const {
    Matrix out = {columns, rows, {}};
    for (int64_t j = 0; j < columns; ++j) {
      for (int64_t i = 0; i < rows; ++i) out.elements.push_back((*this)(i, j));
    }
    return out;
  }
};

template <typename T>
Matrix MatrixOf(const Array<T>& array) {
  const std::vector<T> values = array.Values();
  return {array.shape()[0], array.shape()[1], Numbers(values.begin(), values.end())};
}

Matrix Product(const Matrix& a, const Matrix& b) {
  Matrix out = {a.rows, b.columns, {}};
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.columns; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < a.columns; ++l) sum += a(i, l) * b(l, j);
      out.elements.push_back(sum);
    }
  }
  return out;
}

void ExpectNear(const Matrix& got, const Matrix& want, double tolerance) {
  ASSERT_EQ(got.elements.size(), want.elements.size());
  for (size_t i = 0; i < want.elements.size(); ++i) {
    ASSERT_TRUE(Near(got.elements[i], want.elements[i], tolerance)) << "element " << i;
  }
}

void ExpectOrthonormalColumns(const Matrix& q, double tolerance) {
  Matrix identity = {q.columns, q.columns, Numbers(static_cast<size_t>(q.columns * q.columns))};
  for (int64_t i = 0; i < q.columns; ++i) identity.elements[static_cast<size_t>(i * (q.columns + 1))] = 1;
  ExpectNear(Product(q.Transposed(), q), identity, tolerance);
}

// Rounding errors of products over `n` elements of numbers up to 2.
template <typename T>
double ToleranceFor(int64_t n) {
  return static_cast<double>(10 * (n + 1)) * kEpsilon<T>;
}

const auto not_written = [](size_t) { return kNaN; };

template <typename T>
void CheckQr(int64_t m, int64_t n, bool zeros) {
  SCOPED_TRACE(Describe({m, n}));
  Array<T> q({m, n}, Layout::kReversed);
  Array<T> r({n, n}, Layout::kDense);
  if (!zeros) q.Fill(Scrambled);
  r.Fill(not_written);
  const Matrix a = MatrixOf(q);
  RunKernel("qr", {q.view(), r.view()});
  const double tolerance = ToleranceFor<T>(m);
  ExpectNear(Product(MatrixOf(q), MatrixOf(r)), a, tolerance);
  ExpectOrthonormalColumns(MatrixOf(q), tolerance);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) ASSERT_EQ(MatrixOf(r)(i, j), 0);
  }
}

TEST(Qr, Decomposes) {
  for (const Sizes& shape : kMatrices) {
    if (shape[0] < shape[1]) continue;
    for (const bool zeros : {false, true}) {
      CheckQr<float>(shape[0], shape[1], zeros);
      CheckQr<double>(shape[0], shape[1], zeros);
      if (HasFatalFailure()) return;
    }
  }
}

// From the first column that has a number that is none, everything is NaN; what comes before is as it was.
template <typename T>
void CheckQrNotFinite(T odd, int64_t column) {
  Array<T> q({5, 3}, Layout::kReversed);
  Array<T> r({3, 3}, Layout::kDense);
  q.Fill(Scrambled);
  r.Fill([](size_t) { return 7; });
  Array<T> finite_q({5, 3}, Layout::kReversed);
  Array<T> finite_r({3, 3}, Layout::kDense);
  finite_q.Fill(Scrambled);
  q[static_cast<size_t>(6 + column)] = odd;
  RunKernel("qr", {q.view(), r.view()});
  RunKernel("qr", {finite_q.view(), finite_r.view()});
  const Matrix got[] = {MatrixOf(q), MatrixOf(r)};
  const Matrix want[] = {MatrixOf(finite_q), MatrixOf(finite_r)};
  for (int64_t j = 0; j < 3; ++j) {
    for (int64_t i = 0; i < 5; ++i) {
      ASSERT_TRUE(j < column ? got[0](i, j) == want[0](i, j) : std::isnan(got[0](i, j))) << i << ", " << j;
    }
    for (int64_t i = 0; i < 3; ++i) {
      SCOPED_TRACE(Describe({i, j}));
      if (i > j) {
        ASSERT_EQ(got[1](i, j), 0);
      } else if (j == column) {
        ASSERT_FALSE(std::isfinite(got[1](i, j)));
      } else {
        ASSERT_TRUE(i < column ? std::isfinite(got[1](i, j)) : std::isnan(got[1](i, j)));
      }
    }
  }
}

TEST(Qr, NotFinite) {
  for (const double odd : {kNaN, kInfinity, -kInfinity}) {
    for (int64_t column = 0; column < 3; ++column) {
      CheckQrNotFinite<float>(static_cast<float>(odd), column);
      CheckQrNotFinite<double>(odd, column);
      if (HasFatalFailure()) return;
    }
  }
}

// The singular values alone, which have to fit the others.
template <typename T>
void CheckSvdvals(const std::vector<T>& elements, const Sizes& shape, const std::vector<T>& want) {
  Array<T> s({std::min(shape[0], shape[1])}, Layout::kOffset);
  Array<T> a(shape, Layout::kOffset);
  s.Fill(not_written);
  for (size_t i = 0; i < elements.size(); ++i) a[i] = elements[i];
  RunKernel("svdvals", {s.view(), a.view()});
  const double of = want.empty() ? 0 : static_cast<double>(want[0]);
  const double tolerance = ToleranceFor<T>(a.shape()[0]) * of;
  for (size_t i = 0; i < s.size(); ++i) ASSERT_NEAR(s[i], want[i], tolerance) << i;
}

template <typename T>
void CheckSvd(const Sizes& shape, bool zeros) {
  SCOPED_TRACE(Describe(shape));
  const int64_t k = std::min(shape[0], shape[1]);
  Array<T> s({k}, Layout::kDense);
  Array<T> a(shape, Layout::kDense);
  Array<T> u({shape[0], k}, Layout::kOffset);
  Array<T> vt({k, shape[1]}, Layout::kDense);
  if (!zeros) a.Fill(Scrambled);
  for (Array<T>* out : {&s, &u, &vt}) out->Fill(not_written);
  const std::vector<T> elements = a.Values();
  const Matrix before = MatrixOf(a);
  RunKernel("svd", {s.view(), a.view(), u.view(), vt.view()});
  const std::vector<T> values = s.Values();
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_GE(values[i], 0);
    if (i > 0) {
      ASSERT_LE(values[i], values[i - 1]);
    }
  }
  const double tolerance = ToleranceFor<T>(std::max(shape[0], shape[1]));
  ExpectOrthonormalColumns(MatrixOf(u), tolerance);
  ExpectOrthonormalColumns(MatrixOf(vt).Transposed(), tolerance);
  Matrix scaled = MatrixOf(u);
  for (size_t i = 0; i < scaled.elements.size(); ++i) scaled.elements[i] *= values[i % static_cast<size_t>(k)];
  ExpectNear(Product(scaled, MatrixOf(vt)), before, tolerance);
  CheckSvdvals(elements, shape, values);
}

TEST(Svd, Decomposes) {
  for (const Sizes& shape : kMatrices) {
    for (const bool zeros : {false, true}) {
      CheckSvd<float>(shape, zeros);
      CheckSvd<double>(shape, zeros);
      if (HasFatalFailure()) return;
    }
  }
}

// A diagonal matrix's singular values are the magnitudes on its diagonal, whatever their size.
template <typename T>
void CheckDiagonal(const std::vector<T>& diagonal) {
  const int64_t n = static_cast<int64_t>(diagonal.size());
  std::vector<T> elements(static_cast<size_t>(n * n));
  for (size_t i = 0; i < diagonal.size(); ++i) elements[i * (diagonal.size() + 1)] = diagonal[i];
  std::vector<T> want = diagonal;
  for (T& value : want) value = std::abs(value);
  std::sort(want.rbegin(), want.rend());
  CheckSvdvals<T>(elements, {n, n}, want);
}

TEST(Svd, OfDiagonalMatrices) {
  CheckDiagonal<double>({1, -7, 0, 3, 2.5, -0.125});
  CheckDiagonal<float>({1, -7, 0, 3, 2.5, -0.125});
  CheckDiagonal<float>({2e38f, -1e38f, 1});
  CheckDiagonal<double>({1e300, 1e-300, -1});
}

template <typename T>
void CheckNotFinite(T odd) {
  for (const size_t at : {0u, 7u, 14u}) {
    Array<T> s({3}, Layout::kDense);
    Array<T> a({5, 3}, Layout::kDense);
    Array<T> u({5, 3}, Layout::kDense);
    Array<T> vt({3, 3}, Layout::kDense);
    a.Fill(Scrambled);
    a[at] = odd;
    const std::vector<T> before = a.Values();
    EXPECT_THROW(RunKernel("svdvals", {s.view(), a.view()}), std::domain_error);
    EXPECT_THROW(RunKernel("svd", {s.view(), a.view(), u.view(), vt.view()}), std::domain_error);
    EXPECT_TRUE(SameBits(a.Values(), before));
  }
}

TEST(Svd, RefusesWhatIsNotFinite) {
  for (const double odd : {kNaN, kInfinity, -kInfinity}) {
    CheckNotFinite<float>(static_cast<float>(odd));
    CheckNotFinite<double>(odd);
  }
}

template <typename T>
void CheckSolveUpper(int64_t n, int64_t columns, Layout layout, Layout upper_layout) {
  SCOPED_TRACE(Describe({n, columns}));
  Array<T> x({n, columns}, layout);
  Array<T> upper({n, n}, upper_layout);
  x.Fill(Scrambled);
  // Well-conditioned: a large diagonal. What is below it is not looked at.
  upper.Fill(Scrambled);
  Matrix triangle = MatrixOf(upper);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      const size_t at = static_cast<size_t>(i * n + j);
      if (j < i) upper[at] = static_cast<T>(kNaN);
      if (j == i) upper[at] = static_cast<T>(2 * n + 3) + static_cast<T>(triangle.elements[at]);
      triangle.elements[at] = j < i ? 0 : static_cast<double>(upper[at]);
    }
  }
  const Matrix want = MatrixOf(x);
  const std::vector<T> gaps = x.Gaps();
  RunKernel("solve_upper", {x.view(), upper.view()});
  ExpectNear(Product(triangle, MatrixOf(x)), want, ToleranceFor<T>(n));
  EXPECT_TRUE(SameBits(x.Gaps(), gaps));
}

TEST(SolveUpper, Solves) {
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    for (const Sizes& shape : {Sizes{0, 0}, {0, 3}, {3, 0}, {1, 1}, {1, 5}, {5, 1}, {5, 3}, {3, 5}, {40, 70}, {100, 300}}) {
      for (const Layout layout : {Layout::kDense, Layout::kOffset, Layout::kReversed}) {
        CheckSolveUpper<float>(shape[0], shape[1], layout, Layout::kDense);
        CheckSolveUpper<double>(shape[0], shape[1], layout, Layout::kOffset);
        if (HasFatalFailure()) return;
      }
    }
  }
  SetNumThreads(1);
}

}  // namespace
}  // namespace evenkeel
