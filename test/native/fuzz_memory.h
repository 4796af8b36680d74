// Memory of exact sizes for a fuzzer. A page that nobody may touch lies right behind each buffer, or right before it, so that
// OpenBLAS, which no sanitizer instruments, is seen as well; the address sanitizer watches the other side.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define EVENKEEL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENKEEL_ASAN 1
#endif
#endif
#ifdef EVENKEEL_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(size)
#endif

namespace evenkeel {

// One buffer after the other, each in the place of the one before.
class GuardedMemory {
 public:
  // Room for `bytes`, between two pages without access.
  explicit GuardedMemory(size_t bytes) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), room_((bytes + page_ - 1) / page_ * page_) {
    void* all = mmap(nullptr, room_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(static_cast<char*>(all) + page_, room_, PROT_READ | PROT_WRITE) != 0) {
      std::perror("mmap");
      std::abort();
    }
    begin_ = static_cast<char*>(all) + page_;
  }

  // `size` bytes of any content, at the end of the room or at its start.
  char* Take(size_t size, bool at_end) {
    if (taken_ != nullptr) ASAN_UNPOISON_MEMORY_REGION(begin_, room_);
    taken_ = at_end ? begin_ + room_ - size : begin_;
    // Poison has no grain below 8 bytes at its end: what lies before a buffer that begins in between stays open.
    const size_t beside = room_ - size < kPoisoned ? room_ - size : kPoisoned;
    if (at_end) {
      ASAN_POISON_MEMORY_REGION(taken_ - beside, beside);
    } else {
      ASAN_POISON_MEMORY_REGION(taken_ + size, beside);
    }
    return taken_;
  }

 private:
  static constexpr size_t kPoisoned = 4096;
  size_t page_;
  size_t room_;
  char* begin_;
  char* taken_ = nullptr;
};

}  // namespace evenkeel
