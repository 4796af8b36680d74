// Expected values under the normal distribution, by Gauss-Legendre rules on panels. Gauss-Hermite's rule takes functions for
// polynomials, which activations with kinks are not: with 100 nodes it is 0.9 % off for SELU.
import { normalPdf } from '../../special.js';

const order = 16;

/** Nodes and weights of Gauss and Legendre's rule on [-1, 1]: roots of P_n by Newton's method (DLMF 18.5.8, 3.5.vi). */
function gaussLegendre(n: number): readonly (readonly [node: number, weight: number])[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 10; step++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)] as const;
  });
}

const rule = gaussLegendre(order);
const nodes = Float64Array.from(rule, ([node]) => node);
const weights = Float64Array.from(rule, ([, weight]) => weight);

/** Beyond so many standard deviations, the density is below 1e-22. */
const reach = 10;

/** Distances from a breakpoint, in the activation's own unit, at which panels end: activations bend within a few units. */
const bends = [0, 1, 2.5, 5, 10, 20];

/** Widest panel, in standard deviations. */
const widest = 1.5;

/**
 * Where panels end, for E f(mean + std z) with z standard normal: in z, ascending. `breakpoints` are arguments of f where it
 * bends or has a kink.
 */
function panelEnds(mean: number, std: number, breakpoints: readonly number[]): number[] {
  const bounds = [-reach, reach];
  for (const point of breakpoints) {
    for (const bend of bends) {
      for (const x of bend === 0 ? [point] : [point - bend, point + bend]) {
        const z = (x - mean) / std;
        if (Math.abs(z) < reach) bounds.push(z);
      }
    }
  }
  bounds.sort((a, b) => a - b);
  const ends = [bounds[0]!];
  for (let i = 1; i < bounds.length; i++) {
    const [from, to] = [bounds[i - 1]!, bounds[i]!];
    const parts = Math.ceil((to - from) / widest);
    for (let k = 1; k <= parts; k++) ends.push(from + ((to - from) * k) / parts);
  }
  return ends;
}

/** Calls `visit` with the nodes and weights for E f(mean + std z): f's argument, its weight, and z. */
export function forEachNode(
  mean: number,
  std: number,
  breakpoints: readonly number[],
  visit: (x: number, weight: number, z: number) => void,
): void {
  if (std === 0) {
    visit(mean, 1, 0);
    return;
  }
  const ends = panelEnds(mean, std, breakpoints);
  for (let i = 1; i < ends.length; i++) {
    const middle = (ends[i]! + ends[i - 1]!) / 2;
    const half = (ends[i]! - ends[i - 1]!) / 2;
    if (half === 0) continue;
    for (let k = 0; k < order; k++) {
      const z = middle + half * nodes[k]!;
      visit(mean + std * z, half * weights[k]! * normalPdf(z), z);
    }
  }
}

/** E f(mean + std z), z standard normal; f may also use z. */
export function normalMean(
  f: (x: number, z: number) => number,
  mean: number,
  std: number,
  breakpoints: readonly number[],
): number {
  let sum = 0;
  forEachNode(mean, std, breakpoints, (x, weight, z) => {
    sum += weight * f(x, z);
  });
  return sum;
}
