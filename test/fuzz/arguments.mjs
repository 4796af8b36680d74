// Descriptions of arguments, as plain data that can be printed, shrunk and made again: what types.mjs says a call takes, with
// something else here and there. values.mjs makes values of them.
import fc from 'fast-check';

/** Numbers that are wrong nearly everywhere, as text where JSON has none for them. */
const oddNumbers = [
  ...['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1e308', '-1e308'].map((text) => ({ k: 'number', text })),
  ...[-1, -2, 0.5, 1.5, -0.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 31), -(2 ** 53), 1e15],
];
export const number = fc.oneof(
  { weight: 12, arbitrary: fc.nat(4) },
  { weight: 2, arbitrary: fc.nat(20) },
  { weight: 3, arbitrary: fc.constantFrom(0.5, 0.1, 1e-3, 0.9, 2.5, 1e-8, -0.5, -1) },
  { weight: 1, arbitrary: fc.constantFrom(...oddNumbers) },
);

/** Names of files that there are, and are not; names of parameters; anything. None leads out of the folder. */
const names = [
  ...['a.safetensors', 'a.npy', 'a.npz', 'config.json', 'folder', 'model', 'missing.safetensors', 'results.jsonl'],
  ...[
    'weight',
    'bias',
    '0.weight',
    'a',
    'relu',
    'float32',
    'int64',
    'F32',
    '',
    '__proto__',
    'constructor',
    '1/2',
    '\0',
    '\ud800',
  ],
];
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }).filter((string) => !/[/~.]/.test(string)) },
);

const dtypes = ['float32', 'float64', 'int32', 'int64', 'uint8', 'uint32', 'bool', 'float16', 'bfloat16'];
const someDType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('float32') },
  { weight: 4, arbitrary: fc.constantFrom(...dtypes) },
);
const shapes = [
  [],
  [0],
  [1],
  [3],
  [3],
  [2, 3],
  [2, 3],
  [3, 3],
  [3, 2],
  [3, 0],
  [4, 1],
  [2, 3, 3],
  [2, 2, 3, 3],
  [1, 1, 1, 1, 1],
];
const shape = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...shapes) },
  { weight: 1, arbitrary: fc.array(fc.nat(4), { maxLength: 6 }) },
);
const memories = ['plain', 'plain', 'plain', 'plain', 'shared', 'resizable', 'detached', 'shrunk'];
export const tensor = fc.record({
  k: fc.constant('tensor'),
  shape,
  dtype: someDType,
  lies: fc.constantFrom(
    'dense',
    'dense',
    'dense',
    'dense',
    'transposed',
    'expanded',
    'strided',
    'recorded',
    'parameter',
  ),
  grad: fc.constantFrom(false, false, true),
  memory: fc.constantFrom(...memories),
  holds: fc.constantFrom('ones', 'small', 'small', 'fractions', 'odd'),
});

export const arrayTypes = [
  ...['Float32Array', 'Float64Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'Uint8Array', 'Uint16Array'],
  ...['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'BigUint64Array'],
];
const typedArray = (type) =>
  fc.record({
    k: fc.constant('typed'),
    type,
    length: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(0, 1, 4, 9, 16, 25, 40) },
      { weight: 1, arbitrary: fc.nat(64) },
    ),
    memory: fc.constantFrom(...memories),
    holds: fc.constantFrom('ones', 'small', 'fractions', 'odd'),
  });

/** What an earlier call of the case returned. */
const result = fc.record({ k: fc.constant('result'), of: fc.nat(3) });

const plain = fc.constantFrom(
  ...[null, true, false, '', 'text', -1, 0, 1, 3, [], [1, 2], [[1, 2], [3]], ['a'], {}],
  ...oddNumbers,
  ...['undefined', 'symbol', 'class', 'generator', 'regexp', 'date', 'infinite proxy', 'null prototype'].map((k) => ({
    k,
  })),
  ...['cycle', 'holes', 'long array', 'deep array', 'boxed', 'module namespace', 'function proxy'].map((k) => ({ k })),
  { k: 'bigint', text: '1' },
  { k: 'bigint', text: String(2n ** 64n) },
);

/** Objects that run code when they are looked at: they throw, or they take the memory of the case's arrays away. */
const sly = fc.record({
  k: fc.constant('sly'),
  way: fc.constantFrom(
    'valueOf',
    'toString',
    'toJSON',
    'length',
    'iterator',
    'getter',
    'proxy',
    'revoked',
    'array getter',
  ),
  does: fc.constantFrom('throws', 'detaches', 'shrinks', 'answers'),
});

export const anything = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 2, arbitrary: number },
  { weight: 2, arbitrary: text },
  { weight: 3, arbitrary: tensor },
  { weight: 2, arbitrary: typedArray(fc.constantFrom(...arrayTypes)) },
  { weight: 2, arbitrary: sly },
  { weight: 2, arbitrary: result },
  {
    weight: 1,
    arbitrary: fc.record({ k: fc.constant('buffer'), bytes: fc.constantFrom(0, 16, 64), shared: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ k: fc.constant('instance'), of: fc.constantFrom('Generator', 'Module', 'Optimizer') }),
  },
);

/** Arbitraries of the types in a model, made when they are first asked for. */
export class Arguments {
  #types;
  #known = new Map();

  constructor(types) {
    this.#types = types;
  }

