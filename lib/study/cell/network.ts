// The networks that studies draw: h_1 = W x + b, h_(l+1) = W phi(h_l) + b, or h_l + s (W phi(h_l) + b) with residual branches.
import { matmul } from '../../combine.js';
import { onesLike } from '../../creation.js';
import { argumentError, rangeError } from '../../errors.js';
import { type InitSpec, initialiser, withName } from '../../init/table.js';
import * as nn from '../../nn/index.js';
import type { Generator } from '../../random.js';
import type { Shape } from '../../shape.js';
import type { Tensor } from '../../tensor/index.js';
import { weightGradientNorm } from '../layers/gram.js';
import { InLawLinear, MatrixFreeLinear, studyLinear } from '../layers/index.js';
import { activations } from './activation.js';
import type { Cell, LayerMode } from './cell.js';

/** One layer's modules. */
export interface StudyLayer {
  readonly linear: nn.Linear | nn.Conv2d | MatrixFreeLinear | InLawLinear;
  readonly normalisation: nn.Module | null;
  readonly activation: nn.Module;
}

/** Who looks at a network while it runs. */
export interface Observer {
  /** A layer's pre-activations, before normalisation. */
  before(layer: number, h: Tensor): void;
  /** What comes out of its activation. */
  after(layer: number, x: Tensor): void;
  /** In the way back: the Frobenius norm of its weight's gradient. */
  weightGradient(layer: number, norm: number): void;
}

const kernel = 3;

/** Elements of one output's weights. */
export const fanInOf = ({ width, image }: Cell): number => (image === null ? width : width * kernel ** 2);

/** The shape of one layer's weights. */
export const weightShape = ({ width, image }: Cell): Shape =>
  image === null ? [width, width] : [width, width, kernel, kernel];

/** The shape of a batch. */
export const inputShape = ({ batch, width, image }: Cell): number[] =>
  image === null ? [batch, width] : [batch, width, image, image];

/** The initialiser of a cell's weights. */
export function initOf(cell: Cell): InitSpec {
  if (cell.init !== null) return cell.init;
  return { initialiser: 'normal', std: cell.sigmaW! / Math.sqrt(fanInOf(cell)) };
}

/** The initialisers whose elements are independent and normal, with mean 0: those that layers in law can do. */
const gaussian = ['normal', 'kaimingNormal', 'xavierNormal'];

/** Whether a cell's weights are independent normal numbers of mean 0. */
export function isGaussian(cell: Cell): boolean {
  const spec = withName(initOf(cell));
  const mean = spec.initialiser === 'normal' ? (spec.mean ?? 0) : 0;
  return gaussian.includes(spec.initialiser) && mean === 0;
}

/** Mean and standard deviation of a cell's weights. */
export function weightMoments(call: string, cell: Cell): { mean: number; std: number } {
  const { mean, std } = initialiser(call, initOf(cell)).target(weightShape(cell));
  return { mean, std };
}

const materialize = { auto: 'auto', materialized: 'always', 'matrix-free': 'never' } as const;

/** A network drawn by a cell's description. */
export class StudyNetwork {
  readonly layers: readonly StudyLayer[];
  readonly #residual: number | null;

  /** Layer l draws from `generator.spawn('layer/l')`: layers do not depend on those before them, nor on the depth. */
  constructor(call: string, cell: Cell, generator: Generator) {
    this.#residual = cell.residual;
    this.layers = Array.from({ length: cell.depth }, (_, i) => ({
      linear: makeLinear(call, cell, generator.spawn(`layer/${i + 1}`)),
      normalisation: makeNormalisation(cell),
      activation: activations[cell.activation].make(),
    }));
  }

  /** How the layers multiply. */
  get mode(): LayerMode {
    const linear = this.layers[0]?.linear;
    if (linear instanceof InLawLinear) return 'in-law';
    return linear instanceof MatrixFreeLinear ? 'matrix-free' : 'materialized';
  }

  /** Runs a batch through, and returns what comes out of the last activation. */
  forward(input: Tensor, observer: Observer): Tensor {
    let x = input;
    let before: Tensor | undefined;
    this.layers.forEach(({ linear, normalisation, activation }, i) => {
      const layer = i + 1;
      const z = linear.call(x);
      watchWeight(linear, x, z, (norm) => observer.weightGradient(layer, norm));
      const h = this.#residual === null || before === undefined ? z : before.add(z.mul(this.#residual));
      observer.before(layer, h);
      before = h;
      x = activation.call(normalisation === null ? h : normalisation.call(h));
      observer.after(layer, x);
    });
    return x;
  }

