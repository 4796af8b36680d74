// Every public call says what is wrong with its input, in an error with a code that begins with the call's name.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as blas from '../lib/blas/index.js';
import * as checkpoint from '../lib/checkpoint/index.js';
import { Checkpoint } from '../lib/checkpoint/safetensors/file.js';
import * as evenkeel from '../lib/index.js';
import { binaryOps, choiceOps, comparisonOps, testOps, unaryOps } from '../lib/ops/index.js';
import * as study from '../lib/study/index.js';
import * as tfjs from '../lib/tfjs/index.js';
import { failure } from './cases/data.js';

const { empty, init, nn, noGrad, ones, optim, rand, randn, Tensor, tensor, zeros } = evenkeel;
type Method = (...args: unknown[]) => unknown;

const method = (name: string) => (Tensor.prototype as unknown as Record<string, Method | undefined>)[name];
const call = (target: unknown, name: string, ...args: unknown[]) => method(name)!.apply(target, args);

/** A tensor whose memory has been taken away. */
function gone() {
  const t = zeros(3);
  structuredClone(t.array.buffer, { transfer: [t.array.buffer as ArrayBuffer] });
  return t;
}

const withTwins = (table: object) =>
  Object.keys(table).flatMap((name) => (method(`${name}_`) ? [name, `${name}_`] : [name]));
const unary = [...withTwins(unaryOps), ...Object.keys(testOps)];
const binary = [...withTwins(binaryOps), ...Object.keys(comparisonOps)];
const choices = withTwins(choiceOps);

describe('element by element', () => {
  it.each(unary)('%s: memory that is gone', (name) => {
    expect(() => call(gone(), name)).toThrow(failure('ERR_DETACHED', name, '[3]'));
  });

  it.each(unary.filter((name) => name.endsWith('_')))('%s: elements that share memory', (name) => {
    const shared = zeros(1).expand([3]);
    expect(() => call(shared, name)).toThrow(failure('ERR_ARGUMENT', name, 'share memory'));
  });

  it.each([...binary, ...choices])('%s: shapes and types', (name) => {
    const x = tensor([1, 2]);
    expect(() => call(x, name, zeros(3))).toThrow(failure('ERR_SHAPE', name, '[2]', '[3]'));
    for (const wrong of ['1', undefined, null, [1, 2]]) {
      expect(() => call(x, name, wrong)).toThrow(failure('ERR_ARGUMENT', name, 'expected a Tensor'));
    }
    expect(() => call(x, name, gone().narrow(0, 0, 2))).toThrow(failure('ERR_DETACHED', name));
    expect(x.tolist()).toEqual([1, 2]);
  });
});

