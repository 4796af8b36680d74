// Which layer a study gets, and that both have the same values.
import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { Generator, init, nn, randn } from '../../../lib/index.js';
import { MatrixFreeLinear, type StudyLinearOptions, studyLinear } from '../../../lib/study/index.js';
import { failure } from '../../cases/data.js';

const initialisers: readonly init.InitSpec[] = [
  'normal',
  { initialiser: 'normal', mean: 0.5, std: 0.2 },
  'uniform',
  { initialiser: 'uniform', a: -1, b: 2 },
  'truncNormal',
  { initialiser: 'truncNormal', mean: 1, std: 2, a: -1, b: 1.5 },
  'xavierNormal',
  { initialiser: 'xavierUniform', gain: 2 },
  { initialiser: 'kaimingNormal', nonlinearity: 'relu' },
  { initialiser: 'kaimingUniform', mode: 'fan_out' },
  'lecunNormal',
  'lecunUniform',
  'varianceScaling',
  { initialiser: 'varianceScaling', scale: 2, distribution: 'uniform' },
  { initialiser: 'varianceScaling', mode: 'fan_avg', distribution: 'untruncated_normal' },
  // Standard deviations of 0 draw all the same.
  { initialiser: 'varianceScaling', scale: 0 },
  { initialiser: 'xavierNormal', gain: 0 },
  { initialiser: 'xavierUniform', gain: 0 },
];

it.each(initialisers.map((spec) => [JSON.stringify(spec), spec] as const))('%s', (_, spec) => {
  const [one, two] = [new Generator(5), new Generator(5)];
  const options = { init: spec, biasStd: 0.1 };
  const held = studyLinear(37, 53, { ...options, materialize: 'always', generator: one }) as nn.Linear;
  const free = studyLinear(37, 53, { ...options, materialize: 'never', generator: two });
  expect(held).toBeInstanceOf(nn.Linear);
  expect(free).toBeInstanceOf(MatrixFreeLinear);
  expect(two.getState()).toEqual(one.getState());
  expect(free.bias!.array).toEqual(held.bias!.array);
  const x = randn(4, 37, { generator: one });
  const [a, b] = [free.call(x), held.call(x)];
  expect(a.sub(b).abs().max().item()).toBeLessThan(1e-5 * b.abs().max().item());
});

it('"always" fills as the initialiser does', () => {
  const held = studyLinear(6, 5, { init: { initialiser: 'orthogonal', gain: 2 }, seed: 3, materialize: 'always' });
  const layer = new nn.Linear(6, 5, { bias: false, init: false });
  init.orthogonal_(layer.weight, 2, { generator: new Generator(3) });
  expect((held as nn.Linear).weight.array).toEqual(layer.weight.array);
  expect(held.bias).toBeNull();
});

it('"auto" decides by size, layers and initialiser', () => {
  const kind = (n: number, m: number, options: StudyLinearOptions) => studyLinear(n, m, options).constructor.name;
  expect(kind(64, 64, { init: 'normal' })).toBe('Linear');
  expect(kind(1024, 1023, { init: 'normal' })).toBe('Linear');
  expect(kind(1024, 1024, { init: 'normal' })).toBe('MatrixFreeLinear');
  expect(kind(2 ** 18, 2 ** 18, { init: 'xavierUniform' })).toBe('MatrixFreeLinear');
  // A network of small layers that does not fit.
  const layers = Math.ceil(totalmem() / (4 * 4 * 64 * 64)) + 1;
  expect(kind(64, 64, { init: 'normal', layers })).toBe('MatrixFreeLinear');
  expect(kind(64, 64, { init: 'orthogonal', layers })).toBe('Linear');
  const generator = new Generator(1, { algorithm: 'mt19937' });
  expect(kind(2048, 2048, { init: 'normal', generator })).toBe('Linear');
});

it('takes layers without features', () => {
  for (const materialize of ['never', 'auto'] as const) {
    expect(studyLinear(0, 3, { init: { initialiser: 'zeros' } as never, materialize: 'always' }).outFeatures).toBe(3);
    expect(studyLinear(3, 0, { init: 'normal', materialize }).call(randn(2, 3)).shape).toEqual([2, 0]);
  }
});

it.each<[string, unknown, ...string[]]>([
  [
    'ERR_ARGUMENT',
    { init: 'orthogonal', materialize: 'never' },
    'orthogonal',
    'kaimingNormal',
    "materialize: 'always'",
  ],
  ['ERR_ARGUMENT', { init: { initialiser: 'sparse', sparsity: 0.5 }, materialize: 'never' }, 'sparse'],
  ['ERR_ARGUMENT', { init: 'zeros', materialize: 'never' }, 'zeros'],
  ['ERR_ARGUMENT', { init: 'he' }, 'he', 'kaimingNormal'],
  ['ERR_ARGUMENT', {}, 'undefined'],
  ['ERR_ARGUMENT', undefined, 'undefined'],
  ['ERR_ARGUMENT', { init: 'normal', materialize: 'sometimes' }, 'sometimes', 'auto'],
  ['ERR_RANGE', { init: 'normal', layers: -1 }, 'layers', '-1'],
  ['ERR_RANGE', { init: 'normal', biasStd: -1 }, 'biasStd'],
  ['ERR_ARGUMENT', { init: 'normal', seed: 1, generator: new Generator(1) }, 'both'],
  ['ERR_RANGE', { init: { initialiser: 'normal', std: -1 }, materialize: 'never' }, 'std', '-1'],
  ['ERR_ARGUMENT', { init: { initialiser: 'kaimingNormal', mode: 'fan' }, materialize: 'never' }, 'fan'],
])('%s %#', (code, options, ...parts) => {
  expect(() => studyLinear(4, 3, options as StudyLinearOptions)).toThrow(failure(code, 'studyLinear', ...parts));
});

it('names itself where a generator has too few draws', () => {
  const wide = () => studyLinear(2 ** 21, 2 ** 20, { init: 'normal', materialize: 'never', seed: 0 });
  expect(wide).toThrow(
    expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching('^studyLinear: ') }),
  );
});

it('refuses sizes that are none', () => {
  expect(() => studyLinear(-1, 3, { init: 'normal' })).toThrow(failure('ERR_RANGE', 'studyLinear', 'inFeatures'));
  expect(() => studyLinear(3, 1.5, { init: 'normal' })).toThrow(failure('ERR_RANGE', 'studyLinear', 'outFeatures'));
});
