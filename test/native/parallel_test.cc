// The thread pool. Written for ThreadSanitizer too: nothing here reaches OpenBLAS, which is not instrumented.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "parallel.h"
#include "plans.h"

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace evenkeel {
namespace {

// Sets the thread count for one test.
class Threads {
 public:
  explicit Threads(int count) : before_(NumThreads()) { SetNumThreads(count); }
  ~Threads() { SetNumThreads(before_); }

 private:
  int before_;
};

struct Range {
  int64_t begin;
  int64_t end;
  std::thread::id thread;
};

// The ranges of one ParallelFor, in order.
std::vector<Range> RangesOf(int64_t count, int64_t grain, int64_t align, int pieces = 1) {
  std::mutex mutex;
  std::vector<Range> ranges;
  ParallelFor(
      count, grain,
      [&](int64_t begin, int64_t end) {
        std::lock_guard<std::mutex> lock(mutex);
        ranges.push_back({begin, end, std::this_thread::get_id()});
      },
      align, pieces);
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  return ranges;
}

TEST(ParallelFor, CoversEachIndexOnce) {
  const int64_t counts[] = {1, 2, 3, 5, 31, 32, 33, 64, 100, 1000, 1023, 1025, 100003, int64_t{1} << 40};
  for (const int threads : {1, 2, 3, 4, 7, 16}) {
    const Threads scope(threads);
    for (const int64_t count : counts) {
      for (const int64_t grain : {0, 1, 2, 31, 64, 1000}) {
        for (const int64_t align : {1, 2, 7, 64}) {
          const int pieces = align == 2 ? 4 : 1;
          SCOPED_TRACE("count " + std::to_string(count) + " grain " + std::to_string(grain) + " align " +
                       std::to_string(align) + " threads " + std::to_string(threads));
          const std::vector<Range> ranges = RangesOf(count, grain, align, pieces);
          ASSERT_GE(ranges.size(), 1u);
          ASSERT_LE(ranges.size(), static_cast<size_t>(threads * pieces));
          int64_t next = 0;
          for (size_t r = 0; r < ranges.size(); ++r) {
            ASSERT_EQ(ranges[r].begin, next);
            ASSERT_GT(ranges[r].end, ranges[r].begin);
            ASSERT_EQ(ranges[r].begin % align, 0);
            if (r + 1 < ranges.size()) {
              ASSERT_GE(ranges[r].end - ranges[r].begin, grain);
            }
            next = ranges[r].end;
          }
          ASSERT_EQ(next, count);
          if (count < 2 * grain || threads == 1) {
            ASSERT_EQ(ranges.size(), 1u);
            ASSERT_EQ(ranges[0].thread, std::this_thread::get_id());
          }
        }
      }
    }
  }
}

TEST(ParallelFor, DoesNothingForNothing) {
  const Threads scope(4);
  for (const int64_t count : {int64_t{0}, int64_t{-1}, INT64_MIN}) EXPECT_TRUE(RangesOf(count, 1, 1).empty());
}

TEST(ParallelFor, UsesSeveralThreads) {
  const Threads scope(3);
  std::set<std::thread::id> seen;
  // A range waits for the others: one thread alone would never end.
  std::atomic<int> arrived{0};
  std::mutex mutex;
  ParallelFor(3, 1, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(end, begin + 1);
    arrived.fetch_add(1);
    while (arrived.load() < 3) std::this_thread::yield();
    std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ParallelFor, WritesOfRangesAreSeenAfterwards) {
  const Threads scope(4);
  std::vector<int64_t> values(10000);
  for (int64_t round = 1; round <= 200; ++round) {
    ParallelFor(10000, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) values[static_cast<size_t>(i)] += i;
    });
  }
  for (int64_t i = 0; i < 10000; ++i) ASSERT_EQ(values[static_cast<size_t>(i)], 200 * i);
}

TEST(ParallelFor, RethrowsWhatOneRangeThrows) {
  const Threads scope(4);
  for (int64_t bad = 0; bad < 4; ++bad) {
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> ran{0};
      try {
        ParallelFor(4, 1, [&](int64_t begin, int64_t) {
          ran.fetch_add(1);
          if (begin == bad) throw std::out_of_range("range " + std::to_string(begin));
        });
        FAIL() << "nothing was thrown";
      } catch (const std::out_of_range& error) {
        EXPECT_EQ(error.what(), "range " + std::to_string(bad));
      }
      EXPECT_EQ(ran.load(), 4);  // the other ranges are not abandoned
    }
  }
}

TEST(ParallelFor, RethrowsOneOfMany) {
  const Threads scope(4);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> thrown{0};
    int caught = 0;
    try {
      ParallelFor(4, 1, [&](int64_t begin, int64_t) {
        thrown.fetch_add(1);
        throw static_cast<int>(begin);
      });
    } catch (const int begin) {
      ++caught;
      EXPECT_GE(begin, 0);
      EXPECT_LT(begin, 4);
    }
    EXPECT_EQ(caught, 1);
    EXPECT_EQ(thrown.load(), 4);
  }
  // On the calling thread alone.
  EXPECT_THROW(ParallelFor(1, 1, [](int64_t, int64_t) { throw std::runtime_error("alone"); }), std::runtime_error);
  EXPECT_EQ(RangesOf(4, 1, 1).size(), 4u);
}

