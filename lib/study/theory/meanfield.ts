// Mean-field theory of wide random networks: how the mean square q of the pre-activations, their correlation c between two
// inputs and the gradient's mean square go from layer to layer (Poole et al. 2016; Schoenholz et al. 2017). A layer is
// h = W phi(h') + b with W_ij ~ N(0, sigma_w^2 / n), b_i ~ N(0, sigma_b^2).
import { checkFinite, checkNumber, checkOptions } from '../../arguments.js';
import { rangeError } from '../../errors.js';
import { type Nonlinearity, type NonlinearityName, toNonlinearity } from './nonlinearity.js';
import { forEachNode, normalMean } from './quadrature.js';

/** A network's law: its activation and the variances of its weights (times the fan-in) and biases. */
export interface MeanFieldOptions {
  activation: NonlinearityName | Nonlinearity;
  /** Standard deviation of the weights times the square root of the fan-in. */
  sigmaW: number;
  /** Standard deviation of the biases; 0 by default. */
  sigmaB?: number;
}

/** Beyond these, a mean square has vanished or exploded. */
const [vanished, exploded] = [1e-200, 1e200];

/** The layer-to-layer maps of one network. */
export class MeanField {
  readonly sigmaW: number;
  readonly sigmaB: number;
  readonly #phi: ReturnType<typeof toNonlinearity>;

  /**
   * @throws TypeError (ERR_ARGUMENT) for an unknown activation; RangeError (ERR_RANGE) for variances below 0 or not finite
   * @example
   * const net = new MeanField({ activation: 'tanh', sigmaW: 1.5, sigmaB: 0.2 });
   * net.fixedPoint(); // the q that layers settle at
   */
  constructor(options: MeanFieldOptions) {
    const call = 'MeanField';
    const { activation, sigmaW, sigmaB = 0 } = checkOptions(call, options);
    this.#phi = toNonlinearity(call, activation!);
    this.sigmaW = checkSigma(call, 'sigmaW', sigmaW);
    this.sigmaB = checkSigma(call, 'sigmaB', sigmaB);
  }

  /** E g(z sqrt q). */
  #mean(g: (x: number, z: number) => number, q: number): number {
    return normalMean(g, 0, Math.sqrt(q), this.#phi.breakpoints);
  }

  /** Whether the activation commutes with positive factors, so that a network without biases has no scale of its own. */
  get homogeneous(): boolean {
    return this.#phi.homogeneous ?? false;
  }

  /** The next layer's mean square: sigma_w^2 E phi(z sqrt q)^2 + sigma_b^2. */
  nextQ(q: number): number {
    checkNumber('nextQ', 'q', q);
    return this.sigmaW ** 2 * this.#mean((x) => this.#phi.f(x) ** 2, q) + this.sigmaB ** 2;
  }

  /** The growth of a small distance between inputs, and of the gradient's mean square: sigma_w^2 E phi'(z sqrt q)^2. */
  chi1(q: number): number {
    checkNumber('chi1', 'q', q);
    return this.sigmaW ** 2 * this.#mean((x) => this.#phi.df(x) ** 2, q);
  }

