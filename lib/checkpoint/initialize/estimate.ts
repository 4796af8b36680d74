// How long a run would take, from drawing a little of each kind of tensor here and now.
import { fillByLaw, type Law } from '../../init/law.js';
import { Generator } from '../../random.js';
import { formatDuration, formatSize } from '../../units.js';
import { tensorDType } from '../safetensors/dtypes.js';
import type { CheckpointPlan } from './planned.js';
import { flatView } from './sources.js';
import { tileBytes } from './tiles.js';

/** How long a run would take. */
export interface Estimate {
  /** Drawing, from a measurement on this machine; tensors that are made as a whole (orthogonal ones) are not part of it. */
  readonly drawSeconds: number;
  readonly text: string;
}

/** Rates of disks that the text names, in bytes a second. */
const diskRates = [200e6, 1e9, 3e9];

export function estimate(plan: CheckpointPlan): Estimate {
  const kinds = new Map<string, { law: Law; dtype: NonNullable<ReturnType<typeof tensorDType>>; bytes: number }>();
  for (const { law, dtype: stored, bytes } of plan.tensors) {
    const dtype = tensorDType(stored);
    if (law === undefined || dtype === undefined) continue;
    const key = `${law.distribution} ${dtype}`;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { law, dtype, bytes });
    else kind.bytes += bytes;
  }
  const buffer = new Uint8Array(tileBytes);
  let drawSeconds = 0;
  for (const { law, dtype, bytes } of kinds.values()) {
    const view = flatView(buffer, dtype);
    const times = [0, 1, 2].map(() => {
      const start = performance.now();
      fillByLaw('initializeCheckpoint', view, law, { generator: new Generator(0) });
      return performance.now() - start;
    });
    drawSeconds += (Math.min(...times) / 1000) * (bytes / tileBytes);
  }
  const bytes = plan.shards.reduce((sum, { header }) => sum + header.size, 0);
  const writing = diskRates.map((rate) => `${formatDuration(bytes / rate)} at ${formatSize(rate)} a second`).join(', ');
  return { drawSeconds, text: `drawing takes about ${formatDuration(drawSeconds)} here, meanwhile writing ${writing}` };
}
