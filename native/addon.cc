// What JavaScript sees of the native core: run, jobs, kernels, info, the thread count.
#include <atomic>
#include <string>
#include <utility>

#include "blas.h"
#include "bridge.h"
#include "kernel.h"
#include "memory.h"
#include "parallel.h"
#include "simd/targets.h"

namespace evenkeel {
namespace {

// Names of the kernels, by id.
Napi::Value Kernels(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env(), static_cast<size_t>(kNumKernels));
  for (int i = 0; i < kNumKernels; ++i) names[static_cast<uint32_t>(i)] = Napi::String::New(info.Env(), kKernels[i].name);
  return names;
}

Napi::Value Info(const Napi::CallbackInfo& info) {
  Napi::Object blas_info = Napi::Object::New(info.Env());
  blas_info["config"] = Napi::String::New(info.Env(), blas::Library());
  blas_info["core"] = Napi::String::New(info.Env(), blas::Core());
  Napi::Object result = Napi::Object::New(info.Env());
  result["blas"] = blas_info;
  result["simd"] = Napi::String::New(info.Env(), simd::CurrentTarget());
  Napi::Array targets = Napi::Array::New(info.Env());
  for (const std::string& name : simd::SupportedTargets()) {
    targets[targets.Length()] = Napi::String::New(info.Env(), name);
  }
  result["simdTargets"] = targets;
  result["napi"] = Napi::Number::New(info.Env(), NAPI_VERSION);
  return result;
}

Napi::Value GetNumThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), NumThreads()); }

// The facade has checked the number; std::exception becomes a JavaScript error all the same.
void SetThreads(const Napi::CallbackInfo& info) {
  try {
    SetNumThreads(info[0].As<Napi::Number>().Int32Value());
  } catch (const std::exception& error) {
    throw Napi::RangeError::New(info.Env(), error.what());
  }
}

void SetSimdTarget(const Napi::CallbackInfo& info) {
  try {
    simd::ForceTarget(info[0].As<Napi::String>().Utf8Value());
  } catch (const std::exception& error) {
    throw Napi::RangeError::New(info.Env(), error.what());
  }
}

// The facade passes a typed array that it has just made.
void AdviseArray(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) return;
  void* data = nullptr;
  size_t length = 0;
  size_t bytes = info[0].As<Napi::TypedArray>().ByteLength();
  if (napi_get_typedarray_info(info.Env(), info[0], nullptr, &length, &data, nullptr, nullptr) != napi_ok) return;
  AdviseHugePages(data, bytes);
}

// True once in a process, however many threads load the addon.
Napi::Value ClaimConfiguration(const Napi::CallbackInfo& info) {
  static std::atomic<bool> claimed{false};
  return Napi::Boolean::New(info.Env(), !claimed.exchange(true));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
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
  };
  for (const auto& [name, callback] : calls) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return exports;
    exports[name] = Napi::Value(env, function);
  }
  exports["kernels"] = Napi::Function::New(env, Kernels, "kernels");
  exports["info"] = Napi::Function::New(env, Info, "info");
  exports["getNumThreads"] = Napi::Function::New(env, GetNumThreads, "getNumThreads");
  exports["setNumThreads"] = Napi::Function::New(env, SetThreads, "setNumThreads");
  exports["setSimdTarget"] = Napi::Function::New(env, SetSimdTarget, "setSimdTarget");
  exports["adviseHugePages"] = Napi::Function::New(env, AdviseArray, "adviseHugePages");
  exports["claimConfiguration"] = Napi::Function::New(env, ClaimConfiguration, "claimConfiguration");
  return exports;
}

NODE_API_MODULE(evenkeel, Init)

}  // namespace
}  // namespace evenkeel
