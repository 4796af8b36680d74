#include "bridge.h"

#include <new>

#include "guard.h"

namespace evenkeel {
namespace {

void Check(napi_status status) {
  if (status != napi_ok) throw PlanError("invalid plan: expected typed arrays");
}

Buffer GetBuffer(napi_env env, napi_value value) {
  // A Node-API that does not know an array's kind leaves this alone: no kernel works on it then.
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  Check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  switch (type) {
    case napi_float32_array:
      return {data, length, Storage::kFloat32};
    case napi_float64_array:
      return {data, length, Storage::kFloat64};
    case napi_uint32_array:
      return {data, length, Storage::kUint32};
    case napi_uint16_array:
      return {data, length, Storage::kUint16};
    case napi_bigint64_array:
      return {data, length, Storage::kInt64};
    case napi_int32_array:
      return {data, length, Storage::kInt32};
    case napi_uint8_array:
      return {data, length, Storage::kUint8};
    default:
      throw PlanError("invalid plan: no kernel works on this kind of typed array");
  }
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

}  // namespace

// Every exception of the native core ends here.
napi_value Run(napi_env env, napi_callback_info info) {
  try {
    CallKernel(env, info);
  } catch (const PlanError& error) {
    napi_throw_range_error(env, "ERR_PLAN", error.what());
  } catch (const std::bad_alloc&) {
    napi_throw_range_error(env, "ERR_MEMORY", "out of memory for scratch space");
  } catch (const std::exception& error) {
    napi_throw_range_error(env, "ERR_NATIVE", error.what());
  }
  return nullptr;
}

}  // namespace evenkeel
