// The end of a process, or of a worker, while work is under way: its status is the right one, nothing crashes and nothing hangs.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { library, script } from './process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-exit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const checkpoint = new URL('checkpoint/index.js', library).href;

/** Work that takes a second or more, begun and not waited for. */
const works = {
  matmulAsync: `const a = lib.randn(1500, 1500); for (let i = 0; i < 4; i++) work.push(lib.matmulAsync(a, a));`,
  'matmulAsync on shared memory': `
    const s = lib.share(lib.randn(1500, 1500)); for (let i = 0; i < 4; i++) work.push(lib.matmulAsync(s, s));`,
  conv2dAsync: `
    const x = lib.randn(8, 64, 56, 56); const w = lib.randn(64, 64, 3, 3);
    for (let i = 0; i < 4; i++) work.push(lib.nn.functional.conv2dAsync(x, w, null, { padding: 1 }));`,
  initializeAsync: `
    const model = new lib.nn.Sequential(...[1, 2, 3].map(() => new lib.nn.Linear(1200, 1200, { init: false })));
    work.push(lib.init.initializeAsync(model, [{ match: '*.weight', init: 'orthogonal' }, { match: '*', init: 'zeros' }], { seed: 1 }));`,
  saveCheckpoint: `
    const { saveCheckpoint } = await import(${JSON.stringify(checkpoint)});
    const saved = lib.zeros(4000, 4000);
    work.push(saveCheckpoint(${JSON.stringify(folder)} + '/saved-' + process.pid + '.safetensors', { saved }));`,
  initializeCheckpoint: `
    const { initializeCheckpoint } = await import(${JSON.stringify(checkpoint)});
    const tensors = { a: { shape: [6000, 6000], init: { initialiser: 'normal' } } };
    work.push(initializeCheckpoint(${JSON.stringify(folder)} + '/drawn-' + process.pid, { model: { tensors }, seed: 1 }));`,
};
const beginning = Object.entries(works).map(([name, body]) => [name, `const work = [];\n${body}\n`] as const);

describe.each(beginning)('while %s runs', (_, begin) => {
  it('process.exit, at once and a little later', async () => {
    const exits = ['process.exit(7);', 'setTimeout(() => process.exit(7), 15);'];
    for (const { code, signal, stderr } of await Promise.all(exits.map((exit) => script(begin + exit)))) {
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
    }
  });

  it('an exception that nobody catches', async () => {
    const { code, signal, stderr } = await script(`${begin} setTimeout(() => { throw new Error('mine'); }, 10);`);
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toMatch(/Error: mine/);
  });

  it('the end of its worker', async () => {
    const { code, signal, stdout, stderr } = await script(`
      import { Worker } from 'node:worker_threads';
      const source = ${JSON.stringify(`
        Promise.all([import(${JSON.stringify(library)}), import('node:worker_threads')])
          .then(async ([lib, { parentPort }]) => {
            ${begin}
            parentPort.postMessage('begun');
            await Promise.all(work);
          });`)};
      for (const wait of [0, 20]) {
        const worker = new Worker(source, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        await new Promise((resolve) => setTimeout(resolve, wait));
        await worker.terminate();
      }
      // What is left works.
      console.log(lib.matmul(lib.ones(300, 300), lib.ones(300, 300)).sum().item());`);
    expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: '27000000\n', stderr: '' });
  });
});

it('an end that comes by itself waits for promises, and exiting in a callback does not', async () => {
  const all = await script(`
    const a = lib.randn(900, 900);
    let done = 0;
    for (let i = 0; i < 3; i++) lib.matmulAsync(a, a).then(() => done++);
    process.on('exit', () => console.log(done));`);
  expect(all).toMatchObject({ code: 0, stdout: '3\n', stderr: '' });
  const first = await script(`
    const a = lib.randn(900, 900);
    for (let i = 0; i < 3; i++) lib.matmulAsync(a, a).then(() => process.exit(5));`);
  expect(first).toMatchObject({ code: 5, signal: null, stderr: '' });
});

it('workers that end in the middle of native calls take nobody along', async () => {
  const { code, signal, stdout, stderr } = await script(`
    import { Worker } from 'node:worker_threads';
    const source = ${JSON.stringify(`import(${JSON.stringify(library)}).then((lib) => {
      for (;;) {
        lib.info();
        lib.zeros(300_000).add_(lib.getNumThreads());
      }
    });`)};
    let ended = 0;
    await Promise.all([1, 2, 3].map(async () => {
      for (let i = 0; i < 12; i++) {
        const worker = new Worker(source, { eval: true });
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 120));
        await worker.terminate();
        ended++;
      }
    }));
    console.log(ended);`);
  expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: '36\n', stderr: '' });
});

