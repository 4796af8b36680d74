// evenkeel study: the chain experiments as a table, or as JSON; or a propagation study.
import { Command, Option } from 'commander';
import type { ChainOptions, ChainRow } from '../study/chain/chain.js';
import { activationNames, initNames, type WeightSharing, weightSharings } from '../study/chain/theory.js';
import { nameList, parseOption, seed, usage, wholeNumber } from './arguments.js';
import { mergeCommand } from './merge.js';
import { startProgress } from './progress.js';
import { addPropagationOptions, propagation, propagationOption } from './propagation.js';
import { decimals, gigabytes, plural, rowTable } from './report.js';

type StudyFlags = Required<Pick<ChainOptions, 'width' | 'depth' | 'repeat' | 'weights' | 'seed'>> & {
  init?: ChainOptions['init'];
  activation?: ChainOptions['activation'];
  threads?: number;
  json?: true;
};

/** The same as they were typed: a propagation study reads some of them otherwise. */
type TypedFlags = Pick<StudyFlags, 'repeat' | 'weights' | 'threads' | 'json'> & {
  width?: string;
  depth?: string;
  seed?: string;
  init?: string;
  activation?: string;
  backward: boolean;
};

/** An option given again adds to what it had. */
const added = (text: string, before?: string) => (before === undefined ? text : `${before},${text}`);

/** The command; `version` goes into its JSON. */
export function studyCommand(version: string): Command {
  const command = new Command('study')
    .description(
      'Sends a signal through deep chains of layers, for each way to initialise their weights; or, with any option of propagation studies, measures each network of a grid layer by layer.',
    )
    .option('--width <n>', 'neurons a layer (default: 512)')
    .option('--depth <n>', 'layers of a chain (default: 100)')
    .option('--repeat <n>', 'draws of one layer that its mean square is averaged over', wholeNumber(1), 100)
    .option(
      '--init <names>',
      `some of ${initNames.join(', ')} (default: all); in propagation studies initialisers of torch.nn.init (default: kaiming_normal)`,
      added,
    )
    .option(
      '--activation <names>',
      `some of ${activationNames.join(', ')} (default: all); in propagation studies also tanh, gelu, ... (default: relu)`,
      added,
    )
    .addOption(
      new Option('--weights <kind>', 'one matrix for all layers of a chain, or one each')
        .choices(weightSharings)
        .default('shared' satisfies WeightSharing),
    )
    .option('--seed <n>', 'of all random numbers (default: 0)')
    .option('--threads <n>', 'threads that kernels may use', wholeNumber(1, 256))
    .option('--json', 'print one JSON object and nothing else');
  addPropagationOptions(command);
  command.addCommand(mergeCommand());
  return command.action(async (flags: TypedFlags) => {
    const chosen = propagationOption(command);
    if (chosen === undefined) return study(command, version, chainFlags(command, flags));
    for (const name of ['repeat', 'weights']) {
      if (command.getOptionValueSource(name) !== 'cli') continue;
      command.error(
        `error: option '--${name}' is of chains: it cannot be used with option '${chosen}' of propagation studies`,
      );
    }
    return propagation(command, version, flags);
  });
}

function chainFlags(command: Command, flags: TypedFlags): StudyFlags {
  const { repeat, weights, threads, json } = flags;
  const given = <T>(name: 'width' | 'depth' | 'seed' | 'init' | 'activation', parse: (text: string) => T) => {
    const text = flags[name];
    return text === undefined ? undefined : parseOption(command, `--${name}`, text, parse);
  };
  const init = given('init', nameList(initNames));
  const activation = given('activation', nameList(activationNames));
  return {
    ...{ repeat, weights },
    width: given('width', wholeNumber(1)) ?? 512,
    depth: given('depth', wholeNumber(1)) ?? 100,
    seed: given('seed', seed) ?? 0,
    ...(init && { init }),
    ...(activation && { activation }),
    ...(threads !== undefined && { threads }),
    ...(json && { json }),
  };
}

async function study(command: Command, version: string, flags: StudyFlags): Promise<void> {
  // The native core is loaded here: --help and wrong flags do without.
  const { setNumThreads } = await import('../native.js');
  const { chainStudy, studyBytes } = await import('../study/chain/chain.js');
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
