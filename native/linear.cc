// Linear layers: a product with a transposed weight, the bias and the activation in one pass over the output.
#include <algorithm>
#include <stdexcept>

#include "blas.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"
#include "simd/dot_tile.h"

namespace evenkeel {
namespace {

// Multiply-adds per thread below which a second one does not pay.
constexpr int64_t kGrain = 1 << 18;
// With few rows or columns BLAS spends too much on packing the other matrix, which simd/dot_tile.h does without; but its sums
// must be long, and the smallest products have kernels of their own in OpenBLAS. docs/convolution.md has the measurements.
constexpr int64_t kShortestSum = 256;
constexpr int64_t kFew = 192;
constexpr int64_t kSmallest = 1200;
// Rows of x that stay in the second-level cache.
constexpr int64_t kRows = 128;

template <typename T>
class Layer {
 public:
  explicit Layer(const Plan& plan)
      : out_(plan.views[0].As<T>()),
        m_(plan.views[0].shape[0]),
        n_(plan.views[0].shape[1]),
        k_(plan.views[1].shape[1]),
        // An empty view has no strides.
        x_(k_ == 0 ? blas::Matrix<T>{} : ToMatrix<T>(plan.views[1])),
        w_(k_ == 0 ? blas::Matrix<T>{} : ToMatrix<T>(plan.views[2])),
        relu_(plan.params[0] != 0),
        tile_(simd::ChooseDotTile<T>()) {
    const blas::Matrix<T> out = ToMatrix<T>(plan.views[0]);
    if (out.transposed) throw std::invalid_argument("the product must be stored by rows");
    ldo_ = out.ld;
    if (plan.kernel->num_views == 4) bias_ = plan.views[3].As<const T>();
  }

  void Run() const {
    const bool by_rows = m_ > n_;
    // Whole tiles, or whole panels of BLAS's.
    const int64_t align = UsesTiles() ? (by_rows ? 4 : tile_.columns) : 32;
    const int64_t grain = std::max(align, kGrain / std::max<int64_t>(1, (by_rows ? n_ : m_) * k_));
    ParallelFor(
        by_rows ? m_ : n_, grain,
        [&](int64_t begin, int64_t end) {
          if (!by_rows) return RunBlock(0, m_, begin, end);
          RunBlock(begin, end, 0, n_);
        },
        align);
  }

 private:
  bool UsesTiles() const {
    return !x_.transposed && !w_.transposed && k_ >= kShortestSum && m_ > 3 && std::min(m_, n_) <= kFew && m_ * n_ > kSmallest;
  }

  // A few rows at a time, which are still in the cache when the activation comes.
  void RunBlock(int64_t top, int64_t bottom, int64_t left, int64_t right) const {
    for (int64_t i = top; i < bottom; i += kRows) RunRows(i, std::min(kRows, bottom - i), left, right - left);
  }

  void RunRows(int64_t i, int64_t m, int64_t j, int64_t n) const {
    T* const out = out_ + i * ldo_ + j;
    for (int64_t r = 0; r < m; ++r) {
      T* const row = out + r * ldo_;
      for (int64_t c = 0; c < n; ++c) row[c] = bias_ == nullptr ? T(0) : bias_[j + c];
    }
    const T* const x = RowsFrom(x_, i);
    const T* const w = RowsFrom(w_, j);
    if (k_ > 0) {
      if (UsesTiles()) {
        tile_.multiply(m, n, k_, x, x_.ld, w, w_.ld, out, ldo_);
      } else if (m == 1) {
        blas::Gemv<T>(n, k_, T(1), {w, w_.ld, w_.transposed}, x, x_.transposed ? x_.ld : 1, T(1), out, 1);
      } else {
        blas::Gemm<T>(m, n, k_, T(1), {x, x_.ld, x_.transposed}, {w, w_.ld, !w_.transposed}, T(1), out, ldo_);
      }
    }
    if (!relu_) return;
    for (int64_t r = 0; r < m; ++r) {
      T* const row = out + r * ldo_;
      // NaN stays NaN.
      for (int64_t c = 0; c < n; ++c) row[c] = row[c] < T(0) ? T(0) : row[c];
    }
  }

  T* out_;
  int64_t m_, n_, k_;
  int64_t ldo_;
  blas::Matrix<T> x_;
  blas::Matrix<T> w_;
  const T* bias_ = nullptr;
  bool relu_;
  simd::DotTile<T> tile_;
};

}  // namespace

void Linear(const Plan& plan) {
  if (plan.views[0].NumElements() == 0) return;
  VisitFloat(plan.views[0].dtype, [&](auto tag) { Layer<typename decltype(tag)::type>(plan).Run(); });
}

}  // namespace evenkeel
