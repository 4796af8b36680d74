// What the fills from mt19937 have in common. They make the values that torch 2.15 makes on the same seed, to the last bit:
// docs/random.md has the formulas and says where they hold.
//
// Draws come one after another, and an element may take any number of them; so one thread draws, and several turn draws into
// values only where that costs enough to pay.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernel.h"
#include "parallel.h"
#include "rng/mt19937.h"
#include "simd/mt19937.h"
#include "strided.h"

namespace evenkeel::mt {

// Elements made at a time: their draws stay in the first-level cache. A multiple of a block.
constexpr int64_t kChunk = 2048;

// Normals are transformed in blocks of 16 elements.
constexpr int64_t kBlock = 16;

// Blocks below which a second thread does not pay.
constexpr int64_t kBlockGrain = 1024;

// What elements are made as, before they are converted once: halves as float.
template <typename T>
constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;
template <typename T>
using Made = std::conditional_t<kIsHalf<T>, float, T>;

// The number that an element made as `value` will be.
template <typename T>
Made<T> Rounded(Made<T> value) {
  if constexpr (kIsHalf<T>) {
    return T::From(value).ToFloat();
  } else {
    return value;
  }
}

// Draws that a uniform number takes.
template <typename T>
constexpr int64_t kDraws = sizeof(Made<T>) / sizeof(uint32_t);

// Calls `function(TypeTag<T>{})` with the C++ type of a floating-point dtype, halves among them.
template <typename Function>
void VisitReal(DType dtype, Function&& function) {
  if (dtype == DType::kFloat16) return function(TypeTag<Float16>{});
  if (dtype == DType::kBFloat16) return function(TypeTag<BFloat16>{});
  VisitFloat(dtype, function);
}

// The state of a plan's generator: its last view.
inline const View& StateOf(const Plan& plan) { return plan.views[plan.kernel->num_views - 1]; }

// Calls fill(generator), and writes back what the generator becomes if that returns.
template <typename Fill>
void Run(const Plan& plan, Fill&& fill) {
  Mt19937 mt = Mt19937::Load(StateOf(plan));
  fill(mt);
  mt.Store(StateOf(plan));
}

// The elements of a view in the order of memory, smallest stride first, in which torch's loops visit them.
template <typename T>
class InMemoryOrder {
 public:
  explicit InMemoryOrder(const View& view) : loop_(&view, 1), data_(view.As<T>()), size_(view.NumElements()) {}

  int64_t size() const { return size_; }

  // Whether there are no gaps between the elements.
  bool dense() const { return size_ < 2 || (loop_.ndim == 1 && loop_.inner_stride(0) == 1); }

  // The elements as an array to make them in; null where there are gaps, or they are made as another type.
  Made<T>* array() const {
    if constexpr (kIsHalf<T>) {
      return nullptr;
    } else {
      return dense() ? data_ : nullptr;
    }
  }

  // Writes the elements from `begin` on.
  void Write(int64_t begin, const Made<T>* values, int64_t count) const {
    loop_.ForEachRun(begin, begin + count, [&](const int64_t* offsets, int64_t length) {
      T* to = data_ + offsets[0];
      if constexpr (kIsHalf<T>) {
        const int64_t stride = loop_.inner_stride(0);
        for (int64_t i = 0; i < length; ++i) to[i * stride] = T::From(values[i]);
      } else {
        Scatter(values, to, loop_.inner_stride(0), length);
      }
      values += length;
    });
  }

