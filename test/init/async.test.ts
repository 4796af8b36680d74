// Initialising models off the main thread: the same plan and bits as `initialize`, and no way to get in its way unnoticed.
import { describe, expect, it } from 'vitest';
import { claims } from '../../lib/claims.ts';
import { type DType, Generator, init, nn, randn, share, Tensor, zeros } from '../../lib/index.ts';
import type { Rule } from '../../lib/init/index.ts';
import { initialisers } from '../../lib/init/table.ts';
import { expectSame, failure, layouts, valuesOf } from '../cases/data.ts';
import { script } from '../process.ts';

const { initialize, initializeAsync } = init;

/** A model of parameters by name. */
class Model extends nn.Module {
  constructor(parameters: Record<string, Tensor>) {
    super();
    for (const [name, t] of Object.entries(parameters)) Object.assign(this, { [name]: new nn.Parameter(t) });
  }
  forward(x: Tensor): Tensor {
    return x;
  }
}

function valuesOfModel(model: nn.Module): Record<string, number[]> {
  return Object.fromEntries([...model.namedParameters()].map(([path, p]) => [path, [...valuesOf(p)]]));
}

const options: Record<string, object> = { constant: { value: 0.25 }, sparse: { sparsity: 0.3 } };
const shapes: Record<string, number[]> = { dirac: [8, 4, 3, 3], deltaOrthogonal: [12, 7, 3, 3] };

describe('the values of initialize, to the bit', () => {
  it.each(['pcg32', 'mt19937'] as const)('%s: every initialiser, dtype and layout', async (algorithm) => {
    const parameters: Record<string, [Tensor, string]> = {};
    for (const name of Object.keys(initialisers)) {
      for (const dtype of ['float32', 'float64', 'bfloat16'] as DType[]) {
        for (const [layoutName, layout] of Object.entries(layouts)) {
          parameters[`${name}_${dtype}_${layoutName}`] = [layout(zeros(shapes[name] ?? [24, 30], { dtype })), name];
        }
      }
    }
    const make = () =>
      new Model(
        Object.fromEntries(
          Object.entries(parameters).map(([path, [t]]) => [
            path,
            new Tensor({ ...t.elements, array: t.elements.array.slice() }),
          ]),
        ),
      );
    const rules: Rule[] = Object.keys(initialisers).map((name) => ({
      match: `${name}_*`,
      init: { initialiser: name, ...options[name] } as never,
    }));
    const generator = () => new Generator(5, { algorithm });
    const [wanted, got] = [make(), make()];
    const report = initialize(wanted, rules, { generator: generator() });
    const asyncReport = await initializeAsync(got, rules, { generator: generator() });
    expect(asyncReport.toString()).toBe(report.toString());
    const [a, b] = [valuesOfModel(wanted), valuesOfModel(got)];
    for (const path of Object.keys(parameters)) expectSame(b[path]!, a[path]!);
    // Elements between those of a strided parameter stay.
    for (const [path, p] of got.namedParameters()) {
      const q = new Map(wanted.namedParameters()).get(path)!;
      expect(Buffer.compare(bytes(p), bytes(q)), path).toBe(0);
    }
  });

  it('large parameters, copied in slices: contiguous, transposed, shared', async () => {
    const shape = [700, 900];
    const make = () =>
      new Model({
        plain: zeros(shape),
        transposed: zeros(900, 700).t(),
        shared: share(zeros(shape)),
        thin: zeros(3, 1, 300_000),
      });
    const rules: Rule[] = [{ match: '*', init: { initialiser: 'xavierNormal' } }];
    const [wanted, got] = [make(), make()];
    initialize(wanted, rules, { seed: 3 });
    await initializeAsync(got, rules, { seed: 3 });
    const [a, b] = [valuesOfModel(wanted), valuesOfModel(got)];
    for (const path of Object.keys(a)) expectSame(b[path]!, a[path]!);
  });
});

