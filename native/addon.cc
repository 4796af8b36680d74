// What JavaScript sees of the native core: run, jobs, kernels, info, the thread count.
#include <atomic>
#include <exception>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "blas.h"
#include "bridge.h"
#include "kernel.h"
#include "memory.h"
#include "parallel.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

size_t ElementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 1;
  }
}

// Values that JavaScript is given. Every call of Node-API may fail, once an environment is being torn down: a worker that is
// terminated. What is to become of the result is nobody's concern then, and null is handed up; napi.h would throw, and end the process
// as the exception could not be made JavaScript's.
napi_value String(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  return napi_create_string_utf8(env, text.data(), text.size(), &value) == napi_ok ? value : nullptr;
}

napi_value Number(napi_env env, int number) {
  napi_value value = nullptr;
  return napi_create_int32(env, number, &value) == napi_ok ? value : nullptr;
}

napi_value Strings(napi_env env, const std::vector<std::string>& texts) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, texts.size(), &array) != napi_ok) return nullptr;
  for (size_t i = 0; i < texts.size(); ++i) {
    const napi_value text = String(env, texts[i]);
    if (text == nullptr || napi_set_element(env, array, static_cast<uint32_t>(i), text) != napi_ok) return nullptr;
  }
  return array;
}

using Property = std::pair<const char*, napi_value>;

napi_value Object(napi_env env, std::initializer_list<Property> properties) {
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  for (const auto& [name, value] : properties) {
    if (value == nullptr || napi_set_named_property(env, object, name, value) != napi_ok) return nullptr;
  }
  return object;
}

// The first argument; null where there is none.
napi_value Argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  return napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) == napi_ok && count > 0 ? argument : nullptr;
}

// Calls `body`; its exceptions become JavaScript's.
template <typename F>
napi_value Guarded(napi_env env, F&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    napi_throw_range_error(env, nullptr, error.what());
    return nullptr;
  }
}

// Names of the kernels, by id.
napi_value Kernels(napi_env env, napi_callback_info) {
  return Guarded(env, [&] {
    std::vector<std::string> names;
    for (int i = 0; i < kNumKernels; ++i) names.emplace_back(kKernels[i].name);
    return Strings(env, names);
  });
}

napi_value Info(napi_env env, napi_callback_info) {
  return Guarded(env, [&] {
    const napi_value blas_info =
        Object(env, {{"config", String(env, blas::Library())}, {"core", String(env, blas::Core())}});
    return Object(env, {{"blas", blas_info},
                        {"simd", String(env, simd::CurrentTarget())},
                        {"simdTargets", Strings(env, simd::SupportedTargets())},
                        {"napi", Number(env, NAPI_VERSION)}});
  });
}

napi_value GetThreads(napi_env env, napi_callback_info) { return Number(env, NumThreads()); }

// The facade has checked the number; exceptions become JavaScript's all the same.
napi_value SetThreads(napi_env env, napi_callback_info info) {
  return Guarded(env, [&]() -> napi_value {
    int32_t threads = 0;
    const napi_value argument = Argument(env, info);
    if (argument != nullptr) napi_get_value_int32(env, argument, &threads);
    SetNumThreads(threads);
    return nullptr;
  });
}

napi_value SetSimdTarget(napi_env env, napi_callback_info info) {
  return Guarded(env, [&]() -> napi_value {
    char name[32] = {};
    const napi_value argument = Argument(env, info);
    if (argument != nullptr) napi_get_value_string_utf8(env, argument, name, sizeof name, nullptr);
    simd::ForceTarget(name);
    return nullptr;
  });
}

// The facade passes a typed array that it has just made.
napi_value AdviseArray(napi_env env, napi_callback_info info) {
  const napi_value array = Argument(env, info);
  bool is_array = false;
  napi_typedarray_type type = napi_uint8_array;
  void* data = nullptr;
  size_t length = 0;
  if (array == nullptr || napi_is_typedarray(env, array, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  AdviseHugePages(data, length * ElementSize(type));
  return nullptr;
}

// True once in a process, however many threads load the addon.
napi_value ClaimConfiguration(napi_env env, napi_callback_info) {
  static std::atomic<bool> claimed{false};
  napi_value value = nullptr;
  return napi_get_boolean(env, !claimed.exchange(true), &value) == napi_ok ? value : nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  KeepFreedMemory();
  blas::Initialize();
  const std::pair<const char*, napi_callback> calls[] = {
      {"run", Run},
      {"bindPlan", BindPlan},
      {"createJob", CreateJob},
      {"addToJob", AddToJob},
      {"prepareJob", PrepareJob},
      {"copyIntoJob", CopyIntoJob},
      {"startJob", StartJob},
      {"copyFromJob", CopyFromJob},
      {"endJob", EndJob},
      {"kernels", Kernels},
      {"info", Info},
      {"getNumThreads", GetThreads},
      {"setNumThreads", SetThreads},
      {"setSimdTarget", SetSimdTarget},
      {"adviseHugePages", AdviseArray},
      {"claimConfiguration", ClaimConfiguration},
  };
  for (const auto& [name, callback] : calls) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok ||
        napi_set_named_property(env, exports, name, function) != napi_ok) {
      break;
    }
  }
  return exports;
}

NAPI_MODULE(evenkeel, Init)

}  // namespace
}  // namespace evenkeel
