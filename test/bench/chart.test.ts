// The README's chart: what it takes from the results, and that it can be drawn.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cases } from '../../bench/cases.mjs';
import { caption, merge, rows, shape } from '../../bench/chart/data.mjs';
import { toPng, toSvg } from '../../bench/chart/render.mjs';
import { specification, themeNames } from '../../bench/chart/spec.mjs';

const line = (name: string, threads: number, ms: number, peer: string, peerMs: number) => ({
  ...{ name, threads, ms, peer, peerMs, ratio: peerMs / ms, spread: 0.1 },
});
const results = {
  machine: { cpu: 'Some CPU', cores: 2, platform: 'linux', arch: 'x64', load: 0 },
  versions: {
    ...{ node: '20.19.0', evenkeel: '1.2.3', blas: 'OpenBLAS 0.3 core ZEN', simd: 'avx2', raw: '' },
    ...{ torch: '2.15.0+cu132, AVX2', numpy: '2.4.6' },
  },
  rounds: 9,
  cases: [
    line('matmul float32 512', 1, 1, 'torch', 2),
    line('normal_ float32 1Mi', 1, 0.5, 'memory', 0.1),
    line('normal_ float32 1Mi', 1, 0.5, 'torch', 4),
    line('normal_ float32 1Mi', 1, 0.5, 'numpy', 8),
    line('normal_ float32 1Mi', 2, 0.25, 'torch', 4.2),
    line('uniform_ float32 1Mi', 1, 0.2, 'torch', 2),
  ],
};

describe('data', () => {
  const data = shape(results);

  it('are a point for each library, row and panel', () => {
    const points = data.points.map((point) => Object.values(point));
    expect(points).toEqual([
      [1, 'uniform_', 'evenkeel', 0.2],
      [1, 'uniform_', 'PyTorch', 2],
      [1, 'normal_', 'evenkeel', 0.5],
      [1, 'normal_', 'PyTorch', 4],
      [1, 'normal_', 'NumPy', 8],
      [2, 'normal_', 'evenkeel', 0.25],
      [2, 'normal_', 'PyTorch', 4.2],
    ]);
    expect(data.gaps.map(({ threads, label, ratio }) => [threads, label, ratio])).toEqual([
      [1, 'uniform_', '10×'],
      [1, 'normal_', '8.0×'],
      [2, 'normal_', '17×'],
    ]);
    expect(data.panels).toEqual([
      { threads: 1, title: '1 thread' },
      { threads: 2, title: '2 threads' },
    ]);
    expect(data.labels).toEqual(['uniform_', 'normal_']);
    expect(data.libraries).toEqual(['evenkeel', 'PyTorch', 'NumPy']);
  });

  it('come from cases that exist', () => {
    const known = cases.map(({ name }) => name);
    for (const { name } of rows) expect(known).toContain(name);
    expect(() => shape({ cases: results.cases.slice(0, 1) })).toThrow(/none of the chart's cases \(uniform_/);
  });

  it('are named in the caption with versions, machine and sample size', () => {
    const text = caption(results, data.libraries).join(' ');
    expect(text).toContain('Medians of 9 rounds');
    expect(text).toContain('evenkeel 1.2.3, PyTorch 2.15.0, NumPy 2.4.6, Node.js 20.19.0');
    expect(text).toContain('Some CPU, 2 cores, linux x64');
    expect(text).not.toContain('TensorFlow.js undefined');
  });
});

describe('results of several runs', () => {
  const again = { ...line('uniform_ float32 1Mi', 1, 0.1, 'torch', 2), spread: 0.01 };
  const noisy = { ...again, ms: 0.3, spread: 0.5 };
  const other = { ...line('sparse_(0.1) float32 1Mi', 1, 3, 'torch', 30), spread: 0.3 };

  it('give their least disturbed lines', () => {
    const runs = [[noisy], [again], [other, noisy]].map((lines) => ({ ...results, cases: lines }));
    expect(merge(runs).cases).toEqual([again, other]);
    expect(merge([results])).toEqual(results);
  });

  it('are refused if they are not comparable', () => {
    const busier = { ...results, machine: { ...results.machine, load: 3 } };
    expect(() => merge([results, busier])).not.toThrow();
    expect(() => merge([results, { ...results, rounds: 3 }])).toThrow(
      /different machines, versions or numbers of rounds/,
    );
  });
});

describe('drawing', () => {
  it.each(themeNames)('gives SVG and PNG, %s', async (theme) => {
    const svg = await toSvg(specification(shape(results), ['a line'], theme));
    expect(svg).toMatch(/^<svg [^>]*>/);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
    // A mark for every point, and the legend's three.
    expect(svg.match(/<path [^>]*d="M[^"]*" fill="#\w+"/g)).toHaveLength(7 + 3);
    for (const text of ['10×', '17×', 'milliseconds', '2 threads', 'a line']) expect(svg).toContain(text);
    const png = toPng(svg, 600);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(600);
    expect(png.readUInt32BE(20)).toBe(Math.round((600 * Number(height)) / Number(width)));
  });

  it('writes four pictures, or says what is wrong', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-chart-'));
    try {
      const run = (...args: string[]) =>
        spawnSync(process.execPath, ['bench/chart.mjs', ...args], { encoding: 'utf8' });
      const file = path.join(folder, 'results.json');
      writeFileSync(file, JSON.stringify(results));
      const { status, stderr } = run(file, '--out', path.join(folder, 'images'));
      // Without a font on the system the PNG would have no text: that is refused.
      if (status === 1) expect(stderr).toContain('no font');
      else {
        const pictures = readdirSync(path.join(folder, 'images')).sort();
        expect(pictures).toEqual(['speed-dark.png', 'speed-dark.svg', 'speed.png', 'speed.svg']);
        expect(readFileSync(path.join(folder, 'images/speed.svg'), 'utf8')).toContain('Some CPU');
      }
      writeFileSync(file, JSON.stringify({ ...results, cases: [] }));
      expect(run(file)).toMatchObject({ status: 1, stderr: expect.stringContaining('none of the chart') });
      expect(run()).toMatchObject({ status: 2 });
      expect(run(file, '--zork')).toMatchObject({ status: 2 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
