// The random law in plain scalar code, element by element: what the vector code in simd/random.cc must equal bit for
// bit. For tests: slow, and meant to be read.
#pragma once

#include <cstdint>

#include "kernel.h"
#include "rng/pcg.h"
#include "rng/truncated_normal.h"

namespace evenkeel::reference {

// The steps of the Box-Muller transform, each a function of one word.
template <typename T>
T RadiusSquared(Word<T> word);  // -2 ln((word + 1/2) 2^-bits)
template <typename T>
void CosSin(Word<T> word, T* cos, T* sin);  // of (word + 1/2) 2^-bits turns

// What a truncated normal is for its word.
template <typename T>
T TruncatedNormalFromWord(const evenkeel::TruncatedNormal<T>& normal, Word<T> word);

// Element `index` of a fill that begins at `start`.
uint32_t RandomBits(Pcg32 start, uint64_t index);
template <typename T>
T Uniform(Pcg32 start, uint64_t index, T low, T high);
template <typename T>
T Normal(Pcg32 start, uint64_t index, T mean, T std);

// The kernels of the same names, for the same plans.
void RandomBits(const Plan& plan);
void Uniform(const Plan& plan);
void Normal(const Plan& plan);
void TruncatedNormal(const Plan& plan);
void Exponential(const Plan& plan);
void Bernoulli(const Plan& plan);
void Integers(const Plan& plan);
void Permutation(const Plan& plan);
void SparseZero(const Plan& plan);

}  // namespace evenkeel::reference
