// The law of initialisers that draw every element by itself: which fill they make. So any part of a weight can be made alone,
// and plans know what distribution to expect.
import { fillNormal, fillTruncNormal, fillUniform, type RandomOptions } from '../fill.js';
import * as ops from '../ops/index.js';
import type { Generator } from '../random.js';
import type { TensorView } from '../view.js';
import { constantTarget, normalTarget, type Target, truncatedNormalTarget, uniformTarget } from './target.js';

/** Every element is the value, or an independent draw of the distribution. Bounds are in the units of the values. */
export type Law =
  | { readonly distribution: 'constant'; readonly value: number }
  | { readonly distribution: 'normal'; readonly mean: number; readonly std: number }
  | { readonly distribution: 'uniform'; readonly low: number; readonly high: number }
  | {
      readonly distribution: 'truncNormal';
      readonly mean: number;
      readonly std: number;
      readonly low: number;
      readonly high: number;
    };

/** What elements of the law look like. */
export function lawTarget(law: Law): Target {
  switch (law.distribution) {
    case 'constant':
      return constantTarget(law.value);
    case 'normal':
      return normalTarget(law.mean, law.std);
    case 'uniform':
      return uniformTarget(law.low, law.high);
    case 'truncNormal':
      return truncatedNormalTarget(law.mean, law.std, law.low, law.high);
  }
}

/** Checks the law's parameters and fills a view by it, for the public call `call`. */
export function fillByLaw(call: string, view: TensorView, law: Law, options?: RandomOptions): void {
  switch (law.distribution) {
    case 'constant':
      ops.fill(call, view, law.value);
      break;
    case 'normal':
      fillNormal(call, view, law.mean, law.std, options);
      break;
    case 'uniform':
      fillUniform(call, view, law.low, law.high, options);
      break;
    case 'truncNormal':
      fillTruncNormal(call, view, law.mean, law.std, law.low, law.high, options);
  }
}

/**
 * Fills a view with the elements from `first` on of the fill that `generator` (pcg32) would make of a larger tensor. `first` is
 * even, since normals come in pairs.
 */
export function fillPart(call: string, view: TensorView, law: Law, generator: Generator, first: number): void {
  if (law.distribution !== 'constant') {
    const before = { shape: [first], dtype: view.dtype };
    generator.reserve(call, law.distribution, before);
  }
  fillByLaw(call, view, law, { generator });
}
