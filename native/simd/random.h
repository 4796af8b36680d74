// Raw draws for other fills, elements of fills that are not stored; and for tests, the transforms of simd/random.cc on words of the caller's choice. All on the
// dispatched instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rng/pcg.h"
#include "rng/truncated_normal.h"

namespace evenkeel::simd {

// The first `count` draws from `start` on.
void DrawBits(Pcg32 start, size_t count, uint32_t* out);

// The first `count` elements of the float32 fills `normal` (mean, standard deviation), `uniform` (bounds) and
// `truncated_normal` from `start` on.
void DrawNormals(const double* params, Pcg32 start, size_t count, float* out);
void DrawUniforms(const double* params, Pcg32 start, size_t count, float* out);
void DrawTruncatedNormals(const evenkeel::TruncatedNormal<float>& normal, Pcg32 start, size_t count, float* out);

// out[2k] and out[2k + 1] are the standard normals of radius word radius[k] and angle word angle[k].
void NormalsFromWords(const uint32_t* radius, const uint32_t* angle, size_t pairs, float* out);
void NormalsFromWords(const uint64_t* radius, const uint64_t* angle, size_t pairs, double* out);

// -2 ln((word + 1/2) 2^-bits), the square of the radius.
void RadiiSquared(const uint32_t* words, size_t count, float* out);
void RadiiSquared(const uint64_t* words, size_t count, double* out);

void TruncatedNormalsFromWords(const evenkeel::TruncatedNormal<float>& normal, const uint32_t* words, size_t count, float* out);
void TruncatedNormalsFromWords(const evenkeel::TruncatedNormal<double>& normal, const uint64_t* words, size_t count, double* out);

}  // namespace evenkeel::simd
