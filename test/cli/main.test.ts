import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { info } from '../../lib/index.js';
import { evenkeel, main } from './run.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('evenkeel', () => {
  it('is a program', () => {
    expect(readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(statSync(main).mode & 0o111).not.toBe(0);
  });

  it('--version prints the version', () => {
    expect(evenkeel(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('--help lists the commands, and study --help every flag', () => {
    const help = evenkeel(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/study/);
    expect(help.stdout).toMatch(/info/);
    const study = evenkeel(['study', '--help']);
    expect(study).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/worker/);
    expect(study.stdout).toMatch(/merge/);
    const chains = 'json width depth repeat activation init seed weights threads';
    const propagation = 'gain sigma-w sigma-b batch correlation residual normalisation image materialize law repeats';
    const sweeps = 'no-backward spectrum out csv workers cells queue html svg png';
    for (const flag of `${chains} ${propagation} ${sweeps}`.split(' ')) {
      expect(study.stdout).toMatch(new RegExp(`--${flag}\\b`));
    }
  });

  it('--help and --version do without the native core', () => {
    const broken = { EVENKEEL_SIMD: 'abacus' };
    expect(evenkeel(['--version'], broken).status).toBe(0);
    expect(evenkeel(['study', '--help'], broken).status).toBe(0);
  });

  it.each([[[]], [['nonsense']], [['--nonsense']], [['info', '--width', '3']]])('refuses %j with status 2', (args) => {
    const { status, stdout, stderr } = evenkeel(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['EVENKEEL_SIMD', 'abacus'],
    ['EVENKEEL_THREADS', '0'],
    ['EVENKEEL_THREADS', 'many'],
  ])('refuses %s=%s in one line, with status 2', (name, value) => {
    for (const command of ['study', 'info']) {
      const { status, stdout, stderr } = evenkeel([command], { [name]: value });
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^evenkeel: ${name}: .+\\n$`));
    }
  });
});

describe('evenkeel info', () => {
  it('prints what is loaded', () => {
    const { status, stdout, stderr } = evenkeel(['info']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { blas } = info();
    for (const [name, value] of [
      ['evenkeel', version],
      ['BLAS', `${blas.library} ${blas.version}, tuned for ${blas.core}`],
      ['SIMD', 'available: '],
      ['threads', ''],
      ['addon', 'Node-API'],
      ['platform', process.version],
    ]) {
      const line = stdout.split('\n').find((text) => text.startsWith(`${name} `));
      expect(line).toContain(value);
    }
  });

  it('--json prints it for programs', () => {
    const { status, stdout } = evenkeel(['info', '--json'], { EVENKEEL_THREADS: '1' });
    expect(status).toBe(0);
    const printed = JSON.parse(stdout);
    expect(printed).toMatchObject({ ...info(), blas: { ...info().blas, threads: 1 } });
    expect(printed.simdTargets).toContain(printed.simd);
  });
});
