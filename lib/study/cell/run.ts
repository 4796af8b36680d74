// Measures a cell: draws its networks one after the other, sends a batch through each and a gradient back.
import { noGrad } from '../../autograd.js';
import { randn } from '../../creation.js';
import { Generator } from '../../random.js';
import { type Place, takePlace } from '../signals/trace.js';
import { activations } from './activation.js';
import type { Cell, CellResult, LayerMode, LayerResult } from './cell.js';
import { expectLayers, judge } from './expectation.js';
import { inputsOf } from './inputs.js';
import { type Spectrum, spectrumOf, summariseSpectra } from './jacobian.js';
import { checkNetwork, type Observer, StudyNetwork } from './network.js';
import { sampleOf } from './sample.js';

const call = 'study';

/** Options of `runCell`. */
export interface RunOptions {
  /** Called after every network, with those done and the number of all. */
  onProgress?: (done: number, total: number) => void;
}

/** One layer of one network. */
interface LayerTrace {
  before: Place | undefined;
  after: Place | undefined;
  weightGradient: number | null;
}

/** What one network showed. */
interface NetworkTrace {
  readonly mode: LayerMode;
  readonly layers: readonly LayerTrace[];
  readonly spectrum: Spectrum | null;
}

/**
 * Measures a cell. Network r draws its inputs, weights and gradient from streams of their own, named by r and the layer alone:
 * cells of one seed that differ elsewhere see the same random numbers, and materialised and matrix-free layers the same weights.
 */
export function runCell(cell: Cell, options: RunOptions = {}): CellResult {
  checkNetwork(call, cell);
  const root = new Generator(typeof cell.seed === 'string' ? BigInt(cell.seed) : cell.seed);
  const traces: NetworkTrace[] = [];
  for (let repeat = 0; repeat < cell.repeats; repeat++) {
    traces.push(runNetwork(cell, root.spawn(`network/${repeat}`)));
    options.onProgress?.(repeat + 1, cell.repeats);
  }
  const expected = expectLayers(call, cell);
  const layers = Array.from({ length: cell.depth }, (_, i) =>
    joinLayer(
      i + 1,
      traces.map(({ layers }) => layers[i]!),
      traces.map(({ layers }) => layers[i + 1]),
      expected?.[i] ?? null,
    ),
  );
  const spectra = traces.flatMap(({ spectrum }) => (spectrum === null ? [] : [spectrum]));
  const firstLayer = (is: (trace: LayerTrace) => boolean): number | null => {
    const found = layers.findIndex((_, i) => traces.some((trace) => is(trace.layers[i]!)));
    return found < 0 ? null : found + 1;
  };
  return {
    cell,
    mode: traces[0]!.mode,
    layers,
    spectrum: spectra.length === 0 ? null : summariseSpectra(spectra),
    overflowLayer: firstLayer(({ before, after }) => before!.signal.nonFinite + after!.signal.nonFinite > 0),
    vanishLayer: firstLayer(({ before }) => before!.signal.zeros === 1),
  };
}

function runNetwork(cell: Cell, generator: Generator): NetworkTrace {
  const network = new StudyNetwork(call, cell, generator);
  const inputs = inputsOf(cell, generator.spawn('inputs'));
  const layers = Array.from(
    { length: cell.depth },
    (): LayerTrace => ({
      before: undefined,
      after: undefined,
      weightGradient: null,
    }),
  );
  const { saturation } = activations[cell.activation];
  const observer: Observer = {
    before: (layer, h) => {
      layers[layer - 1]!.before = takePlace(call, h);
    },
    after: (layer, x) => {
      layers[layer - 1]!.after = takePlace(call, x, saturation);
    },
    weightGradient: (layer, norm) => {
      layers[layer - 1]!.weightGradient = norm;
    },
  };
  if (cell.backward) {
    const output = network.forward(inputs.requiresGrad_(), observer);
    output.backward(randn(output.shape, { generator: generator.spawn('gradient') }));
  } else {
    noGrad(() => network.forward(inputs, observer));
  }
  const first = inputs.detach().select(0, 0).unsqueeze(0);
  return { mode: network.mode, layers, spectrum: cell.spectrum === 'none' ? null : spectrumOf(network, first, cell) };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function joinLayer(
  layer: number,
  traces: readonly LayerTrace[],
  following: readonly (LayerTrace | undefined)[],
  expected: LayerResult['expected'],
): LayerResult {
  const before = traces.map((trace) => trace.before!);
  const after = traces.map((trace) => trace.after!.signal);
  const signals = before.map(({ signal }) => signal);
  const correlations = signals.flatMap(({ correlation }) => (correlation === null ? [] : [correlation]));
  const gradients = before.flatMap(({ gradient }) => (gradient === null ? [] : [gradient.meanSquare]));
  const next = following.flatMap((trace) => (trace?.before?.gradient ? [trace.before.gradient.meanSquare] : []));
  const norms = traces.flatMap(({ weightGradient }) => (weightGradient === null ? [] : [weightGradient]));
  const saturated = after.flatMap(({ saturated }) => (saturated === null ? [] : [saturated]));
  const band = expected?.band ?? null;
  return {
    layer,
    q: sampleOf(signals.map(({ meanSquare }) => meanSquare)),
    c: correlations.length === 0 ? null : sampleOf(correlations),
    mean: average(signals.map(({ mean }) => mean)),
    std: average(signals.map(({ std }) => std)),
    maxAbs: Math.max(...signals.map(({ maxAbs }) => maxAbs)),
    kurtosis: average(signals.map(({ kurtosis }) => kurtosis)),
    nonFinite: signals.reduce((sum, { nonFinite }) => sum + nonFinite, 0),
    activation: {
      mean: average(after.map(({ mean }) => mean)),
      meanSquare: average(after.map(({ meanSquare }) => meanSquare)),
      zeros: average(after.map(({ zeros }) => zeros)),
      dead: average(after.map(({ dead }) => dead)),
      saturated: saturated.length === 0 ? null : average(saturated),
    },
    gradient: gradients.length === 0 ? null : sampleOf(gradients),
    gradientRatio:
      next.length === 0 ? null : Math.exp(average(gradients.map((value, i) => Math.log(value / next[i]!)))),
    weightGradient: norms.length === 0 ? null : average(norms),
    expected,
    // The law is that of one input.
    agreement:
      band === null
        ? null
        : judge(
            before.map(({ firstMeanSquare }) => firstMeanSquare),
            band,
          ),
  };
}
