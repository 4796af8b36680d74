// The results of a study as a file of JSON Lines: a header, then a line for each cell, in the order in which they were done.
// A line is written by one call, so that a process that is killed leaves whole lines, and at most one torn one at the end.
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { argumentError, describe, stateError } from '../../errors.js';
import { systemError } from '../../paths.js';
import type { CellResult } from '../cell/cell.js';
import { lines, writeFully, writeWhole } from './files.js';
import type { CellGrid, Grid } from './grid.js';
import { canonicalJson, decode, encode } from './key.js';
import { call, fieldNames } from './options.js';

const format = 'evenkeel-study';
const version = 1;

/** The first line of a file. */
interface Header {
  readonly format: string;
  readonly version: number;
  /** The hash of the grid. */
  readonly study: string;
  /** Cells of the whole grid. */
  readonly cells: number;
  readonly grid: Grid;
}

/** Where a line is in the file: without its newline. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

/** How often results are forced to the disk, in ms: what a power cut can cost. A process that dies loses nothing. */
const syncTime = 1000;

/** Work on a file; what the system has against it is told with its path. */
function ofFile<T>(call: string, doing: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemError(call, doing, path, error);
  }
}

/** The first line of a study's file, without its newline. */
function headerOf({ id, grid, cells }: CellGrid): string {
  return canonicalJson({ format, version, study: id, cells: cells.size, grid } satisfies Header);
}

/** One cell's line, without its newline. */
export function resultLine(key: string, result: CellResult): string {
  return encode({ key, result });
}

/** The result of a line of `resultLine`. */
export function parseLine(line: string): CellResult {
  return (decode(line) as { result: CellResult }).result;
}

/** Whether a text begins as the line of a cell. */
export const isLineOf = (key: string, text: string) => text.startsWith(`{"key":"${key}","result":{`);

/** Where results are kept, as lines of `resultLine`. */
export interface Results {
  /** Whether a cell's result is there. */
  has(key: string): boolean;
  /** Adds a cell's result; a second one of a cell is dropped. */
  add(key: string, line: string): void;
  /** Forces what was added to the disk. */
  sync(): void;
  /** A cell's line, which must be there. */
  line(key: string): string;
  /** Ends it; `keys` are the cells that make it complete. */
  close(keys: Iterable<string>): void;
}

/** A study's results, kept in memory. */
export class ResultsInMemory implements Results {
  readonly #lines = new Map<string, string>();

  has(key: string): boolean {
    return this.#lines.has(key);
  }

  add(key: string, line: string): void {
    if (!this.#lines.has(key)) this.#lines.set(key, line);
  }

  sync(): void {}

  line(key: string): string {
    return this.#lines.get(key)!;
  }

  close(): void {}
}

/** A study's results, kept in a file. */
export class ResultsFile implements Results {
  readonly path: string;
  readonly #study: CellGrid;
  readonly #fd: number;
  readonly #mayWrite: boolean;
  readonly #places = new Map<string, Place>();
  #synced = performance.now();

