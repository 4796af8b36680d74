// Calls of everything that the package exports, with arguments that are right, nearly right, or anything at all. Each returns, or
// throws an error of lib/errors.ts or what the user's own code threw. A process of its own, which public.fuzz.mjs starts and
// watches:
//
//   node test/fuzz/calls.mjs --types FILE --log FILE [--seed S] [--seconds N] [--only TEXT] [--all]
//   node test/fuzz/calls.mjs --types FILE --replay CASE
import { ftruncateSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as core from '@tensorflow/tfjs-core';
import * as evenkeel from 'evenkeel';
import fc from 'fast-check';
import { Arguments, tensor } from './arguments.mjs';
import { UserError, Values, writeFiles } from './values.mjs';

const { values: options } = parseArgs({
  options: {
    types: { type: 'string' },
    log: { type: 'string' },
    report: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});
const model = JSON.parse(readFileSync(options.types, 'utf8'));

// What there is to call -------------------------------------------------------------------------------------------------

const contracts = [core.KernelBackend.prototype, MathBackendCPU.prototype];

/** By path: `{ run(self, args) }`, of everything that the entry points export, classes' methods and setters among it. */
async function findCalls() {
  const calls = new Map();
  const seen = new Set();
  const add = (path, fn, run) => {
    if (seen.has(fn) || model.calls[path]?.internal) return;
    seen.add(fn);
    calls.set(path, {
      path,
      run,
      ...(model.calls[path] ?? { signatures: [{ args: [] }] }),
      typed: path in model.calls,
    });
  };
  const walk = (path, value) => {
    for (const [name, member] of Object.entries(value)) {
      const at = `${path}.${name}`;
      if (typeof member === 'function') add1(at, member);
      else if (Object.prototype.toString.call(member) === '[object Module]') walk(at, member);
    }
  };
  const add1 = (at, fn) => {
    if (!/^class\b/.test(Function.prototype.toString.call(fn))) {
      add(at, fn, (_, args) => fn(...args));
      return;
    }
    add(at, fn, (_, args) => new fn(...args));
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(fn))) {
      if (typeof value === 'function') add(`${at}.${name}`, value, (_, args) => value.apply(fn, args));
    }
    for (let proto = fn.prototype; isOurs(proto); proto = Object.getPrototypeOf(proto)) {
      for (const [name, { value, get, set }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
        // What a backend of TensorFlow.js is asked for is asked by TensorFlow.js.
        const isContract = proto instanceof core.KernelBackend && contracts.some((contract) => name in contract);
        if (name === 'constructor' || isContract) continue;
        if (typeof value === 'function') add(`${at}#${name}`, value, (self, args) => self[name](...args));
        if (set) add(`${at}#${name}=`, set, (self, args) => Reflect.set(self, name, args[0], self));
        if (get) add(`${at}#${name}?`, get, (self) => self[name]);
      }
    }
  };
  const isOurs = (proto) => proto !== null && proto !== Object.prototype && !contracts.includes(proto);
  const namespaces = await Promise.all(model.entries.map(({ module }) => import(module)));
  for (const [i, { name }] of model.entries.entries()) walk(name, namespaces[i]);
  // Classes that are not exported, of which calls return objects.
  for (const [path, { self, internal, signatures }] of Object.entries(model.calls)) {
    const [owner, name] = path.split('#');
    const member = namespaces[model.entries.findIndex((entry) => owner.startsWith(`${entry.name}.`))];
    const isExported =
      owner
        .split('.')
        .slice(1)
        .reduce((at, part) => at?.[part], member) !== undefined;
    if (self === undefined || internal || isExported || name.endsWith('=')) continue;
    const className = owner.split('.').at(-1);
    calls.set(path, { path, className, signatures, typed: true, run: (self, args) => self[name](...args) });
  }
  return calls;
}

/** The class whose objects a method is called on. */
const classOf = ({ path, className }) =>
  className ?? (path.includes('#') ? path.split('#')[0].split('.').at(-1) : undefined);

/** Sizes for experiments whose defaults are sized for people with time. */
const economies = {
  'study.chainStudy': { width: 4, depth: 3, repeat: 2 },
  'study.study': { width: 4, depth: 2, batch: 4, repeats: 2, workers: 1 },
};

function thrifty(economy, [first, ...rest]) {
  if (first !== undefined && first?.k !== 'object' && first?.k !== 'undefined') return [first, ...rest];
  const own = Object.fromEntries(first?.entries ?? []);
  return [{ k: 'object', way: first?.way ?? 'plain', entries: Object.entries({ ...economy, ...own }) }, ...rest];
}

// What a call may do ------------------------------------------------------------------------------------------------------

const codes = new Set(
  ['SHAPE', 'DTYPE', 'RANGE', 'ARGUMENT', 'DETACHED', 'STATE', 'FORMAT', 'FILE'].map((code) => `ERR_${code}`),
);

/** What is wrong with an error, or undefined. */
function wrongWith(error, text) {
  if (error instanceof UserError || error?.cause instanceof UserError) return undefined;
  if (error?.name === 'AbortError' && text.includes('"signal"')) return undefined;
  if (!(error instanceof Error)) return `threw what is no error: ${String(error)}`;
  // The engine's own words, whenever such an object is touched.
  if (/proxy that has been revoked|'get' on proxy/.test(error.message) && text.includes('"sly"')) return undefined;
  if (/^Class constructors? .*cannot be invoked/.test(error.message) && /"class"|"function proxy"/.test(text))
    return undefined;
  if (!codes.has(error.code)) return `${error.name} without a code: ${error.message}`;
  if (!(error instanceof TypeError || error instanceof RangeError))
    return `${error.name} is neither a TypeError nor a RangeError`;
  if (!/^[\w.$#]+: ./s.test(error.message)) return `does not name the call: ${error.message}`;
  if (error.message.length > 2000) return `message of ${error.message.length} characters`;
  return undefined;
}

class Finding extends Error {
  constructor(call, problem, error) {
    super(`${call}: ${problem}\n${error?.stack ?? ''}`);
    this.signature = `${call}: ${problem}`.replace(/\d+/g, 'N').slice(0, 200);
  }
}

const calls = await findCalls();
const counts = Object.fromEntries([...calls.keys()].map((path) => [path, { calls: 0, succeeded: 0, ms: 0 }]));
const took = { calls: 0, succeeded: 0, cases: 0, ms: 0 };

/** Milliseconds that a promise may take: a machine may be busy. */
const patience = 40_000;
const within = (ms, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Finding('await', `not settled after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** What was thrown where nobody waits for it: the first such error of a case. */
let stray;
let isRunning = false;
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => {
    stray ??= { event, error };
    if (isRunning) return;
    console.error(error);
    process.exit(1);
  });
}

const isThenable = (value) => value instanceof Promise;

/** What can be done with any result: to look at it. */
function look(result) {
  // Tensors of TensorFlow.js have a text of their own making.
  if (result instanceof core.Tensor || Array.isArray(result)) return;
  if (result instanceof evenkeel.Tensor) {
    if (result.numel() < 1000) String(result);
  } else if (typeof result?.next === 'function' && typeof result[Symbol.iterator] === 'function') {
    let left = 50;
    for (const _ of result) if (left-- === 0) break;
  } else if (
    typeof result === 'object' &&
    result !== null &&
    typeof result.toString === 'function' &&
    !ArrayBuffer.isView(result)
  ) {
    String(result.toString());
  }
}

/** Runs a case: its calls one after another. Throws a Finding. */
async function run(steps) {
  const text = JSON.stringify(steps);
  const values = new Values();
  const pending = [];
  const opened = new Set();
  const keep = (value) => {
    if (value?.constructor?.name === 'Checkpoint') opened.add(value);
    return value;
  };
  stray = undefined;
  isRunning = true;
  for (const { call: path, self: own, args: given, waits } of steps) {
    const call = calls.get(path);
    const count = counts[path];
    // A call that has had its share of the time waits for the others.
    if (options.replay === undefined && count.ms > 3000 && count.ms > 0.03 * took.ms) continue;
    let args;
    let self;
    try {
      self = own === null ? undefined : keep(await within(patience, values.make(own)));
      args = values.make(economies[path] === undefined ? given : thrifty(economies[path], given));
    } catch (error) {
      if (error instanceof UserError || codes.has(error?.code)) continue;
      throw new Finding('arguments', wrongWith(error, text), error);
    }
    if (own !== null && (self === undefined || self === null)) continue;
    const start = performance.now();
    count.calls++;
    took.calls++;
    const judge = (error) => {
      if (error instanceof Finding) throw error;
      const problem = wrongWith(error, text);
      if (problem !== undefined) throw new Finding(path, problem, error);
    };
    const succeed = (result) => {
      keep(result);
      count.succeeded++;
      took.succeeded++;
      values.results.push(result);
      look(result);
    };
    try {
      const result = call.run(self, args);
      if (isThenable(result) && !waits) pending.push(within(patience, result).then(keep, judge));
      else succeed(isThenable(result) ? await within(patience, result) : result);
    } catch (error) {
      judge(error);
    } finally {
      const ms = performance.now() - start;
      count.ms += ms;
      took.ms += ms;
    }
  }
  const settled = await Promise.allSettled(pending);
  const failed = settled.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  if (steps.some(({ waits }) => !waits)) await new Promise((resolve) => setImmediate(resolve));
  // The user's errors may come up anywhere; ours, and those of a promise that a call gave away, may not.
  if (stray !== undefined && (stray.event === 'uncaughtException' || wrongWith(stray.error, text) !== undefined)) {
    throw new Finding(steps.at(-1).call, stray.event, stray.error);
  }
  for (const made of opened) await made.close();
  values.checkMargins();
  if (!evenkeel.isGradEnabled()) throw new Finding(steps.at(-1).call, 'gradients are off after it');
  if (evenkeel.getNumThreads() !== 2) evenkeel.setNumThreads(2);
}

// Cases ---------------------------------------------------------------------------------------------------------------------

const chosen = [...calls.values()].filter(({ path }) => path.includes(options.only));
const made = new Arguments(model.types);
const entryOf = ({ path }) => path.split('.')[0];
const perEntry = {};
for (const call of chosen) perEntry[entryOf(call)] = (perEntry[entryOf(call)] ?? 0) + 1;

const step = fc.oneof(
  ...chosen.map((call) => ({
    // Small entry points are not to drown in large ones, nor all others in experiments that take seconds.
    weight: economies[call.path] ? 1 : Math.max(1, Math.round(300 / Math.sqrt(perEntry[entryOf(call)]))),
    arbitrary: fc.record({
      call: fc.constant(call.path),
      self:
        classOf(call) === undefined || !call.path.includes('#')
          ? fc.constant(null)
          : call.path.startsWith('evenkeel.Tensor#')
            ? tensor
            : fc.record({ k: fc.constant('instance'), of: fc.constant(classOf(call)), pick: fc.nat(12) }),
      args: made.ofCall(call),
      waits: fc.constantFrom(true, true, true, false),
    }),
  })),
);
const cases = fc.array(step, { minLength: 1, maxLength: 4 });

await writeFiles();
globalThis.fuzzedBackend = core.backend();
const ownFiles = new Set(readdirSync('.'));

function tidy() {
  for (const name of readdirSync('.')) if (!ownFiles.has(name)) rmSync(name, { recursive: true, force: true });
}

function reset() {
  evenkeel.setDefaultGenerator(new evenkeel.Generator(0));
}

if (options.replay !== undefined) {
  const steps = JSON.parse(options.replay);
  reset();
  evenkeel.setNumThreads(2);
  await run(steps).then(
    () => {
      console.log('nothing wrong');
      for (const { call } of steps) console.log(call, counts[call]);
    },
    (finding) => {
      console.log(finding.message);
      process.exit(1);
    },
  );
  process.exit(0);
}

evenkeel.setNumThreads(2);
const log = openSync(options.log, 'w');
function note(text) {
  const bytes = Buffer.from(text);
  writeSync(log, bytes, 0, bytes.length, 0);
  ftruncateSync(log, bytes.length);
}

/** Written now and then: a process that is killed has done something too. */
function report() {
  writeFileSync(options.report, JSON.stringify({ took, counts, findings: Object.fromEntries(findings) }));
}

const deadline = performance.now() + Number(options.seconds) * 1000;
const findings = new Map();
let wanted;
const property = fc.asyncProperty(cases, async (steps) => {
  note(`${took.cases} ${JSON.stringify(steps)}`);
  took.cases++;
  if (took.cases % 100 === 0) {
    tidy();
    report();
  }
  reset();
  try {
    await run(steps);
  } catch (error) {
    const finding = error instanceof Finding ? error : new Finding('fuzzer', error.message, error);
    if (options.all) {
      if (!findings.has(finding.signature))
        findings.set(finding.signature, { message: finding.message, case: steps, n: 0 });
      findings.get(finding.signature).n++;
      return;
    }
    // While a case shrinks, another finding is none.
    wanted ??= finding.signature;
    if (finding.signature === wanted) throw finding;
  }
});

const checked = await fc.check(property, {
  seed: Number(options.seed),
  numRuns: 1e9,
  interruptAfterTimeLimit: Math.max(deadline - performance.now(), 1),
});
if (checked.failed && checked.counterexample) {
  findings.set(wanted, { message: checked.errorInstance.message, case: checked.counterexample[0], n: 1 });
}
note('');
report();
process.exit(0);
