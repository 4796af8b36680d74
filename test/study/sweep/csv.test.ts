import { describe, expect, it } from 'vitest';
import type { CellResult } from '../../../lib/study/cell/cell.js';
import { studyCsv } from '../../../lib/study/sweep/csv.js';
import { makeGrid } from '../../../lib/study/sweep/grid.js';
import { study } from '../../../lib/study/sweep/study.js';

/** Fields of a line without quotes in it. */
const table = (results: Iterable<CellResult>) => {
  const [headings, ...lines] = [...studyCsv(results)].join('').trimEnd().split('\n');
  const names = headings!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i], value])));
};

describe('studyCsv', () => {
  it('has a line for each cell and layer, every number exact', async () => {
    const { results } = await study({ width: [4, 8], depth: 3, sigmaW: 1.5, activation: 'tanh', repeats: 2 });
    const rows = table(results);
    expect(rows).toHaveLength(6);
    const keys = [...makeGrid({ width: [4, 8], depth: 3, sigmaW: 1.5, activation: 'tanh', repeats: 2 }).cells.keys()];
    rows.forEach((row, i) => {
      const result = results[Math.floor(i / 3)]!;
      const layer = result.layers[i % 3]!;
      expect(row.key).toBe(keys[Math.floor(i / 3)]);
      expect(row).toMatchObject({
        depth: '3',
        activation: 'tanh',
        init: '',
        sigmaW: '1.5',
        backward: 'true',
        mode: 'materialized',
      });
      expect(Number(row.width)).toBe(result.cell.width);
      expect(Number(row.layer)).toBe(layer.layer);
      expect(Number(row.q_mean)).toBe(layer.q.mean);
      expect(Number(row.q_std)).toBe(layer.q.std);
      expect(Number(row.c_mean)).toBe(layer.c!.mean);
      expect(Number(row.gradient_mean)).toBe(layer.gradient!.mean);
      expect(Number(row.expected_q)).toBe(layer.expected!.q);
      expect(Number(row.activation_mean_square)).toBe(layer.activation.meanSquare);
      expect(row.agrees).toBe(layer.agreement === null ? '' : String(layer.agreement.agrees));
      expect(row.gradient_ratio).toBe(layer.gradientRatio === null ? '' : String(layer.gradientRatio));
    });
  });

  it('quotes what needs it, and says what is not finite', async () => {
    const init = { initialiser: 'xavierNormal', gain: 2 } as const;
    const { results } = await study({ width: 4, depth: 1, init, repeats: 1, batch: 1, backward: false });
    const changed = { ...results[0]!, layers: [{ ...results[0]!.layers[0]!, mean: NaN, maxAbs: Infinity, std: -0 }] };
    const text = [...studyCsv([changed])].join('');
    expect(text).toContain('"{""initialiser"":""xavierNormal"",""gain"":2}"');
    expect(text).toContain(',NaN,-0,Infinity,');
  });

  it('of nothing has headings', () => {
    expect([...studyCsv([])].join('')).toMatch(/^key,width,.*,agrees\n$/);
  });
});
