// What the fuzzers have found, so that it stays repaired: docs/hardening.md tells of each. Before, these calls threw errors
// without a code, from deep inside or from Node.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import * as checkpoint from '../../lib/checkpoint/index.js';
import { init, matmulAsync, nn, optim, setNumThreads, tensor, zeros } from '../../lib/index.js';
import * as study from '../../lib/study/index.js';
import { failure } from '../cases/data.js';
import { resultOf } from '../study/report/results.js';

/** Bytes whose memory has been taken away. */
function gone(): Uint8Array {
  const bytes = new Uint8Array(16);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A tensor of which the same is true. */
function lost(size: number, dtype: 'float32' | 'float64' = 'float32') {
  const t = zeros([size + 1], { dtype }).narrow(0, 1, size);
  structuredClone(t.array.buffer, { transfer: [t.array.buffer as ArrayBuffer] });
  return t;
}

const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-found-'));
const model = (namedParameters: unknown) => ({ namedModules: () => new Map(), namedParameters: () => namedParameters });
const wrong = (value: unknown) => value as never;
const described = (tensor: unknown) => wrong({ source: 'x', tensors: [tensor], tied: new Map() });
const a = new Float64Array(9);
const net = () => new study.MeanField({ activation: 'tanh', sigmaW: 1 });

describe('calls that threw what has no code', () => {
  it.each<[string, string, () => unknown]>([
    ['ERR_ARGUMENT', 'softmax', () => nn.functional.softmax(wrong(undefined))],
    ['ERR_ARGUMENT', 'logSoftmax', () => new nn.LogSoftmax().forward(wrong(undefined))],
    ['ERR_ARGUMENT', 'namedModules', () => [...new nn.Linear(2, 2).namedModules('', wrong([]))]],
    ['ERR_ARGUMENT', 'namedModules', () => [...new nn.Linear(2, 2).namedModules(wrong(1))]],
    ['ERR_ARGUMENT', 'initialize', () => init.initialize(wrong(model(3)), [], { seed: 0 })],
    ['ERR_ARGUMENT', 'initialize', () => init.initialize(wrong(model([['a', {}]])), [], { seed: 0 })],
    ['ERR_ARGUMENT', 'presets.gpt2', () => init.presets.gpt2(wrong(null))],
    ['ERR_RANGE', 'presets.gpt2', () => init.presets.gpt2({ layers: wrong(Symbol('l')) })],
    ['ERR_ARGUMENT', 'presets.gpt2', () => init.presets.gpt2({ layers: 1, std: wrong('1') })],
    ['ERR_ARGUMENT', 'presets.fixup', () => init.presets.fixup(wrong(null))],
    ['ERR_ARGUMENT', 'presets.fixup', () => init.presets.fixup(wrong({ branches: 1, branchLayers: 2 }))],
    ['ERR_ARGUMENT', 'presets.mup', () => init.presets.mup(wrong(null))],
    ['ERR_ARGUMENT', 'presets.mup', () => init.presets.mup({ base: wrong(undefined) })],
    ['ERR_ARGUMENT', 'presets.mup', () => init.presets.mup({ base: wrong(model([undefined])) })],
    ['ERR_ARGUMENT', 'presets.mup', () => init.presets.mup({ base: wrong(new Map([['a', 3]])) })],
    [
      'ERR_ARGUMENT',
      'learningRateGroups',
      () => optim.learningRateGroups(wrong(model({})), { rows: [] }, { rule: 'sgd', lr: 1 }),
    ],
    [
      'ERR_ARGUMENT',
      'learningRateGroups',
      () => optim.learningRateGroups(new nn.Linear(1, 1), wrong({ rows: [undefined] }), { rule: 'sgd', lr: 1 }),
    ],
    ['ERR_RANGE', 'setNumThreads', () => setNumThreads(wrong(gone()))],
    ['ERR_RANGE', 'at', () => new nn.ModuleList([]).at(wrong([[]]))],
    ['ERR_RANGE', 'insert', () => new nn.ModuleList([]).insert(wrong(1n), new nn.ReLU())],
    ['ERR_ARGUMENT', 'extend', () => new nn.ModuleList([]).extend(wrong(gone()))],
    ['ERR_ARGUMENT', 'registerModule', () => new nn.ModuleList([]).registerModule('__proto__', new nn.ReLU())],
    ['ERR_ARGUMENT', 'registerModule', () => new nn.ReLU().registerModule(wrong(Object.create(null)), new nn.ReLU())],
    ['ERR_ARGUMENT', 'registerParameter', () => new nn.ReLU().registerParameter(wrong(Object.create(null)), null)],
    ['ERR_ARGUMENT', 'gemm', () => blas.gemm(a, a, a, wrong(Symbol('m')), 1, wrong(Symbol('k')))],
    ['ERR_ARGUMENT', 'syrk', () => blas.syrk(a, a, wrong(1n), wrong(Object.create(null)))],
    ['ERR_ARGUMENT', 'initialize', () => init.initialiser(wrong(gone()), 'zeros')],
    ['ERR_DETACHED', 'verify', () => init.verify(lost(3, 'float64'), init.normalTarget(0, 1))],
    ['ERR_ARGUMENT', 'calculateFanInAndFanOut', () => init.calculateFanInAndFanOut(zeros(2, 2), wrong(null))],
    ['ERR_ARGUMENT', 'AdamW', () => new optim.AdamW(wrong(gone()))],
    ['ERR_ARGUMENT', 'finiteWidthBand', () => study.finiteWidthBand(wrong({}), { width: 2, depth: 2 })],
    ...(['nextQ', 'chi1', 'chiQ', 'curvature', 'layerVariance', 'fixedCorrelation'] as const).map(
      (name): [string, string, () => unknown] => ['ERR_ARGUMENT', name, () => net()[name](wrong([[]]))],
    ),
    ['ERR_ARGUMENT', 'nextC', () => net().nextC(1, wrong(Object.create(null)))],
    ['ERR_ARGUMENT', 'chiC', () => net().chiC(wrong(1n), 0)],
    ['ERR_ARGUMENT', 'studyCsv', () => [...study.studyCsv(wrong(gone()))]],
    ['ERR_FILE', 'mergeStudies', () => study.mergeStudies(path.join(folder, 'a'), [path.join(folder, 'missing')])],
    ['ERR_FILE', 'mergeStudies', () => study.mergeStudies(path.join(folder, 'a'), [folder])],
    ['ERR_ARGUMENT', 'mergeStudies', () => study.mergeStudies('a', ['\0'])],
    ['ERR_ARGUMENT', 'mergeStudies', () => study.mergeStudies('\0', ['a'])],
    [
      'ERR_DTYPE',
      'describeCheckpoint',
      () => checkpoint.describeCheckpoint(wrong({ tensors: new Map([['a', { dtype: 'x', shape: [] }]]) })),
    ],
    [
      'ERR_ARGUMENT',
      'describeCheckpoint',
      () => checkpoint.describeCheckpoint(wrong({ tensors: new Map([['a', undefined]]) })),
    ],
    ['ERR_ARGUMENT', 'planDescription', () => checkpoint.planDescription(described({ shape: [2] }), [])],
    [
      'ERR_ARGUMENT',
      'planDescription',
      () => checkpoint.planDescription(described({ name: 'a', layer: '', shape: 'x' }), []),
    ],
    [
      'ERR_DTYPE',
      'planDescription',
      () => checkpoint.planDescription(described({ name: 'a', layer: '', shape: [2], dtype: 'x' }), []),
    ],
  ])('%s %s %#', (code, name, run) => {
    expect(run).toThrow(failure(wrong(code), name));
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['ERR_FORMAT', 'openCheckpoint', () => checkpoint.openCheckpoint(gone())],
    ['ERR_FORMAT', 'loadState', () => checkpoint.loadState(gone())],
    ['ERR_FORMAT', 'loadNpy', () => checkpoint.loadNpy(gone())],
    ['ERR_ARGUMENT', 'saveNpz', () => checkpoint.saveNpz(path.join(folder, 'drive.npz'), { 'N:': zeros(1) })],
    ['ERR_FILE', 'study', () => study.study({ width: 2, depth: 1, batch: 2, file: folder })],
    ['ERR_ARGUMENT', 'study', () => study.study({ width: 2, depth: 1, batch: 2, file: '\0' })],
  ])('%s %s, by a promise', async (code, name, run) => {
    await expect(run()).rejects.toThrow(failure(wrong(code), name));
  });
});

describe('reports of what is no result', () => {
  const whole = resultOf({ depth: 1 });
  const layer = whole.layers[0]!;
  it.each<[string, unknown]>([
    ['cell', { ...whole, cell: {} }],
    ['cell', { ...whole, cell: { ...whole.cell, init: { initialiser: 'uniform', a: Symbol('a') } } }],
    ['cell', { ...whole, cell: { ...whole.cell, width: '3' } }],
    ['layers', { ...whole, layers: [{}] }],
    ['layers', { ...whole, layers: [undefined] }],
    ['layers', { ...whole, layers: [{ ...layer, q: { mean: 1, std: 1 } }] }],
    ['layers', { ...whole, layers: [{ ...layer, gradient: { ...layer.q, values: '12' } }] }],
    ['layers', { ...whole, layers: [{ ...layer, activation: undefined }] }],
    ['spectrum', { ...whole, spectrum: {} }],
    ['overflowLayer', { ...whole, overflowLayer: 1n }],
  ])('%s %#', (part, result) => {
    const results = wrong([result]);
    for (const [name, report] of Object.entries({
      studyTable: () => study.studyTable(results),
      reportHtml: () => study.reportHtml(results),
      studyCsv: () => [...study.studyCsv(results)],
    })) {
      expect(report).toThrow(failure('ERR_ARGUMENT', name, part));
    }
    expect(() => study.studyTable([whole])).not.toThrow();
  });

  it('of pictures', async () => {
    const results = wrong([{ ...whole, layers: [{}] }]);
    await expect(study.reportSvg(results)).rejects.toThrow(failure('ERR_ARGUMENT', 'reportSvg', 'layers'));
    await expect(study.reportPng(results)).rejects.toThrow(failure('ERR_ARGUMENT', 'reportPng', 'layers'));
  });
});

it('advice on a model without layers has no study to propose', () => {
  const batch = tensor(
    [
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ],
    { dtype: 'float16' },
  );
  for (const model of [new nn.ELU(), new nn.Tanh(), new nn.ReLU(), new nn.GELU()]) {
    for (const finding of study.advise(model, batch).findings) expect(finding.study).toBeNull();
  }
});

it('chiMean of billions takes no time: Stirling goes on where the recursion ends', () => {
  const ratio = (n: number) => study.chiMean(n + 1) * study.chiMean(n) - n;
  // E chi_n E chi_(n+1) = n, on either side and across the border.
  for (const n of [4095, 4096, 4097, 5000, 1e6]) expect(Math.abs(ratio(n)) / n).toBeLessThan(1e-14);
  expect(study.chiMean(2 ** 31)).toBeCloseTo(Math.sqrt(2 ** 31), 4);
});

it('an empty tensor has an empty array, wherever it lies', async () => {
  expect(lost(0).array.length).toBe(0);
  expect(init.verify(lost(0, 'float64'), wrong({ mean: 0 })).ok).toBeTypeOf('boolean');
  const product = await matmulAsync(lost(0).reshape(2, 0), zeros(0, 3));
  expect(product.shape).toEqual([2, 3]);
});

it('a model that gives its parameters as pairs is a model', () => {
  const parameters = model([['a.weight', zeros(2, 2)]]);
  expect(init.initialize(wrong(parameters), [{ match: '*', init: 'ones' }], { seed: 0 }).rows[0]!.path).toBe(
    'a.weight',
  );
});
