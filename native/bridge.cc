#include "bridge.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include "guard.h"
#include "job.h"

namespace evenkeel {
namespace {

void Check(napi_status status) {
  if (status != napi_ok) throw PlanError("invalid plan: expected typed arrays");
}

Storage StorageOf(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return Storage::kFloat32;
    case napi_float64_array:
      return Storage::kFloat64;
    case napi_uint32_array:
      return Storage::kUint32;
    case napi_uint16_array:
      return Storage::kUint16;
    case napi_bigint64_array:
      return Storage::kInt64;
    case napi_int32_array:
      return Storage::kInt32;
    case napi_uint8_array:
      return Storage::kUint8;
    default:
      throw PlanError("invalid plan: no kernel works on this kind of typed array");
  }
}

Buffer GetBuffer(napi_env env, napi_value value) {
  // A Node-API that does not know an array's kind leaves this alone: no kernel works on it then.
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  Check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  return {data, length, StorageOf(type)};
}

void CallKernel(napi_env env, napi_callback_info info) {
  size_t count = kMaxViews + 1;
  napi_value arguments[kMaxViews + 1];
  Check(napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr));
  // Node-API reports how many were passed, and writes at most as many as there is room for.
  if (count == 0 || count > kMaxViews + 1) throw PlanError("invalid plan: wrong number of arguments");
  const Buffer words = GetBuffer(env, arguments[0]);
  if (words.storage != Storage::kFloat64) throw PlanError("invalid plan: not a Float64Array");
  Buffer buffers[kMaxViews];
  for (size_t i = 1; i < count; ++i) buffers[i - 1] = GetBuffer(env, arguments[i]);
  const Plan plan = DecodePlan(static_cast<const double*>(words.data), words.length, buffers, count - 1);
  plan.kernel->function(plan);
}

// The plan that an environment has bound. Its memory is JavaScript's as any other: `array` keeps it alive, and lib/run.ts, which
// alone has it, never gives it away.
struct BoundPlan {
  napi_ref array = nullptr;
  Buffer words = {};
};

// Arrays of views are given but for `in_plan` of them, the first, which lie in the plan itself.
void CallBound(napi_env env, napi_callback_info info, size_t in_plan) {
  size_t count = kMaxViews;
  napi_value arguments[kMaxViews];
  void* data = nullptr;
  Check(napi_get_cb_info(env, info, &count, arguments, nullptr, &data));
  const Buffer& words = static_cast<const BoundPlan*>(data)->words;
  if (count + in_plan > kMaxViews) throw PlanError("invalid plan: wrong number of arguments");
  if (words.data == nullptr) throw PlanError("invalid plan: none is bound");
  Buffer buffers[kMaxViews];
  if (in_plan == 1) buffers[0] = words;
  for (size_t i = 0; i < count; ++i) buffers[i + in_plan] = GetBuffer(env, arguments[i]);
  const Plan plan = DecodePlan(static_cast<const double*>(words.data), words.length, buffers, count + in_plan);
  plan.kernel->function(plan);
}

// A typed array, and where it lies in its ArrayBuffer or SharedArrayBuffer.
struct Array {
  Buffer buffer;
  size_t byte_offset;
  bool shared;
};

Array GetArray(napi_env env, napi_value value) {
  Array array = {GetBuffer(env, value), 0, false};
  napi_value memory = nullptr;
  bool is_array_buffer = false;
  Check(napi_get_typedarray_info(env, value, nullptr, nullptr, nullptr, &memory, &array.byte_offset));
  Check(napi_is_arraybuffer(env, memory, &is_array_buffer));
  array.shared = !is_array_buffer;
  return array;
}

struct Failure {
  const char* code = nullptr;
  std::string message;
};

// Every exception of the native core ends here.
template <typename F>
Failure Catch(F&& body) {
  try {
    body();
  } catch (const PlanError& error) {
    return {"ERR_PLAN", error.what()};
  } catch (const std::bad_alloc&) {
    return {"ERR_MEMORY", "out of memory for scratch space"};
  } catch (const std::exception& error) {
    return {"ERR_NATIVE", error.what()};
  }
  return {};
}

// The body of an exported function: its exceptions become JavaScript's.
template <typename F>
napi_value Export(napi_env env, F&& body) {
  napi_value result = nullptr;
  const Failure failure = Catch([&] { result = body(); });
  if (failure.code == nullptr) return result;
  napi_throw_range_error(env, failure.code, failure.message.c_str());
  return nullptr;
}

