// What a run is going to write, worked out before anything is: every tensor with its dtype and where its bytes come from, and
// the files with their headers.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type DType, dtypes } from '../../dtype.js';
import { argumentError, describe } from '../../errors.js';
import { fillByLaw } from '../../init/law.js';
import type { Rule } from '../../init/rules.js';
import { initialiser } from '../../init/table.js';
import { Generator } from '../../random.js';
import { formatSize } from '../../units.js';
import { allocateView } from '../../view.js';
import type { DescribedTensor, ModelDescription } from '../model/description.js';
import { checkCovered, type PlannedRow, planDescription } from '../model/plan.js';
import { safetensorsDType } from '../safetensors/dtypes.js';
import { layOut } from '../safetensors/header.js';
import { shardName, singleName, splitShards } from '../safetensors/sharded.js';
import type { Base } from './base.js';
import type { CheckpointPlan, PlannedShard, PlannedTensor } from './planned.js';
import { bytesOf, digestOf, drawn, drawnWhole, held, type Source, withZeros } from './sources.js';

export interface PlanOptions {
  readonly description: ModelDescription;
  readonly rules: readonly Rule[];
  readonly seed: number | bigint;
  readonly dtype: DType | undefined;
  readonly folder: string;
  /** The file's name where the checkpoint is to be one file. */
  readonly file: string | undefined;
  readonly shardSize: number;
  /** What tensors are copied from. */
  readonly base: Base | undefined;
}

/** Names a plan's digest; changes when the same recipe would give other bytes. */
const recipeVersion = 'evenkeel/checkpoint/1';

export async function planCheckpoint(call: string, options: PlanOptions): Promise<CheckpointPlan> {
  const { description, rules, seed, base } = options;
  const root = new Generator(seed);
  const rows = planDescription(description, rules);
  checkCovered(
    call,
    description,
    rows.filter(({ path }) => base?.keeps(path) !== true),
  );
  const tensors: PlannedTensor[] = [];
  for (const [i, tensor] of description.tensors.entries()) {
    const kept = await base?.plan(tensor, rows[i]!, options.dtype);
    tensors.push(kept ?? planTensor(call, tensor, rows[i]!, dtypeOf(options, tensor), root));
  }
  if (tensors.length === 0) throw argumentError(call, `${description.source} has no tensors`);
  const digest = createHash('sha256')
    .update(
      JSON.stringify([recipeVersion, tensors.map(({ name, dtype, shape, recipe }) => [name, dtype, shape, recipe])]),
    )
    .digest('hex');
  const metadata = {
    format: 'pt',
    ...base?.checkpoint.metadata,
    ...Object.fromEntries(description.tied),
    'evenkeel.plan': digest,
    'evenkeel.seed': String(root.initialSeed()),
  };
  return {
    folder: options.folder,
    tensors,
    shards: planShards(call, tensors, metadata, options),
    tied: description.tied,
    digest,
  };
}

/** The dtype that is asked for, for floating-point tensors; else the tensor's own, the base's, the model's, float32. */
function dtypeOf({ dtype, description, base }: PlanOptions, { name, dtype: own }: DescribedTensor): DType {
  const given = own ?? base?.dtypeOf(name) ?? description.dtype ?? 'float32';
  return dtype !== undefined && dtypes[given].kind === 'float' ? dtype : given;
}

function planTensor(
  call: string,
  tensor: DescribedTensor,
  row: PlannedRow,
  dtype: DType,
  root: Generator,
): PlannedTensor {
  const { name, shape, value } = tensor;
  const { zeroRow } = row;
  const bytes = bytesOf(call, name, shape, dtype);
  const planned = { name, dtype: safetensorsDType(dtype), shape, bytes, row };
  if (row.init === 'keep') {
    if (value === undefined)
      throw argumentError(call, `no rule says how ${name} starts, and nothing is there to be kept`);
    const source = held(call, value, dtype);
    return { ...planned, law: undefined, source, recipe: { kept: digestOf(call, value) } };
  }
  const { initialiser: kind, ...parameters } = row.init;
  const law = initialiser(name, row.init).law(shape);
  let [source, recipe]: [Source, object] =
    law === undefined
      ? [drawnWhole(call, name, row.init, shape, dtype, root), { kind, ...parameters }]
      : [drawn(call, name, law, dtype, root), law];
  // What the law's fill refuses is to be known before anything is written.
  if (law !== undefined)
    fillByLaw(`${call}: ${name}`, allocateView(call, [0], dtype), law, { generator: root.spawn(name) });
  if (zeroRow !== undefined) {
    const length = bytes / shape[0]!;
    source = withZeros(source, zeroRow * length, (zeroRow + 1) * length);
    recipe = { ...recipe, zeroRow };
  }
  // Constants are the same for every seed.
  const random = law?.distribution !== 'constant';
  const sorted = Object.fromEntries(Object.entries(recipe).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ...planned,
    law,
    source,
    recipe: random ? { seed: String(root.initialSeed()), ...sorted } : sorted,
  };
}

function planShards(
  call: string,
  tensors: readonly PlannedTensor[],
  metadata: Record<string, string>,
  { folder, file, shardSize }: PlanOptions,
): PlannedShard[] {
  const groups = splitShards(tensors, shardSize);
  if (file !== undefined && groups.length > 1) {
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    throw argumentError(
      call,
      `${formatSize(bytes)} make ${groups.length} shards of at most ${formatSize(shardSize)}: name a folder in place of ${describe(file)}, or a larger shard size`,
    );
  }
  return groups.map((group, i) => {
    const name = file ?? (groups.length === 1 ? singleName : shardName(i + 1, groups.length));
    const { header, bytes: headerBytes } = layOut(call, group, metadata);
    const byName = new Map(group.map((tensor) => [tensor.name, tensor]));
    const ordered = [...header.tensors.keys()].map((key) => byName.get(key)!);
    return { file: name, path: join(folder, name), header, headerBytes, tensors: ordered };
  });
}
