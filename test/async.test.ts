// Work off the main thread: right, alone, abortable, and out of the event loop's way. What could crash or block runs in a
// process of its own.
import { describe, expect, it } from 'vitest';
import { claim, release } from '../lib/claims.ts';
import {
  arange,
  fromTypedArray,
  matmulAsync,
  nn,
  ones,
  randn,
  scope,
  share,
  type Tensor,
  zeros,
} from '../lib/index.ts';
import { runAsync } from '../lib/job.ts';
import { expectSame, failure, layouts, valuesOf } from './cases/data.ts';
import { script } from './process.ts';

const { conv2d, conv2dAsync } = nn.functional;

/** A buffer that can shrink; TypeScript knows of them from ES2024 on. */
interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}
function resizable(bytes: number): Resizable {
  const Buffer = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;
  return new Buffer(bytes, { maxByteLength: bytes });
}

describe('matmulAsync', () => {
  it.each<[number[], number[]]>([
    [
      [30, 40],
      [40, 50],
    ],
    [[30, 40], [40]],
    [[40], [40, 50]],
    [[40], [40]],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [
      [5, 2, 3],
      [5, 3, 4],
    ],
    [
      [0, 4],
      [4, 5],
    ],
    [
      [3, 0],
      [0, 5],
    ],
  ])('%j times %j is what matmul gives', async (left, right) => {
    for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const) {
      const [a, b] = [randn(left, { dtype }), randn(right, { dtype })];
      for (const layout of Object.values(layouts)) {
        const [x, y] = [layout(a.clone()), layout(b.clone())];
        const wanted = x.matmul(y);
        const got = await matmulAsync(x, y);
        expect([got.shape, got.dtype]).toEqual([wanted.shape, wanted.dtype]);
        expectSame(valuesOf(got), valuesOf(wanted));
      }
    }
  });

  it('large operands, in slices; many at once', async () => {
    const [a, b] = [randn(700, 800), randn(800, 900)];
    const wanted = a.matmul(b);
    const results = await Promise.all(Array.from({ length: 6 }, () => matmulAsync(a, b)));
    for (const result of results) expect(result.sub(wanted).norm(Infinity).item()).toBe(0);
  });

  it('shared operands are used where they are', async () => {
    const [a, b] = [share(randn(60, 70)), share(randn(70, 80))];
    expectSame(valuesOf(await matmulAsync(a, b.t().contiguous().t())), valuesOf(a.matmul(b)));
    // A view of one buffer twice, one of them within the other.
    expectSame(valuesOf(await matmulAsync(a, a.t())), valuesOf(a.matmul(a.t())));
    const inner = a.narrow(0, 7, 20);
    expectSame(valuesOf(await matmulAsync(inner, a.t())), valuesOf(inner.matmul(a.t())));
  });

  it('gradients as those of matmul', async () => {
    const make = () => [
      fromTypedArray(randn(6).array.slice(), [2, 3], { requiresGrad: true }),
      randn([4, 3, 5], { requiresGrad: true }),
    ];
    const [a, b] = make() as [Tensor, Tensor];
    const out = await matmulAsync(a, b);
    out.sum().backward();
    const [c, d] = [a.detach().requiresGrad_(), b.detach().requiresGrad_()];
    c.matmul(d).sum().backward();
    expectSame(valuesOf(a.grad!), valuesOf(c.grad!));
    expectSame(valuesOf(b.grad!), valuesOf(d.grad!));
  });

  it('a scope that ends meanwhile takes nothing from it', async () => {
    const [a, b] = [randn(300, 300), randn(300, 300)];
    let promise: Promise<Tensor> | undefined;
    scope(() => {
      promise = matmulAsync(a, b);
      return undefined;
    });
    expectSame(valuesOf(await promise!), valuesOf(a.matmul(b)));
  });

  it('rejects wrong arguments as matmul refuses them', async () => {
    const t = zeros(2, 3);
    await expect(matmulAsync(t, t)).rejects.toThrow(failure('ERR_SHAPE', 'matmulAsync', 'cannot be multiplied'));
    await expect(matmulAsync(t, zeros([3, 2], { dtype: 'float64' }))).rejects.toThrow(
      failure('ERR_DTYPE', 'matmulAsync', 'float64'),
    );
    await expect(matmulAsync(t, 3 as unknown as Tensor)).rejects.toThrow(failure('ERR_ARGUMENT', 'matmulAsync', '3'));
    await expect(matmulAsync(t, t.t(), { signal: {} as AbortSignal })).rejects.toThrow(
      failure('ERR_ARGUMENT', 'matmulAsync', 'AbortSignal'),
    );
    await expect(matmulAsync(t, t.t(), [] as never)).rejects.toThrow(failure('ERR_ARGUMENT', 'matmulAsync', 'options'));
  });
});