  /**
   * Opens a study's file, or begins one. What an earlier run left is taken over: whole lines stay, a torn last one is cut off.
   *
   * @param say is told what was found that should not be there
   * @param access 'read' leaves the file as it is
   * @throws TypeError (ERR_ARGUMENT) for a file that holds another study, or anything else; it is left alone
   */
  constructor(path: string, study: CellGrid, say: (message: string) => void, access: 'append' | 'read' = 'append') {
    this.path = path;
    this.#study = study;
    this.#mayWrite = access === 'append';
    const { O_RDONLY, O_RDWR, O_CREAT, O_APPEND } = constants;
    const flags = this.#mayWrite ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY;
    this.#fd = ofFile(call, 'open', path, () => openSync(path, flags, 0o666));
    try {
      ofFile(call, 'read', path, () => this.#read(say));
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  #read(say: (message: string) => void): void {
    const header = headerOf(this.#study);
    let first = true;
    let number = 0;
    let tail: { offset: number; text: string } | undefined;
    for (const { offset, bytes, whole } of lines(this.#fd)) {
      const text = bytes.toString('utf8');
      number++;
      if (!whole) {
        tail = { offset, text };
        break;
      }
      if (first) {
        this.#checkHeader(text, header);
        first = false;
      } else if (!this.#take(text, { offset, length: bytes.length })) {
        say(`${this.path}: line ${number} is no result of this study, and is left out`);
      }
    }
    if (first) {
      // Nothing, or a header that was torn.
      if (tail !== undefined && !header.startsWith(tail.text)) this.#checkHeader(tail.text, header);
      if (!this.#mayWrite) return;
      ftruncateSync(this.#fd, 0);
      this.#write(header);
      this.sync();
    } else if (tail !== undefined) {
      // JSON objects that are cut short are none: what can be read is whole but for its newline.
      const whole = this.#take(tail.text, { offset: tail.offset, length: Buffer.byteLength(tail.text) });
      if (!whole) say(`${this.path}: the last line was torn, and is left out`);
      if (!this.#mayWrite) return;
      if (whole) writeFully(this.#fd, '\n');
      else ftruncateSync(this.#fd, tail.offset);
    }
  }

  #checkHeader(text: string, expected: string): void {
    if (text === expected) return;
    const found = parseHeader(this.path, text);
    if (found.study === this.#study.id) {
      throw argumentError(call, `${this.path} is damaged: its first line does not say what its hash stands for`);
    }
    const [one, other] = [this.#study.grid, found.grid];
    const different = fieldNames.filter((name) => canonicalJson(one[name]) !== canonicalJson(other[name]));
    const listed = different.map((name) => `${name} ${canonicalJson(other[name])}, not ${canonicalJson(one[name])}`);
    throw argumentError(
      call,
      `${this.path} holds another study: ${listed.join('; ')}. Name another file, or run that study`,
    );
  }

  /** Takes down a line; whether it is a result of this study. One that is there already stays as it was. */
  #take(text: string, place: Place): boolean {
    let key: unknown;
    try {
      key = JSON.parse(text)?.key;
    } catch {
      return false;
    }
    if (typeof key !== 'string' || !this.#study.cells.has(key) || !isLineOf(key, text)) return false;
    if (!this.#places.has(key)) this.#places.set(key, place);
    return true;
  }

  /** Appends a line, and returns where it is. */
  #write(text: string): Place {
    writeFully(this.#fd, `${text}\n`);
    const length = Buffer.byteLength(text);
    return { offset: fstatSync(this.#fd).size - length - 1, length };
  }

  /** Whether a cell's result is there. */
  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** Adds a cell's result, as a line of `resultLine`; a second one of a cell is dropped. */
  add(key: string, line: string): void {
    if (this.#places.has(key)) return;
    this.#places.set(key, this.#write(line));
    if (performance.now() - this.#synced > syncTime) this.sync();
  }

  /** Forces what was added to the disk. */
  sync(): void {
    fdatasyncSync(this.#fd);
    this.#synced = performance.now();
  }

  /** A cell's line, which must be there. */
  line(key: string): string {
    const { offset, length } = this.#places.get(key)!;
    const bytes = Buffer.alloc(length);
    for (let done = 0, got = 1; done < length && got > 0; done += got) {
      got = readSync(this.#fd, bytes, done, length - done, offset + done);
    }
    const text = bytes.toString('utf8');
    if (isLineOf(key, text)) return text;
    throw stateError(call, `${this.path} was changed by another process while this one wrote to it`);
  }

  /**
   * Closes the file. One that is complete for `keys` is first replaced by one with the grid's order, in one step: it is the same
   * to the byte, however often it was interrupted, and however many workers there were.
   */
  close(keys: Iterable<string>): void {
    try {
      this.sync();
      if ([...keys].every((key) => this.has(key))) {
        const present = [...this.#study.cells.keys()].filter((key) => this.has(key));
        writeResults(this.path, this.#study, present, (key) => this.line(key));
      }
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Closes the file as it is. */
  release(): void {
    closeSync(this.#fd);
  }
}

/** Writes a file of results in one step: it is there as a whole, or what was there before. */
export function writeResults(
  path: string,
  study: CellGrid,
  keys: readonly string[],
  line: (key: string) => string,
): void {
  function* texts() {
    yield `${headerOf(study)}\n`;
    for (const key of keys) yield `${line(key)}\n`;
  }
  ofFile(call, 'write', path, () => writeWhole(path, texts()));
}

/** The header of any study's file. */
export function readHeader(call: string, path: string): Header {
  const fd = ofFile(call, 'read', path, () => openSync(path, 'r'));
  try {
    return ofFile(call, 'read', path, () => {
      for (const { bytes } of lines(fd)) return parseHeader(path, bytes.toString('utf8'));
      throw argumentError(call, `${path} is empty: expected a file of study results`);
    });
  } finally {
    closeSync(fd);
  }
}

function parseHeader(path: string, text: string): Header {
  let header: Partial<Header> | null = null;
  try {
    header = JSON.parse(text);
  } catch {}
  if (header?.format !== format) {
    throw argumentError(call, `${path} is no file of study results: it begins with ${describe(text)}`);
  }
  if (header.version !== version) {
    throw argumentError(
      call,
      `${path} has version ${describe(header.version)} of the format; this evenkeel knows ${version}`,
    );
  }
  const { study, grid } = header;
  if (typeof study !== 'string' || typeof grid !== 'object' || grid === null) {
    throw argumentError(call, `${path} is damaged: its first line names no study`);
  }
  return header as Header;
}
