// Finds and configures the native core.
import { createRequire } from 'node:module';
import { betterBlasCore, cpuInfo, missingForCore } from './blas_core.js';
import { argumentError, describe, rangeError } from './errors.js';
import { type Loaded, loadAddon } from './loader/index.js';
import { root } from './root.js';

/** Kernel calls that are to run off the main thread: native/job.h. */
export interface NativeJob {
  readonly brand: unique symbol;
}

/** What native/addon.cc exports. */
interface NativeCore {
  run(plan: Float64Array, ...arrays: ArrayBufferView[]): void;
  /** Functions that read a plan, which must stay where it is, and take the arrays alone; `reduce` leaves a number in the plan. */
  bindPlan(plan: Float64Array): {
    run(...arrays: ArrayBufferView[]): void;
    reduce(...arrays: ArrayBufferView[]): void;
  };
  createJob(): NativeJob;
  /** Adds a call; `blocks` numbers the buffers behind the arrays. */
  addToJob(job: NativeJob, plan: Float64Array, blocks: Uint32Array, ...arrays: ArrayBufferView[]): void;
  /** Allocates the job's memory off the main thread. */
  prepareJob(job: NativeJob, done: (error?: Error) => void): void;
  /** Copies at most `most` bytes of what calls touch in a buffer; true when all are there. */
  copyIntoJob(job: NativeJob, block: number, bytes: Uint8Array, most: number): boolean;
  copyFromJob(job: NativeJob, block: number, bytes: Uint8Array, most: number): boolean;
  startJob(job: NativeJob, done: (error?: Error) => void): void;
  /** Gives the job's memory back. */
  endJob(job: NativeJob): void;
  kernels(): string[];
  info(): {
    blas: { config: string; core: string };
    simd: string;
    simdTargets: string[];
    napi: number;
  };
  getNumThreads(): number;
  setNumThreads(threads: number): void;
  setSimdTarget(name: string): void;
  /** Asks for huge pages for an array that has just been made. */
  adviseHugePages(array: ArrayBufferView): void;
  /** True once in a process: for whoever has to apply the environment's settings. */
  claimConfiguration(): boolean;
}

const require = createRequire(import.meta.url);

/** Calls `fn` with variables of the environment set; processes started from here are not to see them. */
function withEnvironment<T>(variables: Readonly<Record<string, string | undefined>>, fn: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    return fn();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function load(): Loaded {
  const { EVENKEEL_BLAS_CORE, OPENBLAS_CORETYPE } = process.env;
  const core = EVENKEEL_BLAS_CORE ?? OPENBLAS_CORETYPE ?? betterBlasCore(cpuInfo());
  // OpenBLAS reads these once, when it is loaded. Threads of its own would never get work, but each takes 128 MB of addresses as it
  // starts: where there are none left it tries for ever, and the process, which waits for it at its end, with it.
  return withEnvironment({ OPENBLAS_CORETYPE: core, OPENBLAS_NUM_THREADS: '1' }, loadAddon);
}

const loaded = load();

export const native = loaded.addon as NativeCore;

/** Most threads that setNumThreads accepts. */
const maxThreads = 256;

function checkThreads(call: string, threads: unknown): number {
  if (typeof threads !== 'number' || !Number.isInteger(threads) || threads < 1 || threads > maxThreads) {
    throw rangeError(call, `expected a whole number of threads from 1 to ${maxThreads}, got ${describe(threads)}`);
  }
  return threads;
}

if (process.arch === 'x64') {
  const { blas, simdTargets } = native.info();
  const missing = missingForCore(blas.core, simdTargets);
  if (missing !== undefined) {
    const problem = `OpenBLAS is to use its kernels for ${blas.core}, which need ${missing}: this processor has none`;
    throw argumentError('EVENKEEL_BLAS_CORE', `${problem}; leave it unset, or set one such as Nehalem`);
  }
}

if (native.claimConfiguration()) {
  const { EVENKEEL_THREADS: threads, EVENKEEL_SIMD: simd } = process.env;
  if (threads) native.setNumThreads(checkThreads('EVENKEEL_THREADS', Number(threads)));
  if (simd) {
    const choices = native.info().simdTargets;
    if (!choices.includes(simd)) {
      throw argumentError('EVENKEEL_SIMD', `'${simd}' is not available here; expected one of ${choices.join(', ')}`);
    }
    native.setSimdTarget(simd);
  }
}

/**
 * Sets how many threads kernels may use, for the whole process, 1 to 256. The default is the number of CPUs that the
 * affinity mask and the cgroup's quota allow, or `EVENKEEL_THREADS`. Random fills do not depend on it.
 *
 * @throws RangeError (ERR_RANGE) for anything but a whole number from 1 to 256.
 * @example
 * setNumThreads(1);
 */
export function setNumThreads(threads: number): void {
  native.setNumThreads(checkThreads('setNumThreads', threads));
}

/**
 * The number of threads kernels may use.
 *
 * @example
 * console.log(getNumThreads());
 */
export function getNumThreads(): number {
  return native.getNumThreads();
}

/** What is loaded, as `info()` reports it. */
export interface Info {
  version: string;
  blas: { library: string; version: string; core: string; threads: number };
  simd: string;
  napi: number;
  platform: string;
  /** Whether it is one of the published binaries, not one that was built here. */
  prebuilt: boolean;
  /** The addon's file. */
  file: string;
}

/**
 * What is loaded: versions, the BLAS and the CPU core it is tuned for, the instruction set in use, the thread count.
 *
 * @example
 * console.log(info().simd);
 */
export function info(): Info {
  const { version } = require(`${root}package.json`) as { version: string };
  const { blas, simd, napi } = native.info();
  const [library = '', blasVersion = ''] = blas.config.split(' ');
  return {
    version,
    blas: { library, version: blasVersion, core: blas.core, threads: getNumThreads() },
    simd,
    napi,
    platform: `${process.platform}-${process.arch}`,
    prebuilt: loaded.prebuilt,
    file: loaded.file,
  };
}
