#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace evenkeel {
namespace {

constexpr int kMaxThreads = 256;

// A worker looks for work this long before it sleeps: waking it up costs 5 to 50 us, as much as a whole small matvec.
constexpr std::chrono::microseconds kSpinTime(50);

// So many brief calls, each within the time of the one before, are a loop that is worth waking a worker up for.
constexpr int kLoop = 32;
constexpr std::chrono::microseconds kLoopTime(20);

// Set while a thread runs a range. A plain bool: addons that are unloaded with live thread-local objects crash workers.
thread_local bool in_parallel_region = false;

void Pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// One ParallelFor. It lives on the caller's stack: nobody may touch it after `running` has dropped to 0.
struct Job {
  Job(RangeFunction range_function, int64_t n, int64_t size, int64_t num_chunks, int num_helpers)
      : function(range_function), count(n), chunk(size), chunks(num_chunks), helpers(num_helpers) {}

  const RangeFunction function;
  const int64_t count;
  const int64_t chunk;
  const int64_t chunks;
  int helpers;  // workers that may still join; changed under the pool's mutex only
  std::atomic<int64_t> next{0};
  std::atomic<int> running{0};  // workers inside; raised under the pool's mutex only
  std::mutex error_mutex;
  std::exception_ptr error;

  void Work() {
    in_parallel_region = true;
    for (;;) {
      const int64_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= chunks) break;
      try {
        function(i * chunk, std::min(count, (i + 1) * chunk));
      } catch (...) {
        std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
      }
    }
    in_parallel_region = false;
  }
};

