// Copies between strided views of any dtypes, converting elements as torch does.
#include <algorithm>
#include <type_traits>

#include "convert.h"
#include "kernels.h"
#include "parallel.h"
#include "strided.h"

namespace evenkeel {
namespace {

constexpr int64_t kGrain = 32768;

// Side of the square tiles in which a transposed copy visits memory: both sides' cache lines stay in use.
constexpr int64_t kTile = 32;

template <typename From, typename To>
void CopyRun(const From* from, int64_t from_stride, To* to, int64_t to_stride, int64_t count) {
  if (from_stride == 1 && to_stride == 1) {
    if constexpr (std::is_same_v<From, To>) {
      std::copy(from, from + count, to);
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = Convert<To>(from[i]);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * to_stride] = Convert<To>(from[i * from_stride]);
  }
}

// Whether the loop is a transposition: rows of the output are columns of the input.
bool IsTransposition(const StridedLoop& loop) {
  return loop.ndim >= 2 && loop.inner_stride(0) == 1 && loop.strides[1][loop.ndim - 2] == 1 &&
         loop.inner_stride(1) > 1 && loop.shape[loop.ndim - 2] > 1;
}

template <typename T>
void CopyTransposed(const StridedLoop& loop, const T* in, T* out) {
  const int last = loop.ndim - 1;
  const int64_t columns = loop.shape[last];
  const int64_t rows = loop.shape[last - 1];
  const int64_t outer = loop.NumElements() / (rows * columns);
  const int64_t row_tiles = (rows + kTile - 1) / kTile;
  StridedLoop rest = loop;
  rest.ndim = last - 1;
  if (rest.ndim == 0) {
    rest.ndim = 1;
    rest.shape[0] = 1;
    rest.strides[0][0] = rest.strides[1][0] = 1;
  }
  ParallelFor(outer * row_tiles, std::max<int64_t>(1, kGrain / (kTile * columns)), [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      rest.ForEachRun(tile / row_tiles, tile / row_tiles + 1, [&](const int64_t* offsets, int64_t) {
        const int64_t r0 = tile % row_tiles * kTile;
        const int64_t r1 = std::min(rows, r0 + kTile);
        for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
          const int64_t count = std::min(kTile, columns - c0);
          for (int64_t r = r0; r < r1; ++r) {
            const T* from = in + offsets[1] + r + c0 * loop.strides[1][last];
            T* to = out + offsets[0] + r * loop.strides[0][last - 1] + c0;
            CopyRun(from, loop.strides[1][last], to, 1, count);
          }
        }
      });
    }
  });
}

template <typename From, typename To>
void CopyViews(const Plan& plan) {
  const StridedLoop loop(plan.views, 2);
  const From* in = plan.views[1].As<From>();
  To* out = plan.views[0].As<To>();
  if (loop.NumElements() == 0) return;
  if constexpr (std::is_same_v<From, To>) {
    if (IsTransposition(loop)) return CopyTransposed(loop, in, out);
  }
  ParallelFor(
      loop.NumElements(), kGrain,
      [&](int64_t begin, int64_t end) {
        loop.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
          CopyRun(in + offsets[1], loop.inner_stride(1), out + offsets[0], loop.inner_stride(0), length);
        });
      },
      64, kSeveralPieces);
}

}  // namespace

void Copy(const Plan& plan) {
  VisitAny(plan.views[0].dtype, [&](auto to) {
    VisitAny(plan.views[1].dtype, [&](auto from) {
      CopyViews<typename decltype(from)::type, typename decltype(to)::type>(plan);
    });
  });
}

}  // namespace evenkeel
