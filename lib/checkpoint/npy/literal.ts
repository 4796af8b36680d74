// Python literals as headers of .npy files have them: dictionaries, tuples and lists, strings, whole numbers, True, False, None.

/** A literal; tuples and lists are arrays, and numbers are whole and exact. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

/** Deeper ones are no header. */
const maxDepth = 8;

/**
 * The value of a text that holds one literal, with white space around it.
 *
 * @param wrong makes the error for what is no literal, for equal keys, and for numbers that are negative or beyond 2^53 - 1
 */
export function parseLiteral(text: string, wrong: (problem: string) => Error): Literal {
  const reader = new Reader(text, wrong);
  const value = reader.value(maxDepth);
  reader.end();
  return value;
}

class Reader {
  #at = 0;

  constructor(
    readonly text: string,
    readonly wrong: (problem: string) => Error,
  ) {}

  /** What the next token is, if it is of this pattern; stepped over. */
  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(`[ \\t\\r\\n]*(${pattern.source})`, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.text);
    if (found === null) return undefined;
    this.#at = sticky.lastIndex;
    return found[1]!;
  }

  end(): void {
    if (this.#take(/$/) === undefined) throw this.#unreadable();
  }

  #unreadable(): Error {
    return this.wrong(`cannot be read from character ${this.#at} on`);
  }

  value(depth: number): Literal {
    if (depth === 0) throw this.wrong('has values nested too deep');
    const string = this.#string();
    if (string !== undefined) return string;
    const number = this.#take(/-?\d+L?\b/);
    if (number !== undefined) return this.#number(number);
    const word = this.#take(/(?:True|False|None)\b/);
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    if (this.#take(/\{/) !== undefined) return this.#dictionary(depth - 1);
    if (this.#take(/\(/) !== undefined) return this.#items(/\)/, depth - 1);
    if (this.#take(/\[/) !== undefined) return this.#items(/\]/, depth - 1);
    throw this.#unreadable();
  }

  #string(): string | undefined {
    // Names of types need no escapes.
    return this.#take(/'[^'\\\n]*'|"[^"\\\n]*"/)?.slice(1, -1);
  }

  /** Python 2 writes an L behind some. */
  #number(text: string): number {
    const number = Number(text.replace('L', ''));
    if (!Number.isSafeInteger(number) || text.startsWith('-')) {
      throw this.wrong(`has the number ${text.slice(0, 40)}; expected one from 0 to 2^53 - 1`);
    }
    return number;
  }

  #items(close: RegExp, depth: number): Literal[] {
    const items: Literal[] = [];
    while (this.#take(close) === undefined) {
      items.push(this.value(depth));
      if (this.#take(/,/) === undefined && !this.#sees(close)) throw this.#unreadable();
    }
    return items;
  }

  #dictionary(depth: number): Map<string, Literal> {
    const entries = new Map<string, Literal>();
    while (this.#take(/\}/) === undefined) {
      const key = this.#string();
      if (key === undefined || this.#take(/:/) === undefined) throw this.#unreadable();
      if (entries.has(key)) throw this.wrong(`has the key '${key.slice(0, 40)}' twice`);
      entries.set(key, this.value(depth));
      if (this.#take(/,/) === undefined && !this.#sees(/\}/)) throw this.#unreadable();
    }
    return entries;
  }

  #sees(pattern: RegExp): boolean {
    const at = this.#at;
    const found = this.#take(pattern) !== undefined;
    this.#at = at;
    return found;
  }
}

/** A literal as an error message shows it. */
export function describeLiteral(value: Literal | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof Map) return 'a dictionary';
  if (Array.isArray(value))
    return `(${value.slice(0, 8).map(describeLiteral).join(', ')}${value.length > 8 ? ', ...' : ''})`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'` : String(value);
}
