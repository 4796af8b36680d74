#include "scratch.h"

#include <cblas.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <vector>

#include "../blas_symbol.h"
#include "../parallel.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <sys/resource.h>

#include <fstream>
#endif

namespace evenkeel::blas {
namespace {

// OpenBLAS's table has places for twice the threads that it was built for, 128 in Debian's and in the published binaries; with
// more calls at once it prints warnings, then ends the process.
constexpr int kMostCalls = 100;

constexpr std::chrono::microseconds kPatience(100);

std::atomic<int> calls{0};

// Whether OpenBLAS has mapped a buffer, which it keeps.
std::atomic<bool> has_buffer{false};

// Has OpenBLAS map its first buffer, by a product too large for the kernels that do without.
void MapBuffer() {
  constexpr int kSize = 160;
  std::vector<float> a(kSize * kSize), out(kSize * kSize);
  EVENKEEL_BLAS(cblas_sgemm)(CblasRowMajor, CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1, a.data(), kSize, a.data(),
                             kSize, 0, out.data(), kSize);
  has_buffer.store(true);
}

#if defined(__linux__)
// How much OpenBLAS maps at a time, and what else a call may need.
constexpr size_t kBufferBytes = size_t{128} << 20;
constexpr size_t kSlack = size_t{1} << 20;

// Without a limit, and unless the kernel promises no more memory than there is, addresses do not run out.
bool AddressesAreLimited() {
  static const bool strict = [] {
    int mode = 0;
    std::ifstream("/proc/sys/vm/overcommit_memory") >> mode;
    return mode == 2;
  }();
  rlimit limit = {};
  return strict || (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY);
}

// Whether as many buffers could be mapped: those that are already are not known.
bool HasRoomFor(int buffers) {
  if (!AddressesAreLimited()) return true;
  const size_t bytes = static_cast<size_t>(buffers) * kBufferBytes + kSlack;
  void* const room = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return false;
  munmap(room, bytes);
  return true;
}
#else
bool HasRoomFor(int) { return true; }
#endif

}  // namespace

Scratch::Scratch() {
  for (;;) {
    const int others = calls.fetch_add(1);
    if (others == 0) {
      if (has_buffer.load()) return;
      try {
        if (!HasRoomFor(1)) throw std::bad_alloc();
        MapBuffer();
        return;
      } catch (...) {
        calls.fetch_sub(1);
        throw;
      }
    }
    if (others < kMostCalls && HasRoomFor(others + 1)) return;
    calls.fetch_sub(1);
    SleepFor(kPatience);
  }
}

Scratch::~Scratch() { calls.fetch_sub(1); }

}  // namespace evenkeel::blas
