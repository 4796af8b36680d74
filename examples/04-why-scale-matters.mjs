// Why the scale of weights matters: x <- a @ x, a hundred times over, at width 512.
import { empty, init, manual_seed, randn } from 'evenkeel';
import { largestSingularValue } from 'evenkeel/study';

manual_seed(0);
const n = 512;

// Plain normal weights: the signal grows by sqrt(512) = 22.6 a layer, and float32 ends at 3.4e38.
let x = randn(n);
let a = randn(n, n);
for (let i = 0; i < 100; i++) {
  x = a.matmul(x);
  if (Number.isNaN(x.std().item())) {
    console.log('a: std is nan at i =', i);
    break;
  }
}

// The other scales, for 100 layers.
function chain(name, weights) {
  const input = randn(n);
  let x = input;
  for (let i = 0; i < 100; i++) x = weights.matmul(x);
  const ratio = x.norm().item() / input.norm().item();
  console.log(`${name}: mean`, x.mean().item(), 'std', x.std().item(), 'norm ratio', ratio);
}
a = randn(n, n);
chain('a * 0.01', a.mul(0.01));
chain('a / sqrt(512)', a.div(Math.sqrt(n)));
chain('orthogonal a', init.orthogonal_(empty(n, n)));
chain('a / its spectral norm', a.div(largestSingularValue(a)));

// One layer, over 100 fresh x and a: mean and mean square of its output.
function average(name, layer) {
  let mean = 0;
  let sqr = 0;
  for (let i = 0; i < 100; i++) {
    const y = layer(randn(n, n), randn(n));
    mean += y.mean().item();
    sqr += y.mul(y).mean().item();
  }
  console.log(`${name}: mean`, mean / 100, 'mean square', sqr / 100);
}
average('a @ x', (a, x) => a.matmul(x));
average('clamp(a @ x, min=0)', (a, x) => a.matmul(x).clamp(0));
average('clamp((a * sqrt(2/512)) @ x, min=0)', (a, x) =>
  a
    .mul(Math.sqrt(2 / n))
    .matmul(x)
    .clamp(0),
);

// The same for single products of two normals, 10,000 of them.
const y = randn(10000).mul(randn(10000));
console.log('a * x: mean', y.mean().item(), 'mean square', y.mul(y).mean().item());
const z = randn(10000).mul(randn(10000)).clamp(0);
console.log('relu(a * x): mean', z.mean().item(), 'mean square', z.mul(z).mean().item());
