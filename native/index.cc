// Elements chosen by indices along the last dimension: gather, and its gradient scatter_add. Along another dimension, move
// that to the end. Whole rows chosen by one index each (index_select, an embedding) are this with an index of stride 0 in
// the other dimensions: runs along those are then copied, or added, at once.
//
// Indices are checked before anything is written; and again when they are used, because they may lie in memory that
// another thread writes to.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "kernels.h"
#include "parallel.h"
#include "strided.h"

namespace evenkeel {
namespace {

constexpr int64_t kGrain = 16384;

// Reads an index once, and lets none through that is not one of [0, size).
int64_t CheckedIndex(const int64_t* index, int64_t size) {
  const int64_t value = *static_cast<const volatile int64_t*>(index);
  if (value < 0 || value >= size) {
    throw std::out_of_range("index " + std::to_string(value) + " is out of bounds for a dimension of size " +
                            std::to_string(size));
  }
  return value;
}

void CheckIndices(const View& view, int64_t size) {
  View distinct = view;
  for (int d = 0; d < view.ndim; ++d) {
    if (view.shape[d] > 0 && view.strides[d] == 0) distinct.shape[d] = 1;
  }
  const StridedLoop loop(&distinct, 1);
  const int64_t* indices = view.As<int64_t>();
  ParallelFor(loop.NumElements(), kGrain, [&](int64_t begin, int64_t end) {
    loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      for (int64_t i = 0; i < length; ++i) CheckedIndex(indices + offsets[0] + i * loop.inner_stride(0), size);
    });
  });
}

// The view with its last dimension as `like` has it, but never moving along it.
View HeldAtStart(const View& view, const View& like) {
  View held = view;
  held.shape[view.ndim - 1] = like.shape[view.ndim - 1];
  held.strides[view.ndim - 1] = 0;
  return held;
}

template <typename T>
void GatherElements(const Plan& plan) {
  const View& out = plan.views[0];
  const View& index = plan.views[1];
  const View& in = plan.views[2];
  const int last = out.ndim - 1;
  const int64_t size = in.shape[last];
  const int64_t step = in.strides[last];
  const View views[] = {out, index, HeldAtStart(in, out)};
  const StridedLoop loop(views, 3);
  const int64_t out_stride = loop.inner_stride(0), index_stride = loop.inner_stride(1), in_stride = loop.inner_stride(2);
  ParallelFor(
      loop.NumElements(), kGrain,
      [&](int64_t begin, int64_t end) {
        loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
          T* to = out.As<T>() + offsets[0];
          const int64_t* at = index.As<int64_t>() + offsets[1];
          const T* from = in.As<T>() + offsets[2];
          if (index_stride != 0) {
            for (int64_t i = 0; i < length; ++i) {
              to[i * out_stride] = from[i * in_stride + CheckedIndex(at + i * index_stride, size) * step];
            }
            return;
          }
          from += CheckedIndex(at, size) * step;
          if (out_stride == 1 && in_stride == 1) {
            std::copy(from, from + length, to);
          } else {
            for (int64_t i = 0; i < length; ++i) to[i * out_stride] = from[i * in_stride];
          }
        });
      },
      64, kSeveralPieces);
}

// Sums of halves are rounded at each step, as in torch; whole numbers wrap around; bools are or-ed.
template <typename T>
T Plus(T a, T b) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T::From(a.ToFloat() + b.ToFloat());
  } else if constexpr (std::is_same_v<T, Bool>) {
    return {static_cast<uint8_t>((a.byte != 0) | (b.byte != 0))};
  } else if constexpr (std::is_integral_v<T>) {
    using U = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  } else {
    return a + b;
  }
}

// Threads share the other dimensions, never the last one: every element of the output is one thread's, and gets its terms
// in the order of the indices.
template <typename T>
class ScatterAddition {
 public:
  explicit ScatterAddition(const Plan& plan)
      : out_(plan.views[0]), index_(plan.views[1]), source_(plan.views[2]), last_(out_.ndim - 1) {
    View kept[] = {out_, index_, source_};
    for (View& view : kept) --view.ndim;
    loop_ = StridedLoop(kept, 3);
  }

  void Run() const {
    const int64_t count = index_.shape[last_];
    if (count == 0) return;
    ParallelFor(loop_.NumElements(), std::max<int64_t>(1, kGrain / count), [&](int64_t begin, int64_t end) {
      loop_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) { AddRun(offsets, length); });
    });
  }

 private:
  void AddRun(const int64_t* offsets, int64_t length) const {
    const int64_t count = index_.shape[last_];
    T* to = out_.As<T>() + offsets[0];
    const int64_t* at = index_.As<int64_t>() + offsets[1];
    const T* from = source_.As<T>() + offsets[2];
    // Whole rows share an index; otherwise each element's terms are finished before the next one's.
    if (loop_.inner_stride(1) == 0) {
      for (int64_t k = 0; k < count; ++k) AddRow(to, at + k * index_.strides[last_], from + k * source_.strides[last_], length);
      return;
    }
    for (int64_t i = 0; i < length; ++i) {
      T* column = to + i * loop_.inner_stride(0);
      for (int64_t k = 0; k < count; ++k) {
        T& sum = column[CheckedIndex(at + i * loop_.inner_stride(1) + k * index_.strides[last_], out_.shape[last_]) * out_.strides[last_]];
        sum = Plus(sum, from[i * loop_.inner_stride(2) + k * source_.strides[last_]]);
      }
    }
  }

  void AddRow(T* to, const int64_t* at, const T* from, int64_t length) const {
    to += CheckedIndex(at, out_.shape[last_]) * out_.strides[last_];
    const int64_t to_stride = loop_.inner_stride(0), from_stride = loop_.inner_stride(2);
    if (to_stride == 1 && from_stride == 1) {
      for (int64_t i = 0; i < length; ++i) to[i] = Plus(to[i], from[i]);
    } else {
      for (int64_t i = 0; i < length; ++i) to[i * to_stride] = Plus(to[i * to_stride], from[i * from_stride]);
    }
  }

  const View& out_;
  const View& index_;
  const View& source_;
  int last_;
  StridedLoop loop_;
};

}  // namespace

void Gather(const Plan& plan) {
  const View& out = plan.views[0];
  const View& in = plan.views[2];
  if (out.NumElements() == 0) return;
  CheckIndices(plan.views[1], in.shape[in.ndim - 1]);
  switch (SizeOf(out.dtype)) {
    case 1:
      return GatherElements<uint8_t>(plan);
    case 2:
      return GatherElements<uint16_t>(plan);
    case 4:
      return GatherElements<uint32_t>(plan);
    default:
      return GatherElements<uint64_t>(plan);
  }
}

void ScatterAdd(const Plan& plan) {
  const View& out = plan.views[0];
  if (plan.views[1].NumElements() == 0) return;
  CheckIndices(plan.views[1], out.shape[out.ndim - 1]);
  VisitAny(out.dtype, [&](auto tag) { ScatterAddition<typename decltype(tag)::type>(plan).Run(); });
}

}  // namespace evenkeel
