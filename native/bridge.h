// Between Node-API values and the native core: typed arrays to buffers, C++ exceptions to JavaScript errors.
#pragma once

#include <node_api.h>

namespace evenkeel {

// run(plan: Float64Array, ...arrays): checks the plan against the typed arrays and runs its kernel.
napi_value Run(napi_env env, napi_callback_info info);

// The same off the main thread, as native/job.h describes.
// createJob(): Job.
// bindPlan(Float64Array): keeps a plan and returns { run(...arrays), reduce(...arrays) }, which read it as `run` does: with one
// typed array less to look up. The first view of `reduce` lies in the plan itself.
napi_value BindPlan(napi_env env, napi_callback_info info);

napi_value CreateJob(napi_env env, napi_callback_info info);
// addToJob(job, plan, blocks: Uint32Array, ...arrays): `blocks` numbers the arrays' buffers.
napi_value AddToJob(napi_env env, napi_callback_info info);
// copyIntoJob and copyFromJob(job, block, bytes: Uint8Array of the whole buffer, most): whether all has been copied.
napi_value CopyIntoJob(napi_env env, napi_callback_info info);
napi_value CopyFromJob(napi_env env, napi_callback_info info);
// prepareJob(job, callback) and startJob(job, callback): call back with an error or undefined when the job has allocated its
// memory, or run.
napi_value PrepareJob(napi_env env, napi_callback_info info);
napi_value StartJob(napi_env env, napi_callback_info info);
// endJob(job): gives its memory back.
napi_value EndJob(napi_env env, napi_callback_info info);

}  // namespace evenkeel