class Pool {
 public:
  void Run(Job& job) {
    const int helpers = job.helpers;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      try {
        while (num_workers_ < helpers) {
          std::thread([this] { WorkerLoop(); }).detach();
          ++num_workers_;
        }
      } catch (const std::exception&) {
        // The system has no more threads to give, or no memory for one. The caller works off whatever nobody else takes.
      }
      jobs_.push_back(&job);
    }
    // Not before the mutex is free: who waits for it goes to sleep, and has to be woken up.
    pending_.fetch_add(1, std::memory_order_release);
    if (sleeping_.load() > 0) {
      if (helpers == 1) {
        wake_.notify_one();
      } else {
        wake_.notify_all();
      }
    }
    job.Work();
    {
      // No worker joins from here on.
      std::lock_guard<std::mutex> lock(mutex_);
      const auto it = std::find(jobs_.begin(), jobs_.end(), &job);
      if (it != jobs_.end()) {
        jobs_.erase(it);
        pending_.fetch_sub(1, std::memory_order_relaxed);
      }
    }
    Await(job);
  }

  // Together with a worker that looks for work at the time, if there is one; without the mutex, which takes longer than the
  // whole of a brief job.
  void RunBrief(Job& job) {
    if (sleeping_.load(std::memory_order_relaxed) == num_workers_.load(std::memory_order_relaxed)) {
      if (IsInLoop()) {
        Run(job);
      } else {
        job.Work();
      }
      return;
    }
    job.running.store(1, std::memory_order_relaxed);
    Job* none = nullptr;
    const bool offered = offered_.compare_exchange_strong(none, &job, std::memory_order_acq_rel);
    job.Work();
    if (!offered) return;
    Job* taken_back = &job;
    if (!offered_.compare_exchange_strong(taken_back, nullptr, std::memory_order_acq_rel)) Await(job);
  }

 private:
  // Until no worker is inside a job that none can join any more.
  static void Await(const Job& job) {
    for (int spins = 0; job.running.load(std::memory_order_acquire) != 0; ++spins) {
      if (spins < 4096) {
        Pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

  // Several callers that count together come to the same answer sooner.
  bool IsInLoop() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto last = std::chrono::steady_clock::duration(last_brief_.exchange(now.count(), std::memory_order_relaxed));
    const int calls = now - last < kLoopTime ? brief_calls_.load(std::memory_order_relaxed) + 1 : 0;
    brief_calls_.store(calls, std::memory_order_relaxed);
    return calls >= kLoop;
  }

  // Joins the oldest job that still has chunks to hand out, or returns null.
  Job* Join() {
    std::lock_guard<std::mutex> lock(mutex_);
    return JoinLocked();
  }

  Job* JoinLocked() {
    while (!jobs_.empty()) {
      Job* job = jobs_.front();
      if (job->next.load(std::memory_order_relaxed) < job->chunks) {
        job->running.fetch_add(1, std::memory_order_relaxed);
        // The pool may have more workers than this job's thread count: it has been higher, or another caller's is.
        if (--job->helpers == 0) PopLocked();
        return job;
      }
      PopLocked();
    }
    return nullptr;
  }

  void PopLocked() {
    jobs_.pop_front();
    pending_.fetch_sub(1, std::memory_order_relaxed);
  }

  Job* Wait() {
    const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
    do {
      for (int i = 0; i < 64; ++i) {
        if (offered_.load(std::memory_order_relaxed) != nullptr) {
          if (Job* job = offered_.exchange(nullptr, std::memory_order_acq_rel)) return job;
        }
        if (pending_.load(std::memory_order_acquire) > 0) {
          if (Job* job = Join()) return job;
        }
        Pause();
      }
    } while (std::chrono::steady_clock::now() < deadline);
    std::unique_lock<std::mutex> lock(mutex_);
    sleeping_.fetch_add(1);
    Job* job = nullptr;
    wake_.wait(lock, [&] { return (job = JoinLocked()) != nullptr; });
    sleeping_.fetch_sub(1);
    return job;
  }

  void WorkerLoop() {
    for (;;) {
      Job* job = Wait();
      job->Work();
      job->running.fetch_sub(1, std::memory_order_release);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> jobs_;
  std::atomic<int> pending_{0};  // jobs_.size(), readable without the mutex; for a moment one less
  std::atomic<int> sleeping_{0};
  std::atomic<int> num_workers_{0};  // raised under the mutex only
  std::atomic<Job*> offered_{nullptr};  // a brief job that waits for one worker
  std::atomic<std::chrono::steady_clock::rep> last_brief_{0};
  std::atomic<int> brief_calls_{0};
};

// Never destroyed: its threads may still wait on it while the process exits.
Pool& GetPool() {
  static Pool* pool = new Pool;
  return *pool;
}

// The CPUs that the cgroup's quota allows, or 0 where there is none.
int CgroupQuota() {
#if defined(__linux__)
  double quota = 0;
  double period = 0;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string text;
  if (v2 >> text >> period) {
    if (text == "max") return 0;
    std::istringstream(text) >> quota;
  } else {
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  }
  if (quota > 0 && period > 0) return std::max(1, static_cast<int>(quota / period + 0.5));
#endif
  return 0;
}

int DefaultThreads() {
  // glibc's answer respects the affinity mask.
  int threads = std::max(1u, std::thread::hardware_concurrency());
  if (const int quota = CgroupQuota()) threads = std::min(threads, quota);
  return std::min(threads, kMaxThreads);
}

std::atomic<int> num_threads{0};  // 0: not decided yet

}  // namespace

void SleepFor(std::chrono::microseconds time) { std::this_thread::sleep_for(time); }

void SetNumThreads(int threads) {
  if (threads < 1 || threads > kMaxThreads) throw std::out_of_range("thread count must be from 1 to 256");
  num_threads.store(threads);
}

int NumThreads() {
  int threads = num_threads.load(std::memory_order_relaxed);
  if (threads == 0) {
    threads = DefaultThreads();
    num_threads.store(threads);
  }
  return threads;
}

void ParallelForBrief(int64_t count, int64_t grain, RangeFunction function) {
  const int64_t most = count / std::max<int64_t>(grain, 1);
  if (most < 2 || NumThreads() == 1 || in_parallel_region) {
    if (count > 0) function(0, count);
    return;
  }
  const int64_t chunks = std::min<int64_t>(most, 2 * kSeveralPieces);
  const int64_t chunk = (count + chunks - 1) / chunks;
  Job job(function, count, chunk, (count + chunk - 1) / chunk, 1);
  GetPool().RunBrief(job);
  if (job.error) std::rethrow_exception(job.error);
}

void ParallelFor(int64_t count, int64_t grain, RangeFunction function, int64_t align, int pieces) {
  if (count <= 0) return;
  const int64_t most = count / std::max<int64_t>(grain, 1);
  const int64_t wanted = std::min<int64_t>(NumThreads(), most);
  if (wanted < 2 || in_parallel_region) {
    function(0, count);
    return;
  }
  const int64_t ranges = std::min(wanted * pieces, most);
  int64_t chunk = (count + ranges - 1) / ranges;
  chunk = (chunk + align - 1) / align * align;
  const int64_t chunks = (count + chunk - 1) / chunk;
  if (chunks < 2) {
    function(0, count);
    return;
  }
  Job job(function, count, chunk, chunks, static_cast<int>(std::min(wanted, chunks) - 1));
  GetPool().Run(job);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace evenkeel
