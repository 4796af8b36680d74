// Values of options, as text, checked.
import { type Command, InvalidArgumentError } from 'commander';

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number, ${range}.`);
  };
}

/** A seed: a number where it is exact, else a bigint. */
export function seed(text: string): number | bigint {
  const value = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 2n ** 64n) throw new InvalidArgumentError('Expected a whole number from 0 to 2^64 - 1.');
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Some of `names`, separated by commas; an option given again adds to what it had. */
export function nameList<Name extends string>(names: readonly Name[]): (text: string, before?: Name[]) => Name[] {
  return (text, before = []) => {
    const given = text.split(',').map((name) => name.trim());
    const unknown = given.find((name) => !(names as readonly string[]).includes(name));
    if (unknown === undefined) return [...before, ...(given as Name[])];
    throw new InvalidArgumentError(`'${unknown}' is none of ${names.join(', ')}.`);
  };
}

/** Runs `check`; what evenkeel refuses there is wrong usage, and ends the command as such. */
export function usage<T>(command: Command, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^ERR_(ARGUMENT|RANGE|SHAPE)$/.test(String(error.code))) {
      command.error(`error: ${error.message}`);
    }
    throw error;
  }
}
