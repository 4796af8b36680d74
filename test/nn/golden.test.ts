// Losses and padding against torch. The cases are in test/golden/functional.py.
import { describe, expect, it } from 'vitest';
import type { DType } from '../../lib/dtype.js';
import * as functional from '../../lib/nn/functional/index.js';
import { numElements, type Shape } from '../../lib/shape.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { expectClose, fromJson, type JsonNumber, layouts, readGolden, tensorOf, valuesOf } from '../cases/data.js';

interface Case {
  call: string;
  input: number[];
  target?: [shape: number[], kind: 'values' | 'probabilities' | number];
  options: Record<string, unknown>;
  ignored?: number;
  every?: number;
  weight?: number[];
  posWeight?: number[];
  error?: true;
  shape: number[];
  values: JsonNumber[];
  node: string;
  grads: (JsonNumber[] | null)[];
}
const golden = readGolden<{ cases: Case[] }>('functional');

const filled = (shape: Shape, dtype: DType, value: (i: number) => number) => {
  const values = Array.from({ length: numElements(shape) }, (_, i) => value(i));
  return tensorOf((dtype === 'int64' ? values.map(BigInt) : values) as number[], shape, dtype);
};

function targetOf({ target, ignored, every }: Case, dtype: DType): Tensor {
  const [shape, kind] = target!;
  if (kind === 'values') return filled(shape, dtype, (i) => (((i * 104729 + 17) % 1000) - 500) / 250);
  if (kind === 'probabilities') return filled(shape, dtype, (i) => (((i * 7919 + 3) % 13) + 1) / 14);
  return filled(shape, 'int64', (i) => (every !== undefined && i % every === 0 ? ignored! : (i * 7919) % kind));
}

type Call = (...args: unknown[]) => Tensor;
const calls = functional as unknown as Record<string, Call>;

describe.each(['float32', 'float64'] as const)('%s: torch agrees on', (dtype) => {
  const near = (got: Tensor, wanted: JsonNumber[]) =>
    expectClose(valuesOf(got), wanted.map(fromJson), dtype === 'float64' ? 1e-11 : 3e-6, 1);

  function run(c: Case, layout: (t: Tensor) => Tensor): void {
    const place = (t: Tensor) => {
      const placed = layout(t).detach();
      return t.dtype === 'int64' ? placed : placed.requiresGrad_();
    };
    const x = place(filled(c.input, dtype, (i) => (((i * 7919) % 1000) - 500) / 250));
    const leaves = [x];
    let y: Tensor;
    if (c.call === 'pad') {
      const { pad, mode, value } = c.options;
      y = calls.pad!(x, pad, mode, value);
    } else {
      const target = place(targetOf(c, dtype));
      leaves.push(target);
      const weights = Object.fromEntries(
        (['weight', 'posWeight'] as const).flatMap((name) =>
          c[name] ? [[name, layout(filled(c[name], dtype, (i) => ((i % 3) + 1) / 2))]] : [],
        ),
      );
      y = calls[c.call]!(x, target, { ...c.options, ...weights });
    }
    expect(y.shape).toEqual(c.shape);
    near(y, c.values);
    expect(y.gradFn?.name).toBe(c.node);
    y.backward(y.dim() === 0 ? undefined : filled(y.shape, dtype, (i) => (((i * 31 + 7) % 10) - 4) / 4));
    for (const [i, grad] of c.grads.entries()) {
      if (grad === null) expect(leaves[i]!.grad).toBeNull();
      else near(leaves[i]!.grad!, grad);
    }
  }

  const title = ({ call, input, target, options, weight, posWeight, ignored }: Case) =>
    `${call} ${input} ${JSON.stringify(target ?? '')} ${JSON.stringify(options)} ${JSON.stringify({ weight, posWeight, ignored })}`;

  it.each(golden.cases.map((c) => [title(c), c] as const))('%s', (_, c) => {
    for (const layout of Object.values(layouts)) {
      if (!c.error) run(c, layout);
      else expect(() => run(c, layout)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    }
  });
});
