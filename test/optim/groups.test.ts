import { describe, expect, it } from 'vitest';
import { init, nn, optim } from '../../lib/index.js';
import { failure } from '../cases/data.js';

const mlp = (n: number) => new nn.Sequential(new nn.Linear(8, n), new nn.Linear(n, n), new nn.Linear(n, 3));

describe('learningRateGroups', () => {
  const wide = mlp(64);
  const plan = init.initialize(wide, init.presets.mup({ base: mlp(16) }), { seed: 0 });
  const path = new Map([...wide.namedParameters()].map(([name, parameter]) => [parameter as unknown, name]));
  const rates = (rule: 'sgd' | 'adam') =>
    Object.fromEntries(
      optim
        .learningRateGroups(wide, plan, { rule, lr: 0.5 })
        .flatMap(({ params, lr }) => params.map((parameter) => [path.get(parameter), lr])),
    );

  it('muP: the factors of Yang et al. (2022), table 3, at r = 4', () => {
    const [inputs, hidden] = [{ '0.weight': 2, '0.bias': 2, '1.bias': 2 }, { '1.weight': 0.5 }];
    expect(rates('sgd')).toEqual({ ...inputs, ...hidden, '2.weight': 0.125, '2.bias': 0.5 });
    const ones = { '0.weight': 0.5, '0.bias': 0.5, '1.bias': 0.5, '2.bias': 0.5 };
    expect(rates('adam')).toEqual({ ...ones, '1.weight': 0.125, '2.weight': 0.125 });
  });

  it('one group for each rate; without factors one for all', () => {
    expect(optim.learningRateGroups(wide, plan, { rule: 'adam', lr: 1 })).toHaveLength(2);
    const plain = init.initialize(wide, init.presets.torch(), { dryRun: true });
    const groups = optim.learningRateGroups(wide, plain, { rule: 'sgd', lr: 1 });
    expect(groups.map(({ params, lr }) => [params.length, lr])).toEqual([[6, 1]]);
    expect(new optim.Adam(groups).paramGroups[0]!.lr).toBe(1);
  });

  it.each<[string, string, () => unknown, ...string[]]>([
    [
      'ERR_ARGUMENT',
      'learningRateGroups',
      () => optim.learningRateGroups(3 as never, plan, { rule: 'sgd', lr: 1 }),
      '3',
    ],
    ['ERR_ARGUMENT', 'learningRateGroups', () => optim.learningRateGroups(wide, [] as never, { rule: 'sgd', lr: 1 })],
    [
      'ERR_ARGUMENT',
      'learningRateGroups',
      () => optim.learningRateGroups(wide, plan, { rule: 'adamw' as never, lr: 1 }),
      'adamw',
    ],
    ['ERR_RANGE', 'learningRateGroups', () => optim.learningRateGroups(wide, plan, { rule: 'sgd', lr: -1 }), '-1'],
    [
      'ERR_ARGUMENT',
      'learningRateGroups',
      () => optim.learningRateGroups(new nn.Linear(2, 2), plan, { rule: 'sgd', lr: 1 }),
      '0.weight',
    ],
  ])('%s %s %#', (code, name, run, ...parts) => {
    expect(run).toThrow(failure(code, name, ...parts));
  });
});