  /** The derivative of `nextQ`: sigma_w^2 E (z^2 - 1) phi(z sqrt q)^2 / 2q, which needs no derivative of phi. */
  chiQ(q: number): number {
    checkNumber('chiQ', 'q', q);
    return (this.sigmaW ** 2 * this.#mean((x, z) => (z * z - 1) * this.#phi.f(x) ** 2, q)) / (2 * q);
  }

  /** The second derivative of `nextQ`: sigma_w^2 E (z^4 - 6 z^2 + 3) phi(z sqrt q)^2 / 4q^2. */
  curvature(q: number): number {
    checkNumber('curvature', 'q', q);
    const g = (x: number, z: number) => (z ** 4 - 6 * z * z + 3) * this.#phi.f(x) ** 2;
    return (this.sigmaW ** 2 * this.#mean(g, q)) / (4 * q * q);
  }

  /** sigma_w^4 Var phi(z sqrt q)^2: n times the variance that one layer of n neurons adds to the next mean square. */
  layerVariance(q: number): number {
    checkNumber('layerVariance', 'q', q);
    const second = this.#mean((x) => this.#phi.f(x) ** 2, q);
    const fourth = this.#mean((x) => this.#phi.f(x) ** 4, q);
    return this.sigmaW ** 4 * (fourth - second ** 2);
  }

  /** E g(u) g(v) for u, v normal with variance q and correlation c. */
  #pairMean(g: (x: number) => number, q: number, c: number): number {
    const std = Math.sqrt(q);
    const rest = std * Math.sqrt(Math.max(0, 1 - c * c));
    let sum = 0;
    const { breakpoints } = this.#phi;
    forEachNode(0, std, breakpoints, (x, weight) => {
      sum += weight * g(x) * normalMean(g, c * x, rest, breakpoints);
    });
    return sum;
  }

  /** The next layer's correlation of two inputs of mean square q and correlation c. */
  nextC(q: number, c: number): number {
    checkNumber('nextC', 'q', q);
    checkNumber('nextC', 'c', c);
    if (c === 1) return 1;
    return (this.sigmaW ** 2 * this.#pairMean(this.#phi.f, q, c) + this.sigmaB ** 2) / this.nextQ(q);
  }

  /** The derivative of `nextC` times nextQ(q) / q: sigma_w^2 E phi'(u) phi'(v). At c = 1 this is `chi1`. */
  chiC(q: number, c: number): number {
    checkNumber('chiC', 'q', q);
    checkNumber('chiC', 'c', c);
    return c === 1 ? this.chi1(q) : this.sigmaW ** 2 * this.#pairMean(this.#phi.df, q, c);
  }

  /**
   * The mean square that layers settle at, from `start` on: 0 where signals vanish, Infinity where they explode, `start`
   * where the map leaves it as it is.
   */
  fixedPoint(start = 1): number {
    const call = 'fixedPoint';
    const begin = checkFinite(call, 'start', start);
    if (begin <= 0) throw rangeError(call, `start must be above 0, got ${begin}`);
    const change = (q: number) => this.nextQ(q) / q - 1;
    const first = change(begin);
    if (Math.abs(first) < 1e-13) return begin;
    const factor = first > 0 ? 2 : 0.5;
    let near = begin;
    let far = begin * factor;
    while (change(far) * first > 0) {
      if (far > exploded) return Infinity;
      if (far < vanished) return 0;
      near = far;
      far *= factor;
    }
    return findZero((q) => change(q) * first, near, far);
  }

  /**
   * The correlation that two inputs settle at: 1 in the ordered phase, less in the chaotic one.
   *
   * @param q the mean square; the fixed point by default
   */
  fixedCorrelation(q = this.fixedPoint()): number {
    checkNumber('fixedCorrelation', 'q', q);
    if (!(q > 0) || q === Infinity || this.chi1(q) <= 1 + 1e-12) return 1;
    const change = (c: number) => this.nextC(q, c) - c;
    // Odd activations without biases: independent inputs stay independent.
    if (change(0) <= 1e-14) return 0;
    return findZero(change, 0, 1 - 1e-9);
  }

  /**
   * How many layers it takes a mean square, and a correlation, to come closer to their fixed points by a factor of e:
   * xi = -1 / ln chi, with chi_q and, at the fixed correlation, chi_1 or its generalisation. Infinity at criticality.
   */
  depthScales(): { readonly q: number; readonly c: number } {
    const q = this.fixedPoint();
    if (!(q > 0) || q === Infinity) return { q: scaleOf(this.chi1(q === 0 ? vanished : exploded)), c: NaN };
    return { q: scaleOf(this.chiQ(q)), c: scaleOf(this.chiC(q, this.fixedCorrelation(q))) };
  }
}

function checkSigma(call: string, name: string, value: unknown): number {
  const sigma = checkFinite(call, name, value);
  if (sigma < 0) throw rangeError(call, `${name} must be 0 or more, got ${sigma}`);
  return sigma;
}

const scaleOf = (chi: number) => (Math.abs(1 - Math.abs(chi)) < 1e-12 ? Infinity : -1 / Math.log(Math.abs(chi)));

/**
 * A zero between two arguments, the function being positive at the first and not at the second, to the last digits: regula
 * falsi in the Illinois variant (Dowell and Jarratt 1971), halving where that stalls.
 */
function findZero(f: (x: number) => number, positive: number, other: number): number {
  let [low, high] = [positive, other];
  let [above, below] = [f(low), f(high)];
  let side = 0;
  for (let i = 0; i < 100 && below !== 0; i++) {
    const width = high - low;
    const secant = high - (below * width) / (below - above);
    const inside = (secant - low) * (secant - high) < 0;
    const x = inside && i % 4 !== 3 ? secant : (low + high) / 2;
    if (x === low || x === high || Math.abs(width) <= 4 * Number.EPSILON * Math.abs(x)) break;
    const value = f(x);
    if (value > 0) {
      [low, above] = [x, value];
      if (side === 1) below /= 2;
      side = 1;
    } else {
      [high, below] = [x, value];
      if (side === -1) above /= 2;
      side = -1;
    }
  }
  return below === 0 ? high : (low + high) / 2;
}

/** Where an initialisation is critical. */
export interface CriticalPoint {
  readonly sigmaW: number;
  readonly sigmaB: number;
  /** The mean square that layers settle at; 0 where they approach it ever more slowly. */
  readonly q: number;
  /** How fast: the factor on a small difference from q with each layer. */
  readonly chiQ: number;
}

/** What `criticalInit` is to find. */
export interface CriticalOptions {
  /** Standard deviation of the biases; 0 by default. */
  sigmaB?: number;
  /** The mean square at which the network is to stay, instead of sigmaB. */
  q?: number;
}

/** Mean squares among which `criticalInit` looks: two to an octave. */
const candidates = Array.from({ length: 81 }, (_, i) => 2 ** ((i - 40) / 2));

/** How far above 1 rounding may leave a chi_q that is 1. */
const slack = 1e-9;

/**
 * The initialisation on the edge of chaos: chi_1 = 1 at a stable fixed point of the mean square. By its q:
 * sigma_w^2 = 1 / E phi'^2 and sigma_b^2 = q - sigma_w^2 E phi^2.
 *
 * @throws RangeError (ERR_RANGE) where there is no such point (sigma_b^2 would be negative, as for sigmoids), or none that
 * is stable (chi_q above 1, as for GELU at small sigma_b)
 * @example
 * criticalInit('relu').sigmaW; // 1.4142, He's
 * criticalInit('tanh', { sigmaB: 0.2 }).sigmaW; // 1.3041
 */
export function criticalInit(activation: NonlinearityName | Nonlinearity, options?: CriticalOptions): CriticalPoint {
  const call = 'criticalInit';
  const phi = toNonlinearity(call, activation);
  const given = checkOptions(call, options);
  if (given.q !== undefined && given.sigmaB !== undefined) throw rangeError(call, 'give q or sigmaB, not both');
  const unit = new MeanField({ activation: phi, sigmaW: 1 });
  const sigmaW2 = (q: number) => 1 / unit.chi1(q);
  const sigmaB2 = (q: number) => q - sigmaW2(q) * unit.nextQ(q);
  const at = (q: number, b2 = sigmaB2(q)): CriticalPoint => {
    const w2 = sigmaW2(q);
    return { sigmaW: Math.sqrt(w2), sigmaB: Math.sqrt(b2), q, chiQ: w2 * unit.chiQ(q) };
  };
  if (given.q !== undefined) {
    const q = checkFinite(call, 'q', given.q);
    if (q <= 0) throw rangeError(call, `q must be above 0, got ${q}`);
    const b2 = sigmaB2(q);
    if (b2 < -slack * q) throw rangeError(call, `there is no critical point at q = ${q}: sigma_b^2 would be ${b2}`);
    return stable(call, [at(q, Math.max(b2, 0))]);
  }
  const b2 = checkSigma(call, 'sigmaB', given.sigmaB ?? 0) ** 2;
  if (b2 === 0 && phi.homogeneous) return at(1, 0);
  if (b2 === 0) return stable(call, [withoutBias(call, phi)]);
  const roots: CriticalPoint[] = [];
  for (let i = 1; i < candidates.length; i++) {
    const [low, high] = [candidates[i - 1]!, candidates[i]!];
    const [before, after] = [sigmaB2(low) - b2, sigmaB2(high) - b2];
    if (before * after > 0 || before === 0) continue;
    const sign = before > 0 ? 1 : -1;
    roots.push(
      at(
        findZero((q) => sign * (sigmaB2(q) - b2), low, high),
        b2,
      ),
    );
  }
  if (roots.length > 0) return stable(call, roots);
  const most = Math.max(...candidates.map(sigmaB2));
  throw rangeError(
    call,
    `there is no critical point with sigma_b^2 = ${b2.toPrecision(6)}: on the edge of chaos it is at most ${most.toPrecision(3)}`,
  );
}

/** Without biases: the limit of small signals, which then shrink ever more slowly. */
function withoutBias(call: string, phi: Nonlinearity): CriticalPoint {
  if (Math.abs(phi.f(0)) > 1e-12) {
    throw rangeError(call, 'there is no critical point without biases: the activation of 0 is not 0');
  }
  const tiny = 1e-14;
  const sigmaW = 1 / Math.sqrt(new MeanField({ activation: phi, sigmaW: 1 }).chi1(tiny));
  const small = 1e-3;
  const growth = new MeanField({ activation: phi, sigmaW }).nextQ(small) / small;
  return { sigmaW, sigmaB: 0, q: 0, chiQ: growth > 1 + slack ? growth : 1 };
}

/** The first point at which layers settle. */
function stable(call: string, points: readonly CriticalPoint[]): CriticalPoint {
  const found = points.find(({ chiQ }) => chiQ <= 1 + slack);
  if (found !== undefined) return found;
  const { q, chiQ } = points[0]!;
  throw rangeError(
    call,
    `the critical point at q = ${q.toPrecision(6)} is not stable: a small difference from it grows by chi_q = ${chiQ.toPrecision(6)} a layer`,
  );
}
