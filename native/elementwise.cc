#include "elementwise.h"

#include "memory.h"
#include "parallel.h"
#include "strided.h"
#include "transfer.h"

namespace evenkeel {
namespace {

// Elements per step when a run has to go through scratch; three of them fit in the first-level cache.
constexpr int64_t kBlock = 1024;

// Below this many elements a second thread costs more than it saves.
constexpr int64_t kGrain = 32768;

class Elementwise {
 public:
  Elementwise(const Plan& plan, RowFunction row, const double* params, bool moves)
      : row_(row), params_(params), num_inputs_(plan.kernel->num_views - 1) {
    for (int v = 0; v <= num_inputs_; ++v) {
      const View& view = plan.views[v];
      data_[v] = view.As<char>();
      transfers_[v] = moves ? MovesOf(static_cast<int64_t>(SizeOf(view.dtype))) : TransferOf(view.dtype);
      converts_ = converts_ || transfers_[v].converts;
    }
    if (converts_) return;
    bypass_cache_ = BypassCache(data_[0], static_cast<size_t>(plan.views[0].NumElements() * transfers_[0].size));
    // What is written in place has just been read.
    for (int v = 1; v <= num_inputs_; ++v) bypass_cache_ = bypass_cache_ && data_[v] != data_[0];
  }

  bool converts() const { return converts_; }

  // The elements [begin, end) of views without gaps.
  void RunDense(int64_t begin, int64_t end) const {
    const int64_t offsets[kMaxViews] = {};
    Direct(offsets, begin, end - begin);
  }

  void Run(const StridedLoop& loop, int64_t begin, int64_t end) const {
    bool direct = !converts_;
    for (int v = 0; v <= num_inputs_; ++v) direct = direct && loop.inner_stride(v) == 1;
    if (direct) {
      loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) { Direct(offsets, 0, length); });
    } else {
      RunInBlocks(loop, begin, end);
    }
  }

 private:
  // `first` elements past `offsets`.
  void Direct(const int64_t* offsets, int64_t first, int64_t count) const {
    const void* in[kMaxViews];
    for (int v = 1; v <= num_inputs_; ++v) in[v - 1] = data_[v] + (offsets[v] + first) * transfers_[v].size;
    row_(in, data_[0] + (offsets[0] + first) * transfers_[0].size, static_cast<size_t>(count), params_, bypass_cache_);
  }

  void RunInBlocks(const StridedLoop& loop, int64_t begin, int64_t end) const {
    alignas(64) char scratch[kMaxViews][kBlock * sizeof(double)];
    loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      const void* in[kMaxViews];
      for (int64_t done = 0; done < length; done += kBlock) {
        const int64_t count = std::min(kBlock, length - done);
        for (int v = 1; v <= num_inputs_; ++v) {
          const Transfer& transfer = transfers_[v];
          const int64_t stride = loop.inner_stride(v);
          const char* from = data_[v] + (offsets[v] + done * stride) * transfer.size;
          const bool direct = stride == 1 && !transfer.converts;
          in[v - 1] = direct ? from : scratch[v];
          // A repeated element fills the scratch once for the whole run.
          if (!direct && (stride != 0 || done == 0)) transfer.gather(from, stride, scratch[v], count);
        }
        const Transfer& transfer = transfers_[0];
        const int64_t stride = loop.inner_stride(0);
        char* out = data_[0] + (offsets[0] + done * stride) * transfer.size;
        const bool direct = stride == 1 && !transfer.converts;
        row_(in, direct ? out : scratch[0], static_cast<size_t>(count), params_, false);
        if (!direct) transfer.scatter(scratch[0], stride, out, count);
      }
    });
  }

  RowFunction row_;
  const double* params_;
  int num_inputs_;
  bool converts_ = false;
  bool bypass_cache_ = false;
  char* data_[kMaxViews];
  Transfer transfers_[kMaxViews];
};

void Run(const Plan& plan, RowFunction row, const double* params, bool moves) {
  const Elementwise work(plan, row, params, moves);
  // Small calls are the commonest, and most views have no gaps.
  if (!work.converts() && AllContiguous(plan.views, plan.kernel->num_views)) {
    ParallelFor(
        plan.views[0].NumElements(), kGrain, [&](int64_t begin, int64_t end) { work.RunDense(begin, end); }, kBlock,
        kSeveralPieces);
    return;
  }
  const StridedLoop loop(plan.views, plan.kernel->num_views);
  ParallelFor(
      loop.NumElements(), kGrain, [&](int64_t begin, int64_t end) { work.Run(loop, begin, end); }, kBlock,
      kSeveralPieces);
}

}  // namespace

void RunElementwise(const Plan& plan, RowFunction row, const double* params) { Run(plan, row, params, false); }

void RunMoves(const Plan& plan, RowFunction row) { Run(plan, row, plan.params, true); }

}  // namespace evenkeel
