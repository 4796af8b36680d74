// What a kernel receives (Plan, View) and the registry built from kernels.def.
#pragma once

#include <cstdint>

#include "dtype.h"

namespace evenkeel {

constexpr int kMaxDims = 8;
constexpr int kMaxViews = 4;
constexpr int kMaxParams = 12;

// A strided window on a typed array. `data` points at the view's first element; strides count elements and are never
// negative. Every element that (shape, strides) can reach lies inside the typed array: native/guard.cc has checked it.
struct View {
  void* data;
  DType dtype;
  int ndim;
  int64_t shape[kMaxDims];
  int64_t strides[kMaxDims];

  template <typename T>
  T* As() const {
    return static_cast<T*>(data);
  }
  int64_t NumElements() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= shape[d];
    return n;
  }
};

struct Kernel;

// One call: views[0] is the output, the inputs follow.
struct Plan {
  const Kernel* kernel;
  View views[kMaxViews];
  double params[kMaxParams];
};

// How the shapes of a kernel's views must fit together for it to stay in bounds.
enum class Relation : uint8_t {
  kSameShape,  // every view has the output's shape
  kReduce,     // views: out, in; out has in's shape with 1 in the reduced dimensions
  kGather,     // out [..., k], index [..., k], in [..., n]
  kScatter,    // out [..., n], index [..., k], source [..., k]
  kGemm,       // out [m, n], a [m, k], b [k, n]
  kLinear,     // out [m, n], x [m, k], w [n, k], perhaps bias [n]
  kConv2d,     // out [N, Co, Ho, Wo], x [N, Ci, H, W], w [Co, Ci / groups, kh, kw], perhaps bias [Co], all contiguous;
               // params[6] = groups
  kConv2dInput,   // the same: grad_x in the place of x, grad_out, w, perhaps bias [Ci]
  kConv2dWeight,  // the same: grad_w in the place of w, x, grad_out
  kMaxPool,          // out [N, C, Ho, Wo], int64 indices like out, x [N, C, H, W], all contiguous
  kMaxPoolBackward,  // grad_x [N, C, H, W], int64 indices like grad_out, grad_out [N, C, Ho, Wo], all contiguous
  kAvgPool,          // out [N, C, Ho, Wo], x [N, C, H, W], all contiguous; or the gradient of x, that of out
  kPoolNhwc,          // out [N, Ho, Wo, C], x [N, H, W, C], both contiguous; or the gradient of x, that of out
  kPoolNhwcBackward,  // grad_x [N, H, W, C], x like it, grad_out [N, Ho, Wo, C], all contiguous
  kOfRows,     // out [b, k], in [b, n]; all contiguous
  kQr,         // a [m, n] with m >= n in column-major order (A on entry, Q on exit), r [n, n]
  kSvd,        // s [k], a [m, n], k = min(m, n), perhaps u [m, k] and vt [k, n]; all contiguous
  kSolveUpper, // x [n, c], contiguous or the transpose of what is, upper [n, n], contiguous
  kRandomLinear,  // out [m, n], x [m, k], both contiguous; n k elements of a fill
  kSignature,  // as the kernel's signature says: see Kernel
  kGenerator,  // the last view is the state of an mt19937 generator, as rng/mt19937.h lays it out
};

// Which dtypes the views of one call may have together. The last view has any of the kernel's `dtypes`.
enum class Typing : uint8_t {
  kOne,        // all views have the last one's
  kEach,       // each has any of the kernel's
  kToBool,     // the output is bool; the others have the last one's
  kToInt64,    // the output is int64 whatever the input
  kToFloat64,  // the output is float64 whatever the input
  kToSum,      // the output is int64 where the input's are whole numbers, else has the input's dtype
  kCondition,  // view 1 is bool; the others have the last one's
  kIndex,      // view 1 is int64; the others have the last one's
};

using KernelFunction = void (*)(const Plan&);

struct Kernel {
  const char* name;
  Relation relation;
  Typing typing;
  int num_views;
  int num_params;
  bool scalars;     // whether params are elements: see IntegerScalar
  unsigned dtypes;  // set of Bit(DType) that views may have (but for a generator's state: kWords)
  KernelFunction function;
  // Of Relation::kSignature: the sizes of each view, a letter for each dimension and a blank between views. Equal letters are
  // equal sizes, 1 is one, and p is a vector without gaps of the m (m + 1) / 2 elements of a packed triangle.
  const char* signature;
};

// Scalar i of a call whose last view holds whole numbers: two words each in `params`, the high and the low 32 bits of the
// two's complement, because doubles carry whole numbers to 2^53 only. Floats take one number each.
inline int64_t IntegerScalar(const double* params, int i) {
  const auto high = static_cast<uint64_t>(params[2 * i]);
  return static_cast<int64_t>(high << 32 | static_cast<uint64_t>(params[2 * i + 1]));
}

extern const Kernel kKernels[];
extern const int kNumKernels;

}  // namespace evenkeel
