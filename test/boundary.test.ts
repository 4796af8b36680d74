// The border between JavaScript and native code: memory that is lost, shared or of the wrong kind, threads that come and go,
// the environment. What could crash runs in a process of its own.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromTypedArray, Generator, getNumThreads, info, randn, type Tensor, zeros } from '../lib/index.ts';
import { native } from '../lib/native.ts';
import { kernelId } from '../lib/run.ts';
import { inWorker, library, node, script } from './process.ts';

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return (error as { code: string }).code;
  }
}

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}

/** A buffer that can shrink; TypeScript knows of them from ES2024 on. */
function resizable(bytes: number): Resizable {
  const Buffer = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;
  return new Buffer(bytes, { maxByteLength: bytes });
}

/** A plan for a kernel on dense float32 vectors of `length`. */
function vectorPlan(name: string, views: number, length: number, params: readonly number[] = []): Float64Array {
  const words = [0, kernelId(name)];
  for (let v = 0; v < views; v++) words.push(0, 1, 0, length, 1);
  words.push(...params);
  words[0] = words.length;
  return Float64Array.from(words);
}

describe('the raw entry', () => {
  test('returns or throws a coded error, whatever it is given', async () => {
    const { code, signal, stdout, stderr } = await node(['test/boundary.fuzz.mjs', '--runs', '6000']);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(stdout).succeeded).toBeGreaterThan(300);
  });

  test('tells what is wrong with its arguments', () => {
    const run = native.run as (...args: unknown[]) => void;
    const plan = vectorPlan('fill', 1, 3, [7]);
    const array = new Float32Array(3);
    run(plan, array);
    expect([...array]).toEqual([7, 7, 7]);
    for (const args of [
      [],
      [plan],
      [plan, array, array],
      [plan, array, array, array, array, array, array],
      [plan, null],
      [plan, {}],
      [plan, [1, 2, 3]],
      [plan, array.buffer],
      [plan, new DataView(array.buffer)],
      [plan, new Float64Array(3)],
      [plan, new Int8Array(3)],
      [plan, new Float32Array(2)],
      [plan, new Proxy(array, {})],
      [[...plan], array],
      [new Float32Array(plan), array],
      [new Float64Array(0), array],
      [undefined, array],
    ]) {
      expect(codeOf(() => run(...args))).toBe('ERR_PLAN');
    }
  });

  test('jobs: tells what is wrong with their arguments, and when they are not to be called', async () => {
    type Raw = Record<
      'createJob' | 'addToJob' | 'prepareJob' | 'copyIntoJob' | 'startJob' | 'copyFromJob' | 'endJob',
      (...args: unknown[]) => unknown
    >;
    const raw = native as unknown as Raw;
    const plan = vectorPlan('neg', 2, 3);
    const blocks = Uint32Array.of(0, 1);
    const [out, input] = [new Float32Array(3), Float32Array.of(1, 2, 3)];
    const bytes = (array: Float32Array) => new Uint8Array(array.buffer);
    const job = raw.createJob();
    const step = (name: 'prepareJob' | 'startJob') =>
      new Promise((resolve) => {
        raw[name](job, resolve);
      });
    const refused = (call: () => unknown) => expect(codeOf(call), String(call)).toBe('ERR_PLAN');
    for (const name of ['addToJob', 'prepareJob', 'copyIntoJob', 'startJob', 'copyFromJob', 'endJob'] as const) {
      for (const wrong of [undefined, null, 3, {}, [], plan]) refused(() => raw[name](wrong, 0, bytes(out), 1, plan));
      if (name !== 'endJob') refused(() => raw[name](job));
    }
    for (const args of [
      [plan, Uint32Array.of(0), out, input],
      [plan, [0, 1], out, input],
      [plan, Float64Array.of(0, 1), out, input],
      [[...plan], blocks, out, input],
      [plan, blocks, out],
      [plan, blocks, out, input, input, input, input],
      [plan, Uint32Array.of(0, 2 ** 31), out, input],
      [plan, blocks, out, new Float32Array(2)],
    ]) {
      refused(() => raw.addToJob(job, ...args));
    }
    raw.addToJob(job, plan, blocks, out, input);
    for (const [block, buffer, most] of [
      [2, bytes(input), 1],
      [-1, bytes(input), 1],
      ['1', bytes(input), 1],
      [1, input, 1],
      [1, bytes(input).subarray(1), 1],
      [1, new Uint8Array(8), 1],
      [1, new Uint8Array(new SharedArrayBuffer(12)), 1],
      [1, bytes(input), -1],
      [1, bytes(input), Number.NaN],
      [1, bytes(input), undefined],
    ]) {
      refused(() => raw.copyIntoJob(job, block, buffer, most));
    }
    refused(() => raw.startJob(job, 3));
    refused(() => raw.copyFromJob(job, 0, bytes(out), 12));
    const prepared = step('prepareJob');
    refused(() => raw.copyIntoJob(job, 1, bytes(input), 12));
    refused(() => raw.endJob(job));
    expect(await prepared).toBeUndefined();
    expect(raw.copyIntoJob(job, 1, bytes(input), 8)).toBe(false);
    expect(raw.copyIntoJob(job, 1, bytes(input), 8)).toBe(true);
    const started = step('startJob');
    for (const name of ['copyIntoJob', 'copyFromJob'] as const) refused(() => raw[name](job, 0, bytes(out), 12));
    refused(() => raw.startJob(job, () => {}));
    expect(await started).toBeUndefined();
    refused(() => raw.addToJob(job, plan, blocks, out, input));
    refused(() => raw.startJob(job, () => {}));
    expect([...out]).toEqual([0, 0, 0]);
    expect(raw.copyFromJob(job, 0, bytes(out), 12)).toBe(true);
    expect([...out]).toEqual([-1, -2, -3]);
    raw.endJob(job);
    raw.endJob(job);
    refused(() => raw.copyFromJob(job, 0, bytes(out), 12));
    // Never started: collected with all that it holds.
    for (let i = 0; i < 100; i++) raw.addToJob(raw.createJob(), plan, blocks, out, input);
  });

  test('a plan may be its own output', () => {
    const plan = vectorPlan('fill', 1, 3, [7]);
    plan[2] = 1;
    (native.run as (...args: unknown[]) => void)(plan, plan);
    expect([...plan.subarray(0, 3)]).toEqual([7, 7, 7]);
  });

  test('works near the end of the stack', async () => {
    const body = `
      let depth = 0;
      const t = lib.randn([4, 4]);
      function dig() { depth++; if (depth % 10 === 0) t.matmul(t).tanh().sum(); dig(); }
      try { dig(); } catch (error) { return error instanceof RangeError && depth; }`;
    expect(await inWorker(body)).toBeGreaterThan(100);
  });
});

