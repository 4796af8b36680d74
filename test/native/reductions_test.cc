// Reductions over all sets of dimensions, against sums in long double.
#include <functional>
#include <map>

#include "kernel_tests.h"

namespace evenkeel {
namespace {

double Power(const Numbers& x, double p) {
  long double sum = 0;
  for (const double value : x) sum += std::pow(std::abs(value), p);
  return static_cast<double>(std::pow(sum, 1 / static_cast<long double>(p)));
}

double SumOf(const Numbers& x) {
  long double sum = 0;
  for (const double value : x) sum += value;
  return static_cast<double>(sum);
}

double MeanOf(const Numbers& x) { return SumOf(x) / static_cast<double>(x.size()); }

double VarianceOf(const Numbers& x, double correction) {
  long double squares = 0;
  const double mean = MeanOf(x);
  for (const double value : x) squares += (value - mean) * (value - mean);
  return static_cast<double>(squares) / std::max(0.0, static_cast<double>(x.size()) - correction);
}

double ExtremeOf(const Numbers& x, double sign) {
  double best = -kInfinity;
  for (const double value : x) {
    if (std::isnan(value)) return value;
    best = std::max(best, sign * value);
  }
  return sign * best;
}

double NormOf(const Numbers& x, double p) {
  Numbers magnitudes;
  double different = 0;
  for (const double value : x) {
    magnitudes.push_back(std::abs(value));
    if (value != 0) ++different;
  }
  if (p == 0) return different;
  if (std::isinf(p)) return ExtremeOf(magnitudes, p > 0 ? 1 : -1);
  return Power(x, p);
}

struct Fold {
  // The parameters to try.
  std::vector<Numbers> params;
  std::function<double(const Numbers& x, const Numbers& p)> of;
};

const std::map<std::string, Fold>& Folds() {
  using N = const Numbers&;
  static const std::map<std::string, Fold> folds = {
      {"sum", {{{}}, [](N x, N) { return SumOf(x); }}},
      {"mean", {{{}}, [](N x, N) { return MeanOf(x); }}},
      {"var", {{{0}, {1}, {3}}, [](N x, N p) { return VarianceOf(x, p[0]); }}},
      {"std", {{{0}, {1}}, [](N x, N p) { return std::sqrt(VarianceOf(x, p[0])); }}},
      {"min", {{{}}, [](N x, N) { return ExtremeOf(x, -1); }}},
      {"max", {{{}}, [](N x, N) { return ExtremeOf(x, 1); }}},
      {"norm", {{{2}, {1}, {0}, {3}, {kInfinity}, {-kInfinity}}, [](N x, N p) { return NormOf(x, p[0]); }}},
  };
  return folds;
}

const References references = References::Of(Folds());

// `mask` has bit d set where dimension d goes.
template <typename T>
void CheckFold(const std::string& name, const Fold& fold, const Sizes& shape, unsigned mask, Layout out_layout,
               Layout in_layout) {
  Sizes out_shape = shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (mask >> d & 1) out_shape[d] = 1;
  }
  Array<T> in(shape, in_layout);
  in.Fill([&](size_t i) { return i == 23 && (name == "min" || name == "max") ? kNaN : i % 11 == 5 ? 0 : Scrambled(i); });
  // Which elements belong to which output: count through the shape.
  std::vector<Numbers> groups(static_cast<size_t>(Count(out_shape)));
  Sizes index(shape.size());
  for (size_t i = 0; i < in.size(); ++i) {
    int64_t group = 0;
    for (size_t d = 0; d < shape.size(); ++d) group = group * out_shape[d] + (out_shape[d] == 1 ? 0 : index[d]);
    groups[static_cast<size_t>(group)].push_back(static_cast<double>(in[i]));
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  for (const Numbers& params : fold.params) {
    Array<T> out(out_shape, out_layout);
    out.Fill([](size_t i) { return 1000.0 + static_cast<double>(i); });
    const std::vector<T> gaps = out.Gaps();
    RunKernel(name, {out.view(), in.view()}, params);
    for (size_t i = 0; i < out.size(); ++i) {
      const double want = static_cast<double>(static_cast<T>(fold.of(groups[i], params)));
      ASSERT_TRUE(Near(static_cast<double>(out[i]), want, std::max(2 * kEpsilon<T>, 1e-12)))
          << name << " to " << Describe(out_shape) << ", element " << i
          << (params.empty() ? "" : ", parameter " + std::to_string(params[0]));
    }
    ASSERT_TRUE(SameBits(out.Gaps(), gaps));
  }
}

TEST_P(OnTarget, Reductions) {
  SetNumThreads(3);
  for (const auto& [name, fold] : Folds()) {
    SCOPED_TRACE(name);
    for (const Sizes& shape : kShapes) {
      SCOPED_TRACE(Describe(shape));
      // All sets of dimensions of small shapes, some of large ones.
      const unsigned all = 1u << shape.size();
      for (unsigned mask = 0; mask < all; mask += shape.size() > 4 ? 37 : 1) {
        size_t i = mask;
        for (const Layout in : kInputLayouts) {
          const Layout out = kOutputLayouts[i++ % std::size(kOutputLayouts)];
          CheckFold<float>(name, fold, shape, mask, out, in);
          CheckFold<double>(name, fold, shape, mask, out, in);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(OnTarget, LargeReductions) {
  SetNumThreads(3);
  for (const auto& [name, fold] : Folds()) {
    SCOPED_TRACE(name);
    const Fold first = {{fold.params[0]}, fold.of};
    // In parts; rows and columns on several threads; more columns than fit the accumulators.
    CheckFold<float>(name, first, {200003}, 1, Layout::kDense, Layout::kDense);
    CheckFold<double>(name, first, {140001}, 1, Layout::kDense, Layout::kGapped);
    CheckFold<float>(name, first, {70, 1200}, 1, Layout::kDense, Layout::kDense);
    CheckFold<float>(name, first, {70, 1200}, 2, Layout::kGapped, Layout::kPadded);
    CheckFold<double>(name, first, {1200, 70}, 1, Layout::kDense, Layout::kReversed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace evenkeel
