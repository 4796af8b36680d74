// Memory safety: turns the numbers JavaScript sends into a Plan, and lets none through that could read or write outside
// the typed arrays it names. No Node-API here, so sanitizers and fuzzers link it alone.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "kernel.h"

namespace evenkeel {

// A typed array as the bridge found it: a detached one has length 0.
struct Buffer {
  void* data;
  size_t length;  // in elements
  Storage storage;
};

struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Words, in order:
//   words in use (this one included), kernel id,
//   for each view: dtype, ndim, offset, shape[ndim], strides[ndim],
//   the kernel's parameters (two words for each that is an element of whole numbers: see IntegerScalar).
// All but the parameters are whole numbers from 0 to 2^53 - 1, so that doubles carry 64-bit sizes exactly.
// `buffers[i]` backs view i. Throws PlanError; nothing has been read or written through a buffer by then.
Plan DecodePlan(const double* words, size_t capacity, const Buffer* buffers, size_t num_buffers);

}  // namespace evenkeel
