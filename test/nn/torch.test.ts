// Modules against torch: what they compute, gradients, buffers, initial values. The cases are in test/golden/modules.py.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { zeros } from '../../lib/creation.js';
import * as nn from '../../lib/nn/index.js';
import { Generator, getDefaultGenerator, setDefaultGenerator } from '../../lib/random.js';
import { numElements, type Shape } from '../../lib/shape.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { expectClose, layouts, readGolden, tensorOf, valuesOf } from '../cases/data.js';

interface Made {
  name: string;
  args: unknown[];
  options: Record<string, unknown>;
}
interface Case extends Made {
  input: number[];
  integers?: number;
  calls: ('train' | 'eval')[];
  dtype?: 'float64';
  seed?: number;
  error?: true;
  shape: number[];
  values: number[];
  node: string | null;
  grads: (number[] | null)[];
  state: Record<string, number[]>;
}
const golden = readGolden<{ cases: Case[]; seed: number; starts: (Made & { sha256: string; first: number[][] })[] }>(
  'modules',
);

type Class = new (...args: unknown[]) => nn.Module;
const make = ({ name, args, options }: Made, more: object = {}) =>
  new (nn as unknown as Record<string, Class>)[name]!(...args, ...optionsOf(options, more));
/** No options are none, for classes that take only numbers. */
const optionsOf = (...options: object[]) => {
  const all = Object.assign({}, ...options) as object;
  return Object.keys(all).length === 0 ? [] : [all];
};

const rule = (shape: Shape, value: (i: number) => number, dtype: 'float32' | 'float64' | 'int64') =>
  dtype === 'int64'
    ? tensorOf(Array.from({ length: numElements(shape) }, (_, i) => BigInt(value(i))) as never, shape, dtype)
    : tensorOf(
        Array.from({ length: numElements(shape) }, (_, i) => value(i)),
        shape,
        dtype,
      );

function inputOf({ input, integers }: Case, c: number, dtype: 'float32' | 'float64'): Tensor {
  if (integers !== undefined) return rule(input, (i) => (i * 7919) % integers, 'int64');
  return rule(input, (i) => (((i * 7919 + c * 271) % 1000) - 500) / 64, dtype);
}

const defaultBefore = getDefaultGenerator();
afterAll(() => setDefaultGenerator(defaultBefore));

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  // Terms are up to 60 in size and cancel; in float32 relative to that.
  const near = (got: Tensor, wanted: number[]) =>
    expectClose(valuesOf(got), wanted, dtype === 'float64' ? 1e-11 : 2e-6, 100);

  function run(c: Case, layout: (t: Tensor) => Tensor): void {
    const module = make(c, c.dtype === undefined ? {} : { dtype });
    for (const [p, parameter] of [...module.parameters()].entries()) {
      parameter.data.copy_(rule(parameter.shape, (i) => (((i * 7919 + p * 31) % 1000) - 500) / 640, dtype));
    }
    if (c.seed !== undefined) setDefaultGenerator(new Generator(c.seed, { algorithm: 'mt19937' }));
    let x = zeros(1);
    let y = x;
    for (const [i, mode] of c.calls.entries()) {
      module.train(mode === 'train');
      module.zeroGrad();
      x = layout(inputOf(c, i, dtype)).detach();
      if (c.integers === undefined) x.requiresGrad_();
      y = module.call(c.integers === undefined ? x.mul(1) : x);
    }
    expect(y.shape).toEqual(c.shape);
    near(y, c.values);
    expect(y.gradFn?.name ?? null).toBe(c.node);
    if (c.node !== null) y.backward(rule(y.shape, (i) => (((i * 104729 + 17) % 1000) - 500) / 500, dtype));
    const leaves = [x, ...module.parameters()];
    expect(leaves.map(({ grad }) => grad !== null)).toEqual(c.grads.map((grad) => grad !== null));
    for (const [i, grad] of c.grads.entries()) if (grad !== null) near(leaves[i]!.grad!, grad);
    const buffers = [...module.namedBuffers()];
    expect(buffers.map(([name]) => name)).toEqual(Object.keys(c.state));
    for (const [name, buffer] of buffers) near(buffer, c.state[name]!);
  }

  it.each(
    golden.cases.map(
      (c) => [`${c.name} ${JSON.stringify(c.args)} ${JSON.stringify(c.options)} ${c.input} ${c.calls}`, c] as const,
    ),
  )('%s', (_, c) => {
    for (const layout of Object.values(layouts)) {
      if (!c.error) run(c, layout);
      else expect(() => run(c, layout)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    }
  });
});

it('layers start as torch starts them, from one mt19937', () => {
  const generator = new Generator(golden.seed, { algorithm: 'mt19937' });
  setDefaultGenerator(generator);
  for (const row of golden.starts) {
    const parameters = [...make(row).parameters()];
    expect(
      parameters.map((p) => valuesOf(p).slice(0, 3)),
      row.name,
    ).toEqual(row.first);
    const hash = createHash('sha256');
    for (const { array } of parameters) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    expect(hash.digest('hex').slice(0, 32), row.name).toBe(row.sha256);
  }
});
