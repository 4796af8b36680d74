// What a run did, or would do: an object for programs, a table for people.
import { columns } from '../../columns.js';
import { formatShape, numElements } from '../../shape.js';
import { formatSize } from '../../units.js';
import type { Estimate } from './estimate.js';
import type { CheckpointPlan, PlannedShard, PlannedTensor } from './planned.js';
import type { CheckpointVerification } from './verify.js';

/** A file of the checkpoint. */
export interface ShardReport {
  readonly file: string;
  readonly bytes: number;
  readonly tensors: number;
  /** Written by this run; found complete; planned only; of another machine's range, and not there yet. */
  readonly state: 'written' | 'found' | 'planned' | 'missing';
}

/** What a report is made of. */
export interface Outcome {
  readonly dryRun: boolean;
  readonly written: ReadonlySet<PlannedShard>;
  readonly found: ReadonlySet<PlannedShard>;
  readonly seconds: number;
  readonly leftovers: readonly string[];
  readonly estimate?: Estimate;
  readonly verification?: CheckpointVerification;
}

/** What `initializeCheckpoint` did, or with `dryRun` would do. Prints as a table. */
export class CheckpointReport {
  readonly #plan: CheckpointPlan;
  readonly dryRun: boolean;
  readonly folder: string;
  readonly shards: readonly ShardReport[];
  /** Whether all shards are there, and the index where there are several. */
  readonly complete: boolean;
  /** Elements of all tensors. */
  readonly parameters: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Bytes that this run wrote, and how long it took. */
  readonly writtenBytes: number;
  readonly seconds: number;
  /** Unfinished files of other plans in the folder. */
  readonly leftovers: readonly string[];
  /** With `dryRun`: how long it would take. */
  readonly estimate: Estimate | null;
  /** With `verify`: what reading back found. */
  readonly verification: CheckpointVerification | null;

  /** @internal */
  constructor(plan: CheckpointPlan, outcome: Outcome) {
    const { dryRun, written, found } = outcome;
    this.#plan = plan;
    this.dryRun = dryRun;
    this.folder = plan.folder;
    this.shards = plan.shards.map((shard) => ({
      file: shard.file,
      bytes: shard.header.size,
      tensors: shard.tensors.length,
      state: written.has(shard) ? 'written' : found.has(shard) ? 'found' : dryRun ? 'planned' : 'missing',
    }));
    this.complete = this.shards.every(({ state }) => state === 'written' || state === 'found');
    this.parameters = plan.tensors.reduce((sum, { shape }) => sum + numElements(shape), 0);
    this.bytes = plan.shards.reduce((sum, { header }) => sum + header.size, 0);
    this.writtenBytes = [...written].reduce((sum, { header }) => sum + header.size, 0);
    this.seconds = outcome.seconds;
    this.leftovers = outcome.leftovers;
    this.estimate = outcome.estimate ?? null;
    this.verification = outcome.verification ?? null;
  }

  /** Every tensor: its name, shape, safetensors dtype, initialiser with its options or 'keep', and target distribution. */
  get tensors() {
    return this.#plan.tensors.map(({ name, shape, dtype, row }) => ({
      name,
      shape,
      dtype,
      init: row.init,
      mean: row.target?.mean ?? null,
      std: row.target?.std ?? null,
    }));
  }

  /** Names that stand for a stored tensor and are not stored themselves, with that tensor's name. */
  get tied(): Record<string, string> {
    return Object.fromEntries(this.#plan.tied);
  }

  /** The tensors as lines of text; those of layers that are alike share one. */
  table(): string {
    const groups = new Map<string, { cells: string[]; count: number }>();
    for (const tensor of this.#plan.tensors) {
      const cells = describeTensor(tensor);
      const key = cells.join('\0');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { cells, count: 1 });
      else group.count++;
    }
    const lines = [...groups.values()].map(({ cells: [name, ...rest], count }) => [
      name!,
      count === 1 ? '' : `${count} x`,
      ...rest,
    ]);
    const header = ['tensor', '', 'shape', 'dtype', 'initialiser', 'mean', 'std'];
    return columns([header, ...lines], [0, 2, 3, 4]);
  }

  toString(): string {
    const tensors = counted(this.#plan.tensors.length, 'tensor');
    const parameters = counted(this.parameters, 'parameter');
    const size = `${tensors}, ${parameters}, ${formatSize(this.bytes)} in ${counted(this.shards.length, 'file')}`;
    return [this.table(), '', size, ...this.#ending()].join('\n');
  }

  #ending(): string[] {
    const { estimate, verification } = this;
    const lines: string[] = [];
    for (const [name, to] of this.#plan.tied) lines.push(`${name} is ${to}, and not stored`);
    if (estimate !== null) lines.push(estimate.text);
    if (!this.dryRun) {
      const found = this.shards.filter(({ state }) => state === 'found').length;
      if (found > 0) lines.push(`${found} of ${this.shards.length} files were complete already`);
      if (this.writtenBytes > 0) {
        const rate = formatSize(this.writtenBytes / this.seconds);
        lines.push(`wrote ${formatSize(this.writtenBytes)} in ${this.seconds.toFixed(1)} s, ${rate} a second`);
      }
      const missing = this.shards.filter(({ state }) => state === 'missing').length;
      if (missing > 0) lines.push(`${missing} of ${this.shards.length} files are missing: other runs are to make them`);
    }
    if (verification !== null) {
      const { bytes, tested, problems } = verification;
      const counts = `${formatSize(bytes)} read back, ${tested} distributions tested`;
      lines.push(`${counts}: ${problems.length === 0 ? 'all as planned' : counted(problems.length, 'problem')}`);
      for (const { name, file, problem } of problems.slice(0, 20)) lines.push(`  ${name} (${file}): ${problem}`);
    }
    for (const name of this.leftovers) lines.push(`left alone: ${name}, unfinished, of another plan`);
    return lines;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A tensor's cells, with its numbers as stars: equal for layers that are alike. */
function describeTensor({ name, shape, dtype, row }: PlannedTensor): string[] {
  const number = (x: number | undefined) => (x === undefined ? '' : String(+x.toPrecision(5)));
  const init = row.init === 'keep' ? 'kept' : row.init.initialiser;
  return [
    name.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*'),
    formatShape(shape),
    dtype,
    init,
    number(row.target?.mean),
    number(row.target?.std),
  ];
}

const counted = (n: number, noun: string) => `${n.toLocaleString('en-GB')} ${noun}${n === 1 ? '' : 's'}`;
