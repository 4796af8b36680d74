// Every error a user can cause: TypeError or RangeError with a stable `code`, and a message that names the call, what it
// got and what it wanted.

/** The stable codes that errors carry in their `code` property. */
export type ErrorCode =
  | 'ERR_SHAPE'
  | 'ERR_DTYPE'
  | 'ERR_RANGE'
  | 'ERR_ARGUMENT'
  | 'ERR_DETACHED'
  | 'ERR_STATE'
  | 'ERR_FORMAT'
  | 'ERR_FILE';

/** An error thrown by evenkeel: a built-in error class with a `code`. */
export type EvenkeelError = (TypeError | RangeError) & { readonly code: ErrorCode };

function coded(error: TypeError | RangeError, code: ErrorCode): EvenkeelError {
  return Object.defineProperty(error, 'code', { value: code, enumerable: true, configurable: true }) as EvenkeelError;
}

/** Shapes that do not fit together. */
export function shapeError(call: string, problem: string): EvenkeelError {
  return coded(new RangeError(`${call}: ${problem}`), 'ERR_SHAPE');
}

/** A dtype the call cannot work with. */
export function dtypeError(call: string, problem: string): EvenkeelError {
  return coded(new TypeError(`${call}: ${problem}`), 'ERR_DTYPE');
}

/** A number outside the range the call accepts. */
export function rangeError(call: string, problem: string): EvenkeelError {
  return coded(new RangeError(`${call}: ${problem}`), 'ERR_RANGE');
}

/** An argument of the wrong kind: not a tensor, not a number, an unknown option. */
export function argumentError(call: string, problem: string): EvenkeelError {
  return coded(new TypeError(`${call}: ${problem}`), 'ERR_ARGUMENT');
}

/** A tensor whose ArrayBuffer was detached (transferred) or shrunk. */
export function detachedError(call: string, problem: string): EvenkeelError {
  return coded(new TypeError(`${call}: ${problem}`), 'ERR_DETACHED');
}

/** A call that is valid, but not in this object's present state. */
export function stateError(call: string, problem: string): EvenkeelError {
  return coded(new RangeError(`${call}: ${problem}`), 'ERR_STATE');
}

/** Bytes that are not what their format asks for: a damaged file, a hostile one, or one of another format. */
export function formatError(call: string, problem: string): EvenkeelError {
  return coded(new TypeError(`${call}: ${problem}`), 'ERR_FORMAT');
}

/** A file or folder that cannot be read or written; the system's own error, where there is one, is the `cause`. */
export function fileError(call: string, problem: string, cause?: unknown): EvenkeelError {
  const error = coded(new RangeError(`${call}: ${problem}`), 'ERR_FILE');
  return cause === undefined ? error : Object.assign(error, { cause });
}

/** An error of another call, said to be `call`'s. */
export function renamed(call: string, error: unknown): unknown {
  if (error instanceof Error) error.message = error.message.replace(/^\w+: /, `${call}: `);
  return error;
}

/** A value as an error message shows it: short, unambiguous, never throwing. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => (Array.isArray(item) ? '[...]' : describe(item)));
    return `[${items.join(', ')}${value.length > 8 ? ', ...' : ''}]`;
  }
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return Object.is(value, -0) ? '-0' : String(value);
}
