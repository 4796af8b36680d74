// Bad input of modules and functions beyond those of module.test.ts.
import { describe, expect, it } from 'vitest';
import { ones, tensor, zeros } from '../../lib/creation.js';
import * as nn from '../../lib/nn/index.js';
import { failure, valuesOf } from '../cases/data.js';

const F = nn.functional;
const x = zeros(2, 3);
const image = zeros(1, 2, 4, 4);
const whole = zeros([2, 3], { dtype: 'int64' });

describe('wrong arguments', () => {
  it.each<[string, string, () => unknown, ...(string | number)[]]>([
    ['ERR_ARGUMENT', 'BatchNorm1d', () => new nn.BatchNorm1d('3' as never), 'numFeatures', '"3"'],
    ['ERR_ARGUMENT', 'BatchNorm2d', () => new nn.BatchNorm2d(3, { eps: '1' as never }), 'eps'],
    ['ERR_RANGE', 'BatchNorm2d', () => new nn.BatchNorm2d(3, { eps: -1 }), 'eps', '-1'],
    ['ERR_ARGUMENT', 'BatchNorm2d', () => new nn.BatchNorm2d(3, { momentum: 'x' as never }), 'momentum'],
    ['ERR_DTYPE', 'BatchNorm2d', () => new nn.BatchNorm2d(3, { dtype: 'float' as never }), '"float"'],
    ['ERR_ARGUMENT', 'BatchNorm2d', () => new nn.BatchNorm2d(3, 0.1 as never), 'options'],
    ['ERR_SHAPE', 'BatchNorm1d', () => new nn.BatchNorm1d(4).call(x), '4 channels', '[2, 3]'],
    ['ERR_SHAPE', 'BatchNorm1d', () => new nn.BatchNorm1d(3).call(zeros(3)), '[N, C]', '[3]'],
    ['ERR_SHAPE', 'BatchNorm2d', () => new nn.BatchNorm2d(3).call(x), '[N, C, H, W]', '[2, 3]'],
    ['ERR_ARGUMENT', 'batchNorm', () => new nn.BatchNorm1d(3).call(5 as never), '5'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(zeros(3), null, null), '[3]'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(x, ones(2), ones(3)), 'runningMean', '[3]', '[2]'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(x, ones(3), null), 'together'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(x, null, null, ones(4)), 'weight'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(x, null, null, null, ones(4)), 'bias'],
    ['ERR_SHAPE', 'batchNorm', () => F.batchNorm(zeros(1, 3), null, null, null, null, { training: true }), 'one value'],
    ['ERR_RANGE', 'batchNorm', () => F.batchNorm(x, null, null, null, null, { momentum: NaN }), 'momentum'],
    ['ERR_RANGE', 'batchNorm', () => F.batchNorm(x, null, null, null, null, { eps: -1 }), 'eps'],
    ['ERR_DTYPE', 'batchNorm', () => F.batchNorm(whole, null, null), 'int64'],
    ['ERR_SHAPE', 'LayerNorm', () => new nn.LayerNorm([]), '[]'],
    ['ERR_RANGE', 'LayerNorm', () => new nn.LayerNorm(-1), '-1'],
    ['ERR_RANGE', 'LayerNorm', () => new nn.LayerNorm(3, { eps: -1 }), 'eps'],
    ['ERR_ARGUMENT', 'LayerNorm', () => new nn.LayerNorm(3, 1e-5 as never), 'options'],
    ['ERR_SHAPE', 'layerNorm', () => new nn.LayerNorm([4, 3]).call(x), '[..., 4, 3]', '[2, 3]'],
    ['ERR_SHAPE', 'layerNorm', () => F.layerNorm(x, 3, ones(2)), 'weight', '[2]'],
    ['ERR_ARGUMENT', 'layerNorm', () => F.layerNorm([1] as never, 3), 'Tensor'],
    ['ERR_DTYPE', 'layerNorm', () => F.layerNorm(whole, 3), 'int64'],
    ['ERR_RANGE', 'Dropout', () => new nn.Dropout(1.5), '1.5'],
    ['ERR_ARGUMENT', 'Dropout', () => new nn.Dropout('x' as never), '"x"'],
    ['ERR_ARGUMENT', 'Dropout', () => new nn.Dropout(0.5, { generator: 5 as never }), 'generator', '5'],
    ['ERR_ARGUMENT', 'Dropout', () => new nn.Dropout(0.5, true as never), 'options'],
    ['ERR_RANGE', 'dropout', () => F.dropout(x, -1), '-1'],
    ['ERR_ARGUMENT', 'dropout', () => F.dropout(3 as never), 'Tensor'],
    ['ERR_DTYPE', 'dropout', () => F.dropout(whole), 'int64'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(7 as never, [1, 1]), 'Tensor'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(x, 1 as never), 'pairs', '1'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(x, [1, 0.5]), '0.5'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(x, [1]), 'pairs'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(x, [1, 1], 'mirror' as never), '"mirror"', 'reflect'],
    ['ERR_ARGUMENT', 'pad', () => F.pad(x, [1, 1], 'constant', '0' as never), 'value'],
    ['ERR_SHAPE', 'pad', () => F.pad(x, [1, 1, 1, 1, 1, 1]), '[2, 3]'],
    ['ERR_SHAPE', 'pad', () => F.pad(x, [-2, -2]), '3'],
    ['ERR_SHAPE', 'pad', () => F.pad(x, [3, 0], 'reflect'), '3'],
    ['ERR_RANGE', 'pad', () => F.pad(x, [-1, 0], 'circular'), 'circular', '-1'],
    ['ERR_RANGE', 'pad', () => F.pad(x, [2 ** 40, 0]), 'more than'],
    ['ERR_ARGUMENT', 'Conv1d', () => new nn.Conv1d(2, 2, [3, 3] as never), 'kernelSize', 'number'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(2, 2, 3, { paddingMode: 'zero' as never }), '"zero"', 'reflect'],
    [
      'ERR_SHAPE',
      'pad',
      () => new nn.Conv2d(1, 1, 3, { padding: 4, paddingMode: 'reflect' }).call(zeros(1, 1, 4, 4)),
      '4',
    ],
    ['ERR_ARGUMENT', 'ConvTranspose2d', () => new nn.ConvTranspose2d(3, 4, 3, { groups: 2 }), '3', '2'],
    ['ERR_RANGE', 'ConvTranspose2d', () => new nn.ConvTranspose2d(2, 2, 3, { outputPadding: -1 }), 'outputPadding'],
    [
      'ERR_ARGUMENT',
      'ConvTranspose2d',
      () => new nn.ConvTranspose2d(2, 2, 3, { paddingMode: 'reflect' as never }),
      'zeros',
    ],
    ['ERR_SHAPE', 'conv1d', () => F.conv1d(x, zeros(1, 2)), '[N, in, L]', '[1, 2]'],
    ['ERR_SHAPE', 'conv1d', () => F.conv1d(x, zeros(1, 2, 4)), '[4]', '[3]'],
    ['ERR_ARGUMENT', 'conv1d', () => F.conv1d(5 as never, zeros(1, 2, 4)), '5'],
    ['ERR_RANGE', 'conv1d', () => F.conv1d(x, zeros(1, 2, 1), null, { padding: 'same', stride: 2 }), "'same'"],
    ['ERR_SHAPE', 'convTranspose2d', () => F.convTranspose2d(x, zeros(1, 2, 3, 3)), '[2, 3]'],
    ['ERR_SHAPE', 'convTranspose2d', () => F.convTranspose2d(image, zeros(3, 2, 3, 3)), '2 input channels'],
    ['ERR_SHAPE', 'convTranspose2d', () => F.convTranspose2d(image, zeros(2, 2, 3, 3), zeros(3)), '[2]', '[3]'],
    ['ERR_SHAPE', 'convTranspose2d', () => F.convTranspose2d(image, zeros(2, 2, 1, 1), null, { padding: 3 }), 'left'],
    [
      'ERR_RANGE',
      'convTranspose2d',
      () => F.convTranspose2d(image, zeros(2, 2, 1, 1), null, { outputPadding: 1 }),
      '1',
    ],
    [
      'ERR_DTYPE',
      'convTranspose2d',
      () => F.convTranspose2d(image, zeros([2, 2, 1, 1], { dtype: 'float64' })),
      'float64',
    ],
    ['ERR_RANGE', 'MaxPool2d', () => new nn.MaxPool2d(0), 'kernelSize', '0'],
    ['ERR_RANGE', 'MaxPool2d', () => new nn.MaxPool2d(2, { padding: 2 }), 'half', '2'],
    ['ERR_RANGE', 'AvgPool2d', () => new nn.AvgPool2d(2, { divisorOverride: 0 }), 'divisorOverride'],
    ['ERR_ARGUMENT', 'AvgPool2d', () => new nn.AvgPool2d('2' as never), 'kernelSize'],
    ['ERR_SHAPE', 'maxPool2d', () => F.maxPool2d(x, 1), '[2, 3]'],
    ['ERR_SHAPE', 'maxPool2d', () => F.maxPool2d(image, 5), '[5,5]'],
    ['ERR_ARGUMENT', 'maxPool2d', () => F.maxPool2d(7 as never, 5), '7'],
    ['ERR_DTYPE', 'maxPool2d', () => F.maxPool2d(zeros([1, 2, 2], { dtype: 'int64' }), 1), 'int64'],
    ['ERR_SHAPE', 'avgPool2d', () => F.avgPool2d(image, 5), '[5,5]'],
    ['ERR_RANGE', 'avgPool2d', () => F.avgPool2d(image, 2, { padding: 2 }), 'half'],
    ['ERR_RANGE', 'Embedding', () => new nn.Embedding(3, 4, { paddingIdx: 3 }), 'paddingIdx', '3'],
    ['ERR_RANGE', 'Embedding', () => new nn.Embedding(-3, 4), 'numEmbeddings'],
    ['ERR_DTYPE', 'embedding', () => new nn.Embedding(3, 4).call(zeros(2)), 'float32'],
    ['ERR_RANGE', 'embedding', () => new nn.Embedding(3, 4).call(tensor([0, 3], { dtype: 'int64' })), '3', 'size 3'],
    ['ERR_RANGE', 'embedding', () => new nn.Embedding(3, 4).call(tensor([-1], { dtype: 'int64' })), '-1'],
    ['ERR_SHAPE', 'embedding', () => F.embedding(whole, zeros(3)), '[3]'],
    ['ERR_ARGUMENT', 'embedding', () => F.embedding([0] as never, zeros(3, 2)), 'Tensor'],
    ['ERR_ARGUMENT', 'LeakyReLU', () => new nn.LeakyReLU('x' as never), 'negativeSlope', '"x"'],
    ['ERR_ARGUMENT', 'ReLU', () => new nn.ReLU(true as never), 'options', 'true'],
    ['ERR_ARGUMENT', 'ELU', () => new nn.ELU(null as never), 'alpha'],
    ['ERR_ARGUMENT', 'GELU', () => new nn.GELU({ approximate: 'erf' as never }), '"erf"'],
    ['ERR_ARGUMENT', 'Softplus', () => new nn.Softplus('1' as never), 'beta'],
    ['ERR_ARGUMENT', 'Softmax', () => new nn.Softmax(0.5), '0.5'],
    ['ERR_RANGE', 'softmax', () => F.softmax(x, 2), '2'],
    ['ERR_RANGE', 'logSoftmax', () => new nn.LogSoftmax(-3).call(x), '-3'],
    ['ERR_ARGUMENT', 'softmax', () => F.softmax(1 as never), 'Tensor'],
    ['ERR_DTYPE', 'softmax', () => F.softmax(whole, 1), 'int64'],
    ['ERR_ARGUMENT', 'relu', () => F.relu(1 as never), 'Tensor'],
    ['ERR_ARGUMENT', 'leakyRelu', () => F.leakyRelu(x, {} as never), 'negativeSlope'],
    ['ERR_ARGUMENT', 'elu', () => F.elu(x, '1' as never), 'alpha'],
    ['ERR_ARGUMENT', 'tanh', () => F.tanh(null as never), 'null'],
    ['ERR_ARGUMENT', 'sigmoid', () => F.sigmoid('x' as never), '"x"'],
    ['ERR_ARGUMENT', 'gelu', () => F.gelu(x, { approximate: 'x' as never }), '"x"'],
    ['ERR_ARGUMENT', 'selu', () => F.selu(undefined as never), 'undefined'],
    ['ERR_ARGUMENT', 'silu', () => F.silu(x, 5 as never), 'options'],
    ['ERR_ARGUMENT', 'softplus', () => F.softplus(x, 'x' as never), 'beta'],
    ['ERR_ARGUMENT', 'MSELoss', () => new nn.MSELoss({ reduction: 'avg' as never }), '"avg"'],
    ['ERR_ARGUMENT', 'CrossEntropyLoss', () => new nn.CrossEntropyLoss({ weight: [1] as never }), 'weight'],
    ['ERR_ARGUMENT', 'NLLLoss', () => new nn.NLLLoss({ ignoreIndex: 0.5 }), 'ignoreIndex', '0.5'],
    ['ERR_RANGE', 'CrossEntropyLoss', () => new nn.CrossEntropyLoss({ labelSmoothing: 2 }), 'labelSmoothing', '2'],
    ['ERR_ARGUMENT', 'BCEWithLogitsLoss', () => new nn.BCEWithLogitsLoss({ posWeight: 2 as never }), 'posWeight', '2'],
    ['ERR_SHAPE', 'mseLoss', () => F.mseLoss(x, zeros(2)), '[2, 3]', '[2]'],
    ['ERR_DTYPE', 'mseLoss', () => F.mseLoss(x, zeros([2, 3], { dtype: 'float64' })), 'float64'],
    ['ERR_DTYPE', 'l1Loss', () => F.l1Loss(x, whole), 'int64'],
    ['ERR_ARGUMENT', 'l1Loss', () => F.l1Loss(x, 0 as never), 'Tensor'],
    ['ERR_SHAPE', 'binaryCrossEntropyWithLogits', () => F.binaryCrossEntropyWithLogits(x, zeros(3)), '[2, 3]', '[3]'],
    [
      'ERR_SHAPE',
      'binaryCrossEntropyWithLogits',
      () => F.binaryCrossEntropyWithLogits(x, x, { weight: zeros(5, 2, 3) }),
      'weight',
    ],
    ['ERR_DTYPE', 'nllLoss', () => F.nllLoss(x, zeros(2)), 'float32', 'int64'],
    ['ERR_SHAPE', 'nllLoss', () => F.nllLoss(x, zeros([3], { dtype: 'int64' })), '[2]', '[3]'],
    ['ERR_SHAPE', 'nllLoss', () => F.nllLoss(zeros([]), zeros([], { dtype: 'int64' })), 'scalar'],
    ['ERR_RANGE', 'crossEntropy', () => F.crossEntropy(x, tensor([0, 3], { dtype: 'int64' })), '3', '3 classes'],
    ['ERR_SHAPE', 'crossEntropy', () => F.crossEntropy(x, zeros(2, 2)), '[2, 3]', '[2, 2]'],
    [
      'ERR_SHAPE',
      'crossEntropy',
      () => F.crossEntropy(x, zeros([2], { dtype: 'int64' }), { weight: ones(2) }),
      '[3]',
      '[2]',
    ],
    ['ERR_RANGE', 'crossEntropy', () => F.crossEntropy(x, x, { labelSmoothing: NaN }), 'labelSmoothing'],
    ['ERR_ARGUMENT', 'crossEntropy', () => F.crossEntropy(x, x, { reduction: 'no' as never }), '"no"'],
    ['ERR_ARGUMENT', 'crossEntropy', () => F.crossEntropy(x, [0, 1] as never), 'Tensor'],
  ])('%s %s %#', (code, call, run, ...parts) => {
    expect(run).toThrow(failure(code, call, ...parts));
  });

  it('a batch that is refused leaves the running statistics alone', () => {
    const norm = new nn.BatchNorm1d(3);
    expect(() => norm.call(zeros(1, 3))).toThrow(failure('ERR_SHAPE', 'batchNorm'));
    expect([...norm.buffers()].map(valuesOf)).toEqual([[0, 0, 0], [1, 1, 1], [0]]);
  });
});

