// Whether the sizes of a plan's views are those that the kernel's signature asks for. A part of native/guard.cc.
#pragma once

#include "kernel.h"

namespace evenkeel {

// For kernels of Relation::kSignature; kernel.h says what a signature is.
bool FitsSignature(const Plan& plan);

}  // namespace evenkeel
