import { describe, expect, it } from 'vitest';
import { checkPackages, missingPackages, toPng, vegaScript } from '../../../lib/study/report/render.js';

/** A machine on which some packages are not installed. */
const without =
  (...names: string[]) =>
  (name: string) => {
    if (names.some((each) => name.startsWith(each))) throw new Error(`Cannot find module '${name}'`);
    return `/node_modules/${name}`;
  };

describe('packages that draw', () => {
  it('are all here', () => {
    expect(missingPackages(['html', 'svg', 'png'])).toEqual([]);
  });
  it('are named once, with the command that installs them', () => {
    expect(missingPackages(['html', 'png'], without('vega', 'dejavu'))).toEqual(['vega', 'dejavu-fonts-ttf']);
    expect(() => checkPackages('reportPng', ['png'], without('vega', 'dejavu'))).toThrow(
      expect.objectContaining({
        code: 'ERR_STATE',
        message: 'reportPng: drawing takes packages that are not installed; run: npm install vega dejavu-fonts-ttf',
      }),
    );
    expect(() => checkPackages('reportHtml', ['html'], without('vega'))).toThrow('run: npm install vega');
    expect(() => checkPackages('reportHtml', ['html'], without('dejavu', '@resvg'))).not.toThrow();
  });
});

it('the library is one script that ends no script element', () => {
  const script = vegaScript();
  expect(script).not.toMatch(/<\/script/i);
  expect(script).not.toContain('sourceMappingURL');
  expect(script.length).toBeLessThan(1e6);
});

it('letters come from the package’s font, and are drawn', async () => {
  const svg = (text: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="30">${text}</text></svg>`;
  const [letter, space] = [await toPng(svg('M'), 40), await toPng(svg(' '), 40)];
  expect(Buffer.from(letter).equals(Buffer.from(space))).toBe(false);
});
