// The statistics of a layer's signals.
#include <algorithm>
#include <vector>

#include "guard.h"
#include "kernels.h"
#include "parallel.h"
#include "simd/signal.h"

namespace evenkeel {

// Ranges of units with sums of their own: as many whatever the thread count, so that the result does not depend on it.
void SignalStatistics(const Plan& plan) {
  using simd::kSignalNumbers;
  constexpr size_t kMostRanges = 32;
  constexpr size_t kLeastUnits = 4096;
  const View& out = plan.views[0];
  const View& x = plan.views[1];
  if (out.dtype != DType::kFloat64 || out.shape[1] != static_cast<int64_t>(kSignalNumbers)) {
    throw PlanError("signal_statistics: expected an output of float64 [inputs, 25]");
  }
  const auto inputs = static_cast<size_t>(x.shape[0]);
  const auto units = static_cast<size_t>(x.shape[1]);
  const size_t length = std::max(kLeastUnits, (units + kMostRanges - 1) / kMostRanges);
  const size_t ranges = (units + length - 1) / length;
  const size_t numbers = inputs * kSignalNumbers;
  std::vector<double> parts(std::max<size_t>(ranges, 1) * numbers);
  ParallelFor(static_cast<int64_t>(ranges), 1, [&](int64_t first, int64_t last) {
    for (auto r = static_cast<size_t>(first); r < static_cast<size_t>(last); ++r) {
      const simd::SignalRange range = {inputs, units, r * length, std::min(units, (r + 1) * length), plan.params};
      simd::AddSignalStatistics(x.dtype, x.data, range, parts.data() + r * numbers);
    }
  });
  for (size_t r = 1; r < ranges; ++r) {
    const double* part = parts.data() + r * numbers;
    for (size_t i = 0; i < numbers; ++i) {
      if (i % kSignalNumbers == simd::kSignalLargest) {
        parts[i] = std::max(parts[i], part[i]);
      } else {
        parts[i] += part[i];
      }
    }
  }
  std::copy_n(parts.data(), numbers, out.As<double>());
}

}  // namespace evenkeel
