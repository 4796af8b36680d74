// Values of the descriptions in arguments.mjs. Arrays lie between margins that no call may write to, and their memory may be
// taken away at any time.
import * as evenkeel from 'evenkeel';
import * as checkpoint from 'evenkeel/checkpoint';
import * as study from 'evenkeel/study';

/** What code of the user's throws: a call may pass it on. */
export class UserError extends Error {}

const { fromTypedArray, init, nn, optim } = evenkeel;

const storages = { bool: Uint8Array, float16: Uint16Array, bfloat16: Uint16Array, int64: BigInt64Array };
const storageOf = (dtype) => storages[dtype] ?? globalThis[`${dtype[0].toUpperCase()}${dtype.slice(1)}Array`];

/** Bytes around every array that no call may change. */
const margin = 128;
const canary = 0xa5;
const kept = 64;
const recent = [];

const fractions = [0.25, -1.5, 3, 0.1, -0.75, 2, 0.5];
const odd = [NaN, Infinity, -Infinity, -0, 1e38, -1e-40, 2 ** 31, -1];

function element(Type, holds, i) {
  if (Type === BigInt64Array || Type === BigUint64Array) {
    return holds === 'odd' ? [2n ** 63n - 1n, -(2n ** 63n), -1n, 0n][i % 4] : holds === 'ones' ? 1n : BigInt(i % 3);
  }
  if (holds === 'ones') return 1;
  if (holds === 'small') return i % 3;
  return holds === 'odd' ? odd[i % odd.length] : fractions[i % fractions.length];
}

const constructors = (name) =>
  [evenkeel.nn, evenkeel.optim, study, checkpoint, evenkeel, evenkeel.init].map((from) => from[name]).find(Boolean);

/** The classes of modules, and those that a class is the base of. */
function subclasses(Base) {
  return [...Object.values(nn), ...Object.values(study), ...Object.values(optim)].filter(
    (one) => typeof one === 'function' && (one === Base || one.prototype instanceof Base),
  );
}

class Net extends nn.Module {
  fc = new nn.Linear(3, 3);
  norm = new nn.BatchNorm1d(3);
  forward(x) {
    return this.norm.call(this.fc.call(x).relu());
  }
}

/** The values of one case. `results` are what its calls have returned so far. */
export class Values {
  results = [];
  #arrays = [];

  /** Throws if an array's margins have changed, of this case or of one not long ago: work may go on after a call. */
  checkMargins() {
    for (const [buffer, bytes] of recent) {
      if (buffer.byteLength !== bytes + 2 * margin) continue;
      const all = new Uint8Array(buffer);
      for (let i = 0; i < margin; i++) {
        if (all[i] !== canary) throw new Error(`wrote ${margin - i} bytes before an array of ${bytes}`);
        if (all[margin + bytes + i] !== canary) throw new Error(`wrote ${i + 1} bytes past an array of ${bytes}`);
      }
    }
    if (recent.length > kept) recent.splice(0, recent.length - kept);
  }

  typed({ type, length, memory, holds }, Type = globalThis[type]) {
    const bytes = length * Type.BYTES_PER_ELEMENT;
    const size = bytes + 2 * margin;
    const buffer =
      memory === 'shared'
        ? new SharedArrayBuffer(size)
        : memory === 'plain'
          ? new ArrayBuffer(size)
          : new ArrayBuffer(size, { maxByteLength: size });
    new Uint8Array(buffer).fill(canary);
    const array = new Type(buffer, margin, length);
    recent.push([buffer, bytes]);
    // Of a resizable buffer's arrays some have no length of their own: they end where the buffer does.
    if (memory === 'resizable' && length % 2 === 0) {
      buffer.resize(margin + bytes);
      return this.#filled(new Type(buffer, margin), length, holds);
    }
    return this.#filled(array, length, holds);
  }

