// Fills with whole numbers from pcg32: integers, permutations, and the rows that sparse matrices lose. Elements are cheap
// once their words are there, so that only the draws are vectorised.
#include "rng/discrete.h"

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
void SparseZero(const Plan& plan) {
  const View& view = plan.views[0];
  if (view.ndim != 2) throw PlanError("sparse_zero: expected a matrix");
  const int64_t rows = view.shape[0];
  const auto count = static_cast<int64_t>(WholeNumber(plan.params[kNumStreamParams], 9007199254740992.0));
  if (count > rows) throw PlanError("sparse_zero: more zeros than rows");
  if (view.NumElements() == 0) return;
  const Pcg32 start = StreamFromParams(plan.params);
  const int64_t grain = 8192 / std::max<int64_t>(count, 1) + 1;
  VisitAny(view.dtype, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    ParallelFor(view.shape[1], grain, [&](int64_t begin, int64_t end) {
      Pcg32 pcg = start;
      pcg.Advance(static_cast<uint64_t>(2 * count * begin));
      Words words(pcg);
      int64_t left = count * (end - begin);
      std::vector<int64_t> order(static_cast<size_t>(rows));
      for (int64_t i = 0; i < rows; ++i) order[static_cast<size_t>(i)] = i;
      std::vector<int64_t> swapped(static_cast<size_t>(count));
      for (int64_t column = begin; column < end; ++column) {
        Out* out = view.As<Out>() + column * view.strides[1];
        for (int64_t i = 0; i < count; ++i) {
          const auto other = i + static_cast<int64_t>(MultiplyHigh(words.Next(left--), static_cast<uint64_t>(rows - i)));
          swapped[static_cast<size_t>(i)] = other;
          std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(other)]);
          out[order[static_cast<size_t>(i)] * view.strides[0]] = Convert<Out>(0);
        }
        // Swaps undone, last first, for the next column.
        for (int64_t i = count; i-- > 0;) {
          std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(swapped[static_cast<size_t>(i)])]);
        }
      }
    });
  });
}

}  // namespace evenkeel
