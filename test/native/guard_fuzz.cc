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
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "blas.h"
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

// Kernels may take hours over elements that a view repeats, or over rejecting numbers; that is no error, but no use here.
bool IsEndless(const Plan& plan) {
  for (int v = 0; v < plan.kernel->num_views; ++v) {
    if (plan.views[v].NumElements() > 100000) return true;
  }
  return std::string(plan.kernel->name) == "mt_trunc_normal";
}

// The dtypes that fit a view, were the last view's `dtype`.
unsigned Fitting(const Kernel& kernel, int view, DType dtype) {
  const bool last = view == kernel.num_views - 1;
  if (kernel.relation == Relation::kGenerator && last) return kWords;
  if (last || kernel.typing == Typing::kEach) return kernel.dtypes;
  if (kernel.typing == Typing::kToBool && view == 0) return Bit(DType::kBool);
  if (kernel.typing == Typing::kToInt64 && view == 0) return Bit(DType::kInt64);
  if (kernel.typing == Typing::kToSum && IsIn(kIntegers, dtype)) return Bit(DType::kInt64);
  if (kernel.typing == Typing::kCondition && view == 1) return Bit(DType::kBool);
  if (kernel.typing == Typing::kIndex && view == 1) return Bit(DType::kInt64);
  return Bit(dtype);
}

// The shape that a view of a decomposition of a matrix [m, n] should have; empty for other kernels.
std::vector<double> FactorShape(Relation relation, int view, double m, double n) {
  const double k = std::min(m, n);
  const std::vector<double> qr[] = {{std::max(m, n), k}, {k, k}};
  const std::vector<double> svd[] = {{k}, {m, n}, {m, k}, {k, n}};
  const std::vector<double> solve_upper[] = {{m, n}, {m, m}};
  const std::vector<double> of_rows[] = {{m, 25}, {m, n}};
  switch (relation) {
    case Relation::kQr:
      return qr[view];
    case Relation::kSvd:
      return svd[view];
    case Relation::kSolveUpper:
      return solve_upper[view];
    case Relation::kOfRows:
      return of_rows[view];
    default:
      return {};
  }
}

void Initialize() {
  blas::Initialize();
  SetNumThreads(2);
}

size_t runs = 0;

