#include "reduce.h"

#include <vector>

#include "parallel.h"
#include "split.h"
#include "strided.h"

namespace evenkeel {
namespace {

constexpr int64_t kBlock = 1024;       // elements gathered at a time
constexpr int64_t kColumns = 512;      // accumulators that stay in the first-level cache
constexpr int64_t kPartial = 1 << 16;  // elements of one partial result: fixed, so that threads don't change the sum
constexpr int64_t kGrain = 1 << 15;

template <typename T>
class Engine {
 public:
  Engine(const Plan& plan, const Split& split)
      : in_(plan.views[1].As<T>()),
        kept_(split.kept, 2),
        reduced_(&split.reduced, 1),
        num_kept_(kept_.NumElements()),
        num_reduced_(split.reduced.NumElements()) {}

  int64_t num_kept() const { return num_kept_; }
  int64_t num_reduced() const { return num_reduced_; }
  const StridedLoop& kept() const { return kept_; }

  // One accumulated value for each kept element, in the order of the loop over kept dimensions. `args` has one number for
  // each of them.
  std::vector<double> Run(const Reducer& reducer, const std::vector<double>& args) const {
    std::vector<double> results(static_cast<size_t>(num_kept_), reducer.identity);
    if (num_kept_ == 0 || num_reduced_ == 0) return results;
    const bool columns = num_kept_ > 1 && kept_.inner_stride(1) < reduced_.inner_stride(0);
    if (!columns && num_kept_ < NumThreads() && num_reduced_ >= 2 * kPartial) {
      for (int64_t k = 0; k < num_kept_; ++k) results[k] = ReduceInParts(reducer, KeptOffset(k), args[k]);
      return results;
    }
    const int64_t grain = std::max<int64_t>(1, kGrain / num_reduced_);
    ParallelFor(num_kept_, grain, [&](int64_t begin, int64_t end) {
      int64_t k = begin;
      kept_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
        if (columns) {
          ReduceColumns(reducer, offsets[1], length, &args[k], &results[k]);
        } else {
          for (int64_t i = 0; i < length; ++i) {
            results[k + i] = ReduceRange(reducer, offsets[1] + i * kept_.inner_stride(1), 0, num_reduced_, args[k + i]);
          }
        }
        k += length;
      });
    });
    return results;
  }

 private:
  int64_t KeptOffset(int64_t k) const {
    int64_t offset = 0;
    kept_.ForEachRun(k, k + 1, [&](const int64_t* offsets, int64_t) { offset = offsets[1]; });
    return offset;
  }

  // The elements [begin, end) of the reduced dimensions that belong to the kept element at `offset`.
  double ReduceRange(const Reducer& reducer, int64_t offset, int64_t begin, int64_t end, double arg) const {
    alignas(64) T scratch[kBlock];
    const int64_t stride = reduced_.inner_stride(0);
    double result = reducer.identity;
    reduced_.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      const T* run = in_ + offset + offsets[0];
      const int64_t step = stride == 1 ? kPartial : kBlock;
      for (int64_t done = 0; done < length; done += step) {
        const int64_t count = std::min(step, length - done);
        const T* from = run + done * stride;
        if (stride != 1) {
          Gather(from, stride, scratch, count);
          from = scratch;
        }
        result = reducer.combine(result, reducer.row(from, static_cast<size_t>(count), arg));
      }
    });
    return result;
  }

  double ReduceInParts(const Reducer& reducer, int64_t offset, double arg) const {
    std::vector<double> parts(static_cast<size_t>((num_reduced_ + kPartial - 1) / kPartial));
    ParallelFor(static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t stop = std::min(num_reduced_, (p + 1) * kPartial);
        parts[p] = ReduceRange(reducer, offset, p * kPartial, stop, arg);
      }
    });
    double result = reducer.identity;
    for (const double part : parts) result = reducer.combine(result, part);
    return result;
  }

  // A run of kept elements that lie closer together than the reduced ones: adds whole rows to a row of accumulators.
  void ReduceColumns(const Reducer& reducer, int64_t offset, int64_t length, const double* args, double* results) const {
    alignas(64) T scratch[kColumns];
    const int64_t column_stride = kept_.inner_stride(1);
    for (int64_t first = 0; first < length; first += kColumns) {
      const int64_t count = std::min(kColumns, length - first);
      reduced_.ForEachRun(0, num_reduced_, [&](const int64_t* offsets, int64_t rows) {
        for (int64_t r = 0; r < rows; ++r) {
          const T* from = in_ + offset + first * column_stride + offsets[0] + r * reduced_.inner_stride(0);
          if (column_stride != 1) {
            Gather(from, column_stride, scratch, count);
            from = scratch;
          }
          reducer.columns(from, static_cast<size_t>(count), args + first, results + first);
        }
      });
    }
  }

  const T* in_;
  StridedLoop kept_;
  StridedLoop reduced_;
  int64_t num_kept_;
  int64_t num_reduced_;
};

template <typename T>
void Write(const Plan& plan, const Engine<T>& engine, const std::vector<double>& results, Finish finish) {
  int64_t k = 0;
  engine.kept().ForEachRun(0, engine.num_kept(), [&](const int64_t* offsets, int64_t length) {
    T* out = plan.views[0].As<T>() + offsets[0];
    for (int64_t i = 0; i < length; ++i, ++k) {
      out[i * engine.kept().inner_stride(0)] =
          static_cast<T>(finish(results[k], engine.num_reduced(), plan.params[0]));
    }
  });
}

template <typename Function>
void WithEngine(const Plan& plan, Function&& function) {
  const Split split(plan);
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    function(Engine<T>(plan, split));
  });
}

}  // namespace

void RunReduction(const Plan& plan, const Reducer& reducer, double arg, Finish finish) {
  WithEngine(plan, [&](const auto& engine) {
    const std::vector<double> args(static_cast<size_t>(engine.num_kept()), arg);
    Write(plan, engine, engine.Run(reducer, args), finish);
  });
}

void RunDeviations(const Plan& plan, const Reducer& sum, const Reducer& squared_deviations, Finish finish) {
  WithEngine(plan, [&](const auto& engine) {
    std::vector<double> means(static_cast<size_t>(engine.num_kept()), 0.0);
    means = engine.Run(sum, means);
    for (double& mean : means) mean /= static_cast<double>(engine.num_reduced());
    Write(plan, engine, engine.Run(squared_deviations, means), finish);
  });
}

}  // namespace evenkeel
