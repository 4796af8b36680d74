import { parse, View } from 'vega';
import { describe, expect, it } from 'vitest';
import { seriesCharts, seriesSpec } from '../../../lib/study/report/charts.js';
import { chartOf, contentsOf, dataOf, pick } from '../../../lib/study/report/contents.js';
import { phaseDiagram } from '../../../lib/study/report/phase.js';
import { phaseAbout, phaseSpec, verdictShapes } from '../../../lib/study/report/phasechart.js';
import type { SeriesName } from '../../../lib/study/report/series.js';
import { shapes, slots, themes } from '../../../lib/study/report/theme.js';
import { nasty, resultOf, study } from './results.js';

type Any = Record<string, never> & { [key: string]: never };
const names = Object.keys(seriesCharts) as SeriesName[];
/** The study's, which take seconds: theory is worked out for them. */
const studied = contentsOf(study());

describe('every chart', () => {
  const phase = phaseSpec(phaseDiagram('tanh', [{ w: 1, b: 0.1 }]));
  it.each([...names.map((name) => [name, seriesSpec(name)] as const), ['phase', phase] as const])(
    '%s: has a title, and axes with titles and units',
    (_, spec) => {
      const axes = spec.axes as { orient: string; title: string }[];
      expect(axes.map(({ orient }) => orient)).toEqual(['bottom', 'left']);
      for (const { title } of axes) expect(title).toMatch(/\((number, from the \w+|no unit(, log|, -1 to 1)?)\)$/);
      expect(spec.description).toMatch(/\w{5}/);
    },
  );

  it.each(names)('%s: has theory and band below what was measured', (name) => {
    const marks = (seriesSpec(name).marks as { name: string }[]).map((mark) => mark.name);
    expect(marks).toEqual(['band', 'theory', 'measured', 'ends']);
  });

  it('says how much was measured, and what points, lines and bands are', () => {
    const { series, phases } = studied;
    expect(series.map(({ name }) => name)).toEqual(names);
    for (const { about } of series) {
      expect(about).toMatch(/^20 networks a cell, width 256, batch 8\. /);
      expect(about).toMatch(/Line: /);
    }
    expect(series[0]!.about).toContain('Band: ');
    expect(phases.map(({ title }) => title)).toEqual([
      'Phase diagram: tanh',
      'Phase diagram: relu',
      'Phase diagram: linear',
    ]);
    expect(phases[0]!.about).toBe('3 cells; 20 networks a cell, width 256, batch 8.');
    for (const { sign, shape } of Object.values(verdictShapes)) {
      expect(phaseAbout).toContain(sign);
      expect(shapes as readonly string[]).toContain(shape);
    }
  });

  it('says so where it leaves layers or cells out', () => {
    const { series } = contentsOf([resultOf({ depth: 51 })]);
    expect(series[0]!.rows[0]).toHaveLength(50);
    expect(series[0]!.about).toContain('50 layers, at even distances');
    const { phases } = contentsOf([resultOf(), nasty.unexpected]);
    expect(phases[0]!.about).toContain('Without 1 of other kinds');
  });
});

