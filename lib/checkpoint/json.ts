// JSON as file formats need it. JSON.parse keeps the last of two equal keys, takes `__proto__` for a name like any other only
// by luck of the caller, and rounds whole numbers beyond 2^53; each of these lets a file say one thing to one reader and another
// to the next. Here equal keys are an error, objects are Maps, and a number is a number only where it is exact.
import { formatError } from '../errors.js';

/** A number that is not a whole one from 0 to 2^53 - 1, as it is written. */
export class OtherNumber {
  constructor(readonly text: string) {}
}

/** A value of a JSON text; numbers are whole and exact. */
export type Json = string | number | boolean | null | OtherNumber | Json[] | Map<string, Json>;

/** Longer ones are no number of anybody's, and would cost a regular expression its stack. */
const longestNumber = 400;

const wholeNumber = /^(?:0|[1-9]\d*)$/;
const anyNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * The value of a JSON text (RFC 8259), which may have spaces after it but no other white space there.
 *
 * @param call the call that errors name
 * @param source what errors say the text is, such as `/tmp/model.safetensors: the header`
 * @param depth how deep objects and arrays may be nested
 * @throws TypeError (ERR_FORMAT) for anything but strict JSON, for equal keys in one object, and for unpaired surrogates
 */
export function parseJson(call: string, source: string, text: string, depth: number): Json {
  const reader = new Reader(call, source, text);
  const value = reader.value(depth);
  reader.end();
  return value;
}

class Reader {
  #at = 0;

  constructor(
    readonly call: string,
    readonly source: string,
    readonly text: string,
  ) {}

  value(depth: number): Json {
    this.#skip();
    const first = this.text[this.#at];
    if (first === '"') return this.#string();
    if (first === '{' || first === '[') {
      if (depth === 0) throw this.#error('has values nested too deep');
      return first === '{' ? this.#object(depth - 1) : this.#array(depth - 1);
    }
    return this.#numberOrWord();
  }

  end(): void {
    while (this.text[this.#at] === ' ') this.#at++;
    if (this.#at < this.text.length) throw this.#error('goes on after its end');
  }

  #error(problem: string): Error {
    return formatError(this.call, `${this.source} ${problem} (character ${this.#at} of ${this.text.length})`);
  }

  #skip(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  /** Steps over one of two characters, and says which it was. */
  #oneOf(a: string, b: string): string {
    this.#skip();
    const found = this.text[this.#at];
    if (found !== a && found !== b) throw this.#error(`is no JSON: expected ${a} or ${b}`);
    this.#at++;
    return found;
  }

  #object(depth: number): Map<string, Json> {
    const object = new Map<string, Json>();
    this.#at++;
    this.#skip();
    if (this.text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    do {
      this.#skip();
      if (this.text[this.#at] !== '"') throw this.#error('is no JSON: expected a key in quotation marks');
      const key = this.#string();
      if (object.has(key)) throw this.#error(`has the key ${shorten(JSON.stringify(key))} twice`);
      this.#oneOf(':', ':');
      object.set(key, this.value(depth));
    } while (this.#oneOf(',', '}') === ',');
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    this.#skip();
    if (this.text[this.#at] === ']') {
      this.#at++;
      return array;
    }
    do array.push(this.value(depth));
    while (this.#oneOf(',', ']') === ',');
    return array;
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let i = start + 1; i < this.text.length; i++) {
      const code = this.text.charCodeAt(i);
      if (code === 0x22) {
        this.#at = i + 1;
        return escaped ? this.#unescape(start) : this.text.slice(start + 1, i);
      }
      if (code < 0x20) {
        this.#at = i;
        throw this.#error('is no JSON: a control character in a string');
      }
      if (code === 0x5c) {
        escaped = true;
        i++;
      }
    }
    throw this.#error('is no JSON: a string without an end');
  }

  /** What the string from `start` up to here means. JSON.parse knows escapes; the text around them has been looked at. */
  #unescape(start: number): string {
    let value: string;
    try {
      value = JSON.parse(this.text.slice(start, this.#at)) as string;
    } catch {
      throw this.#error('is no JSON: an unknown escape in a string');
    }
    if (value.isWellFormed()) return value;
    throw this.#error('has half of a surrogate pair in a string, which is no character');
  }

  #numberOrWord(): number | boolean | null | OtherNumber {
    const start = this.#at;
    let end = start;
    while (end - start <= longestNumber && /[-+.\w]/.test(this.text.charAt(end))) end++;
    const token = this.text.slice(start, end);
    const word = words.get(token);
    if (word === undefined && (end - start > longestNumber || !anyNumber.test(token))) {
      throw this.#error(start >= this.text.length ? 'ends too early' : 'is no JSON: expected a value');
    }
    this.#at = end;
    if (word !== undefined) return word;
    const number = Number(token);
    return wholeNumber.test(token) && Number.isSafeInteger(number) ? number : new OtherNumber(token);
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A JSON value as an error message shows it. */
export function describeJson(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value instanceof OtherNumber) return shorten(value.text);
  if (value instanceof Map) return 'an object';
  if (Array.isArray(value)) {
    return shorten(`[${value.slice(0, 8).map(describeJson).join(', ')}${value.length > 8 ? ', ...' : ''}]`);
  }
  return typeof value === 'string' ? shorten(JSON.stringify(value)) : String(value);
}
