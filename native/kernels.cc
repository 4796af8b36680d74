#include "kernels.h"

namespace evenkeel {

const Kernel kKernels[] = {
#define KERNEL(name, relation, views, params, dtypes, function) \
  {#name, Relation::relation, views, params, dtypes, true, function},
#define CASTING_KERNEL(name, relation, views, params, dtypes, function) \
  {#name, Relation::relation, views, params, dtypes, false, function},
#include "kernels.def"
};

const int kNumKernels = sizeof(kKernels) / sizeof(kKernels[0]);

}  // namespace evenkeel
