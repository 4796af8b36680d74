#include "elementwise.h"

#include "parallel.h"
#include "strided.h"

namespace evenkeel {
namespace {

// Elements per step when a run has to go through scratch; three of them fit in the first-level cache.
constexpr int64_t kBlock = 1024;

// Below this many elements a second thread costs more than it saves.
constexpr int64_t kGrain = 32768;

template <typename T>
void RunRange(const Plan& plan, const StridedLoop& loop, RowFunction row, int64_t begin, int64_t end) {
  alignas(64) T scratch[kMaxViews][kBlock];
  const int inputs = loop.num_views - 1;
  bool direct = loop.inner_stride(0) == 1;
  for (int v = 1; v <= inputs; ++v) direct = direct && loop.inner_stride(v) == 1;

  loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
    const void* in[kMaxViews];
    T* out = plan.views[0].As<T>() + offsets[0];
    if (direct) {
      for (int v = 1; v <= inputs; ++v) in[v - 1] = plan.views[v].As<T>() + offsets[v];
      row(in, out, static_cast<size_t>(length), plan.params);
      return;
    }
    for (int64_t done = 0; done < length; done += kBlock) {
      const int64_t count = std::min(kBlock, length - done);
      for (int v = 1; v <= inputs; ++v) {
        const int64_t stride = loop.inner_stride(v);
        const T* from = plan.views[v].As<T>() + offsets[v] + done * stride;
        in[v - 1] = from;
        if (stride == 1) continue;
        in[v - 1] = scratch[v];
        // A repeated element fills the scratch once for the whole run.
        if (stride != 0) {
          Gather(from, stride, scratch[v], count);
        } else if (done == 0) {
          std::fill(scratch[v], scratch[v] + count, *from);
        }
      }
      const int64_t out_stride = loop.inner_stride(0);
      if (out_stride == 1) {
        row(in, out + done, static_cast<size_t>(count), plan.params);
      } else {
        row(in, scratch[0], static_cast<size_t>(count), plan.params);
        Scatter(scratch[0], out + done * out_stride, out_stride, count);
      }
    }
  });
}

}  // namespace

void RunElementwise(const Plan& plan, RowFunction row) {
  const StridedLoop loop(plan.views, plan.kernel->num_views);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    ParallelFor(
        loop.NumElements(), kGrain,
        [&](int64_t begin, int64_t end) { RunRange<T>(plan, loop, row, begin, end); },
        kBlock, kSeveralPieces);
  });
}

}  // namespace evenkeel
