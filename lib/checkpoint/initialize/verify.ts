// Reads a checkpoint back: every byte against the plan drawn anew, and every drawn tensor against the distribution it should have.
import { type FileHandle, open } from 'node:fs/promises';
import { verify } from '../../init/verify.js';
import { numElements } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { tensorDType } from '../safetensors/dtypes.js';
import type { PlannedShard, PlannedTensor } from './planned.js';
import { flatView } from './sources.js';
import { tileBytes, tilesOf } from './tiles.js';
import { drawTile } from './write.js';

/** What was wrong with a tensor. */
export interface TensorProblem {
  readonly name: string;
  readonly file: string;
  readonly problem: string;
}

/** What reading back found. */
export interface CheckpointVerification {
  readonly ok: boolean;
  /** Bytes that were compared. */
  readonly bytes: number;
  /** Tensors whose distribution was tested: those whose elements are drawn by themselves. */
  readonly tested: number;
  readonly problems: readonly TensorProblem[];
}

/** The most elements of a tensor that the distribution is tested on. */
const mostTested = 1 << 20;

/**
 * Verifies complete shards. Mean, standard deviation, bounds and distribution are tested on the first 2^20 elements of a tensor
 * (`init.verify`; a healthy tensor fails with a probability below 3e-6); equality with the plan, on all of them.
 */
export async function verifyShards(
  shards: readonly PlannedShard[],
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<CheckpointVerification> {
  const problems: TensorProblem[] = [];
  let [bytes, tested] = [0, 0];
  const [expected, found] = [new Uint8Array(tileBytes), new Uint8Array(tileBytes)];
  for (const shard of shards) {
    const file = await open(shard.path, 'r');
    try {
      for (const tile of tilesOf(shard.tensors)) {
        signal?.throwIfAborted();
        await drawTile(tile, expected);
        const there = await readAt(file, found.subarray(0, tile.length), shard.header.dataStart + tile.begin);
        for (const { tensor, begin, at, length } of tile.pieces) {
          const report = (problem: string) => problems.push({ name: tensor.name, file: shard.file, problem });
          if (there < at + length) {
            report('the file ends before it does');
            continue;
          }
          const piece = found.subarray(at, at + length);
          if (Buffer.compare(piece, expected.subarray(at, at + length)) !== 0) {
            report(`differs from what the plan gives, between bytes ${begin} and ${begin + length} of it`);
          }
          if (begin === 0 && hasLaw(tensor)) {
            tested++;
            for (const problem of testDistribution(tensor, piece)) report(problem);
          }
        }
        bytes += tile.length;
        onBytes(tile.length);
      }
    } finally {
      await file.close();
    }
  }
  return { ok: problems.length === 0, bytes, tested, problems };
}

async function readAt(file: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

const hasLaw = ({ row, shape }: PlannedTensor) => row.target?.cdf !== undefined && numElements(shape) > 0;

function testDistribution({ dtype, row }: PlannedTensor, piece: Uint8Array): string[] {
  const view = flatView(piece, tensorDType(dtype)!);
  const count = Math.min(mostTested, view.shape[0]!);
  return verify(new Tensor({ ...view, shape: [count] }), row.target!).problems;
}
