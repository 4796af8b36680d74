// JSON documents that describe checkpoints.
import { describe, expect, it } from 'vitest';
import { describeSpec, planDescription, type Spec } from '../../../lib/checkpoint/index.js';
import { parseDocument } from '../../../lib/checkpoint/model/validate.js';
import { failure } from '../../cases/data.js';

describe('describeSpec', () => {
  it('reads names, shapes, dtypes, initialisers and ties', () => {
    const description = describeSpec({
      version: 1,
      dtype: 'bf16',
      tensors: {
        'embed.weight': { shape: [1000, 64], init: { initialiser: 'normal', std: 0.02 }, layer: 'Embedding' },
        'norm.weight': { shape: [64], dtype: 'fp32', init: 'ones' },
        steps: { shape: [], dtype: 'torch.int64', init: 'zeros' },
        mean: { shape: [4], buffer: true, init: { initialiser: 'constant', value: 3 } },
        head: [1000, 64],
      },
      tied: { 'head.weight': 'embed.weight' },
    });
    expect(description).toEqual({
      source: 'spec',
      dtype: 'bfloat16',
      tied: new Map([['head.weight', 'embed.weight']]),
      tensors: [
        {
          name: 'embed.weight',
          shape: [1000, 64],
          layer: 'Embedding',
          buffer: false,
          init: { initialiser: 'normal', std: 0.02 },
        },
        { name: 'norm.weight', shape: [64], dtype: 'float32', layer: '', buffer: false, init: { initialiser: 'ones' } },
        { name: 'steps', shape: [], dtype: 'int64', layer: '', buffer: true, init: { initialiser: 'zeros' } },
        { name: 'mean', shape: [4], layer: '', buffer: true, init: { initialiser: 'constant', value: 3 } },
        { name: 'head', shape: [1000, 64], layer: '', buffer: false },
      ],
    });
  });

  it('takes tensors of any size and name', () => {
    const names = ['__proto__', 'constructor', 'a b', 'ü'];
    const text = JSON.stringify({ tensors: { x: [2 ** 26, 2 ** 26] } }).replace(
      '"x"',
      `${names.map((name) => `${JSON.stringify(name)}:[1]`).join()},"x"`,
    );
    const { tensors } = describeSpec(parseDocument('test', 'spec', text) as Spec);
    expect(tensors.map(({ name }) => name)).toEqual([...names, 'x']);
    expect(planDescription(describeSpec(JSON.parse(text)), []).length).toBe(5);
  });

  it.each<[string, unknown, ...string[]]>([
    ['no tensors', {}, 'tensors', 'missing'],
    ['tensors that are a list', { tensors: [] }, 'tensors'],
    ['another version', { version: 2, tensors: {} }, 'version', '1', '2'],
    ['an unknown key', { tensors: {}, tensor: {} }, 'tensor', 'unknown key'],
    ['an unknown dtype', { dtype: 'bf17', tensors: {} }, 'dtype', '"bf17"', 'bfloat16'],
    ["a tensor's unknown dtype", { tensors: { 'a.b': { shape: [1], dtype: 3 } } }, 'tensors["a.b"]', 'dtype', '3'],
    ['a tensor that is a number', { tensors: { a: 3 } }, 'tensors["a"]', '3'],
    ['no shape', { tensors: { a: { dtype: 'f32' } } }, 'tensors["a"]', 'shape', 'missing'],
    ['a shape with a fraction', { tensors: { a: [1, 2.5] } }, 'tensors["a"]', 'shape[1]', '2.5', 'whole number'],
    ['a negative size', { tensors: { a: { shape: [-1] } } }, 'tensors["a"]', 'shape[0]', '-1'],
    ['too many dimensions', { tensors: { a: new Array(9).fill(1) } }, 'tensors["a"]', '8 dimensions', '9'],
    ['too many elements', { tensors: { a: [2 ** 30, 2 ** 30] } }, 'tensors["a"]', 'elements'],
    ['an unknown initialiser', { tensors: { a: { shape: [1], init: 'he' } } }, 'tensors["a"]', '"he"', 'kaimingNormal'],
    [
      'an initialiser without a name',
      { tensors: { a: { shape: [1], init: { std: 1 } } } },
      'tensors["a"]',
      'initialiser',
    ],
    [
      'an option that an initialiser lacks',
      { tensors: { a: { shape: [1], init: { initialiser: 'normal', sdt: 1 } } } },
      'tensors["a"]',
      '"sdt"',
      'mean, std',
    ],
    [
      'an option that is no number',
      { tensors: { a: { shape: [1], init: { initialiser: 'normal', std: '1' } } } },
      'tensors["a"]',
      'std',
      '1',
    ],
    ['fans of a vector', { tensors: { a: { shape: [3], init: 'xavierNormal' } } }, 'tensors["a"]', '[3]'],
    ['an unknown key of a tensor', { tensors: { a: { shape: [1], size: 3 } } }, 'tensors["a"]', 'size', 'unknown key'],
    ['an empty name', { tensors: { '': [1] } }, 'tensors[""]', 'empty'],
    ['a tie to nothing', { tensors: { a: [1] }, tied: { b: 'c' } }, 'tied["b"]', '"c"'],
    ['a tie of what is stored', { tensors: { a: [1], b: [1] }, tied: { b: 'a' } }, 'tied["b"]', 'stored'],
  ])('refuses %s', (_, spec, ...parts) => {
    expect(() => describeSpec(spec as never)).toThrow(failure('ERR_FORMAT', 'describeSpec', 'spec: ', ...parts));
  });

  it('lists what is wrong, and not more than three things', () => {
    const wrong = { dtype: 1, version: 3, tensors: 3, tied: 4, more: 5 };
    expect(() => describeSpec(wrong as never)).toThrow(
      failure('ERR_FORMAT', 'describeSpec', 'dtype', 'version', 'more'),
    );
  });

  it('refuses what is no document', () => {
    for (const wrong of [null, 3, 'spec', []]) {
      expect(() => describeSpec(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'describeSpec', 'tensors'));
    }
  });
});

describe('documents', () => {
  it('are JSON in which no key is there twice', () => {
    expect(parseDocument('call', 'doc', '\uFEFF{"a": [1.5, -2e3, {"b": null}], "c": true}')).toEqual({
      a: [1.5, -2000, { b: null }],
      c: true,
    });
    expect(() => parseDocument('call', 'doc', '{"a": 1, "a": 2}')).toThrow(failure('ERR_FORMAT', 'call', 'doc', 'a'));
  });
});
