// Fills with whole numbers from pcg32: integers, permutations, and the rows that sparse matrices lose. Elements are cheap
// once their words are there, so that only the draws are vectorised.
#include "rng/discrete.h"

#include <limits>
#include <utility>
#include <vector>

#include "convert.h"
#include "kernels.h"
#include "rng/fill.h"
#include "simd/random.h"

namespace evenkeel {
namespace {

// Consecutive words of two draws each, high half first.
class Words {
 public:
  explicit Words(Pcg32 start) : pcg_(start) {}

  // `left` words at least will be asked for, this one included.
  uint64_t Next(int64_t left) {
    if (at_ == end_) {
      const auto count = static_cast<size_t>(std::min(left, kBlock));
      simd::DrawBits(pcg_, 2 * count, draws_);
      pcg_.Advance(2 * count);
      at_ = draws_;
      end_ = draws_ + 2 * count;
    }
    const uint64_t word = static_cast<uint64_t>(at_[0]) << 32 | at_[1];
    at_ += 2;
    return word;
  }

 private:
  static constexpr int64_t kBlock = 512;

  Pcg32 pcg_;
  uint32_t draws_[2 * kBlock];
  const uint32_t* at_ = draws_;
  const uint32_t* end_ = draws_;
};

}  // namespace

void Integers(const Plan& plan) {
  const IntegerRange range(plan.params + kNumStreamParams);
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    FillView<Out>(plan, {1, 2, 16384}, [&](Pcg32 start, size_t count, Out* out) {
      constexpr size_t kBlock = 512;
      uint32_t draws[2 * kBlock];
      for (size_t i = 0; i < count; i += kBlock) {
        const size_t n = std::min(kBlock, count - i);
        simd::DrawBits(start, 2 * n, draws);
        start.Advance(2 * n);
        for (size_t k = 0; k < n; ++k) {
          out[i + k] = Convert<Out>(range.At(static_cast<uint64_t>(draws[2 * k]) << 32 | draws[2 * k + 1]));
        }
      }
    });
  });
}

// Fisher and Yates's shuffle, a word for each swap. One step depends on all before it: serial.
void Permutation(const Plan& plan) {
  const View& view = plan.views[0];
  if (view.ndim != 1) throw PlanError("permutation: expected one dimension");
  Words words(StreamFromParams(plan.params));
  VisitAny(view.dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    Out* values = view.As<Out>();
    const int64_t n = view.shape[0];
    const int64_t stride = view.strides[0];
    for (int64_t i = 0; i < n; ++i) values[i * stride] = Convert<Out>(i);
    for (int64_t i = 0; i + 1 < n; ++i) {
      const int64_t other = i + static_cast<int64_t>(MultiplyHigh(words.Next(n - 1 - i), static_cast<uint64_t>(n - i)));
      std::swap(values[i * stride], values[other * stride]);
    }
  });
}

// The first `count` steps of a shuffle of the rows for every column, each column with words of its own.
template <typename Index>
class SparseColumns {
 public:
  SparseColumns(Pcg32 start, int64_t rows, int64_t count)
      : words_(start), rows_(rows), count_(count), order_(static_cast<size_t>(rows)), others_(static_cast<size_t>(count)),
        zeros_(static_cast<size_t>(rows)) {
    for (int64_t i = 0; i < rows; ++i) order_[static_cast<size_t>(i)] = static_cast<Index>(i);
  }

  // Zeroes elements of up to 64 columns. They are collected first, a bit for each column, and written row by row: column by
  // column, every one of them would touch a cache line of its own. `left` words will be asked for, these included.
  template <typename T>
  void Block(T* out, int64_t columns, const View& view, int64_t left) {
    for (int64_t column = 0; column < columns; ++column) {
      Shuffle(uint64_t{1} << column, left);
      left -= count_;
    }
    for (int64_t row = 0; row < rows_; ++row) {
      uint64_t& zeros = zeros_[static_cast<size_t>(row)];
      T* to = out + row * view.strides[0];
      for (; zeros != 0; zeros &= zeros - 1) to[__builtin_ctzll(zeros) * view.strides[1]] = Convert<T>(0);
    }
  }

 private:
  void Shuffle(uint64_t bit, int64_t left) {
    Index* const order = order_.data();
    Index* const others = others_.data();
    for (int64_t i = 0; i < count_; ++i) {
      const auto other = i + static_cast<int64_t>(MultiplyHigh(words_.Next(left - i), static_cast<uint64_t>(rows_ - i)));
      const Index row = order[other];
      order[other] = order[i];
      others[i] = static_cast<Index>(other);
      zeros_[static_cast<size_t>(row)] |= bit;
    }
    // What was moved goes back, for the next column.
    for (int64_t i = 0; i < count_; ++i) {
      order[i] = static_cast<Index>(i);
      order[others[i]] = others[i];
    }
  }

  Words words_;
  int64_t rows_;
  int64_t count_;
  std::vector<Index> order_;
  std::vector<Index> others_;
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
            const int64_t width = std::min(kColumns, end - column);
            columns.Block(view.As<T>() + column * view.strides[1], width, view, count * (end - column));
          }
        },
        kColumns);
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