  /**
   * What the network makes of small changes of one input: the Jacobian's products with the rows of `tangents` [any, ...input].
   * The derivatives of activations and of layer normalisation are symmetric matrices, so that the way forward through them is
   * the way back.
   *
   * @param before each layer's pre-activations [1, ...] at that input
   */
  tangents(before: readonly Tensor[], tangents: Tensor): Tensor {
    let t = tangents;
    let sum: Tensor | undefined;
    this.layers.forEach(({ linear, normalisation, activation }, i) => {
      const z = withoutBias(linear, t);
      sum = this.#residual === null || sum === undefined ? z : sum.add(z.mul(this.#residual));
      const h = before[i]!.detach();
      t = normalisation === null ? sum : symmetricTangent(normalisation, h, sum);
      const inner = normalisation === null ? h : normalisation.call(h).detach();
      t = t.mul(symmetricTangent(activation, inner, onesLike(inner).to(t.dtype)));
    });
    return t;
  }
}

function makeLinear(call: string, cell: Cell, generator: Generator): StudyLayer['linear'] {
  const { width, sigmaB, mode } = cell;
  if (cell.image !== null) return makeConvolution(call, cell, generator);
  if (mode === 'in-law') {
    const { std } = weightMoments(call, cell);
    return new InLawLinear(width, width, { std, biasStd: sigmaB, generator });
  }
  const linear = studyLinear(width, width, {
    init: initOf(cell),
    biasStd: sigmaB,
    materialize: materialize[mode],
    layers: cell.depth,
    generator,
  });
  // The norm of its gradient takes no gradient: see `watchWeight`.
  if (linear instanceof nn.Linear) linear.weight.requiresGrad = false;
  return linear;
}

function makeConvolution(call: string, cell: Cell, generator: Generator): nn.Conv2d {
  const { width, sigmaB } = cell;
  const padding = (kernel - 1) / 2;
  const conv = new nn.Conv2d(width, width, kernel, {
    padding,
    paddingMode: 'circular',
    bias: sigmaB > 0,
    init: false,
  });
  initialiser(call, initOf(cell)).apply(conv.weight, generator);
  if (conv.bias !== null) initialiser(call, { initialiser: 'normal', std: sigmaB }).apply(conv.bias, generator);
  return conv;
}

function makeNormalisation({ normalisation, width, image }: Cell): nn.Module | null {
  if (normalisation === 'none') return null;
  const plain = { elementwiseAffine: false };
  if (normalisation === 'layer') return new nn.LayerNorm(image === null ? [width] : [width, image, image], plain);
  const options = { affine: false, trackRunningStats: false };
  return image === null ? new nn.BatchNorm1d(width, options) : new nn.BatchNorm2d(width, options);
}

/** What a module, whose derivative at x is a symmetric matrix, makes of small changes of x. */
function symmetricTangent(module: nn.Module, x: Tensor, tangents: Tensor): Tensor {
  const at = x.detach().to(tangents.dtype).expand(tangents.shape).contiguous().requiresGrad_();
  module.call(at).backward(tangents);
  return at.grad!;
}

/** The product with a layer's weights alone. */
function withoutBias(linear: StudyLayer['linear'], x: Tensor): Tensor {
  if (linear instanceof nn.Linear) return matmul(x, linear.weight.detach().to(x.dtype).t());
  const out = linear.call(x).detach();
  if (linear.bias === null) return out;
  const bias = linear.bias.detach();
  return out.sub(linear instanceof nn.Conv2d ? bias.reshape(-1, 1, 1) : bias);
}

/** Tells the norm of a layer's weight gradient once the gradient of its output z = W x is known. */
function watchWeight(linear: StudyLayer['linear'], x: Tensor, z: Tensor, tell: (norm: number) => void): void {
  if (!z.requiresGrad) return;
  if (linear instanceof nn.Linear) {
    const inputs = x.detach().elements;
    z.registerHook((grad) => {
      tell(weightGradientNorm('study', inputs, grad.elements));
      return undefined;
    });
  } else if (linear instanceof nn.Conv2d) {
    linear.weight.registerHook((grad) => {
      tell(grad.norm().item());
      return undefined;
    });
  } else {
    // Its own observer is called as the gradient arrives, before the hooks of its input.
    x.registerHook(() => {
      if (linear.weightGradNorm !== null) tell(linear.weightGradNorm);
      return undefined;
    });
  }
}

/** Refuses what no network can be made of. */
export function checkNetwork(call: string, cell: Cell): void {
  if (cell.inputs !== null) {
    const [batch, ...inner] = inputShape(cell);
    const units = inner.reduce((a, b) => a * b, 1);
    const odd = cell.inputs.find((row) => row.length !== units);
    if (cell.inputs.length !== batch) {
      throw rangeError(call, `expected batch to be the ${cell.inputs.length} inputs that are given, got ${batch}`);
    }
    if (odd !== undefined) {
      throw rangeError(call, `expected inputs of ${units} numbers, one for each unit, got one of ${odd.length}`);
    }
  }
  if (cell.spectrum !== 'none' && (cell.mode === 'in-law' || cell.normalisation === 'batch')) {
    const why = cell.mode === 'in-law' ? 'layers in law' : 'batch normalisation';
    throw argumentError(call, `there is no Jacobian of one input with ${why}`);
  }
  if (cell.mode === 'in-law' && (cell.image !== null || !isGaussian(cell))) {
    throw argumentError(call, 'layers in law need fully connected layers and independent normal weights of mean 0');
  }
}