  /** The arguments of one of a call's signatures; now and then one more, one less or anything at all. */
  ofCall({ signatures }) {
    const tuples = signatures.map(({ args, rest }) => {
      const required = args.filter(({ optional }) => !optional).length;
      const each = args.map(({ type }, i) =>
        rest && i === args.length - 1 ? this.#rest(type) : this.of(type, 4).map((one) => [one]),
      );
      return fc
        .tuple(fc.nat(args.length - required), fc.tuple(...each))
        .map(([left, given]) => given.slice(0, given.length - left).flat());
    });
    const fitting = fc.oneof(...tuples);
    return fc.oneof(
      { weight: 12, arbitrary: fitting },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fitting, fc.nat(5), anything)
          .map(([args, at, wrong]) => args.toSpliced(at % (args.length + 1), 1, wrong)),
      },
      { weight: 1, arbitrary: fc.tuple(fitting, anything).map(([args, more]) => [...args, more]) },
      { weight: 1, arbitrary: fitting.map((args) => args.slice(0, -1)) },
      { weight: 1, arbitrary: fc.array(anything, { maxLength: 4 }) },
    );
  }

  #rest(id) {
    const type = this.#types[id];
    if (type.kind === 'collection') return fc.array(this.of(type.of, 3), { maxLength: 4 });
    if (type.kind === 'tuple') return fc.tuple(...type.of.map((member) => this.of(member, 3)));
    if (type.kind === 'union') return fc.oneof(...type.of.map((member) => this.#rest(member)));
    return fc.array(anything, { maxLength: 4 });
  }

  /** A value of a type, mostly; `depth` levels of objects at most. */
  of(id, depth) {
    const key = `${id}/${depth}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const { arbitrary, isLeaf } = this.#made(this.#types[id], depth);
      known = isLeaf ? arbitrary : fc.oneof({ weight: 40, arbitrary }, { weight: 1, arbitrary: anything });
      this.#known.set(key, known);
    }
    return known;
  }

  #made(type, depth) {
    const leaf = (arbitrary) => ({ arbitrary, isLeaf: true });
    switch (type.kind) {
      case 'number':
        return leaf(number);
      case 'string':
        return { arbitrary: text };
      case 'boolean':
        return leaf(fc.boolean());
      case 'literal':
        return { arbitrary: fc.constant(type.value) };
      case 'undefined':
        return leaf(fc.constant({ k: 'undefined' }));
      case 'null':
        return leaf(fc.constant(null));
      case 'bigint':
        return { arbitrary: fc.constantFrom('0', '1', '-1', String(2n ** 63n)).map((text) => ({ k: 'bigint', text })) };
      case 'class':
        return {
          arbitrary:
            type.name === 'Tensor'
              ? tensor
              : fc.record({ k: fc.constant('instance'), of: fc.constant(type.name), pick: fc.nat(5) }),
        };
      case 'builtin':
        return { arbitrary: this.#builtin(type, depth) };
      case 'union':
        return leaf(fc.oneof(...type.of.map((member) => this.of(member, depth))));
    }
    if (depth === 0) return { arbitrary: result };
    const inner = (member) => this.of(member, depth - 1);
    switch (type.kind) {
      case 'tuple':
        return { arbitrary: fc.tuple(...type.of.map(inner)) };
      case 'collection':
        return { arbitrary: this.#collection(type, inner) };
      case 'function':
        return {
          arbitrary: fc.record({
            k: fc.constant('function'),
            does: fc.constantFrom('answers', 'answers', 'answers', 'repeats', 'throws', 'rejects', 'detaches'),
            answer: inner(type.returns),
          }),
        };
      case 'object':
        return { arbitrary: this.#object(type, inner) };
    }
    return { arbitrary: anything };
  }

  #object({ props, index }, inner) {
    const record = {};
    for (const [name, { type, optional }] of Object.entries(props)) {
      record[name] = fc.option(inner(type), { nil: undefined, freq: optional ? 1 : 30 });
    }
    const own = fc
      .record(record)
      .map((given) => Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined)));
    const more = index === undefined ? fc.constant({}) : fc.dictionary(text, inner(index), { maxKeys: 3 });
    const slip = fc.option(fc.tuple(fc.constantFrom('unknown', 'shape', 'dtype', '__proto__'), anything), {
      freq: 15,
      nil: [],
    });
    const way = fc.oneof(
      { weight: 12, arbitrary: fc.constant('plain') },
      fc.constantFrom('getters', 'null prototype', 'frozen', 'detaches'),
    );
    return fc.tuple(own, more, slip, way).map(([a, b, slips, way]) => ({
      k: 'object',
      way,
      entries: [...Object.entries(a), ...Object.entries(b), ...(slips.length > 0 ? [slips] : [])],
    }));
  }

  #collection({ name, of }, inner) {
    const items = fc.array(inner(of), { maxLength: 4 });
    if (/Array$/.test(name)) return items;
    if (name === 'Promise') return inner(of).map((answer) => ({ k: 'promise', answer }));
    if (name === 'Iterable')
      return fc.oneof(
        items,
        items.map((items) => ({ k: 'iterable', items })),
      );
    return items.map((items) => ({ k: name === 'AsyncIterable' ? 'async iterable' : 'set', items }));
  }

  #builtin({ name, of }, depth) {
    if (name === 'AbortSignal')
      return fc.constantFrom('never', 'never', 'before', 'soon').map((when) => ({ k: 'signal', when }));
    if (name === 'RegExp') return fc.constant({ k: 'regexp' });
    if (name.endsWith('Map')) {
      const members = of.map((member) => this.of(member, Math.max(depth - 1, 0)));
      return fc.array(fc.tuple(...members), { maxLength: 3 }).map((entries) => ({ k: 'map', entries }));
    }
    if (/Buffer$|DataView/.test(name)) {
      return fc.record({
        k: fc.constant('buffer'),
        bytes: fc.constantFrom(0, 16, 64, 200),
        shared: fc.constant(/Shared/.test(name)),
      });
    }
    return typedArray(fc.constant(name));
  }
}