describe('memory that is gone', () => {
  const length = 1000;
  const lose: Record<string, () => Float32Array> = {
    detached: () => {
      const array = new Float32Array(length);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    },
    shrunk: () => {
      const buffer = resizable(length * 4);
      const array = new Float32Array(buffer, 0, length);
      buffer.resize(length * 4 - 4);
      return array;
    },
    'shrunk, of any length': () => {
      const buffer = resizable(length * 4);
      const array = new Float32Array(buffer);
      buffer.resize(4);
      return array;
    },
    'shrunk to nothing': () => {
      const buffer = resizable(length * 4);
      const array = new Float32Array(buffer);
      buffer.resize(0);
      return array;
    },
  };

  for (const [name, make] of Object.entries(lose)) {
    test(`${name}: the raw entry refuses it as output and as input`, () => {
      const lost = make();
      const good = new Float32Array(length).fill(3);
      expect(codeOf(() => native.run(vectorPlan('fill', 1, length, [1]), lost))).toBe('ERR_PLAN');
      expect(codeOf(() => native.run(vectorPlan('neg', 2, length), good, lost))).toBe('ERR_PLAN');
      expect(codeOf(() => native.run(vectorPlan('neg', 2, length), lost, good))).toBe('ERR_PLAN');
      expect([...new Set(good)]).toEqual([3]);
    });
  }

  /** A tensor whose memory `lose` takes away. */
  function losing(shape: number[]): { tensor: Tensor; detach(): void; shrink(): void } {
    const count = shape.reduce((a, b) => a * b, 1);
    const buffer = resizable(count * 4);
    return {
      tensor: fromTypedArray(new Float32Array(buffer).fill(2), shape),
      detach: () => structuredClone(buffer, { transfer: [buffer] }),
      shrink: () => buffer.resize(count * 4 - 4),
    };
  }

  for (const how of ['detach', 'shrink'] as const) {
    test(`tensors say so after ${how}`, () => {
      const calls: ((t: Tensor) => unknown)[] = [
        (t) => t.add(t),
        (t) => t.exp(),
        (t) => t.sum(),
        (t) => t.matmul(t),
        (t) => t.clone(),
        (t) => t.t().contiguous(),
        (t) => t.fill_(1),
        (t) => t.add_(1),
        (t) => t.uniform_(),
        (t) => t.normal_(),
        (t) => zeros([8, 8]).copy_(t),
        (t) => zeros([8, 8]).add(t),
      ];
      for (const call of calls) {
        const lost = losing([8, 8]);
        call(lost.tensor);
        lost[how]();
        expect(
          codeOf(() => call(lost.tensor)),
          String(call),
        ).toBe('ERR_DETACHED');
      }
    });
  }

  test('a generator does not move when a fill fails', () => {
    const generator = new Generator(1);
    const lost = losing([8, 8]);
    lost.detach();
    const before = generator.position;
    expect(codeOf(() => lost.tensor.normal_(0, 1, { generator }))).toBe('ERR_DETACHED');
    expect(generator.position).toBe(before);
  });
});

