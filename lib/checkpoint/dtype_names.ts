// Element types as people, PyTorch, safetensors and configuration files write them.
import { type DType, dtypes } from '../dtype.js';
import { describe, dtypeError } from '../errors.js';
import { isSafetensorsDType, tensorDType } from './safetensors/dtypes.js';

const names: Readonly<Record<string, DType>> = {
  float32: 'float32',
  float: 'float32',
  f32: 'float32',
  fp32: 'float32',
  float64: 'float64',
  double: 'float64',
  f64: 'float64',
  fp64: 'float64',
  float16: 'float16',
  half: 'float16',
  f16: 'float16',
  fp16: 'float16',
  bfloat16: 'bfloat16',
  bf16: 'bfloat16',
  int64: 'int64',
  long: 'int64',
  i64: 'int64',
  int32: 'int32',
  int: 'int32',
  i32: 'int32',
  uint8: 'uint8',
  u8: 'uint8',
  bool: 'bool',
};

/** The dtype that a name means; undefined for a name that is none. */
export function dtypeNamed(name: unknown): DType | undefined {
  if (typeof name !== 'string') return undefined;
  if (isSafetensorsDType(name)) return tensorDType(name);
  const plain = name.replace(/^torch\./, '');
  return Object.hasOwn(names, plain) ? names[plain] : undefined;
}

/** What a message says that a dtype's name must be. */
export const dtypeNames = `one of ${Object.keys(names).join(', ')}`;

/** Checks a dtype given by any of its names: 'bf16', 'bfloat16', 'torch.bfloat16', 'BF16'. */
export function parseDType(call: string, what: string, name: unknown): DType {
  const dtype = dtypeNamed(name);
  if (dtype !== undefined) return dtype;
  throw dtypeError(call, `${what}: unknown dtype ${describe(name)}; expected ${dtypeNames}`);
}

/** Whether elements of the dtype can be drawn: those that are not hold counts, indices or flags. */
export const isFloating = (dtype: DType) => dtypes[dtype].kind === 'float';