 private:
  StridedLoop loop_;
  T* data_;
  int64_t size_;
};

// Fills a view, in the order of memory, with what make(values, count) makes, at most kChunk at a time.
template <typename T, typename Make>
void FillInOrder(const View& view, Make&& make) {
  const InMemoryOrder<T> order(view);
  Made<T> scratch[kChunk];
  for (int64_t begin = 0; begin < order.size(); begin += kChunk) {
    const int64_t count = std::min(kChunk, order.size() - begin);
    Made<T>* to = order.array() ? order.array() + begin : scratch;
    make(to, count);
    if (to == scratch) order.Write(begin, scratch, count);
  }
}

// [0, 1) in steps of 2^-53.
inline double Unit(uint64_t word) { return static_cast<double>(word & ((uint64_t{1} << 53) - 1)) * 0x1p-53; }

template <typename T>
void DrawUniforms(Mt19937& mt, Made<T>* values, int64_t count, Made<T> low, Made<T> high) {
  mt.Draw(values, count * kDraws<T>);
  simd::MtUniforms(values, static_cast<size_t>(count), low, high);
  if constexpr (kIsHalf<T>) {
    // Rounding may reach the upper bound, once more.
    const float bottom = Rounded<T>(low);
    const float top = Rounded<T>(high);
    for (int64_t i = 0; i < count; ++i) {
      const float value = Rounded<T>(values[i]);
      values[i] = value == top ? bottom : value;
    }
  }
}

// A normal made by itself: always double arithmetic, in pairs of which the second is kept.
inline double NextNormal(Mt19937& mt) {
  double normal;
  if (mt.TakeNormal(&normal)) return normal;
  const double angle = 2.0 * 3.14159265358979323846 * Unit(mt.Next64());
  const double radius = std::sqrt(-2.0 * std::log1p(-Unit(mt.Next64())));
  mt.KeepNormal(radius * std::sin(angle));
  return radius * std::cos(angle);
}

template <typename T>
void DrawNormals(Mt19937& mt, Made<T>* values, int64_t count, double mean, double std) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] = Rounded<T>(static_cast<Made<T>>(std::fma(NextNormal(mt), std, mean)));
  }
}

// Whether the order of the indices is that of memory.
inline bool IsRowMajor(const View& view) {
  int64_t inner = 0;
  for (int d = view.ndim; d-- > 0;) {
    if (view.shape[d] == 1) continue;
    if (view.strides[d] < inner) return false;
    inner = view.strides[d];
  }
  return true;
}

// How torch makes `n` normals of a contiguous tensor, 16 or more: in blocks, the last one again where n is not a multiple of
// 16. The draws of elements `begin` on go to at(begin), then visit(begin, count) is called: whole blocks, at most `chunk`
// elements.
template <typename T, typename At, typename Visit>
void DrawBlocks(Mt19937& mt, int64_t n, int64_t chunk, At&& at, Visit&& visit) {
  const int64_t whole = n / kBlock * kBlock;
  for (int64_t begin = 0; begin < whole; begin += chunk) {
    const int64_t count = std::min(chunk, whole - begin);
    mt.Draw(at(begin), count * kDraws<T>);
    visit(begin, count);
  }
  if (whole == n) return;
  if constexpr (!kIsHalf<T>) {
    // Numbers that the last block replaces. For halves, torch does not draw them.
    uint32_t unused[kBlock * kDraws<T>];
    mt.Draw(unused, (n - whole) * kDraws<T>);
  }
  mt.Draw(at(n - kBlock), kBlock * kDraws<T>);
  visit(n - kBlock, kBlock);
}

template <typename T>
void TransformBlocks(Made<T>* values, int64_t count, double mean, double std) {
  using M = Made<T>;
  simd::MtNormalBlocks(values, static_cast<size_t>(count / kBlock), static_cast<M>(mean), static_cast<M>(std));
  if constexpr (kIsHalf<T>) {
    for (int64_t i = 0; i < count; ++i) values[i] = Rounded<T>(values[i]);
  }
}

template <typename T>
void FillBlocks(Mt19937& mt, Made<T>* values, int64_t n, double mean, double std) {
  // Several threads: many blocks' draws at once, so that there is something to share out.
  const int64_t chunk = NumThreads() > 1 ? kBlock * kBlockGrain * 4 * NumThreads() : kChunk;
  DrawBlocks<T>(
      mt, n, chunk, [&](int64_t begin) { return values + begin; },
      [&](int64_t begin, int64_t count) {
        ParallelFor(count / kBlock, kBlockGrain, [&](int64_t first, int64_t end) {
          TransformBlocks<T>(values + begin + first * kBlock, (end - first) * kBlock, mean, std);
        });
      });
}

}  // namespace evenkeel::mt
