// TensorFlow.js's random operations on evenkeel's generators.
import { dtypeError } from '../errors.js';
import { fillBernoulli, fillIntegers, fillNormal, fillTruncNormal, fillUniform } from '../fill.js';
import { orthogonal_ } from '../init/index.js';
import { Generator, getDefaultGenerator } from '../random.js';
import { numElements } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import type { TensorView } from '../view.js';
import { EvenkeelBackend, recycler } from './backend.js';
import { core, type PlainArray, type PlainDType } from './core.js';
import { fill, shaped } from './kernel.js';

type TfTensor = InstanceType<typeof core.Tensor>;
type DType = 'float32' | 'int32' | 'bool' | undefined;
/** TensorFlow.js takes anything that can be made a string. */
export type TfSeed = number | string | null | undefined;

/** The generator for one call: of the seed if there is one, else the one that was installed, else the default one. */
export type PickGenerator = (seed: TfSeed) => Generator;

const wordsOf = new DataView(new ArrayBuffer(8));

/** A seed of TensorFlow.js's as one of a generator: whole numbers from 0 on as they are, anything else by its bits. */
function seedOf(seed: number | string): bigint {
  if (typeof seed === 'number') {
    if (Number.isSafeInteger(seed) && seed >= 0) return BigInt(seed);
    wordsOf.setFloat64(0, seed);
    return wordsOf.getBigUint64(0);
  }
  // FNV-1a of 64 bits (Fowler, Noll and Vo, RFC 9923).
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(String(seed)))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

export function picker(installed: Generator | undefined): PickGenerator {
  return (seed) => {
    const base = installed ?? getDefaultGenerator();
    return seed === undefined || seed === null ? base : new Generator(seedOf(seed), { algorithm: base.algorithm });
  };
}

/** An array for a tensor that nobody else has; a recycled one where tensors are the backend's. */
function arrayFor<D extends PlainDType>(dtype: D, length: number) {
  return core.backend() instanceof EvenkeelBackend ? recycler.take(dtype, length) : recycler.fresh(dtype, length);
}

const asTensor = (array: PlainArray, shape: readonly number[], dtype: PlainDType): TfTensor =>
  core.tensor(array, shape as number[], dtype);

function floatTensor(shape: readonly number[], fillView: (view: TensorView) => void): TfTensor {
  const array = arrayFor('float32', numElements(shape));
  if (array.length > 0) fillView(shaped(array, [array.length]));
  return asTensor(array, shape, 'float32');
}

/** Whole numbers: those next to numbers that `fillView` draws. */
function roundedTensor(shape: readonly number[], fillView: (view: TensorView) => void): TfTensor {
  const drawn = new Float32Array(numElements(shape));
  if (drawn.length > 0) fillView(shaped(drawn, [drawn.length]));
  const array = arrayFor('int32', drawn.length);
  for (let i = 0; i < drawn.length; i++) array[i] = Math.round(drawn[i]!);
  return asTensor(array, shape, 'int32');
}

function checkShape(shape: number[]): void {
  core.util.assertNonNegativeIntegerDimensions(shape);
}

function normalLike(call: string, shape: number[], dtype: DType, fillView: (view: TensorView) => void): TfTensor {
  checkShape(shape);
  const type = dtype ?? 'float32';
  if (type === 'float32') return floatTensor(shape, fillView);
  if (type === 'int32') return roundedTensor(shape, fillView);
  throw dtypeError(call, `there are no normal numbers of ${type}; expected 'float32' or 'int32'`);
}

/** The operations by their names in TensorFlow.js, with its arguments and defaults. */
export function randomOps(generator: PickGenerator, original: typeof core) {
  function randomNormal(shape: number[], mean = 0, stdDev = 1, dtype?: DType, seed?: TfSeed): TfTensor {
    return normalLike('randomNormal', shape, dtype, (view) =>
      fillNormal('randomNormal', view, mean, Math.abs(stdDev), { generator: generator(seed) }),
    );
  }

  /** Within two standard deviations of the mean. */
  function truncatedNormal(shape: number[], mean = 0, stdDev = 1, dtype?: DType, seed?: TfSeed): TfTensor {
    const call = 'truncatedNormal';
    const std = Math.abs(stdDev);
    return normalLike(call, shape, dtype, (view) => {
      if (std === 0) fill(view, mean);
      else fillTruncNormal(call, view, mean, std, mean - 2 * std, mean + 2 * std, { generator: generator(seed) });
    });
  }

  function randomStandardNormal(shape: number[], dtype?: DType, seed?: TfSeed): TfTensor {
    return randomNormal(shape, 0, 1, dtype, seed);
  }

  function randomUniform(shape: number[], minval = 0, maxval = 1, dtype: DType = 'float32', seed?: TfSeed): TfTensor {
    const call = 'randomUniform';
    checkShape(shape);
    const [low, high] = [Math.min(minval, maxval), Math.max(minval, maxval)];
    const options = { generator: generator(seed) };
    if (dtype === 'float32') return floatTensor(shape, (view) => fillUniform(call, view, low, high, options));
    if (dtype !== 'int32' && dtype !== 'bool') {
      throw dtypeError(call, `there are no uniform numbers of ${String(dtype)}; expected 'float32', 'int32' or 'bool'`);
    }
    const array = arrayFor(dtype, numElements(shape));
    const [from, to] = [Math.ceil(low), Math.ceil(high)];
    // Booleans of [0, 1) are all 0, as TensorFlow.js's are.
    if (to <= from) array.fill(from);
    else if (array.length > 0) fillIntegers(call, shaped(array, [array.length]), from, to, options);
    return asTensor(array, shape, dtype);
  }

  /** Whole numbers from minval on, below maxval. */
  function randomUniformInt(shape: number[], minval: number, maxval: number, seed?: TfSeed): TfTensor {
    return randomUniform(shape, minval, maxval, 'int32', seed);
  }

  function dropout(x: TfTensor, rate: number, noiseShape?: (number | null)[], seed?: TfSeed): TfTensor {
    const plain = x instanceof core.Tensor && x.dtype === 'float32' && rate > 0 && rate < 1;
    // Nothing to drop, no tensor yet, or an error that TensorFlow.js words.
    if (!plain) return original.dropout(x, rate, noiseShape as number[], seed as number);
    const shape = noiseShape == null ? x.shape : noiseShape.map((size, d) => size ?? x.shape[d]!);
    const keep = 1 - rate;
    const fillKept = (view: TensorView) => fillBernoulli('dropout', view, keep, { generator: generator(seed) });
    return core.tidy(() => core.mul(x, core.div(floatTensor(shape, fillKept), keep)));
  }

  /** The draws are TensorFlow.js's; what seeds them is the generator where there is no seed. */
  function multinomial(logits: TfTensor, numSamples: number, seed?: number, normalized = false) {
    return original.multinomial(logits as never, numSamples, seed || generator(null).random(), normalized);
  }

  return {
    randomNormal,
    truncatedNormal,
    randomStandardNormal,
    randomUniform,
    randomUniformInt,
    dropout,
    multinomial,
  };
}

export type RandomOps = ReturnType<typeof randomOps>;

/** An orthogonal matrix of Haar's distribution times `gain`; dimensions before the last count as rows. */
export function orthogonal(shape: number[], gain: number, generator: Generator): TfTensor {
  const columns = shape.at(-1)!;
  const rows = numElements(shape.slice(0, -1));
  return floatTensor(shape, ({ array }) => {
    orthogonal_(new Tensor({ ...shaped(array as Float32Array, [rows, columns]) }), gain, { generator });
  });
}
