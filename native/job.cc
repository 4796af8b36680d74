#include "job.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "memory.h"

namespace evenkeel {
namespace {

// Most buffers of one job.
constexpr uint32_t kMaxBlocks = 65536;

constexpr size_t kAlignment = 64;

// How many bytes of a view's memory lie between its first element and the end of its last; 0 for an empty one. Its typed array
// holds them all, so that nothing overflows.
size_t Span(const View& view) {
  size_t last = 0;
  for (int d = 0; d < view.ndim; ++d) {
    if (view.shape[d] == 0) return 0;
    last += static_cast<size_t>(view.shape[d] - 1) * static_cast<size_t>(view.strides[d]);
  }
  return (last + 1) * SizeOf(view.dtype);
}

bool Writes(const Kernel& kernel, int view) {
  if (view == 0 || kernel.relation == Relation::kQr || kernel.relation == Relation::kSvd) return true;
  return kernel.relation == Relation::kGenerator && view == kernel.num_views - 1;
}

}  // namespace

void Job::Free::operator()(char* memory) const { ::operator delete(memory, std::align_val_t{kAlignment}); }

void Job::Block::Allocate() {
  if (memory != nullptr || Size() == 0) return;
  // As far past an aligned address as in JavaScript's buffer, so that every element type stays aligned.
  const size_t past = begin % kAlignment;
  own.reset(static_cast<char*>(::operator new(past + Size(), std::align_val_t{kAlignment})));
  memory = own.get() + past;
  AdviseHugePages(memory, Size());
}

Job::Block& Job::At(uint32_t block) {
  if (block >= blocks_.size()) throw PlanError("invalid plan: unknown buffer");
  return blocks_[block];
}

void Job::Add(const double* words, size_t capacity, const Buffer* buffers, const Place* places, size_t count) {
  Call call = {DecodePlan(words, capacity, buffers, count), {}};
  for (size_t v = 0; v < count; ++v) {
    if (places[v].block >= kMaxBlocks) throw PlanError("invalid plan: too many buffers");
  }
  for (size_t v = 0; v < count; ++v) {
    const View& view = call.plan.views[v];
    if (places[v].block >= blocks_.size()) blocks_.resize(places[v].block + 1);
    Block& block = blocks_[places[v].block];
    block.shared = places[v].shared;
    block.written = block.written || Writes(*call.plan.kernel, static_cast<int>(v));
    call.places[v] = places[v];
    const size_t span = Span(view);
    if (span == 0) continue;
    call.places[v].offset += static_cast<size_t>(static_cast<char*>(view.data) - static_cast<char*>(buffers[v].data));
    block.begin = std::min(block.begin, call.places[v].offset);
    block.end = std::max(block.end, call.places[v].offset + span);
  }
  calls_.push_back(call);
}

void Job::Prepare() {
  constexpr size_t kPage = 4096;
  for (Block& block : blocks_) {
    if (block.InPlace()) continue;
    block.Allocate();
    for (size_t at = 0; at < block.Size(); at += kPage) static_cast<volatile char*>(block.memory)[at] = 0;
  }
}

bool Job::CopyIn(uint32_t number, char* memory, size_t length, bool shared, size_t most) {
  Block& block = At(number);
  if (block.Size() == 0) return true;
  if (block.end > length) throw PlanError("invalid plan: view reaches outside its buffer");
  if (shared != block.shared) throw PlanError("invalid plan: another buffer");
  if (block.InPlace()) {
    block.memory = memory + block.begin;
    return true;
  }
  block.Allocate();
  const size_t bytes = std::min(most, block.Size() - block.copied_in);
  std::memcpy(block.memory + block.copied_in, memory + block.begin + block.copied_in, bytes);
  block.copied_in += bytes;
  return block.copied_in == block.Size();
}

void Job::Run() {
  for (Block& block : blocks_) block.Allocate();
  char nothing[64] = {};
  for (Call& call : calls_) {
    for (int v = 0; v < call.plan.kernel->num_views; ++v) {
      View& view = call.plan.views[v];
      const Block& block = blocks_[call.places[v].block];
      view.data = Span(view) == 0 ? nothing : block.memory + (call.places[v].offset - block.begin);
    }
    call.plan.kernel->function(call.plan);
  }
}

bool Job::CopyOut(uint32_t number, char* memory, size_t length, size_t most) {
  Block& block = At(number);
  if (block.Size() == 0) return true;
  if (block.end > length) throw PlanError("invalid plan: view reaches outside its buffer");
  if (block.memory == nullptr) throw PlanError("invalid plan: the job has not run");
  const size_t bytes = std::min(most, block.Size() - block.copied_out);
  std::memcpy(memory + block.begin + block.copied_out, block.memory + block.copied_out, bytes);
  block.copied_out += bytes;
  return block.copied_out == block.Size();
}

void Job::Clear() {
  calls_.clear();
  blocks_.clear();
}

}  // namespace evenkeel
