// Which instruction set the kernels run on.
#pragma once

#include <string>
#include <vector>

namespace evenkeel::simd {

// Names of the targets that are in this build and that this CPU runs, best first: "avx3", "avx2", "sse4", "ssse3", ...
std::vector<std::string> SupportedTargets();

// The one in use.
std::string CurrentTarget();

// Restricts dispatch to one of SupportedTargets(). Throws std::invalid_argument, with the choices, for any other name.
// Call it before the first kernel, or again at any time when no kernel runs.
void ForceTarget(const std::string& name);

}  // namespace evenkeel::simd
