// Between Node-API values and the native core: typed arrays to buffers, C++ exceptions to JavaScript errors.
#pragma once

#include <napi.h>

namespace evenkeel {

// run(plan: Float64Array, ...arrays): checks the plan against the typed arrays and runs its kernel.
napi_value Run(napi_env env, napi_callback_info info);

}  // namespace evenkeel