void Try(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const Kernel& kernel = kKernels[bytes.Next() % kNumKernels];
  const bool is_matrix = kernel.relation == Relation::kGemm || kernel.relation == Relation::kLinear ||
                         kernel.relation == Relation::kRandomLinear;
  const bool is_conv = kernel.relation == Relation::kConv2d || kernel.relation == Relation::kConv2dInput ||
                       kernel.relation == Relation::kConv2dWeight;
  const bool is_max_pool = kernel.relation == Relation::kMaxPool || kernel.relation == Relation::kMaxPoolBackward;
  const bool is_image = is_conv || is_max_pool || kernel.relation == Relation::kAvgPool ||
                        kernel.relation == Relation::kPoolNhwc || kernel.relation == Relation::kPoolNhwcBackward;
  const int ndim = is_image ? 4 : is_matrix ? 2 : bytes.Below(kMaxDims + 1);
  int64_t sizes[kMaxDims];
  for (int64_t& s : sizes) s = bytes.OneIn(16) ? bytes.Below(70) : bytes.Below(5);
  uint8_t dtype = bytes.Below(kNumDTypes);
  while (!IsIn(kernel.dtypes, static_cast<DType>(dtype)) && !bytes.OneIn(16)) dtype = static_cast<uint8_t>((dtype + 1) % kNumDTypes);

  std::vector<double> words = {0, static_cast<double>(&kernel - kKernels)};
  std::vector<Buffer> buffers;
  std::vector<std::unique_ptr<char[]>> memory;
  for (int v = 0; v < kernel.num_views; ++v) {
    const bool is_state = kernel.relation == Relation::kGenerator && v == kernel.num_views - 1;
    uint8_t own = bytes.OneIn(8) ? bytes.Below(kNumDTypes) : dtype;
    const bool is_indices = is_max_pool && v == 1;
    // A dtype that the kernel takes, mostly.
    const unsigned wanted = is_indices ? Bit(DType::kInt64) : Fitting(kernel, v, static_cast<DType>(dtype));
    while (!IsIn(wanted, static_cast<DType>(own)) && !bytes.OneIn(16)) own = static_cast<uint8_t>((own + 1) % kNumDTypes);
    const std::vector<double> factor =
        FactorShape(kernel.relation, v, static_cast<double>(sizes[0]), static_cast<double>(sizes[1]));
    const bool is_bias = v == 3 && factor.empty();
    std::vector<double> shape = factor;
    if (factor.empty()) shape.resize(static_cast<size_t>(is_state || is_bias ? 1 : ndim));
    std::vector<double> strides(shape.size());
    for (size_t d = 0; d < shape.size(); ++d) {
      if (!factor.empty()) {
        if (bytes.OneIn(16)) shape[d] = bytes.Below(6);
        continue;
      }
      shape[d] = is_state ? 631 : static_cast<double>(bytes.OneIn(6) ? bytes.Below(6) : sizes[d]);
      // A product's and a convolution's sizes are shared across dimensions.
      if (is_bias) shape[d] = static_cast<double>(sizes[1]);
      if (is_matrix && v == 2) shape[d] = static_cast<double>(sizes[1 - d]);
      if (kernel.relation == Relation::kReduce && v == 0 && bytes.OneIn(2)) shape[d] = 1;
      // Rows that indices choose from have a length of their own.
      const bool rows = (kernel.relation == Relation::kGather && v == 2) || (kernel.relation == Relation::kScatter && v == 0);
      if (rows && d + 1 == shape.size()) shape[d] = bytes.Below(6);
    }
    double stride = bytes.OneIn(5) ? 2 : 1;
    const bool columns = kernel.relation == Relation::kQr    ? v == 0
                         : kernel.relation == Relation::kSvd ? false
                                                             : bytes.OneIn(4);
    double last = bytes.OneIn(4) ? 3 : 0;
    const double offset = last;
    bool empty = false;
    for (size_t i = 0; i < shape.size(); ++i) {
      const size_t d = columns ? i : shape.size() - 1 - i;
      strides[d] = bytes.OneIn(16) ? 0 : stride;
      stride *= std::max(shape[d], 1.0);
      last += (shape[d] - 1) * strides[d];
      empty = empty || shape[d] == 0;
    }
    const double slack = bytes.OneIn(16) ? -1 : bytes.OneIn(4) ? 2 : 0;
    const double length = std::clamp(empty ? 0 : last + 1 + slack, 0.0, 1e6);
    const size_t width = SizeOf(static_cast<DType>(own));
    memory.push_back(std::make_unique<char[]>(static_cast<size_t>(length) * width));
    if (is_state && width == 4 && length >= offset + 631) {
      // Words 624 and 630 of a generator's state: how many draws are used up, and the layout's number.
      const uint32_t used = bytes.Below(200) * 4u;
      const uint32_t layout = 1;
      std::memcpy(memory.back().get() + static_cast<size_t>(offset + 624) * 4, &used, 4);
      std::memcpy(memory.back().get() + static_cast<size_t>(offset + 630) * 4, &layout, 4);
    }
    if (kernel.typing == Typing::kIndex && v == 1 && width == 8) {
      // Mostly indices that there are.
      for (size_t i = 0; i < static_cast<size_t>(length); ++i) {
        const int64_t index = bytes.OneIn(32) ? -1 : bytes.Below(4);
        std::memcpy(memory.back().get() + i * width, &index, width);
      }
    }
    buffers.push_back({memory.back().get(), static_cast<size_t>(length), StorageOf(static_cast<DType>(own))});
    words.insert(words.end(), {static_cast<double>(own), static_cast<double>(shape.size()), offset});
    words.insert(words.end(), shape.begin(), shape.end());
    words.insert(words.end(), strides.begin(), strides.end());
  }
  const bool whole = kernel.scalars && IsIn(kIntegers, static_cast<DType>(dtype));
  for (int p = 0; p < kernel.num_params * (whole ? 2 : 1); ++p) words.push_back(bytes.OneIn(6) ? OddNumber(bytes) : bytes.Below(4));
  words[0] = static_cast<double>(words.size());
  if (bytes.OneIn(4)) {
    double& wrong = words[bytes.Next() % words.size()];
    wrong = OddNumber(bytes);
  }
  // In memory of exactly this size.
  const auto plan_words = std::make_unique<double[]>(words.size());
  std::copy(words.begin(), words.end(), plan_words.get());
  try {
    const Plan plan = DecodePlan(plan_words.get(), words.size(), buffers.data(), buffers.size());
    if (IsEndless(plan)) return;
    plan.kernel->function(plan);
    ++runs;
  } catch (const std::exception&) {
    // What the guard or a kernel refuses.
  }
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
  std::printf("%zu inputs, %zu of them ran a kernel\n", inputs, evenkeel::runs);
}

#endif
