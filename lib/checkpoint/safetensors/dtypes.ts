// Element types of safetensors, all that the format knows, and which of them are ours.
import type { DType } from '../../dtype.js';
import type { Shape } from '../../shape.js';

interface Row {
  /** Bits of an element; several of those below 8 share a byte. */
  readonly bits: number;
  /** The dtype of our tensors that has the same elements, bit for bit. */
  readonly dtype?: DType;
}

/**
 * In the format's own order, which is that of alignment: files are laid out from the last to the first
 * (github.com/huggingface/safetensors, `Dtype` in safetensors/src/tensor.rs, version 0.8).
 */
const rows = {
  BOOL: { bits: 8, dtype: 'bool' },
  F4: { bits: 4 },
  F6_E2M3: { bits: 6 },
  F6_E3M2: { bits: 6 },
  U8: { bits: 8, dtype: 'uint8' },
  I8: { bits: 8 },
  F8_E5M2: { bits: 8 },
  F8_E4M3: { bits: 8 },
  F8_E8M0: { bits: 8 },
  F8_E4M3FNUZ: { bits: 8 },
  F8_E5M2FNUZ: { bits: 8 },
  I16: { bits: 16 },
  U16: { bits: 16 },
  F16: { bits: 16, dtype: 'float16' },
  BF16: { bits: 16, dtype: 'bfloat16' },
  I32: { bits: 32, dtype: 'int32' },
  U32: { bits: 32 },
  F32: { bits: 32, dtype: 'float32' },
  C64: { bits: 64 },
  F64: { bits: 64, dtype: 'float64' },
  I64: { bits: 64, dtype: 'int64' },
  U64: { bits: 64 },
} as const satisfies Record<string, Row>;

/** Element type of a tensor in a safetensors file. */
export type SafetensorsDType = keyof typeof rows;

const table: ReadonlyMap<string, Row> = new Map(Object.entries(rows));

/** Names of the format's element types, from the least aligned to the most. */
export const safetensorsDTypes = Object.keys(rows) as readonly SafetensorsDType[];

const ranks = new Map(safetensorsDTypes.map((name, rank) => [name, rank] as const));
const ours = new Map(safetensorsDTypes.map((name) => [tensorDType(name), name] as const));

export function isSafetensorsDType(name: unknown): name is SafetensorsDType {
  return typeof name === 'string' && table.has(name);
}

/** The format's name of one of our dtypes. */
export function safetensorsDType(dtype: DType): SafetensorsDType {
  return ours.get(dtype)!;
}

/** Our dtype of the same elements, or undefined where there is none. */
export function tensorDType(dtype: SafetensorsDType): DType | undefined {
  return table.get(dtype)?.dtype;
}

/** Bits of an element. */
export function elementBits(dtype: SafetensorsDType): number {
  return table.get(dtype)!.bits;
}

/** Where a dtype stands in the format's order of alignment. */
export function alignmentRank(dtype: SafetensorsDType): number {
  return ranks.get(dtype)!;
}

/**
 * Bytes of a tensor's elements, or what keeps it from having any number of them: sizes whose product is no exact number, or
 * elements of 4 or 6 bits that do not fill their last byte (the format refuses those too).
 */
export function byteLength(dtype: SafetensorsDType, shape: Shape): number | string {
  const bits = elementBits(dtype);
  let count = 1;
  for (const size of shape) {
    // As the reference, step by step: sizes that overflow before they meet a 0 are refused.
    count *= size;
    if (!(count <= Number.MAX_SAFE_INTEGER)) return 'has more elements than a file can hold';
  }
  const rest = (count % 8) * bits;
  if (rest % 8 !== 0) return `ends within a byte, with ${count} elements of ${bits} bits`;
  const bytes = Math.floor(count / 8) * bits + rest / 8;
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : 'has more bytes than a file can hold';
}
