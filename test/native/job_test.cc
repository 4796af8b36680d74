// Jobs: what they copy, in whatever slices, and that nothing of JavaScript's is touched while they run. Buffers have their
// exact size, so that the address sanitizer sees one byte too far.
#include "job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "plans.h"

namespace evenkeel {
namespace {

// An ArrayBuffer of floats.
struct Memory {
  explicit Memory(size_t count, float value = 0) : floats(new float[count]), count(count) {
    std::fill(floats.get(), floats.get() + count, value);
  }
  char* bytes() { return reinterpret_cast<char*>(floats.get()); }
  size_t length() const { return count * sizeof(float); }

  std::unique_ptr<float[]> floats;
  size_t count;
};

// A vector of `size` floats in memory's typed array from element `first` on.
PlannedView Vector(Memory& memory, size_t first, double offset, double size, double stride = 1) {
  return {Code(DType::kFloat32), offset, {size}, {stride},
          {memory.floats.get() + first, memory.count - first, Storage::kFloat32}};
}

// Adds a call on views of one dimension; places are the blocks and the typed arrays' first elements.
void Add(Job& job, const std::string& kernel, std::vector<PlannedView> views, std::vector<Job::Place> places,
         std::vector<double> params = {}) {
  PlanBuilder plan(kernel);
  plan.views = std::move(views);
  plan.params = std::move(params);
  const std::vector<double> words = plan.Words();
  const std::vector<Buffer> buffers = plan.Buffers();
  job.Add(words.data(), words.size(), buffers.data(), places.data(), buffers.size());
}

template <typename F>
int Slices(F&& copy) {
  int slices = 1;
  while (!copy()) ++slices;
  return slices;
}

TEST(Job, ChainsCallsThroughItsOwnMemory) {
  for (const size_t most : {size_t{1}, size_t{7}, size_t{4096}}) {
    Memory a(40, 3);
    Memory middle(20, -1);
    Memory out(20, -1);
    Job job;
    // middle = -a[5 + 2 i], then out[4..14) = middle[0..10) + middle[0..10).
    Add(job, "neg", {Vector(middle, 0, 0, 10), Vector(a, 3, 2, 10, 2)}, {{0, 0, false}, {1, 12, false}});
    Add(job, "add", {Vector(out, 0, 4, 10), Vector(middle, 0, 0, 10), Vector(middle, 0, 0, 10)},
        {{2, 0, false}, {0, 0, false}, {0, 0, false}});
    for (int i = 0; i < 10; ++i) a.floats[5 + 2 * i] = static_cast<float>(i);
    job.Prepare();
    // 19 floats from element 5 on.
    EXPECT_EQ(Slices([&] { return job.CopyIn(1, a.bytes(), a.length(), false, most); }),
              static_cast<int>((19 * 4 + most - 1) / most));
    // From here on JavaScript may do what it likes with it.
    a.floats.reset();
    job.Run();
    EXPECT_EQ(Slices([&] { return job.CopyOut(2, out.bytes(), out.length(), most); }),
              static_cast<int>((10 * 4 + most - 1) / most));
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(out.floats[i], i >= 4 && i < 14 ? -2.0f * static_cast<float>(i - 4) : -1.0f);
      EXPECT_EQ(middle.floats[i], -1);
    }
  }
}

TEST(Job, RefusesBuffersThatBecameTooShort) {
  Memory a(10, 1);
  Memory out(10);
  Job job;
  Add(job, "neg", {Vector(out, 0, 0, 10), Vector(a, 0, 0, 10)}, {{0, 0, false}, {1, 0, false}});
  EXPECT_THROW(job.CopyIn(1, nullptr, 0, false, 100), PlanError);
  EXPECT_FALSE(job.CopyIn(1, a.bytes(), a.length(), false, 8));
  EXPECT_THROW(job.CopyIn(1, a.bytes(), a.length() - 1, false, 100), PlanError);
  EXPECT_TRUE(job.CopyIn(1, a.bytes(), a.length(), false, 100));
  job.Run();
  EXPECT_THROW(job.CopyOut(0, nullptr, 0, 100), PlanError);
  EXPECT_THROW(job.CopyOut(0, out.bytes(), out.length() - 4, 100), PlanError);
  EXPECT_EQ(out.floats[0], 0);
  EXPECT_TRUE(job.CopyOut(0, out.bytes(), out.length(), 100));
  EXPECT_EQ(out.floats[9], -1);
}

TEST(Job, ReadsSharedMemoryInPlaceUnlessItWritesThere) {
  Memory a(10, 1);
  Memory both(10, 2);
  Job job;
  Add(job, "add", {Vector(both, 0, 0, 10), Vector(a, 0, 0, 10), Vector(both, 0, 0, 10)},
      {{0, 0, true}, {1, 0, true}, {0, 0, true}});
  EXPECT_THROW(job.CopyIn(1, a.bytes(), a.length(), false, 100), PlanError);
  EXPECT_TRUE(job.CopyIn(1, a.bytes(), a.length(), true, 1));
  EXPECT_TRUE(job.CopyIn(0, both.bytes(), both.length(), true, 100));
  a.floats[3] = 10;
  both.floats[4] = 100;
  job.Run();
  EXPECT_EQ(both.floats[0], 2);
  EXPECT_TRUE(job.CopyOut(0, both.bytes(), both.length(), 100));
  EXPECT_EQ(both.floats[0], 3);
  EXPECT_EQ(both.floats[3], 12);
  EXPECT_EQ(both.floats[4], 3);
}

TEST(Job, EmptyViewsAndUnknownBuffers) {
  Memory out(1, 5);
  Memory in(1, 5);
  Job job;
  Add(job, "neg", {Vector(out, 0, 0, 0), Vector(in, 0, 0, 0)}, {{0, 0, false}, {1, 0, false}});
  EXPECT_TRUE(job.CopyIn(1, nullptr, 0, false, 1));
  EXPECT_THROW(job.CopyIn(2, in.bytes(), in.length(), false, 1), PlanError);
  job.Run();
  EXPECT_TRUE(job.CopyOut(0, nullptr, 0, 1));
  EXPECT_EQ(out.floats[0], 5);
  EXPECT_THROW(Add(job, "neg", {Vector(out, 0, 0, 1), Vector(in, 0, 0, 1)}, {{0, 0, false}, {70000, 0, false}}), PlanError);
  EXPECT_THROW(Add(job, "neg", {Vector(out, 0, 0, 2), Vector(in, 0, 0, 2)}, {{0, 0, false}, {1, 0, false}}), PlanError);
  Job fresh;
  EXPECT_THROW(fresh.CopyOut(0, out.bytes(), out.length(), 1), PlanError);
  Add(fresh, "neg", {Vector(out, 0, 0, 1), Vector(in, 0, 0, 1)}, {{0, 0, false}, {1, 0, false}});
  EXPECT_THROW(fresh.CopyOut(0, out.bytes(), out.length(), 1), PlanError);
  fresh.Clear();
  EXPECT_THROW(fresh.CopyIn(0, out.bytes(), out.length(), false, 1), PlanError);
  fresh.Run();
}

// Doubles stay aligned although the block starts at a float in front of them.
TEST(Job, KeepsElementsAligned) {
  alignas(8) char memory[64] = {};
  const Buffer floats = {memory + 4, 1, Storage::kFloat32};
  const Buffer doubles = {memory + 8, 4, Storage::kFloat64};
  for (int i = 0; i < 4; ++i) {
    const double value = i;
    std::memcpy(memory + 8 + 8 * i, &value, 8);
  }
  Job job;
  Memory out(1);
  std::vector<double> result(4);
  Add(job, "neg", {Vector(out, 0, 0, 1), {Code(DType::kFloat32), 0, {1}, {1}, floats}}, {{0, 0, false}, {1, 4, false}});
  Add(job, "neg",
      {{Code(DType::kFloat64), 0, {4}, {1}, {result.data(), 4, Storage::kFloat64}},
       {Code(DType::kFloat64), 0, {4}, {1}, doubles}},
      {{2, 0, false}, {1, 8, false}});
  EXPECT_TRUE(job.CopyIn(1, memory, sizeof(memory), false, 100));
  job.Run();
  EXPECT_TRUE(job.CopyOut(2, reinterpret_cast<char*>(result.data()), 32, 100));
  EXPECT_EQ(result, (std::vector<double>{-0.0, -1, -2, -3}));
}

}  // namespace
}  // namespace evenkeel