  #filled(array, length, holds) {
    for (let i = 0; i < length; i++) array[i] = element(array.constructor, holds, i);
    this.#arrays.push(array);
    return array;
  }

  /** Takes memory away, from a view's first byte or from its middle on. */
  lose(array, how) {
    const { buffer } = array;
    if (!(buffer instanceof ArrayBuffer)) return;
    if (buffer.byteLength === 0) return;
    if (how === 'shrinks' && buffer.resizable) buffer.resize(Math.min(buffer.byteLength, margin + 8));
    else structuredClone(buffer, { transfer: [buffer] });
  }

  loseAll(how) {
    for (const array of this.#arrays) this.lose(array, how);
  }

  tensor({ shape, dtype, lies, grad, memory, holds }) {
    const sizes =
      lies === 'transposed'
        ? shape.toReversed()
        : lies === 'expanded'
          ? shape.map((size, d) => (d === 0 ? 1 : size))
          : shape;
    const wide = lies === 'strided' && sizes.length > 0 ? [...sizes.slice(0, -1), 2 * sizes.at(-1) + 1] : sizes;
    const length = wide.reduce((a, b) => a * b, 1);
    const array = this.typed(
      {
        length,
        memory: memory === 'shrunk' || memory === 'detached' ? 'resizing' : memory,
        holds: dtype === 'bool' ? 'ones' : holds,
      },
      storageOf(dtype),
    );
    let t = fromTypedArray(array, wide, { dtype });
    const isFloat = /float/.test(dtype);
    if (lies === 'parameter' && isFloat) return new nn.Parameter(t, grad);
    if (grad && isFloat) t.requiresGrad_();
    if (lies === 'transposed') t = t.permute(sizes.map((_, d) => sizes.length - 1 - d));
    if (lies === 'expanded' && sizes.length > 0) t = t.expand(shape);
    if (lies === 'strided' && sizes.length > 0) t = t.slice(-1, 1, wide.at(-1), 2);
    if (lies === 'recorded' && isFloat) t = t.mul(2);
    if (memory === 'detached' || memory === 'shrunk') this.lose(array, memory === 'shrunk' ? 'shrinks' : 'detaches');
    return t;
  }

  /** Makes the value of a description: of data, itself. */
  make(given) {
    if (given === null || typeof given !== 'object') return given;
    if (Array.isArray(given)) return given.map((item) => this.make(item));
    if (given.k === undefined) return { ...given };
    return this[`make ${given.k}`](given);
  }

  'make number'({ text }) {
    return Number(text);
  }
  'make bigint'({ text }) {
    return BigInt(text);
  }
  'make undefined'() {
    return undefined;
  }
  'make symbol'() {
    return Symbol('s');
  }
  'make class'() {
    return class A {};
  }
  'make generator'() {
    return (function* () {
      yield 1;
      yield [2];
    })();
  }
  'make regexp'() {
    return /a|weight/;
  }
  'make date'() {
    return new Date(0);
  }
  'make null prototype'() {
    return Object.assign(Object.create(null), { a: 1 });
  }
  'make infinite proxy'() {
    // Everything that is asked of it is there.
    const proxy = new Proxy(() => {}, {
      get: (_, key) => (key === 'length' ? 3 : typeof key === 'symbol' ? undefined : proxy),
    });
    return proxy;
  }
  'make function proxy'() {
    return new Proxy(class {}, {});
  }
  'make cycle'() {
    const cycle = [1];
    cycle.push(cycle);
    return cycle;
  }
  'make holes'() {
    // biome-ignore lint/suspicious/noSparseArray: what is tried here
    return [1, , 3];
  }
  'make long array'() {
    return new Array(2 ** 32 - 1);
  }
  'make deep array'() {
    let deep = [1];
    for (let i = 0; i < 5000; i++) deep = [deep];
    return deep;
  }
  'make boxed'() {
    return Object(3);
  }
  'make module namespace'() {
    return evenkeel;
  }
  'make typed'(given) {
    const lost = given.memory === 'shrunk' || given.memory === 'detached';
    const array = this.typed(lost ? { ...given, memory: 'resizing' } : given);
    if (lost) this.lose(array, given.memory === 'shrunk' ? 'shrinks' : 'detaches');
    return array;
  }
  'make buffer'({ bytes, shared }) {
    return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  }
  'make tensor'(given) {
    return this.tensor(given);
  }
  'make result'({ of }) {
    return this.results[of % Math.max(this.results.length, 1)];
  }
  'make object'({ entries, way }) {
    const made = entries.map(([key, value]) => [key, this.make(value)]);
    const target = way === 'null prototype' ? Object.create(null) : {};
    const isSly = way === 'getters' || way === 'detaches';
    for (const [key, value] of made) {
      const get = () => {
        if (way === 'detaches') this.loseAll('detaches');
        return value;
      };
      const plain = { value, writable: true };
      Object.defineProperty(target, key, { ...(isSly ? { get } : plain), enumerable: true, configurable: true });
    }
    return way === 'frozen' ? Object.freeze(target) : target;
  }
  'make map'({ entries }) {
    return new Map(this.make(entries));
  }
  'make set'({ items }) {
    return new Set(this.make(items));
  }
  'make iterable'({ items }) {
    const made = this.make(items);
    return (function* () {
      yield* made;
    })();
  }
  'make async iterable'({ items }) {
    const made = this.make(items);
    return (async function* () {
      yield* made;
    })();
  }
  'make promise'({ answer }) {
    return Promise.resolve(this.make(answer));
  }
  /** @returns {object} */
  'make signal'({ when }) {
    const controller = new AbortController();
    if (when === 'before') controller.abort();
    if (when === 'soon') setTimeout(() => controller.abort(), 2);
    return controller.signal;
  }
  'make function'({ does, answer }) {
    return (...args) => {
      if (does === 'throws') throw new UserError('from a function');
      if (does === 'detaches') this.loseAll('detaches');
      if (does === 'rejects') {
        const rejected = Promise.reject(new UserError('from a promise'));
        rejected.catch(() => {});
        return rejected;
      }
      return does === 'repeats' ? args[0] : this.make(answer);
    };
  }

  'make sly'({ way, does }) {
    const act = (answer) => {
      if (does === 'throws') throw new UserError('from an object');
      if (does !== 'answers') this.loseAll(does);
      return answer;
    };
    switch (way) {
      case 'valueOf':
        return { valueOf: () => act(2) };
      case 'toString':
        return { toString: () => act('a') };
      case 'toJSON':
        return { toJSON: () => act('a') };
      case 'length':
        return {
          0: 1,
          1: 2,
          get length() {
            return act(2);
          },
        };
      case 'iterator':
        return {
          *[Symbol.iterator]() {
            yield 1;
            yield act(2);
          },
        };
      case 'getter':
        return Object.defineProperties(
          {},
          Object.fromEntries(
            ['generator', 'dtype', 'dim', 'seed', 'name', 'constructor'].map((key) => [
              key,
              { get: () => act(undefined), enumerable: true },
            ]),
          ),
        );
      case 'array getter':
        return Object.defineProperty([1, 2, 3], 1, { get: () => act(2) });
      case 'proxy':
        return new Proxy([1, 2], {
          get: (target, key) => act(Reflect.get(target, key)),
          getPrototypeOf: (target) => act(Reflect.getPrototypeOf(target)),
          ownKeys: (target) => act(Reflect.ownKeys(target)),
        });
    }
    const { proxy, revoke } = Proxy.revocable([1, 2], {});
    revoke();
    return proxy;
  }

  /** An object of a class of ours; undefined of one that cannot be made here. May be a promise. */
  'make instance'({ of, pick = 0 }) {
    const earlier = this.results.filter((result) => result?.constructor?.name === of);
    if (earlier.length > 0 && pick > 0) return earlier.at(-1);
    const model = () => new Net();
    switch (of) {
      case 'Tensor':
        return fromTypedArray(
          this.typed({ type: 'Float32Array', length: 6, memory: 'plain', holds: 'fractions' }),
          [2, 3],
        );
      case 'Parameter':
        return new nn.Parameter(
          fromTypedArray(this.typed({ type: 'Float32Array', length: 6, memory: 'plain', holds: 'fractions' }), [2, 3]),
        );
      case 'Checkpoint':
        return checkpoint.openCheckpoint('a.safetensors');
      case 'CheckpointReport':
        return checkpoint.initializeCheckpoint('model', {
          model: { tensors: { a: { shape: [2, 3], init: 'zeros' } } },
          dryRun: true,
        });
      case 'InitReport':
        return init.initialize(model(), [], { dryRun: true });
      case 'LsuvReport':
        return study.lsuv_(model(), evenkeel.randn(4, 3));
      case 'Advice':
        return study.advise(model(), evenkeel.randn(4, 3));
      case 'MeanField':
        return new study.MeanField({ activation: 'tanh', sigmaW: 1.1 });
      case 'CoordReport':
        return study
          .coordCheck(({ width }) => ({ model: new nn.Linear(4, width), plan: [] }), { widths: [2, 4], steps: 1 })
          .catch(() => undefined);
      case 'EvenkeelBackend':
        return globalThis.fuzzedBackend;
    }
    const Base = constructors(of);
    if (typeof Base !== 'function') return undefined;
    const classes = subclasses(Base);
    const Class = classes[pick % Math.max(classes.length, 1)] ?? Base;
    if (Class === nn.Module) return model();
    for (const args of [[], [3], [3, 3], [2, 2, 1], [[fromTypedArray(new Float32Array(3), [3])], { lr: 0.1 }]]) {
      try {
        return new Class(...args);
      } catch {
        // It takes others.
      }
    }
    return undefined;
  }
}

/** The files that arguments name, in the folder that the process works in. */
export async function writeFiles() {
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync('folder', { recursive: true });
  const state = { a: evenkeel.ones(2, 3), weight: evenkeel.zeros([3, 3], { dtype: 'float64' }) };
  writeFileSync(
    'config.json',
    '{"model_type":"gpt2","n_layer":1,"n_embd":8,"n_head":2,"vocab_size":10,"n_positions":4}',
  );
  writeFileSync('results.jsonl', '');
  await checkpoint.saveCheckpoint('a.safetensors', state);
  await checkpoint.saveNpy('a.npy', state.a);
  await checkpoint.saveNpz('a.npz', state);
}
