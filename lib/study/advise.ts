// What is wrong with a model's initialisation, which initialisers to take instead, and the study that shows it.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, shapeError } from '../errors.js';
import type { InitSpec } from '../init/index.js';
import { Module } from '../nn/index.js';
import { checkGenerator, Generator } from '../random.js';
import { formatShape } from '../shape.js';
import { checkTensor, type Tensor } from '../tensor/index.js';
import { type Case, type Cause, causes, type Remedy } from './advice/causes.js';
import { deviations } from './advice/limits.js';
import { type Observation, observe } from './advice/observe.js';
import { commandLine } from './advice/plan.js';
import { Advice, type AdviceRow, type AdviceRule, type Finding } from './advice/report.js';
import { findSymptoms, type Sign, type Symptom, scatter, zeroReadout } from './advice/symptoms.js';
import { biasSpec, layerTarget, weightSpec } from './advice/targets.js';

/** Options of `advise`. */
export interface AdviseOptions {
  /** Where the gradient's numbers come from; one of seed 0 by default, so that advice repeats. */
  generator?: Generator | undefined;
}

const call = 'advise';

/**
 * Runs a batch through a model and a gradient back, and says what is wrong with its initialisation: which layers vanish, explode,
 * saturate or die and why, the initialisers to use instead, and the propagation study that shows it. Layers are modules with a
 * weight of two or more dimensions; activations, normalisations and residual branches are read off the graph, so that functions
 * count as modules do. The model is left as it was.
 *
 * `init.initialize(model, advice.rules, { seed })` takes the advice.
 *
 * Limits and their sources: docs/studies.md.
 *
 * @param model any module of one floating point input, as it is to be trained: in training mode if it has batch normalisation
 * @param batch [inputs, ...]: two inputs or more, or correlations are not judged
 * @throws TypeError (ERR_ARGUMENT) for anything else; RangeError (ERR_SHAPE) for an empty batch; and what the model throws
 * @example
 * const layers = Array.from({ length: 30 }, () => [new nn.Linear(64, 64), new nn.Sigmoid()]);
 * const advice = advise(new nn.Sequential(...layers.flat()), randn(16, 64));
 * advice.findings.map(({ cause }) => cause); // ['gradients-vanish']
 */
export function advise(model: Module, batch: Tensor, options?: AdviseOptions): Advice {
  if (!(model instanceof Module)) throw argumentError(call, `expected a module, got ${describe(model)}`);
  const { dtype, shape } = checkTensor(call, batch);
  if (!dtype.includes('float') || shape.length === 0) {
    const got = `${dtype} ${formatShape(shape)}`;
    throw argumentError(call, `expected floating point inputs [inputs, ...], got ${got}`);
  }
  if (shape.includes(0)) throw shapeError(call, `expected one input or more, got shape ${formatShape(shape)}`);
  const { generator } = checkOptions(call, options);
  const source = generator === undefined ? new Generator(0) : checkGenerator(call, generator);
  const observation = observe(call, model, batch, source);
  const found = findCauses(observation);
  const findings = found.map(({ cause, layers, evidence, message, remedy }): Finding => {
    const rules = rulesFor(observation, remedy.redraw);
    const { study } = remedy;
    return {
      cause,
      layers: [...new Set(layers.map((i) => observation.layers[i]!.path || '(model)'))],
      message: `${message}; ${remedy.advice}`,
      evidence,
      initialiser: commonest(rules.filter(({ match }) => match.endsWith('weight')).map(({ init }) => init)),
      rules,
      study,
      command: study === null ? null : commandLine(study),
    };
  });
  const rules = new Map(findings.flatMap((finding) => finding.rules.map((rule) => [rule.match, rule] as const)));
  return new Advice(findings, notesOn(observation), [...rules.values()], rowsOf(observation));
}

/** A cause, with what its row says. */
interface FoundCause {
  readonly cause: Cause;
  readonly layers: readonly number[];
  readonly evidence: Readonly<Record<string, number>>;
  readonly message: string;
  readonly remedy: Remedy;
}

function findCauses(observation: Observation): FoundCause[] {
  const open: Map<Symptom, Sign> = findSymptoms(observation);
  const given: Case = { observation, open };
  const found: FoundCause[] = [];
  for (const cause of Object.keys(causes) as Cause[]) {
    const row = causes[cause];
    const result = row.find(given);
    if (result === null) continue;
    const { layers, evidence } = result;
    found.push({ cause, layers, evidence, message: row.message(result, given), remedy: row.remedy(result, given) });
    if (row.accountsFor === 'all') break;
    for (const symptom of row.accountsFor) open.delete(symptom);
  }
  return found;
}

/** Rules for the weights and biases of some layers. */
function rulesFor(observation: Observation, places: readonly number[]): AdviceRule[] {
  return places.flatMap((i): AdviceRule[] => {
    const layer = observation.layers[i]!;
    const target = layerTarget(layer, observation) ?? { sigmaW: 1, sigmaB: 0 };
    const parameter = (name: string) => (layer.path === '' ? name : `${layer.path}.${name}`);
    const weight = { match: parameter('weight'), init: weightSpec(layer, target) };
    return layer.hasBias ? [weight, { match: parameter('bias'), init: biasSpec(target) }] : [weight];
  });
}

function commonest(specs: readonly InitSpec[]): InitSpec | null {
  const counts = new Map<string, number>();
  for (const spec of specs) counts.set(JSON.stringify(spec), (counts.get(JSON.stringify(spec)) ?? 0) + 1);
  const first = [...counts].sort((a, b) => b[1] - a[1])[0];
  return first === undefined ? null : (JSON.parse(first[0]) as InitSpec);
}

function notesOn(observation: Observation): string[] {
  const { input, layers } = observation;
  const notes: string[] = [];
  if (layers.length === 0)
    notes.push('no module with a weight of two or more dimensions ran: only the input is judged');
  if (input.inputs === 1) {
    notes.push(
      'one input alone: whether inputs become indistinguishable cannot be judged, nor whether units are dead for all of them; give a batch of two or more',
    );
  } else if (Number.isNaN(input.correlation)) {
    notes.push('an input is all 0, or not finite: correlations between inputs are not judged');
  }
  if (zeroReadout(observation)) {
    notes.push('the last layer starts at 0, so that no gradient passes it in the first step: gradients are not judged');
  }
  const s = scatter(observation);
  if (deviations * s > Math.log(1e4)) {
    notes.push(
      `so many layers of so few units scatter by factors of e^±${s.toFixed(1)} from one seed to the next, whatever the gain: wider layers, or orthogonal weights, scatter less`,
    );
  }
  return notes;
}

function rowsOf(observation: Observation): AdviceRow[] {
  return observation.layers.map((layer) => ({
    layer: layer.name,
    module: layer.module,
    activation: layer.activation,
    sigmaW: layer.sigmaW,
    sigmaB: layer.sigmaB,
    sigmaWCritical: layerTarget(layer, observation)?.sigmaW ?? null,
    meanSquare: layer.output.meanSquare,
    correlation: layer.output.correlation,
    gradient: layer.gradient?.meanSquare ?? null,
  }));
}