describe('conv2dAsync', () => {
  it.each([
    {},
    { stride: 2, padding: 1 },
    { padding: 'same' as const, dilation: 2 },
    { groups: 2, padding: [1, 0] as [number, number] },
  ])('%j is what conv2d gives', async (options) => {
    const groups = 'groups' in options ? 2 : 1;
    for (const dtype of ['float32', 'float16'] as const) {
      const x = randn([2, 4, 9, 8], { dtype });
      const w = randn([6, 4 / groups, 3, 3], { dtype });
      for (const bias of [null, randn([6], { dtype })]) {
        const wanted = conv2d(x, w, bias, options);
        const got = await conv2dAsync(x, w, bias, options);
        expect(got.shape).toEqual(wanted.shape);
        expectSame(valuesOf(got), valuesOf(wanted));
      }
    }
  });

  it('rejects wrong arguments as conv2d refuses them, and an aborted signal', async () => {
    const [x, w] = [zeros(1, 3, 8, 8), zeros(4, 2, 3, 3)];
    await expect(conv2dAsync(x, w)).rejects.toThrow(failure('ERR_SHAPE', 'conv2dAsync', 'input channels'));
    const signal = AbortSignal.abort(new Error('no'));
    await expect(conv2dAsync(x, zeros(4, 3, 3, 3), null, { signal })).rejects.toThrow('no');
  });
});

