// A fuzzer of the guard and the kernels behind it: whatever bytes make of a plan, it is refused or it stays in its buffers,
// which the address sanitizer watches. For libFuzzer, and with a main of its own for compilers without it (random bytes for
// the given number of seconds).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "blas.h"
#include "fuzz_memory.h"
#include "fuzz_shapes.h"
#include "guard.h"
#include "parallel.h"

namespace evenkeel {
namespace {

// Bytes one after another; zeros once they are used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint8_t Next() { return at_ < size_ ? data_[at_++] : 0; }
  uint8_t Below(uint8_t limit) { return static_cast<uint8_t>(Next() % limit); }
  bool OneIn(uint8_t n) { return Below(n) == 1; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

double OddNumber(Bytes& bytes) {
  constexpr double kOdd[] = {-1, 0.5, 2147483647.0, 2147483648.0, 4294967296.0, 9007199254740991.0, 1e300,
                             std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 631};
  const uint8_t choice = bytes.Next();
  return choice < std::size(kOdd) ? kOdd[choice] : choice % 16;
}

// Rejection sampling, which may not end.
bool IsTruncated(const Kernel& kernel) { return std::string(kernel.name) == "mt_trunc_normal"; }

// Kernels may take hours over elements that a view repeats, over windows that lie outside of an image, or over rejecting
// numbers; that is no error, but no use here.
bool IsEndless(const Plan& plan) {
  double work = 1;
  for (int v = 0; v < plan.kernel->num_views; ++v) {
    if (plan.views[v].NumElements() > 100000) return true;
    work = std::max(work, static_cast<double>(plan.views[v].NumElements()));
  }
  if (plan.kernel->relation == Relation::kConv2d || plan.kernel->relation == Relation::kConv2dInput || plan.kernel->relation == Relation::kConv2dWeight) {
    work = 1;
    for (int v = 0; v < 3; ++v) work *= static_cast<double>(std::max<int64_t>(plan.views[v].NumElements(), 1));
    if (work > 1e10) return true;
  }
  const bool pools = plan.kernel->relation == Relation::kMaxPool || plan.kernel->relation == Relation::kAvgPool ||
                     plan.kernel->relation == Relation::kPoolNhwc || plan.kernel->relation == Relation::kPoolNhwcBackward;
  if (pools && plan.params[0] * plan.params[1] > 10000) return true;
  if (!IsTruncated(*plan.kernel)) return false;
  // Its bounds may hold no number that could be drawn: anything but an interval about the mean.
  const double* p = plan.params;
  return !(p[1] >= 1 && p[1] <= 4 && p[2] <= p[0] && p[3] >= p[0] + 1);
}

// The dtypes that fit a view, were the last view's `dtype`.
unsigned Fitting(const Kernel& kernel, int view, DType dtype) {
  const bool last = view == kernel.num_views - 1;
  if (kernel.relation == Relation::kGenerator && last) return kWords;
  if (last || kernel.typing == Typing::kEach) return kernel.dtypes;
  if (kernel.typing == Typing::kToBool && view == 0) return Bit(DType::kBool);
  if (kernel.typing == Typing::kToFloat64 && view == 0) return Bit(DType::kFloat64);
  if (kernel.typing == Typing::kToInt64 && view == 0) return Bit(DType::kInt64);
  if (kernel.typing == Typing::kToSum && IsIn(kIntegers, dtype)) return Bit(DType::kInt64);
  if (kernel.typing == Typing::kCondition && view == 1) return Bit(DType::kBool);
  if (kernel.typing == Typing::kIndex && view == 1) return Bit(DType::kInt64);
  return Bit(dtype);
}

// How often each kernel ran to its end.
std::vector<size_t> runs;

void PrintRuns() {
  size_t total = 0;
  for (const size_t count : runs) total += count;
  const auto least = std::min_element(runs.begin(), runs.end());
  std::printf("%zu calls of %d kernels ran, each at least %zu times (%s)\n", total, kNumKernels, *least,
              kKernels[least - runs.begin()].name);
  for (size_t k = 0; k < runs.size(); ++k) {
    if (runs[k] == 0) std::printf("never ran: %s\n", kKernels[k].name);
  }
  std::fflush(stdout);
}

constexpr size_t kMaxElements = 1 << 18;
GuardedMemory memory[kMaxViews] = {GuardedMemory(8 * kMaxElements), GuardedMemory(8 * kMaxElements),
                                   GuardedMemory(8 * kMaxElements), GuardedMemory(8 * kMaxElements)};
GuardedMemory plan_memory(8192);

Sizes DrawSizes(Bytes& bytes) {
  Sizes sizes;
  sizes.ndim = bytes.Below(kMaxDims + 1);
  const bool small = bytes.OneIn(3);
  for (int64_t& size : sizes.any) size = bytes.OneIn(24) ? bytes.Below(70) : small ? bytes.Below(3) : bytes.Below(7);
  sizes.groups = 1 + bytes.Below(3);
  return sizes;
}

// How a view lies in its array.
struct Layout {
  std::vector<double> strides;
  double offset;
  double length;
};

Layout DrawLayout(Bytes& bytes, const Shape& shape, bool by_columns, bool dense) {
  Layout layout{std::vector<double>(shape.size()), bytes.OneIn(4) ? 3.0 : 0.0, 0};
  if (dense && bytes.OneIn(16)) dense = false;
  double stride = !dense && bytes.OneIn(3) ? 2 : 1;
  double last = layout.offset;
  bool empty = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t d = by_columns ? i : shape.size() - 1 - i;
    layout.strides[d] = bytes.OneIn(32) ? 0 : stride;
    stride *= std::max(shape[d], 1.0);
    // Rows that lie apart: a leading dimension.
    if (!dense && bytes.OneIn(4)) stride += bytes.Below(4);
    last += (shape[d] - 1) * layout.strides[d];
    empty = empty || shape[d] == 0;
  }
  const double slack = bytes.OneIn(24) ? -1 : bytes.OneIn(4) ? 2 : 0;
  layout.length = std::clamp(empty ? 0 : last + 1 + slack, 0.0, static_cast<double>(kMaxElements));
  return layout;
}

template <typename T>
void Store(char* data, size_t i, T value) {
  std::memcpy(data + i * sizeof(T), &value, sizeof(T));
}

// Small numbers for the most part; truth values are 0 and 1.
void FillElements(Bytes& bytes, char* data, size_t length, DType dtype, bool odd) {
  constexpr float kFloatsTried[] = {1, 0, -2, 0.5f, 3};
  constexpr float kOddFloats[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.0f, 1e-40f, 3e38f};
  const size_t shift = bytes.Next();
  for (size_t i = 0; i < length; ++i) {
    const float number = (odd ? kOddFloats : kFloatsTried)[(i + shift) % 5];
    switch (dtype) {
      case DType::kFloat32:
        Store(data, i, number);
        break;
      case DType::kFloat64:
        Store(data, i, static_cast<double>(number));
        break;
      case DType::kInt64:
        Store(data, i, odd ? std::numeric_limits<int64_t>::min() + static_cast<int64_t>(i % 2) : static_cast<int64_t>((i + shift) % 3));
        break;
      case DType::kInt32:
      case DType::kUint32:
        Store(data, i, odd ? std::numeric_limits<int32_t>::min() + static_cast<int32_t>(i % 2) : static_cast<int32_t>((i + shift) % 3));
        break;
      case DType::kFloat16:
      case DType::kBFloat16:
        Store(data, i, static_cast<uint16_t>(odd ? 0x7e00 + 0x8000 * (i % 2) : 0x3c00 + ((i + shift) % 7)));
        break;
      default:
        Store(data, i, static_cast<uint8_t>((i + shift) % 2));
    }
  }
}

// Words 624 and 630 of a generator's state: how many draws are used up, and the layout's number.
void FillState(Bytes& bytes, char* data) {
  Store(data, 624, static_cast<uint32_t>(bytes.Below(200) * 4));
  Store(data, 630, uint32_t{1});
}

void DrawParams(Bytes& bytes, const Kernel& kernel, const Sizes& sizes, int count, std::vector<double>& words) {
  const size_t first = words.size();
  const bool odd = bytes.OneIn(4);
  for (int p = 0; p < count; ++p) words.push_back(odd && bytes.OneIn(4) ? OddNumber(bytes) : bytes.Below(4));
  if (odd) return;
  const bool is_conv = kernel.relation == Relation::kConv2d || kernel.relation == Relation::kConv2dInput ||
                       kernel.relation == Relation::kConv2dWeight;
  if (is_conv) words[first + 6] = static_cast<double>(sizes.groups);
  if (IsTruncated(kernel)) {
    words[first + 1] += 1;
    words[first + 2] = words[first] - words[first + 2];
    words[first + 3] += words[first] + 1;
    return;
  }
  // Strides and dilations that divide something.
  for (const size_t p : {0, 1, 2, 3, 6, 7}) {
    if (kernel.num_params >= 6 && p < words.size() - first) words[first + p] = std::max(words[first + p], 1.0);
  }
}

void Try(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  // Two bytes: there are about as many kernels as one can tell apart.
  const Kernel& kernel = kKernels[(bytes.Next() | bytes.Next() << 8) % kNumKernels];
  const Sizes sizes = DrawSizes(bytes);
  // Any of those that the kernel takes, mostly.
  std::vector<uint8_t> choices;
  for (uint8_t d = 0; d < kNumDTypes; ++d) {
    if (IsIn(kernel.dtypes, static_cast<DType>(d))) choices.push_back(d);
  }
  const uint8_t dtype = bytes.OneIn(32) ? bytes.Below(kNumDTypes) : choices[bytes.Next() % choices.size()];

  std::vector<double> words = {0, static_cast<double>(&kernel - kKernels)};
  std::vector<Buffer> buffers;
  for (int v = 0; v < kernel.num_views; ++v) {
    uint8_t own = bytes.OneIn(24) ? bytes.Below(kNumDTypes) : dtype;
    const bool is_indices = (kernel.relation == Relation::kMaxPool || kernel.relation == Relation::kMaxPoolBackward) && v == 1;
    // A dtype that the kernel takes, mostly.
    const unsigned wanted = is_indices ? Bit(DType::kInt64) : Fitting(kernel, v, static_cast<DType>(dtype));
    while (!IsIn(wanted, static_cast<DType>(own)) && !bytes.OneIn(64)) own = static_cast<uint8_t>((own + 1) % kNumDTypes);
    Shape shape = ViewShape(kernel, v, sizes);
    if (!shape.empty() && bytes.OneIn(24)) shape[bytes.Next() % shape.size()] = bytes.Below(6);
    const Layout layout = DrawLayout(bytes, shape, ByColumns(kernel, v) || (!MustBeDense(kernel, v) && bytes.OneIn(4)), MustBeDense(kernel, v));
    const auto type = static_cast<DType>(own);
    const size_t length = static_cast<size_t>(layout.length);
    char* elements = memory[v].Take(length * SizeOf(type), bytes.Next() % 4 != 0);
    FillElements(bytes, elements, length, type, bytes.OneIn(16));
    const bool is_state = kernel.relation == Relation::kGenerator && v == kernel.num_views - 1;
    if (is_state && SizeOf(type) == 4 && layout.length >= layout.offset + 631) {
      FillState(bytes, elements + static_cast<size_t>(layout.offset) * 4);
    }
    if (is_indices || (kernel.typing == Typing::kIndex && v == 1)) {
      // Mostly indices that there are.
      for (size_t i = 0; type == DType::kInt64 && i < std::min<size_t>(length, 256); ++i) {
        Store(elements, i, static_cast<int64_t>(bytes.OneIn(64) ? -1 : bytes.Below(3)));
      }
    }
    buffers.push_back({elements, length, StorageOf(type)});
    words.insert(words.end(), {static_cast<double>(own), static_cast<double>(shape.size()), layout.offset});
    words.insert(words.end(), shape.begin(), shape.end());
    words.insert(words.end(), layout.strides.begin(), layout.strides.end());
  }
  const bool whole = kernel.scalars && IsIn(kIntegers, static_cast<DType>(dtype));
  DrawParams(bytes, kernel, sizes, kernel.num_params * (whole ? 2 : 1), words);
  words[0] = static_cast<double>(words.size());
  if (bytes.OneIn(8)) {
    double& wrong = words[bytes.Next() % words.size()];
    wrong = OddNumber(bytes);
  }
  auto* plan_words = reinterpret_cast<double*>(plan_memory.Take(words.size() * sizeof(double), true));
  std::copy(words.begin(), words.end(), plan_words);
  try {
    const Plan plan = DecodePlan(plan_words, words.size(), buffers.data(), buffers.size());
    if (IsEndless(plan)) return;
    plan.kernel->function(plan);
    ++runs[static_cast<size_t>(plan.kernel - kKernels)];
  } catch (const std::exception&) {
    // What the guard or a kernel refuses.
  }
}

void Initialize() {
  blas::Initialize();
  SetNumThreads(2);
  runs.resize(static_cast<size_t>(kNumKernels));
  std::atexit(PrintRuns);
}

}  // namespace
}  // namespace evenkeel

#if defined(EVENKEEL_LIBFUZZER)

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  evenkeel::Initialize();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  evenkeel::Try(data, size);
  return 0;
}

#else

int main(int argc, char** argv) {
  const double limit = argc > 1 ? std::atof(argv[1]) : 1;
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  evenkeel::Initialize();
  uint64_t state = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : static_cast<uint64_t>(start.time_since_epoch().count());
  std::printf("seed %llu\n", static_cast<unsigned long long>(state));
  uint8_t data[256];
  size_t inputs = 0;
  for (; elapsed() < limit; ++inputs) {
    for (uint8_t& byte : data) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<uint8_t>(state >> 56);
    }
    evenkeel::Try(data, sizeof(data));
  }
  std::printf("%zu inputs\n", inputs);
}

#endif
