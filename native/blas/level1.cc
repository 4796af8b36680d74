// BLAS on vectors. Sums are formed over blocks of fixed length, so that they do not depend on the number of threads.
#include <cmath>
#include <vector>

#include "routines.h"

namespace evenkeel::blas {
namespace {

// Vectors up to this length are worked on in less time than a thread takes to wake up.
constexpr int64_t kLongVector = 1 << 17;
constexpr int64_t kShortBlock = 1 << 13;
constexpr int64_t kLongBlock = 1 << 16;

// The elements that are worth a call of their own.
int64_t BlockOf(int64_t size) { return size < kLongVector ? kShortBlock : kLongBlock; }

// Over `count` pieces of vectors of `size` elements in all.
void OverVectors(int64_t size, int64_t count, int64_t grain, RangeFunction function) {
  if (size < kLongVector) {
    ParallelForBrief(count, grain, function);
  } else {
    ParallelFor(count, grain, function);
  }
}

// partial(begin, end) of each block of [0, size), by several threads, reduced in order.
template <typename Partial, typename Reduce>
double OverBlocks(int64_t size, Partial&& partial, Reduce&& reduce) {
  const int64_t block = BlockOf(size);
  if (size <= block) return size == 0 ? 0 : partial(0, size);
  std::vector<double> parts(static_cast<size_t>((size + block - 1) / block));
  OverVectors(size, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      parts[static_cast<size_t>(b)] = partial(b * block, std::min(size, (b + 1) * block));
    }
  });
  return reduce(parts);
}

double Sum(const std::vector<double>& parts) {
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

// body(x, y) on parts of two vectors, of which x runs forwards and y in the direction that the first parameter says.
template <typename T, typename Body>
void OverPairs(const View& first, const View& second, bool opposite, Body&& body) {
  const Vector<T> x(first, false);
  const Vector<T> y(second, opposite);
  OverVectors(x.size, x.size, BlockOf(x.size), [&](int64_t begin, int64_t end) { body(x.Part(begin, end), y.Part(begin, end)); });
}

// Two vectors side by side that share some elements but are not the same: what would come out depends on the order. Vectors
// with gaps may be interleaved, and lib/blas looks at them itself.
template <typename T>
void RequireApart(const View& y, const View& x) {
  if (y.strides[0] != 1 || x.strides[0] != 1 || y.data == x.data) return;
  const int64_t size = y.shape[0];
  if (y.As<T>() < x.As<T>() + size && x.As<T>() < y.As<T>() + size) throw std::invalid_argument("the vectors overlap");
}

// The first of the largest absolute values, as the reference BLAS finds it: NaN is larger than nothing, but stays where it is
// the first. OpenBLAS's kernels differ in what they make of NaN, which a sum of absolute values shows.
template <typename T>
int64_t FirstLargest(const Vector<T>& x) {
  constexpr int64_t kBlock = 4096;
  int64_t index = 0;
  for (int64_t begin = 0; begin < x.size; begin += kBlock) {
    const Vector<T> part = x.Part(begin, std::min(x.size, begin + kBlock));
    if (!x.backwards && !std::isnan(VECTOR_ROUTINE(T, asum)(part.count(), part.data, part.increment()))) {
      const int64_t found = begin + static_cast<int64_t>(Choose<T>(EVENKEEL_BLAS(cblas_isamax), EVENKEEL_BLAS(cblas_idamax))(part.count(), part.data, part.increment()));
      if (std::abs(x[found]) > std::abs(x[index])) index = found;
    } else {
      for (int64_t i = begin; i < begin + part.size; ++i) {
        if (std::abs(x[i]) > std::abs(x[index])) index = i;
      }
    }
  }
  return index;
}

}  // namespace

void Dot(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const Vector<T> x(plan.views[1], false);
    const Vector<T> y(plan.views[2], IsSet(plan.params[0]));
    const auto partial = [&](int64_t begin, int64_t end) -> double {
      const auto [u, v] = std::pair(x.Part(begin, end), y.Part(begin, end));
      return VECTOR_ROUTINE(T, dot)(u.count(), u.data, u.increment(), v.data, v.increment());
    };
    *plan.views[0].As<double>() = OverBlocks(x.size, partial, Sum);
  });
}

