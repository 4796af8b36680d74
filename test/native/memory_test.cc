// When outputs go past the caches, and huge pages asked for in all kinds of memory.
#include "memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace evenkeel {
namespace {

constexpr size_t kMegabyte = 1 << 20;

// Addresses that are only compared.
const void* At(uintptr_t megabytes) { return reinterpret_cast<const void*>(megabytes * kMegabyte); }

// A new thread has written nothing yet.
template <typename F>
void OnFreshThread(F&& body) {
  std::thread(body).join();
}

TEST(BypassCache, SmallOutputsNever) {
  OnFreshThread([] {
    EXPECT_FALSE(BypassCache(At(100), 0));
    EXPECT_FALSE(BypassCache(At(100), kMegabyte - 1));
    EXPECT_TRUE(BypassCache(At(100), kMegabyte));
  });
}

TEST(BypassCache, NotWhatWasJustWritten) {
  OnFreshThread([] {
    for (uintptr_t at : {100, 200, 300}) EXPECT_TRUE(BypassCache(At(at), 4 * kMegabyte));
    // Three of them fit.
    for (int round = 0; round < 20; ++round) {
      for (uintptr_t at : {100, 200, 300}) EXPECT_FALSE(BypassCache(At(at), 4 * kMegabyte));
    }
    // 8 MB of others later one is in the cache, 9 MB later it is not.
    EXPECT_TRUE(BypassCache(At(400), 4 * kMegabyte));
    EXPECT_FALSE(BypassCache(At(300), 4 * kMegabyte));
    EXPECT_TRUE(BypassCache(At(500), 8 * kMegabyte));
    EXPECT_TRUE(BypassCache(At(600), kMegabyte));
    EXPECT_TRUE(BypassCache(At(300), 4 * kMegabyte));
  });
}

TEST(BypassCache, LargerThanTheCacheAlways) {
  OnFreshThread([] {
    for (int round = 0; round < 3; ++round) EXPECT_TRUE(BypassCache(At(100), 8 * kMegabyte + 1));
  });
}

TEST(BypassCache, RemembersTheLatestOfMany) {
  OnFreshThread([] {
    for (uintptr_t at = 1; at <= 100; ++at) EXPECT_TRUE(BypassCache(At(at * 10), kMegabyte));
    EXPECT_FALSE(BypassCache(At(1000), kMegabyte));
    EXPECT_FALSE(BypassCache(At(930), kMegabyte));
    EXPECT_TRUE(BypassCache(At(920), kMegabyte));
  });
}

TEST(BypassCache, ThreadsApart) {
  OnFreshThread([] {
    EXPECT_TRUE(BypassCache(At(100), kMegabyte));
    OnFreshThread([] { EXPECT_TRUE(BypassCache(At(100), kMegabyte)); });
    EXPECT_FALSE(BypassCache(At(100), kMegabyte));
  });
}

TEST(AdviseHugePages, LeavesContentsAndNeighboursAlone) {
  for (size_t bytes : {size_t{0}, size_t{1}, 2 * kMegabyte - 1, 5 * kMegabyte + 3}) {
    std::vector<unsigned char> memory(bytes + 2, 7);
    AdviseHugePages(memory.data() + 1, bytes);
    for (size_t i = 0; i < memory.size(); i += 4095) ASSERT_EQ(memory[i], 7);
    ASSERT_EQ(memory.back(), 7);
  }
  AdviseHugePages(nullptr, 0);
}

}  // namespace
}  // namespace evenkeel
