// Files of the shares of a study, joined.
import { argumentError, describe } from '../../errors.js';
import type { Cell } from '../cell/cell.js';
import { makeGrid } from './grid.js';
import { ResultsFile, readHeader, writeResults } from './results.js';

/** What a merge made. */
export interface MergeResult {
  /** Cells of the whole study. */
  readonly total: number;
  /** Those that no file has, in the grid's order. */
  readonly missing: readonly Cell[];
}

const call = 'mergeStudies';

/** Whether the system could have such a file. */
const isPath = (path: unknown) => typeof path === 'string' && path !== '' && !path.includes('\0');

/**
 * Joins files of results of one study into one, in the grid's order: that of all shares is the same to the byte as that of a
 * study in one piece. The file that is made may be among those that are read.
 *
 * @param say is told what was found that should not be there
 * @throws TypeError (ERR_ARGUMENT) for files of different studies, or of none; what is there stays
 * @example
 * // mergeStudies('all.jsonl', ['share1.jsonl', 'share2.jsonl']).missing.length;
 */
export function mergeStudies(
  output: string,
  inputs: readonly string[],
  say: (message: string) => void = (message) => process.emitWarning(message),
): MergeResult {
  if (!isPath(output)) {
    throw argumentError(call, `expected the name of the file to make, got ${describe(output)}`);
  }
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every(isPath)) {
    throw argumentError(call, `expected the names of the files to join, got ${describe(inputs)}`);
  }
  const headers = inputs.map((input) => readHeader(call, input));
  const [first] = headers;
  const other = headers.findIndex(({ study }) => study !== first!.study);
  if (other >= 0) {
    throw argumentError(
      call,
      `${inputs[0]} and ${inputs[other]} hold different studies: only shares of one can be joined`,
    );
  }
  const { grid } = first!;
  const study = makeGrid({ ...grid, inputs: grid.inputs[0] });
  if (study.id !== first!.study) {
    throw argumentError(call, `${inputs[0]} is damaged: its first line does not say what its hash stands for`);
  }
  const files: ResultsFile[] = [];
  try {
    for (const path of inputs) files.push(new ResultsFile(path, study, say, 'read'));
    const holder = (key: string) => files.find((file) => file.has(key));
    const keys = [...study.cells.keys()];
    writeResults(
      output,
      study,
      keys.filter((key) => holder(key) !== undefined),
      (key) => holder(key)!.line(key),
    );
    const missing = keys.filter((key) => holder(key) === undefined).map((key) => study.cells.get(key)!);
    return { total: keys.length, missing };
  } finally {
    for (const file of files) file.release();
  }
}
