#include "reduce.h"

#include <vector>

#include "parallel.h"
#include "strided.h"
#include "transfer.h"

namespace evenkeel {
namespace {

constexpr int64_t kBlock = 1024;       // elements gathered at a time
constexpr int64_t kColumns = 256;      // accumulators that stay in the first-level cache
constexpr int64_t kRows = 16;          // rows added to them at a time
constexpr int64_t kPartial = 1 << 16;  // elements of one partial result: fixed, so that threads don't change the sum
constexpr int64_t kGrain = 1 << 15;

// The dimensions of a reduction, split into those that stay (views: out, in) and those that go (view: in).
struct Split {
  View kept[2];
  View reduced;

  explicit Split(const Plan& plan) : kept{plan.views[0], plan.views[1]}, reduced(plan.views[1]) {
    kept[0].ndim = kept[1].ndim = reduced.ndim = 0;
    const View& out = plan.views[0];
    const View& in = plan.views[1];
    for (int d = 0; d < in.ndim; ++d) {
      if (out.shape[d] == in.shape[d]) {
        const int at = kept[0].ndim++;
        kept[1].ndim = kept[0].ndim;
        for (int v = 0; v < 2; ++v) {
          kept[v].shape[at] = plan.views[v].shape[d];
          kept[v].strides[at] = plan.views[v].strides[d];
        }
      } else {
        reduced.shape[reduced.ndim] = in.shape[d];
        reduced.strides[reduced.ndim++] = in.strides[d];
      }
    }
  }
};

template <typename Accumulator>
class Engine {
 public:
  Engine(const Plan& plan, const Split& split, const Reduction<Accumulator>& reduction)
      : reduction_(reduction),
        in_(plan.views[1].As<char>()),
        out_(plan.views[0].As<char>()),
        out_size_(static_cast<int64_t>(SizeOf(plan.views[0].dtype))),
        param_(plan.params[0]),
        transfer_(TransferOf(plan.views[1].dtype)),
        kept_(split.kept, 2),
        reduced_(&split.reduced, 1, reduction.in_order ? LoopOrder::kAsGiven : LoopOrder::kByStride),
        num_kept_(kept_.NumElements()),
        num_reduced_(split.reduced.NumElements()),
        by_columns_(num_kept_ > 1 && kept_.inner_stride(1) < reduced_.inner_stride(0)) {}

