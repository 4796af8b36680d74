// Parts of a weight, made alone, against the same elements of the whole.
import { describe, expect, it } from 'vitest';
import { Generator, zeros } from '../../lib/index.js';
import { fillPart } from '../../lib/init/law.js';
import { type InitSpec, initialiser, initialisers, type NamedSpec } from '../../lib/init/table.js';
import { narrowView, reshapeView } from '../../lib/view.js';

const shape = [60, 50];
const options: Readonly<Record<string, object>> = {
  constant: { value: 0.3 },
  uniform: { a: -0.2, b: 0.7 },
  normal: { mean: 1, std: 0.02 },
  truncNormal: { mean: 0.1, std: 0.3, a: 0.2, b: 5 },
  kaimingNormal: { nonlinearity: 'relu', mode: 'fan_out' },
  varianceScaling: { scale: 2, mode: 'fan_avg' },
  sparse: { sparsity: 0.5 },
};
const specs = Object.keys(initialisers).map((name) => ({ initialiser: name, ...options[name] }) as NamedSpec);
const laws = specs.filter((spec) => initialiser('w', spec).law(shape) !== undefined);

describe('parts of a weight', () => {
  it('can be made of all initialisers but those whose elements depend on one another or on their place', () => {
    const others = specs.filter((spec) => !laws.includes(spec)).map((spec) => spec.initialiser);
    expect(others.sort()).toEqual(['deltaOrthogonal', 'dirac', 'eye', 'orthogonal', 'sparse', 'spectral']);
  });

  const untruncated: InitSpec = { initialiser: 'varianceScaling', distribution: 'untruncated_normal' };
  const nothing: InitSpec = { initialiser: 'varianceScaling', scale: 1e-320 };
  for (const spec of [...laws, untruncated, nothing] as NamedSpec[]) {
    for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const) {
      it(`${JSON.stringify(spec)}, ${dtype}`, () => {
        const { apply, law } = initialiser('w', spec);
        const whole = zeros(shape, { dtype });
        apply(whole, new Generator(5).spawn('w'));
        const parts = zeros(shape, { dtype });
        const flat = reshapeView('test', parts.elements, [3000])!;
        for (const [first, length] of [
          [1024, 1976],
          [0, 2],
          [2, 1022],
        ] as const) {
          fillPart('test', narrowView('test', flat, 0, first, length), law(shape)!, new Generator(5).spawn('w'), first);
        }
        expect(parts.array).toEqual(whole.array);
      });
    }
  }
});
