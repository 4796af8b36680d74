// Fills from mt19937 (see mt_fills.h), and its seeding.
#include "rng/mt_fills.h"

#include <utility>

#include "convert.h"
#include "guard.h"
#include "kernels.h"
#include "rng/params.h"

namespace evenkeel::mt {
namespace {

// Fills a view, in the order of memory, with transform(word) of one draw each (Word = uint32_t) or two (uint64_t).
template <typename T, typename Word, typename Transform>
void FillFromWords(Mt19937& mt, const View& view, Transform&& transform) {
  uint32_t draws[kChunk * kDraws<Word>];
  FillInOrder<T>(view, [&](Made<T>* values, int64_t count) {
    mt.Draw(draws, count * kDraws<Word>);
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (sizeof(Word) == 4) {
        values[i] = transform(draws[i]);
      } else {
        values[i] = transform(static_cast<uint64_t>(draws[2 * i]) << 32 | draws[2 * i + 1]);
      }
    }
  });
}

// The same with transform(unit) of uniforms of [0, 1), which take two draws each.
template <typename T, typename Transform>
void FillFromUnits(Mt19937& mt, const View& view, Transform&& transform) {
  double units[kChunk];
  FillInOrder<T>(view, [&](Made<T>* values, int64_t count) {
    DrawUniforms<double>(mt, units, count, 0.0, 1.0);
    for (int64_t i = 0; i < count; ++i) values[i] = transform(units[i]);
  });
}

// A 64-bit whole number from the high and low halves that params[0] and params[1] carry.
uint64_t Whole64(const double* params) {
  return WholeNumber(params[0], 4294967296.0) << 32 | WholeNumber(params[1], 4294967296.0);
}

}  // namespace

void Seed(const Plan& plan) {
  uint32_t key[8];
  for (int i = 0; i < 8; ++i) key[i] = static_cast<uint32_t>(WholeNumber(plan.params[1 + i], 4294967296.0));
  const int length = static_cast<int>(WholeNumber(plan.params[0], 9));
  (length == 0 ? Mt19937(key[0]) : Mt19937(key, length)).Store(StateOf(plan));
}

void Bits(const Plan& plan) {
  Run(plan, [&](Mt19937& mt) {
    FillFromWords<uint32_t, uint32_t>(mt, plan.views[0], [](uint32_t word) { return word; });
  });
}

void Uniform(const Plan& plan) {
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto low = static_cast<Made<T>>(plan.params[0]);
    const auto high = static_cast<Made<T>>(plan.params[1]);
    Run(plan, [&](Mt19937& mt) {
      FillInOrder<T>(plan.views[0],
                     [&](Made<T>* values, int64_t count) { DrawUniforms<T>(mt, values, count, low, high); });
    });
  });
}

void Normal(const Plan& plan) {
  const View& view = plan.views[0];
  const double mean = plan.params[0];
  const double std = plan.params[1];
  VisitReal(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) {
      const InMemoryOrder<T> order(view);
      if (order.size() < kBlock || !order.dense() || !IsRowMajor(view)) {
        FillInOrder<T>(view, [&](Made<T>* values, int64_t count) { DrawNormals<T>(mt, values, count, mean, std); });
      } else if (order.array()) {
        FillBlocks<T>(mt, order.array(), order.size(), mean, std);
      } else {
        Made<T> made[kChunk];
        DrawBlocks<T>(
            mt, order.size(), kChunk, [&](int64_t) { return made; },
            [&](int64_t begin, int64_t count) {
              TransformBlocks<T>(made, count, mean, std);
              order.Write(begin, made, count);
            });
      }
    });
  });
}

void Exponential(const Plan& plan) {
  const double factor = -1.0 / plan.params[0];
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) {
      FillFromUnits<T>(mt, plan.views[0],
                       [&](double unit) { return static_cast<Made<T>>(factor * std::log1p(-unit)); });
    });
  });
}

void Bernoulli(const Plan& plan) {
  const double p = plan.params[0];
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) {
      FillFromUnits<T>(mt, plan.views[0], [&](double unit) { return Convert<Made<T>>(unit < p); });
    });
  });
}

void Randint(const Plan& plan) {
  const uint64_t low = Whole64(plan.params);
  const uint64_t range = Whole64(plan.params + 2);  // 0 means 2^64
  const bool wide = plan.params[4] != 0;
  VisitAny(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) {
      const auto fill = [&](auto word, auto below) {
        FillFromWords<T, decltype(word)>(mt, plan.views[0], [&](auto draw) {
          return Convert<Made<T>>(static_cast<int64_t>(below(draw) + low));
        });
      };
      if (range == 0) {
        fill(uint64_t{}, [](uint64_t draw) { return draw; });
      } else if (wide) {
        fill(uint64_t{}, [&](uint64_t draw) { return draw % range; });
      } else if (range >> 32 == 0) {
        const uint32_t range32 = static_cast<uint32_t>(range);
        fill(uint32_t{}, [&](uint32_t draw) { return uint64_t{draw % range32}; });
      } else {
        fill(uint32_t{}, [](uint32_t draw) { return uint64_t{draw}; });
      }
    });
  });
}

// Fisher and Yates's shuffle.
void Randperm(const Plan& plan) {
  const View& view = plan.views[0];
  if (view.ndim != 1) throw PlanError("mt_randperm: a permutation has one dimension");
  VisitAny(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* values = view.As<T>();
    const int64_t n = view.shape[0];
    const int64_t stride = view.strides[0];
    Run(plan, [&](Mt19937& mt) {
      for (int64_t i = 0; i < n; ++i) {
        values[i * stride] = Convert<T>(i);
      }
      for (int64_t i = 0; i + 1 < n; ++i) {
        const int64_t other = i + static_cast<int64_t>(mt.Next32() % static_cast<uint64_t>(n - i));
        std::swap(values[i * stride], values[other * stride]);
      }
    });
  });
}

}  // namespace evenkeel::mt
