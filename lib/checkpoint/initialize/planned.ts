// What a run is going to write.
import type { Law } from '../../init/law.js';
import type { PlanRow } from '../../init/rules.js';
import type { SafetensorsDType } from '../safetensors/dtypes.js';
import type { Header } from '../safetensors/header.js';
import type { Source } from './sources.js';

/** A tensor that is going to be written. */
export interface PlannedTensor {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** What becomes of it: as `init.initialize` says it, with 'keep' for what is copied. */
  readonly row: PlanRow;
  /** The law of its elements, where each is drawn by itself. */
  readonly law: Law | undefined;
  readonly source: Source;
  /** What its bytes depend on, as a value that JSON can write: equal for equal bytes. */
  readonly recipe: unknown;
}

/** A file that is going to be written. */
export interface PlannedShard {
  /** Its name in the checkpoint's folder. */
  readonly file: string;
  readonly path: string;
  readonly header: Header;
  readonly headerBytes: Uint8Array;
  /** In the order of their bytes. */
  readonly tensors: readonly PlannedTensor[];
}

/** All that a run is going to write. */
export interface CheckpointPlan {
  readonly folder: string;
  readonly tensors: readonly PlannedTensor[];
  readonly shards: readonly PlannedShard[];
  /** Names that stand for a stored tensor. */
  readonly tied: ReadonlyMap<string, string>;
  /** SHA-256, in hexadecimal, of all that the tensors' bytes depend on. */
  readonly digest: string;
}
