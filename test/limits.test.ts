// Addresses that run out (ulimit -v), and threads: calls throw errors with a code, or do with less; none ends the process, none hangs.
// But for calls that start a worker thread (studies, initializeAsync): Node.js itself ends the process where V8 finds no addresses for one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { library, script } from './process.ts';

/** Only where prlimit can change what a process that runs may have. */
const limits = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-limits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const head = `
  import { spawnSync } from 'node:child_process';
  import { readFileSync } from 'node:fs';
  import * as checkpoint from ${JSON.stringify(new URL('checkpoint/index.js', library).href)};
  const { nn, init } = lib;
  /** Leaves the process so many megabytes of addresses. */
  function leave(megabytes) {
    const size = Number(/VmSize:\\\\s+(\\\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
    const limit = megabytes === Infinity ? 'unlimited' : size + megabytes * 2 ** 20;
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(process.pid), '--as=' + limit + ':unlimited']);
    if (status !== 0) throw new Error(String(stderr));
  }
  const told = {};
  async function tell(name, call) {
    try {
      await call();
      told[name] = 'done';
    } catch (error) {
      told[name] = error.code + ': ' + error.message;
    }
  }
`.replaceAll('\\\\', '\\');

describe.skipIf(!limits)('addresses that run out', () => {
  it('an error names the call, for everything that makes a large array', async () => {
    const { code, signal, stdout, stderr } = await script(`${head}
      lib.setNumThreads(2);
      const row = lib.ones(1, 2 ** 14);
      const [wide, tall] = [row.expand(2 ** 14, 2 ** 14), row.t()];
      const state = { big: lib.ones(64, 64) };
      const a = lib.ones(300, 300).matmul(lib.ones(300, 300));
      const image = lib.ones(1, 1, 2, 2).expand(64, 64, 2, 2).contiguous();
      const file = ${JSON.stringify(path.join(folder, 'big.safetensors'))};
      await checkpoint.initializeCheckpoint(file, { model: { tensors: { big: { shape: [2 ** 13, 2 ** 13], init: 'zeros' } } }, seed: 1 });
      // Whole arrays of a gigabyte each are asked for.
      leave(100);
      const n = 2 ** 28;
      for (const name of ['zeros', 'ones', 'empty', 'randn', 'rand', 'randperm', 'arange']) await tell(name, () => lib[name](n));
      await tell('full', () => lib.full([n], 3));
      await tell('matmul', () => lib.matmul(tall, row));
      await tell('outer', () => lib.outer(row.view(-1), row.view(-1)));
      await tell('matmulAsync', () => lib.matmulAsync(tall, row));
      await tell('add', () => wide.add(1));
      await tell('clone', () => wide.clone());
      await tell('contiguous', () => wide.contiguous());
      await tell('to', () => wide.to('float64'));
      await tell('cat', () => lib.cat([wide, wide]));
      await tell('conv2d', () => nn.functional.conv2d(image, image, null, { padding: 700 }));
      await tell('conv2dAsync', () => nn.functional.conv2dAsync(image, image, null, { padding: 700 }));
      await tell('share', () => lib.share(wide));
      await tell('toMessage', () => lib.toMessage(wide));
      await tell('Linear', () => new nn.Linear(2 ** 14, 2 ** 14));
      await tell('loadState', () => checkpoint.loadState(file));
      // And what is small still works.
      await tell('small', () => a.add(1).sum());
      leave(Infinity);
      console.log(JSON.stringify(told));`);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    const { small, ...others } = JSON.parse(stdout) as Record<string, string>;
    expect(small).toBe('done');
    for (const [name, message] of Object.entries(others)) {
      expect(message).toMatch(new RegExp(`^ERR_(RANGE|FILE): ${name}: .*memory`));
    }
  }, 60_000);

  // OpenBLAS maps 128 MB for each call at once, and would try for ever. With much less left V8's collector
  // may end the process.
  it.each([
    [1, 100],
    [2, 100],
    [8, 100],
    [8, 300],
    [8, 1500],
  ])(
    '%i threads with %i MB left: products and decompositions are right, or say so',
    async (threads, megabytes) => {
      const { code, signal, stdout, stderr } = await script(`${head}
      lib.setNumThreads(${threads});
      const eye = lib.zeros(600, 600);
      for (let i = 0; i < 600; i++) eye.select(0, i).select(0, i).fill_(1);
      const [x, w] = [lib.ones(1, 16, 40, 40), lib.ones(16, 16, 3, 3)];
      const c = new Float32Array(600 * 600);
      const check = (good) => { if (!good) throw new Error('wrong'); };
      leave(${megabytes});
      for (let round = 0; round < 2; round++) {
        await tell('matmul', () => check(eye.matmul(eye).sum().item() === 600));
        await tell('linear', () => check(nn.functional.linear(eye, eye).sum().item() === 600));
        await tell('conv2d', () => check(Math.abs(nn.functional.conv2d(x, w).sum().item() / (16 * 38 * 38 * 144) - 1) < 1e-4));
        await tell('qr', () => check(Math.abs(eye.qr().q.abs().sum().item() - 600) < 1e-3));
        await tell('orthogonal_', () => init.orthogonal_(lib.zeros(500, 500), 1, { generator: new lib.Generator(1) }));
        await tell('matmulAsync', async () => check((await lib.matmulAsync(eye, eye)).sum().item() === 600));
        await tell('normal_', () => eye.clone().normal_());
        await tell('sum', () => check(eye.sum().item() === 600));
        await tell('randperm', () => lib.randperm(300_000));
      }
      leave(Infinity);
      console.log(JSON.stringify(told));`);
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
      for (const [name, message] of Object.entries(JSON.parse(stdout) as Record<string, string>)) {
        expect(message).toMatch(new RegExp(`^(done|ERR_RANGE: ${name}: .*memory)`));
        if (megabytes >= 1500) expect(message, name).toBe('done');
      }
    },
    60_000,
  );

  it('threads that cannot be had: with fewer', async () => {
    // Each takes 8 MB of addresses for its stack. Root may start any number of processes, so that ulimit -u would be no limit.
    const { code, signal, stdout, stderr } = await script(`${head}
      lib.setNumThreads(1);
      const ones = lib.ones(2 ** 21);
      ones.add(1).sum();
      leave(40);
      lib.setNumThreads(64);
      await tell('sum', () => { if (ones.sum().item() !== 2 ** 21) throw new Error('wrong'); });
      await tell('uniform_', () => ones.uniform_());
      leave(Infinity);
      console.log(JSON.stringify(told), /Threads:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);`);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    const [, said, threads] = /^(\{.*\}) (\d+)\n$/.exec(stdout)!;
    expect(JSON.parse(said!)).toEqual({ sum: 'done', uniform_: 'done' });
    expect(Number(threads)).toBeLessThan(40);
  });
});

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'a BLAS core that is no name is left to OpenBLAS',
  async () => {
    const { code, stdout } = await script('console.log(lib.ones(9, 9).matmul(lib.ones(9, 9)).sum().item());', {
      EVENKEEL_BLAS_CORE: 'abacus',
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '729\n' });
  },
);
