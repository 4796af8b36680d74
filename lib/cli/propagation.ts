// evenkeel study with any option that only propagation studies have: grids of networks, measured layer by layer.
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StudyOptions, StudyResult } from '../study/sweep/study.js';
import { names, numberList, parseOption, seed, usage, wholeNumber } from './arguments.js';
import { startProgress } from './progress.js';
import { plural } from './report.js';
import { addReportOptions, type ReportFlags, reportKinds, writeReports } from './reports.js';

/** The options of both kinds of studies, as they were typed. */
interface SharedFlags {
  readonly width?: string;
  readonly depth?: string;
  readonly init?: string;
  readonly activation?: string;
  readonly seed?: string;
  readonly threads?: number;
  readonly json?: true;
}

/** The options of propagation studies, as they were typed. */
interface PropagationFlags extends SharedFlags, ReportFlags {
  readonly gain?: string;
  readonly sigmaW?: string;
  readonly sigmaB?: string;
  readonly batch?: string;
  readonly correlation?: string;
  readonly inputs?: string;
  readonly residual?: string;
  readonly normalisation?: string;
  readonly image?: string;
  readonly materialize?: string;
  readonly law?: true;
  readonly repeats?: string;
  readonly backward: boolean;
  readonly spectrum?: string;
  readonly out?: string;
  readonly csv?: string;
  readonly workers?: number;
  readonly cells?: string;
  readonly queue?: string;
}

const group = 'Propagation studies (any of these makes it one; values may be lists, 1,2,4, and ranges, 0.5:2:0.25):';
const sweeps = 'Sweeps of propagation studies:';

const options = [
  [group, '--gain <list>', 'gain of initialisers that have one'],
  [group, '--sigma-w <list>', 'standard deviation of Gaussian weights times sqrt(fan-in), in place of --init'],
  [group, '--sigma-b <list>', 'standard deviation of biases (default: 0)'],
  [group, '--batch <list>', 'inputs of a batch (default: 2)'],
  [group, '--correlation <list>', 'between each two inputs (default: 0.5)'],
  [group, '--inputs <file>', 'a batch in place of drawn inputs: rows of numbers, JSON or comma-separated'],
  [group, '--residual <list>', 'factor of residual branches, or none (default: none)'],
  [group, '--normalisation <list>', 'none, layer, batch (default: none)'],
  [group, '--image <list>', 'side of images for 3 x 3 convolutions, or none (default: none)'],
  [group, '--materialize <list>', 'weights in memory: auto, always, never (default: auto)'],
  [group, '--law', 'draw pre-activations by their law, without weights'],
  [group, '--repeats <list>', 'networks drawn for each cell (default: 10)'],
  [group, '--no-backward', 'measure no gradients'],
  [group, '--spectrum <list>', 'singular values of Jacobians: none, extremes, all (default: none)'],
  [sweeps, '--out <file>', 'append results to a file of JSON Lines; the same command goes on from there'],
  [sweeps, '--csv <file>', 'write results as comma-separated values, a line for each layer'],
  [sweeps, '--workers <n>', 'cells that run at the same time (default: one for each processor)', wholeNumber(1, 1024)],
  [sweeps, '--cells <i/n>', 'run a share of the cells, for batch schedulers; join files with study merge'],
  [sweeps, '--queue <url>', 'let workers of a Redis server run the cells: redis://host:port'],
] as const;

/** Adds the options of propagation studies to a command. */
export function addPropagationOptions(command: Command): void {
  for (const [heading, flags, description, parse] of options) {
    const option = new Option(flags, description).helpGroup(heading);
    command.addOption(parse === undefined ? option : option.argParser(parse));
  }
  addReportOptions(command);
}

/** The option that makes a command line a propagation study; undefined where there is none. */
export function propagationOption(command: Command): string | undefined {
  const reports = reportKinds.map((kind) => `--${kind} <file>`);
  const own = [...options.map(([, flags]) => flags), ...reports].map(
    (flags) => command.options.find((option) => option.flags === flags)!,
  );
  return own.find((option) => command.getOptionValueSource(option.attributeName()) === 'cli')?.long;
}

const orNull = (text: string): (number | null)[] =>
  text.split(',').flatMap((item) => (item.trim() === 'none' ? [null] : numberList(item)));

const modes: Readonly<Record<string, string>> = { auto: 'auto', always: 'materialized', never: 'matrix-free' };

function modeList(text: string): string[] {
  return text.split(',').map((item) => {
    const mode = modes[item.trim()];
    if (mode === undefined) throw new InvalidArgumentError(`'${item}' is none of ${Object.keys(modes).join(', ')}.`);
    return mode;
  });
}

const seeds = (text: string): (number | bigint)[] =>
  text.includes(':') ? numberList(text) : text.split(',').map((item) => seed(item.trim()));

