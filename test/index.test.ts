import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as evenkeel from '../lib/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const names: Readonly<Record<string, unknown>> = { ...evenkeel };

/** Functions of torch, by our spelling; torch's is the same with underscores. */
const torchFunctions = [
  ...[
    'tensor',
    'empty',
    'zeros',
    'ones',
    'full',
    'eye',
    'arange',
    'linspace',
    'rand',
    'randn',
    'cat',
    'stack',
    'matmul',
  ],
  ...['zerosLike', 'onesLike', 'randnLike', 'manualSeed', 'setNumThreads', 'getNumThreads'],
];

describe('public names', () => {
  it.each(torchFunctions)('%s, and its torch spelling', (name) => {
    expect(names[name]).toBeTypeOf('function');
    expect(names[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]).toBe(names[name]);
  });

  it.each(['fromTypedArray', 'setDefaultGenerator', 'info', 'Tensor', 'Generator'])('%s', (name) => {
    expect(names[name]).toBeTypeOf('function');
  });

  it('namespaces', () => {
    expect(Object.keys(evenkeel.nn).sort()).toEqual(
      expect.arrayContaining([
        'Conv2d',
        'Flatten',
        'Linear',
        'Module',
        'Parameter',
        'ReLU',
        'Sequential',
        'functional',
      ]),
    );
    expect(Object.keys(evenkeel.nn.functional)).toEqual(expect.arrayContaining(['conv2d', 'linear', 'relu']));
    expect(evenkeel.init.kaiming_uniform_).toBe(evenkeel.init.kaimingUniform_);
  });

  it('no name but these shows what is inside', () => {
    for (const hidden of ['checkDim', 'operand', 'run', 'kernelId', 'allocateView', 'getDefaultGenerator', 'native']) {
      expect(names).not.toHaveProperty(hidden);
    }
  });

  it('methods are there, with their in-place twins', () => {
    const methods = [
      'view',
      'reshape',
      'flatten',
      'transpose',
      't',
      'permute',
      'squeeze',
      'unsqueeze',
      'expand',
      'select',
      'narrow',
      'slice',
    ];
    const others = [
      'numel',
      'dim',
      'size',
      'item',
      'tolist',
      'clone',
      'contiguous',
      'isContiguous',
      'to',
      'detach',
      'copy_',
      'toString',
      'at',
      'set_',
    ];
    const twins = ['add', 'sub', 'mul', 'div', 'neg', 'sqrt', 'exp', 'tanh', 'relu', 'clamp'];
    const rest = [
      'matmul',
      'mm',
      'mv',
      'dot',
      'sum',
      'mean',
      'std',
      'var',
      'min',
      'max',
      'norm',
      'qr',
      'svdvals',
      'uniform_',
      'normal_',
      'fill_',
      'zero_',
      'requiresGrad_',
    ];
    const prototype: Readonly<Record<string, unknown>> = Object.fromEntries(
      Object.getOwnPropertyNames(evenkeel.Tensor.prototype).map(
        (name) => [name, Object.getOwnPropertyDescriptor(evenkeel.Tensor.prototype, name)!.value] as const,
      ),
    );
    for (const name of [...methods, ...others, ...rest, ...twins, ...twins.map((twin) => `${twin}_`)]) {
      expect(prototype[name], name).toBeTypeOf('function');
    }
  });
});

/** Runs a script in a fresh Node, where nothing has been loaded and nothing is transformed. */
const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim();

describe.runIf(existsSync(`${root}dist/index.js`))('the built package', () => {
  // One child answers for all tests: starting one takes longer than the tests do.
  let answer: Record<string, unknown>;
  beforeAll(() => {
    const script = `
      import { createRequire } from 'node:module';
      import * as imported from 'evenkeel';
      const required = createRequire(import.meta.url)('evenkeel');
      const t = imported.randn(3, { generator: new required.Generator(1) });
      let code;
      try { imported.zeros(-1); } catch (error) { code = error.code; }
      console.log(JSON.stringify({
        names: Object.keys(imported).sort(),
        same: Object.keys(imported).every((name) => imported[name] === required[name]),
        values: t.tolist(), printed: String(t), code, info: imported.info(),
      }));`;
    answer = JSON.parse(node('--no-warnings', '--input-type=module', '--eval', script)) as Record<string, unknown>;
  });

  it('has the names of the sources', () => {
    const types = ['default', 'module.exports', '__esModule'];
    expect((answer.names as string[]).filter((name) => !types.includes(name))).toEqual(Object.keys(evenkeel).sort());
  });

  it('is one instance, imported or required', () => expect(answer.same).toBe(true));

  it('computes what the sources compute', () => {
    const t = evenkeel.randn(3, { generator: new evenkeel.Generator(1) });
    expect([answer.values, answer.printed, answer.code]).toEqual([t.tolist(), String(t), 'ERR_RANGE']);
  });

  it('says what it is', () => {
    const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
    expect(answer.info).toMatchObject({
      version,
      platform: `${process.platform}-${process.arch}`,
      napi: expect.any(Number),
      simd: expect.any(String),
      prebuilt: expect.any(Boolean),
      file: expect.stringMatching(/\.node$/),
      blas: {
        library: 'OpenBLAS',
        version: expect.stringMatching(/^\d+\.\d+/),
        core: expect.any(String),
        threads: expect.any(Number),
      },
    });
  });
});

describe('threads', () => {
  it('can be set from 1 to 256', () => {
    const before = evenkeel.getNumThreads();
    expect(before).toBeGreaterThanOrEqual(1);
    for (const n of [1, 2, 256]) {
      evenkeel.setNumThreads(n);
      expect(evenkeel.getNumThreads()).toBe(n);
      expect(evenkeel.info().blas.threads).toBe(n);
    }
    for (const wrong of [0, -1, 257, 1.5, NaN, '2', undefined, null]) {
      expect(() => evenkeel.setNumThreads(wrong as never)).toThrow(
        expect.objectContaining({
          name: 'RangeError',
          code: 'ERR_RANGE',
          message: expect.stringContaining(String(wrong)),
        }),
      );
    }
    expect(evenkeel.getNumThreads()).toBe(256);
    evenkeel.setNumThreads(before);
  });
});
