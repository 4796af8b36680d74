// Digests of every kind of fill, by the scalar reference and by each instruction set of this machine. The lines of two
// machines must agree but for the target's name. Exit status 1 if those of this machine do not.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "random_fills.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

constexpr size_t kCount = 1000003;

// FNV-1a of the bytes, in 64 bits.
uint64_t Digest(const std::vector<unsigned char>& bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

// pcg32 seeded (42, 54), from draw 7 on.
uint64_t Run(const Fill& fill, KernelFunction function) {
  return Digest(FillBytes(function, fill, kCount, Pcg32::Seeded(42, 54), 7));
}

int Main() {
  bool same = true;
  std::vector<uint64_t> want;
  const auto print = [](const std::string& target, const Fill& fill, uint64_t digest) {
    std::printf("%s %s %016llx\n", target.c_str(), fill.name.c_str(), static_cast<unsigned long long>(digest));
  };
  const std::vector<Fill> fills = AllFills();
  for (const Fill& fill : fills) {
    want.push_back(Run(fill, fill.reference));
    print("scalar", fill, want.back());
  }
  for (const std::string& target : simd::SupportedTargets()) {
    simd::ForceTarget(target);
    for (size_t i = 0; i < want.size(); ++i) {
      const uint64_t digest = Run(fills[i], fills[i].kernel);
      print(target, fills[i], digest);
      same = same && digest == want[i];
    }
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel

int main() { return evenkeel::Main(); }
