// onnxruntime-node itself, 288 MB that no other test needs: a session that multiplies matrices, whose inputs and output are
// evenkeel's tensors on the same memory. examples/09-onnx-tensors.mjs has the two conversions.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromTypedArray, Generator, randn } from '../lib/index.js';

const version = '1.30.0';
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  // Its install script would fetch the libraries for GPUs.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  execFileSync('npm', [...args, `onnxruntime-node@${version}`], { stdio: 'pipe' });
}, 300_000);

/** A field of a protocol buffer: bytes with their length, a text, or a number below 128. */
const field = (number: number, value: number | string | Buffer): Buffer => {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const message = (...fields: Buffer[]) => Buffer.concat(fields);

/** ONNX's model (onnx.proto3) of y = MatMul(x, w), of float32 matrices. */
function matmulModel(m: number, k: number, n: number): Buffer {
  const matrix = (name: string, sizes: number[]) => {
    const shape = message(...sizes.map((size) => field(1, field(1, size))));
    return message(field(1, name), field(2, field(1, message(field(1, 1), field(2, shape)))));
  };
  const node = message(field(1, 'x'), field(1, 'w'), field(2, 'y'), field(4, 'MatMul'));
  const values = [field(11, matrix('x', [m, k])), field(11, matrix('w', [k, n])), field(12, matrix('y', [m, n]))];
  const graph = message(field(1, node), field(2, 'g'), ...values);
  return message(field(1, 8), field(7, graph), field(8, field(2, 13)));
}

it('shares memory with the tensors of a session, both ways', async () => {
  const { InferenceSession, Tensor } = createRequire(join(folder, 'package.json'))('onnxruntime-node');
  const session = await InferenceSession.create(matmulModel(2, 3, 4));
  const generator = new Generator(3);
  const [x, w] = [randn(2, 3, { generator }), randn(3, 4, { generator })];
  const toOnnx = (t: typeof x) => new Tensor('float32', t.array, t.shape);
  const feeds = { x: toOnnx(x), w: toOnnx(w) };
  expect(feeds.x.data.buffer).toBe(x.array.buffer);
  for (const scale of [1, 10]) {
    // The session sees what was done to the tensor in place.
    x.mul_(scale);
    const { y } = await session.run(feeds);
    const output = fromTypedArray(y.data, y.dims);
    expect(output.array.buffer).toBe(y.data.buffer);
    expect(output.sub(x.matmul(w)).abs().max().item()).toBeLessThan(1e-4);
    output.zero_();
    expect(Array.from(y.data as Float32Array)).toEqual(new Array(8).fill(0));
  }
  await session.release();
});
