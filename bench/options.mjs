// The command line of run.mjs.
import { parseArgs } from 'node:util';
import { cases, groups, isIn } from './cases.mjs';

/** A wrong option. */
export class UsageError extends Error {}

const list = (group) =>
  cases
    .filter((row) => row.group === group)
    .map((row) => `  ${isIn(row, 'brief') ? '*' : ' '} ${row.name}`)
    .join('\n');

export const usage = `usage: npm run bench -- [options]

  --group A,B       groups of cases (default: brief; with --filter: all)
${Object.entries(groups)
  .map(([name, what]) => `                      ${name.padEnd(10)}${what}`)
  .join('\n')}
  --filter TEXT     only the cases whose name contains TEXT
  --threads 1,2     the thread counts to measure (default: 1 and 2, as far as there are cores)
  --rounds N        how often each implementation has its turn (default: 5)
  --retries N       measure a line with a spread above 20% again, up to N times, each time after waiting up to a minute
                    for the machine to be idle, and keep the one with the least spread (default: 0)
  --json            one JSON object on standard output, progress on standard error
  --help            this text

Compared where it is to be found: set EVENKEEL_BENCH_PYTHON to a Python that has PyTorch or NumPy, EVENKEEL_BENCH_TFJS to a
folder in which @tensorflow/tfjs is installed, EVENKEEL_BENCH_BLAS to one with nblas or packages of @stdlib/blas.

cases, * the brief ones:
${[...new Set(cases.map(({ group }) => group))].map((group) => ` ${group}\n${list(group)}`).join('\n')}
`;

function integer(flag, text, min, max) {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag}: expected a whole number from ${min} to ${max}, but got ${JSON.stringify(text)}`);
}

function groupsOf(text) {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (Object.hasOwn(groups, name)) continue;
    const known = Object.keys(groups).join(', ');
    throw new UsageError(`--group: there is no group ${JSON.stringify(name)}; expected some of ${known}`);
  }
  return names;
}

/** The rows of the groups whose name contains the text. */
function choose(names, filter) {
  const matching = cases.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
  const chosen = matching.filter((row) => names.some((group) => isIn(row, group)));
  if (chosen.length > 0) return chosen;
  const elsewhere = [...new Set(matching.map(({ group }) => group))].join(', ');
  const hint = elsewhere === '' ? '' : `; there are some in ${elsewhere}`;
  throw new UsageError(
    `--filter: no case of ${names.join(', ')} contains ${JSON.stringify(filter)} in its name${hint}`,
  );
}

/**
 * What the arguments ask for: { help, json, rounds, retries, work }, where work has a { row, threads } for each line to measure.
 *
 * @param cores as many threads can run at once
 * @throws UsageError
 */
export function parse(args, cores) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        group: { type: 'string' },
        filter: { type: 'string', default: '' },
        threads: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        retries: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  const counts =
    values.threads === undefined
      ? [1, 2].filter((n) => n <= cores)
      : values.threads.split(',').map((text) => integer('--threads', text, 1, 256));
  const rows = choose(groupsOf(values.group ?? (values.filter === '' ? 'brief' : 'all')), values.filter);
  const work = rows.flatMap((row) =>
    [...new Set(counts)]
      .filter((threads) => row.threads?.includes(threads) ?? true)
      .map((threads) => ({ row, threads })),
  );
  if (work.length === 0) throw new UsageError('--threads: the chosen cases are measured at other counts only');
  return {
    help: values.help,
    json: values.json,
    rounds: integer('--rounds', values.rounds, 1, 1000),
    retries: integer('--retries', values.retries, 0, 100),
    work,
  };
}