TEST(ParallelFor, NestedCallsRunInline) {
  const Threads scope(4);
  std::atomic<int> outer{0};
  std::atomic<int> inner{0};
  ParallelFor(4, 1, [&](int64_t, int64_t) {
    outer.fetch_add(1);
    const std::thread::id self = std::this_thread::get_id();
    // Twice: the first must not end the region.
    for (int i = 0; i < 2; ++i) {
      ParallelFor(1000, 1, [&](int64_t begin, int64_t end) {
        EXPECT_EQ(begin, 0);
        EXPECT_EQ(end, 1000);
        EXPECT_EQ(std::this_thread::get_id(), self);
        inner.fetch_add(1);
      });
    }
    EXPECT_THROW(ParallelFor(1000, 1, [](int64_t, int64_t) { throw std::runtime_error("inner"); }), std::runtime_error);
    ParallelFor(1000, 1, [&](int64_t begin, int64_t end) { EXPECT_EQ(end - begin, 1000); });
  });
  EXPECT_EQ(outer.load(), 4);
  EXPECT_EQ(inner.load(), 8);
  // The region ended with the outer call.
  EXPECT_EQ(RangesOf(1000, 1, 1).size(), 4u);
}

TEST(ParallelFor, SeveralCallersAtOnce) {
  const Threads scope(3);
  constexpr int kCallers = 6;
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int c = 0; c < kCallers; ++c) {
    callers.emplace_back([c, &wrong] {
      std::vector<int> hits(1000);
      for (int round = 1; round <= 300; ++round) {
        bool caught = false;
        try {
          ParallelFor(1000, 10 + c, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
            if (round % 10 == c && begin != 0) throw c;
          });
        } catch (const int thrower) {
          caught = thrower == c;
        }
        if (caught != (round % 10 == c)) wrong.fetch_add(1);
        if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      for (const int count : hits) {
        if (count != 300) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

// Workers fall asleep, or are about to, whenever the next call comes.
TEST(ParallelFor, WakesWorkersUp) {
  const Threads scope(4);
  for (int round = 0; round < 300; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(round));
    std::atomic<int64_t> sum{0};
    ParallelFor(100, 1, [&](int64_t begin, int64_t end) { sum.fetch_add(end - begin); });
    ASSERT_EQ(sum.load(), 100);
  }
}

// The threads that worked on one brief call, of 16 pieces at most.
std::set<std::thread::id> ThreadsOfBrief(int64_t count, int64_t grain) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::vector<int> hits(static_cast<size_t>(count));
  ParallelForBrief(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
    std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(std::count(hits.begin(), hits.end(), 1), count);
  return seen;
}

TEST(ParallelForBrief, CoversEachIndexOnce) {
  for (const int threads : {1, 2, 5}) {
    const Threads scope(threads);
    for (const int64_t count : {0, 1, 2, 3, 7, 8, 9, 1000}) {
      for (const int64_t grain : {0, 1, 3, 499, 500, 501}) {
        for (int round = 0; round < 20; ++round) ASSERT_LE(ThreadsOfBrief(count, grain).size(), static_cast<size_t>(std::min(threads, 2)));
      }
    }
    ParallelForBrief(-1, 1, [](int64_t, int64_t) { FAIL(); });
  }
}

TEST(ParallelForBrief, LeavesSleepersAlone) {
  const Threads scope(4);
  RangesOf(4, 1, 1);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(ThreadsOfBrief(100, 1), std::set<std::thread::id>{std::this_thread::get_id()});
  }
}

TEST(ParallelForBrief, IsHelpedInALoop) {
  const Threads scope(2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool helped = false;
  while (!helped && std::chrono::steady_clock::now() < deadline) {
    std::atomic<int> others{0};
    const std::thread::id self = std::this_thread::get_id();
    ParallelForBrief(8, 1, [&](int64_t, int64_t) {
      if (std::this_thread::get_id() != self) others.fetch_add(1);
    });
    helped = others.load() > 0;
  }
  EXPECT_TRUE(helped);
}

TEST(ParallelForBrief, RethrowsWhatARangeThrows) {
  const Threads scope(2);
  for (int round = 0; round < 1000; ++round) {
    EXPECT_THROW(ParallelForBrief(8, 1, [](int64_t begin, int64_t) { if (begin == 3) throw std::runtime_error("three"); }), std::runtime_error);
  }
  EXPECT_THROW(ParallelForBrief(1, 1, [](int64_t, int64_t) { throw std::runtime_error("alone"); }), std::runtime_error);
}

TEST(ParallelForBrief, SeveralCallersAtOnce) {
  const Threads scope(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([c, &wrong] {
      std::vector<int> hits(64);
      for (int round = 0; round < 3000; ++round) {
        const auto add = [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
        };
        // Some calls are of the other kind, which the same workers look for.
        (round + c) % 7 == 0 ? ParallelFor(64, 4, add) : ParallelForBrief(64, 4, add);
        if (round % 500 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      for (const int count : hits) {
        if (count != 3000) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(NumThreads, UpAndDown) {
  const Threads scope(1);
  for (const int threads : {1, 2, 8, 3, 1, 5, 2, 256, 1}) {
    SetNumThreads(threads);
    EXPECT_EQ(NumThreads(), threads);
    EXPECT_EQ(RangesOf(1024, 1, 1).size(), static_cast<size_t>(threads));
  }
}

// Workers that an earlier, higher count left behind stay out of it.
TEST(NumThreads, NoMoreThreadsThanThat) {
  const Threads scope(16);
  RangesOf(16, 1, 1);
  for (const int threads : {1, 2, 3}) {
    SetNumThreads(threads);
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> inside{0};
      std::atomic<int> most{0};
      ParallelFor(
          threads * 8, 1,
          [&](int64_t, int64_t) {
            const int now = inside.fetch_add(1) + 1;
            int before = most.load();
            while (before < now && !most.compare_exchange_weak(before, now)) {
            }
            std::this_thread::sleep_for(std::chrono::microseconds(100));
            inside.fetch_sub(1);
          },
          1, 8);
      ASSERT_LE(most.load(), threads);
    }
  }
}

TEST(NumThreads, RefusesOthers) {
  const Threads scope(2);
  for (const int threads : {0, -1, 257, INT32_MAX, INT32_MIN}) {
    EXPECT_THROW(SetNumThreads(threads), std::out_of_range);
    EXPECT_EQ(NumThreads(), 2);
  }
}

TEST(NumThreads, MayChangeWhileOthersWork) {
  const Threads scope(2);
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    for (int i = 0; !stop.load(); ++i) SetNumThreads(1 + i % 5);
  });
  for (int round = 0; round < 500; ++round) {
    std::atomic<int64_t> sum{0};
    ParallelFor(1000, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sum.fetch_add(i, std::memory_order_relaxed);
    });
    EXPECT_EQ(sum.load(), 499500);
  }
  stop.store(true);
  changer.join();
}

// Kernels that several JavaScript threads run at once share nothing but the pool.
TEST(Kernels, SeveralCallersAtOnce) {
  const Threads scope(2);
  constexpr size_t kCount = 100001;
  const auto run = [](const std::string& name, std::vector<std::vector<float>*> arrays, std::vector<double> params) {
    PlanBuilder plan(name);
    for (std::vector<float>* array : arrays) {
      PlannedView view;
      view.shape = {static_cast<double>(array->size())};
      view.strides = {1};
      view.buffer = {array->data(), array->size(), Storage::kFloat32};
      plan.views.push_back(view);
    }
    plan.params = std::move(params);
    const Plan decoded = plan.Decode();
    decoded.kernel->function(decoded);
  };
  const auto work = [&] {
    std::vector<float> a(kCount), b(kCount), sum(kCount);
    run("uniform", {&a}, {1, 2, 3, 5, 7, 0, 1});
    run("normal", {&b}, {1, 2, 3, 5, 7, 0, 1});
    run("add", {&sum, &a, &b}, {});
    run("tanh", {&sum, &sum}, {});
    std::vector<float> total(1);
    PlanBuilder plan("sum");
    plan.views.resize(2);
    plan.views[0].shape = plan.views[0].strides = {1};
    plan.views[0].buffer = {total.data(), 1, Storage::kFloat32};
    plan.views[1].shape = {static_cast<double>(kCount)};
    plan.views[1].strides = {1};
    plan.views[1].buffer = {sum.data(), kCount, Storage::kFloat32};
    const Plan decoded = plan.Decode();
    decoded.kernel->function(decoded);
    sum.push_back(total[0]);
    return sum;
  };
  const std::vector<float> expected = work();
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> callers;
  for (std::vector<float>& result : results) {
    callers.emplace_back([&] {
      for (int round = 0; round < 5; ++round) result = work();
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::vector<float>& result : results) EXPECT_TRUE(result == expected);
}

using PoolDeathTest = ::testing::Test;

TEST(PoolDeathTest, ProcessExitsWithThePoolAsleep) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        SetNumThreads(8);
        RangesOf(8, 1, 1);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(PoolDeathTest, ProcessExitsWithThePoolAwake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        SetNumThreads(8);
        RangesOf(8, 1, 1);
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

#if defined(__linux__)
// Leaves no room for another thread's stack.
void LimitMemory() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  const rlim_t bytes = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (1 << 20);
  const rlimit limit = {bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

TEST(PoolDeathTest, WorksWithoutTheThreadsItCannotHave) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        SetNumThreads(64);
        LimitMemory();
        int64_t next = 0;
        bool good = true;
        for (const Range& range : RangesOf(1000, 1, 1)) {
          good = good && range.begin == next;
          next = range.end;
        }
        // Without exit handlers: OpenBLAS waits there for a thread of its own, which waits for memory.
        std::_Exit(good && next == 1000 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace evenkeel
