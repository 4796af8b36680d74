import { describe, expect, it } from 'vitest';
import { reportPng, reportSvg } from '../../../lib/study/report/figure.js';
import { themes } from '../../../lib/study/report/theme.js';
import { failure } from '../../cases/data.js';
import { nasty, resultOf, study } from './results.js';

const evil = '</text><script>alert("1")</script>&\u0007';

describe('pictures', () => {
  it('have all charts, with titles and sample sizes, in one SVG without outside help', async () => {
    const svg = await reportSvg(study(), { title: evil });
    for (const text of ['Signals', 'Correlation', 'Gradients', 'Singular values', 'Phase diagram: tanh']) {
      expect(svg).toContain(text);
    }
    expect(svg).toContain('20 networks a cell, width 256, batch 8');
    expect(svg).toContain('σ_w 1, σ_b 0.2, depth 30: gradients vanish');
    expect(svg).not.toMatch(/<script|<image|<foreignObject|NaN|undefined/);
    expect(svg.includes('\u0007')).toBe(false);
    expect(svg).not.toMatch(/(?:href|src)=/);
    // Six cells to a chart: the seventh has charts of its own.
    expect(svg.match(/Signals: mean square/g)).toHaveLength(2);
    // Every clip path is there once, and each that is used exists.
    const made = [...svg.matchAll(/id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(made).size).toBe(made.length);
    for (const [, id] of svg.matchAll(/url\(#([^)]+)\)/g)) expect(made).toContain(id);
    // Elements are closed in the order in which they were opened.
    const open: string[] = [];
    for (const [, end, name, rest] of svg.matchAll(/<(\/?)([\w:]+)([^>]*)>/g)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!rest!.endsWith('/')) open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('are light or dark', async () => {
    const dark = await reportSvg([resultOf()], { theme: 'dark' });
    expect(dark).toContain(`<rect width="100%" height="100%" fill="${themes.dark.background}"/>`);
    expect(dark).not.toContain(themes.light.text);
  });

  it('show 24 cells at most and say which', async () => {
    const results = Array.from({ length: 30 }, (_, i) => resultOf({ seed: i, repeats: 2, depth: 3, backward: false }));
    const svg = await reportSvg(results);
    expect(svg.includes('24 of 30')).toBe(true);
    expect(svg.includes('from the one whose signals vanish fastest to the one')).toBe(true);
    expect(svg.match(/Signals: mean square/g)).toHaveLength(4);
  });

  it('are PNG twice as large, in a font of their own', async () => {
    const svg = await reportSvg([nasty.overflow]);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+(?:\.\d+)?)"/.exec(svg)!;
    const png = Buffer.from(await reportPng([nasty.overflow]));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(2 * Number(width));
    expect(Math.abs(png.readUInt32BE(20) - 2 * Number(height))).toBeLessThanOrEqual(2);
    // Letters are drawn: without a font a title would change nothing.
    expect(Buffer.from(await reportPng([nasty.overflow], { title: 'Another' })).equals(png)).toBe(false);
  });

  it.each<[string, string, () => Promise<unknown>, ...string[]]>([
    ['ERR_ARGUMENT', 'reportSvg', () => reportSvg('x' as never), 'x'],
    ['ERR_ARGUMENT', 'reportSvg', () => reportSvg([]), 'empty'],
    [
      'ERR_ARGUMENT',
      'reportSvg',
      () => reportSvg([resultOf({ depth: 1 })], { theme: 'pink' as never }),
      'pink',
      'light, dark',
    ],
    ['ERR_ARGUMENT', 'reportPng', () => reportPng([resultOf({ depth: 1 })], { title: 3 as never }), '3'],
  ])('%s %s %#', async (code, name, run, ...parts) => {
    await expect(run()).rejects.toThrow(failure(code, name, ...parts));
  });
});