describe('what no other file has', () => {
  const x = zeros(2);
  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'noGrad', () => noGrad(3 as never), '3'],
    ['ERR_STATE', 'retainGrad', () => x.retainGrad(), 'no gradient'],
    ['ERR_STATE', 'registerHook', () => x.registerHook(() => {}), 'no gradient'],
    ['ERR_ARGUMENT', 'registerHook', () => zeros([2], { requiresGrad: true }).registerHook(3 as never), '3'],
    ['ERR_SHAPE', 'allclose', () => x.allclose(zeros(3)), '[2]', '[3]'],
    ['ERR_RANGE', 'allclose', () => x.allclose(x, { rtol: -1 }), 'rtol', '-1'],
    ['ERR_SHAPE', 'bmm', () => zeros(2, 3, 4).bmm(zeros(2, 3, 4)), '[2, 3, 4]'],
    ['ERR_SHAPE', 'bmm', () => zeros(2, 3).bmm(zeros(3, 2)), '[2, 3]'],
    ['ERR_ARGUMENT', 'L1Loss', () => new nn.L1Loss({ reduction: 'all' as never }), 'all'],
    ['ERR_ARGUMENT', 'Identity', () => new nn.Identity().call(3 as never), '3'],
    ['ERR_ARGUMENT', 'sigmoid', () => new nn.Sigmoid().call(3 as never), '3'],
    ['ERR_ARGUMENT', 'tanh', () => new nn.Tanh().call(3 as never), '3'],
    ['ERR_ARGUMENT', 'selu', () => new nn.SELU().call(3 as never), '3'],
    ['ERR_ARGUMENT', 'silu', () => new nn.SiLU().call(3 as never), '3'],
    ['ERR_ARGUMENT', 'LogSoftmax', () => new nn.LogSoftmax(1.5), '1.5'],
    ['ERR_RANGE', 'logSoftmax', () => new nn.LogSoftmax(5).call(x), '5'],
    ['ERR_ARGUMENT', 'Optimizer', () => new (optim.Optimizer as unknown as new () => unknown)(), 'SGD'],
    ['ERR_ARGUMENT', 'constantTarget', () => init.constantTarget('x' as never), 'x'],
    ['ERR_RANGE', 'uniformTarget', () => init.uniformTarget(2, 1), '2', '1'],
    ['ERR_RANGE', 'normalTarget', () => init.normalTarget(0, -1), '-1'],
    ['ERR_RANGE', 'normalTarget', () => init.normalTarget(NaN, 1), 'NaN'],
    ['ERR_RANGE', 'truncatedNormalTarget', () => init.truncatedNormalTarget(0, 1, 3, 2), '3', '2'],
    ['ERR_ARGUMENT', 'Tensor', () => new (Tensor as unknown as new (x: number) => unknown)(3), 'zeros()'],
    ['ERR_ARGUMENT', 'where', () => evenkeel.where('x' as never, x, x), 'x'],
    ['ERR_DTYPE', 'where', () => evenkeel.where(x, x, x), 'float32'],
    ...Object.entries({ empty, ones, zeros, rand, randn }).map(
      ([name, create]) => ['ERR_RANGE', name, () => create(-1), '-1'] as [string, string, () => unknown, string],
    ),
    ['ERR_ARGUMENT', 'onesLike', () => evenkeel.onesLike(3 as never), '3'],
    ['ERR_RANGE', 'setNumThreads', () => evenkeel.setNumThreads(0), '0'],
    ['ERR_ARGUMENT', 'verify', () => init.verify(x, 3 as never), '3'],
    ['ERR_ARGUMENT', 'initialize', () => init.initialiser('w', 'he' as never), 'w', 'he'],
    ['ERR_ARGUMENT', 'Flatten', () => new nn.Flatten(0.5), '0.5'],
    ['ERR_ARGUMENT', 'Flatten', () => new nn.Flatten().call(3 as never), '3'],
    ['ERR_STATE', 'call', () => new (nn.Module as unknown as new () => evenkeel.nn.Module)().call(x), 'no forward'],
    ['ERR_DETACHED', 'clone', () => gone().clone(), '[3]'],
    ['ERR_DETACHED', 'contiguous', () => gone().expand([2, 3]).contiguous(), '[2, 3]'],
    ['ERR_SHAPE', 'qr', () => x.qr(), '[2]'],
    ...['var', 'prod', 'any', 'all', 'argmax', 'argmin'].map(
      (name) => ['ERR_RANGE', name, () => call(x, name, 5), '5'] as [string, string, () => unknown, string],
    ),
    ['ERR_SHAPE', 'eye_', () => init.eye_(x), '[2]'],
    ['ERR_SHAPE', 'dirac_', () => init.dirac_(x), '[2]'],
    ['ERR_SHAPE', 'spectral_', () => init.spectral_(x), '[2]'],
    ['ERR_ARGUMENT', 'constant_', () => init.constant_(x, 'x' as never), 'x'],
    ['ERR_SHAPE', 'largestSingularValue', () => study.largestSingularValue(x), '[2]'],
    ['ERR_ARGUMENT', 'advise', () => study.advise(3 as never, x), '3'],
    ['ERR_RANGE', 'chainStudy', () => study.chainStudy({ width: 0 }), 'width', '0'],
    ['ERR_RANGE', 'studyBytes', () => study.studyBytes(-1), '-1'],
    ['ERR_RANGE', 'chiMean', () => study.chiMean(0.5), '0.5'],
    ['ERR_RANGE', 'gaussianSpectralNormSquared', () => study.gaussianSpectralNormSquared(0), '0'],
    ['ERR_ARGUMENT', 'layerTheory', () => study.layerTheory('he' as never, 'relu', 8), 'he'],
    ['ERR_ARGUMENT', 'layerTheory', () => study.layerTheory('plain', 'tanh' as never, 8), 'tanh'],
    ['ERR_RANGE', 'layerTheory', () => study.layerTheory('plain', 'relu', 0), '0'],
    ['ERR_ARGUMENT', 'propagate', () => study.propagate(3 as never, x), '3'],
    ['ERR_DTYPE', 'signalStatistics', () => study.signalStatistics(tensor([1], { dtype: 'int64' })), 'int64'],
    ['ERR_ARGUMENT', 'studyCsv', () => [...study.studyCsv([3] as never)], '3'],
    ['ERR_RANGE', 'MatrixFreeLinear', () => new study.MatrixFreeLinear(2, 2, { std: -1 }), '-1'],
    ['ERR_ARGUMENT', 'relu_', () => zeros(1).expand([3]).relu_(), 'share memory'],
  ])('%s %s %#', (code, name, run, ...parts) => {
    expect(run).toThrow(
      code === 'ERR_STATE'
        ? expect.objectContaining({ code, message: expect.stringMatching(`^${name}: `) })
        : failure(code, name, ...parts),
    );
  });
});

