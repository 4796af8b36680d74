#include "kernels.h"

namespace evenkeel {

const Kernel kKernels[] = {
#define TYPED_KERNEL(name, relation, typing, views, params, scalars, dtypes, function) \
  {#name, Relation::relation, Typing::typing, views, params, scalars, dtypes, function, nullptr},
#define BLAS_KERNEL(name, signature, typing, views, params, dtypes, function)                                     \
  {"blas_" #name, Relation::kSignature, Typing::typing, views, params, false, dtypes, blas::function, signature},
#include "kernels.def"
};

const int kNumKernels = sizeof(kKernels) / sizeof(kKernels[0]);

}  // namespace evenkeel