  void Run() const {
    if (num_kept_ == 0) return;
    if (!by_columns_ && num_reduced_ >= 2 * kPartial) return RunInParts(kPartial);
    if (by_columns_ && num_kept_ <= kColumns && num_reduced_ * num_kept_ >= 2 * kPartial) {
      return RunInParts(kPartial / num_kept_);
    }
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, num_reduced_));
    ParallelFor(num_kept_, grain, [&](int64_t begin, int64_t end) {
      kept_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
        for (int64_t done = 0; done < length; done += kColumns) {
          const int64_t count = std::min(kColumns, length - done);
          Whole(offsets[0] + done * kept_.inner_stride(0), offsets[1] + done * kept_.inner_stride(1), count);
        }
      });
    });
  }

 private:
  // `count` kept elements of a run, at most kColumns, over all their elements.
  void Whole(int64_t out_offset, int64_t in_offset, int64_t count) const {
    double args[kColumns];
    double means[kColumns];
    Accumulator results[kColumns];
    std::fill(args, args + count, reduction_.arg);
    if (reduction_.sum != nullptr) {
      Accumulate(*reduction_.sum, in_offset, count, 0, num_reduced_, args, means);
      Centre(means, args, count);
    }
    Accumulate(reduction_.reducer, in_offset, count, 0, num_reduced_, args, results);
    Write(out_offset, count, results, means);
  }

  void Centre(double* sums, double* args, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) {
      sums[i] /= static_cast<double>(num_reduced_);
      args[i] = reduction_.centre(sums[i]);
    }
  }

  void Write(int64_t out_offset, int64_t count, const Accumulator* results, const double* means) const {
    for (int64_t i = 0; i < count; ++i) {
      const double mean = reduction_.sum != nullptr ? means[i] : 0;
      reduction_.store(results[i], mean, num_reduced_, param_, out_ + (out_offset + i * kept_.inner_stride(0)) * out_size_);
    }
  }

  // Few kept elements of very many each: threads share the elements, in parts of `part` reduced ones.
  void RunInParts(int64_t part) const {
    const size_t n = static_cast<size_t>(num_kept_);
    std::vector<double> args(n, reduction_.arg);
    std::vector<double> means(n);
    std::vector<Accumulator> results(n);
    if (reduction_.sum != nullptr) {
      AccumulateParts(*reduction_.sum, part, args.data(), means.data());
      Centre(means.data(), args.data(), num_kept_);
    }
    AccumulateParts(reduction_.reducer, part, args.data(), results.data());
    int64_t k = 0;
    kept_.ForEachRun(0, num_kept_, [&](const int64_t* offsets, int64_t length) {
      Write(offsets[0], length, &results[static_cast<size_t>(k)], &means[static_cast<size_t>(k)]);
      k += length;
    });
  }

  template <typename A>
  void AccumulateParts(const Reducer<A>& reducer, int64_t part, const double* args, A* results) const {
    const int64_t parts = (num_reduced_ + part - 1) / part;
    // One task is a part of all columns, or of one row.
    const int64_t tasks = by_columns_ ? parts : parts * num_kept_;
    std::vector<A> partial(static_cast<size_t>(parts * num_kept_));
    ParallelFor(tasks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t p = task % parts;
        int64_t k = by_columns_ ? 0 : task / parts;
        const int64_t last = by_columns_ ? num_kept_ : k + 1;
        const int64_t stop = std::min(num_reduced_, (p + 1) * part);
        kept_.ForEachRun(k, last, [&](const int64_t* offsets, int64_t length) {
          Accumulate(reducer, offsets[1], length, p * part, stop, args + k, &partial[static_cast<size_t>(p * num_kept_ + k)]);
          k += length;
        });
      }
    });
    for (int64_t k = 0; k < num_kept_; ++k) {
      results[k] = reducer.identity;
      for (int64_t p = 0; p < parts; ++p) {
        results[k] = reducer.combine(results[k], partial[static_cast<size_t>(p * num_kept_ + k)]);
      }
    }
  }

  // The elements [begin, end) of the reduced dimensions, for `count` kept elements of a run.
  template <typename A>
  void Accumulate(const Reducer<A>& reducer, int64_t in_offset, int64_t count, int64_t begin, int64_t end,
                  const double* args, A* results) const {
    if (by_columns_) {
      std::fill(results, results + count, reducer.identity);
      return AccumulateColumns(reducer, in_offset, count, begin, end, args, results);
    }
    for (int64_t i = 0; i < count; ++i) {
      results[i] = AccumulateRow(reducer, in_offset + i * kept_.inner_stride(1), begin, end, args[i]);
    }
  }

  template <typename A>
  A AccumulateRow(const Reducer<A>& reducer, int64_t offset, int64_t begin, int64_t end, double arg) const {
    alignas(64) char scratch[kBlock * sizeof(double)];
    const int64_t stride = reduced_.inner_stride(0);
    const bool direct = stride == 1 && !transfer_.converts;
    const int64_t step = direct ? kPartial : kBlock;
    A result = reducer.identity;
    int64_t first = begin;
    reduced_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      for (int64_t done = 0; done < length; done += step) {
        const int64_t count = std::min(step, length - done);
        const void* from = in_ + (offset + offsets[0] + done * stride) * transfer_.size;
        if (!direct) {
          transfer_.gather(from, stride, scratch, count);
          from = scratch;
        }
        result = reducer.combine(result, reducer.row(from, static_cast<size_t>(count), arg, first));
        first += count;
      }
    });
    return result;
  }

  // Kept elements that lie closer together than the reduced ones: adds whole rows to a row of accumulators.
  template <typename A>
  void AccumulateColumns(const Reducer<A>& reducer, int64_t offset, int64_t count, int64_t begin, int64_t end,
                         const double* args, A* results) const {
    alignas(64) char scratch[kColumns * sizeof(double)];
    const int64_t column_stride = kept_.inner_stride(1);
    const int64_t row_stride = reduced_.inner_stride(0);
    const bool direct = column_stride == 1 && !transfer_.converts;
    const int64_t step = direct ? kRows : 1;
    int64_t first = begin;
    reduced_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      for (int64_t done = 0; done < length; done += step) {
        const int64_t rows = std::min(step, length - done);
        const void* from = in_ + (offset + offsets[0] + done * row_stride) * transfer_.size;
        if (!direct) {
          transfer_.gather(from, column_stride, scratch, count);
          from = scratch;
        }
        reducer.columns(from, rows, row_stride, static_cast<size_t>(count), args, results, first);
        first += rows;
      }
    });
  }

  const Reduction<Accumulator>& reduction_;
  const char* in_;
  char* out_;
  int64_t out_size_;
  double param_;
  Transfer transfer_;
  StridedLoop kept_;
  StridedLoop reduced_;
  int64_t num_kept_;
  int64_t num_reduced_;
  bool by_columns_;
};

// A few elements without gaps to a single one, as losses are: what the engine would do, without setting it up.
template <typename Accumulator>
bool RunSmall(const Plan& plan, const Reduction<Accumulator>& reduction) {
  const View& out = plan.views[0];
  const View& in = plan.views[1];
  if (reduction.sum != nullptr || IsIn(kHalves, in.dtype) || !IsContiguous(in)) return false;
  const int64_t count = in.NumElements();
  if (count > kPartial || out.NumElements() != 1) return false;
  const Reducer<Accumulator>& reducer = reduction.reducer;
  const Accumulator result = reducer.row(in.data, static_cast<size_t>(count), reduction.arg, 0);
  reduction.store(reducer.combine(reducer.identity, result), 0, count, plan.params[0], out.data);
  return true;
}

}  // namespace

template <typename Accumulator>
void RunReduction(const Plan& plan, const Reduction<Accumulator>& reduction) {
  if (RunSmall(plan, reduction)) return;
  Engine<Accumulator>(plan, Split(plan), reduction).Run();
}

template void RunReduction(const Plan&, const Reduction<double>&);
template void RunReduction(const Plan&, const Reduction<int64_t>&);
template void RunReduction(const Plan&, const Reduction<Best<double>>&);
template void RunReduction(const Plan&, const Reduction<Best<int64_t>>&);

}  // namespace evenkeel
