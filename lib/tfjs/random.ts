// installRandom: TensorFlow.js's random numbers from evenkeel's generators. TensorFlow.js draws them in JavaScript, one at a time,
// and has no kernels for it. Two places can be changed from outside: the functions on the object that CommonJS has of
// tfjs-core (its other packages look them up there at every call), and the methods of the initialisers' classes, which the
// registry of serialisable classes knows.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, stateError } from '../errors.js';
import { checkGenerator, Generator } from '../random.js';
import { core } from './core.js';
import { orthogonal, picker, type RandomOps, randomOps, type TfSeed } from './draws.js';

/** What `installRandom` is told. One of the two, or neither. */
export interface RandomSource {
  /** Where unseeded numbers come from; the default generator if none is given. */
  generator?: Generator;
  /** Of a generator made for this. */
  seed?: number | bigint;
}

/** What `installRandom` has done. */
export interface InstalledRandom {
  /** The functions now in place: for whoever has imported those of an ES-module namespace, which can't be changed. */
  readonly ops: RandomOps;
  /** Whether `randomNormal` and the others, looked up on the object that was given, are those. */
  readonly followed: boolean;
  /** Puts TensorFlow.js's own functions back. */
  uninstall(): void;
}

type Target = Record<string, unknown>;
type Restore = () => void;
type Initialiser = Record<string, unknown> & { seed?: TfSeed };

const restores: Restore[] = [];

/** Changes a property until `uninstall`; false where it can't be changed. */
function replace(target: object, name: string, value: unknown): boolean {
  const old = Object.getOwnPropertyDescriptor(target, name);
  if (old === undefined || (!old.writable && !old.configurable)) return false;
  // The object of an ES module says that it is writable, and refuses all the same.
  if (
    !Reflect.defineProperty(target, name, {
      value,
      writable: true,
      enumerable: old.enumerable === true,
      configurable: true,
    })
  )
    return false;
  restores.push(() => Object.defineProperty(target, name, old));
  return true;
}

function uninstall(): void {
  for (const restore of restores.splice(0).reverse()) restore();
}

function checkTf(call: string, tf: unknown): Target {
  const object = tf as Target | null;
  if ((typeof tf === 'object' || typeof tf === 'function') && object !== null) {
    if (typeof object.randomNormal === 'function' || typeof object.initializers === 'object') return object;
    // What `import()` and Node's loader make of CommonJS modules whose names they cannot tell.
    if (typeof object.default === 'object' && object.default !== null) return checkTf(call, object.default);
  }
  throw argumentError(call, `expected TensorFlow.js, such as require('@tensorflow/tfjs'), got ${describe(tf)}`);
}

/** The classes of layers' initialisers, if layers are loaded: the registry belongs to a copy of tfjs-core. */
function initialiserClasses(tf: Target): Record<string, [{ prototype: Initialiser }] | undefined> {
  const { serialization } = (tf.serialization === undefined ? core : tf) as typeof core;
  return serialization.SerializationMap.getMap().classNameMap as never;
}

/** Initialisers whose methods reach tfjs-core by other ways than the functions on its object, in bundles. */
function patchInitialisers(tf: Target, ops: RandomOps, pick: ReturnType<typeof picker>): void {
  const classes = initialiserClasses(tf);
  const patch = (name: string, apply: (self: Initialiser, shape: number[], dtype?: 'float32' | 'int32') => unknown) => {
    const prototype = classes[name]?.[0].prototype;
    if (prototype === undefined) return;
    const own = prototype.apply as (shape: number[], dtype?: string) => unknown;
    replace(prototype, 'apply', function (this: Initialiser, shape: number[], dtype?: string) {
      // Anything else is an error, in the words of tfjs-layers.
      const known = dtype === undefined || dtype === null || dtype === 'float32' || dtype === 'int32';
      return known
        ? (apply(this, shape, dtype ?? undefined) ?? own.call(this, shape, dtype))
        : own.call(this, shape, dtype);
    });
  };
  type Numbers = Record<'minval' | 'maxval' | 'mean' | 'stddev' | 'gain', number>;
  const numbers = (self: Initialiser) => self as unknown as Numbers;
  patch('RandomUniform', (self, shape, dtype) =>
    ops.randomUniform(shape, numbers(self).minval, numbers(self).maxval, dtype, self.seed),
  );
  patch('RandomNormal', (self, shape, dtype) =>
    ops.randomNormal(shape, numbers(self).mean, numbers(self).stddev, dtype, self.seed),
  );
  patch('TruncatedNormal', (self, shape, dtype) =>
    ops.truncatedNormal(shape, numbers(self).mean, numbers(self).stddev, dtype, self.seed),
  );
  patch('VarianceScaling', (self, shape, dtype) => scaled(ops, self, shape, dtype));
  patch('Orthogonal', (self, shape, dtype) =>
    shape.length < 2 || dtype === 'int32' ? undefined : orthogonal(shape, numbers(self).gain, pick(self.seed)),
  );
}

