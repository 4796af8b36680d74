// npm run bench: evenkeel against OpenBLAS in a C loop, PyTorch, NumPy and TensorFlow.js. See README.md beside this file.
import os from 'node:os';
import { parse, UsageError, usage } from './options.mjs';
import {
  evenkeel,
  materialised,
  memory,
  numpyPeer,
  oneThread,
  packagePeer,
  rawPeers,
  tfjsBackends,
  tfjsPeer,
  torchPeer,
} from './peers.mjs';

import { leastDisturbed, untilIdle } from './quiet.mjs';
import { environment, noise, remarks, toRows } from './report.mjs';
import { machineLines, toTable } from './table.mjs';

/** How long an implementation's turn lasts, in seconds. */
const turn = 0.1;
/** Between turns: threads of the one before may still spin. */
const pause = 10;

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

/** PyTorch and NumPy, as far as the Python has them. */
async function pythonPeers(python) {
  if (!python) return [];
  const tried = await Promise.allSettled([torchPeer(python), numpyPeer(python)]);
  const found = tried.flatMap(({ value }) => value ?? []);
  if (found.length > 0) return found;
  throw new Error(`EVENKEEL_BENCH_PYTHON=${python} runs neither PyTorch nor NumPy: ${tried[0].reason.message}`);
}

async function tfjsPeers(folder) {
  if (!folder) return [];
  try {
    return [await tfjsPeer(folder)];
  } catch (error) {
    throw new Error(`EVENKEEL_BENCH_TFJS=${folder} has no @tensorflow/tfjs that runs: ${error.message}`);
  }
}

/** nblas and @stdlib/blas, as far as the folder has them. */
async function packagePeers(folder) {
  if (!folder) return [];
  const tried = await Promise.allSettled(['nblas', 'stdlib'].map((name) => packagePeer(name, folder)));
  const found = tried.flatMap(({ value }) => value ?? []);
  if (found.length > 0) return found;
  throw new Error(
    `EVENKEEL_BENCH_BLAS=${folder} has neither nblas nor @stdlib/blas that runs: ${tried[0].reason.message}`,
  );
}

async function main() {
  const options = parse(process.argv.slice(2), os.availableParallelism());
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const note = (text) => process.stderr.write(text);
  const info = await packageInfo();
  const { EVENKEEL_BENCH_PYTHON: python, EVENKEEL_BENCH_TFJS: folder, EVENKEEL_BENCH_BLAS: packages } = process.env;
  const peers = [
    ...rawPeers(info.blas.core),
    ...(await packagePeers(packages)),
    ...(await tfjsPeers(folder)),
    ...(await pythonPeers(python)),
  ];
  const where = environment(info, peers);
  const head = `${machineLines(where).join('\n')}\n\n`;
  if (options.json) note(head);
  else process.stdout.write(head);

  const results = [];
  for (const { row, threads } of options.work) {
    const what = `[${results.length + 1}/${options.work.length}] ${row.name}, ${threads} thread${threads === 1 ? '' : 's'}`;
    note(process.stderr.isTTY ? `\r\x1b[K${what}` : `${what}\n`);
    const result = await leastDisturbed(
      () =>
        measure(row, threads, [evenkeel, oneThread, memory, materialised, ...tfjsBackends, ...peers], options.rounds),
      options.retries,
      noise,
      () => untilIdle(60),
    );
    if (result.failure !== undefined) note(`${process.stderr.isTTY ? '\n' : ''}failed: ${result.failure}\n`);
    results.push(result);
  }
  if (process.stderr.isTTY) note('\r\x1b[K');
  for (const peer of peers) await peer.quit?.();

  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...where, rounds: options.rounds, cases: toRows(results) }, null, 2)}\n`);
  } else {
    process.stdout.write(`${toTable(results)}\n\n${remarks(results)}\n`);
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