/** A batch of inputs from a file: an array of rows, or a line for each input. */
function readInputs(command: Command, file: string): number[][] {
  const refuse = (why: string) => command.error(`error: option '--inputs <file>' got '${file}': ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (/^\s*\[/.test(text)) {
    try {
      return JSON.parse(text) as number[][];
    } catch (error) {
      return refuse((error as Error).message);
    }
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line, i) =>
    line.split(',').map((item) => {
      const value = item.trim() === '' ? Number.NaN : Number(item);
      return Number.isFinite(value) ? value : refuse(`line ${i + 1} has '${item.trim()}' where a number belongs.`);
    }),
  );
}

/** The options of `study` that the flags ask for. What they are worth is checked there. */
function optionsOf(command: Command, flags: PropagationFlags): StudyOptions {
  const list = <T>(flag: string, text: string | undefined, parse: (text: string) => T[]) =>
    text === undefined ? undefined : parseOption(command, flag, text, parse);
  if (flags.law && flags.materialize !== undefined) {
    command.error(`error: option '--law' draws no weights: it cannot be used with option '--materialize <list>'`);
  }
  const gains = list('--gain', flags.gain, numberList);
  const inits = list('--init', flags.init, names);
  if (gains !== undefined && inits === undefined) {
    command.error(`error: option '--gain <list>' needs an option '--init <names>' whose initialisers have a gain`);
  }
  const specs = gains && inits?.flatMap((initialiser) => gains.map((gain) => ({ initialiser, gain })));
  const given = {
    width: list('--width', flags.width, numberList),
    depth: list('--depth', flags.depth, numberList),
    activation: list('--activation', flags.activation, names),
    init: specs ?? inits,
    sigmaW: list('--sigma-w', flags.sigmaW, numberList),
    sigmaB: list('--sigma-b', flags.sigmaB, numberList),
    batch: list('--batch', flags.batch, numberList),
    correlation: list('--correlation', flags.correlation, numberList),
    inputs: flags.inputs === undefined ? undefined : readInputs(command, flags.inputs),
    residual: list('--residual', flags.residual, orNull),
    normalisation: list('--normalisation', flags.normalisation, names),
    image: list('--image', flags.image, orNull),
    mode: flags.law ? 'in-law' : list('--materialize', flags.materialize, modeList),
    repeats: list('--repeats', flags.repeats, numberList),
    seed: list('--seed', flags.seed, seeds),
    backward: flags.backward,
    spectrum: list('--spectrum', flags.spectrum, names),
    file: flags.out,
    workers: flags.workers,
    threads: flags.threads,
    cells: flags.cells,
    queue: flags.queue,
  };
  return given as StudyOptions;
}

/** Runs a propagation study; `version` goes into its JSON. */
export async function propagation(command: Command, version: string, flags: PropagationFlags): Promise<void> {
  const options = optionsOf(command, flags);
  // The native core is loaded here: --help and wrong flags do without.
  const { study } = await import('../study/sweep/study.js');
  const stop = new AbortController();
  let signalled: 'SIGINT' | 'SIGTERM' | undefined;
  const interrupt = (signal: 'SIGINT' | 'SIGTERM') => {
    signalled ??= signal;
    stop.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const progress = await startProgress(process.stderr);
  const say = (message: string) =>
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}evenkeel: ${message}\n`);
  let [done, total] = [0, 0];
  let found: StudyResult;
  try {
    found = await study({
      ...options,
      signal: stop.signal,
      onMessage: say,
      onProgress: (now) => {
        [done, total] = [now.done, now.total];
        progress.update(now.done + now.running, now.total);
      },
    });
  } catch (error) {
    progress.stop();
    if (signalled === undefined) {
      throw usage(command, () => {
        throw error;
      });
    }
    const kept =
      flags.out === undefined
        ? '; --out would have kept them'
        : `: they are in ${flags.out}; the same command goes on from there`;
    say(`stopped with ${done} of ${plural(total, 'cell')} done${kept}`);
    process.exitCode = signalled === 'SIGINT' ? 130 : 143;
    return;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    progress.stop();
  }
  await report(version, flags, found);
  if (found.failures.length > 0) {
    const { describeCell } = await import('../study/sweep/grid.js');
    for (const { cell, message } of found.failures) say(`${describeCell(cell)}: ${message}`);
    say(`${plural(found.failures.length, 'cell')} failed; the same command tries again`);
    process.exitCode = 1;
  }
}

/** Writes what was found to where the flags want it. */
async function report(version: string, flags: PropagationFlags, found: StudyResult): Promise<void> {
  if (flags.csv !== undefined) {
    const { studyCsv } = await import('../study/sweep/csv.js');
    const { writeWhole } = await import('../study/sweep/files.js');
    writeWhole(flags.csv, studyCsv(found.results));
  }
  await writeReports(flags, found.results);
  if (flags.json) {
    const { encode } = await import('../study/sweep/key.js');
    const { study, results, failures } = found;
    process.stdout.write(`${encode({ version, study, results, failures })}\n`);
    return;
  }
  const { studyTable } = await import('../study/report/index.js');
  process.stdout.write(`${studyTable(found.results, { columns: Math.max(80, process.stdout.columns ?? 100) })}\n`);
}
