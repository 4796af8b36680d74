// The suite of test/golden/suite: torch's answers to calls of every kind.
import { describe, expect, it } from 'vitest';
import { noGrad } from '../lib/autograd.js';
import type { Tensor } from '../lib/tensor/index.js';
import { bystanders, expectSame } from './cases/data.js';
import {
  base,
  type Case,
  compare,
  type Elements,
  type GradientCase,
  invoke,
  label,
  type Result,
  readSuite,
  walk,
} from './cases/suite.js';

/** Codes of errors that users cause. */
const codes = new Set(['ERR_SHAPE', 'ERR_DTYPE', 'ERR_RANGE', 'ERR_ARGUMENT', 'ERR_STATE']);

type Check<T> = (row: T) => string | undefined;

/** One test for each operation; it says of every case that fails what is wrong. */
function suite<T extends Case | GradientCase>(name: string, check: Check<T>): void {
  describe(name, () => {
    const byOp = new Map<string, T[]>();
    for (const row of readSuite<T>(name)) byOp.set(row.op, [...(byOp.get(row.op) ?? []), row]);
    it.each([...byOp].map(([op, rows]) => [op, rows.length, rows] as const))('%s: %i cases', (_, __, rows) => {
      const failures = rows.flatMap((row) => {
        let wrong: string | undefined;
        try {
          wrong = check(row);
        } catch (error) {
          wrong = String(error);
        }
        return wrong === undefined ? [] : [`${label(row)}: ${wrong}`];
      });
      expect(failures).toEqual([]);
    });
  });
}

function compareResult(got: unknown, wanted: Result, row: Case): string | undefined {
  if (Array.isArray(wanted)) return compare(got, wanted, row);
  if ('list' in wanted) {
    const parts = Object.values(got as Record<string, Tensor>);
    if (parts.length !== wanted.list.length) return `${parts.length} results, expected ${wanted.list.length}`;
    return wanted.list.map((part, i) => compare(parts[i], part, row)).find((message) => message);
  }
  return plain(got) === plain(wanted.value) ? undefined : `is ${plain(got)}, expected ${plain(wanted.value)}`;
}

/** Values as JSON has them; numbers that it hasn't, by name. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, x) => {
    if (typeof x === 'bigint') return String(x);
    if (typeof x !== 'number' || Number.isFinite(x)) return x;
    return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
  });
}

const checkCase: Check<Case> = (row) => {
  const bases = row.in.map(base);
  const inputs = bases.map((t, i) => walk(t, row.in[i]!));
  const inPlace = row.op.endsWith('_');
  const before = bases.map((t) => t.clone());
  let got: unknown;
  try {
    got = invoke(row, inputs);
  } catch (error) {
    const { code } = error as { code?: string };
    if (row.error && codes.has(code!)) {
      // Nothing was written.
      bases.forEach((t, i) => {
        expect(compare(t, elementsOf(before[i]!))).toBeUndefined();
      });
      return undefined;
    }
    throw error;
  }
  if (row.error) return `gave ${String(got)}, expected an error`;
  if (inPlace && got !== inputs[0]) return 'did not return its tensor';
  bases.forEach((t, i) => {
    if (inPlace && i === 0) {
      expectSame(bystanders(inputs[0]!), bystanders({ elements: { ...inputs[0]!.elements, array: before[0]!.array } }));
    } else expect(compare(t, elementsOf(before[i]!))).toBeUndefined();
  });
  return compareResult(got, row.out!, row);
};

function elementsOf(t: Tensor): Elements {
  const { buffer, byteOffset, byteLength } = t.array;
  return [t.dtype, [...t.shape], Buffer.from(buffer, byteOffset, byteLength).toString('base64')];
}

const checkGradient: Check<GradientCase> = (row) => {
  const leaves = row.in.map(base);
  for (const leaf of leaves) if (leaf.dtype.includes('float')) leaf.requiresGrad = true;
  const out = invoke(
    row,
    leaves.map((t, i) => walk(t, row.in[i]!)),
  );
  const outs = (
    Array.isArray(out) ? out : 'numel' in (out as object) ? [out] : Object.values(out as object)
  ) as Tensor[];
  const node = outs[0]!.gradFn?.name;
  if (node !== row.node) return `made by ${node}, expected ${row.node}`;
  // What several outputs get is added up: as one scalar product with all of them.
  const products = outs.map((t, i) => t.mul(noGrad(() => base([t.dtype, [...t.shape], row.g, 7 + i]))).sum());
  if (outs.length === 1) outs[0]!.backward(base([outs[0]!.dtype, [...outs[0]!.shape], row.g, 7]));
  else products.reduce((a, b) => a.add(b)).backward();
  const wrong = leaves.flatMap((leaf, i) => {
    const wanted = row.grads[i]!;
    if (wanted === null) return leaf.grad === null ? [] : [`input ${i} has a gradient`];
    const message = compare(leaf.grad, wanted, row);
    return message === undefined ? [] : [`gradient of input ${i}: ${message}`];
  });
  return wrong[0];
};

for (const part of ['elementwise', 'reductions', 'matrix', 'decompositions', 'creation']) suite(part, checkCase);
suite('gradients', checkGradient);
