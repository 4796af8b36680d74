// SHA-256 of every kind of fill from pcg32: generator seeded (42, 54), from draw 7 on, into memory whose bytes are all 1.
//
//   random_golden          prints them, as the scalar reference makes them: what test/golden/random.txt holds
//   random_golden FILE     compares a file's with the reference and with each instruction set of this machine; exit status 1
//                          if any differs
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "random_fills.h"
#include "sha256.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

// Longer than a thread's first share, and no multiple of anything.
constexpr int64_t kCount = 262147;
// A permutation in which numbers draw buckets, 64 of them.
constexpr int64_t kLarge = 2111123;
constexpr int64_t kRows = 521, kColumns = 503, kZeros = 100;

struct GoldenFill {
  Fill fill;
  std::vector<int64_t> shape;
};

// Those of random_fills.h, and those that are no sequences of independent elements.
std::vector<GoldenFill> GoldenFills() {
  std::vector<GoldenFill> fills;
  for (Fill& fill : AllFills()) fills.push_back({std::move(fill), {kCount}});
  const auto text = [](int64_t n) { return std::to_string(n); };
  struct Type {
    const char* name;
    DType dtype;
    int64_t whole;  // it has the whole numbers below
  };
  const Type types[] = {{"float32", DType::kFloat32, kCount}, {"float64", DType::kFloat64, kCount},
                        {"float16", DType::kFloat16, 2048},   {"bfloat16", DType::kBFloat16, 256},
                        {"int64", DType::kInt64, kCount},     {"int32", DType::kInt32, kCount},
                        {"uint8", DType::kUint8, 256},        {"bool", DType::kBool, 2}};
  for (const Type& type : types) {
    fills.push_back({{"permutation(" + text(type.whole) + ") " + type.name, type.dtype, Permutation,
                      reference::Permutation, {}},
                     {type.whole}});
    fills.push_back({{"sparse_zero(" + text(kRows) + "," + text(kColumns) + "," + text(kZeros) + ") " + type.name,
                      type.dtype, SparseZero, reference::SparseZero, {static_cast<double>(kZeros)}},
                     {kRows, kColumns}});
  }
  for (const Type& type : {types[0], types[4]}) {
    fills.push_back({{"permutation(" + text(kLarge) + ") " + type.name, type.dtype, Permutation, reference::Permutation, {}},
                     {kLarge}});
  }
  return fills;
}

std::string Digest(const GoldenFill& golden, KernelFunction function) {
  View view{};
  view.dtype = golden.fill.dtype;
  view.ndim = static_cast<int>(golden.shape.size());
  int64_t count = 1;
  for (int d = view.ndim; d-- > 0;) {
    view.shape[d] = golden.shape[static_cast<size_t>(d)];
    view.strides[d] = count;
    count *= view.shape[d];
  }
  std::vector<unsigned char> bytes(static_cast<size_t>(count) * SizeOf(view.dtype), 1);
  view.data = bytes.data();
  function(FillPlan(view, Pcg32::Seeded(42, 54), 7, golden.fill.params));
  return Sha256::Of(bytes);
}

// Whether the fills' digests are `want`; says so in a line, and which are not.
bool Compare(const std::string& target, const std::vector<GoldenFill>& fills, const std::vector<std::string>& want,
             KernelFunction Fill::*function) {
  size_t differ = 0;
  for (size_t i = 0; i < fills.size(); ++i) {
    const std::string digest = Digest(fills[i], fills[i].fill.*function);
    if (digest == want[i]) continue;
    ++differ;
    std::printf("%s: %s is %s, expected %s\n", target.c_str(), fills[i].fill.name.c_str(), digest.c_str(),
                want[i].c_str());
  }
  std::printf("%s: %zu fills, %zu differ\n", target.c_str(), fills.size(), differ);
  return differ == 0;
}

int Main(int argc, char** argv) {
  const std::vector<GoldenFill> fills = GoldenFills();
  if (argc < 2) {
    for (const GoldenFill& golden : fills) {
      std::printf("%s  %s\n", Digest(golden, golden.fill.reference).c_str(), golden.fill.name.c_str());
    }
    return 0;
  }

  std::ifstream file(argv[1]);
  std::vector<std::string> want;
  for (std::string line; std::getline(file, line);) {
    const size_t i = want.size();
    if (line.size() < 66 || i >= fills.size() || line.substr(66) != fills[i].fill.name) {
      std::printf("%s, line %zu: expected %s\n", argv[1], i + 1, i < fills.size() ? fills[i].fill.name.c_str() : "no more");
      return 1;
    }
    want.push_back(line.substr(0, 64));
  }
  if (want.size() != fills.size()) {
    std::printf("%s: %zu digests, expected %zu\n", argv[1], want.size(), fills.size());
    return 1;
  }
  bool same = Compare("scalar reference", fills, want, &Fill::reference);
  for (const std::string& target : simd::SupportedTargets()) {
    simd::ForceTarget(target);
    same = Compare(target, fills, want, &Fill::kernel) && same;
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel

int main(int argc, char** argv) { return evenkeel::Main(argc, argv); }