// Between calls it belongs to JavaScript's thread, while it runs to another.
struct AsyncJob {
  Job job;
  enum { kGathering, kRunning, kDone } state = kGathering;
  bool prepare = false;
  Failure failure;
  napi_async_work work = nullptr;
  napi_ref callback = nullptr;
};

// The job's JavaScript object and its work share it: either may go first when an environment is torn down.
using SharedJob = std::shared_ptr<AsyncJob>;

constexpr napi_type_tag kJobTag = {0x6576656e6b65656cULL, 0x6a6f620000000001ULL};

// Arguments, of which there must be at least `least`.
template <size_t kMost>
size_t GetArguments(napi_env env, napi_callback_info info, napi_value (&arguments)[kMost], size_t least) {
  size_t count = kMost;
  Check(napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr));
  if (count < least || count > kMost) throw PlanError("invalid plan: wrong number of arguments");
  return count;
}

// The job, which must not be running.
SharedJob GetJob(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool is_job = false;
  Check(napi_typeof(env, value, &type));
  if (type != napi_external) throw PlanError("invalid plan: not a job");
  if (napi_check_object_type_tag(env, value, &kJobTag, &is_job) != napi_ok || !is_job) throw PlanError("invalid plan: not a job");
  void* data = nullptr;
  Check(napi_get_value_external(env, value, &data));
  SharedJob job = *static_cast<SharedJob*>(data);
  if (job->state == AsyncJob::kRunning) throw PlanError("invalid plan: the job is running");
  return job;
}

double GetNumber(napi_env env, napi_value value) {
  double number = 0;
  Check(napi_get_value_double(env, value, &number));
  if (!(number >= 0 && number <= 9007199254740991.0)) throw PlanError("invalid plan: not a size");
  return number;
}

napi_value Copy(napi_env env, napi_callback_info info, bool in) {
  return Export(env, [&] {
    napi_value arguments[4];
    GetArguments(env, info, arguments, 4);
    const SharedJob job = GetJob(env, arguments[0]);
    const auto block = static_cast<uint32_t>(std::min(GetNumber(env, arguments[1]), 4294967295.0));
    const Array bytes = GetArray(env, arguments[2]);
    if (bytes.buffer.storage != Storage::kUint8 || bytes.byte_offset != 0) throw PlanError("invalid plan: not a whole buffer");
    const auto most = static_cast<size_t>(GetNumber(env, arguments[3]));
    char* memory = static_cast<char*>(bytes.buffer.data);
    const bool done = in ? job->job.CopyIn(block, memory, bytes.buffer.length, bytes.shared, most)
                         : job->job.CopyOut(block, memory, bytes.buffer.length, most);
    napi_value result = nullptr;
    Check(napi_get_boolean(env, done, &result));
    return result;
  });
}

void Execute(napi_env, void* data) {
  AsyncJob& job = **static_cast<SharedJob*>(data);
  job.failure = Catch([&] { job.prepare ? job.job.Prepare() : job.job.Run(); });
}

// While an environment is torn down calls into it fail; then nobody waits for the result.
void Complete(napi_env env, napi_status, void* data) {
  const std::unique_ptr<SharedJob> owner(static_cast<SharedJob*>(data));
  AsyncJob& job = **owner;
  job.state = job.prepare ? AsyncJob::kGathering : AsyncJob::kDone;
  napi_delete_async_work(env, job.work);
  napi_value callback = nullptr;
  napi_value undefined = nullptr;
  napi_value error = nullptr;
  const bool ready = napi_get_reference_value(env, job.callback, &callback) == napi_ok && callback != nullptr &&
                     napi_get_undefined(env, &undefined) == napi_ok;
  napi_delete_reference(env, job.callback);
  if (!ready) return;
  error = undefined;
  if (job.failure.code != nullptr) {
    napi_value code = nullptr;
    napi_value message = nullptr;
    if (napi_create_string_utf8(env, job.failure.code, NAPI_AUTO_LENGTH, &code) != napi_ok ||
        napi_create_string_utf8(env, job.failure.message.c_str(), NAPI_AUTO_LENGTH, &message) != napi_ok ||
        napi_create_range_error(env, code, message, &error) != napi_ok) {
      return;
    }
  }
  napi_call_function(env, undefined, callback, 1, &error, nullptr);
}