describe('losses', () => {
  it('keep their weights as buffers, under torch’s names', () => {
    const loss = new nn.BCEWithLogitsLoss({ posWeight: ones(2) });
    expect([...loss.stateDict().keys()]).toEqual(['pos_weight']);
    expect(loss.call(zeros(1, 2), ones(1, 2)).item()).toBeCloseTo(Math.log(2), 6);
    expect(new nn.MSELoss({ reduction: 'sum' }).call(ones(2), zeros(2)).item()).toBe(2);
    expect(new nn.L1Loss().call(ones(2), zeros(2)).item()).toBe(1);
    const classes = tensor([1], { dtype: 'int64' });
    expect(new nn.CrossEntropyLoss().call(zeros(1, 2), classes).item()).toBeCloseTo(Math.log(2), 6);
    expect(
      new nn.CrossEntropyLoss({ labelSmoothing: 0.5, weight: ones(2) }).call(zeros(1, 2), classes).item(),
    ).toBeCloseTo(Math.log(2), 6);
    expect(new nn.NLLLoss({ ignoreIndex: 1, reduction: 'sum' }).call(ones(1, 2), classes).item()).toBe(0);
  });
});

describe('functions', () => {
  it('have torch’s spelling as well', () => {
    const pairs = Object.entries(F).filter(([name]) => name.includes('_'));
    expect(pairs.length).toBeGreaterThan(10);
    for (const [name, call] of pairs) {
      const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      expect((F as Record<string, unknown>)[camel], name).toBe(call);
    }
  });
});

