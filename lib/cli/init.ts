// evenkeel init: a model's checkpoint, initialised straight to disk.
import { Command, InvalidArgumentError } from 'commander';
import type { CheckpointReport } from '../checkpoint/index.js';
import type { Rule } from '../init/rules.js';
import type { InitSpec } from '../init/table.js';
import { formatSize } from '../units.js';
import { seed, usage, wholeNumber } from './arguments.js';
import { startProgress } from './progress.js';

interface InitFlags {
  readonly model?: string;
  readonly seed: number | bigint;
  readonly rule?: Rule[];
  readonly preset?: string;
  readonly architecture?: string;
  readonly dtype?: string;
  readonly shardSize?: string;
  readonly shards?: string;
  readonly from?: string;
  readonly reinit?: string[];
  readonly dryRun?: true;
  readonly verify?: true;
  readonly threads?: number;
  readonly json?: true;
}

const added = (text: string, before: string[] = []) => [...before, text];

/** A rule as it is typed: `pattern=initialiser:option=value,option=value`. */
function rule(text: string, before: Rule[] = []): Rule[] {
  const [, match, name, options = ''] = /^([^=]+)=(\w+)(?::(.*))?$/s.exec(text) ?? [];
  if (match === undefined || name === undefined) {
    throw new InvalidArgumentError(
      "Expected pattern=initialiser, such as '*.bias=zeros' or 'lm_head.*=normal:std=0.02'.",
    );
  }
  const entries = options === '' ? [] : options.split(',').map((option) => option.split('='));
  if (!entries.every((entry) => entry.length === 2 && entry.every((part) => part.trim() !== ''))) {
    throw new InvalidArgumentError(`Expected options such as mean=0,std=0.02 after the colon, got '${options}'.`);
  }
  const value = (given: string) =>
    given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : given.trim();
  const camel = (key: string) => key.trim().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const parameters = Object.fromEntries(entries.map(([key, given]) => [camel(key!), value(given!)]));
  const initialiser = camel(name.replace(/_$/, ''));
  const init = initialiser === 'keep' ? 'keep' : ({ initialiser, ...parameters } as InitSpec);
  return [...before, { match, init }];
}

/** The command; `version` goes into its JSON. */
export function initCommand(version: string): Command {
  const command = new Command('init')
    .description(
      'Initialises a model straight to disk: safetensors files whose every value depends on the seed and the tensor alone. A run that was interrupted goes on where it stopped when it is started again.',
    )
    .argument('<out>', 'the folder to write to, or a file ending in .safetensors')
    .option(
      '--model <path>',
      "the model: a spec (JSON), a Hugging Face config.json, or an existing checkpoint whose names, shapes and dtypes it has (default: --from's)",
    )
    .option('--architecture <name>', "the model's class where a config.json does not say it: LlamaForCausalLM, ...")
    .option('--seed <n>', 'of all random numbers', seed, 0)
    .option(
      '--rule <rule>',
      "how tensors start: 'pattern=initialiser:option=value,...', for example '*.bias=zeros'; may be given again, the first that matches decides, before the model's own scheme",
      rule,
    )
    .option('--preset <name>', "torch's scheme, or gpt2's, for what no rule matches (default: family, the model's own)")
    .option('--dtype <dtype>', "bf16, f16, f32 or f64 for floating-point tensors (default: the model's, else f32)")
    .option('--shard-size <size>', 'the most that a file holds (default: 5GB)')
    .option('--shards <range>', 'which files to make, such as 3-7/16: the others are made by other machines')
    .option('--from <path>', 'a checkpoint to copy all tensors from that --reinit does not name')
    .option('--reinit <pattern>', "tensors to draw all the same, for example 'lm_head.*'; may be given again", added)
    .option('--dry-run', 'show what would be written, and how long it would take')
    .option('--verify', 'read everything back: compare all bytes, test all distributions')
    .option('--threads <n>', 'threads that kernels may use', wholeNumber(1, 256))
    .option('--json', 'print one JSON object and nothing else');
  return command.action((out: string, flags: InitFlags) => init(command, version, out, flags));
}

async function init(command: Command, version: string, out: string, flags: InitFlags): Promise<void> {
  if (flags.model === undefined && flags.from === undefined) {
    command.error("error: required option '--model <path>' not specified");
  }
  // The native core is loaded here: --help and wrong flags do without.
  const { setNumThreads } = await import('../native.js');
  const { initializeCheckpoint } = await import('../checkpoint/index.js');
  if (flags.threads !== undefined) setNumThreads(flags.threads);
  const {
    model,
    rule: rules,
    seed,
    preset,
    architecture,
    dtype,
    shardSize,
    shards,
    from,
    reinit,
    dryRun,
    verify,
  } = flags;
  const rate = (perSecond: number) => `${formatSize(Math.round(perSecond))}/s`;
  const bars = {
    writing: await startProgress(process.stderr, rate),
    verifying: await startProgress(process.stderr, rate),
  };
  const stop = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    signalled ??= signal;
    stop.abort(new Error('interrupted; files that are complete stay, run it again to go on'));
  };
  // A second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  let report: CheckpointReport;
  try {
    report = await initializeCheckpoint(out, {
      ...{ model, rules, seed, preset, architecture, dtype, shardSize, shards, from, reinit, dryRun, verify },
      signal: stop.signal,
      onProgress: ({ stage, bytes, totalBytes }) => {
        if (stage === 'verifying') bars.writing.stop();
        bars[stage].update(bytes, totalBytes);
      },
    });
  } catch (error) {
    if (signalled !== undefined && error === stop.signal.reason) {
      bars.writing.stop();
      bars.verifying.stop();
      process.stderr.write(`evenkeel: ${(error as Error).message}\n`);
      // As the shell says it of a process that a signal ended.
      process.exitCode = signalled === 'SIGINT' ? 130 : 143;
      return;
    }
    throw usage(command, () => {
      throw error;
    });
  } finally {
    bars.writing.stop();
    bars.verifying.stop();
  }
  process.stdout.write(flags.json ? `${JSON.stringify(asJson(version, seed, report))}\n` : `${report}\n`);
  if (report.verification?.ok === false) process.exitCode = 1;
}

function asJson(version: string, seed: number | bigint, report: CheckpointReport) {
  const { folder, dryRun, complete, parameters, bytes, writtenBytes, seconds, shards, tensors, tied } = report;
  return {
    version,
    seed: typeof seed === 'bigint' ? String(seed) : seed,
    ...{ folder, dryRun, complete, parameters, bytes, writtenBytes, seconds, shards, tensors, tied },
    estimate: report.estimate === null ? null : { drawSeconds: report.estimate.drawSeconds },
    verification: report.verification,
  };
}