it('files that were being written have left nothing under their names', () => {
  // Of processes that were ended in the middle: parts have other names, and the next run takes them away.
  const complete = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  expect(complete).toEqual([]);
});

/** Runs a module and sends it a signal `wait` ms after it has said that it has begun. */
function signalled(body: string, signals: readonly NodeJS.Signals[], wait: number) {
  const head = `import * as lib from ${JSON.stringify(library)};\n`;
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; ms: number }>((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '--eval', head + body]);
    let stdout = '';
    let sent = 0;
    child.stdout!.on('data', async (text: string) => {
      stdout += text;
      if (sent > 0 || !stdout.includes('begun')) return;
      sent = performance.now();
      for (const signal of signals) {
        await new Promise((next) => setTimeout(next, wait));
        child.kill(signal);
      }
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, ms: performance.now() - sent }));
  });
}

const multiply = `
  const a = lib.randn(1800, 1800);
  const write = (text) => (process.stdout._handle?.setBlocking?.(true), process.stdout.write(text));
`;
const sync = `${multiply} write('begun\\n'); for (let i = 0; i < 400; i++) a.matmul(a);`;
const asynchronous = `${multiply} write('begun\\n'); for (let i = 0; i < 400; i++) await lib.matmulAsync(a, a);`;

describe.skipIf(process.platform === 'win32')('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends the process while native code runs', async (signal) => {
    for (const body of [sync, asynchronous]) {
      const ended = await signalled(body, [signal], 30);
      expect(ended).toMatchObject({ code: null, signal });
      expect(ended.ms).toBeLessThan(5000);
    }
  });

  it('run a handler once the call returns, and change no result', async () => {
    const ended = await signalled(
      `${multiply}
      let handled = 0;
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGPIPE', 'SIGWINCH']) process.on(name, () => handled++);
      const ones = lib.ones(1024, 1024);
      write('begun\\n');
      const wrong = [];
      const start = performance.now();
      while (handled < 6 && performance.now() - start < 20_000) {
        const sums = [ones.matmul(ones).sum().item(), (await lib.matmulAsync(ones, ones)).sum().item()];
        wrong.push(...sums.filter((sum) => sum !== 1024 ** 3));
      }
      write(JSON.stringify({ handled, wrong }));`,
      ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGPIPE', 'SIGWINCH'],
      30,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'begun\n{"handled":6,"wrong":[]}' });
  });

  it('leaves SIGPIPE ignored, as Node.js has it', async () => {
    const ended = await signalled(
      `${multiply}
      const ones = lib.ones(1024, 1024);
      write('begun\\n');
      const sums = [];
      for (let i = 0; i < 20; i++) sums.push((await lib.matmulAsync(ones, ones)).sum().item());
      write(String(sums.every((sum) => sum === 1024 ** 3)));`,
      new Array(10).fill('SIGPIPE'),
      15,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'begun\ntrue' });
  });

  it('SIGUSR1, which opens the inspector, and SIGPROF of a profiler disturb neither the pool nor files', async () => {
    const body = `${multiply}
      const ones = lib.ones(1024, 1024);
      const { saveCheckpoint, loadState } = await import(${JSON.stringify(checkpoint)});
      const file = ${JSON.stringify(folder)} + '/signals-' + process.pid + '.st';
      write('begun\\n');
      const sums = [];
      const start = performance.now();
      while (performance.now() - start < 1200) {
        sums.push((await lib.matmulAsync(ones, ones)).sum().item(), ones.matmul(ones).sum().item());
        await saveCheckpoint(file, { ones });
        sums.push((await loadState(file)).get('ones').sum().item() * 1024);
      }
      write(String(sums.every((sum) => sum === 1024 ** 3)));
      process.exit();`;
    const profiled = await signalled(body, ['SIGUSR1'], 100);
    expect(profiled).toMatchObject({ code: 0, signal: null });
    expect(profiled.stdout).toBe('begun\ntrue');
    // V8's sampling profiler interrupts the main thread a thousand times in a second.
    const sampled = await script(
      `import { Session } from 'node:inspector/promises';
      const session = new Session();
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: 1000 });
      await session.post('Profiler.start');
      ${body.replace('process.exit();', "const { profile } = await session.post('Profiler.stop'); write(' ' + (profile.samples.length > 100));")}`,
    );
    expect(sampled).toMatchObject({ code: 0, stdout: 'begun\ntrue true', stderr: '' });
  });
});
