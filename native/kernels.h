// Declares every function named in kernels.def.
#pragma once

#include "kernel.h"

namespace evenkeel {

void Copy(const Plan& plan);
void FillAll(const Plan& plan);
void Gather(const Plan& plan);
void ScatterAdd(const Plan& plan);
void Gemm(const Plan& plan);
void Linear(const Plan& plan);
void Conv2d(const Plan& plan);
void Conv2dBackwardInput(const Plan& plan);
void Conv2dBackwardWeight(const Plan& plan);
void Conv2dBias(const Plan& plan);
void MaxPool2d(const Plan& plan);
void MaxPool2dBackward(const Plan& plan);
void AvgPool2d(const Plan& plan);
void AvgPool2dBackward(const Plan& plan);
void MaxPool2dNhwc(const Plan& plan);
void MaxPool2dNhwcBackward(const Plan& plan);
void AvgPool2dNhwc(const Plan& plan);
void AvgPool2dNhwcBackward(const Plan& plan);
void HaarOrthogonal(const Plan& plan);
void Qr(const Plan& plan);
void Svd(const Plan& plan);
void SolveUpper(const Plan& plan);
void SignalStatistics(const Plan& plan);
void Integers(const Plan& plan);
void Permutation(const Plan& plan);
void SparseZero(const Plan& plan);
void RandomLinear(const Plan& plan);
void RandomLinearBackward(const Plan& plan);

namespace blas {
#define BLAS_KERNEL(name, signature, typing, views, params, dtypes, function) void function(const Plan& plan);
#include "kernels.def"
}  // namespace blas

namespace reductions {
#define REDUCTION(name, typing, params, dtypes, function) void function(const Plan& plan);
#include "kernels.def"
}  // namespace reductions

namespace simd {
#define ARITHMETIC(name, inputs, params, functor, dtypes) void functor(const Plan& plan);
#define MAP(name, inputs, params, functor) void functor(const Plan& plan);
#define MATH(name, inputs, params, functor) void functor(const Plan& plan);
#define ACTIVATION(name, inputs, params, functor) void functor(const Plan& plan);
#define COMPARISON(name, inputs, params, functor) void functor(const Plan& plan);
#include "kernels.def"

void Where(const Plan& plan);
void Softmax(const Plan& plan);
void LogSoftmax(const Plan& plan);
void SoftmaxBackward(const Plan& plan);
void LogSoftmaxBackward(const Plan& plan);

void RandomBits(const Plan& plan);
void Uniform(const Plan& plan);
void Normal(const Plan& plan);
void TruncatedNormal(const Plan& plan);
void Exponential(const Plan& plan);
void Bernoulli(const Plan& plan);
}  // namespace simd

namespace mt {
void Seed(const Plan& plan);
void Bits(const Plan& plan);
void Uniform(const Plan& plan);
void Normal(const Plan& plan);
void TruncNormal(const Plan& plan);
void Exponential(const Plan& plan);
void Bernoulli(const Plan& plan);
void Randint(const Plan& plan);
void Randperm(const Plan& plan);
}  // namespace mt
}  // namespace evenkeel
