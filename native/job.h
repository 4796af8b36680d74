// Kernel calls that run off the main thread, on memory of their own: JavaScript may detach, resize or transfer an ArrayBuffer
// at any time, so that no other thread may touch one. What the calls read is copied in before, what they wrote is copied out
// after, both on JavaScript's thread and in slices. Only shared memory, which nobody can take away, is read where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "guard.h"

namespace evenkeel {

class Job {
 public:
  // Where a typed array lies: in which of the job's buffers, numbered by the caller, how far from its start, in bytes, and
  // whether that is a SharedArrayBuffer.
  struct Place {
    uint32_t block;
    size_t offset;
    bool shared;
  };

  // Adds a call. Throws PlanError as DecodePlan does.
  void Add(const double* words, size_t capacity, const Buffer* buffers, const Place* places, size_t count);

  // Allocates what CopyIn would, and touches every page of it: on another thread, because the system may take longer to find
  // memory than it takes to copy. Never needed.
  void Prepare();

  // Copies, of a buffer that `memory` is now, at most `most` bytes that calls touch. True when all are there. Shared memory
  // that no call writes to is used where it is: it must outlive Run. Throws PlanError where the buffer has become too short.
  bool CopyIn(uint32_t block, char* memory, size_t length, bool shared, size_t most);

  // Makes the calls, once, in order. On any thread, while no other member is called. Buffers that were not copied in start
  // with arbitrary contents.
  void Run();

  // Copies what Run left in a buffer to `memory`, as CopyIn does.
  bool CopyOut(uint32_t block, char* memory, size_t length, size_t most);

  // Gives the memory back: the object itself may live until JavaScript collects it.
  void Clear();

 private:
  struct Free {
    void operator()(char* memory) const;
  };

  // One of JavaScript's buffers, of which calls touch the bytes [begin, end).
  struct Block {
    size_t begin = SIZE_MAX;
    size_t end = 0;
    bool written = false;
    bool shared = false;
    std::unique_ptr<char, Free> own;
    char* memory = nullptr;  // its byte `begin`
    size_t copied_in = 0;
    size_t copied_out = 0;

    size_t Size() const { return begin < end ? end - begin : 0; }
    bool InPlace() const { return shared && !written; }
    void Allocate();
  };

  struct Call {
    Plan plan;  // its views' data pointers are set when it is made
    Place places[kMaxViews];
  };

  Block& At(uint32_t block);

  std::vector<Block> blocks_;
  std::vector<Call> calls_;
};

}  // namespace evenkeel
