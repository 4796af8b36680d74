// Random programs, a few of them at every run; test/property/property.long.ts takes minutes and other seeds.
import { describe, expect, it } from 'vitest';
import * as combine from '../../lib/combine.js';
import * as functional from '../../lib/nn/functional/index.js';
import { Tensor } from '../../lib/tensor/index.js';
import { check } from './program.js';
import { rows } from './table.js';

const covered = new Set(rows.flatMap(({ covers }) => covers));

/** Methods that compute nothing, or what is compared in another way. */
const others = [
  // Compared at every step.
  ...['constructor', 'numel', 'dim', 'size', 'isContiguous'],
  // Called at the end of a program, or in test/autograd.test.ts.
  ...['backward', 'accumulate', 'requiresGrad_', 'retainGrad', 'registerHook'],
  // Random, in test/random/.
  ...['uniform_', 'normal_', 'exponential_', 'bernoulli_', 'random_'],
  // What defines them, in test/decompositions.test.ts.
  ...['qr', 'svdvals'],
  // In test/format.test.ts.
  'toString',
];

describe('the table has', () => {
  it('all methods of tensors that compute', () => {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype))
      .filter(([, { value }]) => typeof value === 'function')
      .map(([name]) => name);
    expect(methods.length).toBeGreaterThan(100);
    expect(methods.filter((name) => !covered.has(name) && !others.includes(name))).toEqual([]);
  });

  it('all functions of several tensors, and of nn.functional', () => {
    // conv2dAsync makes conv2d's calls: test/async.test.ts.
    const names = [...Object.keys(combine), ...Object.keys(functional).map((name) => `functional.${name}`)];
    const canonical = names.filter((name) => !name.includes('_') && name !== 'functional.conv2dAsync');
    expect(canonical.length).toBeGreaterThan(30);
    expect(canonical.filter((name) => !covered.has(name))).toEqual([]);
  });
});

it('random programs give what the slow reference gives', () => {
  const { programs, steps, refused, gradients, uncertain, calls } = check(1, { programs: 600, seconds: 25 });
  expect(programs).toBe(600);
  // Most steps and gradients have to mean something.
  expect(refused).toBeGreaterThan(50);
  expect(refused).toBeLessThan(0.25 * steps);
  expect(gradients).toBeGreaterThan(5000);
  expect(uncertain).toBeLessThan(0.05 * gradients);
  expect([...covered].filter((name) => !calls.has(name))).toEqual([]);
});
