// Code in a process or a worker of its own, with the library as built: for what could crash, block or grow.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The library as built. */
export const library = new URL('../dist/index.js', import.meta.url).href;

export interface Ended {
  code: number;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs Node.js with the package's folder as its working directory, and waits for its end. */
export async function node(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const clean = { ...process.env };
  for (const name of ['EVENKEEL_THREADS', 'EVENKEEL_SIMD', 'NODE_OPTIONS']) delete clean[name];
  try {
    const output = await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...clean, ...env } });
    return { code: 0, signal: null, ...output };
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Ended;
    return { code, signal, stdout, stderr };
  }
}

/** Runs a module that may use `lib`. */
export function script(body: string, env?: Record<string, string>): Promise<Ended> {
  const head = `import * as lib from ${JSON.stringify(library)};`;
  return node(['--input-type=module', '--eval', `${head}\n${body}`], env);
}

/** The source of a worker that calls the body of an async function of `lib`, `data` and `port`, and posts what it returns. */
export function workerSource(body: string): string {
  // A worker is a module or a script as the process is: import() works in both.
  return `
    Promise.all([import(${JSON.stringify(library)}), import('node:worker_threads')])
      .then(async ([lib, { parentPort, workerData }]) => {
        parentPort.postMessage(await (async (lib, data, port) => { ${body} })(lib, workerData, parentPort));
      });`;
}

/** Runs the body of an async function of `lib` and `data` in a worker; resolves to what it returns. */
export function inWorker<T>(body: string, data?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerSource(body), { eval: true, workerData: data });
    let result: T;
    worker.on('message', (message) => {
      result = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve(result) : reject(new Error(`the worker ended with ${code}`))));
  });
}