describe('as drawn by Vega', () => {
  /** Marks of a chart by the name of the group that they are in, as Vega laid them out. */
  async function draw(spec: object) {
    const view = new View(parse(spec as never), { renderer: 'none' });
    await view.runAsync();
    type Item = { mark: { marktype: string; name?: string }; items?: { items: Item[] }[] } & Record<string, number>;
    const found: { group: string; item: Item }[] = [];
    const walk = (mark: { name?: string; marktype: string; items: Item[] }, group: string) => {
      for (const item of mark.items) {
        if (mark.marktype === 'group') for (const inner of item.items ?? []) walk(inner as never, mark.name ?? group);
        else found.push({ group, item });
      }
    };
    walk((view.scenegraph() as unknown as { root: never }).root, '');
    const domain = (view as unknown as { scale(name: string): { domain(): number[] } }).scale('y').domain();
    view.finalize();
    return { found, domain };
  }

  it('points lie where the numbers are, theory beneath', async () => {
    const { found, domain } = await draw(chartOf(studied, studied.series[0]!, [0, 1]));
    const rows = dataOf(studied, studied.series[0]!, [0, 1]).rows;
    const y = (value: number) => 230 * (1 - Math.log(value / domain[0]!) / Math.log(domain[1]! / domain[0]!));
    const symbols = found.filter(
      ({ group, item }) => group === 'measured' && item.mark.marktype === 'symbol' && item.size === 34,
    );
    expect(symbols).toHaveLength(rows.length);
    symbols.forEach(({ item }, i) => {
      expect(item.y).toBeCloseTo(y(rows[i]!.y!), 6);
    });
    const line = found.filter(({ group, item }) => group === 'theory' && item.mark.marktype === 'line');
    line.forEach(({ item }, i) => {
      expect(item.y).toBeCloseTo(y(rows[i]!.theory!), 6);
    });
    expect(line).toHaveLength(rows.length);
    const bands = found.filter(({ group }) => group === 'band');
    expect(bands).toHaveLength(rows.length);
    const [lowest, highest] = [
      Math.min(...rows.map((row) => row.bandLow!)),
      Math.max(...rows.map((row) => row.bandHigh!)),
    ];
    expect(domain[0]).toBeLessThan(lowest);
    expect(domain[1]).toBeGreaterThan(highest);
  });

  it.each(Object.entries(nasty))(
    '%s: has no coordinate that is not finite where something shows',
    async (_, result) => {
      const contents = contentsOf([result]);
      for (const chart of contents.series) {
        const { found, domain } = await draw(chartOf(contents, chart, [0]));
        expect(domain.every(Number.isFinite)).toBe(true);
        for (const { item } of found) {
          const shows = item.opacity !== 0 && item.size !== 0 && (item as { defined?: boolean }).defined !== false;
          if (shows) expect([item.x, item.y ?? 0].every(Number.isFinite)).toBe(true);
        }
      }
    },
  );

  it('the end of a signal is noted at its layer', async () => {
    const contents = contentsOf([nasty.overflow]);
    const { found } = await draw(chartOf(contents, contents.series[0]!, [0]));
    const texts = found
      .filter(({ group }) => group === 'ends')
      .map(({ item }) => (item as unknown as { text?: string }).text);
    expect(texts).toContain('overflowed at layer 29');
  });

  it('an axis around numbers that are all alike is not a point', async () => {
    const row = { x: 1, y: 1, low: 1, high: 1, theory: 1, bandLow: null, bandHigh: null, slot: 0, label: 'one' };
    for (const name of names) {
      const { domain } = await draw(seriesSpec(name, { rows: [row] }));
      expect(domain[1]! - domain[0]!).toBeGreaterThan(0.05);
    }
    expect((await draw(seriesSpec('q'))).domain).toEqual([0.1, 10]);
  });

  it('colours are the theme’s', async () => {
    for (const theme of [themes.light, themes.dark]) {
      const { found } = await draw(chartOf(studied, studied.series[0]!, [0, 1, 2], { theme }));
      const fills = new Set(
        found.filter(({ group }) => group === 'band').map(({ item }) => (item as unknown as Any).fill),
      );
      expect([...fills]).toEqual(theme.series.slice(0, 3));
    }
  });
});

describe('the choice of cells', () => {
  it('goes from the fastest to vanish to the fastest to explode', () => {
    // A grid whose rows are ten cells long: even distances in the list would stay in one column.
    const results = Array.from({ length: 60 }, (_, i) =>
      resultOf({ sigmaW: 0.8 + 0.2 * (i % 10), depth: 10, repeats: 3 }, i),
    );
    const contents = contentsOf(results);
    const chosen = pick(contents, slots);
    expect(chosen).toHaveLength(6);
    expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
    const scales = new Set(chosen.map((i) => i % 10));
    expect(scales.size).toBeGreaterThanOrEqual(5);
    expect(scales.has(0) && scales.has(9)).toBe(true);
  });
  it('is all of them where there is room', () => {
    expect(pick(studied, 10)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(pick(contentsOf([]), 6)).toEqual([]);
  });
});

it('a thousand cells carry a bounded number of rows', () => {
  const one = resultOf({ depth: 100, repeats: 2 });
  const { series } = contentsOf(Array.from({ length: 1000 }, () => one));
  for (const { rows } of series) expect(rows.flat().length).toBeLessThanOrEqual(24_000);
});
