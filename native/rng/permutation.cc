// Permutations from pcg32. Large ones by the shuffle of Rao (1961) and Sandelius (1962): every number draws a bucket, then each
// bucket is shuffled (Fisher and Yates). A shuffle of everything goes to memory at every step, and every step depends on those
// before; buckets fit a cache, and threads share them. All orders are equally likely: whatever the sizes of the buckets, so is
// every way to deal the numbers out to them, and every order within one.
#include "rng/permutation.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "convert.h"
#include "kernels.h"
#include "parallel.h"
#include "rng/params.h"
#include "simd/deal.h"
#include "simd/discrete.h"
#include "simd/random.h"
#include "strided.h"

namespace evenkeel {
namespace {

// Where bucket by bucket the numbers wait to be shuffled: in the output itself if they fit its elements, at the end of the
// bucket's part of it, so that the shuffle writes element i over numbers that it is done with.
template <typename Number>
class Waiting {
 public:
  Waiting(void* memory, size_t element) : memory_(static_cast<unsigned char*>(memory)), unit_(element / sizeof(Number)) {}

  Number* base() const { return reinterpret_cast<Number*>(memory_); }

  // The place of the first number of the bucket that makes the elements from begin on, below end, counted from base().
  int64_t Place(int64_t begin, int64_t end) const {
    const auto unit = static_cast<int64_t>(unit_);
    return unit * begin + (unit - 1) * (end - begin);
  }

  unsigned char* Bucket(int64_t begin, int64_t end) const {
    return memory_ + static_cast<size_t>(Place(begin, end)) * sizeof(Number);
  }

 private:
  unsigned char* memory_;
  size_t unit_;
};

// Fisher and Yates's shuffle of n numbers into elements of `out`, a word for each. `numbers` and `out` may be the same memory, of two types.
template <typename Number, typename Out>
void Shuffle(unsigned char* numbers, int64_t n, Pcg32 start, Out* out, int64_t stride) {
  constexpr int64_t kBlock = 512;
  uint32_t draws[2 * kBlock];
  uint64_t others[kBlock];
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    simd::DrawBits(start, static_cast<size_t>(2 * count), draws);
    start.Advance(static_cast<uint64_t>(2 * count));
    simd::ScaleWords(draws, static_cast<size_t>(count), static_cast<uint64_t>(n - i), 1, others);
    for (int64_t k = 0; k < count; ++k) {
      unsigned char* const here = numbers + static_cast<size_t>(i + k) * sizeof(Number);
      unsigned char* const there = here + others[k] * sizeof(Number);
      Number number, moved;
      std::memcpy(&number, there, sizeof(Number));
      std::memcpy(&moved, here, sizeof(Number));
      std::memcpy(there, &moved, sizeof(Number));
      const Out element = Convert<Out>(static_cast<int64_t>(number));
      std::memcpy(static_cast<void*>(out + (i + k) * stride), &element, sizeof(Out));
    }
  }
}

// Sorts the numbers below n into buckets, and returns where each of those begins, and the last ends.
template <typename Number>
std::vector<int64_t> DealOut(Pcg32 start, int bits, int64_t n, const Waiting<Number>& waiting) {
  const auto buckets = int64_t{1} << bits;
  // Every part is dealt out by itself, to places that follow the parts before it.
  constexpr int64_t kSmallestPart = 32768;
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(NumThreads() * kSeveralPieces, n / kSmallestPart));
  const int64_t part = (n + parts - 1) / parts;
  std::vector<int64_t> counts(static_cast<size_t>(parts * buckets));
  const auto at = [&](int64_t p) {
    Pcg32 pcg = start;
    pcg.Advance(static_cast<uint64_t>(p * part));
    return pcg;
  };
  const auto for_parts = [&](auto&& function) {
    ParallelFor(parts, 1, [&](int64_t first, int64_t last) {
      for (int64_t p = first; p < last; ++p) function(p, p * part, std::min(n, (p + 1) * part));
    }, 1, kSeveralPieces);
  };
  for_parts([&](int64_t p, int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 2048;
    uint32_t draws[kBlock];
    int64_t* const count = counts.data() + p * buckets;
    Pcg32 pcg = at(p);
    for (int64_t i = begin; i < end; i += kBlock) {
      const auto size = static_cast<size_t>(std::min(kBlock, end - i));
      simd::DrawBits(pcg, size, draws);
      pcg.Advance(size);
      for (size_t k = 0; k < size; ++k) ++count[draws[k] >> (32 - bits)];
    }
  });
  std::vector<int64_t> begins(static_cast<size_t>(buckets) + 1);
  for (int64_t b = 0; b < buckets; ++b) {
    const int64_t begin = begins[static_cast<size_t>(b)];
    int64_t end = begin;
    for (int64_t p = 0; p < parts; ++p) end += counts[static_cast<size_t>(p * buckets + b)];
    begins[static_cast<size_t>(b) + 1] = end;
    int64_t place = waiting.Place(begin, end);
    for (int64_t p = 0; p < parts; ++p) {
      int64_t& count = counts[static_cast<size_t>(p * buckets + b)];
      const int64_t next = place + count;
      count = place;
      place = next;
    }
  }
  for_parts([&](int64_t p, int64_t begin, int64_t end) {
    std::vector<simd::DealtLine> lines(static_cast<size_t>(buckets));
    simd::Deal(at(p), bits, static_cast<uint64_t>(begin), static_cast<uint64_t>(end), waiting.base(), counts.data() + p * buckets,
               lines.data());
  });
  return begins;
}

