// Fills with whole numbers from pcg32: integers, permutations, and the rows that sparse matrices lose. Elements are cheap
// once their words are there, so that only the draws are vectorised.
#include "rng/discrete.h"

#include <limits>
#include <numeric>
#include <vector>

#include "convert.h"
#include "kernels.h"
#include "rng/fill.h"
#include "simd/discrete.h"
#include "simd/random.h"

namespace evenkeel {
namespace {

// Consecutive words of two draws each, in blocks.
class Words {
 public:
  explicit Words(Pcg32 start) : pcg_(start) {}

  // The draws of the next words: of `most` or fewer, and as many as `count` says. `left` words will be taken, these included.
  const uint32_t* Take(int64_t most, int64_t left, int64_t* count) {
    if (at_ == end_) {
      end_ = std::min(left, kBlock);
      simd::DrawBits(pcg_, static_cast<size_t>(2 * end_), draws_);
      pcg_.Advance(static_cast<uint64_t>(2 * end_));
      at_ = 0;
    }
    *count = std::min(most, end_ - at_);
    const uint32_t* const draws = draws_ + 2 * at_;
    at_ += *count;
    return draws;
  }

  static constexpr int64_t kBlock = 512;

 private:
  Pcg32 pcg_;
  uint32_t draws_[2 * kBlock];
  int64_t at_ = 0;
  int64_t end_ = 0;
};

}  // namespace

void Integers(const Plan& plan) {
  const IntegerRange range(plan.params + kNumStreamParams);
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    FillView<Out>(plan, {1, 2, 16384}, [&](Pcg32 start, size_t count, Out* out) {
      constexpr size_t kBlock = 512;
      uint32_t draws[2 * kBlock];
      uint64_t scaled[kBlock];
      for (size_t i = 0; i < count; i += kBlock) {
        const size_t n = std::min(kBlock, count - i);
        simd::DrawBits(start, 2 * n, draws);
        start.Advance(2 * n);
        simd::ScaleWords(draws, n, range.range(), 0, scaled);
        for (size_t k = 0; k < n; ++k) out[i + k] = Convert<Out>(static_cast<int64_t>(range.low() + scaled[k]));
      }
    });
  });
}

// The first `count` steps of a shuffle of the rows for every column, each column with words of its own.
template <typename Index>
class SparseColumns {
 public:
  SparseColumns(Pcg32 start, int64_t rows, int64_t count)
      : words_(start), rows_(rows), count_(count), copies_(rows / kCopiedRows <= count), order_(static_cast<size_t>(rows)),
        others_(static_cast<size_t>(copies_ ? rows : count)), zeros_(static_cast<size_t>(rows)) {
    std::iota(order_.begin(), order_.end(), Index{0});
    if (copies_) others_ = order_;
  }

  // Zeroes elements of up to 64 columns. They are collected first, a bit for each column, and written row by row: column by
  // column, every one of them would touch a cache line of its own. `left` words will be taken, these included.
  template <typename T>
  void Block(T* out, int64_t columns, const View& view, int64_t left) {
    for (int64_t column = 0; column < columns; ++column) {
      Shuffle(uint64_t{1} << column, left);
      left -= count_;
    }
    if (columns == 64 && view.strides[1] == 1) {
      simd::ZeroMarked(zeros_.data(), zeros_.size(), out, view.strides[0] * static_cast<ptrdiff_t>(sizeof(T)), sizeof(T));
      return;
    }
    for (int64_t row = 0; row < rows_; ++row) {
      uint64_t& zeros = zeros_[static_cast<size_t>(row)];
      T* to = out + row * view.strides[0];
      for (; zeros != 0; zeros &= zeros - 1) to[__builtin_ctzll(zeros) * view.strides[1]] = Convert<T>(0);
    }
  }

 private:
  // So many rows are copied as fast as the trace of one step is removed.
  static constexpr int64_t kCopiedRows = 16;

  void Shuffle(uint64_t bit, int64_t left) {
    Index* const order = order_.data();
    uint64_t* const zeros = zeros_.data();
    uint64_t ahead[Words::kBlock];
    for (int64_t i = 0, size; i < count_; i += size) {
      const uint32_t* const draws = words_.Take(count_ - i, left - i, &size);
      simd::ScaleWords(draws, static_cast<size_t>(size), static_cast<uint64_t>(rows_ - i), 1, ahead);
      for (int64_t k = 0; k < size; ++k) {
        const int64_t other = i + k + static_cast<int64_t>(ahead[k]);
        const Index row = order[other];
        order[other] = order[i + k];
        if (!copies_) others_[static_cast<size_t>(i + k)] = static_cast<Index>(other);
        zeros[row] |= bit;
      }
    }
    // What was moved goes back, for the next column.
    if (copies_) {
      std::copy(others_.begin(), others_.end(), order);
    } else {
      for (int64_t i = 0; i < count_; ++i) {
        const Index other = others_[static_cast<size_t>(i)];
        order[i] = static_cast<Index>(i);
        order[other] = other;
      }
    }
  }

  Words words_;
  int64_t rows_;
  int64_t count_;
  bool copies_;
  std::vector<Index> order_;
  std::vector<Index> others_;  // whom each step swapped with; with copies_, the rows in order
  std::vector<uint64_t> zeros_;
};

void SparseZero(const Plan& plan) {
  constexpr int64_t kColumns = 64;
  const View& view = plan.views[0];
  if (view.ndim != 2) throw PlanError("sparse_zero: expected a matrix");
  const int64_t rows = view.shape[0];
  const auto count = static_cast<int64_t>(WholeNumber(plan.params[kNumStreamParams], 9007199254740992.0));
  if (count > rows) throw PlanError("sparse_zero: more zeros than rows");
  if (view.NumElements() == 0) return;
  const Pcg32 start = StreamFromParams(plan.params);
  const int64_t grain = 8192 / std::max<int64_t>(count, 1) + 1;
  const auto zero = [&](auto index, auto tag) {
    using Index = typename decltype(index)::type;
    using T = typename decltype(tag)::type;
    ParallelFor(
        view.shape[1], grain,
        [&](int64_t begin, int64_t end) {
          Pcg32 pcg = start;
          pcg.Advance(static_cast<uint64_t>(2 * count * begin));
          SparseColumns<Index> columns(pcg, rows, count);
          for (int64_t column = begin; column < end; column += kColumns) {
            columns.Block(view.As<T>() + column * view.strides[1], std::min(kColumns, end - column), view, count * (end - column));
          }
        },
        kColumns, kSeveralPieces);
  };
  VisitAny(view.dtype, [&](auto tag) {
    if (rows <= std::numeric_limits<uint32_t>::max()) {
      zero(TypeTag<uint32_t>{}, tag);
    } else {
      zero(TypeTag<int64_t>{}, tag);
    }
  });
}

}  // namespace evenkeel
