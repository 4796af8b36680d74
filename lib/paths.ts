// Paths that users give, and what the system has against them, in words.
import { fileURLToPath } from 'node:url';
import { getSystemErrorMap } from 'node:util';
import { argumentError, describe, fileError } from './errors.js';

/** Checks a path given by a user, as a string or a file: URL. */
export function checkPath(call: string, path: unknown): string {
  const text = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path;
  if (typeof text !== 'string' || text === '' || text.includes('\0')) {
    throw argumentError(
      call,
      `expected a path as a string or a file: URL, got ${describe(path instanceof URL ? path.href : path)}`,
    );
  }
  return text;
}

/** The code of a system error, such as ENOENT, or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof errno === 'number' ? code : undefined;
}

/** What went wrong with a file, in words: errors that are not the system's stay what they are. */
export function systemError(call: string, doing: string, path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const [, words] = getSystemErrorMap().get((error as NodeJS.ErrnoException).errno!) ?? [];
  return fileError(call, `cannot ${doing} ${path}: ${words ?? 'the system refuses'} (${code})`, error);
}
