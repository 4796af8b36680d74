import { describe, expect, it } from 'vitest';
import { zeros } from '../../lib/creation.js';
import * as nn from '../../lib/nn/index.js';
import { failure, tensorOf, valuesOf } from '../cases/data.js';

const layers = (count: number) => Array.from({ length: count }, (): nn.Module => new nn.ReLU());

describe.each([
  ['Sequential', (modules: nn.Module[]) => new nn.Sequential(...modules)],
  ['ModuleList', (modules: nn.Module[]) => new nn.ModuleList(modules)],
] as const)('%s', (name, make) => {
  it('is a list that grows', () => {
    const [a, b, c, d, e] = layers(5) as [nn.Module, nn.Module, nn.Module, nn.Module, nn.Module];
    const list = make([b, d]);
    expect(list.insert(1, c).append(e).insert(0, a)).toBe(list);
    expect([...list]).toEqual([a, b, c, d, e]);
    expect([list.length, list[1], list.at(-1), list.at(2)]).toEqual([5, b, e, c]);
    expect(list.extend(new nn.ModuleList([a, b])).length).toBe(7);
    list.insert(-1, c);
    expect([...list].slice(5)).toEqual([a, c, b]);
    list[0] = e;
    expect(list.at(0)).toBe(e);
    expect([...list.namedChildren()].map(([path]) => path)).toEqual(['0', '1', '2', '3', '5']);
  });

  it('refuses what is no module and no index', () => {
    const list = make(layers(2));
    expect(() => make([5 as never])).toThrow(failure('ERR_ARGUMENT', name, '5'));
    expect(() => list.append(null as never)).toThrow(failure('ERR_ARGUMENT', 'append', 'null'));
    expect(() => list.extend([new nn.ReLU(), 'x'] as never)).toThrow(failure('ERR_ARGUMENT', 'extend', '"x"'));
    expect(() => list.extend(7 as never)).toThrow(failure('ERR_ARGUMENT', 'extend', '7'));
    expect(() => list.insert(0, zeros(1) as never)).toThrow(failure('ERR_ARGUMENT', 'insert', 'Tensor'));
    for (const index of [3, -3, 0.5, NaN, '0' as never]) {
      expect(() => list.insert(index, new nn.ReLU())).toThrow(failure('ERR_RANGE', 'insert', '2 modules'));
    }
    for (const index of [2, -3, 0.5]) expect(() => list.at(index)).toThrow(failure('ERR_RANGE', 'at', '2 modules'));
    expect(list.length).toBe(2);
  });
});

describe('Sequential', () => {
  it('runs a module as often as it is listed', () => {
    const layer = new nn.Linear(1, 1);
    layer.weight.data.fill_(2);
    layer.bias!.data.fill_(1);
    expect(valuesOf(new nn.Sequential(layer, layer, layer).call(tensorOf([1], [1, 1])))).toEqual([15]);
  });

  it('takes names from a map or an object', () => {
    const [fc, act] = [new nn.Linear(1, 1), new nn.ReLU()];
    for (const net of [
      new nn.Sequential({ fc, act }),
      new nn.Sequential(
        new Map<string, nn.Module>([
          ['fc', fc],
          ['act', act],
        ]),
      ),
    ]) {
      expect([...net.namedChildren()]).toEqual([
        ['fc', fc],
        ['act', act],
      ]);
      expect([...net]).toEqual([fc, act]);
      // A number would come first.
      expect(() => net.append(act)).toThrow(failure('ERR_STATE', 'append', '"fc"', 'registerModule'));
      expect(() => net.insert(0, act)).toThrow(failure('ERR_STATE', 'insert', '"fc"'));
    }
    expect(new nn.Sequential({}).length).toBe(0);
  });

  it('refuses an array, names that will not do, and numbers out of order', () => {
    const [a, b] = layers(2) as [nn.Module, nn.Module];
    expect(() => new nn.Sequential([a] as never)).toThrow(failure('ERR_ARGUMENT', 'Sequential', 'spread'));
    expect(() => new nn.Sequential({ a: 5 } as never)).toThrow(failure('ERR_ARGUMENT', 'registerModule', '5'));
    expect(() => new nn.Sequential({ 'a.b': a })).toThrow(failure('ERR_ARGUMENT', 'registerModule', '"a.b"'));
    const reversed = new Map<string, nn.Module>([
      ['1', a],
      ['0', b],
    ]);
    expect(() => new nn.Sequential(reversed)).toThrow(failure('ERR_ARGUMENT', 'Sequential', '"1"', '"0"'));
  });
});

describe('ModuleList', () => {
  it('has no forward pass', () => {
    expect(() => (new nn.ModuleList() as nn.Module).call(zeros(1))).toThrow(failure('ERR_STATE', 'ModuleList'));
  });

  it('refuses what is no list', () => {
    expect(() => new nn.ModuleList(new nn.ReLU() as never)).toThrow(failure('ERR_ARGUMENT', 'ModuleList', 'ReLU'));
    expect(() => new nn.ModuleList(null as never)).toThrow(failure('ERR_ARGUMENT', 'ModuleList', 'null'));
  });
});
