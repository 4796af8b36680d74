// npm run bench: evenkeel against OpenBLAS in a C loop and against PyTorch. See README.md beside this file.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { evenkeel, rawPeer, torchPeer } from './peers.mjs';
import { machineLines, remarks, toRows, toTable } from './report.mjs';

const usage = `usage: npm run bench -- [options]

  --filter TEXT     only the cases whose name contains TEXT
  --threads 1,2     the thread counts to measure (default: 1 and 2, as far as there are cores)
  --rounds N        how often each implementation has its turn (default: 5)
  --json            one JSON object on standard output, progress on standard error
  --help            this text

Set EVENKEEL_BENCH_PYTHON to a Python that has PyTorch to compare with it.

cases:
${cases.map(({ name }) => `  ${name}`).join('\n')}
`;

/** How long an implementation's turn lasts, in seconds. */
const turn = 0.1;
/** Between turns: threads of the one before may still spin. */
const pause = 10;

class UsageError extends Error {}

function integers(flag, text, max) {
  const values = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (values.some((value) => !(value >= 1 && value <= max))) {
    throw new UsageError(`${flag}: expected whole numbers from 1 to ${max}, but got ${JSON.stringify(text)}`);
  }
  return values;
}

function parse(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        filter: { type: 'string', default: '' },
        threads: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  const cores = os.availableParallelism();
  const threads =
    values.threads === undefined ? [1, 2].filter((n) => n <= cores) : integers('--threads', values.threads, 256);
  const rounds = integers('--rounds', values.rounds, 1000);
  if (rounds.length !== 1) throw new UsageError('--rounds: expected one number');
  const chosen = cases.filter(({ name }) => name.toLowerCase().includes(values.filter.toLowerCase()));
  if (chosen.length === 0) throw new UsageError(`--filter: no case's name contains ${JSON.stringify(values.filter)}`);
  return { ...values, threads: [...new Set(threads)], rounds: rounds[0], chosen };
}

/** The times of every round, by implementation. They take turns, so that what else the machine does hits all alike. */
async function measure(row, threads, implementations, rounds) {
  const runners = [];
  try {
    for (const implementation of implementations) {
      const runner = await implementation.open(row, threads);
      if (runner !== undefined) runners.push({ name: implementation.name, runner });
    }
    const times = Object.fromEntries(runners.map(({ name }) => [name, []]));
    for (let i = 0; i < rounds; i++) {
      for (const { name, runner } of runners) {
        times[name].push((await runner.round(turn)).ms);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return { row, threads, times };
  } catch (error) {
    return { row, threads, times: {}, failure: error.message };
  } finally {
    for (const { runner } of runners) await runner.close();
  }
}

async function packageInfo() {
  try {
    return (await import('evenkeel')).info();
  } catch (error) {
    throw new Error(`the package cannot be loaded; is it built? Try \`npm run setup\`. ${error.message}`);
  }
}

async function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const work = options.chosen.flatMap((row) =>
    options.threads.filter((n) => row.threads?.includes(n) ?? true).map((threads) => ({ row, threads })),
  );
  if (work.length === 0) throw new UsageError('--threads: the chosen cases are measured at other counts only');
  const note = (text) => process.stderr.write(text);
  const info = await packageInfo();
  const raw = rawPeer(info.blas.core);
  const python = process.env.EVENKEEL_BENCH_PYTHON;
  let torch;
  try {
    torch = python ? await torchPeer(python) : undefined;
  } catch (error) {
    throw new Error(`EVENKEEL_BENCH_PYTHON=${python} does not run PyTorch: ${error.message}`);
  }
  const peers = [raw, torch].filter((peer) => peer !== undefined);
  const machine = `${machineLines(info, raw, torch).join('\n')}\n\n`;
  if (options.json) note(machine);
  else process.stdout.write(machine);

  const results = [];
  for (const { row, threads } of work) {
    const what = `[${results.length + 1}/${work.length}] ${row.name}, ${threads} thread${threads === 1 ? '' : 's'}`;
    note(process.stderr.isTTY ? `\r\x1b[K${what}` : `${what}\n`);
    const result = await measure(row, threads, [evenkeel, ...peers], options.rounds);
    if (result.failure !== undefined) note(`${process.stderr.isTTY ? '\n' : ''}failed: ${result.failure}\n`);
    results.push(result);
  }
  if (process.stderr.isTTY) note('\r\x1b[K');
  await torch?.quit();

  if (options.json) {
    process.stdout.write(`${JSON.stringify({ cases: toRows(results) }, null, 2)}\n`);
  } else {
    const names = peers.map(({ name }) => name);
    process.stdout.write(`${toTable(results, names)}\n\n${remarks(results)}\n`);
  }
  return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  if (error instanceof UsageError) process.stderr.write('Try --help.\n');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