describe('BatchNorm', () => {
  it('a state without num_batches_tracked is complete, as in torch', () => {
    const [from, to] = [new nn.BatchNorm1d(2), new nn.BatchNorm1d(2)];
    from.call(zeros(3, 2).add(1));
    const state = from.stateDict();
    expect(state.get('num_batches_tracked')!.dtype).toBe('int64');
    state.delete('num_batches_tracked');
    expect(to.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(valuesOf(to.runningMean!)).toEqual(valuesOf(from.runningMean!));
    state.delete('running_var');
    expect(() => to.loadStateDict(state)).toThrow(failure('ERR_STATE', 'loadStateDict', 'running_var'));
  });

  it('what eval uses may change before backward', () => {
    const norm = new nn.BatchNorm1d(1, { affine: false }).eval();
    const input = ones([2, 1], { requiresGrad: true });
    const out = norm.call(input);
    norm.runningVar!.fill_(100);
    out.sum().backward();
    expect(valuesOf(input.grad!)[0]).toBeCloseTo(1, 4);
  });

  it('halves keep their dtype and are normalised in float32', () => {
    const norm = new nn.BatchNorm1d(1, { dtype: 'float16' });
    const out = norm.call(zeros([4, 1], { dtype: 'float16' }));
    expect([out.dtype, norm.runningVar!.dtype]).toEqual(['float16', 'float16']);
  });
});
