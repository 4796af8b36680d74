#include "rows.h"

#include <vector>

#include "parallel.h"
#include "strided.h"
#include "transfer.h"

namespace evenkeel {
namespace {

constexpr int64_t kGrain = 8192;  // elements; rows do more work on each than a sum or a product does

// Rows that lie across memory are gathered together, so that neighbours use the same cache lines: at most so many, of no
// more than so many elements in all.
constexpr int64_t kTogether = 16;
constexpr int64_t kScratch = 1 << 16;

class Rows {
 public:
  Rows(const Plan& plan, RowFunction row) : plan_(plan), row_(row), num_views_(plan.kernel->num_views) {
    const int last = plan.views[0].ndim - 1;
    View kept[kMaxViews];
    for (int v = 0; v < num_views_; ++v) {
      const View& view = plan.views[v];
      transfers_[v] = TransferOf(view.dtype);
      // Without dimensions: a row of one element.
      strides_[v] = last < 0 ? 1 : view.strides[last];
      kept[v] = view;
      kept[v].ndim = last < 0 ? 0 : last;
      direct_ = direct_ && strides_[v] == 1 && !transfers_[v].converts;
    }
    length_ = last < 0 ? 1 : plan.views[0].shape[last];
    direct_ = direct_ || length_ == 0;
    loop_ = StridedLoop(kept, num_views_);
  }

  void Run() const {
    const int64_t rows = loop_.NumElements();
    if (rows == 0 || length_ == 0) return;
    ParallelFor(
        rows, std::max<int64_t>(1, kGrain / length_),
        [&](int64_t begin, int64_t end) { direct_ ? RunDirect(begin, end) : RunGathered(begin, end); }, 1, kSeveralPieces);
  }

 private:
  char* At(int view, int64_t offset) const { return plan_.views[view].As<char>() + offset * transfers_[view].size; }

  void RunDirect(int64_t begin, int64_t end) const {
    loop_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t count) {
      for (int64_t r = 0; r < count; ++r) {
        const void* in[kMaxViews];
        for (int v = 1; v < num_views_; ++v) in[v - 1] = At(v, offsets[v] + r * loop_.inner_stride(v));
        row_(in, At(0, offsets[0] + r * loop_.inner_stride(0)), static_cast<size_t>(length_), plan_.params, false);
      }
    });
  }

  void RunGathered(int64_t begin, int64_t end) const {
    const int64_t together = std::min(kTogether, std::max<int64_t>(1, kScratch / length_));
    const int64_t size = length_ * static_cast<int64_t>(sizeof(double));
    std::vector<char> scratch(static_cast<size_t>(num_views_ * together * size));
    const auto scratch_row = [&](int view, int64_t r) { return scratch.data() + (view * together + r) * size; };
    loop_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t count) {
      for (int64_t done = 0; done < count; done += together) {
        const int64_t n = std::min(together, count - done);
        for (int v = 1; v < num_views_; ++v) Move<true>(v, offsets[v] + done * loop_.inner_stride(v), n, scratch_row(v, 0), size);
        for (int64_t r = 0; r < n; ++r) {
          const void* in[kMaxViews];
          for (int v = 1; v < num_views_; ++v) in[v - 1] = scratch_row(v, r);
          row_(in, scratch_row(0, r), static_cast<size_t>(length_), plan_.params, false);
        }
        Move<false>(0, offsets[0] + done * loop_.inner_stride(0), n, scratch_row(0, 0), size);
      }
    });
  }

  // `n` rows between a view and scratch, in pieces short enough that the cache lines of one row serve the next.
  template <bool kGather>
  void Move(int view, int64_t offset, int64_t n, char* scratch, int64_t scratch_size) const {
    constexpr int64_t kPiece = 64;
    const Transfer& transfer = transfers_[view];
    const int64_t stride = strides_[view];
    const int64_t wide = transfer.converts ? static_cast<int64_t>(sizeof(float)) : transfer.size;
    for (int64_t first = 0; first < length_; first += kPiece) {
      const int64_t count = std::min(kPiece, length_ - first);
      for (int64_t r = 0; r < n; ++r) {
        char* at = At(view, offset + r * loop_.inner_stride(view) + first * stride);
        char* wide_at = scratch + r * scratch_size + first * wide;
        if constexpr (kGather) {
          transfer.gather(at, stride, wide_at, count);
        } else {
          transfer.scatter(wide_at, stride, at, count);
        }
      }
    }
  }

  const Plan& plan_;
  RowFunction row_;
  int num_views_;
  bool direct_ = true;
  int64_t length_ = 0;
  int64_t strides_[kMaxViews];
  Transfer transfers_[kMaxViews];
  StridedLoop loop_;
};

}  // namespace

void RunRows(const Plan& plan, RowFunction row) { Rows(plan, row).Run(); }

}  // namespace evenkeel
