// The programs of test/golden/suite/programs.py: what autograd does, line by line as torch does it.
import { describe, expect, it } from 'vitest';
import { cat, isGradEnabled, noGrad, stack, tensor } from '../lib/index.js';
import { Tensor } from '../lib/tensor/index.js';
import { fromJson, type JsonNumber, readGolden } from './cases/data.js';

type Values = [shape: number[], numbers: JsonNumber[]];

interface State {
  values: Values;
  requiresGrad?: true;
  /** What made it, or that asking raises an error. */
  node?: string;
  grad?: Values;
}

interface Program {
  name: string;
  lines: string[];
  /** Lines that raise an error. */
  errors?: number[];
  /** What hooks saw. */
  log?: [tag: string, grad: Values][];
  /** None where a backward raised an error, and ended the program. */
  variables?: Record<string, State>;
}

const { programs } = readGolden<{ programs: Program[] }>('suite/programs');

type Call = (...args: never[]) => unknown;
const camel = (name: string) => name.replace(/(?<=.)_(\w)/g, (_, letter: string) => letter.toUpperCase());

const valuesOf = (t: Tensor): [number[], number[]] => [[...t.shape], t.detach().reshape(-1).tolist() as number[]];

/** What is wanted, in numbers as we have them where they are near enough: torch's are written with 13 digits. */
function wanted([shape, numbers]: Values, got: readonly number[]) {
  const near = (x: number, y = NaN) => Math.abs(x - y) <= 1e-10 * Math.max(Math.abs(x), 1e-3);
  return [shape, numbers.map(fromJson).map((x, i) => (near(x, got[i]) ? got[i] : x))];
}

/** What made a tensor, or that asking is an error. */
function nodeOf(t: Tensor): string | undefined {
  try {
    return t.gradFn?.name;
  } catch (error) {
    expect((error as { code?: string }).code).toBe('ERR_STATE');
    return 'raises';
  }
}

class Machine {
  readonly variables = new Map<string, unknown>();
  readonly log: [tag: string, grad: [number[], number[]]][] = [];
  readonly errors: number[] = [];

  /** Functions that are no methods under that name. */
  readonly calls: Readonly<Record<string, Call>> = {
    leaf: (data: number[]) => tensor(data, { dtype: 'float64', requiresGrad: true }),
    const: (data: number[]) => tensor(data, { dtype: 'float64' }),
    data: (t: Tensor) => t.data,
    grad: (t: Tensor) => t.grad,
    forget: (t: Tensor) => {
      t.grad = null;
    },
    cat: (tensors: Tensor[], dim?: number) => cat(tensors, dim),
    stack: (tensors: Tensor[], dim?: number) => stack(tensors, dim),
    hook: (t: Tensor, tag: string, factor?: number) =>
      t.registerHook((grad) => {
        this.log.push([tag, valuesOf(grad)]);
        return factor === undefined ? undefined : grad.mul(factor);
      }),
    remove: (remover: () => void) => remover(),
  };

  argument(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.argument(item));
    if (typeof value === 'string' && value.startsWith('$')) return this.variables.get(value.slice(1));
    if (value === null || typeof value !== 'object') return value ?? undefined;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), item]));
  }

  /** Whether the program goes on. */
  run(line: string, index: number): boolean {
    if (line === 'no_grad:') return true;
    const [, indent, target, name, text] = /^( *)(?:(\w+) = )?(\w+)\((.*)\)$/.exec(line)!;
    const args = JSON.parse(`[${text!.replace(/\$\w+/g, '"$&"')}]`).map((arg: unknown) => this.argument(arg));
    const call = () => {
      expect(isGradEnabled()).toBe(indent === '');
      const given = this.calls[name!];
      if (given !== undefined) return given(...(args as never[]));
      const t = args[0] as Record<string, Call>;
      // torch's side looks at what is to change too, which brings its history up to date.
      if (name!.endsWith('_')) nodeOf(t as unknown as Tensor);
      return t[camel(name!)]!.apply(t, args.slice(1) as never[]);
    };
    try {
      const out = indent === '' ? call() : noGrad(call);
      if (target !== undefined) this.variables.set(target, out);
    } catch (error) {
      if (!(error as { code?: string }).code?.startsWith('ERR_')) throw error;
      this.errors.push(index);
      return name !== 'backward';
    }
    return true;
  }
}

describe('programs', () => {
  it('are many', () => expect(programs.length).toBeGreaterThan(350));

  it.each(programs.map((program) => [program.name, program] as const))('%s', (_, { lines, errors, log, variables }) => {
    const machine = new Machine();
    const ended = !lines.every((line, index) => machine.run(line, index));
    expect(machine.errors).toEqual(errors ?? []);
    expect(machine.log.map(([tag]) => tag)).toEqual((log ?? []).map(([tag]) => tag));
    for (const [i, [tag, grad]] of machine.log.entries())
      expect([tag, grad]).toEqual([tag, wanted(log![i]![1], grad[1])]);
    expect(ended).toBe(variables === undefined);
    for (const [name, { values, requiresGrad, node, grad }] of Object.entries(variables ?? {})) {
      const t = machine.variables.get(name);
      if (!(t instanceof Tensor)) throw new Error(`${name} is no tensor`);
      const own = valuesOf(t);
      const ownGrad = t.grad && valuesOf(t.grad);
      expect([name, own, t.requiresGrad]).toEqual([name, wanted(values, own[1]), requiresGrad ?? false]);
      expect([name, ownGrad]).toEqual([name, grad === undefined ? null : wanted(grad, ownGrad?.[1] ?? [])]);
      expect([name, nodeOf(t)]).toEqual([name, node]);
    }
  });
});