/** Inputs and outputs of a weight, as tfjs-layers counts them: [...kernel, in, out]. */
function fansOf(shape: readonly number[]): [number, number] {
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  if (shape.length < 2 || shape.length > 5) {
    const root = Math.sqrt(product(shape));
    return [root, root];
  }
  const field = product(shape.slice(0, -2));
  return [shape.at(-2)! * field, shape.at(-1)! * field];
}

/** Glorot's, He's and LeCun's initialisers and their general form: the variance is `scale` over a number of fans. */
function scaled(ops: RandomOps, self: Initialiser, shape: number[], dtype: 'float32' | 'int32' | undefined) {
  const { scale, mode, distribution } = self as unknown as { scale: number; mode: string; distribution: string };
  const [fanIn, fanOut] = fansOf(shape);
  const fan = mode === 'fanIn' ? fanIn : mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  if (distribution === 'normal') return ops.truncatedNormal(shape, 0, Math.sqrt(variance), dtype, self.seed);
  const limit = Math.sqrt(3 * variance);
  return ops.randomUniform(shape, -limit, limit, dtype, self.seed);
}

/** tfjs-core's own functions, whatever is in their place. */
const originals = { ...core };

/**
 * Makes TensorFlow.js's random numbers come from evenkeel's generators: `randomNormal`, `truncatedNormal`,
 * `randomStandardNormal`, `randomUniform`, `randomUniformInt`, `dropout`, the seeds of `multinomial`, and the initialisers and layers
 * that use them: glorot*, he*, leCun*, varianceScaling, randomNormal, randomUniform, truncatedNormal, orthogonal. On any backend.
 *
 * A seed that is given to one of them makes a generator of its own: the same seed, the same numbers. Without one they come from
 * the generator given here, or the default one. The numbers differ from TensorFlow.js's for the same seed; the laws are the same,
 * but `orthogonal` is of Haar's distribution whatever the shape, and whole numbers of `randomUniform` are all equally likely.
 *
 * A second call takes the place of the first. Load tfjs-layers before: `orthogonal` is changed where it is loaded.
 *
 * @param tf TensorFlow.js: the union package, tfjs-core or tfjs-layers, as `require` or a default import has it. Functions
 * that an ES-module namespace has (`import * as tf`) can't be changed; initialisers and layers follow all the same, and
 * `followed` is false. The functions are in `ops`.
 * @throws TypeError (ERR_ARGUMENT) for what is not TensorFlow.js, for a generator that is none, or for both a generator and a
 * seed; RangeError (ERR_RANGE) for a seed that is none; RangeError (ERR_STATE) for another copy of tfjs-core than evenkeel has
 * found, if it can't be changed
 * @example
 * import tf from '@tensorflow/tfjs';
 * import { installRandom } from 'evenkeel/tfjs';
 *
 * const random = installRandom(tf, { seed: 1 });
 * tf.layers.dense({ units: 512, inputShape: [784], kernelInitializer: 'orthogonal' });
 * random.uninstall();
 */
export function installRandom(tf: object, options?: RandomSource): InstalledRandom {
  const call = 'installRandom';
  const target = checkTf(call, tf);
  const { generator, seed } = checkOptions(call, options);
  if (generator !== undefined && seed !== undefined) {
    throw argumentError(call, 'expected a generator or a seed, got both');
  }
  const installed = seed !== undefined ? new Generator(seed) : generator && checkGenerator(call, generator);
  uninstall();
  const pick = picker(installed);
  const ops = randomOps(pick, originals as typeof core);
  const names = Object.keys(ops) as (keyof RandomOps)[];
  const known = target.randomNormal === undefined || target.randomNormal === core.randomNormal;
  for (const name of names) {
    replace(core, name, ops[name]);
    if (target !== (core as unknown) && target[name] !== ops[name]) replace(target, name, ops[name]);
  }
  const followed = target.randomNormal === ops.randomNormal;
  if (!known && !followed) {
    uninstall();
    throw stateError(
      call,
      'this is another copy of tfjs-core than the one that evenkeel/tfjs has found; install one for both',
    );
  }
  patchInitialisers(target, ops, pick);
  return { ops, followed, uninstall };
}