function bytes({ elements: { array } }: Tensor): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

const net = () => new nn.Sequential(new nn.Linear(40, 50), new nn.ReLU(), new nn.Linear(50, 3));
const rules: Rule[] = [
  { match: '*bias', init: 'keep' },
  { match: '*', init: { initialiser: 'orthogonal' } },
];

describe('initializeAsync', () => {
  it('reports progress, in the order of the plan', async () => {
    const seen: unknown[] = [];
    await initializeAsync(net(), rules, { seed: 1, onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([
      { path: '0.weight', done: 1, total: 2 },
      { path: '2.weight', done: 2, total: 2 },
    ]);
  });

  it('dryRun and plans with nothing to do write nothing and need no worker', async () => {
    const model = net();
    const before = valuesOfModel(model);
    const report = await initializeAsync(model, rules, { dryRun: true });
    expect(report.toString()).toBe(initialize(model, rules, { dryRun: true }).toString());
    await initializeAsync(model, [], { seed: 1 });
    expect(valuesOfModel(model)).toEqual(before);
  });

  it('rejects what initialize refuses, before anything is written', async () => {
    const model = net();
    const before = valuesOfModel(model);
    const bad = (given: Rule[]) => initializeAsync(model, given, { seed: 0 });
    const call = 'initializeAsync';
    await expect(initializeAsync(3 as never, rules, { seed: 0 })).rejects.toThrow(
      failure('ERR_ARGUMENT', call, 'module'),
    );
    await expect(initializeAsync(model, rules)).rejects.toThrow(failure('ERR_ARGUMENT', call, 'seed'));
    await expect(bad(3 as never)).rejects.toThrow(failure('ERR_ARGUMENT', call, 'rules'));
    await expect(bad([rules[0]!, { match: '*', init: { initialiser: 'nope' } as never }])).rejects.toThrow(
      failure('ERR_ARGUMENT', call, 'nope'),
    );
    await expect(initializeAsync(model, rules, { seed: 0, onProgress: 3 as never })).rejects.toThrow(
      failure('ERR_ARGUMENT', call, 'onProgress'),
    );
    await expect(initializeAsync(model, rules, { seed: 0, signal: 3 as never })).rejects.toThrow(
      failure('ERR_ARGUMENT', call, 'AbortSignal'),
    );
    expect(valuesOfModel(model)).toEqual(before);
    expect(claims.size).toBe(0);
  });

  it('an error of the worker comes back with its class and code; what was done stays', async () => {
    const model = new Model({ first: zeros(5, 5), second: zeros(5, { dtype: 'float16' }) });
    const wrong: Rule[] = [
      { match: 'first', init: { initialiser: 'ones' } },
      { match: 'second', init: { initialiser: 'uniform', a: -1e6, b: 1e6 } },
    ];
    await expect(initializeAsync(model, wrong, { seed: 0 })).rejects.toThrow(
      failure('ERR_RANGE', 'initializeAsync', 'second', 'float16'),
    );
    expect(valuesOfModel(model)).toEqual({ first: new Array(25).fill(1), second: new Array(5).fill(0) });
    expect(claims.size).toBe(0);
  });

  it('what onProgress throws rejects it', async () => {
    const onProgress = () => {
      throw new Error('mine');
    };
    await expect(initializeAsync(net(), rules, { seed: 0, onProgress })).rejects.toThrow('mine');
    expect(claims.size).toBe(0);
  });

  it('nobody else writes to the parameters meanwhile', async () => {
    const model = net();
    const weight = (model as unknown as Record<string, { weight: Tensor }>)['2']!.weight;
    const promise = initializeAsync(model, rules, { seed: 0 });
    expect(() => weight.detach().fill_(1)).toThrow(failure('ERR_STATE', 'fill_', 'initializeAsync'));
    expect(() => initialize(model, rules, { seed: 1 })).toThrow(failure('ERR_STATE', 'initialize', 'initializeAsync'));
    await expect(initializeAsync(model, rules, { seed: 1 })).rejects.toThrow(
      failure('ERR_STATE', 'initializeAsync', 'await'),
    );
    await initializeAsync(net(), rules, { seed: 2 });
    await promise;
    weight.detach().fill_(1);
    expect(weight.sum().item()).toBe(150);
  });

  it('aborts: before the call, at once while it works, between parameters', async () => {
    const reason = new Error('enough');
    const model = net();
    const before = valuesOfModel(model);
    await expect(initializeAsync(model, rules, { seed: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(valuesOfModel(model)).toEqual(before);
    const large = new Model({ w: zeros(2500, 2500) });
    const controller = new AbortController();
    const promise = initializeAsync(large, rules, { seed: 0, signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    controller.abort(reason);
    expect(await promise).toBe(reason);
    expect(performance.now() - start).toBeLessThan(200);
    const p = new Map(large.namedParameters()).get('w')!;
    expect([p.min().item(), p.max().item()]).toEqual([0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(claims.size).toBe(0);
    const between = new AbortController();
    const onProgress = () => between.abort(reason);
    await expect(initializeAsync(model, rules, { seed: 0, signal: between.signal, onProgress })).rejects.toBe(reason);
    const after = valuesOfModel(model);
    expect(after['0.weight']).not.toEqual(before['0.weight']);
    expect(after['2.weight']).toEqual(before['2.weight']);
  });

  it('memory that goes away meanwhile', async () => {
    const model = new Model({ w: zeros(300, 300) });
    const { array } = new Map(model.namedParameters()).get('w')!.elements;
    const promise = initializeAsync(model, rules, { seed: 0 });
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    await expect(promise).rejects.toThrow(failure('ERR_DETACHED', 'initializeAsync'));
    await expect(initializeAsync(model, rules, { seed: 0 })).rejects.toThrow(
      failure('ERR_DETACHED', 'initializeAsync'),
    );
    expect(claims.size).toBe(0);
  });

  it('keeps the event loop free, and lets the process end while it works', async () => {
    const body = (end: string) => `
      import { readFileSync } from 'node:fs';
      const cpu = () => {
        try { return readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'utf8').split(' ')[0] / 1e6; }
        catch { return performance.now(); }
      };
      const model = new lib.nn.Linear(1400, 1400);
      const lateness = [];
      let [last, before] = [performance.now(), cpu()];
      const timer = setInterval(() => {
        const [now, after] = [performance.now(), cpu()];
        lateness.push(Math.min(now - last - 5, after - before));
        [last, before] = [now, after];
      }, 5);
      const rules = [{ match: '*', init: { initialiser: 'orthogonal' } }, ];
      const done = lib.init.initializeAsync(model, [{ match: 'bias', init: 'keep' }, ...rules], { seed: 0 });
      ${end}`;
    const free = await script(body('await done; clearInterval(timer); console.log(JSON.stringify(lateness));'));
    expect([free.code, free.stderr]).toEqual([0, '']);
    const lateness = (JSON.parse(free.stdout) as number[]).sort((a, b) => b - a);
    // Starting a thread is the first, and two may be the host's doing.
    expect(lateness[3], free.stdout).toBeLessThan(20);
    for (const wait of [0, 100, 250]) {
      const { code, signal, stderr } = await script(body(`setTimeout(() => process.exit(7), ${wait});`));
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
    }
  });

  it('works on a model of its own sort', async () => {
    const weight = randn(20, 10);
    const model = {
      namedModules: () => [['', {}] as [string, object]],
      namedParameters: () => [['w', weight] as [string, Tensor]],
    };
    await initializeAsync(model, [{ match: 'w', init: { initialiser: 'zeros' } }], { seed: 0 });
    expect(weight.norm().item()).toBe(0);
  });
});
