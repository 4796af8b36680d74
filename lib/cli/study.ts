// evenkeel study: the chain experiments as a table, or as JSON.
import { Command, Option } from 'commander';
import type { ChainOptions, ChainRow } from '../study/chain.js';
import { activationNames, initNames, type WeightSharing, weightSharings } from '../study/theory.js';
import { nameList, seed, usage, wholeNumber } from './arguments.js';
import { startProgress } from './progress.js';
import { decimals, gigabytes, plural, rowTable } from './report.js';

type StudyFlags = Required<Pick<ChainOptions, 'width' | 'depth' | 'repeat' | 'weights' | 'seed'>> & {
  init?: ChainOptions['init'];
  activation?: ChainOptions['activation'];
  threads?: number;
  json?: true;
};

/** The command; `version` goes into its JSON. */
export function studyCommand(version: string): Command {
  const command = new Command('study')
    .description('Sends a signal through deep chains of layers, for each way to initialise their weights.')
    .option('--width <n>', 'neurons a layer', wholeNumber(1), 512)
    .option('--depth <n>', 'layers of a chain', wholeNumber(1), 100)
    .option('--repeat <n>', 'draws of one layer that its mean square is averaged over', wholeNumber(1), 100)
    .option('--init <names>', `some of ${initNames.join(', ')} (default: all)`, nameList(initNames))
    .option('--activation <names>', `some of ${activationNames.join(', ')} (default: all)`, nameList(activationNames))
    .addOption(
      new Option('--weights <kind>', 'one matrix for all layers of a chain, or one each')
        .choices(weightSharings)
        .default('shared' satisfies WeightSharing),
    )
    .option('--seed <n>', 'of all random numbers', seed, 0)
    .option('--threads <n>', 'threads that kernels may use', wholeNumber(1, 256))
    .option('--json', 'print one JSON object and nothing else');
  return command.action((flags: StudyFlags) => study(command, version, flags));
}

async function study(command: Command, version: string, flags: StudyFlags): Promise<void> {
  // The native core is loaded here: --help and wrong flags do without.
  const { setNumThreads } = await import('../native.js');
  const { chainStudy, studyBytes } = await import('../study/chain.js');
  const { width, depth, repeat, weights, seed, threads } = flags;
  const progress = await startProgress(process.stderr);
  const rows = usage(command, () => {
    if (threads !== undefined) setNumThreads(threads);
    const bytes = studyBytes(width, flags.init);
    const available = process.availableMemory();
    if (bytes > available) {
      const sizes = `${gigabytes(bytes)} for its weights, and ${gigabytes(available)} are available`;
      return command.error(`error: width ${width} needs ${sizes}`);
    }
    return chainStudy({ ...flags, onProgress: progress.update });
  });

  if (flags.json) {
    const all = [...rows];
    progress.stop();
    // JSON.stringify turns numbers that are not finite into null; seeds beyond 2^53 are strings.
    const exact = typeof seed === 'bigint' ? String(seed) : seed;
    process.stdout.write(`${JSON.stringify({ version, seed: exact, width, depth, repeat, weights, rows: all })}\n`);
    return;
  }
  process.stdout.write(`${await title(flags)}\n\n`);
  const start = performance.now();
  const all = [...rows];
  const seconds = (performance.now() - start) / 1000;
  progress.stop();
  process.stdout.write(`${await rowTable(all)}\n${help(all, flags)}\nDone in ${decimals(seconds)} s.\n`);
}

async function title({ width, depth, weights, seed }: StudyFlags): Promise<string> {
  const { info } = await import('../native.js');
  const { blas, simd } = info();
  const machine = `${blas.library} ${blas.core}, ${simd}, ${plural(blas.threads, 'thread')}`;
  return `width ${width}, depth ${depth}, ${weights} weights, seed ${seed}; ${machine}`;
}

function help(rows: readonly ChainRow[], { weights, repeat }: StudyFlags): string {
  const drift =
    weights === 'shared' && rows.some((row) => row.activation === 'relu')
      ? 'One matrix in every layer adds a drift of its own: compare --weights fresh.\n'
      : '';
  return `A chain with an overflow layer has exploded, one whose mean and std are 0 has
vanished; good weights keep the norm ratio, |last output| / |input|, near 1.
Mean square: of one layer's output, over ${plural(repeat, 'draw')}, beside what theory expects.
${drift}`;
}
