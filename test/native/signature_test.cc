// Kernels whose views fit by a signature (native/guard_signature.cc), at the boundary of each check, and BLAS's kernels on strides
// that they cannot address.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "plans.h"

namespace evenkeel {
namespace {

constexpr double kMaxSafe = 9007199254740991.0;  // 2^53 - 1
double memory[64];
const char* const kUnfit = "invalid plan: views do not fit the kernel's signature";

PlannedView ViewOf(std::vector<double> shape, std::vector<double> strides, DType dtype = DType::kFloat64) {
  const Storage storage = dtype == DType::kFloat32 ? Storage::kFloat32 : Storage::kFloat64;
  // Nothing is read or written through a buffer unless the plan is run, so buffers may claim any length.
  return {Code(dtype), 0, shape, strides, {memory, std::numeric_limits<size_t>::max() / 16, storage}};
}
PlannedView ViewOf(std::vector<double> shape) { return ViewOf(shape, Dense(shape)); }

PlanBuilder Build(const std::string& name, std::vector<PlannedView> views) {
  PlanBuilder plan(name);
  plan.views = std::move(views);
  plan.params.assign(static_cast<size_t>(kKernels[KernelId(name)].num_params), 0.0);
  return plan;
}

std::string OutcomeOf(const PlanBuilder& plan) {
  try {
    plan.Decode();
  } catch (const PlanError& error) {
    return error.what();
  }
  return "accepted";
}

std::string OutcomeOf(const std::string& name, std::vector<PlannedView> views) { return OutcomeOf(Build(name, views)); }

TEST(Signature, EqualLettersAreEqualSizes) {
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({3}), ViewOf({3})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({3}), ViewOf({4})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({0}), ViewOf({0})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({0}), ViewOf({1})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_gemv", {ViewOf({2}), ViewOf({2, 3}), ViewOf({3})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_gemv", {ViewOf({3}), ViewOf({2, 3}), ViewOf({3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_gemv", {ViewOf({2}), ViewOf({2, 3}), ViewOf({2})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_symm_right", {ViewOf({2, 3}), ViewOf({3, 3}), ViewOf({2, 3})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_symm_right", {ViewOf({2, 3}), ViewOf({2, 2}), ViewOf({2, 3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_gemm_batched", {ViewOf({2, 3, 4}), ViewOf({2, 3, 5}), ViewOf({2, 5, 4})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_gemm_batched", {ViewOf({2, 3, 4}), ViewOf({1, 3, 5}), ViewOf({2, 5, 4})}), kUnfit);
}

TEST(Signature, DimensionsAreCounted) {
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({3, 1}), ViewOf({3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({3}), ViewOf({3, 1})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({}), ViewOf({3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_axpy", {ViewOf({3}), ViewOf({})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_syrk", {ViewOf({3, 3}), ViewOf({3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_trmv", {ViewOf({3}), ViewOf({3, 3, 1})}), kUnfit);
}

TEST(Signature, OneIsOne) {
  EXPECT_EQ(OutcomeOf("blas_asum", {ViewOf({1}), ViewOf({3})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_asum", {ViewOf({2}), ViewOf({3})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_asum", {ViewOf({0}), ViewOf({3})}), kUnfit);
}

TEST(Signature, PackedTriangles) {
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({3}), ViewOf({6})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({3}), ViewOf({5})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({3}), ViewOf({7})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({0}), ViewOf({0})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_spr", {ViewOf({6}), ViewOf({3})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_spr", {ViewOf({6}), ViewOf({4})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({3}), ViewOf({6}, {2})}), kUnfit);
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({1}), ViewOf({1}, {2})}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({2}), ViewOf({3}, {0})}), kUnfit);
  // 2^53 - 1 of them, whose triangle fits no 64 bits.
  EXPECT_EQ(OutcomeOf("blas_tpmv", {ViewOf({kMaxSafe}, {1}), ViewOf({1})}), kUnfit);
}

TEST(Signature, NumbersAreFloat64) {
  const PlannedView x = ViewOf({3}, {1}, DType::kFloat32);
  EXPECT_EQ(OutcomeOf("blas_asum", {ViewOf({1}), x}), "accepted");
  EXPECT_EQ(OutcomeOf("blas_asum", {ViewOf({1}, {1}, DType::kFloat32), x}), "invalid plan: dtypes do not fit together");
  EXPECT_EQ(OutcomeOf("blas_dot", {ViewOf({1}), x, ViewOf({3})}), "invalid plan: dtypes do not fit together");
  EXPECT_EQ(OutcomeOf("blas_axpy", {x, ViewOf({3})}), "invalid plan: dtypes do not fit together");
  EXPECT_EQ(OutcomeOf("blas_dsdot", {ViewOf({1}), ViewOf({3}), ViewOf({3})}), "invalid plan: dtype not supported by this kernel");
}

void Execute(const PlanBuilder& plan) {
  const Plan decoded = plan.Decode();
  decoded.kernel->function(decoded);
}

// What the facade never sends.
TEST(BlasKernels, RefuseStridesThatBlasCannotAddress) {
  EXPECT_THROW(Execute(Build("blas_asum", {ViewOf({1}), ViewOf({3}, {0})})), std::invalid_argument);
  EXPECT_THROW(Execute(Build("blas_ger", {ViewOf({3, 3}, {1, 3}), ViewOf({3}), ViewOf({3})})), std::invalid_argument);
  EXPECT_THROW(Execute(Build("blas_ger", {ViewOf({3, 3}, {2, 1}), ViewOf({3}), ViewOf({3})})), std::invalid_argument);
  EXPECT_THROW(Execute(Build("blas_trmv", {ViewOf({3}), ViewOf({3, 3}, {2, 1})})), std::invalid_argument);
  EXPECT_THROW(Execute(Build("blas_sbmv", {ViewOf({3}), ViewOf({3, 0}), ViewOf({3})})), std::invalid_argument);
  PlanBuilder band = Build("blas_gbmv", {ViewOf({3}), ViewOf({3, 2}), ViewOf({3})});
  for (const double below : {2.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    band.params[2] = below;
    EXPECT_THROW(Execute(band), std::invalid_argument) << below;
  }
}

TEST(BlasKernels, RefuseVectorsThatOverlap) {
  PlanBuilder axpy = Build("blas_axpy", {ViewOf({3}), ViewOf({3})});
  axpy.params = {0, 1};
  EXPECT_NO_THROW(Execute(axpy));
  axpy.views[1].offset = 2;
  EXPECT_THROW(Execute(axpy), std::invalid_argument);
  axpy.views[1].offset = 3;
  EXPECT_NO_THROW(Execute(axpy));
}

}  // namespace
}  // namespace evenkeel
