// Every comparison here decides something: scripts/mutate-guard.mjs breaks them one at a time and expects the tests to
// notice. Loops end with != for that reason: with < there would be a second way to write the same loop.
#include "guard.h"

#include <algorithm>
#include <utility>

#include "guard_signature.h"
#include "rng/mt19937.h"

namespace evenkeel {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

[[noreturn]] void Fail(const char* what) { throw PlanError(std::string("invalid plan: ") + what); }

void Require(bool condition, const char* what) {
  if (!condition) Fail(what);
}

// Reads a plan's words in order, each of them once: another thread may be writing to shared memory.
class Reader {
 public:
  Reader(const double* words, size_t count) : words_(words), count_(count) {}

  double Next() {
    Require(next_ != count_, "too few words");
    return static_cast<const volatile double*>(words_)[next_++];
  }

  // A whole number from 0 to `limit`. The comparison is written so that NaN fails it.
  int64_t NextInteger(double limit, const char* what) {
    const double value = Next();
    Require(value >= 0 && value <= limit, what);
    const int64_t integer = static_cast<int64_t>(value);
    Require(static_cast<double>(integer) == value, what);
    return integer;
  }

  bool Done() const { return next_ == count_; }

 private:
  const double* words_;
  size_t count_;
  size_t next_ = 0;
};

bool IsEmpty(const View& view) {
  for (int d = 0; d != view.ndim; ++d) {
    if (view.shape[d] == 0) return true;
  }
  return false;
}

// How far the view's last element lies from its first. Sizes are below 2^53 and dimensions few, so 128 bits cannot
// overflow.
unsigned __int128 Reach(const View& view) {
  unsigned __int128 reach = 0;
  for (int d = 0; d != view.ndim; ++d) {
    reach += static_cast<unsigned __int128>(view.shape[d] - 1) * static_cast<unsigned __int128>(view.strides[d]);
  }
  return reach;
}

// Kernels count elements in int64_t, and a view of stride 0 can claim more than fits. In an empty view the product of the
// other sizes must fit as well: kernels form products of some of the sizes.
void RequireCountable(const View& view) {
  unsigned __int128 count = 1;
  for (int d = 0; d != view.ndim; ++d) {
    if (view.shape[d] != 0) count *= static_cast<unsigned __int128>(view.shape[d]);
    Require(count <= static_cast<unsigned __int128>(kMaxSafeInteger), "too many elements");
  }
}

// Into a view of a plan, where only the dimensions that there are get a size: clearing it all takes longer than small kernels.
void ReadView(Reader& reader, const Buffer& buffer, View& view) {
  view.dtype = static_cast<DType>(reader.NextInteger(kNumDTypes - 1, "unknown dtype"));
  Require(StorageOf(view.dtype) == buffer.storage, "dtype differs from the typed array's");
  view.ndim = static_cast<int>(reader.NextInteger(kMaxDims, "too many dimensions"));
  const int64_t offset = reader.NextInteger(kMaxSafeInteger, "offset");
  for (int d = 0; d != view.ndim; ++d) view.shape[d] = reader.NextInteger(kMaxSafeInteger, "size");
  for (int d = 0; d != view.ndim; ++d) view.strides[d] = reader.NextInteger(kMaxSafeInteger, "stride");
  RequireCountable(view);
  if (IsEmpty(view)) {
    // It may lie anywhere, with any strides; kernels see it at its array's start, with strides that cannot overflow.
    view.data = buffer.data;
    for (int64_t& stride : view.strides) stride = 0;
    return;
  }
  Require(Reach(view) + static_cast<unsigned __int128>(offset) < buffer.length, "view reaches outside its typed array");
  view.data = static_cast<char*>(buffer.data) + offset * static_cast<int64_t>(SizeOf(view.dtype));
}

// Half of a whole number: IntegerScalar puts two together.
double ReadScalarWord(Reader& reader) {
  return static_cast<double>(reader.NextInteger(4294967295.0, "scalar is not two words"));
}

void RequireDims(const View& view, int ndim) { Require(view.ndim == ndim, "wrong number of dimensions"); }

void RequireSize(const View& view, int dim, int64_t size) {
  Require(view.shape[dim] == size, "sizes do not match");
}

// Writers assume that no two indices of an output share an element; a stride of 0 is the case that reaches here.
void RequireWritable(const View& view) {
  if (IsEmpty(view)) return;
  for (int d = 0; d != view.ndim; ++d) {
    if (view.shape[d] != 1) Require(view.strides[d] != 0, "output elements overlap");
  }
}

bool IsContiguous(const View& view) {
  if (IsEmpty(view)) return true;
  int64_t expected = 1;
  for (int d = view.ndim; d-- != 0;) {
    if (view.shape[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}

void RequireContiguous(const View& view) { Require(IsContiguous(view), "view is not contiguous"); }

// Of a matrix.
View Transposed(View view) {
  std::swap(view.shape[0], view.shape[1]);
  std::swap(view.strides[0], view.strides[1]);
  return view;
}

void CheckSameShape(const Plan& plan) {
  const View& out = plan.views[0];
  for (int v = 1; v != plan.kernel->num_views; ++v) {
    RequireDims(plan.views[v], out.ndim);
    for (int d = 0; d != out.ndim; ++d) RequireSize(plan.views[v], d, out.shape[d]);
  }
}

void CheckReduce(const Plan& plan) {
  const View& out = plan.views[0];
  const View& in = plan.views[1];
  RequireDims(in, out.ndim);
  for (int d = 0; d != out.ndim; ++d) {
    if (out.shape[d] != 1) RequireSize(in, d, out.shape[d]);
  }
}

// Views of the same dimensions, of which all but the last have the same sizes, and that of view 1 is view `like`'s.
void CheckIndexed(const Plan& plan, int like) {
  const View& index = plan.views[1];
  Require(index.ndim != 0, "an index needs a dimension");
  for (int v = 0; v != 3; ++v) {
    RequireDims(plan.views[v], index.ndim);
    for (int d = 0; d != index.ndim - 1; ++d) RequireSize(plan.views[v], d, index.shape[d]);
  }
  RequireSize(plan.views[like], index.ndim - 1, index.shape[index.ndim - 1]);
}

void CheckGemm(const Plan& plan) {
  const View& out = plan.views[0];
  const View& a = plan.views[1];
  const View& b = plan.views[2];
  RequireDims(out, 2);
  RequireDims(a, 2);
  RequireDims(b, 2);
  RequireSize(a, 0, out.shape[0]);
  RequireSize(b, 1, out.shape[1]);
  RequireSize(b, 0, a.shape[1]);
}

// A kernel's fourth view, if it has one: a number for each of `size` channels.
void CheckBias(const Plan& plan, int64_t size) {
  if (plan.kernel->num_views != 4) return;
  RequireDims(plan.views[3], 1);
  RequireContiguous(plan.views[3]);
  RequireSize(plan.views[3], 0, size);
}

void CheckLinear(const Plan& plan) {
  const View& out = plan.views[0];
  const View& x = plan.views[1];
  const View& w = plan.views[2];
  RequireDims(out, 2);
  RequireDims(x, 2);
  RequireDims(w, 2);
  RequireSize(x, 0, out.shape[0]);
  RequireSize(w, 0, out.shape[1]);
  RequireSize(w, 1, x.shape[1]);
  CheckBias(plan, out.shape[1]);
}

// `out`, `x` and `w` say which view is which.
void CheckConv2d(const Plan& plan, int out_view, int x_view, int w_view) {
  const View& out = plan.views[out_view];
  const View& x = plan.views[x_view];
  const View& w = plan.views[w_view];
  for (int v = 0; v != 3; ++v) {
    RequireDims(plan.views[v], 4);
    RequireContiguous(plan.views[v]);
  }
  // Stride, padding and dilation only decide which elements of x are met, and the kernels skip those outside; they must
  // merely keep index arithmetic within int64_t.
  for (int p = 0; p != 7; ++p) {
    Require(plan.params[p] >= 0 && plan.params[p] <= 2147483647.0, "convolution parameter out of range");
  }
  const int64_t groups = static_cast<int64_t>(plan.params[6]);
  Require(groups != 0, "groups");
  Require(out.shape[1] % groups == 0, "output channels not divisible by groups");
  for (int d = 1; d != 4; ++d) {
    Require(w.shape[d] <= 2147483647 && out.shape[d] <= 2147483647, "convolution too large");
  }
  RequireSize(x, 0, out.shape[0]);
  RequireSize(w, 0, out.shape[1]);
  // Both below 2^31, so the product fits.
  RequireSize(x, 1, w.shape[1] * groups);
  CheckBias(plan, plan.views[0].shape[1]);
}

// Windows only decide which elements are met, and the kernels skip those outside; `params` must merely keep index arithmetic
// within int64_t, and kernels from looking at one place for ever.
void CheckWindows(const Plan& plan, int params) {
  for (int p = 0; p != params; ++p) {
    Require(plan.params[p] >= 0 && plan.params[p] <= 2147483647.0, "pooling parameter out of range");
  }
}

// Maps of the same images and channels, [N, C, any, any].
void CheckPlanes(const Plan& plan) {
  for (int v = 0; v != plan.kernel->num_views; ++v) {
    RequireDims(plan.views[v], 4);
    RequireContiguous(plan.views[v]);
    RequireSize(plan.views[v], 0, plan.views[0].shape[0]);
    RequireSize(plan.views[v], 1, plan.views[0].shape[1]);
    Require(plan.views[v].shape[2] <= 2147483647 && plan.views[v].shape[3] <= 2147483647, "image too large");
  }
}

// One index for each output; the dtype of the other two is one.
void CheckMaxPool(const Plan& plan, const View& out, const View& indices) {
  CheckPlanes(plan);
  RequireSize(indices, 2, out.shape[2]);
  RequireSize(indices, 3, out.shape[3]);
}

// Maps of the same images and channels, [N, any, any, C].
void CheckPixels(const Plan& plan) {
  for (int v = 0; v != plan.kernel->num_views; ++v) {
    RequireDims(plan.views[v], 4);
    RequireContiguous(plan.views[v]);
    RequireSize(plan.views[v], 0, plan.views[0].shape[0]);
    RequireSize(plan.views[v], 3, plan.views[0].shape[3]);
    Require(plan.views[v].shape[1] <= 2147483647 && plan.views[v].shape[2] <= 2147483647, "image too large");
  }
}

void CheckOfRows(const Plan& plan) {
  const View& out = plan.views[0];
  const View& in = plan.views[1];
  RequireDims(out, 2);
  RequireDims(in, 2);
  RequireSize(out, 0, in.shape[0]);
  RequireContiguous(out);
  RequireContiguous(in);
}

void CheckQr(const Plan& plan) {
  const View& q = plan.views[0];
  const View& r = plan.views[1];
  RequireDims(q, 2);
  RequireDims(r, 2);
  Require(q.shape[0] >= q.shape[1], "more columns than rows");
  RequireSize(r, 0, q.shape[1]);
  RequireSize(r, 1, q.shape[1]);
  RequireContiguous(r);
  RequireContiguous(Transposed(q));
}

void CheckSvd(const Plan& plan) {
  const View& s = plan.views[0];
  const View& a = plan.views[1];
  RequireDims(s, 1);
  RequireDims(a, 2);
  RequireSize(s, 0, std::min(a.shape[0], a.shape[1]));
  for (int v = 0; v != plan.kernel->num_views; ++v) RequireContiguous(plan.views[v]);
  if (plan.kernel->num_views == 2) return;
  const View& u = plan.views[2];
  const View& vt = plan.views[3];
  RequireDims(u, 2);
  RequireDims(vt, 2);
  RequireSize(u, 0, a.shape[0]);
  RequireSize(u, 1, s.shape[0]);
  RequireSize(vt, 0, s.shape[0]);
  RequireSize(vt, 1, a.shape[1]);
}

void CheckSolveUpper(const Plan& plan) {
  const View& x = plan.views[0];
  const View& upper = plan.views[1];
  RequireDims(x, 2);
  RequireDims(upper, 2);
  RequireSize(upper, 0, x.shape[0]);
  RequireSize(upper, 1, x.shape[0]);
  RequireContiguous(upper);
  Require(IsContiguous(x) || IsContiguous(Transposed(x)), "view is not contiguous");
}

// The weight's elements, which are counted but not there.
void CheckRandomLinear(const Plan& plan) {
  const View& out = plan.views[0];
  const View& x = plan.views[1];
  RequireDims(out, 2);
  RequireDims(x, 2);
  RequireContiguous(out);
  RequireContiguous(x);
  RequireSize(x, 0, out.shape[0]);
  const auto count = static_cast<unsigned __int128>(out.shape[1]) * static_cast<unsigned __int128>(x.shape[1]);
  Require(count <= static_cast<unsigned __int128>(kMaxSafeInteger), "too many elements");
}

// The dtypes that a view before the last one may have.
unsigned AllowedDTypes(const Kernel& kernel, int view, DType last) {
  switch (kernel.typing) {
    case Typing::kEach:
      return kernel.dtypes;
    case Typing::kToBool:
      if (view == 0) return Bit(DType::kBool);
      break;
    case Typing::kToInt64:
      return Bit(DType::kInt64);
    case Typing::kToFloat64:
      if (view == 0) return Bit(DType::kFloat64);
      break;
    case Typing::kToSum:
      if (IsIn(kIntegers, last)) return Bit(DType::kInt64);
      break;
    case Typing::kCondition:
      if (view == 1) return Bit(DType::kBool);
      break;
    case Typing::kIndex:
      if (view == 1) return Bit(DType::kInt64);
      break;
    case Typing::kOne:
      break;
  }
  return Bit(last);
}

void CheckDTypes(const Plan& plan) {
  const Kernel& kernel = *plan.kernel;
  const int last = kernel.num_views - 1;
  const DType dtype = plan.views[last].dtype;
  // A generator's state comes last.
  const bool state = kernel.relation == Relation::kGenerator;
  Require(IsIn(state ? kWords : kernel.dtypes, dtype), "dtype not supported by this kernel");
  for (int v = 0; v != last; ++v) {
    Require(IsIn(AllowedDTypes(kernel, v, dtype), plan.views[v].dtype), "dtypes do not fit together");
  }
}

void CheckGenerator(const Plan& plan) {
  const View& state = plan.views[plan.kernel->num_views - 1];
  RequireDims(state, 1);
  RequireSize(state, 0, Mt19937::kWords);
  RequireContiguous(state);
}

void CheckRelation(const Plan& plan) {
  switch (plan.kernel->relation) {
    case Relation::kSameShape:
      return CheckSameShape(plan);
    case Relation::kReduce:
      return CheckReduce(plan);
    case Relation::kGather:
      return CheckIndexed(plan, 0);
    case Relation::kScatter:
      return CheckIndexed(plan, 2);
    case Relation::kGemm:
      return CheckGemm(plan);
    case Relation::kLinear:
      return CheckLinear(plan);
    case Relation::kConv2d:
      return CheckConv2d(plan, 0, 1, 2);
    case Relation::kConv2dInput:
      CheckConv2d(plan, 1, 0, 2);
      // The kernel divides by it.
      return Require(plan.params[0] >= 1 && plan.params[1] >= 1, "stride");
    case Relation::kConv2dWeight:
      return CheckConv2d(plan, 2, 1, 0);
    case Relation::kMaxPool:
      CheckMaxPool(plan, plan.views[0], plan.views[1]);
      CheckWindows(plan, 8);
      return Require(plan.params[6] >= 1 && plan.params[7] >= 1, "dilation");
    case Relation::kMaxPoolBackward:
      return CheckMaxPool(plan, plan.views[2], plan.views[1]);
    case Relation::kAvgPool:
      CheckPlanes(plan);
      return CheckWindows(plan, 6);
    case Relation::kPoolNhwc:
      CheckPixels(plan);
      return CheckWindows(plan, 6);
    case Relation::kPoolNhwcBackward:
      CheckPixels(plan);
      for (const int d : {1, 2}) RequireSize(plan.views[1], d, plan.views[0].shape[d]);
      return CheckWindows(plan, 6);
    case Relation::kOfRows:
      return CheckOfRows(plan);
    case Relation::kQr:
      return CheckQr(plan);
    case Relation::kSvd:
      return CheckSvd(plan);
    case Relation::kSolveUpper:
      return CheckSolveUpper(plan);
    case Relation::kRandomLinear:
      return CheckRandomLinear(plan);
    case Relation::kSignature:
      return Require(FitsSignature(plan), "views do not fit the kernel's signature");
    case Relation::kGenerator:
      return CheckGenerator(plan);
  }
}

}  // namespace

Plan DecodePlan(const double* words, size_t capacity, const Buffer* buffers, size_t num_buffers) {
  Require(capacity != 0, "no words");
  const int64_t used = Reader(words, 1).NextInteger(static_cast<double>(capacity), "word count");
  Reader reader(words, static_cast<size_t>(used));
  reader.Next();
  Plan plan;
  for (double& param : plan.params) param = 0;
  plan.kernel = &kKernels[reader.NextInteger(kNumKernels - 1, "unknown kernel")];
  const Kernel& kernel = *plan.kernel;
  Require(num_buffers == static_cast<size_t>(kernel.num_views), "wrong number of typed arrays");
  for (int v = 0; v != kernel.num_views; ++v) ReadView(reader, buffers[v], plan.views[v]);
  CheckDTypes(plan);
  if (kernel.scalars && IsIn(kIntegers, plan.views[kernel.num_views - 1].dtype)) {
    for (int p = 0; p != 2 * kernel.num_params; ++p) plan.params[p] = ReadScalarWord(reader);
  } else {
    for (int p = 0; p != kernel.num_params; ++p) plan.params[p] = reader.Next();
  }
  Require(reader.Done(), "too many words");
  RequireWritable(plan.views[0]);
  CheckRelation(plan);
  return plan;
}

}  // namespace evenkeel