napi_value Start(napi_env env, napi_callback_info info, bool prepare) {
  return Export(env, [&]() -> napi_value {
    napi_value arguments[2];
    GetArguments(env, info, arguments, 2);
    const SharedJob job = GetJob(env, arguments[0]);
    if (job->state != AsyncJob::kGathering) throw PlanError("invalid plan: the job has run");
    napi_valuetype type = napi_undefined;
    Check(napi_typeof(env, arguments[1], &type));
    if (type != napi_function) throw PlanError("invalid plan: not a function");
    napi_value name = nullptr;
    Check(napi_create_string_utf8(env, "evenkeel", NAPI_AUTO_LENGTH, &name));
    auto owner = std::make_unique<SharedJob>(job);
    job->prepare = prepare;
    Check(napi_create_async_work(env, nullptr, name, Execute, Complete, owner.get(), &job->work));
    if (napi_create_reference(env, arguments[1], 1, &job->callback) != napi_ok ||
        napi_queue_async_work(env, job->work) != napi_ok) {
      napi_delete_async_work(env, job->work);
      throw std::runtime_error("the job could not be started");
    }
    owner.release();
    job->state = AsyncJob::kRunning;
    return nullptr;
  });
}

}  // namespace

napi_value Run(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    CallKernel(env, info);
    return nullptr;
  });
}

napi_value RunBound(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    CallBound(env, info, 0);
    return nullptr;
  });
}

napi_value ReduceBound(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    CallBound(env, info, 1);
    return nullptr;
  });
}

napi_value BindPlan(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    napi_value arguments[1];
    GetArguments(env, info, arguments, 1);
    auto bound = std::make_unique<BoundPlan>();
    bound->words = GetBuffer(env, arguments[0]);
    if (bound->words.storage != Storage::kFloat64) throw PlanError("invalid plan: not a Float64Array");
    const napi_callback callbacks[] = {RunBound, ReduceBound};
    const char* const names[] = {"run", "reduce"};
    napi_value result = nullptr;
    Check(napi_create_object(env, &result));
    for (int i = 0; i < 2; ++i) {
      napi_value function = nullptr;
      Check(napi_create_function(env, names[i], NAPI_AUTO_LENGTH, callbacks[i], bound.get(), &function));
      Check(napi_set_named_property(env, result, names[i], function));
    }
    // The functions may outlive this call in any number of ways: the plan goes when the environment does.
    Check(napi_create_reference(env, arguments[0], 1, &bound->array));
    Check(napi_add_env_cleanup_hook(
        env, [](void* plan) { delete static_cast<BoundPlan*>(plan); }, bound.get()));
    bound.release();
    return result;
  });
}

napi_value CreateJob(napi_env env, napi_callback_info) {
  return Export(env, [&] {
    auto owner = std::make_unique<SharedJob>(std::make_shared<AsyncJob>());
    napi_value job = nullptr;
    Check(napi_create_external(
        env, owner.get(), [](napi_env, void* data, void*) { delete static_cast<SharedJob*>(data); }, nullptr, &job));
    owner.release();
    Check(napi_type_tag_object(env, job, &kJobTag));
    return job;
  });
}

napi_value AddToJob(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    napi_value arguments[kMaxViews + 3];
    const size_t count = GetArguments(env, info, arguments, 3) - 3;
    const SharedJob job = GetJob(env, arguments[0]);
    if (job->state != AsyncJob::kGathering) throw PlanError("invalid plan: the job has run");
    const Buffer words = GetArray(env, arguments[1]).buffer;
    const Buffer blocks = GetArray(env, arguments[2]).buffer;
    if (words.storage != Storage::kFloat64 || blocks.storage != Storage::kUint32 || blocks.length < count) {
      throw PlanError("invalid plan: not a Float64Array and a Uint32Array");
    }
    Buffer buffers[kMaxViews];
    Job::Place places[kMaxViews];
    for (size_t i = 0; i < count; ++i) {
      const Array array = GetArray(env, arguments[i + 3]);
      buffers[i] = array.buffer;
      places[i] = {static_cast<const uint32_t*>(blocks.data)[i], array.byte_offset, array.shared};
    }
    job->job.Add(static_cast<const double*>(words.data), words.length, buffers, places, count);
    return nullptr;
  });
}

napi_value CopyIntoJob(napi_env env, napi_callback_info info) { return Copy(env, info, true); }
napi_value CopyFromJob(napi_env env, napi_callback_info info) { return Copy(env, info, false); }

napi_value PrepareJob(napi_env env, napi_callback_info info) { return Start(env, info, true); }
napi_value StartJob(napi_env env, napi_callback_info info) { return Start(env, info, false); }

napi_value EndJob(napi_env env, napi_callback_info info) {
  return Export(env, [&]() -> napi_value {
    napi_value arguments[1];
    GetArguments(env, info, arguments, 1);
    const SharedJob job = GetJob(env, arguments[0]);
    job->job.Clear();
    job->state = AsyncJob::kDone;
    return nullptr;
  });
}

}  // namespace evenkeel
