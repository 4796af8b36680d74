import { describe, expect, it } from 'vitest';
import { dashes, shapePaths, shapes, slots, themeNames, themes } from '../../../lib/study/report/theme.js';

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const share = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

it('the formula of contrast has its ends', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe.each(themeNames)('%s', (name) => {
  const { background, surface, text, quiet, series, phases } = themes[name];
  it('text has a contrast of 4.5, wherever it stands', () => {
    for (const behind of [background, surface]) {
      for (const letters of [text, quiet, series[0]]) expect(contrast(letters, behind)).toBeGreaterThanOrEqual(4.5);
    }
    for (const behind of phases) expect(contrast(text, behind)).toBeGreaterThanOrEqual(4.5);
  });
  it('lines and points have one of 3', () => {
    for (const colour of series) expect(contrast(colour, background)).toBeGreaterThanOrEqual(3);
  });
  // Without colour, a phase diagram still has its two ends darker (lighter) than the edge between them.
  it('the edge of chaos differs from both phases', () => {
    const [ordered, critical, chaotic] = phases;
    for (const phase of [ordered, chaotic]) expect(contrast(phase, critical)).toBeGreaterThan(1.3);
    expect(critical).toBe(background);
  });
  it('has a colour for each slot, all different', () => {
    expect(new Set(series).size).toBe(slots);
  });
});

it('slots differ in shape and dash as well', () => {
  expect(new Set(shapes).size).toBe(slots);
  expect(new Set(dashes.map(String)).size).toBe(slots);
  expect(Object.keys(shapePaths).sort()).toEqual([...shapes].sort());
});
