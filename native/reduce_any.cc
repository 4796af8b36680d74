// Reductions on every dtype, most of them to another one: whole sums and products, extremes and where they are, any and all.
// The elements are visited in the order of the shape, whatever their order in memory.
#include <algorithm>
#include <type_traits>

#include "kernels.h"
#include "parallel.h"
#include "split.h"
#include "strided.h"

namespace evenkeel {
namespace {

constexpr int64_t kGrain = 32768;

// The number that an element stands for: halves as float, booleans as 0 and 1.
template <typename T>
T Number(T value) {
  return value;
}
float Number(Float16 value) { return value.ToFloat(); }
float Number(BFloat16 value) { return value.ToFloat(); }
uint8_t Number(Bool value) { return value.byte != 0; }

// out <- finish of what `step(accumulated, element, index)` makes of the elements, one after another.
template <typename Out, typename In, typename Start, typename Step, typename Finish>
void Reduce(const Plan& plan, const Start& start, const Step& step, const Finish& finish) {
  const Split split(plan);
  const StridedLoop kept(split.kept, 2);
  const View& reduced = split.reduced;
  const int64_t count = reduced.NumElements();
  const In* in = plan.views[1].As<In>();
  Out* out = plan.views[0].As<Out>();
  // Runs along the last reduced dimension.
  const int last = reduced.ndim - 1;
  const int64_t run = last < 0 ? 1 : reduced.shape[last];
  const int64_t stride = last < 0 ? 0 : reduced.strides[last];
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(count, 1));
  ParallelFor(kept.NumElements(), grain, [&](int64_t begin, int64_t end) {
    kept.ForEachRun(begin, end, [&](const int64_t* offsets, int64_t length) {
      for (int64_t k = 0; k < length; ++k) {
        const In* from = in + offsets[1] + k * kept.inner_stride(1);
        auto accumulated = start();
        int64_t index[kMaxDims] = {};
        for (int64_t i = 0; i < count; i += run) {
          for (int64_t j = 0; j < run; ++j) step(accumulated, from[j * stride], i + j);
          for (int d = last - 1; d >= 0; --d) {
            from += reduced.strides[d];
            if (++index[d] < reduced.shape[d]) break;
            from -= reduced.shape[d] * reduced.strides[d];
            index[d] = 0;
          }
        }
        out[offsets[0] + k * kept.inner_stride(0)] = finish(accumulated);
      }
    });
  });
}

template <typename Function>
void VisitInteger(DType dtype, Function&& function) {
  VisitAny(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<decltype(Number(T()))>) {
      function(tag);
    } else {
      UnlistedDType();
    }
  });
}

// Whole numbers wrap around in 64 bits.
template <typename Combine>
void Whole(const Plan& plan, uint64_t identity, const Combine& combine) {
  VisitInteger(plan.views[1].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Reduce<int64_t, T>(
        plan, [&] { return identity; },
        [&](uint64_t& total, T x, int64_t) { total = combine(total, static_cast<uint64_t>(static_cast<int64_t>(Number(x)))); },
        [](uint64_t total) { return static_cast<int64_t>(total); });
  });
}

template <typename T>
struct Best {
  T value{};
  int64_t index = -1;
};

// Takes x where it comes before the best so far. A NaN comes before all others.
template <typename T, typename Before>
void Take(Best<T>& best, T x, int64_t i, const Before& before) {
  const auto a = Number(x);
  const auto b = Number(best.value);
  if (best.index < 0 || before(a, b) || (a != a && b == b)) best = {x, i};
}

struct More {
  template <typename T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct Fewer {
  template <typename T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};

template <typename Before>
void Place(const Plan& plan) {
  VisitAny(plan.views[1].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Reduce<int64_t, T>(
        plan, [] { return Best<T>(); }, [](Best<T>& best, T x, int64_t i) { Take(best, x, i, Before()); },
        [](const Best<T>& best) { return best.index; });
  });
}

template <typename Before>
void Extreme(const Plan& plan) {
  VisitAny(plan.views[1].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Reduce<T, T>(
        plan, [] { return Best<T>(); }, [](Best<T>& best, T x, int64_t i) { Take(best, x, i, Before()); },
        [](const Best<T>& best) { return best.value; });
  });
}

// Whether any element is `wanted`; NaN is not 0.
void Search(const Plan& plan, bool wanted, bool found) {
  VisitAny(plan.views[1].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Reduce<Bool, T>(
        plan, [&] { return !found; }, [&](bool& result, T x, int64_t) { if ((Number(x) != 0) == wanted) result = found; },
        [](bool result) { return Bool{static_cast<uint8_t>(result)}; });
  });
}

}  // namespace

void IntSum(const Plan& plan) {
  Whole(plan, 0, [](uint64_t a, uint64_t b) { return a + b; });
}
void IntProd(const Plan& plan) {
  Whole(plan, 1, [](uint64_t a, uint64_t b) { return a * b; });
}
void Prod(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Reduce<T, T>(
        plan, [] { return 1.0; }, [](double& product, T x, int64_t) { product *= static_cast<double>(x); },
        [](double product) { return static_cast<T>(product); });
  });
}
void ArgMax(const Plan& plan) { Place<More>(plan); }
void ArgMin(const Plan& plan) { Place<Fewer>(plan); }
void AnyMax(const Plan& plan) { Extreme<More>(plan); }
void AnyMin(const Plan& plan) { Extreme<Fewer>(plan); }
void Any(const Plan& plan) { Search(plan, true, true); }
void All(const Plan& plan) { Search(plan, false, false); }

}  // namespace evenkeel
