// The checkpoint that tensors are kept from: transfer learning.
import { createHash } from 'node:crypto';
import { type DType, dtypes } from '../../dtype.js';
import { argumentError, describe } from '../../errors.js';
import { type PlanRow, pathPattern } from '../../init/rules.js';
import { formatShape, sameShape } from '../../shape.js';
import { mainDType } from '../model/checkpoint.js';
import type { DescribedTensor } from '../model/description.js';
import { safetensorsDType, tensorDType } from '../safetensors/dtypes.js';
import type { Checkpoint } from '../safetensors/file.js';
import type { PlannedTensor } from './planned.js';
import { bytesOf, converted, copied } from './sources.js';

/** Bytes at either end of a tensor that its digest is made of. */
const sampled = 4096;

export class Base {
  readonly #patterns: readonly { readonly text: string; readonly regExp: RegExp; used: boolean }[];

  readonly #main: DType | undefined;

  constructor(
    readonly call: string,
    /** What errors call it. */
    readonly path: string,
    readonly checkpoint: Checkpoint,
    reinit: readonly string[],
  ) {
    const known = [...checkpoint.tensors.values()].flatMap(({ dtype, shape }) => {
      const ours = tensorDType(dtype);
      return ours === undefined ? [] : [{ dtype: ours, shape }];
    });
    this.#main = mainDType(known);
    this.#patterns = reinit.map((text) => ({ text, regExp: pathPattern(text), used: false }));
  }

  /** What a drawn tensor is beside those that are kept: what the base's tensor of its name is, else what most of its elements are. */
  dtypeOf(name: string): DType | undefined {
    const info = this.checkpoint.tensors.get(name);
    return (info === undefined ? undefined : tensorDType(info.dtype)) ?? this.#main;
  }

  /** Whether a tensor is copied: no pattern names it. */
  keeps(name: string): boolean {
    const matching = this.#patterns.filter(({ regExp }) => regExp.test(name));
    for (const pattern of matching) pattern.used = true;
    return matching.length === 0;
  }

  /** How a tensor is copied; undefined for one that is drawn. */
  async plan(tensor: DescribedTensor, row: PlanRow, dtype: DType | undefined): Promise<PlannedTensor | undefined> {
    const { call, checkpoint } = this;
    const { name, shape } = tensor;
    if (!this.keeps(name)) return undefined;
    const info = checkpoint.tensors.get(name);
    if (info === undefined || !sameShape(info.shape, shape)) {
      const there = info === undefined ? 'does not have it' : `has it with shape ${formatShape(info.shape)}`;
      throw argumentError(
        call,
        `${name} of shape ${formatShape(shape)} cannot be kept: ${this.path} ${there}; name it in reinit`,
      );
    }
    const from = tensorDType(info.dtype);
    const isFloat = from !== undefined && dtypes[from].kind === 'float';
    const to = isFloat && dtype !== undefined ? dtype : from;
    const source =
      to === from || from === undefined
        ? copied(checkpoint, name)
        : converted(call, checkpoint, name, from, to as DType);
    const stored = to === undefined ? info.dtype : safetensorsDType(to);
    return {
      name,
      shape,
      dtype: stored,
      bytes: to === undefined ? info.end - info.begin : bytesOf(call, name, shape, to),
      row: { ...row, init: 'keep', matched: true, target: null },
      law: undefined,
      source,
      recipe: { copied: [info.dtype, await this.#digest(name, info.end - info.begin)] },
    };
  }

  /** SHA-256 of a tensor's ends: reading all of it would take as long as copying it does. */
  async #digest(name: string, length: number): Promise<string> {
    const hash = createHash('sha256');
    for (const begin of [0, Math.max(0, length - sampled)]) {
      const bytes = new Uint8Array(Math.min(sampled, length));
      await this.checkpoint.readInto(name, begin, bytes);
      hash.update(bytes);
    }
    return hash.digest('hex');
  }

  /** Throws for a pattern that no tensor matches: it was meant for one. */
  checkPatterns(): void {
    const unused = this.#patterns.find(({ used }) => !used);
    if (unused === undefined) return;
    throw argumentError(this.call, `no tensor's name matches ${describe(unused.text)} of reinit`);
  }
}
