// torch 2.15's truncated normals, to the last bit; but for the logarithm in a comparison, where torch has MKL's: a near-tie may
// be decided differently.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels.h"
#include "rng/mt_fills.h"

namespace evenkeel::mt {
namespace {

// Proposals for all elements are drawn again and again, until each has had one that was
// accepted. Only those of pending elements are worked out here.
template <typename T>
class TruncatedNormal {
 public:
  TruncatedNormal(Mt19937& mt, const double* params)
      : mt_(mt), mean_(params[0]), std_(params[1]), a_(params[2]), b_(params[3]) {}

  void Fill(const View& view) {
    const InMemoryOrder<T> order(view);
    n_ = order.size();
    const bool in_place = order.array() != nullptr;
    std::vector<T> elsewhere(in_place ? 0 : static_cast<size_t>(n_));
    values_ = in_place ? order.array() : elsewhere.data();
    if (NormalCdf((b_ - mean_) / std_) - NormalCdf((a_ - mean_) / std_) > 0.3) {
      // torch draws again into a dense tensor whose dimensions are in the same order.
      const bool blocks = n_ >= kBlock && IsRowMajor(view);
      FromNormals(in_place && blocks, blocks);
    } else {
      FromUniforms();
    }
    if (!in_place) order.Write(0, values_, n_);
  }

 private:
  // Draws after which there is no hope, or no patience: half a minute's.
  static constexpr double kMaxDraws = 1e11;

  static double NormalCdf(double x) { return (1.0 + std::erf(x / std::sqrt(2.0))) / 2.0; }

  [[noreturn]] static void GiveUp() {
    throw std::runtime_error("the bounds leave so little of the distribution that torch's rejection sampling would not end");
  }

  // Goes through the pending elements below `end`, in order; those for which rejects(k) stay pending.
  template <typename Rejects>
  void Sift(int64_t end, Rejects&& rejects) {
    for (; next_ < pending_.size() && pending_[next_] < end; ++next_) {
      const int64_t k = pending_[next_];
      if (rejects(k)) pending_[left_++] = k;
    }
  }
  void BeginRound() { next_ = left_ = 0; }
  void EndRound() { pending_.resize(left_); }

  void FromNormals(bool first_in_blocks, bool later_in_blocks) {
    if (first_in_blocks) {
      FillBlocks(mt_, values_, n_, mean_, std_);
    } else {
      DrawNormals(mt_, values_, n_, mean_, std_);
    }
    const T low = static_cast<T>(a_);
    const T high = static_cast<T>(b_);
    const auto outside = [&](T value) { return value < low || value > high; };
    for (int64_t k = 0; k < n_; ++k) {
      if (outside(values_[k])) pending_.push_back(k);
    }
    // Each round accepts 3 in 10 on average. Only bounds that no number of this dtype fits between make it this many.
    for (int round = 0; !pending_.empty(); ++round) {
      if (round == 1000) GiveUp();
      BeginRound();
      if (later_in_blocks) {
        RedrawBlocks(outside);
      } else {
        for (int64_t k = 0; k < n_; ++k) {
          const T value = static_cast<T>(std::fma(NextNormal(mt_), std_, mean_));
          Sift(k + 1, [&](int64_t) { return outside(values_[k] = value); });
        }
      }
      EndRound();
    }
  }

  template <typename Outside>
  void RedrawBlocks(Outside&& outside) {
    T fresh[kChunk];
    const int64_t tail = n_ % kBlock == 0 ? n_ : n_ - kBlock;  // what lies behind is drawn twice
    DrawBlocks<T>(
        mt_, n_, kChunk, [&](int64_t) { return fresh; },
        [&](int64_t begin, int64_t count) {
          const int64_t end = begin == tail ? n_ : std::min(begin + count, tail);
          int64_t transformed = begin;
          Sift(end, [&](int64_t k) {
            if (k >= transformed) {
              const int64_t block = begin + (k - begin) / kBlock * kBlock;
              TransformBlocks(fresh + (block - begin), kBlock, mean_, std_);
              transformed = block + kBlock;
            }
            return outside(values_[k] = fresh[k - begin]);
          });
        });
  }

  void FromUniforms() {
    const double mode = std::max(a_, std::min(mean_, b_));
    const double depth = (mode - mean_) / std_;
    const T log_peak = static_cast<T>(-0.5 * (depth * depth));
    // About what share of proposals is accepted: the density falls off within a standard deviation, faster in the tails.
    const double share = 1.0 / std::max(1.0, (b_ - a_) / std_ * std::max(1.0, std::abs(depth)));
    const double n = static_cast<double>(n_);
    if (2 * n * (std::log(n + 1) + 1) / share > kMaxDraws || b_ < a_) GiveUp();

    const T low = static_cast<T>(a_);
    const T high = static_cast<T>(b_);
    const T mean = static_cast<T>(mean_);
    const T std = static_cast<T>(std_);
    const auto rejects = [&](T candidate, T uniform) {
      const T z = (candidate - mean) / std;
      return std::log(uniform) > z * z * static_cast<T>(-0.5) - log_peak;
    };
    DrawUniforms(mt_, values_, n_, low, high);
    ForEachUniform(0, 1, [&](int64_t begin, int64_t count, const T* uniforms) {
      for (int64_t i = 0; i < count; ++i) {
        if (rejects(values_[begin + i], uniforms[i])) pending_.push_back(begin + i);
      }
    });
    while (!pending_.empty()) {
      BeginRound();
      ForEachUniform(low, high, [&](int64_t begin, int64_t count, const T* candidates) {
        Sift(begin + count, [&](int64_t k) {
          values_[k] = candidates[k - begin];
          return true;
        });
      });
      BeginRound();
      ForEachUniform(0, 1, [&](int64_t begin, int64_t count, const T* uniforms) {
        Sift(begin + count, [&](int64_t k) { return rejects(values_[k], uniforms[k - begin]); });
      });
      EndRound();
    }
  }

  // Uniforms for all elements, some at a time: use(begin, count, uniforms).
  template <typename Use>
  void ForEachUniform(T low, T high, Use&& use) {
    T uniforms[kChunk];
    for (int64_t begin = 0; begin < n_; begin += kChunk) {
      const int64_t count = std::min(kChunk, n_ - begin);
      DrawUniforms(mt_, uniforms, count, low, high);
      use(begin, count, uniforms);
    }
  }

  Mt19937& mt_;
  double mean_, std_, a_, b_;
  int64_t n_ = 0;
  T* values_ = nullptr;
  // Elements without an accepted value, in order; where a round has got to, and how many it leaves pending so far.
  std::vector<int64_t> pending_;
  size_t next_ = 0;
  size_t left_ = 0;
};

}  // namespace

void TruncNormal(const Plan& plan) {
  VisitFloat(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) { TruncatedNormal<T>(mt, plan.params).Fill(plan.views[0]); });
  });
}

}  // namespace evenkeel::mt
