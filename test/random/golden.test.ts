// The frozen bits of pcg32's fills: test/golden/random.txt, which test/native/random_golden.cc made and compares with every
// instruction set. A difference here is a major version.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randperm, zeros } from '../../lib/creation.js';
import type { DType } from '../../lib/dtype.js';
import { Generator } from '../../lib/random.js';
import type { Tensor } from '../../lib/tensor/index.js';

const lines = readFileSync(new URL('../golden/random.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const count = 262_147;

/** Bytes that are all 1 before the fill. */
function marked(shape: number[], dtype: DType): Tensor {
  const t = zeros(shape, { dtype });
  bytesOf(t).fill(1);
  return t;
}

function bytesOf(t: Tensor): Uint8Array {
  const { array } = t.elements;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

const fills: Record<string, (dtype: DType, generator: Generator, params: number[]) => Tensor> = {
  uniform: (dtype, generator, [low, high]) => marked([count], dtype).uniform_(low, high, { generator }),
  normal: (dtype, generator, [mean, std]) => marked([count], dtype).normal_(mean, std, { generator }),
  // The functions refuse infinite bounds.
  truncated_normal(dtype, generator, params) {
    const t = marked([count], dtype);
    generator.fill('truncNormal_', 'truncNormal', t.elements, ...params);
    return t;
  },
  exponential: (dtype, generator, [rate]) => marked([count], dtype).exponential_(rate, { generator }),
  bernoulli: (dtype, generator, [p]) => marked([count], dtype).bernoulli_(p, { generator }),
  integers: (dtype, generator, [low, high]) =>
    marked([count], dtype).random_(BigInt(low!), BigInt(high!), { generator }),
  permutation: (dtype, generator, [n]) => randperm(n!, { dtype, generator }),
  sparse_zero(dtype, generator, [rows, columns, zerosEach]) {
    const t = marked([rows!, columns!], dtype);
    generator.fill('sparse_', 'sparseZero', t.elements, zerosEach!);
    return t;
  },
};

/** A number as the names of fills write it. */
const number = (text: string) =>
  text.endsWith('2^62') ? Number(text.replace('2^62', '1')) * 2 ** 62 : Number(text.replace('inf', 'Infinity'));

describe('fills have their frozen bits', () => {
  it('raw draws', () => {
    const generator = Generator.pcg32(42n, 54n).advance(7);
    const array = Uint32Array.from({ length: count }, () => generator.random());
    expect(`${createHash('sha256').update(array).digest('hex')}  random_bits uint32`).toBe(lines[0]);
  });

  it.each(
    lines
      .slice(1)
      .map((line) => line.split('  ') as [string, string])
      .map(([digest, name]) => [name, digest]),
  )('%s', (name, digest) => {
    const [, kind, params, dtype] = name.match(/^(\w+)\((.*)\) (\w+)$/)!;
    const generator = Generator.pcg32(42n, 54n).advance(7);
    const t = fills[kind!]!(dtype as DType, generator, params!.split(',').map(number));
    expect(createHash('sha256').update(bytesOf(t)).digest('hex')).toBe(digest);
  });
});
