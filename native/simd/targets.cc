#include "simd/targets.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/targets.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::simd {
namespace HWY_NAMESPACE {
int64_t Target() { return HWY_TARGET; }
}  // namespace HWY_NAMESPACE
}  // namespace evenkeel::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::simd {

HWY_EXPORT(Target);

namespace {

std::string Name(int64_t target) {
  std::string name = hwy::TargetName(target);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

}  // namespace

std::vector<std::string> SupportedTargets() {
  std::vector<std::string> names;
  hwy::SetSupportedTargetsForTest(0);
  // A lower bit is a better target.
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
    names.push_back(Name(left & -left));
  }
  return names;
}

std::string CurrentTarget() { return Name(HWY_DYNAMIC_DISPATCH(Target)()); }

void ForceTarget(const std::string& name) {
  hwy::SetSupportedTargetsForTest(0);
  std::string choices;
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
    const int64_t target = left & -left;
    if (Name(target) == name) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(target);
      return;
    }
    choices += (choices.empty() ? "" : ", ") + Name(target);
  }
  throw std::invalid_argument("SIMD target '" + name + "' is not available here; choose from " + choices);
}

}  // namespace evenkeel::simd
#endif  // HWY_ONCE
