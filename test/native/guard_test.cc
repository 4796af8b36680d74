// The bounds guard, at the exact boundary of each of its checks. scripts/mutate-guard.mjs breaks the guard one comparison
// at a time and runs these tests: each break must fail one of them.
//
// Nothing is read or written through a buffer here, so buffers may claim any length.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "plans.h"

namespace evenkeel {
namespace {

constexpr double kMaxSafe = 9007199254740991.0;  // 2^53 - 1
constexpr double kMaxInt = 2147483647.0;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Where buffers claim to start.
float memory[64];

const char* const kTooFew = "too few words";
const char* const kTooMany = "too many words";
const char* const kWordCount = "word count";
const char* const kUnknownKernel = "unknown kernel";
const char* const kArrays = "wrong number of typed arrays";
const char* const kUnknownDType = "unknown dtype";
const char* const kUnsupported = "dtype not supported by this kernel";
const char* const kStorage = "dtype differs from the typed array's";
const char* const kDims = "too many dimensions";
const char* const kOffset = "offset";
const char* const kSize = "size";
const char* const kStride = "stride";
const char* const kOutside = "view reaches outside its typed array";
const char* const kCount = "too many elements";
const char* const kDTypes = "dtypes do not fit together";
const char* const kScalarWord = "scalar is not two words";
const char* const kOverlap = "output elements overlap";
const char* const kWrongDims = "wrong number of dimensions";
const char* const kSizes = "sizes do not match";
const char* const kNoDims = "an index needs a dimension";
const char* const kNotContiguous = "view is not contiguous";
const char* const kConvParam = "convolution parameter out of range";
const char* const kGroups = "groups";
const char* const kDivisible = "output channels not divisible by groups";
const char* const kConvLarge = "convolution too large";
const char* const kConvStride = "stride";
const char* const kPoolParam = "pooling parameter out of range";
const char* const kDilation = "dilation";
const char* const kImageLarge = "image too large";
const char* const kWide = "more columns than rows";

// The message of the PlanError that `decode` ends with, or "accepted".
template <typename Decode>
std::string OutcomeOf(Decode&& decode) {
  try {
    decode();
    return "accepted";
  } catch (const PlanError& error) {
    const std::string message = error.what();
    const std::string prefix = "invalid plan: ";
    return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
  }
}

std::string Outcome(const PlanBuilder& plan) {
  return OutcomeOf([&] { plan.Decode(); });
}

std::string OutcomeOfWords(const std::vector<double>& words, const std::vector<Buffer>& buffers) {
  return OutcomeOf([&] { DecodePlan(words.data(), words.size(), buffers.data(), buffers.size()); });
}

#define EXPECT_ACCEPTED(plan) EXPECT_EQ(Outcome(plan), "accepted")
#define EXPECT_REFUSED(plan, message) EXPECT_EQ(Outcome(plan), message)

// A view of a buffer that claims `length` elements.
PlannedView MakeView(std::vector<double> shape, std::vector<double> strides, double offset, size_t length,
                     DType dtype = DType::kFloat32) {
  PlannedView view;
  view.dtype = Code(dtype);
  view.offset = offset;
  view.shape = std::move(shape);
  view.strides = std::move(strides);
  view.buffer = {memory, length, StorageOf(dtype)};
  return view;
}

// A dense view of a buffer that is just large enough.
PlannedView Tight(const std::vector<double>& shape, DType dtype = DType::kFloat32) {
  double count = 1;
  for (const double size : shape) count *= size;
  return MakeView(shape, Dense(shape), 0, static_cast<size_t>(count), dtype);
}

PlanBuilder MakePlan(const std::string& kernel, std::vector<PlannedView> views, std::vector<double> params = {}) {
  PlanBuilder plan(kernel);
  plan.views = std::move(views);
  plan.params = std::move(params);
  return plan;
}

// One output view, any shape: the simplest plan.
PlanBuilder Fill(const PlannedView& view) { return MakePlan("fill", {view}, {0}); }

// A view as an input, which unlike an output may repeat elements: of a sum to a single number.
PlanBuilder SumOf(const PlannedView& view) {
  return MakePlan("sum", {Tight(std::vector<double>(view.shape.size(), 1.0)), view});
}

// Words ---------------------------------------------------------------------------------------------------------------

TEST(GuardWords, FirstWordCountsThem) {
  const PlanBuilder plan = Fill(Tight({3}));
  const std::vector<Buffer> buffers = plan.Buffers();
  const std::vector<double> words = plan.Words();
  const double n = static_cast<double>(words.size());
  const auto with_count = [&](double count, size_t spare) {
    std::vector<double> changed = words;
    changed[0] = count;
    changed.resize(words.size() + spare);
    return OutcomeOfWords(changed, buffers);
  };
  EXPECT_EQ(with_count(n, 0), "accepted");
  EXPECT_EQ(with_count(n, 5), "accepted");
  EXPECT_EQ(with_count(n + 1, 0), kWordCount);
  EXPECT_EQ(with_count(n + 1, 1), kTooMany);
  for (double count = 0; count < n; ++count) EXPECT_EQ(with_count(count, 5), kTooFew) << count;
  for (const double count : {-1.0, n - 0.5, kNaN, kInfinity, -kInfinity, kMaxSafe, kMaxSafe + 1, 1e300}) {
    EXPECT_EQ(with_count(count, 5), kWordCount) << count;
  }
}

TEST(GuardWords, NeedsOneAtLeast) {
  const double word = 7;
  EXPECT_EQ(OutcomeOf([&] { DecodePlan(&word, 0, nullptr, 0); }), "no words");
  EXPECT_EQ(OutcomeOf([&] { DecodePlan(nullptr, 0, nullptr, 0); }), "no words");
  const double none = 0;
  EXPECT_EQ(OutcomeOf([&] { DecodePlan(&none, 1, nullptr, 0); }), kTooFew);
  const double one = 1;
  EXPECT_EQ(OutcomeOf([&] { DecodePlan(&one, 1, nullptr, 0); }), kTooFew);
}

TEST(GuardWords, ParametersAreReadInOrder) {
  EXPECT_EQ(MakePlan("fill", {Tight({3})}, {2.5}).Decode().params[0], 2.5);
  const Plan plan = MakePlan("clamp", {Tight({3}), Tight({3})}, {-1, kInfinity}).Decode();
  EXPECT_EQ(plan.params[0], -1);
  EXPECT_EQ(plan.params[1], kInfinity);
  EXPECT_TRUE(std::isnan(MakePlan("fill", {Tight({3})}, {kNaN}).Decode().params[0]));
  EXPECT_REFUSED(MakePlan("fill", {Tight({3})}, {}), kTooFew);
  EXPECT_REFUSED(MakePlan("fill", {Tight({3})}, {1, 2}), kTooMany);
}

TEST(GuardWords, KernelId) {
  PlanBuilder plan = Fill(Tight({3}));
  for (const double id : {-1.0, 0.5, static_cast<double>(kNumKernels), kNaN, -kInfinity, kMaxSafe, 1e300}) {
    plan.kernel = id;
    EXPECT_REFUSED(plan, kUnknownKernel) << id;
  }
  // The first and the last row of the table are there.
  for (const int id : {0, kNumKernels - 1}) {
    plan.kernel = id;
    plan.views.assign(static_cast<size_t>(kKernels[id].num_views) + 1, Tight({3}));
    EXPECT_REFUSED(plan, kArrays);
    plan.views.resize(plan.views.size() - 2);
    EXPECT_REFUSED(plan, kArrays);
  }
  plan.kernel = -0.0;
  plan.views = {Tight({3})};
  EXPECT_ACCEPTED(plan);
}

TEST(GuardWords, EveryRowOfTheTableFitsAPlan) {
  for (int id = 0; id < kNumKernels; ++id) {
    EXPECT_LE(kKernels[id].num_views, kMaxViews) << kKernels[id].name;
    EXPECT_LE(kKernels[id].num_params * (kKernels[id].scalars ? 2 : 1), kMaxParams) << kKernels[id].name;
  }
}

TEST(GuardWords, NumberOfTypedArrays) {
  const PlannedView v = Tight({3});
  EXPECT_ACCEPTED(MakePlan("add", {v, v, v}));
  const std::vector<double> words = MakePlan("add", {v, v, v}).Words();
  for (const size_t count : {0, 1, 2, 4}) {
    EXPECT_EQ(OutcomeOfWords(words, std::vector<Buffer>(count, v.buffer)), kArrays) << count;
  }
}

// One view ------------------------------------------------------------------------------------------------------------

TEST(GuardView, DType) {
  PlannedView view = Tight({3});
  for (const double code : {-1.0, 0.5, static_cast<double>(kNumDTypes), kNaN, kInfinity, kMaxSafe}) {
    view.dtype = code;
    EXPECT_REFUSED(Fill(view), kUnknownDType) << code;
  }
  view.dtype = Code(DType::kFloat64);
  EXPECT_REFUSED(Fill(view), kStorage);
  view.buffer.storage = Storage::kFloat64;
  EXPECT_ACCEPTED(Fill(view));
  view.dtype = Code(DType::kFloat32);
  EXPECT_REFUSED(Fill(view), kStorage);
  // A number kernel on words, and the other way around.
  EXPECT_REFUSED(Fill(Tight({3}, DType::kUint32)), kUnsupported);
  EXPECT_ACCEPTED(MakePlan("random_bits", {Tight({3}, DType::kUint32)}, {0, 0, 0, 1, 0}));
  EXPECT_REFUSED(MakePlan("random_bits", {Tight({3})}, {0, 0, 0, 1, 0}), kUnsupported);
}

TEST(GuardView, NumberOfDimensions) {
  EXPECT_ACCEPTED(Fill(Tight({})));
  EXPECT_ACCEPTED(Fill(Tight(std::vector<double>(8, 2.0))));
  EXPECT_REFUSED(Fill(Tight(std::vector<double>(9, 2.0))), kDims);
  for (const double ndim : {-1.0, 0.5, 9.0, kNaN, kInfinity, 4294967297.0}) {
    std::vector<double> words = Fill(Tight({3})).Words();
    words[3] = ndim;
    EXPECT_EQ(OutcomeOfWords(words, {Tight({3}).buffer}), kDims) << ndim;
  }
}

TEST(GuardView, NumbersThatAreNotSizes) {
  for (const double bad : {-1.0, -0.5, 0.5, 2.5, kNaN, kInfinity, -kInfinity, kMaxSafe + 1, 1e300, 1e-300}) {
    PlannedView view = Tight({3, 4});
    view.offset = bad;
    EXPECT_REFUSED(Fill(view), kOffset) << bad;
    for (int d = 0; d < 2; ++d) {
      view = Tight({3, 4});
      view.shape[d] = bad;
      EXPECT_REFUSED(Fill(view), kSize) << bad;
      view = Tight({3, 4});
      view.strides[d] = bad;
      EXPECT_REFUSED(Fill(view), kStride) << bad;
    }
  }
}

TEST(GuardView, LastElementInside) {
  EXPECT_ACCEPTED(Fill(MakeView({5}, {1}, 0, 5)));
  EXPECT_REFUSED(Fill(MakeView({5}, {1}, 0, 4)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({5}, {1}, 1, 5)), kOutside);
  EXPECT_ACCEPTED(Fill(MakeView({5}, {1}, 1, 6)));
  EXPECT_ACCEPTED(Fill(MakeView({5}, {3}, 2, 15)));
  EXPECT_REFUSED(Fill(MakeView({5}, {3}, 2, 14)), kOutside);
  EXPECT_ACCEPTED(Fill(MakeView({2, 3}, {10, 2}, 1, 16)));
  EXPECT_REFUSED(Fill(MakeView({2, 3}, {10, 2}, 1, 15)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({2, 3}, {11, 2}, 1, 16)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({2, 3}, {10, 3}, 1, 16)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({3, 3}, {10, 2}, 1, 16)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({2, 4}, {10, 2}, 1, 16)), kOutside);
  // No dimensions: one element.
  EXPECT_ACCEPTED(Fill(MakeView({}, {}, 3, 4)));
  EXPECT_REFUSED(Fill(MakeView({}, {}, 4, 4)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({}, {}, 0, 0)), kOutside);
  // The stride of a dimension of size 1 leads nowhere.
  EXPECT_ACCEPTED(Fill(MakeView({1, 1}, {kMaxSafe, 0}, 0, 1)));
  EXPECT_REFUSED(Fill(MakeView({1, 1}, {kMaxSafe, 0}, 1, 1)), kOutside);
  // Elements that repeat take no room.
  EXPECT_ACCEPTED(SumOf(MakeView({7, 1000}, {1, 0}, 0, 7)));
  EXPECT_REFUSED(SumOf(MakeView({7, 1000}, {1, 0}, 0, 6)), kOutside);
}

TEST(GuardView, DetachedArray) {
  PlannedView view = Tight({3});
  view.buffer = {nullptr, 0, Storage::kFloat32};
  EXPECT_REFUSED(Fill(view), kOutside);
  view.shape = {0};
  EXPECT_ACCEPTED(Fill(view));
}

TEST(GuardView, ExtentsThatOverflow) {
  // Their extents are 0 modulo 2^64, or small.
  EXPECT_REFUSED(Fill(MakeView({1.0 * (1ull << 32) + 1}, {1.0 * (1ull << 32)}, 0, 5)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({5}, {1.0 * (1ull << 52)}, 0, 5)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({5, 2}, {1.0 * (1ull << 52), 1}, 0, 5)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({kMaxSafe}, {kMaxSafe}, 0, 5)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({kMaxSafe}, {kMaxSafe}, kMaxSafe, SIZE_MAX)), kOutside);
  EXPECT_REFUSED(Fill(MakeView({2}, {1}, kMaxSafe, 5)), kOutside);
  EXPECT_REFUSED(Fill(MakeView(std::vector<double>(8, 90.0), std::vector<double>(8, kMaxSafe), kMaxSafe, 5)), kOutside);
  // As large as numbers go.
  EXPECT_ACCEPTED(Fill(MakeView({kMaxSafe}, {1}, 0, 9007199254740991u)));
  EXPECT_REFUSED(Fill(MakeView({kMaxSafe}, {1}, 0, 9007199254740990u)), kOutside);
}

TEST(GuardView, CountOfElements) {
  EXPECT_ACCEPTED(SumOf(MakeView({kMaxSafe}, {0}, 0, 1)));
  // 2^53 - 1 = 6361 * 69431 * 20394401
  EXPECT_ACCEPTED(SumOf(MakeView({6361, 69431, 20394401}, {0, 0, 0}, 0, 1)));
  EXPECT_REFUSED(SumOf(MakeView({1.0 * (1 << 26), 1.0 * (1 << 27)}, {0, 0}, 0, 1)), kCount);
  EXPECT_REFUSED(SumOf(MakeView({kMaxSafe, 2}, {0, 0}, 0, 1)), kCount);
  EXPECT_REFUSED(SumOf(MakeView(std::vector<double>(8, kMaxSafe), std::vector<double>(8, 0.0), 0, 1)), kCount);
  // 2^128 elements: 0, had the product wrapped.
  EXPECT_REFUSED(SumOf(MakeView(std::vector<double>(8, 65536.0), std::vector<double>(8, 0.0), 0, 1)), kCount);
  // The other sizes of an empty view are multiplied too.
  EXPECT_ACCEPTED(Fill(MakeView({0, kMaxSafe}, {0, 0}, 0, 0)));
  EXPECT_ACCEPTED(Fill(MakeView({kMaxSafe, 0}, {0, 0}, 0, 0)));
  EXPECT_REFUSED(Fill(MakeView({0, kMaxSafe, 2}, {0, 0, 0}, 0, 0)), kCount);
  EXPECT_REFUSED(Fill(MakeView({kMaxSafe, 0, 2}, {0, 0, 0}, 0, 0)), kCount);
  EXPECT_REFUSED(Fill(MakeView({kMaxSafe, 2, 0}, {0, 0, 0}, 0, 0)), kCount);
}

TEST(GuardView, PointsAtItsFirstElement) {
  char* const start = reinterpret_cast<char*>(memory);
  const Plan single = Fill(MakeView({2, 3}, {10, 2}, 7, 22)).Decode();
  EXPECT_EQ(single.views[0].data, start + 7 * 4);
  EXPECT_EQ(single.views[0].dtype, DType::kFloat32);
  EXPECT_EQ(single.views[0].ndim, 2);
  EXPECT_EQ(single.views[0].shape[0], 2);
  EXPECT_EQ(single.views[0].shape[1], 3);
  EXPECT_EQ(single.views[0].strides[0], 10);
  EXPECT_EQ(single.views[0].strides[1], 2);
  EXPECT_EQ(Fill(MakeView({2}, {1}, 7, 9, DType::kFloat64)).Decode().views[0].data, start + 7 * 8);
  const PlannedView words = MakeView({2}, {1}, 7, 9, DType::kUint32);
  EXPECT_EQ(MakePlan("random_bits", {words}, {0, 0, 0, 1, 0}).Decode().views[0].data, start + 7 * 4);
}

TEST(GuardView, EmptyViewsLieAtTheStart) {
  for (const std::vector<double>& shape : {std::vector<double>{0, 3}, {3, 0}, {0, 0}}) {
    const Plan plan = Fill(MakeView(shape, {kMaxSafe, kMaxSafe}, kMaxSafe, 0)).Decode();
    EXPECT_EQ(plan.views[0].data, memory);
    EXPECT_EQ(plan.views[0].strides[0], 0);
    EXPECT_EQ(plan.views[0].strides[1], 0);
    EXPECT_EQ(plan.views[0].NumElements(), 0);
  }
  // Neither overlapping nor outside.
  EXPECT_ACCEPTED(Fill(MakeView({0, 5}, {5, 0}, 0, 0)));
  EXPECT_ACCEPTED(Fill(MakeView({5, 0}, {0, 1}, 9, 0)));
}

TEST(GuardView, OutputsDoNotRepeatElements) {
  EXPECT_REFUSED(Fill(MakeView({2}, {0}, 0, 9)), kOverlap);
  EXPECT_REFUSED(Fill(MakeView({2, 3}, {0, 1}, 0, 9)), kOverlap);
  EXPECT_REFUSED(Fill(MakeView({3, 2}, {1, 0}, 0, 9)), kOverlap);
  EXPECT_ACCEPTED(Fill(MakeView({1, 2}, {0, 1}, 0, 9)));
  EXPECT_ACCEPTED(Fill(MakeView({2, 1}, {1, 0}, 0, 9)));
  // Inputs may.
  EXPECT_ACCEPTED(MakePlan("neg", {Tight({2, 3}), MakeView({2, 3}, {0, 0}, 0, 1)}));
}

// Several views -------------------------------------------------------------------------------------------------------

TEST(GuardRelation, OneDTypeUnlessTheKernelConverts) {
  const PlannedView single = Tight({3});
  const PlannedView twice = Tight({3}, DType::kFloat64);
  EXPECT_ACCEPTED(MakePlan("add", {twice, twice, twice}));
  EXPECT_REFUSED(MakePlan("add", {single, twice, twice}), kDTypes);
  EXPECT_REFUSED(MakePlan("add", {single, twice, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("add", {single, single, twice}), kDTypes);
  EXPECT_ACCEPTED(MakePlan("copy", {single, twice}));
  EXPECT_ACCEPTED(MakePlan("copy", {twice, single}));
  EXPECT_REFUSED(MakePlan("copy", {single, Tight({3}, DType::kUint32)}), kUnsupported);
}

TEST(GuardDTypes, BoolOutput) {
  const PlannedView single = Tight({3});
  const PlannedView twice = Tight({3}, DType::kFloat64);
  const PlannedView boolean = Tight({3}, DType::kBool);
  const PlannedView bytes = Tight({3}, DType::kUint8);
  EXPECT_ACCEPTED(MakePlan("eq", {boolean, single, single}));
  EXPECT_ACCEPTED(MakePlan("eq", {boolean, boolean, boolean}));
  EXPECT_REFUSED(MakePlan("eq", {single, single, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("eq", {bytes, single, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("eq", {boolean, twice, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("eq", {boolean, boolean, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("eq", {boolean, single, boolean}), kDTypes);
}

TEST(GuardDTypes, Int64Output) {
  const PlannedView single = Tight({3});
  const PlannedView one = Tight({1});
  const PlannedView place = Tight({1}, DType::kInt64);
  EXPECT_ACCEPTED(MakePlan("argmax", {place, single}));
  EXPECT_ACCEPTED(MakePlan("argmax", {place, Tight({3}, DType::kInt64)}));
  EXPECT_REFUSED(MakePlan("argmax", {one, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("argmax", {Tight({1}, DType::kInt32), single}), kDTypes);
  EXPECT_REFUSED(MakePlan("any", {place, single}), kDTypes);
}

TEST(GuardDTypes, SumsOfWholeNumbersAreInt64) {
  const PlannedView place = Tight({1}, DType::kInt64);
  EXPECT_ACCEPTED(MakePlan("sum", {Tight({1}), Tight({3})}));
  EXPECT_ACCEPTED(MakePlan("sum", {Tight({1}, DType::kFloat16), Tight({3}, DType::kFloat16)}));
  EXPECT_REFUSED(MakePlan("sum", {place, Tight({3})}), kDTypes);
  EXPECT_REFUSED(MakePlan("sum", {Tight({1}, DType::kFloat64), Tight({3})}), kDTypes);
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kUint8, DType::kBool}) {
    EXPECT_ACCEPTED(MakePlan("sum", {place, Tight({3}, dtype)}));
    EXPECT_EQ(Outcome(MakePlan("sum", {Tight({1}, dtype), Tight({3}, dtype)})),
              dtype == DType::kInt64 ? "accepted" : kDTypes);
  }
}

TEST(GuardDTypes, Condition) {
  const PlannedView single = Tight({3});
  const PlannedView boolean = Tight({3}, DType::kBool);
  EXPECT_ACCEPTED(MakePlan("where", {single, boolean, single, single}));
  EXPECT_ACCEPTED(MakePlan("where", {boolean, boolean, boolean, boolean}));
  EXPECT_REFUSED(MakePlan("where", {single, single, single, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("where", {boolean, boolean, single, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("where", {single, boolean, boolean, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("where", {single, boolean, single, boolean}), kDTypes);
}

TEST(GuardDTypes, WholeScalarsAreTwoWords) {
  const PlannedView single = Tight({3});
  const PlannedView half = Tight({3}, DType::kBFloat16);
  const PlannedView boolean = Tight({3}, DType::kBool);
  EXPECT_ACCEPTED(MakePlan("add_scalar", {single, single}, {0.5}));
  EXPECT_ACCEPTED(MakePlan("add_scalar", {half, half}, {-1}));
  EXPECT_REFUSED(MakePlan("add_scalar", {single, single}, {0, 1}), kTooMany);
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kUint8, DType::kBool}) {
    const PlannedView whole = Tight({3}, dtype);
    EXPECT_ACCEPTED(MakePlan("add_scalar", {whole, whole}, {0, 1}));
    EXPECT_ACCEPTED(MakePlan("add_scalar", {whole, whole}, {4294967295.0, 4294967295.0}));
    EXPECT_REFUSED(MakePlan("add_scalar", {whole, whole}, {1}), kTooFew);
    EXPECT_REFUSED(MakePlan("add_scalar", {whole, whole}, {0, 1, 0}), kTooMany);
    // The inputs' dtype counts, and the kernel must take elements: a copy has none, a draw's are not.
    EXPECT_ACCEPTED(MakePlan("eq_scalar", {boolean, whole}, {0, 1}));
    EXPECT_REFUSED(MakePlan("eq_scalar", {boolean, whole}, {1}), kTooFew);
    EXPECT_ACCEPTED(MakePlan("bernoulli", {whole}, {0, 0, 0, 1, 0, 0.5}));
  }
  EXPECT_ACCEPTED(MakePlan("eq_scalar", {boolean, single}, {0.5}));
  EXPECT_REFUSED(MakePlan("eq_scalar", {boolean, single}, {0, 1}), kTooMany);
  const PlannedView whole = Tight({3}, DType::kInt64);
  for (const double bad : {-1.0, 0.5, 4294967296.0, kNaN, kInfinity, -kInfinity, 1e300}) {
    EXPECT_REFUSED(MakePlan("fill", {whole}, {bad, 0}), kScalarWord) << bad;
    EXPECT_REFUSED(MakePlan("fill", {whole}, {0, bad}), kScalarWord) << bad;
  }
  const PlannedView large = Tight({3}, DType::kInt32);
  const Plan plan = MakePlan("clamp", {large, large}, {4294967295.0, 4294967294.0, 1, 2}).Decode();
  EXPECT_EQ(IntegerScalar(plan.params, 0), -2);
  EXPECT_EQ(IntegerScalar(plan.params, 1), (int64_t{1} << 32) + 2);
}

TEST(GuardRelation, SameShape) {
  const PlannedView v = Tight({2, 3});
  EXPECT_ACCEPTED(MakePlan("add", {v, v, v}));
  const std::vector<std::vector<double>> others = {{2, 2}, {1, 3}, {3, 3}, {2, 4}, {3, 2}, {2, 0}};
  for (const std::vector<double>& other : others) {
    EXPECT_REFUSED(MakePlan("add", {v, Tight(other), v}), kSizes);
    EXPECT_REFUSED(MakePlan("add", {v, v, Tight(other)}), kSizes);
    EXPECT_REFUSED(MakePlan("add", {Tight(other), v, v}), kSizes);
  }
  for (const std::vector<double>& other : {std::vector<double>{6}, {2, 3, 1}, {}}) {
    EXPECT_REFUSED(MakePlan("add", {v, v, Tight(other)}), kWrongDims);
  }
  EXPECT_ACCEPTED(MakePlan("add", {Tight({}), Tight({}), Tight({})}));
  EXPECT_REFUSED(MakePlan("add", {Tight({}), Tight({}), Tight({1})}), kWrongDims);
}

TEST(GuardRelation, Reduce) {
  const PlannedView in = Tight({2, 3, 4});
  for (const std::vector<double>& out : {std::vector<double>{2, 3, 4}, {1, 1, 1}, {2, 1, 4}, {1, 3, 1}}) {
    EXPECT_ACCEPTED(MakePlan("sum", {Tight(out), in}));
  }
  for (const std::vector<double>& out : {std::vector<double>{3, 3, 4}, {1, 2, 1}, {1, 1, 3}, {1, 1, 5}, {0, 1, 1}}) {
    EXPECT_REFUSED(MakePlan("sum", {Tight(out), in}), kSizes);
  }
  EXPECT_REFUSED(MakePlan("sum", {Tight({1, 1}), in}), kWrongDims);
  EXPECT_REFUSED(MakePlan("sum", {Tight({1, 1, 1, 1}), in}), kWrongDims);
  EXPECT_REFUSED(MakePlan("sum", {Tight({2, 3, 4}), Tight({2, 1, 4})}), kSizes);
  EXPECT_ACCEPTED(MakePlan("sum", {Tight({1}), Tight({0})}));
}

TEST(GuardRelation, GatherAndScatter) {
  using Shape = std::vector<double>;
  const auto index = [](Shape shape) { return Tight(shape, DType::kInt64); };
  // The output of the one is the source of the other.
  const auto expect = [&](const char* outcome, Shape chosen, Shape indices, Shape rows) {
    EXPECT_REFUSED(MakePlan("gather", {Tight(chosen), index(indices), Tight(rows)}), outcome);
    EXPECT_REFUSED(MakePlan("scatter_add", {Tight(rows), index(indices), Tight(chosen)}), outcome);
  };
  expect("accepted", {4}, {4}, {7});
  expect("accepted", {4}, {4}, {0});
  expect("accepted", {2, 3, 4}, {2, 3, 4}, {2, 3, 1});
  expect(kNoDims, {}, {}, {});
  expect(kSizes, {3}, {4}, {7});
  expect(kSizes, {5}, {4}, {7});
  expect(kSizes, {7}, {4}, {7});
  for (const Shape& other : {Shape{1, 3, 4}, {3, 3, 4}, {2, 2, 4}, {2, 4, 4}}) {
    expect(kSizes, other, {2, 3, 4}, {2, 3, 4});
    expect(kSizes, {2, 3, 4}, other, {2, 3, 4});
    expect(kSizes, {2, 3, 4}, {2, 3, 4}, other);
  }
  for (const Shape& other : {Shape{4}, {}, {2, 3, 4}}) {
    expect(kWrongDims, other, {3, 4}, {3, 4});
    expect(kWrongDims, {3, 4}, {3, 4}, other);
  }
  expect(kWrongDims, {3, 4}, {4}, {3, 4});
}

TEST(GuardDTypes, Index) {
  const PlannedView single = Tight({3});
  const PlannedView index = Tight({3}, DType::kInt64);
  EXPECT_ACCEPTED(MakePlan("gather", {single, index, single}));
  EXPECT_ACCEPTED(MakePlan("gather", {index, index, index}));
  EXPECT_REFUSED(MakePlan("gather", {single, single, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("gather", {single, Tight({3}, DType::kInt32), single}), kDTypes);
  EXPECT_REFUSED(MakePlan("gather", {index, index, single}), kDTypes);
  EXPECT_REFUSED(MakePlan("gather", {single, index, index}), kDTypes);
}

TEST(GuardRelation, Gemm) {
  const std::vector<double> params = {1, 0};
  const auto gemm = [&](std::vector<double> out, std::vector<double> a, std::vector<double> b) {
    return MakePlan("gemm", {Tight(out), Tight(a), Tight(b)}, params);
  };
  EXPECT_ACCEPTED(gemm({2, 3}, {2, 4}, {4, 3}));
  EXPECT_ACCEPTED(gemm({0, 3}, {0, 4}, {4, 3}));
  EXPECT_ACCEPTED(gemm({2, 3}, {2, 0}, {0, 3}));
  EXPECT_REFUSED(gemm({2, 3}, {1, 4}, {4, 3}), kSizes);
  EXPECT_REFUSED(gemm({2, 3}, {3, 4}, {4, 3}), kSizes);
  EXPECT_REFUSED(gemm({2, 3}, {2, 5}, {4, 3}), kSizes);
  EXPECT_REFUSED(gemm({2, 3}, {2, 4}, {5, 3}), kSizes);
  EXPECT_REFUSED(gemm({2, 3}, {2, 4}, {4, 2}), kSizes);
  EXPECT_REFUSED(gemm({2, 3}, {2, 4}, {4, 4}), kSizes);
  EXPECT_REFUSED(gemm({2}, {2, 4}, {4, 0}), kWrongDims);
  EXPECT_REFUSED(gemm({2, 3, 1}, {2, 4}, {4, 3}), kWrongDims);
  EXPECT_REFUSED(gemm({2, 0}, {2}, {0, 0}), kWrongDims);
  EXPECT_REFUSED(gemm({2, 3}, {2, 4, 1}, {4, 3}), kWrongDims);
  EXPECT_REFUSED(gemm({2, 0}, {2, 4}, {4}), kWrongDims);
  EXPECT_REFUSED(gemm({2, 3}, {2, 4}, {4, 3, 1}), kWrongDims);
}

TEST(GuardRelation, Linear) {
  const auto linear = [&](std::vector<double> out, std::vector<double> x, std::vector<double> w) {
    return MakePlan("linear", {Tight(out), Tight(x), Tight(w)}, {0});
  };
  EXPECT_ACCEPTED(linear({2, 3}, {2, 4}, {3, 4}));
  EXPECT_ACCEPTED(linear({2, 3}, {2, 0}, {3, 0}));
  EXPECT_REFUSED(linear({2, 3}, {1, 4}, {3, 4}), kSizes);
  EXPECT_REFUSED(linear({2, 3}, {3, 4}, {3, 4}), kSizes);
  EXPECT_REFUSED(linear({2, 3}, {2, 5}, {3, 4}), kSizes);
  EXPECT_REFUSED(linear({2, 3}, {2, 4}, {3, 5}), kSizes);
  EXPECT_REFUSED(linear({2, 3}, {2, 4}, {2, 4}), kSizes);
  EXPECT_REFUSED(linear({2, 3}, {2, 4}, {4, 4}), kSizes);
  EXPECT_REFUSED(linear({2}, {2, 4}, {0, 4}), kWrongDims);
  EXPECT_REFUSED(linear({2, 3, 1}, {2, 4}, {3, 4}), kWrongDims);
  EXPECT_REFUSED(linear({2, 3}, {2}, {3, 0}), kWrongDims);
  EXPECT_REFUSED(linear({2, 3}, {2, 4, 1}, {3, 4}), kWrongDims);
  EXPECT_REFUSED(linear({2, 3}, {2, 0}, {3}), kWrongDims);
  EXPECT_REFUSED(linear({2, 3}, {2, 4}, {3, 4, 1}), kWrongDims);
  const auto biased = [&](const PlannedView& bias) {
    return MakePlan("linear_bias", {Tight({2, 3}), Tight({2, 4}), Tight({3, 4}), bias}, {1});
  };
  EXPECT_ACCEPTED(biased(Tight({3})));
  EXPECT_REFUSED(biased(Tight({2})), kSizes);
  EXPECT_REFUSED(biased(Tight({4})), kSizes);
  EXPECT_REFUSED(biased(Tight({3, 1})), kWrongDims);
  EXPECT_REFUSED(biased(MakeView({3}, {2}, 0, 9)), kNotContiguous);
  EXPECT_REFUSED(biased(MakeView({3}, {1}, 1, 3)), kOutside);
}

TEST(GuardRelation, RandomLinear) {
  const auto random_linear = [](const PlannedView& out, const PlannedView& x) {
    return MakePlan("random_linear", {out, x}, std::vector<double>(10));
  };
  EXPECT_ACCEPTED(random_linear(Tight({2, 3}), Tight({2, 4})));
  EXPECT_ACCEPTED(random_linear(Tight({2, 3}), Tight({2, 0})));
  EXPECT_ACCEPTED(random_linear(Tight({0, 3}), Tight({0, 4})));
  EXPECT_REFUSED(random_linear(Tight({2, 3}), Tight({1, 4})), kSizes);
  EXPECT_REFUSED(random_linear(Tight({2, 3}), Tight({3, 4})), kSizes);
  EXPECT_REFUSED(random_linear(Tight({2}), Tight({2, 4})), kWrongDims);
  EXPECT_REFUSED(random_linear(Tight({2, 3, 1}), Tight({2, 4})), kWrongDims);
  EXPECT_REFUSED(random_linear(Tight({2, 3}), Tight({2})), kWrongDims);
  EXPECT_REFUSED(random_linear(Tight({2, 3}), Tight({2, 4, 1})), kWrongDims);
  EXPECT_REFUSED(random_linear(MakeView({2, 3}, {4, 1}, 0, 8), Tight({2, 4})), kNotContiguous);
  EXPECT_REFUSED(random_linear(Tight({2, 3}), MakeView({2, 4}, {1, 2}, 0, 8)), kNotContiguous);
  // The weight's elements are counted although they are nowhere: 2^53 - 1 = 6361 x 69431 x 20394401.
  EXPECT_ACCEPTED(random_linear(Tight({0, 6361.0 * 69431}), Tight({0, 20394401})));
  EXPECT_REFUSED(random_linear(Tight({0, 134217728}), Tight({0, 67108864})), kCount);
  // A product that does not fit 64 bits.
  EXPECT_REFUSED(random_linear(Tight({0, 4294967296}), Tight({0, 4294967296})), kCount);
}

// Two images, 6 channels to 4 in 2 groups, 3 x 2 kernels, 5 x 7 to 4 x 5 pixels.
struct Conv {
  std::string kernel = "conv2d";
  PlannedView out = Tight({2, 4, 4, 5});
  PlannedView x = Tight({2, 6, 5, 7});
  PlannedView w = Tight({4, 3, 3, 2});
  PlannedView bias = Tight({4});
  // stride h, w, padding h, w, dilation h, w, groups, beta
  std::vector<double> params = {1, 1, 0, 0, 1, 1, 2, 0};

  PlanBuilder Plan() const {
    std::vector<double> seven = params;
    seven.resize(7);
    if (kernel == "conv2d") return MakePlan(kernel, {out, x, w}, params);
    if (kernel == "conv2d_bias") return MakePlan(kernel, {out, x, w, bias}, seven);
    if (kernel == "conv_transpose2d_bias") return MakePlan(kernel, {x, out, w, bias}, seven);
    if (kernel == "conv2d_backward_input") return MakePlan(kernel, {x, out, w}, seven);
    return MakePlan(kernel, {w, x, out}, params);
  }
};

// The same checks for all of them, whatever the order of their views.
class GuardConv : public ::testing::TestWithParam<const char*> {
 protected:
  bool IsTransposed() const { return GetParam() == std::string("conv_transpose2d_bias"); }
  // Of the size that goes with the output.
  PlannedView Bias(const Conv& conv) const {
    return MakeView({(IsTransposed() ? conv.x : conv.out).shape[1]}, {1}, 0, SIZE_MAX);
  }
  Conv Base() const {
    Conv conv;
    conv.kernel = GetParam();
    conv.bias = Bias(conv);
    return conv;
  }
};

INSTANTIATE_TEST_SUITE_P(, GuardConv,
                         ::testing::Values("conv2d", "conv2d_bias", "conv2d_backward_input", "conv_transpose2d_bias",
                                           "conv2d_backward_weight"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(GuardConv, Shapes) {
  EXPECT_ACCEPTED(Base().Plan());
  // The output's height and width are the caller's: they only say which elements of x are met.
  Conv conv = Base();
  conv.out = Tight({2, 4, 40, 1});
  EXPECT_ACCEPTED(conv.Plan());
  const auto with = [&](std::vector<double> out, std::vector<double> x, std::vector<double> w) {
    Conv other = Base();
    other.out = Tight(out), other.x = Tight(x), other.w = Tight(w), other.bias = Bias(other);
    return other.Plan();
  };
  EXPECT_REFUSED(with({1, 4, 4, 5}, {2, 6, 5, 7}, {4, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({3, 4, 4, 5}, {2, 6, 5, 7}, {4, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 5, 5, 7}, {4, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 7, 5, 7}, {4, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 3, 5, 7}, {4, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 6, 5, 7}, {2, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 6, 5, 7}, {6, 3, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 4, 4, 5}, {2, 6, 5, 7}, {4, 2, 3, 2}), kSizes);
  EXPECT_REFUSED(with({2, 3, 4, 5}, {2, 6, 5, 7}, {3, 3, 3, 2}), kDivisible);
  EXPECT_REFUSED(with({2, 5, 4, 5}, {2, 6, 5, 7}, {5, 3, 3, 2}), kDivisible);
  for (int v = 0; v < 3; ++v) {
    for (const std::vector<double>& shape : {std::vector<double>{2, 4, 4}, {2, 4, 4, 5, 1}}) {
      PlanBuilder plan = Base().Plan();
      plan.views[v] = Tight(shape);
      EXPECT_REFUSED(plan, kWrongDims);
    }
  }
}

TEST_P(GuardConv, Contiguous) {
  for (int v = 0; v < 3; ++v) {
    for (int d = 0; d < 4; ++d) {
      PlanBuilder plan = Base().Plan();
      plan.views[v].buffer.length = 100000;
      EXPECT_ACCEPTED(plan);
      plan.views[v].strides[d] += 1;
      EXPECT_REFUSED(plan, kNotContiguous);
      plan.views[v].strides[d] -= 2;
      EXPECT_NE(Outcome(plan), "accepted");
    }
  }
  // A dimension of size 1 may have any stride.
  Conv conv = Base();
  conv.out = MakeView({1, 4, 1, 5}, {999, 5, 0, 1}, 0, 20);
  conv.x = MakeView({1, 6, 5, 7}, {0, 35, 7, 1}, 0, 210);
  conv.w = MakeView({4, 3, 1, 2}, {6, 2, 77, 1}, 0, 24);
  EXPECT_ACCEPTED(conv.Plan());
  conv.out.strides[1] = 4;
  EXPECT_REFUSED(conv.Plan(), kNotContiguous);
  // Empty views too, in torch's strides and in any others.
  conv = Base();
  conv.x = MakeView({2, 0, 5, 7}, {35, 35, 7, 1}, 0, 0);
  conv.w = MakeView({4, 0, 3, 2}, {99, 6, 2, 1}, 0, 0);
  conv.bias = Bias(conv);
  EXPECT_ACCEPTED(conv.Plan());
}

TEST_P(GuardConv, Parameters) {
  const bool inverse = IsTransposed() || GetParam() == std::string("conv2d_backward_input");
  for (int p = 0; p < 7; ++p) {
    Conv conv = Base();
    for (const double bad : {-1.0, -1e-300, kMaxInt + 1, 1e300, kInfinity, -kInfinity, kNaN}) {
      conv.params[p] = bad;
      EXPECT_REFUSED(conv.Plan(), kConvParam) << "parameter " << p << " = " << bad;
    }
    for (const double small : {0.0, 0.5}) {
      conv.params[p] = small;
      // The gradient with respect to the input divides by strides.
      EXPECT_EQ(Outcome(conv.Plan()), p == 6 ? kGroups : p < 2 && inverse ? kConvStride : "accepted") << "parameter " << p;
    }
    conv.params[p] = kMaxInt;
    EXPECT_EQ(Outcome(conv.Plan()), p == 6 ? kDivisible : "accepted") << "parameter " << p;
  }
  Conv conv = Base();
  conv.params[6] = 1;
  EXPECT_REFUSED(conv.Plan(), kSizes);
  conv.params[6] = 4;
  EXPECT_REFUSED(conv.Plan(), kSizes);
  conv.params[6] = 3;
  EXPECT_REFUSED(conv.Plan(), kDivisible);
  // The last one is beta: any number.
  for (const double beta : {-1.0, 1e300, kNaN}) {
    conv.params = {1, 1, 0, 0, 1, 1, 2, beta};
    EXPECT_ACCEPTED(conv.Plan()) << beta;
  }
}

TEST_P(GuardConv, SizesStayBelowTwoToThe31) {
  // Empty, so that no buffer need be that large.
  for (int d = 2; d < 4; ++d) {
    Conv conv = Base();
    conv.out = Tight({0, 4, 4, 5});
    conv.x = Tight({0, 6, 5, 7});
    conv.out.shape[d] = kMaxInt;
    EXPECT_ACCEPTED(conv.Plan());
    conv.out.shape[d] = kMaxInt + 1;
    EXPECT_REFUSED(conv.Plan(), kConvLarge);
    // Neither hides the other.
    conv.w = Tight({0, 3, 3, 2});
    conv.w.shape[d] = kMaxInt + 1;
    EXPECT_REFUSED(conv.Plan(), kConvLarge);
    conv = Base();
    conv.out = Tight({2, 0, 4, 5});
    conv.w = Tight({0, 3, 3, 2});
    conv.bias = Bias(conv);
    EXPECT_ACCEPTED(conv.Plan());
    conv.w.shape[d] = kMaxInt;
    EXPECT_ACCEPTED(conv.Plan());
    conv.w.shape[d] = kMaxInt + 1;
    EXPECT_REFUSED(conv.Plan(), kConvLarge);
  }
  Conv conv = Base();
  conv.out = Tight({0, 4, 4, 5});
  conv.x = Tight({0, 2 * kMaxInt, 5, 7});
  conv.w = Tight({4, kMaxInt, 3, 0});
  conv.bias = Bias(conv);
  EXPECT_ACCEPTED(conv.Plan());
  conv.x = Tight({0, 2 * (kMaxInt + 1), 5, 7});
  conv.w = Tight({4, kMaxInt + 1, 3, 0});
  EXPECT_REFUSED(conv.Plan(), kConvLarge);
  conv = Base();
  conv.out = Tight({0, kMaxInt, 4, 5});
  conv.x = Tight({0, 3, 5, 7});
  conv.w = Tight({kMaxInt, 3, 3, 0});
  conv.bias = Bias(conv);
  conv.params[6] = 1;
  EXPECT_ACCEPTED(conv.Plan());
  conv.out.shape[1] = conv.w.shape[0] = kMaxInt + 1;
  EXPECT_REFUSED(conv.Plan(), kConvLarge);
}

TEST(GuardConvBias, OneForEachOutputChannel) {
  for (const char* const kernel : {"conv2d_bias", "conv_transpose2d_bias"}) {
    Conv conv;
    conv.kernel = kernel;
    const double channels = conv.kernel == "conv2d_bias" ? 4 : 6;
    for (double size = 0; size < 9; ++size) {
      conv.bias = Tight({size});
      EXPECT_EQ(Outcome(conv.Plan()), size == channels ? "accepted" : kSizes) << size;
    }
    conv.bias = Tight({channels, 1});
    EXPECT_REFUSED(conv.Plan(), kWrongDims);
    conv.bias = MakeView({channels}, {2}, 0, 19);
    EXPECT_REFUSED(conv.Plan(), kNotContiguous);
    conv.bias = MakeView({channels}, {1}, 1, static_cast<size_t>(channels));
    EXPECT_REFUSED(conv.Plan(), kOutside);
  }
}

// Two images of 3 channels, 6 x 5 to 3 x 2 pixels.
struct Pool {
  std::string kernel;
  PlannedView out = Tight({2, 3, 3, 2});
  PlannedView indices = Tight({2, 3, 3, 2}, DType::kInt64);
  PlannedView x = Tight({2, 3, 6, 5});
  std::vector<double> params = {2, 2, 2, 2, 0, 0, 1, 1};

  bool HasIndices() const { return kernel.rfind("max", 0) == 0; }
  PlanBuilder Plan() const {
    if (kernel == "max_pool2d") return MakePlan(kernel, {out, indices, x}, params);
    if (kernel == "max_pool2d_backward") return MakePlan(kernel, {x, indices, out});
    if (kernel == "avg_pool2d") return MakePlan(kernel, {out, x}, params);
    return MakePlan(kernel, {x, out}, params);
  }
};

class GuardPool : public ::testing::TestWithParam<const char*> {
 protected:
  Pool Base() const { return {GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(, GuardPool,
                         ::testing::Values("max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(GuardPool, Shapes) {
  EXPECT_ACCEPTED(Base().Plan());
  // The output's height and width are the caller's.
  const auto with = [&](std::vector<double> out, std::vector<double> x) {
    Pool pool = Base();
    pool.out = Tight(out), pool.indices = Tight(out, DType::kInt64), pool.x = Tight(x);
    return pool.Plan();
  };
  EXPECT_ACCEPTED(with({2, 3, 9, 1}, {2, 3, 6, 5}));
  EXPECT_ACCEPTED(with({2, 3, 3, 2}, {2, 3, 0, 5}));
  EXPECT_REFUSED(with({1, 3, 3, 2}, {2, 3, 6, 5}), kSizes);
  EXPECT_REFUSED(with({3, 3, 3, 2}, {2, 3, 6, 5}), kSizes);
  EXPECT_REFUSED(with({2, 2, 3, 2}, {2, 3, 6, 5}), kSizes);
  EXPECT_REFUSED(with({2, 4, 3, 2}, {2, 3, 6, 5}), kSizes);
  EXPECT_REFUSED(with({3, 3, 2}, {3, 6, 5}), kWrongDims);
  EXPECT_REFUSED(with({2, 3, 3, 2, 1}, {2, 3, 6, 5}), kWrongDims);
  EXPECT_REFUSED(with({2, 3, 3, 2}, {2, 3, 6, 5, 1}), kWrongDims);
  for (int v = 0; v < (Base().HasIndices() ? 3 : 2); ++v) {
    for (int d = 0; d < 4; ++d) {
      PlanBuilder plan = Base().Plan();
      plan.views[v].buffer.length = 100000;
      EXPECT_ACCEPTED(plan);
      plan.views[v].strides[d] += 1;
      EXPECT_REFUSED(plan, kNotContiguous);
    }
  }
}

TEST_P(GuardPool, Indices) {
  if (!Base().HasIndices()) {
    // One dtype.
    Pool pool = Base();
    pool.x = Tight({2, 3, 6, 5}, DType::kFloat64);
    EXPECT_REFUSED(pool.Plan(), kDTypes);
    return;
  }
  for (const std::vector<double>& shape : {std::vector<double>{1, 3, 3, 2}, {2, 2, 3, 2}, {2, 3, 2, 2}, {2, 3, 4, 2}, {2, 3, 3, 1}, {2, 3, 3, 3}}) {
    Pool pool = Base();
    pool.indices = Tight(shape, DType::kInt64);
    EXPECT_REFUSED(pool.Plan(), kSizes);
  }
  // They are int64, and nothing else is.
  Pool pool = Base();
  pool.indices = Tight({2, 3, 3, 2});
  EXPECT_REFUSED(pool.Plan(), kDTypes);
  pool.indices = Tight({2, 3, 3, 2}, DType::kInt32);
  EXPECT_REFUSED(pool.Plan(), kDTypes);
  pool = Base();
  pool.x = Tight({2, 3, 6, 5}, DType::kInt64);
  pool.out = Tight({2, 3, 3, 2}, DType::kInt64);
  EXPECT_REFUSED(pool.Plan(), kUnsupported);
  pool = Base();
  pool.x = Tight({2, 3, 6, 5}, DType::kFloat64);
  EXPECT_REFUSED(pool.Plan(), kDTypes);
  pool.out = Tight({2, 3, 3, 2}, DType::kFloat64);
  EXPECT_ACCEPTED(pool.Plan());
}

TEST_P(GuardPool, Parameters) {
  const std::string kernel = GetParam();
  if (kernel == "max_pool2d_backward") {
    EXPECT_EQ(kKernels[KernelId(kernel)].num_params, 0);
    return;
  }
  for (int p = 0; p < 8; ++p) {
    Pool pool = Base();
    // The last two of an average are no sizes.
    const bool any = !pool.HasIndices() && p >= 6;
    for (const double bad : {-1.0, -1e-300, kMaxInt + 1, 1e300, kInfinity, -kInfinity, kNaN}) {
      pool.params[p] = bad;
      EXPECT_EQ(Outcome(pool.Plan()), any ? "accepted" : kPoolParam) << "parameter " << p << " = " << bad;
    }
    for (const double small : {0.0, 0.5}) {
      pool.params[p] = small;
      EXPECT_EQ(Outcome(pool.Plan()), p >= 6 && !any ? kDilation : "accepted") << "parameter " << p;
    }
    pool.params[p] = kMaxInt;
    EXPECT_ACCEPTED(pool.Plan());
  }
}

TEST_P(GuardPool, SizesStayBelowTwoToThe31) {
  for (int d = 2; d < 4; ++d) {
    for (const bool in_x : {false, true}) {
      // Empty, so that no buffer need be that large.
      Pool pool = Base();
      pool.out = Tight({0, 3, 3, 2}), pool.indices = Tight({0, 3, 3, 2}, DType::kInt64), pool.x = Tight({0, 3, 6, 5});
      const auto resize = [&](double size) {
        (in_x ? pool.x : pool.out).shape[d] = size;
        if (!in_x) pool.indices.shape[d] = size;
      };
      resize(kMaxInt);
      EXPECT_ACCEPTED(pool.Plan());
      resize(kMaxInt + 1);
      EXPECT_REFUSED(pool.Plan(), kImageLarge);
    }
  }
}

// Two images of 3 channels that lie side by side, 6 x 5 to 3 x 2 pixels.
struct NhwcPool {
  std::string kernel;
  PlannedView out = Tight({2, 3, 2, 3});
  PlannedView x = Tight({2, 6, 5, 3});
  PlannedView like_x = Tight({2, 6, 5, 3});
  std::vector<double> params = {2, 2, 2, 2, 0, 0, 1, 1};

  bool IsMaximum() const { return kernel.rfind("max", 0) == 0; }
  PlanBuilder Plan() const {
    const std::vector<double> own(params.begin(), params.begin() + (IsMaximum() ? 6 : 8));
    if (kernel == "max_pool2d_nhwc_backward") return MakePlan(kernel, {x, like_x, out}, own);
    if (kernel == "avg_pool2d_nhwc_backward") return MakePlan(kernel, {x, out}, own);
    return MakePlan(kernel, {out, x}, own);
  }
};

class GuardNhwcPool : public ::testing::TestWithParam<const char*> {
 protected:
  NhwcPool Base() const { return {GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(, GuardNhwcPool,
                         ::testing::Values("max_pool2d_nhwc", "max_pool2d_nhwc_backward", "avg_pool2d_nhwc",
                                           "avg_pool2d_nhwc_backward"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(GuardNhwcPool, Shapes) {
  EXPECT_ACCEPTED(Base().Plan());
  // The output's height and width are the caller's.
  const auto with = [&](std::vector<double> out, std::vector<double> x) {
    NhwcPool pool = Base();
    pool.out = Tight(out), pool.x = pool.like_x = Tight(x);
    return pool.Plan();
  };
  EXPECT_ACCEPTED(with({2, 9, 1, 3}, {2, 6, 5, 3}));
  EXPECT_ACCEPTED(with({2, 3, 2, 3}, {2, 0, 5, 3}));
  EXPECT_REFUSED(with({1, 3, 2, 3}, {2, 6, 5, 3}), kSizes);
  EXPECT_REFUSED(with({3, 3, 2, 3}, {2, 6, 5, 3}), kSizes);
  EXPECT_REFUSED(with({2, 3, 2, 2}, {2, 6, 5, 3}), kSizes);
  EXPECT_REFUSED(with({2, 3, 2, 4}, {2, 6, 5, 3}), kSizes);
  EXPECT_REFUSED(with({3, 2, 3}, {6, 5, 3}), kWrongDims);
  EXPECT_REFUSED(with({2, 3, 2, 3, 1}, {2, 6, 5, 3}), kWrongDims);
  EXPECT_REFUSED(with({2, 3, 2, 3}, {2, 6, 5, 3, 1}), kWrongDims);
  for (int v = 0; v < kKernels[KernelId(GetParam())].num_views; ++v) {
    for (int d = 0; d < 4; ++d) {
      PlanBuilder plan = Base().Plan();
      plan.views[v].buffer.length = 100000;
      EXPECT_ACCEPTED(plan);
      plan.views[v].strides[d] += 1;
      EXPECT_REFUSED(plan, kNotContiguous);
    }
  }
  if (Base().kernel != "max_pool2d_nhwc_backward") return;
  // The images that a maximum was taken of are as large as their gradient.
  for (const std::vector<double>& shape : {std::vector<double>{1, 6, 5, 3}, {2, 5, 5, 3}, {2, 7, 5, 3}, {2, 6, 4, 3}, {2, 6, 6, 3}, {2, 6, 5, 2}}) {
    NhwcPool pool = Base();
    pool.like_x = Tight(shape);
    EXPECT_REFUSED(pool.Plan(), kSizes);
  }
}

TEST_P(GuardNhwcPool, OneDType) {
  NhwcPool pool = Base();
  pool.x = Tight({2, 6, 5, 3}, DType::kFloat64);
  EXPECT_REFUSED(pool.Plan(), kDTypes);
  pool.like_x = pool.x, pool.out = Tight({2, 3, 2, 3}, DType::kFloat64);
  EXPECT_ACCEPTED(pool.Plan());
  pool.x = pool.like_x = Tight({2, 6, 5, 3}, DType::kInt32), pool.out = Tight({2, 3, 2, 3}, DType::kInt32);
  EXPECT_REFUSED(pool.Plan(), kUnsupported);
}

TEST_P(GuardNhwcPool, Parameters) {
  for (int p = 0; p < (Base().IsMaximum() ? 6 : 8); ++p) {
    NhwcPool pool = Base();
    // The last two of an average are no sizes.
    for (const double bad : {-1.0, -1e-300, kMaxInt + 1, 1e300, kInfinity, -kInfinity, kNaN}) {
      pool.params[p] = bad;
      EXPECT_EQ(Outcome(pool.Plan()), p >= 6 ? "accepted" : kPoolParam) << "parameter " << p << " = " << bad;
    }
    for (const double good : {0.0, 0.5, kMaxInt}) {
      pool.params[p] = good;
      EXPECT_ACCEPTED(pool.Plan());
    }
  }
}

TEST_P(GuardNhwcPool, SizesStayBelowTwoToThe31) {
  for (int d = 1; d < 3; ++d) {
    for (const bool in_x : {false, true}) {
      // Empty, so that no buffer need be that large.
      NhwcPool pool = Base();
      pool.out = Tight({0, 3, 2, 3}), pool.x = Tight({0, 6, 5, 3});
      (in_x ? pool.x : pool.out).shape[d] = kMaxInt;
      pool.like_x = pool.x;
      EXPECT_ACCEPTED(pool.Plan());
      (in_x ? pool.x : pool.out).shape[d] = kMaxInt + 1;
      pool.like_x = pool.x;
      EXPECT_REFUSED(pool.Plan(), kImageLarge);
    }
  }
}

TEST(GuardOfRows, ShapesAndLayout) {
  const auto rows = [](std::vector<double> out, std::vector<double> in) {
    return MakePlan("signal_statistics", {Tight(out), Tight(in)}, {0, 0});
  };
  EXPECT_ACCEPTED(rows({2, 25}, {2, 7}));
  EXPECT_ACCEPTED(rows({0, 25}, {0, 7}));
  EXPECT_REFUSED(rows({3, 25}, {2, 7}), kSizes);
  EXPECT_REFUSED(rows({1, 25}, {2, 7}), kSizes);
  EXPECT_REFUSED(rows({2}, {2, 7}), kWrongDims);
  EXPECT_REFUSED(rows({2, 25, 1}, {2, 7}), kWrongDims);
  EXPECT_REFUSED(rows({2, 25}, {2}), kWrongDims);
  EXPECT_REFUSED(rows({2, 25}, {2, 7, 1}), kWrongDims);
  const auto laid = [](std::vector<double> out, std::vector<double> in) {
    return MakePlan("signal_statistics", {MakeView({2, 25}, out, 0, 100), MakeView({2, 7}, in, 0, 100)}, {0, 0});
  };
  EXPECT_ACCEPTED(laid({25, 1}, {7, 1}));
  EXPECT_REFUSED(laid({26, 1}, {7, 1}), kNotContiguous);
  EXPECT_REFUSED(laid({25, 1}, {8, 1}), kNotContiguous);
  EXPECT_REFUSED(laid({25, 1}, {1, 2}), kNotContiguous);
}

TEST(GuardQr, Shapes) {
  // q is stored by columns.
  const auto qr = [](std::vector<double> shape, std::vector<double> strides, std::vector<double> r) {
    return MakePlan("qr", {MakeView(shape, strides, 0, 100), Tight(r)});
  };
  EXPECT_ACCEPTED(qr({5, 3}, {1, 5}, {3, 3}));
  EXPECT_ACCEPTED(qr({3, 3}, {1, 3}, {3, 3}));
  EXPECT_ACCEPTED(qr({5, 0}, {1, 5}, {0, 0}));
  EXPECT_REFUSED(qr({2, 3}, {1, 2}, {3, 3}), kWide);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {2, 3}), kSizes);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {3, 2}), kSizes);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {4, 3}), kSizes);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {3, 4}), kSizes);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {5, 5}), kSizes);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {3}), kWrongDims);
  EXPECT_REFUSED(qr({5, 3}, {1, 5}, {3, 3, 1}), kWrongDims);
  EXPECT_REFUSED(qr({5}, {1}, {0, 0}), kWrongDims);
  EXPECT_REFUSED(qr({5, 3, 1}, {1, 5, 1}, {3, 3}), kWrongDims);
}

TEST(GuardQr, Layout) {
  const auto qr = [](std::vector<double> strides, std::vector<double> r_strides) {
    return MakePlan("qr", {MakeView({5, 3}, strides, 0, 100), MakeView({3, 3}, r_strides, 0, 100)});
  };
  EXPECT_ACCEPTED(qr({1, 5}, {3, 1}));
  EXPECT_REFUSED(qr({3, 1}, {3, 1}), kNotContiguous);
  EXPECT_REFUSED(qr({1, 6}, {3, 1}), kNotContiguous);
  EXPECT_REFUSED(qr({1, 4}, {3, 1}), kNotContiguous);
  EXPECT_REFUSED(qr({2, 5}, {3, 1}), kNotContiguous);
  EXPECT_REFUSED(qr({1, 5}, {4, 1}), kNotContiguous);
  EXPECT_REFUSED(qr({1, 5}, {3, 2}), kNotContiguous);
  EXPECT_REFUSED(qr({1, 5}, {1, 3}), kNotContiguous);
  // One column: its stride leads nowhere. One row and column likewise.
  EXPECT_ACCEPTED(MakePlan("qr", {MakeView({5, 1}, {1, 99}, 0, 5), MakeView({1, 1}, {9, 9}, 0, 1)}));
  EXPECT_ACCEPTED(MakePlan("qr", {MakeView({1, 1}, {77, 99}, 0, 1), MakeView({1, 1}, {9, 9}, 0, 1)}));
}

using Shapes = std::vector<std::vector<double>>;

TEST(GuardSvd, Values) {
  const auto svdvals = [](std::vector<double> s, std::vector<double> a) { return MakePlan("svdvals", {Tight(s), Tight(a)}); };
  EXPECT_ACCEPTED(svdvals({3}, {5, 3}));
  EXPECT_ACCEPTED(svdvals({2}, {2, 4}));
  EXPECT_ACCEPTED(svdvals({1}, {1, 1}));
  EXPECT_ACCEPTED(svdvals({0}, {5, 0}));
  EXPECT_ACCEPTED(svdvals({0}, {0, 5}));
  for (const double k : {0.0, 2.0, 4.0, 5.0}) EXPECT_REFUSED(svdvals({k}, {5, 3}), kSizes);
  for (const double k : {0.0, 1.0, 3.0, 4.0}) EXPECT_REFUSED(svdvals({k}, {2, 4}), kSizes);
  EXPECT_REFUSED(svdvals({}, {5, 3}), kWrongDims);
  EXPECT_REFUSED(svdvals({3, 1}, {5, 3}), kWrongDims);
  EXPECT_REFUSED(svdvals({3}, {5}), kWrongDims);
  EXPECT_REFUSED(svdvals({3}, {5, 3, 1}), kWrongDims);
}

TEST(GuardSvd, Vectors) {
  const std::vector<double> s = {3};
  const std::vector<double> a = {5, 3};
  const std::vector<double> u = {5, 3};
  const std::vector<double> vt = {3, 3};
  const auto svd = [](std::vector<double> s, std::vector<double> a, std::vector<double> u, std::vector<double> vt) {
    return MakePlan("svd", {Tight(s), Tight(a), Tight(u), Tight(vt)});
  };
  EXPECT_ACCEPTED(svd(s, a, u, vt));
  EXPECT_ACCEPTED(svd({2}, {2, 4}, {2, 2}, {2, 4}));
  EXPECT_ACCEPTED(svd({0}, {5, 0}, {5, 0}, {0, 0}));
  EXPECT_REFUSED(svd({2}, a, u, vt), kSizes);
  for (const auto& wrong : Shapes{{4, 3}, {6, 3}, {5, 2}, {5, 4}, {3, 5}}) EXPECT_REFUSED(svd(s, a, wrong, vt), kSizes);
  for (const auto& wrong : Shapes{{2, 3}, {4, 3}, {3, 2}, {3, 4}}) EXPECT_REFUSED(svd(s, a, u, wrong), kSizes);
  for (const auto& wrong : Shapes{{5}, {5, 3, 1}}) EXPECT_REFUSED(svd(s, a, wrong, vt), kWrongDims);
  for (const auto& wrong : Shapes{{3}, {3, 3, 1}}) EXPECT_REFUSED(svd(s, a, u, wrong), kWrongDims);
}

TEST(GuardSvd, Layout) {
  const Shapes shapes = {{3}, {5, 3}, {5, 3}, {3, 3}};
  for (size_t count : {2u, 4u}) {
    for (size_t v = 0; v < count; ++v) {
      std::vector<PlannedView> views;
      for (size_t i = 0; i < count; ++i) views.push_back(MakeView(shapes[i], Dense(shapes[i]), 0, 100));
      const char* const name = count == 2 ? "svdvals" : "svd";
      EXPECT_ACCEPTED(MakePlan(name, views));
      for (size_t d = 0; d < shapes[v].size(); ++d) {
        std::vector<PlannedView> changed = views;
        changed[v].strides[d] += 1;
        EXPECT_REFUSED(MakePlan(name, changed), kNotContiguous) << name << ", view " << v << ", dimension " << d;
      }
    }
  }
}

TEST(GuardSolveUpper, Shapes) {
  const auto solve = [](std::vector<double> x, std::vector<double> upper) {
    return MakePlan("solve_upper", {Tight(x), Tight(upper)});
  };
  EXPECT_ACCEPTED(solve({3, 5}, {3, 3}));
  EXPECT_ACCEPTED(solve({3, 1}, {3, 3}));
  EXPECT_ACCEPTED(solve({3, 0}, {3, 3}));
  EXPECT_ACCEPTED(solve({0, 5}, {0, 0}));
  for (const auto& wrong : Shapes{{2, 3}, {4, 3}, {3, 2}, {3, 4}, {5, 5}}) EXPECT_REFUSED(solve({3, 5}, wrong), kSizes);
  EXPECT_REFUSED(solve({3}, {3, 3}), kWrongDims);
  EXPECT_REFUSED(solve({3, 5, 1}, {3, 3}), kWrongDims);
  EXPECT_REFUSED(solve({3, 5}, {3}), kWrongDims);
  EXPECT_REFUSED(solve({3, 5}, {3, 3, 1}), kWrongDims);
}

TEST(GuardSolveUpper, Layout) {
  const auto solve = [](std::vector<double> strides, std::vector<double> upper) {
    return MakePlan("solve_upper", {MakeView({3, 5}, strides, 0, 100), MakeView({3, 3}, upper, 0, 100)});
  };
  EXPECT_ACCEPTED(solve({5, 1}, {3, 1}));
  EXPECT_ACCEPTED(solve({1, 3}, {3, 1}));
  for (const auto& wrong : Shapes{{6, 1}, {4, 1}, {5, 2}, {1, 4}, {1, 2}, {2, 3}, {1, 5}, {3, 1}, {1, 1}}) {
    EXPECT_REFUSED(solve(wrong, {3, 1}), kNotContiguous);
  }
  for (const auto& wrong : Shapes{{4, 1}, {3, 2}, {1, 3}}) EXPECT_REFUSED(solve({5, 1}, wrong), kNotContiguous);
}

TEST(GuardGenerator, State) {
  constexpr double kState = 631;
  const DType words = DType::kUint32;
  const auto uniform = [](const PlannedView& out, const PlannedView& state) {
    return MakePlan("mt_uniform", {out, state}, {0, 1});
  };
  EXPECT_ACCEPTED(uniform(Tight({3}), Tight({kState}, words)));
  EXPECT_ACCEPTED(uniform(Tight({2, 3, 0}, DType::kFloat64), MakeView({kState}, {1}, 9, 640, words)));
  EXPECT_REFUSED(uniform(Tight({3}), MakeView({kState}, {1}, 9, 639, words)), kOutside);
  EXPECT_REFUSED(uniform(Tight({3}), Tight({kState - 1}, words)), kSizes);
  EXPECT_REFUSED(uniform(Tight({3}), Tight({kState + 1}, words)), kSizes);
  EXPECT_REFUSED(uniform(Tight({3}), Tight({}, words)), kWrongDims);
  EXPECT_REFUSED(uniform(Tight({3}), Tight({kState, 1}, words)), kWrongDims);
  EXPECT_REFUSED(uniform(Tight({3}), MakeView({kState}, {2}, 0, 2000, words)), kNotContiguous);
  // The state is words, and nothing else is.
  EXPECT_REFUSED(uniform(Tight({3}), Tight({kState})), kUnsupported);
  EXPECT_REFUSED(uniform(Tight({kState}, words), Tight({kState}, words)), kDTypes);
  EXPECT_REFUSED(MakePlan("mt_randperm", {Tight({kState}, DType::kInt64), Tight({kState}, DType::kInt64)}), kUnsupported);
  EXPECT_ACCEPTED(MakePlan("mt_bits", {Tight({3}, words), Tight({kState}, words)}));
  // The state alone is the output.
  const std::vector<double> key(9);
  EXPECT_ACCEPTED(MakePlan("mt_seed", {Tight({kState}, words)}, key));
  EXPECT_REFUSED(MakePlan("mt_seed", {Tight({kState - 1}, words)}, key), kSizes);
  EXPECT_REFUSED(MakePlan("mt_seed", {Tight({kState})}, key), kUnsupported);
}

// What no check above allows cannot be had by combining them either: whatever decodes lies within its buffers.
TEST(GuardFuzz, WhateverIsAcceptedLiesInside) {
  uint64_t state = 42;
  const auto random = [&](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % below);
  };
  const std::vector<double> odd = {0, 1, 2, 3, 4, 5, 0.5, -1, kNaN, kInfinity, kMaxInt, kMaxInt + 1, kMaxSafe, 1e300};
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    const Kernel& kernel = kKernels[random(static_cast<uint64_t>(kNumKernels))];
    PlanBuilder plan(kernel.name);
    const bool is_image = std::string(kernel.name).find("2d") != std::string::npos;
    const size_t ndim = is_image ? 4 : random(2) == 0 ? 2 : random(5);
    const DType dtype = kernel.dtypes == kWords ? DType::kUint32 : DType::kFloat32;
    std::vector<double> shape(ndim);
    for (double& size : shape) size = static_cast<double>(random(4));
    for (int v = 0; v < kernel.num_views; ++v) {
      PlannedView view = MakeView(shape, Dense(shape), static_cast<double>(random(3)), random(90), dtype);
      if (random(3) == 0 && ndim > 0) view.strides[random(ndim)] = static_cast<double>(random(8));
      if (random(4) == 0 && ndim > 0) view.shape[random(ndim)] = static_cast<double>(random(5));
      plan.views.push_back(view);
    }
    for (int p = 0; p < kernel.num_params; ++p) plan.params.push_back(static_cast<double>(random(3)));
    if (random(4) == 0) {
      std::vector<double> words = plan.Words();
      words[random(words.size())] = odd[random(odd.size())];
      OutcomeOfWords(words, plan.Buffers());
    }
    if (Outcome(plan) != "accepted") continue;
    ++accepted;
    const Plan decoded = plan.Decode();
    for (int v = 0; v < kernel.num_views; ++v) {
      const View& view = decoded.views[v];
      if (view.NumElements() == 0) continue;
      int64_t last = (view.As<char>() - reinterpret_cast<char*>(memory)) / 4;
      EXPECT_GE(last, 0);
      for (int d = 0; d < view.ndim; ++d) last += (view.shape[d] - 1) * view.strides[d];
      EXPECT_LT(last, static_cast<int64_t>(plan.views[static_cast<size_t>(v)].buffer.length));
    }
  }
  EXPECT_GT(accepted, 1000);
}

// The signatures themselves are tested in signature_test.cc; this is how the guard uses them.
TEST(GuardSignature, NumbersAreFloat64AndViewsMustFit) {
  const PlannedView x = Tight({3});
  const char* const kApart = "dtypes do not fit together";
  EXPECT_ACCEPTED(MakePlan("blas_dot", {Tight({1}, DType::kFloat64), x, x}, {0}));
  EXPECT_REFUSED(MakePlan("blas_dot", {Tight({1}), x, x}, {0}), kApart);
  EXPECT_REFUSED(MakePlan("blas_dot", {Tight({1}, DType::kFloat64), Tight({3}, DType::kFloat64), x}, {0}), kApart);
  EXPECT_REFUSED(MakePlan("blas_dot", {Tight({1}, DType::kFloat64), x, Tight({4})}, {0}),
                 "views do not fit the kernel's signature");
}

}  // namespace
}  // namespace evenkeel