template <typename Number, typename Out>
void Permute(const View& view, Pcg32 start) {
  const int64_t n = view.shape[0];
  const bool in_place = IsContiguous(view) && sizeof(Out) >= sizeof(Number);
  std::vector<Number> elsewhere(in_place ? 0 : static_cast<size_t>(n));
  const Waiting<Number> waiting(in_place ? view.data : elsewhere.data(), in_place ? sizeof(Out) : sizeof(Number));
  Out* const out = view.As<Out>();
  const int64_t stride = view.strides[0];
  const int bits = BucketBits(n);
  if (bits == 0) {
    unsigned char* const numbers = waiting.Bucket(0, n);
    for (int64_t i = 0; i < n; ++i) {
      const auto number = static_cast<Number>(i);
      std::memcpy(numbers + static_cast<size_t>(i) * sizeof(Number), &number, sizeof(Number));
    }
    Shuffle<Number>(numbers, n, start, out, stride);
    return;
  }
  const std::vector<int64_t> begins = DealOut(start, bits, n, waiting);
  ParallelFor(int64_t{1} << bits, 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      const int64_t begin = begins[static_cast<size_t>(b)];
      const int64_t end = begins[static_cast<size_t>(b) + 1];
      Pcg32 pcg = start;
      pcg.Advance(static_cast<uint64_t>(n + 2 * begin));
      Shuffle<Number>(waiting.Bucket(begin, end), end - begin, pcg, out + begin * stride, stride);
    }
  }, 1, kSeveralPieces);
}

template <typename Number>
void PermuteView(const Plan& plan) {
  const View& view = plan.views[0];
  if (view.ndim != 1) throw PlanError("permutation: expected one dimension");
  const Pcg32 start = StreamFromParams(plan.params);
  VisitAny(view.dtype, [&](auto tag) { Permute<Number, typename decltype(tag)::type>(view, start); });
}

}  // namespace

void Permutation(const Plan& plan) {
  if (plan.views[0].ndim == 1 && plan.views[0].shape[0] >> 32 != 0) {
    WidePermutation(plan);
  } else {
    PermuteView<uint32_t>(plan);
  }
}

void WidePermutation(const Plan& plan) { PermuteView<uint64_t>(plan); }

}  // namespace evenkeel
