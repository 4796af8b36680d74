// The gradient checks: every operation with a gradient, on inputs where it is smooth. test/gradients.test.ts compares each
// gradient with central differences of the operation itself, in float64. The rows of the tables of test/cases/ops.ts are
// among them by themselves.
import * as evenkeel from '../../lib/index.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { binaryCases, conv2dCases, reductionCases, unaryCases } from './ops.js';

const { functional } = evenkeel.nn;

export interface GradientCheck {
  readonly name: string;
  readonly run: (...inputs: Tensor[]) => Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** Where the inputs lie; -2 to 2 unless given. */
  readonly range?: readonly [low: number, high: number];
}

type Method = (...args: unknown[]) => Tensor;
const call = (t: Tensor, name: string, ...args: unknown[]) =>
  (t[name as keyof Tensor] as unknown as Method).apply(t, args);

/** Roots and logarithms, and their like. */
const positive: Readonly<Record<string, readonly [number, number]>> = {
  sqrt: [0.3, 4],
  rsqrt: [0.3, 4],
  log: [0.3, 4],
  pow: [0.3, 2],
};

const rows: GradientCheck[] = [];
const add = (name: string, run: GradientCheck['run'], shapes: GradientCheck['shapes'], range?: [number, number]) =>
  rows.push({ name, run, shapes, ...(range && { range }) });

for (const name of Object.keys(unaryCases)) {
  const range = positive[name];
  rows.push({ name, run: (x) => call(x, name), shapes: [[3, 4]], ...(range && { range }) });
  // In place, on a view.
  rows.push({
    name: `${name}_`,
    run: (x) => {
      const y = x.clone();
      call(y.t().select(0, 1), `${name}_`);
      return y.mul(x);
    },
    shapes: [[3, 4]],
    ...(range && { range }),
  });
}
for (const name of [...Object.keys(binaryCases), 'maximum', 'minimum']) {
  const range = positive[name];
  const pairs: [number[], number[]][] = [
    [
      [3, 4],
      [3, 4],
    ],
    [
      [3, 1],
      [2, 1, 4],
    ],
    [[], [5]],
  ];
  for (const shapes of pairs) rows.push({ name, run: (x, y) => call(x, name, y), shapes, ...(range && { range }) });
  if (name === 'maximum' || name === 'minimum') continue;
  for (const number of [3, -1.5, 0.5]) {
    rows.push({ name: `${name} ${number}`, run: (x) => call(x, name, number), shapes: [[7]], ...(range && { range }) });
  }
}
for (const [name, { option, params = [0] }] of Object.entries(reductionCases)) {
  for (const param of params.filter((p) => p !== 0 || option !== 'p')) {
    for (const dims of [undefined, 0, [0, 2]]) {
      if (name === 'prod' && Array.isArray(dims)) continue;
      const args = option === 'p' ? [param, dims] : [dims, option && { [option]: param }];
      rows.push({
        name: `${name} ${option ?? ''} ${param} over ${dims}`,
        run: (x) => call(x, name, ...args),
        shapes: [[4, 3, 2]],
      });
    }
  }
}

add('clamp', (x) => x.clamp(-1, 1.3), [[9]]);
add('relu', (x) => x.relu(), [[9]]);
add('leakyRelu', (x) => x.leakyRelu(0.2), [[9]]);
add('gelu', (x) => x.gelu(), [[9]]);
add('gelu by tanh', (x) => x.gelu({ approximate: 'tanh' }), [[9]]);
add('elu', (x) => x.elu(1.5), [[9]]);
add('selu', (x) => x.selu(), [[9]]);
add('softplus', (x) => x.softplus(2, 3), [[9]]);
for (const dim of [0, -1]) {
  add(`softmax ${dim}`, (x) => x.softmax(dim), [[3, 4]]);
  add(`logSoftmax ${dim}`, (x) => x.logSoftmax(dim), [[3, 4]]);
}
add('where', (x, y) => evenkeel.where(x.detach().gt(0.3), x, y), [
  [3, 1],
  [1, 4],
]);

