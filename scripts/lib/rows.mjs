// Checks in rows, each with a name: those that are asked for are all run, whichever fail, and counted.
import { Failure, seconds } from './run.mjs';

/** The rows whose names contain one of the words; all without words. */
export function chooseRows(rows, words) {
  const chosen = rows.filter((row) => words.length === 0 || words.some((word) => row.name.includes(word)));
  if (chosen.length > 0) return chosen;
  throw new Failure(`no row is called that; there are:\n${rows.map(({ name }) => name).join('\n')}`);
}

/**
 * Runs rows one after the other and prints how many passed and failed, on a line of its own at the end.
 *
 * @param passed prints what is to be said of a row's output, and of the time that it took
 * @returns the exit status
 */
export async function runRows(rows, passed) {
  let failed = 0;
  for (const row of rows) {
    const start = performance.now();
    console.log(`\n${row.name} ...`);
    try {
      passed(await row.run(), () => seconds(start));
    } catch (error) {
      failed++;
      console.log(error instanceof Failure ? error.message : error);
      console.log(`FAILED after ${seconds(start)}: ${row.name}`);
    }
  }
  console.log(`\n${rows.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}