const fillers = ['zeros_', 'ones_', 'constant_', 'eye_', 'dirac_', 'spectral_'] as const;
const scaling = [
  'kaimingNormal_',
  'kaimingUniform_',
  'lecunNormal_',
  'lecunUniform_',
  'varianceScaling_',
  'xavierNormal_',
  'xavierUniform_',
] as const;

describe('initialisers', () => {
  it.each([...fillers, ...scaling])('%s: no tensor', (name) => {
    expect(() => (init[name] as Method)('x')).toThrow(failure('ERR_ARGUMENT', name, 'expected a Tensor'));
  });
  it.each(scaling)('%s: a vector has no fans', (name) => {
    expect(() => (init[name] as Method)(zeros(2))).toThrow(failure('ERR_SHAPE', name, '[2]'));
  });
});

/** What takes nothing that could be wrong. */
const harmless = new Set([
  'EvenkeelBackend',
  ...['getNumThreads', 'info', 'isGradEnabled', 'Sigmoid', 'Tanh', 'SELU', 'SiLU', 'ReLU', 'constructor'],
  ...[
    'initialiser',
    'Module',
    'detach',
    'numel',
    'dim',
    'isContiguous',
    'toString',
    'zero_',
    'accumulate',
    'zeroGrad',
    'close',
  ],
]);

it('every public call is tested with bad input, here or in another file', () => {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? files(path) : /\.test\.ts$/.test(path) ? [path] : [];
    });
  const texts = files(new URL('.', import.meta.url).pathname).map((path) => readFileSync(path, 'utf8'));
  const listed = [
    'empty',
    'ones',
    'zeros',
    'rand',
    'randn',
    'var',
    'prod',
    'any',
    'all',
    'argmax',
    'argmin',
    'studyWorker',
  ];
  const tested = new Set<string>([...unary, ...binary, ...choices, ...fillers, ...scaling, ...listed]);
  const calls = /(?:failure\(\s*|\[\s*)'ERR_\w+',\s*'(\w+)'/g;
  for (const text of texts) for (const [, name] of text.matchAll(calls)) tested.add(name!);

  // test/blas/arguments.test.ts and whole.test.ts have tables of their own, by the names of the routines.
  const inBlas = texts.filter((text) => text.includes('/lib/blas/index.js')).join('\n');
  const whole = /const whole = \[([^\]]*)\]/.exec(inBlas)![1]!;
  for (const name of Object.keys(blas)) {
    const family = /^[sd](\w+)$/.exec(name)?.[1] ?? name;
    const asRoutine = new RegExp(`^  ${family}: \\[|\\['[sd]', '${name}'`, 'm').test(inBlas);
    if (asRoutine || whole.includes(`'${name}'`) || /^i[sd]amax$/.test(name)) tested.add(name);
  }

  const missing: string[] = [];
  /** Looks at the functions of an object; one that is there under two names has been tested where one of them has. */
  const look = (where: string, members: Record<string, unknown>) => {
    const names = new Map<unknown, string[]>();
    for (const [name, value] of Object.entries(members)) {
      if (typeof value === 'function') names.set(value, [...(names.get(value) ?? []), name]);
    }
    for (const aliases of names.values()) {
      if (!aliases.some((name) => tested.has(name) || harmless.has(name)))
        missing.push(`${where}${aliases.join(' = ')}`);
    }
  };
  look('', evenkeel);
  look('init.', init);
  look('nn.', nn);
  look('nn.functional.', nn.functional);
  look('optim.', optim);
  look('study.', study);
  look('checkpoint.', checkpoint);
  look('tfjs.', tfjs);
  look('blas.', blas);
  for (const { name, prototype } of [Tensor, Checkpoint]) {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    look(`${name}.`, Object.fromEntries(methods.map(([name, { value }]) => [name, value])));
  }
  expect(missing).toEqual([]);
});
