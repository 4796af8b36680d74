// Memory that runs out: every allocation of every kernel fails once, the first, the second, ... (of many, a choice), alone and with all
// that follow. Each failure must come out as std::bad_alloc, or make no difference, and the next call must be right. The address sanitizer sees what leaks.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "blas.h"
#include "job.h"
#include "parallel.h"
#include "plans.h"

namespace {

// Allocations until one fails, on whatever thread; negative while none is to.
std::atomic<long> left{-1};
// Whether all after it fail, too.
std::atomic<bool> all_after{false};
std::atomic<long> failures{0};

bool Fails() {
  if (left.load(std::memory_order_relaxed) < 0) return false;
  const long before = left.fetch_sub(1);
  if (before == 0 || (before < 0 && all_after)) {
    if (all_after) left.store(0);
    failures.fetch_add(1);
    return true;
  }
  return false;
}

void* Allocate(std::size_t size, std::size_t alignment) {
  if (Fails()) throw std::bad_alloc();
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, size == 0 ? 1 : size) != 0) {
    throw std::bad_alloc();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace evenkeel {
namespace {

using Shape = std::vector<double>;

// What a kernel is called with: shapes of its views, and parameters.
struct Case {
  std::vector<Shape> shapes;
  std::vector<double> params;
};

// Sizes of a signature's letters. m = n, so that matrices may be square.
double SizeOfLetter(char letter) {
  switch (letter) {
    case '1':
      return 1;
    case 'b':
      return 3;
    case 'w':
      return 4;
    case 'k':
      return 70;
    case 'p':
      return 300 * 301 / 2;
    default:
      return 300;
  }
}

std::vector<Shape> OfSignature(const std::string& signature) {
  std::vector<Shape> shapes(1);
  for (const char letter : signature) {
    if (letter == ' ') {
      shapes.emplace_back();
    } else {
      shapes.back().push_back(SizeOfLetter(letter));
    }
  }
  return shapes;
}

std::vector<double> StreamAnd(std::vector<double> own) {
  std::vector<double> params = {1, 2, 3, 5, 7};
  params.insert(params.end(), own.begin(), own.end());
  return params;
}

// Parameters of the kernels that do not do with alpha 1 and zeros.
std::vector<double> ParamsOf(const Kernel& kernel, bool whole) {
  const std::string name = kernel.name;
  const std::vector<std::pair<const char*, std::vector<double>>> known = {
      {"random_bits", StreamAnd({})},
      {"uniform", StreamAnd({0, 1})},
      {"normal", StreamAnd({0, 1})},
      {"truncated_normal", StreamAnd({0, 1, -2, 2})},
      {"exponential", StreamAnd({1})},
      {"bernoulli", StreamAnd({0.5})},
      {"integers", StreamAnd({0, 0, 0, 10})},
      {"permutation", StreamAnd({})},
      {"sparse_zero", StreamAnd({20})},
      {"haar_orthogonal", StreamAnd({1})},
      {"random_linear", StreamAnd({0, 0, 1, 0, 0})},
      {"random_linear_backward", StreamAnd({0, 0, 1, 0, 0})},
      {"mt_uniform", {0, 1}},
      {"mt_normal", {0, 1}},
      {"mt_trunc_normal", {0, 1, -2, 2}},
      {"mt_exponential", {1}},
      {"mt_bernoulli", {0.5}},
      {"mt_randint", {0, 0, 0, 10, 0}},
      {"blas_gbmv", {1, 0, 1, 0, 0}},
      {"blas_gbmv_transposed", {1, 0, 1, 0, 0}},
      {"max_pool2d", {2, 2, 2, 2, 0, 0, 1, 1}},
      {"avg_pool2d", {2, 2, 2, 2, 0, 0, 1, 0}},
      {"avg_pool2d_backward", {2, 2, 2, 2, 0, 0, 1, 0}},
      {"max_pool2d_nhwc", {2, 2, 2, 2, 0, 0}},
      {"max_pool2d_nhwc_backward", {2, 2, 2, 2, 0, 0}},
      {"avg_pool2d_nhwc", {2, 2, 2, 2, 0, 0, 1, 0}},
      {"avg_pool2d_nhwc_backward", {2, 2, 2, 2, 0, 0, 1, 0}},
  };
  for (const auto& [known_name, params] : known) {
    if (name == known_name) return params;
  }
  std::vector<double> params(static_cast<size_t>(kernel.num_params * (kernel.scalars && whole ? 2 : 1)));
  if (!params.empty() && !whole) params[0] = 1;
  return params;
}

// A convolution of x [2, channels, 20, 20], padded by 1, with the plan's views in the kernel's order.
Case Convolution(const Kernel& kernel, double channels, double groups, double stride, double window) {
  const double out = std::floor((20 + 2 - window) / stride) + 1;
  const Shape x = {2, channels, 20, 20};
  const Shape y = {2, 16, out, out};
  const Shape w = {16, channels / groups, window, window};
  Case result;
  result.params = {stride, stride, 1, 1, 1, 1, groups, 0};
  result.params.resize(static_cast<size_t>(kernel.num_params));
  result.shapes = kernel.relation == Relation::kConv2d        ? std::vector<Shape>{y, x, w}
                  : kernel.relation == Relation::kConv2dInput ? std::vector<Shape>{x, y, w}
                                                              : std::vector<Shape>{w, x, y};
  if (kernel.num_views == 4) result.shapes.push_back({result.shapes[0][1]});
  return result;
}

std::vector<Case> CasesOf(const Kernel& kernel, DType dtype) {
  const std::vector<double> params = ParamsOf(kernel, IsIn(kIntegers, dtype));
  const std::string name = kernel.name;
  const size_t views = static_cast<size_t>(kernel.num_views);
  switch (kernel.relation) {
    case Relation::kSameShape: {
      const Shape shape = name == "permutation" ? Shape{300000} : name == "haar_orthogonal" ? Shape{150, 90} : Shape{70, 900};
      return {{std::vector<Shape>(views, shape), params}};
    }
    case Relation::kReduce:
      return {{{{1, 900}, {64, 900}}, params}, {{{64, 1}, {64, 900}}, params}, {{{1, 1}, {300, 900}}, params}};
    case Relation::kGather:
      return {{{{50, 40}, {50, 40}, {50, 30}}, params}};
    case Relation::kScatter:
      return {{{{50, 30}, {50, 40}, {50, 40}}, params}};
    case Relation::kGemm:
      return {{{{200, 190}, {200, 180}, {180, 190}}, {1, 0}}, {{{600, 1}, {600, 400}, {400, 1}}, {1, 0}}};
    case Relation::kLinear: {
      std::vector<Shape> shapes = {{200, 190}, {200, 180}, {190, 180}, {190}};
      shapes.resize(views);
      return {{shapes, {0}}, {shapes, {1}}};
    }
    case Relation::kConv2d:
    case Relation::kConv2dInput:
    case Relation::kConv2dWeight:
      return {Convolution(kernel, 8, 1, 1, 3), Convolution(kernel, 8, 1, 2, 3), Convolution(kernel, 16, 16, 1, 3),
              Convolution(kernel, 8, 2, 1, 2), Convolution(kernel, 8, 1, 1, 1)};
    case Relation::kMaxPool:
      return {{{{2, 4, 10, 10}, {2, 4, 10, 10}, {2, 4, 20, 20}}, params}};
    case Relation::kMaxPoolBackward:
      return {{{{2, 4, 20, 20}, {2, 4, 10, 10}, {2, 4, 10, 10}}, params}};
    case Relation::kAvgPool:
      if (name == "avg_pool2d") return {{{{2, 4, 10, 10}, {2, 4, 20, 20}}, params}};
      return {{{{2, 4, 20, 20}, {2, 4, 10, 10}}, params}};
    case Relation::kPoolNhwc:
      if (name == "avg_pool2d_nhwc_backward") return {{{{2, 20, 20, 4}, {2, 10, 10, 4}}, params}};
      return {{{{2, 10, 10, 4}, {2, 20, 20, 4}}, params}};
    case Relation::kPoolNhwcBackward:
      return {{{{2, 20, 20, 4}, {2, 20, 20, 4}, {2, 10, 10, 4}}, params}};
    case Relation::kOfRows:
      return {{{{40, 25}, {40, 3000}}, params}};
    case Relation::kQr:
      return {{{{90, 60}, {60, 60}}, params}};
    case Relation::kSvd: {
      std::vector<Shape> shapes = {{30}, {40, 30}, {40, 30}, {30, 30}};
      shapes.resize(views);
      return {{shapes, params}};
    }
    case Relation::kSolveUpper:
      return {{{{60, 40}, {60, 60}}, params}};
    case Relation::kRandomLinear:
      return {{{{64, 200}, {64, 180}}, params}};
    case Relation::kSignature:
      return {{OfSignature(kernel.signature), params}};
    case Relation::kGenerator:
      if (views == 1) return {{{{631}}, std::vector<double>(9, 0.0)}};
      return {{{{name == "mt_randperm" ? 5000.0 : 20000.0}, {631}}, params}};
  }
  return {};
}

// The dtype of a view, where the last one has `dtype`.
DType DTypeOf(const Kernel& kernel, int view, DType dtype) {
  const bool state = kernel.relation == Relation::kGenerator && view == kernel.num_views - 1;
  if (state) return DType::kUint32;
  if (view == 1 && kernel.typing == Typing::kIndex) return DType::kInt64;
  if (view == 1 && kernel.typing == Typing::kCondition) return DType::kBool;
  if (view != 0 || kernel.num_views == 1) return dtype;
  if (std::string(kernel.name) == "signal_statistics") return DType::kFloat64;
  switch (kernel.typing) {
    case Typing::kToBool:
      return DType::kBool;
    case Typing::kToInt64:
      return DType::kInt64;
    case Typing::kToFloat64:
      return DType::kFloat64;
    case Typing::kToSum:
      return IsIn(kIntegers, dtype) ? DType::kInt64 : dtype;
    default:
      return dtype;
  }
}

// A call with memory of its own: `start` is what the memory holds before it.
class Call {
 public:
  Call(const Kernel& kernel, const Case& c, DType dtype, bool gapped) : builder_(kernel.name) {
    builder_.params = c.params;
    for (size_t v = 0; v < c.shapes.size(); ++v) {
      PlannedView view;
      const DType own = DTypeOf(kernel, static_cast<int>(v), dtype);
      view.dtype = Code(own);
      view.shape = c.shapes[v];
      view.strides = Dense(view.shape);
      if (kernel.relation == Relation::kQr && v == 0) view.strides = {1, view.shape[0]};
      double count = 1;
      for (const double size : view.shape) count *= size;
      const bool state = kernel.relation == Relation::kGenerator && v + 1 == c.shapes.size();
      const double gap = gapped && !state ? 2 : 1;
      for (double& stride : view.strides) stride *= gap;
      const size_t length = static_cast<size_t>(count * gap);
      memory_.emplace_back(length * SizeOf(own));
      for (size_t i = 0; i < length; ++i) Store(own, v, i);
      view.buffer = {memory_.back().data(), length, StorageOf(own)};
      builder_.views.push_back(view);
      if (state && c.shapes.size() > 1) Seed(view);
    }
    start_ = memory_;
  }

  Plan Decode() const { return builder_.Decode(); }
  void Restore() {
    for (size_t v = 0; v < memory_.size(); ++v) std::memcpy(memory_[v].data(), start_[v].data(), start_[v].size());
  }
  const std::vector<std::vector<char>>& memory() const { return memory_; }

 private:
  // Elements between 1 and 2; indices that there are; the diagonals of triangles are not 0.
  void Store(DType dtype, size_t view, size_t i) {
    char* const to = memory_[view].data() + i * SizeOf(dtype);
    const double x = 1 + static_cast<double>(i * 7919 % 1000) / 1000;
    if (dtype == DType::kFloat32) {
      const float value = static_cast<float>(x);
      std::memcpy(to, &value, sizeof value);
    } else if (dtype == DType::kFloat64) {
      std::memcpy(to, &x, sizeof x);
    } else if (dtype == DType::kInt64) {
      const int64_t value = static_cast<int64_t>(i % 30);
      std::memcpy(to, &value, sizeof value);
    } else if (dtype == DType::kInt32) {
      const int32_t value = static_cast<int32_t>(i % 30);
      std::memcpy(to, &value, sizeof value);
    } else if (SizeOf(dtype) == 2) {
      const uint16_t value = static_cast<uint16_t>(0x3C00 + i % 100);
      std::memcpy(to, &value, sizeof value);
    } else if (SizeOf(dtype) == 1) {
      *to = static_cast<char>(i % 2);
    }
  }

  static void Seed(const PlannedView& state) {
    PlanBuilder seed("mt_seed");
    seed.views = {state};
    seed.params = {0, 1, 2, 0, 0, 0, 0, 0, 0};
    const Plan plan = seed.Decode();
    plan.kernel->function(plan);
  }

  PlanBuilder builder_;
  std::vector<std::vector<char>> memory_;
  std::vector<std::vector<char>> start_;
};

// Calls `fn` with its allocation `n` failing, and those after it if `all`. Whether it threw std::bad_alloc.
template <typename F>
bool Throws(long n, bool all, F&& fn) {
  all_after = all;
  left = n;
  try {
    fn();
  } catch (const std::bad_alloc&) {
    left = -1;
    return true;
  } catch (...) {
    left = -1;
    throw;
  }
  left = -1;
  return false;
}

class Allocations : public ::testing::Test {
 protected:
  void SetUp() override {
    blas::Initialize();
    before_ = NumThreads();
    SetNumThreads(3);
    // The pool's threads start now.
    ParallelFor(3, 1, [](int64_t, int64_t) {});
  }
  void TearDown() override { SetNumThreads(before_); }

 private:
  int before_ = 1;
};

TEST_F(Allocations, OfEveryKernelMayFail) {
  std::set<std::string> allocate;
  long tried = 0;
  for (int id = 0; id < kNumKernels; ++id) {
    const Kernel& kernel = kKernels[id];
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kInt64, DType::kUint32}) {
      if (!IsIn(kernel.dtypes, dtype)) continue;
      for (const Case& c : CasesOf(kernel, dtype)) {
        const bool strided = kernel.relation == Relation::kSameShape && std::string(kernel.name) != "haar_orthogonal";
        for (const bool gapped : {false, true}) {
          if (gapped && !strided && kernel.relation != Relation::kReduce) continue;
          SCOPED_TRACE(std::string(kernel.name) + (gapped ? ", gapped" : "") + ", dtype " +
                       std::to_string(static_cast<int>(dtype)));
          Call call(kernel, c, dtype, gapped);
          const Plan plan = call.Decode();
          plan.kernel->function(plan);
          const std::vector<std::vector<char>> wanted = call.memory();
          // Where there are hundreds, some of them.
          for (long n = 0;; n += 1 + n / 16) {
            ASSERT_LT(n, 5000) << "there is no end to its allocations";
            const long failed_before = failures;
            for (const bool all : {false, true}) {
              call.Restore();
              if (Throws(n, all, [&] { plan.kernel->function(plan); })) {
                ++tried;
                allocate.insert(kernel.name);
              } else {
                // It did without.
                ASSERT_TRUE(call.memory() == wanted) << "allocation " << n;
              }
            }
            if (failures == failed_before) break;
            call.Restore();
            plan.kernel->function(plan);
            ASSERT_TRUE(call.memory() == wanted) << "after allocation " << n << " had failed";
          }
        }
      }
    }
  }
  std::printf("%ld failed allocations in %zu of %d kernels\n", tried, allocate.size(), kNumKernels);
  // What is known to allocate does: the counting works.
  for (const char* name : {"qr", "svd", "conv2d", "haar_orthogonal", "permutation", "signal_statistics", "sum"}) {
    EXPECT_TRUE(allocate.count(name)) << name;
  }
}

TEST_F(Allocations, OfJobsMayFail) {
  std::vector<float> a(5000, 1), b(5000, 2), out(5000);
  const auto run = [&](Job& job) {
    PlanBuilder plan("add");
    const std::vector<float*> data = {out.data(), a.data(), b.data()};
    for (float* floats : data) plan.views.push_back({Code(DType::kFloat32), 0, {5000}, {1}, {floats, 5000, Storage::kFloat32}});
    const std::vector<double> words = plan.Words();
    const std::vector<Buffer> buffers = plan.Buffers();
    const Job::Place places[] = {{0, 0, false}, {1, 0, false}, {2, 0, false}};
    job.Add(words.data(), words.size(), buffers.data(), places, 3);
    job.Prepare();
    job.CopyIn(1, reinterpret_cast<char*>(a.data()), 20000, false, 100000);
    job.CopyIn(2, reinterpret_cast<char*>(b.data()), 20000, false, 100000);
    job.Run();
    job.CopyOut(0, reinterpret_cast<char*>(out.data()), 20000, 100000);
  };
  int tried = 0;
  for (long n = 0; n < 1000; ++n) {
    const long before = failures;
    Job job;
    out.assign(5000, -1);
    if (Throws(n, false, [&] { run(job); })) {
      ++tried;
      // Nothing has been written, and the job can be given up.
      EXPECT_EQ(out, std::vector<float>(5000, -1));
      job.Clear();
    }
    if (failures == before) break;
  }
  EXPECT_EQ(out, std::vector<float>(5000, 3));
  EXPECT_GT(tried, 3);
}

// The pool does with fewer threads.
TEST_F(Allocations, OfThreadsMayFail) {
  for (long n = 0; n < 4; ++n) {
    SetNumThreads(40 + 5 * static_cast<int>(n));
    std::atomic<int64_t> sum{0};
    EXPECT_FALSE(Throws(n, true, [&] { ParallelFor(1000, 1, [&](int64_t begin, int64_t end) { sum += end - begin; }); }));
    EXPECT_EQ(sum, 1000);
  }
}

}  // namespace
}  // namespace evenkeel
