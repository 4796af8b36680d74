#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace evenkeel {

// Every result is a fresh array, and by default glibc hands memory of that size back to the system as soon as it is free,
// so that the next result's pages fault in again: for 4 MB that costs more than adding a million floats. Keep up to 128 MB.
void KeepFreedMemory() {
#if defined(__GLIBC__)
  const char* keep = std::getenv("EVENKEEL_KEEP_MEMORY");
  if (keep != nullptr && std::strcmp(keep, "0") == 0) return;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  // The heap grows in steps that leave room for huge pages; it costs addresses only.
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

void AdviseHugePages(void* data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // 2 MB on x86-64 and on arm64 with pages of 4 KB; where they are larger, the kernel uses what it can.
  constexpr uintptr_t kHugePage = 2 << 20;
  // The pages at both ends too: what lies beside the array there is mostly other arrays. Where nothing is mapped, the
  // advice is lost.
  const uintptr_t begin = reinterpret_cast<uintptr_t>(data) & ~(kHugePage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes + kHugePage - 1) & ~(kHugePage - 1);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)data;
  (void)bytes;
#endif
}

namespace {

// Below this an output fits the second-level cache, whose next reader finds it there.
constexpr size_t kLargeOutput = 1 << 20;

// After so many bytes of other outputs, an array has left the cache: 12 MB of results, in turn, are as fast as 4.
constexpr size_t kCachedOutputs = 8 << 20;

// Addresses to compare with, never to follow. Plain data: addons unloaded with live thread-local objects crash workers.
struct RecentOutputs {
  const void* data[8];
  uint64_t end[8];
  uint64_t written;
  unsigned next;
};
thread_local RecentOutputs recent;

}  // namespace

bool BypassCache(const void* out, size_t bytes) {
  if (bytes < kLargeOutput) return false;
  bool cached = false;
  unsigned slot = recent.next % 8;
  for (unsigned i = 0; i < 8; ++i) {
    if (recent.data[i] != out) continue;
    cached = recent.written - recent.end[i] <= kCachedOutputs && bytes <= kCachedOutputs;
    slot = i;
  }
  if (slot == recent.next % 8) ++recent.next;
  recent.written += bytes;
  recent.data[slot] = out;
  recent.end[slot] = recent.written;
  return !cached;
}

}  // namespace evenkeel
