// The implementations that are compared. Each has `open(case, threads)`, which resolves to undefined where the case does
// not concern it, else to { round(seconds), close() }; a round resolves to { ms, best }: the median and the shortest time
// of a call. What runs a case is a process of its own.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Child, patience } from './child.mjs';
import { median } from './measure.mjs';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const run = promisify(execFile);

/**
 * OpenBLAS's threads wait 2^28 cycles for more work, spinning, which is a tenth of a second of the next implementation's turn.
 * 2^20 cycles are less than the pause between turns, and more than any between two calls.
 */
const openblas = { OPENBLAS_THREAD_TIMEOUT: '20' };

/** A child that serves one case. */
async function serving(child) {
  await child.answer();
  return { round: (seconds) => child.ask(seconds), close: () => child.close() };
}

const evenkeelCase = (args, threads) =>
  serving(new Child(process.execPath, [at('evenkeel_case.mjs'), ...args], { EVENKEEL_THREADS: String(threads) }));

export const evenkeel = {
  name: 'evenkeel',
  async open(row, threads) {
    if (row.fresh === undefined) return evenkeelCase([row.name], threads);
    return { round: () => freshRound(row.fresh, { EVENKEEL_THREADS: String(threads) }), close: () => {} };
  },
};

/** What else evenkeel is compared with: a plain fill of the same memory, by as many threads, and itself on one thread. */
export const memory = {
  name: 'memory',
  open: async ({ name, writes }, threads) => (writes ? evenkeelCase([name, 'memory'], threads) : undefined),
};
export const oneThread = {
  name: 'one thread',
  open: async ({ name, writes }, threads) => (writes && threads > 1 ? evenkeelCase([name], 1) : undefined),
};

/** Of layers that do without a weight: the same with one. */
export const materialised = {
  name: 'materialised',
  open: async ({ name, materialised }, threads) =>
    materialised ? evenkeelCase([name, 'materialised'], threads) : undefined,
};

/** For programs in TensorFlow.js: its own backends. wasm's has one thread in Node.js. */
export const tfjsBackends = ['cpu', 'wasm'].map((backend) => ({
  name: `tfjs ${backend}`,
  open: async ({ name, backends }) =>
    backends?.[backend] && serving(new Child(process.execPath, [at('tfjs_backend_case.mjs'), backend, name])),
}));

/** Three fresh processes. Node warns of `require` of an ES module, but not for users, who have it in node_modules. */
async function freshRound(script, env) {
  const times = [];
  for (let i = 0; i < 3; i++) {
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', at(script)], {
      env: { ...process.env, ...env },
      timeout: patience,
    });
    times.push(JSON.parse(stdout).ms);
  }
  return { ms: median(times), best: Math.min(...times) };
}

/** The C loops, if they were built. `core`: the OpenBLAS kernels to use, the same as evenkeel's. */
export function rawPeers(core) {
  const program = at(`../build/Release/raw_blas${process.platform === 'win32' ? '.exe' : ''}`);
  if (!existsSync(program)) return [];
  const env = { ...openblas, ...(core ? { OPENBLAS_CORETYPE: core } : {}) };
  return [
    {
      name: 'raw',
      version: '',
      open: async ({ raw }, threads) => raw && serving(new Child(program, [...raw, threads, '-'].map(String), env)),
    },
  ];
}

/** PyTorch in `python`: one process that has imported it, and forks for each case. */
export async function torchPeer(python) {
  const server = new Child(python, [at('python_case.py'), 'torch']);
  const { version, cpu } = await server.answer();
  return {
    name: 'torch',
    version,
    cpu,
    open: async ({ torch }, threads) => torch && pythonCase(server, torch, threads),
    quit: () => server.close(),
  };
}

async function pythonCase(server, [setup, step], threads) {
  server.send(JSON.stringify({ setup, step, threads }));
  await server.answer();
  let open = true;
  return {
    round: async (seconds) => {
      try {
        return await server.ask(seconds);
      } catch (error) {
        open = false; // an error ends the case
        throw error;
      }
    },
    close: () => {
      if (open) server.send('end');
    },
  };
}

/** NumPy in `python`, which takes no time to import: a process for each case, so that its BLAS knows the thread count. */
export async function numpyPeer(python) {
  const start = (threads) =>
    new Child(python, [at('python_case.py'), 'numpy'], {
      ...openblas,
      ...Object.fromEntries(['OPENBLAS', 'MKL', 'OMP'].map((name) => [`${name}_NUM_THREADS`, String(threads)])),
    });
  const first = start(1);
  const { version } = await first.answer();
  await first.close();
  return {
    name: 'numpy',
    version,
    async open({ numpy }, threads) {
      if (numpy === undefined) return undefined;
      const server = start(threads);
      try {
        await server.answer();
        const { round } = await pythonCase(server, numpy, threads);
        return { round, close: () => server.close() };
      } catch (error) {
        await server.close();
        throw error;
      }
    },
  };
}

/** TensorFlow.js, from the folder that has it installed. */
export async function tfjsPeer(folder) {
  const program = [at('tfjs_case.mjs'), folder];
  const first = new Child(process.execPath, program);
  const { version } = await first.answer();
  await first.close();
  return {
    name: 'tfjs',
    version,
    open: async ({ name, tfjs }) => tfjs && serving(new Child(process.execPath, [...program, name])),
  };
}

/** nblas or @stdlib/blas (`name`: nblas or stdlib), from the folder that has it installed. */
export async function packagePeer(name, folder) {
  const program = [at('package_case.mjs'), folder, name];
  const first = new Child(process.execPath, program);
  const { version } = await first.answer();
  await first.close();
  return {
    name,
    version,
    open: async (row, threads) =>
      row[name] &&
      serving(new Child(process.execPath, [...program, row.name], { OPENBLAS_NUM_THREADS: String(threads) })),
  };
}
