// What a study's options may be: a row for each field of a cell.
import { checkFinite } from '../../arguments.js';
import { argumentError, describe, rangeError } from '../../errors.js';
import { type InitSpec, initialisers, type NamedSpec, withName } from '../../init/table.js';
import { studyActivations } from '../cell/activation.js';
import type { Cell } from '../cell/cell.js';

/** The call that errors name. */
export const call = 'study';

/** A whole number from `least` on. */
function whole(least: number): (name: string, value: unknown) => number {
  return (name, value) => {
    if (typeof value !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw rangeError(call, `${name} must be a whole number, ${least} or more, got ${value}`);
  };
}

/** A finite number, without a sign where it is 0: equal numbers are one text. */
function finite(name: string, value: unknown): number {
  return checkFinite(call, name, value) + 0;
}

function notNegative(name: string, value: unknown): number {
  const number = finite(name, value);
  if (number < 0) throw rangeError(call, `${name} must be 0 or more, got ${number}`);
  return number;
}

function oneOf<T>(choices: readonly T[]): (name: string, value: unknown) => T {
  return (name, value) => {
    if (choices.includes(value as T)) return value as T;
    throw argumentError(call, `unknown ${name} ${describe(value)}; expected ${choices.map(String).join(', ')}`);
  };
}

function nullOr<T>(check: (name: string, value: unknown) => T): (name: string, value: unknown) => T | null {
  return (name, value) => (value === null ? null : check(name, value));
}

const fans = ['groups', 'transposed', 'stride'];
const kaiming = ['a', 'mode', 'nonlinearity', ...fans];

/** What initialisers take: they ignore what they do not know, and a study would then say what it did not do. */
const initOptions: Readonly<Record<NamedSpec['initialiser'], readonly string[]>> = {
  zeros: [],
  ones: [],
  constant: ['value'],
  uniform: ['a', 'b'],
  normal: ['mean', 'std'],
  truncNormal: ['mean', 'std', 'a', 'b'],
  xavierUniform: ['gain', ...fans],
  xavierNormal: ['gain', ...fans],
  kaimingUniform: kaiming,
  kaimingNormal: kaiming,
  varianceScaling: ['scale', 'mode', 'distribution', ...fans],
  lecunNormal: fans,
  lecunUniform: fans,
  orthogonal: ['gain'],
  spectral: ['gain'],
  deltaOrthogonal: ['gain'],
  sparse: ['sparsity', 'std'],
  eye: [],
  dirac: ['groups'],
};

/** An initialiser's name, with its options if there are any: cells are JSON. */
function init(name: string, value: unknown): InitSpec {
  const named = withName(value as InitSpec) as { initialiser?: unknown } | null | undefined;
  if (named === null || typeof named !== 'object' || !Object.hasOwn(initialisers, String(named.initialiser))) {
    const names = Object.keys(initialisers).join(', ');
    throw argumentError(call, `unknown ${name} ${describe(named?.initialiser ?? value)}; expected ${names}`);
  }
  const options = Object.entries(named).filter(([key, option]) => key !== 'initialiser' && option !== undefined);
  const known = initOptions[named.initialiser as NamedSpec['initialiser']];
  for (const [key, option] of options) {
    if (!known.includes(key)) {
      const takes = known.length > 0 ? `it takes ${known.join(', ')}` : 'it takes none';
      throw argumentError(call, `${name} ${describe(named.initialiser)} has no option ${describe(key)}; ${takes}`);
    }
    if (!['number', 'string', 'boolean'].includes(typeof option)) {
      throw argumentError(call, `${name}'s ${key} must be a number or a name, got ${describe(option)}`);
    }
    if (typeof option === 'number' && !Number.isFinite(option)) {
      throw rangeError(call, `${name}'s ${key} must be finite, got ${option}`);
    }
  }
  if (options.length === 0) return named.initialiser as InitSpec;
  return { initialiser: named.initialiser, ...Object.fromEntries(options) } as InitSpec;
}

function seed(name: string, value: unknown): number | string {
  const text = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') throw argumentError(call, `${name} must be a whole number, got ${describe(value)}`);
  const number = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (number < 0n || number >= 2n ** 64n) {
    throw rangeError(call, `${name} must be a whole number from 0 to 2^64 - 1, got ${describe(value)}`);
  }
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : String(number);
}

/** Rows of numbers, which a cell keeps. */
function rows(name: string, value: unknown): readonly (readonly number[])[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every(Array.isArray)) {
    throw argumentError(call, `${name} must be rows of numbers [[…], …], got ${describe(value)}`);
  }
  for (const row of value as unknown[][]) {
    const odd = row.find((x) => typeof x !== 'number' || !Number.isFinite(x));
    if (odd !== undefined) throw rangeError(call, `${name} must be finite numbers, got ${describe(odd)}`);
  }
  return value;
}

/** A check for each field. A grid runs through the values of the last one first. */
export const fields: { readonly [Name in keyof Cell]: (name: string, value: unknown) => Cell[Name] } = {
  width: whole(1),
  depth: whole(1),
  activation: oneOf(studyActivations),
  init: nullOr(init),
  sigmaW: nullOr(notNegative),
  sigmaB: notNegative,
  batch: whole(1),
  correlation: finite,
  inputs: nullOr(rows),
  residual: nullOr(finite),
  normalisation: oneOf(['none', 'layer', 'batch'] as const),
  image: nullOr(whole(1)),
  mode: oneOf(['auto', 'materialized', 'matrix-free', 'in-law'] as const),
  repeats: whole(1),
  seed,
  backward: oneOf([true, false]),
  spectrum: oneOf(['none', 'extremes', 'all'] as const),
};

/** Names of `fields`, in order. */
export const fieldNames = Object.keys(fields) as (keyof Cell)[];

/** What a field is where an option is left out. */
export const defaults: Cell = {
  width: 512,
  depth: 100,
  activation: 'relu',
  init: 'kaimingNormal',
  sigmaW: null,
  sigmaB: 0,
  batch: 2,
  correlation: 0.5,
  inputs: null,
  residual: null,
  normalisation: 'none',
  image: null,
  mode: 'auto',
  repeats: 10,
  seed: 0,
  backward: true,
  spectrum: 'none',
};

/** A whole number from 1 to `most`. */
export function checkCount(caller: string, name: string, value: unknown, most: number): number {
  if (typeof value !== 'number') throw argumentError(caller, `${name} must be a number, got ${describe(value)}`);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw rangeError(caller, `${name} must be a whole number from 1 to ${most}, got ${value}`);
}