// OpenBLAS's own dsdot sums blocks in float32 on some CPUs.
void DotInDouble(const Plan& plan) {
  const Vector<float> x(plan.views[1], false);
  const Vector<float> y(plan.views[2], IsSet(plan.params[0]));
  const auto partial = [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 256;
    double u[kBlock];
    double v[kBlock];
    double sum = 0;
    for (; begin < end; begin += kBlock) {
      const int64_t size = std::min(kBlock, end - begin);
      for (int64_t i = 0; i < size; ++i) {
        u[i] = x[begin + i];
        v[i] = y[begin + i];
      }
      sum += EVENKEEL_BLAS(cblas_ddot)(static_cast<int>(size), u, 1, v, 1);
    }
    return sum;
  };
  *plan.views[0].As<double>() = OverBlocks(x.size, partial, Sum);
}

void Asum(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const Vector<T> x(plan.views[1], false);
    const auto partial = [&](int64_t begin, int64_t end) -> double {
      const Vector<T> part = x.Part(begin, end);
      return VECTOR_ROUTINE(T, asum)(part.count(), part.data, part.increment());
    };
    *plan.views[0].As<double>() = OverBlocks(x.size, partial, Sum);
  });
}

void Nrm2(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const Vector<T> x(plan.views[1], false);
    const auto partial = [&](int64_t begin, int64_t end) -> double {
      const Vector<T> part = x.Part(begin, end);
      return VECTOR_ROUTINE(T, nrm2)(part.count(), part.data, part.increment());
    };
    const auto norm = [](const std::vector<double>& parts) {
      return EVENKEEL_BLAS(cblas_dnrm2)(static_cast<int>(parts.size()), parts.data(), 1);
    };
    *plan.views[0].As<double>() = OverBlocks(x.size, partial, norm);
  });
}

void Iamax(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    const Vector<ELEMENT(tag)> x(plan.views[1], IsSet(plan.params[0]));
    *plan.views[0].As<double>() = x.size == 0 ? -1 : static_cast<double>(FirstLargest(x));
  });
}

void Axpy(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const T alpha = static_cast<T>(plan.params[1]);
    RequireApart<T>(plan.views[0], plan.views[1]);
    OverPairs<T>(plan.views[1], plan.views[0], IsSet(plan.params[0]), [&](const Vector<T>& x, const Vector<T>& y) {
      VECTOR_ROUTINE(T, axpy)(x.count(), alpha, x.data, x.increment(), y.data, y.increment());
    });
  });
}

void CopyVector(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    OverPairs<T>(plan.views[1], plan.views[0], IsSet(plan.params[0]), [&](const Vector<T>& x, const Vector<T>& y) {
      VECTOR_ROUTINE(T, copy)(x.count(), x.data, x.increment(), y.data, y.increment());
    });
  });
}

void Swap(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    OverPairs<T>(plan.views[0], plan.views[1], IsSet(plan.params[0]), [&](const Vector<T>& x, const Vector<T>& y) {
      VECTOR_ROUTINE(T, swap)(x.count(), x.data, x.increment(), y.data, y.increment());
    });
  });
}

void Rot(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    const auto c = static_cast<T>(plan.params[1]);
    const auto s = static_cast<T>(plan.params[2]);
    OverPairs<T>(plan.views[0], plan.views[1], IsSet(plan.params[0]), [&](const Vector<T>& x, const Vector<T>& y) {
      VECTOR_ROUTINE(T, rot)(x.count(), x.data, x.increment(), y.data, y.increment(), c, s);
    });
  });
}

void Rotm(const Plan& plan) {
  Visit(plan, [&](auto tag) {
    using T = ELEMENT(tag);
    T h[5];
    for (int i = 0; i < 5; ++i) h[i] = static_cast<T>(plan.params[i + 1]);
    OverPairs<T>(plan.views[0], plan.views[1], IsSet(plan.params[0]), [&](const Vector<T>& x, const Vector<T>& y) {
      VECTOR_ROUTINE(T, rotm)(x.count(), x.data, x.increment(), y.data, y.increment(), h);
    });
  });
}

}  // namespace evenkeel::blas
