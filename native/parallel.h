// Threads: one pool for the whole process, shared by every JavaScript thread that calls in. OpenBLAS runs on one thread
// inside it, so the two never nest.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace evenkeel {

// A borrowed callable: no allocation, valid for the duration of the call it is passed to.
class RangeFunction {
 public:
  template <typename F, typename = std::enable_if_t<!std::is_same_v<std::decay_t<F>, RangeFunction>>>
  RangeFunction(F&& f)  // NOLINT: implicit so that a lambda can be passed
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object, int64_t begin, int64_t end) { (*static_cast<std::remove_reference_t<F>*>(object))(begin, end); }) {}

  void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

 private:
  void* object_;
  void (*call_)(void*, int64_t, int64_t);
};

// Splits [0, count) into contiguous ranges, `pieces` for each thread, none smaller than `grain` (but the last), each starting
// at a multiple of `align`, and runs them in parallel; returns when all are done. Work below two grains, and calls from
// inside a parallel region, run on the calling thread. The first exception thrown by a range is rethrown here. More pieces
// even out what threads get done when something else runs on their CPUs; work that gains from long ranges takes one.
void ParallelFor(int64_t count, int64_t grain, RangeFunction function, int64_t align = 1, int pieces = 1);

// For work on many elements whose ranges are independent of one another.
constexpr int kSeveralPieces = 4;

// The same for work that takes less time than waking a thread up, some 10 us: two threads at most, the second only where it is
// awake, from earlier work or because such calls have followed each other closely.
void ParallelForBrief(int64_t count, int64_t grain, RangeFunction function);

// For a thread that waits for what others do.
void SleepFor(std::chrono::microseconds time);

// From 1 to 256. The default respects CPU affinity and the cgroup's quota.
void SetNumThreads(int threads);
int NumThreads();

}  // namespace evenkeel
