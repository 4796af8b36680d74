// Documents checked against schemas, with errors that say where, what was found and what was wanted.
import * as v from 'valibot';
import { describe, formatError } from '../../errors.js';
import { type Json, OtherNumber, parseJson } from '../json.js';

/** Objects and arrays within one another: more than any document here has. */
const deepest = 12;

/** The path of a value in a document: `tensors["a.weight"].shape[1]`. */
function formatPath(path: readonly v.IssuePathItem[] | undefined): string {
  return (path ?? [])
    .map(({ key }) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z_]\w*$/.test(String(key)) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

function formatIssue(issue: v.BaseIssue<unknown>): string {
  const at = formatPath(issue.path);
  // The deepest of several complaints about alternatives says most.
  const alternatives = issue.issues?.filter((inner) => inner.path !== undefined && inner.path.length > 0) ?? [];
  if (alternatives.length > 0) {
    const inner = formatIssue(alternatives[0]!);
    return at === '' ? inner : `${at}${inner.startsWith('[') ? '' : '.'}${inner}`;
  }
  const found = describe(issue.input);
  const where = at === '' ? '' : `${at}: `;
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${where}unknown key`;
  if (issue.input === undefined) return `${where}missing`;
  return `${where}expected ${wanted(issue)}, got ${found}`;
}

const kinds: Readonly<Record<string, string>> = {
  Object: 'an object',
  Array: 'an array',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
};

function wanted({ kind, message, expected }: v.BaseIssue<unknown>): string {
  const own = /^expected (.*)$/s.exec(message);
  if (own !== null) return own[1]!;
  if (kind === 'schema' && expected !== null) {
    return expected
      .replace(/^\(|\)$/g, '')
      .split(' | ')
      .map((name) => kinds[name] ?? name)
      .join(' or ');
  }
  return expected ?? message;
}

/**
 * The document as its schema has it.
 *
 * @param source what errors call the document
 * @throws TypeError (ERR_FORMAT) that lists up to three things that are wrong
 */
export function validate<T>(call: string, source: string, schema: v.GenericSchema<unknown, T>, document: unknown): T {
  const result = v.safeParse(schema, document);
  if (result.success) return result.output;
  const problems = result.issues.map(formatIssue);
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : '';
  throw formatError(call, `${source}: ${problems.slice(0, 3).join('; ')}${more}`);
}

function plain(value: Json): unknown {
  if (value instanceof OtherNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  // Without a prototype, so that `__proto__` is a key like any other.
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of value) object[key] = plain(inner);
  return object;
}

/** The value of a JSON document, in which equal keys are an error. Editors end it with a line feed, some begin it with a mark. */
export function parseDocument(call: string, source: string, text: string): unknown {
  const bare = text.replace(/^\uFEFF/, '').replace(/[ \t\r\n]+$/, '');
  return plain(parseJson(call, source, bare, deepest));
}