describe('threads of JavaScript', () => {
  test('tensors over shared memory', async () => {
    const shared = new SharedArrayBuffer(4000);
    const tensor = fromTypedArray(new Float32Array(shared), [10, 100]);
    tensor.fill_(2);
    await inWorker('lib.fromTypedArray(new Float32Array(data), [10, 100]).t().add_(lib.ones([100, 10]));', shared);
    expect(tensor.sum().item()).toBe(3000);
    expect(tensor.mul(tensor).sum().item()).toBe(9000);
  });

  test('four workers at once: right results, the same fills', async () => {
    const body = `
      lib.setNumThreads(2);
      const generator = new lib.Generator(7);
      const sums = [];
      for (let round = 0; round < 12; round++) {
        const fill = lib.randn([300, 301], { generator });
        const a = lib.full([64, 65], 2), b = lib.full([65, 66], 3);
        const product = a.matmul(b);
        if (product.min().item() !== 390 || product.max().item() !== 390) throw new Error('wrong product');
        sums.push(fill.sum().item(), fill.tanh().add(fill).std().item());
      }
      return sums;`;
    const results = await Promise.all(Array.from({ length: 4 }, () => inWorker<number[]>(body)));
    const generator = new Generator(7);
    const first = randn([300, 301], { generator });
    expect(results[0]![0]).toBe(first.sum().item());
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('workers that load the addon and end, again and again', async () => {
    const body = 'return lib.randn([200, 200], { generator: new lib.Generator(3) }).sum().item();';
    const expected = randn([200, 200], { generator: new Generator(3) })
      .sum()
      .item();
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all([inWorker(body), inWorker(body), inWorker(body)]);
      expect(results).toEqual([expected, expected, expected]);
    }
  });

  test('a worker that is terminated at work leaves the others in order', async () => {
    const { code, signal, stdout, stderr } = await script(`
      import { Worker } from 'node:worker_threads';
      const code = "import(" + JSON.stringify(${JSON.stringify(library)}) + ").then(async (lib) => {" +
         "const { parentPort } = await import('node:worker_threads');" +
        "parentPort.postMessage(0);" +
        "const t = lib.randn([400, 400]); for (;;) t.matmul(t).tanh().sum(); })";
      lib.setNumThreads(3);
      for (let round = 0; round < 4; round++) {
        const worker = new Worker(code, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        await new Promise((resolve) => setTimeout(resolve, 5 * round));
        await worker.terminate();
        if (lib.ones([300, 300]).matmul(lib.ones([300, 300])).sum().item() !== 300 ** 3) throw new Error('wrong');
      }
      console.log('fine');`);
    expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
  });

  test('process.exit while the pool sleeps, spins, or a worker is at work', async () => {
    const endings = [
      'lib.setNumThreads(4); lib.randn([1000, 1000]); setTimeout(() => process.exit(7), 30);',
      'lib.setNumThreads(4); lib.randn([1000, 1000]); process.exit(7);',
      `const { Worker } = await import('node:worker_threads');
       const code = "import(" + JSON.stringify(${JSON.stringify(library)}) + ").then(async (lib) => {" +
         "const { parentPort } = await import('node:worker_threads');" +
         "parentPort.postMessage(0);" +
         "const t = lib.randn([500, 500]); for (;;) t.matmul(t).exp(); })";
       lib.setNumThreads(4);
       new Worker(code, { eval: true }).once('message', () => setTimeout(() => process.exit(7), 10));`,
    ];
    for (const { code, signal, stderr } of await Promise.all(endings.map((ending) => script(ending)))) {
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
    }
  });
});

describe('the environment', () => {
  const report =
    'console.log(JSON.stringify([lib.getNumThreads(), lib.info().simd, lib.randn([3], { generator: new lib.Generator(1) }).tolist()]));'; // prettier-ignore

  test('EVENKEEL_THREADS', async () => {
    const good = await Promise.all(['3', '256', ''].map((threads) => script(report, { EVENKEEL_THREADS: threads })));
    const counts = good.map(({ stdout }) => JSON.parse(stdout)[0]);
    expect(counts.slice(0, 2)).toEqual([3, 256]);
    expect(counts[2]).toBeGreaterThanOrEqual(1);
    const wrong = await Promise.all(
      ['0', '257', '1.5', 'many'].map((threads) => script(report, { EVENKEEL_THREADS: threads })),
    );
    for (const { code, signal, stderr } of wrong) {
      expect({ code, signal }).toEqual({ code: 1, signal: null });
      expect(stderr).toMatch(/RangeError.*EVENKEEL_THREADS: expected a whole number of threads from 1 to 256, got/);
      expect(stderr).toContain("code: 'ERR_RANGE'");
    }
  });

  test('EVENKEEL_SIMD: every target, the same numbers', async () => {
    const targets = native.info().simdTargets;
    expect(targets).toContain(info().simd);
    const results = await Promise.all(targets.map((simd) => script(report, { EVENKEEL_SIMD: simd })));
    const reports = results.map(({ stdout }) => JSON.parse(stdout));
    expect(reports.map(([, simd]) => simd)).toEqual(targets);
    for (const [, , values] of reports) expect(values).toEqual(reports[0][2]);
    for (const simd of ['mmx', 'AVX2']) {
      const { code, signal, stderr } = await script(report, { EVENKEEL_SIMD: simd });
      expect({ code, signal }).toEqual({ code: 1, signal: null });
      expect(stderr).toMatch(/TypeError.*EVENKEEL_SIMD: '.*' is not available here; expected one of/);
      expect(stderr).toContain("code: 'ERR_ARGUMENT'");
    }
  });

  test('a worker does not apply it again', async () => {
    const { stdout, stderr } = await script(
      `import { Worker } from 'node:worker_threads';
       lib.setNumThreads(5);
       const code = "import(" + JSON.stringify(${JSON.stringify(library)}) + ").then(async (lib) => {" +
         "const { parentPort } = await import('node:worker_threads');" +
         "parentPort.postMessage(lib.getNumThreads()); })";
       new Worker(code, { eval: true }).on('message', (count) => console.log(count, lib.getNumThreads()));`,
      { EVENKEEL_THREADS: '2' },
    );
    expect({ stdout, stderr }).toEqual({ stdout: '5 5\n', stderr: '' });
  });

  test('the raw setters refuse what the facade would not pass', () => {
    const raw = native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const before = getNumThreads();
    for (const threads of [0, 257, -1, Number.NaN, 'two', undefined, {}, null]) {
      expect(() => raw.setNumThreads!(threads)).toThrow(Error);
    }
    for (const simd of ['mmx', '', 3, undefined, {}]) expect(() => raw.setSimdTarget!(simd)).toThrow(Error);
    expect(getNumThreads()).toBe(before);
  });

  test('the addon is mapped for good: its pool outlives the worker that loaded it', () => {
    if (process.platform !== 'linux') return;
    const elf = readFileSync(new URL('../build/Release/evenkeel.node', import.meta.url));
    // DT_FLAGS_1 (0x6ffffffb) with DF_1_NODELETE (8), in the dynamic section of a 64-bit little-endian ELF file.
    let nodelete = false;
    for (let at = 0; at + 16 <= elf.length; at += 8) {
      if (elf.readBigUInt64LE(at) === 0x6ffffffbn && (elf.readBigUInt64LE(at + 8) & 8n) !== 0n) nodelete = true;
    }
    expect(nodelete).toBe(true);
  });
});
