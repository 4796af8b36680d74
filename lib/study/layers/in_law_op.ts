// A Gaussian layer in law: outputs and gradients of the distribution that a random weight gives them, without a weight.
//
// With W [out, in] of independent N(0, std^2) and inputs A [m, in] (rows), H = A W' is Gaussian with independent columns of
// covariance std^2 A A': H = std L Z with L L' = A A' and Z [rank, out] standard normal. Given H, W is known on the span of the
// inputs and as it was on what is orthogonal to it: W = std (Z' Q + G P), with Q = L_p^-1 A_p the orthonormal basis of that span
// which the independent inputs A_p give, P = I - Q'Q and G [out, in] standard normal. So the gradient of the inputs for an
// output gradient D [m, out] is
//
//   D W = N + (std D Z' - N Q') Q,    N = std D G = std M G', M M' = D D', G' [rank, in] standard normal,
//
// which is A'(A A')^-1 H d + P g of a single gradient d. Exact for any width and batch. (A Gaussian matrix conditioned on linear
// observations: Bayati and Montanari, "The dynamics of message passing on dense graphs", 2011; Bolthausen, "An iterative
// construction of solutions of the TAP equations", 2014.)
import { stateError } from '../../errors.js';
import { gemmInto } from '../../ops/index.js';
import { from, type Op } from '../../ops/op.js';
import { cast, copy, fill } from '../../ops/storage.js';
import type { Generator } from '../../random.js';
import { allocateView, outputView, selectView, type TensorView } from '../../view.js';
import { factorGram, type GramFactor, solvePivots } from './factor.js';
import { forColumns, gram } from './gram.js';

/** One pass through a layer: what the walk back needs of the way forward. */
export interface InLawArgs {
  readonly outFeatures: number;
  readonly std: number;
  /** Serves this pass alone. */
  readonly generator: Generator;
  /** Is told the input [m, in] and the output's gradient [m, out] in the walk back. */
  readonly observe: (x: TensorView, grad: TensorView) => void;
  pass?: { readonly factor: GramFactor; readonly z: TensorView };
  /** Whether the input's gradient has been drawn. */
  walked?: boolean;
}

/** A matrix of float64 as a view. */
function matrix(call: string, values: Float64Array, rows: number, columns: number): TensorView {
  const view = allocateView(call, [rows, columns], 'float64');
  (view.array as Float64Array).set(values);
  return view;
}

/** Some rows of a matrix, in float64. */
function pickRows(call: string, view: TensorView, rows: readonly number[]): TensorView {
  const out = outputView(call, [rows.length, view.shape[1]!], 'float64');
  for (const [to, row] of rows.entries()) copy(call, selectView(call, view, 0, row), selectView(call, out, 0, to));
  return out;
}

/** The factor L of G times standard normals: [m, columns] of covariance std^2 G, and the normals [rank, columns]. */
function drawRows(call: string, factor: GramFactor, m: number, columns: number, std: number, generator: Generator) {
  const out = outputView(call, [m, columns], 'float32');
  const z = outputView(call, [factor.rank, columns], 'float32');
  generator.fill(call, 'normal', z, 0, 1);
  const scaled = matrix(
    call,
    factor.l.map((value) => value * std),
    m,
    factor.rank,
  );
  gemmInto(call, cast(call, scaled, 'float32'), z, out, 0);
  return { out, z };
}

/** Rows of vectors that are not finite become NaN: what a sum over them would be, or close to it. */
function spoil(call: string, g: Float64Array, m: number, out: TensorView): void {
  for (let i = 0; i < m; i++) {
    if (!Number.isFinite(g[i * m + i]!)) fill(call, selectView(call, out, 0, i), NaN);
  }
}

function backward(x: TensorView, grad: TensorView, args: InLawArgs): TensorView {
  const call = 'backward';
  if (args.walked) {
    throw stateError(
      call,
      'the gradient of this pass through an InLawLinear has been drawn; a second one would have to agree with it, and what ' +
        'that takes is not kept. Call the layer again for a new pass, or give all gradients at once, as a batch',
    );
  }
  args.walked = true;
  const { factor, z } = args.pass!;
  const { rank, pivots } = factor;
  const { std } = args;
  const [m, inFeatures] = x.shape as [number, number];
  const ofGrad = gram(call, grad, grad);
  const { out: noise } = drawRows(call, factorGram(ofGrad, m), m, inFeatures, std, args.generator.spawn('backward'));
  if (rank > 0) {
    // std D Z' - N Q', where N Q' = N A_p' L_p^-T.
    const alongInputs = gram(call, noise, x);
    const noiseAt = Float64Array.from({ length: m * rank }, (_, i) => {
      return alongInputs[Math.floor(i / rank) * m + pivots[i % rank]!]!;
    });
    const noiseAlong = solvePivots(factor, noiseAt, true);
    const known = gram(call, grad, z).map((value, i) => std * value - noiseAlong[i]!);
    // Times Q, as coefficients of the independent inputs; in float64, since those of nearly dependent ones are large and of
    // either sign.
    const coefficients = matrix(call, solvePivots(factor, known, false), m, rank);
    forColumns(call, [noise, x], ([part, inputs]) => {
      const sum = cast(call, part!, 'float64');
      gemmInto(call, coefficients, pickRows(call, inputs!, pivots), sum, 1);
      copy(call, sum, part!);
    });
  }
  spoil(call, ofGrad, m, noise);
  return noise;
}

/**
 * x [m, in] W' in float32, in law. The second input stands for the weight: where it needs a gradient, `observe` is called.
 */
export const inLawOp: Op<InLawArgs> = {
  node: 'InLawLinearBackward0',
  forward: (call, [x], args) => {
    const m = x!.shape[0]!;
    const ofInputs = gram(call, x!, x!);
    const factor = factorGram(ofInputs, m);
    const { out, z } = drawRows(call, factor, m, args.outFeatures, args.std, args.generator);
    spoil(call, ofInputs, m, out);
    args.pass = { factor, z };
    return out;
  },
  gradients: [
    from([0], (g, [x], args) => backward(x!, g, args)),
    from([0], (g, [x], { observe }) => {
      observe(x!, g);
      return undefined;
    }),
  ],
};