describe('aborting', () => {
  it('before the call, while waiting, and while it runs: rejects at once with the reason', async () => {
    const reason = new Error('enough');
    const [a, b] = [randn(900, 900), randn(900, 900)];
    await expect(matmulAsync(a, b, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(matmulAsync(a, b, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const before = Array.from({ length: 4 }, () => matmulAsync(a, b));
    const controller = new AbortController();
    const last = matmulAsync(a, b, { signal: controller.signal });
    controller.abort(reason);
    await expect(last).rejects.toBe(reason);
    await Promise.all(before);
    const running = new AbortController();
    let settled = 0;
    const job = matmulAsync(randn(2000, 2000), randn(2000, 2000), { signal: running.signal }).finally(() => {
      settled = performance.now();
    });
    const ended = job.then(
      () => 'done',
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    const aborted = performance.now();
    running.abort(reason);
    expect(await ended).toBe(reason);
    expect(settled - aborted).toBeLessThan(200);
    // The one that nobody waits for gives its turn back.
    expectSame(valuesOf(await matmulAsync(ones(2, 2), ones(2, 2))), [2, 2, 2, 2]);
  });

  it('after the end changes nothing', async () => {
    const controller = new AbortController();
    const out = await matmulAsync(ones(2, 2), ones(2, 2), { signal: controller.signal });
    controller.abort();
    expectSame(valuesOf(out), [2, 2, 2, 2]);
  });
});

describe('memory that goes away meanwhile', () => {
  const gone = failure('ERR_DETACHED', 'matmulAsync', 'detached or shrunk');

  it('before its turn, and between slices', async () => {
    for (const size of [50, 1500]) {
      for (const how of ['transfer', 'resize'] as const) {
        const buffer = resizable(size * size * 4);
        const a = fromTypedArray(new Float32Array(buffer), [size, size]);
        const busy = [1, 2].map(() => matmulAsync(randn(400, 400), randn(400, 400)));
        const promise = matmulAsync(a, a);
        if (how === 'transfer') structuredClone(buffer, { transfer: [buffer] });
        else buffer.resize(size * size * 4 - 4);
        await expect(promise).rejects.toThrow(gone);
        await Promise.all(busy);
      }
    }
  });

  it('once it has been copied nobody minds', async () => {
    const a = fromTypedArray(new Float32Array(40 * 40).fill(1), [40, 40]);
    const promise = matmulAsync(a, a);
    // The first slice is copied in the same turn, when nobody else is waiting.
    await Promise.resolve();
    await Promise.resolve();
    structuredClone(a.array.buffer, { transfer: [a.array.buffer as ArrayBuffer] });
    expectSame(valuesOf(await promise), new Array(1600).fill(40));
  });

  it('is said before the call where it is gone already', async () => {
    const a = fromTypedArray(new Float32Array(4), [2, 2]);
    structuredClone(a.array.buffer, { transfer: [a.array.buffer as ArrayBuffer] });
    await expect(matmulAsync(a, ones(2, 2))).rejects.toThrow(failure('ERR_DETACHED', 'matmulAsync'));
  });
});

describe('runAsync', () => {
  it('makes all kinds of calls, and only copies out what is held', async () => {
    const x = arange(12).view(3, 4);
    const compute = () => {
      return x.add(x.t().contiguous().t()).exp().sub(1).sum(1);
    };
    const wanted = compute();
    const got = await runAsync('test', compute, (out) => new Set([out.elements.array.buffer]));
    expectSame(valuesOf(got), valuesOf(wanted));
  });

  it('writes to nothing that it has not allocated', async () => {
    const x = ones(3);
    await expect(
      runAsync(
        'test',
        () => x.add_(1),
        () => 'all',
      ),
    ).rejects.toThrow('only what the function allocates');
    expectSame(valuesOf(x), [1, 1, 1]);
  });

  it('says what only native code can tell', async () => {
    const huge = ones(1).expand(2 ** 20, 2 ** 12);
    await expect(
      runAsync(
        'test',
        () => huge.add(1),
        () => 'all',
      ),
    ).rejects.toThrow(Error);
  });
});

describe('claimed memory', () => {
  it('cannot be written to or claimed again where it overlaps', () => {
    const t = zeros(10, 10);
    const claimed = claim('initializeAsync', [t.narrow(0, 2, 3).elements]);
    const refused = (call: string) => failure('ERR_STATE', call, 'initializeAsync', 'await');
    try {
      expect(() => t.add_(1)).toThrow(refused('add_'));
      expect(() => t.select(0, 4).normal_()).toThrow(refused('normal_'));
      expect(() => t.select(1, 0).fill_(1)).toThrow(refused('fill_'));
      expect(() => claim('again', [t.select(0, 2).elements])).toThrow(refused('again'));
      t.narrow(0, 0, 2).fill_(1);
      t.narrow(0, 5, 5).fill_(1);
      zeros(10, 10).fill_(1);
      expect(t.add(1).sum().item()).toBe(170);
    } finally {
      release(claimed);
    }
    expect(t.fill_(1).sum().item()).toBe(100);
  });
});

describe('in a process of its own', () => {
  it('a timer stays on time while two threads multiply for two seconds', async () => {
    const { code, signal, stdout, stderr } = await script(`
      import { readFileSync } from 'node:fs';
      // Milliseconds that the main thread has run: waiting for a CPU that others use does not count.
      const times = () => {
        try {
          return readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'utf8').split(' ').map((x) => x / 1e6);
        } catch { return [performance.now(), 0]; }
      };
      lib.setNumThreads(2);
      const n = 1800;
      const [a, b] = [lib.randn(n, n), lib.randn(n, n)];
      let [last, before] = [performance.now(), times()];
      const lateness = [];
      const timer = setInterval(() => {
        const [now, after] = [performance.now(), times()];
        lateness.push(Math.min(now - last - 5, after[0] - before[0]));
        [last, before] = [now, after];
      }, 5);
      const start = performance.now();
      while (performance.now() - start < 2000) await Promise.all([lib.matmulAsync(a, b), lib.matmulAsync(a, b)]);
      clearInterval(timer);
      console.log(JSON.stringify(lateness));`);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    const lateness = (JSON.parse(stdout) as number[]).sort((a, b) => b - a);
    expect(lateness.length).toBeGreaterThan(50);
    // Two may be the host's doing.
    expect(lateness[2], stdout).toBeLessThan(20);
  });

  it('process.exit, and the end of the program, while work runs', async () => {
    const endings: [string, number][] = [
      ['lib.matmulAsync(lib.randn(1500, 1500), lib.randn(1500, 1500)); setTimeout(() => process.exit(7), 10);', 7],
      ['lib.matmulAsync(lib.randn(1500, 1500), lib.randn(1500, 1500)); process.exit(7);', 7],
      [
        `const s = lib.share(lib.randn(1500, 1500)); for (let i = 0; i < 5; i++) lib.matmulAsync(s, s);
         setTimeout(() => process.exit(7), 20);`,
        7,
      ],
      ['lib.matmulAsync(lib.ones(9, 9), lib.ones(9, 9)).then((t) => { process.exitCode = t.at(0, 0).item(); });', 9],
      [
        `const controller = new AbortController();
         lib.matmulAsync(lib.randn(1500, 1500), lib.randn(1500, 1500), { signal: controller.signal })
           .catch(() => process.exit(7));
         setTimeout(() => controller.abort(), 10);`,
        7,
      ],
    ];
    for (const [body, expected] of endings) {
      const { code, signal, stderr } = await script(body);
      expect({ body, code, signal, stderr }).toEqual({ body, code: expected, signal: null, stderr: '' });
    }
  });
});