// Products.
for (const [name, shapes] of Object.entries<(readonly number[])[]>({
  mm: [
    [2, 3],
    [3, 4],
  ],
  mv: [[2, 3], [3]],
  dot: [[4], [4]],
  bmm: [
    [2, 2, 3],
    [2, 3, 2],
  ],
})) {
  add(name, (x, y) => call(x, name, y), shapes);
}
for (const shapes of [
  [[3], [2, 3, 2]],
  [
    [2, 3],
    [2, 3, 2],
  ],
  [[2, 2, 3], [3]],
  [
    [2, 1, 2, 3],
    [3, 3, 2],
  ],
]) {
  add(`matmul ${JSON.stringify(shapes)}`, (x, y) => x.matmul(y), shapes);
}
add('addmm', (c, a, b) => c.addmm(a, b, { beta: 0.5, alpha: -2 }), [[4], [2, 3], [3, 4]]);
add('outer', (x, y) => evenkeel.outer(x, y), [[2], [3]]);
add('multiDot', (a, b, c) => evenkeel.multiDot([a, b, c]), [
  [4, 1],
  [1, 3],
  [3, 2],
]);

// Factors, of matrices that have a good distance from singular ones.
for (const shape of [
  [3, 3],
  [4, 2],
  [2, 4],
  [1, 1],
  [2, 3, 2],
  [2, 2, 3],
]) {
  const wellConditioned = (x: Tensor) => x.add(evenkeel.eye(...(shape.slice(-2) as [number, number])).mul(5));
  add(`q `, (x) => wellConditioned(x).qr().q, [shape]);
  add(`r `, (x) => wellConditioned(x).qr().r, [shape]);
  add(`svdvals `, (x) => wellConditioned(x).svdvals(), [shape]);
  const together = (x: Tensor) => {
    const { q, r } = wellConditioned(x).qr();
    return q.mul(q).matmul(r.mul(r));
  };
  add(`qr `, together, [shape]);
}

// Views, copies and joins; times themselves, so that places matter.
const viewed: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  view: (x) => x.view(2, 6),
  reshape: (x) => x.t().reshape(2, 6),
  flatten: (x) => x.flatten(),
  permute: (x) => x.permute(1, 0),
  transpose: (x) => x.transpose(0, 1),
  t: (x) => x.t(),
  squeeze: (x) => x.narrow(0, 1, 1).squeeze(),
  unsqueeze: (x) => x.unsqueeze(1),
  expand: (x) => x.expand(2, 3, 4),
  select: (x) => x.select(1, 2),
  narrow: (x) => x.narrow(1, 1, 2),
  slice: (x) => x.slice(1, 0, 4, 2),
  at: (x) => x.at(1),
  clone: (x) => x.clone(),
  contiguous: (x) => x.t().contiguous(),
  copy_: (x) => x.clone().t().copy_(x.select(0, 1).unsqueeze(1)),
  set_: (x) => x.clone().set_([1], x.select(0, 0)),
  fill_: (x) => {
    const y = x.clone();
    y.select(0, 1).fill_(3);
    return y;
  },
};
for (const [name, run] of Object.entries(viewed)) add(name, (x) => run(x).mul(run(x)), [[3, 4]]);
add('cat', (x, y) => evenkeel.cat([x, y, x], 1), [
  [2, 3],
  [2, 1],
]);
add('stack', (x, y) => evenkeel.stack([x, y], -1), [
  [2, 3],
  [2, 3],
]);

// Layers and losses.
for (const { image, weight, ...options } of conv2dCases.filter((row) => row.image[0] > 0 && row.image[3] < 10)) {
  const shapes = [image.map((size, d) => (d < 2 ? size : Math.min(size, 6))), weight, [weight[0]]];
  add(`conv2d ${JSON.stringify([shapes, options])}`, (x, w, b) => functional.conv2d(x, w, b, options), shapes);
}
add('conv1d', (x, w) => functional.conv1d(x, w, null, { padding: 1 }), [
  [2, 2, 5],
  [3, 2, 3],
]);
add('convTranspose2d', (x, w) => functional.convTranspose2d(x, w, null, { stride: 2 }), [
  [1, 2, 3, 3],
  [2, 3, 2, 2],
]);
add('linear', (x, w, b) => functional.linear(x, w, b), [[2, 3], [4, 3], [4]]);
add('maxPool2d', (x) => functional.maxPool2d(x, 2), [[1, 2, 4, 4]]);
add('avgPool2d', (x) => functional.avgPool2d(x, 2), [[1, 2, 4, 4]]);
add('layerNorm', (x, w, b) => functional.layerNorm(x, [4], w, b), [[3, 4], [4], [4]]);
add('mseLoss', (x, y) => functional.mseLoss(x, y), [
  [3, 2],
  [3, 2],
]);
add('l1Loss', (x, y) => functional.l1Loss(x, y), [
  [3, 2],
  [3, 2],
]);

export const gradientChecks: readonly GradientCheck[] = rows;
