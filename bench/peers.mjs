// The implementations that are compared. Each has `open(case, threads)`, which resolves to undefined where the case does
// not concern it, else to { round(seconds), close() }; a round resolves to { ms, best }: the median and the shortest time
// of a call. What runs a case is a process of its own.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './measure.mjs';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const run = promisify(execFile);
const patience = 120_000;

/** A child process that is sent lines, and answers each with a line of JSON. */
class Child {
  #process;
  #answers = [];
  #waiting = [];
  #errors = '';
  #ended;

  constructor(command, args, env = {}) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.#answers.push(line);
      this.#deliver();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    // A child that died says so when the next answer is due.
    this.#process.stdin.on('error', () => {});
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('close', (code, signal) =>
      this.#end(`${signal ?? `exit status ${code}`}: ${lastLine(this.#errors)}`),
    );
  }

  #end(reason) {
    this.#ended ??= reason;
    this.#deliver();
  }

  #deliver() {
    while (this.#waiting.length > 0 && (this.#answers.length > 0 || this.#ended !== undefined)) {
      this.#waiting.shift()(this.#answers.shift());
    }
  }

  send(line) {
    this.#process.stdin.write(`${line}\n`);
  }

  ask(line) {
    this.send(line);
    return this.answer();
  }

  async answer() {
    const late = setTimeout(() => this.#process.kill('SIGKILL'), patience);
    const line = await new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#deliver();
    });
    clearTimeout(late);
    if (line === undefined) throw new Error(this.#ended);
    const answer = JSON.parse(line);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async close() {
    this.#process.stdin.end();
    if (this.#ended !== undefined) return;
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await new Promise((resolve) => this.#process.once('close', resolve));
    clearTimeout(late);
  }
}

/** What went wrong: of a stack trace, the line that names the error. */
function lastLine(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'no message').trim();
}

export const evenkeel = {
  name: 'evenkeel',
  async open(row, threads) {
    const env = { EVENKEEL_THREADS: String(threads) };
    if (row.fresh !== undefined) return { round: () => freshRound(row.fresh, env), close: () => {} };
    const child = new Child(process.execPath, [at('evenkeel_case.mjs'), row.name], env);
    await child.answer();
    return {
      round: (seconds) => child.ask(seconds),
      close: () => child.close(),
    };
  },
};

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

/** The C loops, or undefined where they were not built. `core`: the OpenBLAS kernels to use, the same as evenkeel's. */
export function rawPeer(core) {
  const program = at(`../build/Release/raw_blas${process.platform === 'win32' ? '.exe' : ''}`);
  if (!existsSync(program)) return undefined;
  const env = { ...process.env, ...(core ? { OPENBLAS_CORETYPE: core } : {}) };
  return {
    name: 'raw',
    async open({ raw }, threads) {
      if (raw === undefined) return undefined;
      const child = new Child(program, [...raw, threads, '-'].map(String), env);
      await child.answer();
      return {
        round: (seconds) => child.ask(seconds),
        close: () => child.close(),
      };
    },
  };
}

/** PyTorch in `python`: one process that has imported it, and forks for each case. */
export async function torchPeer(python) {
  const server = new Child(python, [at('torch_case.py')]);
  const { version, cpu } = await server.answer();
  return {
    name: 'torch',
    version,
    cpu,
    async open({ torch }, threads) {
      if (torch === undefined) return undefined;
      const [setup, step] = torch;
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
    },
    quit: () => server.close(),
  };
}
