import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../study/sweep/tools.js';
import { evenkeel } from './run.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-cli-init-'));
  const spec = {
    dtype: 'f32',
    tensors: {
      'body.0.weight': { shape: [64, 32], init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' } },
      'body.1.weight': { shape: [64, 32], init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' } },
      'head.weight': { shape: [10, 64], init: 'zeros' },
      'head.bias': { shape: [10], init: 'zeros' },
    },
  };
  writeFileSync(at('spec.json'), JSON.stringify(spec));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const init = (...args: string[]) => evenkeel(['init', ...args]);
const spec = () => ['--model', at('spec.json')];

describe('evenkeel init', () => {
  it('writes a checkpoint and shows what it wrote', () => {
    const { status, stdout, stderr } = init(at('out'), ...spec(), '--seed', '3', '--dtype', 'bf16', '--verify');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^tensor +shape +dtype +initialiser +mean +std\n/);
    expect(stdout).toMatch(/\nbody\.\*\.weight +2 x +\[64, 32\] +BF16 +kaimingNormal +0 +0\.25\n/);
    expect(stdout).toContain('4 tensors, 4,746 parameters, 9.');
    expect(stdout).toContain('distributions tested: all as planned');
    expect(readdirSync(at('out'))).toEqual(['model.safetensors']);
    expect(init(at('out'), ...spec(), '--seed', '3', '--dtype', 'bf16').stdout).toContain('1 of 1 files were complete');
  });

  it('prints one JSON object with --json', () => {
    const { status, stdout, stderr } = init(at('json'), ...spec(), '--shard-size', '9kB', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual(
      'version seed folder dryRun complete parameters bytes writtenBytes seconds shards tensors tied estimate verification'.split(
        ' ',
      ),
    );
    expect(report).toMatchObject({
      seed: 0,
      complete: true,
      parameters: 4746,
      tied: {},
      estimate: null,
      verification: null,
    });
    expect(report.shards).toHaveLength(3);
    expect(report.tensors[0]).toEqual({
      name: 'body.0.weight',
      shape: [64, 32],
      dtype: 'F32',
      init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' },
      mean: 0,
      std: 0.25,
    });
  });

  it('follows rules, presets and ranges of shards', () => {
    const rules = [
      '--rule',
      'head.*=normal:mean=1,std=0.5',
      '--rule',
      'body.1.*=xavier_uniform_:gain=2',
      '--rule',
      '*.0.*=keep',
    ];
    const { stdout } = init(at('rules'), ...spec(), ...rules.slice(0, 4), '--dry-run', '--json');
    const inits = Object.fromEntries(
      JSON.parse(stdout).tensors.map((t: { name: string; init: object }) => [t.name, t.init]),
    );
    expect(inits['head.weight']).toEqual({ initialiser: 'normal', mean: 1, std: 0.5 });
    expect(inits['body.1.weight']).toEqual({ initialiser: 'xavierUniform', gain: 2 });
    expect(inits['body.0.weight']).toEqual({ initialiser: 'kaimingNormal', nonlinearity: 'relu' });
    expect(existsSync(at('rules'))).toBe(false);
    const bare = init(at('rules'), ...spec(), ...rules);
    expect(bare.status).toBe(2);
    expect(bare.stderr).toMatch(
      /^evenkeel: initializeCheckpoint: nothing says how 1 of the 4 tensors .*body\.0\.weight/,
    );
    const torch = init(at('rules'), ...spec(), '--preset', 'torch', '--dry-run', '--json');
    expect(JSON.parse(torch.stdout).tensors[2].init).toMatchObject({ initialiser: 'kaimingUniform' });
    const some = init(at('some'), ...spec(), '--shard-size', '9kB', '--shards', '2-3/3');
    expect(some.stdout).toContain('1 of 3 files are missing');
  });

  it('keeps pretrained tensors', () => {
    expect(init(at('base.safetensors'), ...spec()).status).toBe(0);
    const out = init(
      at('tuned.safetensors'),
      '--from',
      at('base.safetensors'),
      '--reinit',
      'head.*',
      '--rule',
      'head.*=ones',
    );
    expect(out.stderr).toBe('');
    expect(out.stdout).toMatch(/body\.\*\.weight +2 x .* kept\n/);
    expect(out.stdout).toMatch(/head\.weight .* ones +1 +0\n/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at %s with status %i, and leaves nothing half done', async (signal, status) => {
    const folder = at(`large-${signal}`);
    writeFileSync(at('large.json'), JSON.stringify({ tensors: { a: [30000, 20000] } }));
    const run = start(['init', folder, '--model', at('large.json'), '--preset', 'torch']);
    while (!existsSync(folder) || readdirSync(folder).length === 0) await wait(5);
    run.child.kill(signal);
    expect(await run.ended).toBe(status);
    expect(run.said()).toBe('evenkeel: interrupted; files that are complete stay, run it again to go on\n');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends with status 1 where reading back finds something wrong', () => {
    init(at('bad'), ...spec());
    const file = join(at('bad'), 'model.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { status, stdout } = init(at('bad'), ...spec(), '--verify');
    expect(status).toBe(1);
    expect(stdout).toMatch(/1 problem\n {2}\S+ \(model\.safetensors\): differs from what the plan gives/);
  });

  for (const [what, args, status, message] of [
    ['no folder', [], 2, /missing required argument 'out'/],
    ['no model', ['x'], 2, /'--model <path>' not specified/],
    ['a model that is not there', ['x', '--model', '/nowhere.json'], 1, /cannot read \/nowhere\.json: no such file/],
    ['a rule that is none', ['x', '--model', 'y', '--rule', 'zeros'], 2, /pattern=initialiser/],
    ['a rule with options that are none', ['x', '--model', 'y', '--rule', '*=normal:0.02'], 2, /mean=0,std=0\.02/],
    ['an initialiser that is none', ['x', '--model', 'SPEC', '--rule', '*=he'], 2, /unknown initialiser "he"/],
    ['a dtype that is none', ['x', '--model', 'SPEC', '--dtype', 'f8'], 2, /unknown dtype "f8"/],
    ['a size that is none', ['x', '--model', 'SPEC', '--shard-size', 'big'], 2, /shardSize must be/],
    ['shards that are none', ['x', '--model', 'SPEC', '--shards', '3'], 2, /3-7\/16/],
    ['other shards', ['x', '--model', 'SPEC', '--shards', '3/4'], 2, /3-3 of 4, but the checkpoint has 1/],
    ['a preset that is none', ['x', '--model', 'SPEC', '--preset', 'he'], 2, /unknown preset "he"/],
    ['a seed that is none', ['x', '--model', 'SPEC', '--seed', '-1'], 2, /whole number/],
    ['patterns without a base', ['x', '--model', 'SPEC', '--reinit', 'a'], 2, /reinit goes with from/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const result = init(...args.map((arg) => (arg === 'SPEC' ? at('spec.json') : arg)));
      expect(result).toMatchObject({ status, stdout: '' });
      expect(result.stderr).toMatch(message);
      expect(result.stderr).toMatch(/^evenkeel: /);
    });
  }

  it('explains itself', () => {
    const { status, stdout } = init('--help');
    expect(status).toBe(0);
    for (const option of [
      '--model',
      '--rule',
      '--preset',
      '--dtype',
      '--shard-size',
      '--shards',
      '--from',
      '--reinit',
      '--dry-run',
      '--verify',
      '--threads',
      '--json',
    ]) {
      expect(stdout).toContain(option);
    }
  });
});
