// Drives a fill from pcg32: hands ranges of elements to threads, and copes with views that have gaps.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernel.h"
#include "parallel.h"
#include "rng/params.h"
#include "strided.h"

namespace evenkeel {

// How a distribution consumes the stream: `draws` consecutive draws of 32 bits make a unit of `outputs` elements. A
// thread is worth waking for `grain` elements: 10 to 30 us of work.
struct Units {
  int64_t outputs;
  int64_t draws;
  int64_t grain;
};

// Threads start at multiples of this many elements: whole units, and no cache line shared in contiguous fills.
constexpr int64_t kFillAlign = 64;

// Elements generated at a time for views with gaps. A multiple of every unit.
constexpr int64_t kFillScratch = 1024;

// Where element i lies, in row-major order of the view's own shape.
inline int64_t OffsetOf(const View& view, int64_t i) {
  int64_t offset = 0;
  for (int d = view.ndim; d-- > 0;) {
    offset += i % view.shape[d] * view.strides[d];
    i /= view.shape[d];
  }
  return offset;
}

// Writes `values` to the elements from `begin` on, in row-major order of the view's own shape.
template <typename T>
void ScatterRowMajor(const T* values, int64_t count, const View& view, int64_t begin) {
  int64_t index[kMaxDims];
  int64_t offset = 0;
  int64_t left = begin;
  for (int d = view.ndim; d-- > 0;) {
    index[d] = left % view.shape[d];
    left /= view.shape[d];
    offset += index[d] * view.strides[d];
  }
  T* data = view.As<T>();
  const int last = view.ndim - 1;
  for (int64_t done = 0; done < count;) {
    const int64_t run = std::min(count - done, view.shape[last] - index[last]);
    const int64_t stride = view.strides[last];
    for (int64_t i = 0; i < run; ++i) data[offset + i * stride] = values[done + i];
    done += run;
    // Back to the start of the row, then on to the next.
    offset -= index[last] * stride;
    index[last] = 0;
    for (int d = last; d-- > 0;) {
      offset += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      offset -= view.shape[d] * view.strides[d];
      index[d] = 0;
    }
  }
}

// Fills the plan's only view with what generate(start, count, out) makes: `count` elements from the first unit of the
// stream that begins at `start`.
template <typename T, typename GenerateFunction>
void FillView(const Plan& plan, Units units, GenerateFunction&& generate) {
  const View& view = plan.views[0];
  const Pcg32 start = StreamFromParams(plan.params);
  const bool contiguous = IsContiguous(view);
  const auto at = [&](int64_t element) {
    Pcg32 pcg = start;
    pcg.Advance(static_cast<uint64_t>(element / units.outputs * units.draws));
    return pcg;
  };
  const auto range = [&](int64_t begin, int64_t end) {
    if (contiguous) {
      generate(at(begin), static_cast<size_t>(end - begin), view.As<T>() + begin);
      return;
    }
    T scratch[kFillScratch];
    for (int64_t i = begin; i < end; i += kFillScratch) {
      const int64_t n = std::min(kFillScratch, end - i);
      generate(at(i), static_cast<size_t>(n), scratch);
      ScatterRowMajor(scratch, n, view, i);
    }
  };
  ParallelFor(view.NumElements(), units.grain, range, kFillAlign);
}

}  // namespace evenkeel
