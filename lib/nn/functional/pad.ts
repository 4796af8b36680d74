import { checkNumber } from '../../arguments.js';
import { argumentError, describe, rangeError, shapeError } from '../../errors.js';
import { type DimPadding, type PadMode, paddedShape, padOp } from '../../ops/index.js';
import { checkShape, formatShape } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';

const modes: readonly PadMode[] = ['constant', 'reflect', 'replicate', 'circular'];

/**
 * More elements at the ends of the last dimensions.
 *
 * @param padding how many before and after: a pair for the last dimension, then one for the dimension before it, …; in mode
 * 'constant' numbers below 0 cut elements off
 * @param mode what they are: `value`, the elements mirrored at the first and last ('reflect'), the first and last repeated
 * ('replicate'), or those of the other end ('circular')
 * @param value 0 by default
 * @throws RangeError (ERR_SHAPE) where more is to be mirrored or repeated than there is
 * @example
 * nn.functional.pad(tensor([1, 2, 3]), [2, 1], 'reflect'); // tensor([3., 2., 1., 2., 3., 2.])
 */
export function pad(input: Tensor, padding: readonly number[], mode: PadMode = 'constant', value = 0): Tensor {
  const call = 'pad';
  const { shape } = operand(call, input);
  if (!modes.includes(mode)) {
    throw argumentError(call, `unknown mode ${describe(mode)}; expected one of ${modes.join(', ')}`);
  }
  const number = checkNumber(call, 'value', value);
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || !padding.every(Number.isSafeInteger)) {
    throw argumentError(call, `padding must be pairs of whole numbers, got ${describe(padding)}`);
  }
  if (padding.length > 2 * shape.length) {
    throw shapeError(call, `${padding.length / 2} pairs do not fit shape ${formatShape(shape)}`);
  }
  const dims: DimPadding[] = [];
  for (let i = 0; i < padding.length; i += 2) {
    const [dim, before, after] = [shape.length - 1 - i / 2, padding[i]!, padding[i + 1]!];
    checkAmount(call, mode, shape[dim]!, before, after);
    dims.push({ dim, before, after });
  }
  checkShape(call, paddedShape(shape, dims));
  return apply(call, padOp, [input], { mode, value: number, padding: dims });
}

function checkAmount(call: string, mode: PadMode, size: number, before: number, after: number): void {
  if (mode === 'constant') {
    if (size + Math.min(before, 0) + Math.min(after, 0) < 0) {
      throw shapeError(call, `cannot cut ${before} and ${after} off a dimension of size ${size}`);
    }
    return;
  }
  if (before < 0 || after < 0)
    throw rangeError(call, `mode ${mode} cannot cut elements off, got ${before} and ${after}`);
  const most = { reflect: size - 1, replicate: size === 0 ? 0 : Infinity, circular: size }[mode];
  if (Math.max(before, after) > most) {
    throw shapeError(call, `mode ${mode} cannot add ${before} and ${after} to a dimension of size ${size}`);
  }
}
