// Bad input of modules and functions beyond those of module.test.ts.
import { describe, expect, it } from 'vitest';
import { ones, zeros } from '../../lib/creation.js';
import * as nn from '../../lib/nn/index.js';
import { failure, valuesOf } from '../cases/data.js';

const F = nn.functional;
const x = zeros(2, 3);
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
  ])('%s %s %#', (code, call, run, ...parts) => {
    expect(run).toThrow(failure(code, call, ...parts));
  });

  it('a batch that is refused leaves the running statistics alone', () => {
    const norm = new nn.BatchNorm1d(3);
    expect(() => norm.call(zeros(1, 3))).toThrow(failure('ERR_SHAPE', 'batchNorm'));
    expect([...norm.buffers()].map(valuesOf)).toEqual([[0, 0, 0], [1, 1, 1], [0]]);
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
