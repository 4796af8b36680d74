// Digests of every kind of fill, by the scalar reference and by each instruction set of this machine. The lines of two
// machines must agree but for the target's name. Exit status 1 if those of this machine do not.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels.h"
#include "rng/pcg.h"
#include "rng/reference.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

constexpr size_t kCount = 1000003;

struct Fill {
  const char* dtype;
  const char* distribution;
  DType code;
  size_t size;  // bytes per element
  KernelFunction kernel;
  KernelFunction reference;
  double a, b;
};

constexpr Fill kFills[] = {
    {"uint32", "random_bits", DType::kUint32, 4, simd::RandomBits, reference::RandomBits, 0, 0},
    {"float32", "uniform(0,1)", DType::kFloat32, 4, simd::Uniform, reference::Uniform, 0, 1},
    {"float32", "uniform(-0.3,0.7)", DType::kFloat32, 4, simd::Uniform, reference::Uniform, -0.3, 0.7},
    {"float64", "uniform(0,1)", DType::kFloat64, 8, simd::Uniform, reference::Uniform, 0, 1},
    {"float64", "uniform(-0.3,0.7)", DType::kFloat64, 8, simd::Uniform, reference::Uniform, -0.3, 0.7},
    {"float32", "normal(0,1)", DType::kFloat32, 4, simd::Normal, reference::Normal, 0, 1},
    {"float32", "normal(0.5,0.02)", DType::kFloat32, 4, simd::Normal, reference::Normal, 0.5, 0.02},
    {"float64", "normal(0,1)", DType::kFloat64, 8, simd::Normal, reference::Normal, 0, 1},
    {"float64", "normal(0.5,0.02)", DType::kFloat64, 8, simd::Normal, reference::Normal, 0.5, 0.02},
};

// FNV-1a of the bytes, in 64 bits.
uint64_t Digest(const std::vector<unsigned char>& bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

// pcg32 seeded (42, 54), from draw 7 on.
uint64_t Run(const Fill& fill, KernelFunction function) {
  const Pcg32 pcg = Pcg32::Seeded(42, 54);
  std::vector<unsigned char> bytes(kCount * fill.size);
  Plan plan{};
  plan.views[0].data = bytes.data();
  plan.views[0].dtype = fill.code;
  plan.views[0].ndim = 1;
  plan.views[0].shape[0] = static_cast<int64_t>(kCount);
  plan.views[0].strides[0] = 1;
  const double params[] = {static_cast<double>(pcg.state >> 32), static_cast<double>(pcg.state & 0xffffffff),
                           static_cast<double>(pcg.increment >> 32), static_cast<double>(pcg.increment & 0xffffffff),
                           7, fill.a, fill.b};
  std::copy(std::begin(params), std::end(params), plan.params);
  function(plan);
  return Digest(bytes);
}

int Main() {
  bool same = true;
  std::vector<uint64_t> want;
  const auto print = [](const std::string& target, const Fill& fill, uint64_t digest) {
    std::printf("%s %s %s %016llx\n", target.c_str(), fill.dtype, fill.distribution, static_cast<unsigned long long>(digest));
  };
  for (const Fill& fill : kFills) {
    want.push_back(Run(fill, fill.reference));
    print("scalar", fill, want.back());
  }
  for (const std::string& target : simd::SupportedTargets()) {
    simd::ForceTarget(target);
    for (size_t i = 0; i < want.size(); ++i) {
      const uint64_t digest = Run(kFills[i], kFills[i].kernel);
      print(target, kFills[i], digest);
      same = same && digest == want[i];
    }
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel

int main() { return evenkeel::Main(); }
