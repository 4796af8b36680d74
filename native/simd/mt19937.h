// The vector code of the mt19937 fills (rng/mt19937.h, rng/mt_fills.cc), on the dispatched instruction set. The same bits
// on all of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenkeel::simd {

// The generator's next 624 words in place of the last.
void MtTwist(uint32_t* state);

// The draws that `count` words of the state stand for, as uint32_t to any memory.
void MtTemper(const uint32_t* state, size_t count, void* out);

// Draws become values in place: `count` uniforms of [low, high), each from a draw (float) or two (double).
void MtUniforms(float* values, size_t count, float low, float high);
void MtUniforms(double* values, size_t count, double low, double high);

// Blocks of 16 uniforms' draws become blocks of 16 normals, in place.
void MtNormalBlocks(float* values, size_t blocks, float mean, float std);
void MtNormalBlocks(double* values, size_t blocks, double mean, double std);

}  // namespace evenkeel::simd
