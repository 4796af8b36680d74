// Registers the backend, once in a process.
import { EvenkeelBackend } from './backend.js';
import { core } from './core.js';
import type { KernelCall } from './kernel.js';
import { nativeKernels } from './kernels/index.js';

export const backendName = 'evenkeel';

/** Above the cpu backend (1), wasm (2) and tfjs-node (3). */
const priority = 4;

type KernelConfig = Parameters<typeof core.registerKernel>[0];

/** The cpu backend's kernel, with the native one before it where there is one. */
function merged(config: KernelConfig): KernelConfig {
  const native = nativeKernels[config.kernelName];
  const inherited = config.kernelFunc;
  if (native === undefined) return { ...config, backendName };
  const kernelFunc: KernelConfig['kernelFunc'] = (call) =>
    native(call as unknown as KernelCall<never>) ?? inherited(call);
  return { ...config, backendName, kernelFunc };
}

/**
 * Registers the backend and its kernels, unless another copy of this package in the process has done so: the registries are
 * the process's, and a second registration of a kernel would warn.
 */
export function register(): void {
  if (core.getKernelsForBackend(backendName).length === 0) {
    for (const config of core.getKernelsForBackend('cpu')) core.registerKernel(merged(config));
  }
  if (core.findBackendFactory(backendName) === null) {
    core.registerBackend(backendName, () => new EvenkeelBackend(), priority);
  }
}
