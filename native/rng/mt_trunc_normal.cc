// torch 2.15's truncated normals: rejection sampling, to the last bit but for a logarithm, for which torch takes MKL's. That
// one is only compared with, so that nothing but a near-tie could be decided differently.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels.h"
#include "rng/mt_fills.h"

namespace evenkeel::mt {
namespace {

// Proposals for all elements are drawn again and again, until each has had one that was accepted. Only those of pending
// elements are worked out here.
template <typename T>
class TruncatedNormal {
 public:
  using M = Made<T>;

  TruncatedNormal(Mt19937& mt, const double* params)
      : mt_(mt), mean_(params[0]), std_(params[1]), a_(params[2]), b_(params[3]) {
    // Comparisons with NaN would never end the rejection.
    for (int p = 0; p < 4; ++p) {
      if (!std::isfinite(params[p])) throw std::invalid_argument("truncated normal: parameters must be finite");
    }
  }

  void Fill(const View& view) {
    const InMemoryOrder<T> order(view);
    n_ = order.size();
    const bool in_place = order.array() != nullptr;
    std::vector<M> elsewhere(in_place ? 0 : static_cast<size_t>(n_));
    values_ = in_place ? order.array() : elsewhere.data();
    if (NormalCdf((b_ - mean_) / std_) - NormalCdf((a_ - mean_) / std_) > 0.3) {
      // torch draws again into a dense tensor whose dimensions are in the same order.
      const bool blocks = n_ >= kBlock && IsRowMajor(view);
      FromNormals(order.dense() && blocks, blocks);
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
      FillBlocks<T>(mt_, values_, n_, mean_, std_);
    } else {
      DrawNormals<T>(mt_, values_, n_, mean_, std_);
    }
    const M low = Rounded<T>(static_cast<M>(a_));
    const M high = Rounded<T>(static_cast<M>(b_));
    const auto outside = [&](M value) { return value < low || value > high; };
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
          M value;
          DrawNormals<T>(mt_, &value, 1, mean_, std_);
          Sift(k + 1, [&](int64_t) { return outside(values_[k] = value); });
        }
      }
      EndRound();
    }
  }

  template <typename Outside>
  void RedrawBlocks(Outside&& outside) {
    M fresh[kChunk];
    const int64_t tail = n_ % kBlock == 0 ? n_ : n_ - kBlock;  // what lies behind is drawn twice
    DrawBlocks<T>(
        mt_, n_, kChunk, [&](int64_t) { return fresh; },
        [&](int64_t begin, int64_t count) {
          const int64_t end = begin == tail ? n_ : std::min(begin + count, tail);
          int64_t transformed = begin;
          Sift(end, [&](int64_t k) {
            if (k >= transformed) {
              const int64_t block = begin + (k - begin) / kBlock * kBlock;
              TransformBlocks<T>(fresh + (block - begin), kBlock, mean_, std_);
              transformed = block + kBlock;
            }
            return outside(values_[k] = fresh[k - begin]);
          });
        });
  }

  void FromUniforms() {
    const double mode = std::max(a_, std::min(mean_, b_));
    const double depth = (mode - mean_) / std_;
    // About what share of proposals is accepted: the density falls off within a standard deviation, faster in the tails.
    const double share = 1.0 / std::max(1.0, (b_ - a_) / std_ * std::max(1.0, std::abs(depth)));
    const double n = static_cast<double>(n_);
    const double rounds = (std::log(n + 1) + 1) / share;
    if (2 * n * rounds > kMaxDraws || b_ < a_) GiveUp();

    const M low = static_cast<M>(a_);
    const M high = static_cast<M>(b_);
    // torch goes step by step through tensors of the dtype.
    const M mean = Rounded<T>(static_cast<M>(mean_));
    const M std = static_cast<M>(std_);
    const M log_peak = Rounded<T>(static_cast<M>(-0.5 * (depth * depth)));
    const auto rejects = [&](M candidate, M uniform) {
      const M z = Rounded<T>(Rounded<T>(candidate - mean) / std);
      const M log_density = Rounded<T>(Rounded<T>(Rounded<T>(z * z) * static_cast<M>(-0.5)) - log_peak);
      return Rounded<T>(std::log(uniform)) > log_density;
    };
    DrawUniforms<T>(mt_, values_, n_, low, high);
    ForEachUniform(0, 1, [&](int64_t begin, int64_t count, const M* uniforms) {
      for (int64_t i = 0; i < count; ++i) {
        if (rejects(values_[begin + i], uniforms[i])) pending_.push_back(begin + i);
      }
    });
    for (double round = 0; !pending_.empty(); ++round) {
      // The numbers that bounds and dtype allow may all be far less probable than that.
      if (round > 100 * rounds + 1e6 || 2 * n * round > kMaxDraws) GiveUp();
      BeginRound();
      ForEachUniform(low, high, [&](int64_t begin, int64_t count, const M* candidates) {
        Sift(begin + count, [&](int64_t k) {
          values_[k] = candidates[k - begin];
          return true;
        });
      });
      BeginRound();
      ForEachUniform(0, 1, [&](int64_t begin, int64_t count, const M* uniforms) {
        Sift(begin + count, [&](int64_t k) { return rejects(values_[k], uniforms[k - begin]); });
      });
      EndRound();
    }
  }

  // Uniforms for all elements, some at a time: use(begin, count, uniforms).
  template <typename Use>
  void ForEachUniform(M low, M high, Use&& use) {
    M uniforms[kChunk];
    for (int64_t begin = 0; begin < n_; begin += kChunk) {
      const int64_t count = std::min(kChunk, n_ - begin);
      DrawUniforms<T>(mt_, uniforms, count, low, high);
      use(begin, count, uniforms);
    }
  }

  Mt19937& mt_;
  double mean_, std_, a_, b_;
  int64_t n_ = 0;
  M* values_ = nullptr;
  // Elements without an accepted value, in order; where a round has got to, and how many it leaves pending so far.
  std::vector<int64_t> pending_;
  size_t next_ = 0;
  size_t left_ = 0;
};

}  // namespace

void TruncNormal(const Plan& plan) {
  VisitReal(plan.views[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Run(plan, [&](Mt19937& mt) { TruncatedNormal<T>(mt, plan.params).Fill(plan.views[0]); });
  });
}

}  // namespace evenkeel::mt
