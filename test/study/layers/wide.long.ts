// A width whose weights no memory holds: 65,536, where one layer would take 17 GB.
import { expect, it } from 'vitest';
import { script } from '../../process.js';

const study = JSON.stringify(new URL('../../../dist/study/index.js', import.meta.url).href);

/** Three layers of He's initialisation with ReLU on two inputs, forward and backward, in a process of its own. */
const program = (layer: string) => `
  const { InLawLinear, studyLinear } = await import(${study});
  const width = 65536;
  const generator = new lib.Generator(0);
  const layers = [1, 2, 3].map(() => ${layer});
  const x = lib.randn(2, width, { generator }).requiresGrad_();
  const start = performance.now();
  let h = x;
  for (const layer of layers) h = layer.call(h).relu();
  const forward = performance.now() - start;
  h.backward(lib.randn(2, width, { generator }));
  const all = performance.now() - start;
  const square = (t) => t.norm().item() ** 2 / t.numel();
  console.log(JSON.stringify({
    megabytes: process.resourceUsage().maxRSS / 1024,
    forward: forward / 1000,
    seconds: all / 1000,
    output: square(h),
    gradient: square(x.grad),
    norms: layers.map((layer) => layer.weightGradNorm),
  }));
`;

it.each([
  [
    'matrix-free',
    "studyLinear(width, width, { init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' }, generator })",
  ],
  ['in law', 'new InLawLinear(width, width, { std: Math.sqrt(2 / width), generator })'],
])('%s: width 65,536, depth 3, batch 2 in less than 300 MB', async (_, layer) => {
  const { stdout, stderr } = await script(program(layer));
  expect(stderr).toBe('');
  console.log(stdout.trim());
  const { megabytes, output, gradient, norms } = JSON.parse(stdout);
  expect(megabytes).toBeLessThan(300);
  // He's weights keep both but for the scatter of one network: the logarithm's standard deviation is sqrt(5 L / n) = 0.015.
  expect(Math.abs(Math.log(output))).toBeLessThan(0.1);
  expect(Math.abs(Math.log(gradient))).toBeLessThan(0.1);
  // |D'A|^2 is the sum over two rows, whose gradients are nearly orthogonal, of |d|^2 = n/2, half of them behind ReLU, and
  // |a|^2 = n.
  for (const norm of norms) expect(Math.abs(norm / 65536 - 1)).toBeLessThan(0.05);
});
