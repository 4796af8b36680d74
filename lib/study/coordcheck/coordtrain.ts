// The training of a coordinate check: one model at a time, and what was measured of all of them put together.
import { noGrad } from '../../autograd.js';
import { randn } from '../../creation.js';
import { argumentError } from '../../errors.js';
import type { Module } from '../../nn/index.js';
import type { Optimizer } from '../../optim/index.js';
import type { Generator } from '../../random.js';
import type { Tensor } from '../../tensor/index.js';
import {
  ActivationRecord,
  chooseLayers,
  type LayerChoice,
  type LayerRecord,
  rmsDifference,
  withoutDropout,
} from '../signals/record.js';
import type { LayerMeasurements, LayerRole, ParameterMeasurements } from './coordreport.js';

/** What one model's training left. */
export interface Run {
  readonly layers: ActivationRecord['layers'];
  /** Root mean squares of each parameter's change since initialisation, after each step. */
  readonly updates: ReadonlyMap<string, readonly number[]>;
}

/** What a model is trained on. */
interface Batch {
  readonly inputs: readonly Tensor[];
  /** Drawn from the generator, of the output's shape, where it is not given. */
  readonly target: Tensor | undefined;
  readonly generator: Generator;
}

interface TrainOptions {
  readonly steps: number;
  readonly loss: (output: Tensor, target: Tensor) => Tensor;
  readonly layers: LayerChoice;
}

const call = 'coordCheck';

/**
 * Standard normal numbers, the same for every row. At initialisation the rows of an output are much alike, so that targets of their
 * own would average out in its gradient, and leave it to the output's own size: which muP lets shrink with the width.
 */
function commonTarget({ shape, dtype }: Tensor, generator: Generator): Tensor {
  const row = randn(shape.length === 0 ? [] : [1, ...shape.slice(1)], { generator, dtype });
  return row.expand(shape).contiguous();
}

/** Trains one model on one batch, and takes down what its layers put out before the first step and after each. */
export async function train(
  model: Module,
  // biome-ignore lint/suspicious/noExplicitAny: optimisers of any options
  optimizer: Optimizer<any>,
  batch: Batch,
  { steps, loss, layers: choice }: TrainOptions,
  onStep: () => Promise<void>,
): Promise<Run> {
  const parameters = [...model.namedParameters()];
  const first = parameters.map(([, parameter]) => parameter.detach().clone());
  const updates = new Map(parameters.map(([path]) => [path, [] as number[]]));
  const restore = withoutDropout(model);
  // A choice of one's own is the whole of it.
  const whole = choice === 'parametrised' || choice === 'all';
  const record = new ActivationRecord(model, chooseLayers(call, model, choice), whole);
  try {
    let { target } = batch;
    for (let step = 1; step <= steps; step++) {
      optimizer.zeroGrad();
      const output = record.run(batch.inputs);
      target ??= commonTarget(output, batch.generator);
      loss(output, target).backward();
      optimizer.step();
      for (const [i, [path, parameter]] of parameters.entries()) {
        updates.get(path)!.push(rmsDifference(parameter, first[i]!));
      }
      await onStep();
    }
    noGrad(() => record.run(batch.inputs));
  } finally {
    record.end();
    restore();
  }
  if (record.layers.size === 0) throw argumentError(call, 'none of the layers to judge ran');
  return { layers: record.layers, updates };
}

/** Which sizes of a layer's weight differ between the narrowest and the widest model, as `presets.mup` reads them. */
function roleOf(narrow: LayerRecord, wide: LayerRecord): LayerRole {
  const [small, large] = [narrow.weight, wide.weight];
  if (small === null || large === null) return 'other';
  const grows = (dim: number) => small.shape[dim] !== large.shape[dim];
  // Its weight is [words, width]: a table of outputs.
  if (small.module === 'Embedding') return grows(1) ? 'input' : 'fixed';
  if (small.shape.length < 2) return 'other';
  if (grows(0)) return grows(1) ? 'hidden' : 'input';
  return grows(1) ? 'output' : 'fixed';
}

/**
 * Puts runs together that were made width by width, repeats of a width one after the other.
 *
 * @throws TypeError (ERR_ARGUMENT) where they have not the same layers and parameters
 */
export function joinRuns(
  call: string,
  runs: readonly Run[],
  { widths, steps, repeats }: { readonly widths: readonly number[]; readonly steps: number; readonly repeats: number },
): { layers: LayerMeasurements[]; parameters: ParameterMeasurements[] } {
  /** [repeat][width] of one number of each run. */
  const table = (pick: (run: Run) => number) =>
    Array.from({ length: repeats }, (_, r) => widths.map((_, w) => pick(runs[w * repeats + r]!)));
  const perStep = (pick: (run: Run, step: number) => number) =>
    Array.from({ length: steps }, (_, step) => table((run) => pick(run, step)));
  const [first, last] = [runs[0]!, runs.at(-1)!];
  for (const [i, run] of runs.entries()) {
    const width = widths[Math.floor(i / repeats)];
    for (const [what, ours, theirs] of [
      ['layers', first.layers, run.layers],
      ['parameters', first.updates, run.updates],
    ] as const) {
      const [wanted, got] = [ours, theirs].map((map) => [...map.keys()].join(', '));
      if (wanted === got) continue;
      throw argumentError(
        call,
        `models must have the same ${what}, got ${wanted} at width ${widths[0]}, ${got} at width ${width}`,
      );
    }
  }
  const layers = [...first.layers].map(([layer, record]) => ({
    layer,
    role: roleOf(record, last.layers.get(layer)!),
    initial: table(({ layers }) => layers.get(layer)!.sizes[0]!),
    // Pass 0 is before the first step.
    changes: perStep(({ layers }, step) => layers.get(layer)!.changes[step + 1]!),
  }));
  const parameters = [...first.updates.keys()].map((parameter) => ({
    parameter,
    changes: perStep(({ updates }, step) => updates.get(parameter)![step]!),
  }));
  return { layers, parameters };
}
