// Orthogonal matrices from the Haar measure, made directly as a product of Householder reflections (G. W. Stewart, "The
// efficient generation of random orthogonal matrices with an application to condition estimators", SIAM J. Numer. Anal. 17
// (1980) 403-409): the law of a Gaussian's QR decomposition with a positive diagonal, for half its work, and nearly all of
// it in products of matrices.
//
// For a tall [m, n], m >= n: reflector i = 0 .. n-1 comes from a normal vector x of m - i elements. H_i = I - tau v v' maps
// x to a multiple of its first axis, and Q = H_0 ... H_(n-1) diag(d) with d_i the sign that makes R's diagonal positive. A
// wide matrix is the transpose of a tall one.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "blas.h"
#include "kernels.h"
#include "parallel.h"
#include "rng/params.h"

namespace evenkeel {
namespace {

// Reflectors applied at once: H_k ... H_(k+b-1) = I - V T V', with V's columns their vectors (the compact WY form).
constexpr int64_t kBlock = 96;

// Reflectors drawn at once, and columns of Q worked on at once, from the last block of reflectors to the first: threads
// share out groups and panels of fixed sizes, so that the bits do not depend on their number.
constexpr int64_t kDrawn = 8;
constexpr int64_t kPanel = 96;

// Multiply-adds below which a second thread does not pay, and as many of them as drawing one normal takes.
constexpr double kParallelWork = 2e6;
constexpr double kDrawWork = 40;

// Runs task(i) for each i below `count`. The tasks differ in size, so that a thread that is done takes the next.
template <typename Task>
void ForEach(int64_t count, double work, const Task& task) {
  std::atomic<int64_t> next{0};
  ParallelFor(count, work < kParallelWork ? count : 1, [&](int64_t, int64_t) {
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) task(i);
  });
}

// Memory that is about to be overwritten: unlike std::vector's, its pages are not touched twice.
template <typename T>
std::unique_ptr<T[]> Uninitialized(int64_t count) {
  return std::unique_ptr<T[]>(new T[static_cast<size_t>(count)]);
}

// In lanes that the compiler can turn into vectors; in double from time to time, for long sums of floats lose digits that
// orthogonality needs.
template <typename T>
double SumOfSquares(const T* x, int64_t count) {
  constexpr int64_t kLanes = 16;
  constexpr int64_t kRun = 16 * kLanes;
  double sum = 0;
  int64_t i = 0;
  while (count - i >= kLanes) {
    const int64_t end = i + std::min(kRun, (count - i) / kLanes * kLanes);
    T sums[kLanes] = {};
    for (; i < end; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i + lane] * x[i + lane];
    }
    for (const T lane : sums) sum += lane;
  }
  for (; i < count; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

template <typename T>
class Haar {
 public:
  Haar(const Plan& plan, int64_t m, int64_t n, bool wide)
      : plan_(plan),
        m_(m),
        n_(n),
        wide_(wide),
        out_(plan.views[0].As<T>()),
        ldo_(wide ? m : n),
        gain_(static_cast<T>(plan.params[kNumStreamParams])),
        blocks_((n + kBlock - 1) / kBlock),
        vectors_(Uninitialized<T>(VectorsBefore(n))),
        inverse_t_(Uninitialized<T>(blocks_ * kBlock * kBlock)),
        inverse_tau_(Uninitialized<T>(n)),
        signs_(Uninitialized<T>(n)) {}

  void Run() {
    const double size = static_cast<double>(m_) * static_cast<double>(n_);
    ForEach((n_ + kDrawn - 1) / kDrawn, size * kDrawWork, [&](int64_t i) {
      DrawReflectors(i * kDrawn, std::min(n_, (i + 1) * kDrawn));
    });
    ForEach(blocks_, size * kBlock, [&](int64_t block) { MakeInverseT(block); });
    // The panels to the right take the most work, so they come first.
    const int64_t panels = (n_ + kPanel - 1) / kPanel;
    ForEach(panels, size * static_cast<double>(n_), [&](int64_t i) {
      const int64_t panel = panels - 1 - i;
      MakePanel(panel * kPanel, std::min(n_, (panel + 1) * kPanel));
    });
  }

 private:
  // Block b's vectors are the rows of a matrix that leaves out the elements of rows before b * kBlock: all of them are 0.
  int64_t Width(int64_t block) const { return std::min(kBlock, n_ - block * kBlock); }
  int64_t Length(int64_t block) const { return m_ - block * kBlock; }
  // Elements of the vectors before vector i, the first of its block.
  int64_t VectorsBefore(int64_t i) const {
    const int64_t full = i / kBlock;
    return kBlock * (full * m_ - kBlock * full * (full - 1) / 2) + (i % kBlock) * (m_ - full * kBlock);
  }
  T* Vectors(int64_t block) const { return vectors_.get() + VectorsBefore(block * kBlock); }
  T* InverseT(int64_t block) const { return inverse_t_.get() + block * kBlock * kBlock; }

  // The normals of reflector i are the elements (i, i) to (i, m - 1) of a fill of shape [n, m].
  void DrawReflectors(int64_t begin, int64_t end) {
    const auto normals = Uninitialized<T>(m_ + 1);
    Plan fill = plan_;
    fill.views[0].ndim = 1;
    fill.views[0].data = normals.get();
    fill.views[0].strides[0] = 1;
    fill.params[kNumStreamParams] = 0;
    fill.params[kNumStreamParams + 1] = 1;
    for (int64_t i = begin; i < end; ++i) {
      // Normals come in pairs of 2 draws (4 for float64).
      const int64_t first = i * m_ + i;
      const int64_t odd = first % 2;
      fill.views[0].shape[0] = m_ - i + odd;
      fill.params[kNumStreamParams - 1] =
          plan_.params[kNumStreamParams - 1] + static_cast<double>((first - odd) * static_cast<int64_t>(sizeof(T) / 4));
      simd::Normal(fill);
      MakeReflector(normals.get() + odd, i);
    }
  }

  // H x = -s |x| e_1 with s the sign of x_1: v = x + s |x| e_1, scaled to start with 1, and tau = (|x| + |x_1|) / |x|.
  void MakeReflector(const T* x, int64_t i) {
    const int64_t length = m_ - i;
    const double norm = std::sqrt(SumOfSquares(x, length));
    const double sign = x[0] < 0 ? -1 : 1;
    const double pivot = x[0] + sign * norm;
    // A normal number is never 0, but one that were should not spoil the matrix.
    const T scale = static_cast<T>(pivot != 0 ? 1 / pivot : 0);
    const int64_t row = i % kBlock;
    T* v = Vectors(i / kBlock) + row * Length(i / kBlock);
    std::fill_n(v, row, T(0));
    v += row;
    v[0] = 1;
    for (int64_t j = 1; j < length; ++j) v[j] = x[j] * scale;
    inverse_tau_[i] = static_cast<T>(pivot != 0 ? norm / (norm + std::abs(x[0])) : 0.5);
    signs_[i] = static_cast<T>(-sign);
  }

  // T^-1 is the upper triangle of V'V with 1 / tau on the diagonal.
  void MakeInverseT(int64_t block) {
    T* inverse_t = InverseT(block);
    blas::Gram(Width(block), Length(block), Vectors(block), Length(block), inverse_t, kBlock);
    for (int64_t i = 0; i < Width(block); ++i) inverse_t[i * (kBlock + 1)] = inverse_tau_[block * kBlock + i];
  }

  // target [rows, columns] <- alpha * a * b + beta * target, where target is as `wide_` says: by rows, or by columns.
  void Multiply(int64_t rows, int64_t columns, int64_t k, T alpha, blas::Matrix<T> a, blas::Matrix<T> b, T beta, T* target,
                int64_t ldt) const {
    if (wide_) {
      a.transposed = !a.transposed;
      b.transposed = !b.transposed;
      blas::Gemm(columns, rows, k, alpha, b, a, beta, target, ldt);
    } else {
      blas::Gemm(rows, columns, k, alpha, a, b, beta, target, ldt);
    }
  }

  T* Element(int64_t i, int64_t j) const { return out_ + (wide_ ? j * ldo_ + i : i * ldo_ + j); }

  // Columns [begin, end) of H_0 ... H_(n-1) diag(d) gain. Before block b's turn, Q differs from the identity in rows and
  // columns from b's end on only; and only that part has been written.
  void MakePanel(int64_t begin, int64_t end) const {
    const auto scratch = Uninitialized<T>(kBlock * kPanel);
    T* products = scratch.get();
    for (int64_t block = (end - 1) / kBlock; block >= 0; --block) {
      const int64_t k = block * kBlock;
      const int64_t b = Width(block);
      const int64_t next = k + b;
      // New columns, from the identity: E - V T V1' E, V1 the vectors' first b elements.
      if (next > begin) StartColumns(block, products);
      const int64_t first = std::max(next, begin);
      const int64_t columns = end - first;
      if (columns <= 0) continue;
      const blas::Matrix<T> top = {Vectors(block), Length(block), true};            // [b, b]
      const blas::Matrix<T> rest = {Vectors(block) + b, Length(block), true};       // [m - next, b]
      const blas::Matrix<T> rest_t = {Vectors(block) + b, Length(block), false};
      const int64_t ldp = wide_ ? b : columns;
      const blas::Matrix<T> x = {products, ldp, wide_};
      // X = T V' C, then C -= V X; C's first b rows are still 0.
      if (m_ > next) {
        Multiply(b, columns, m_ - next, 1, rest_t, {Element(next, first), ldo_, wide_}, 0, products, ldp);
      }
      blas::SolveUpper(b, columns, InverseT(block), kBlock, products, ldp, wide_);
      Multiply(b, columns, b, -1, top, x, 0, Element(k, first), ldo_);
      Multiply(m_ - next, columns, b, -1, rest, x, 1, Element(next, first), ldo_);
    }
  }

  void StartColumns(int64_t block, T* products) const {
    const int64_t k = block * kBlock;
    const int64_t b = Width(block);
    const T* vectors = Vectors(block);
    const int64_t length = Length(block);
    for (int64_t i = 0; i < b; ++i) {
      for (int64_t j = 0; j < b; ++j) products[wide_ ? j * b + i : i * b + j] = vectors[i * length + j] * signs_[k + j] * gain_;
    }
    blas::SolveUpper(b, b, InverseT(block), kBlock, products, b, wide_);
    Multiply(length, b, b, -1, {vectors, length, true}, {products, b, wide_}, 0, Element(k, k), ldo_);
    for (int64_t j = 0; j < b; ++j) *Element(k + j, k + j) += signs_[k + j] * gain_;
  }

  const Plan& plan_;
  const int64_t m_;
  const int64_t n_;
  const bool wide_;
  T* const out_;
  const int64_t ldo_;
  const T gain_;
  const int64_t blocks_;
  const std::unique_ptr<T[]> vectors_;
  const std::unique_ptr<T[]> inverse_t_;
  const std::unique_ptr<T[]> inverse_tau_;
  const std::unique_ptr<T[]> signs_;
};

}  // namespace

void HaarOrthogonal(const Plan& plan) {
  const View& out = plan.views[0];
  if (out.ndim != 2) throw std::invalid_argument("haar_orthogonal: expected a matrix");
  const int64_t rows = out.shape[0];
  const int64_t columns = out.shape[1];
  if (rows == 0 || columns == 0) return;
  if ((columns != 1 && out.strides[1] != 1) || (rows != 1 && out.strides[0] != columns)) {
    throw std::invalid_argument("haar_orthogonal: expected contiguous rows");
  }
  VisitFloat(out.dtype, [&](auto tag) {
    Haar<typename decltype(tag)::type>(plan, std::max(rows, columns), std::min(rows, columns), columns > rows).Run();
  });
}

}  // namespace evenkeel
