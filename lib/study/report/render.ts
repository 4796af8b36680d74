// Specifications as SVG, SVG as PNG, without a browser. The packages that draw are many times as large as evenkeel: they are
// optional peer dependencies, loaded when something is to be drawn.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { stateError } from '../../errors.js';
import type { ChartSpec } from './spec.js';

const require = createRequire(import.meta.url);

/** Packages that reports of each kind are drawn with. */
export const needs = {
  html: ['vega'],
  svg: ['vega'],
  png: ['vega', '@resvg/resvg-js', 'dejavu-fonts-ttf'],
} as const;

/** The kinds of reports that are files. */
export type ReportKind = keyof typeof needs;

/** The packages of `kinds` that are not installed; `resolve` as that of `require`. */
export function missingPackages(
  kinds: readonly ReportKind[],
  resolve: (name: string) => string = require.resolve,
): string[] {
  const names = new Set(kinds.flatMap((kind) => needs[kind]));
  return [...names].filter((name) => {
    try {
      // The fonts have no code.
      return resolve(name === 'dejavu-fonts-ttf' ? `${name}/package.json` : name) === '';
    } catch {
      return true;
    }
  });
}

/**
 * Makes sure that reports of these kinds can be drawn.
 *
 * @throws Error (ERR_STATE) that says which packages to install
 */
export function checkPackages(call: string, kinds: readonly ReportKind[], resolve?: (name: string) => string): void {
  const missing = missingPackages(kinds, resolve);
  if (missing.length === 0) return;
  const what = missing.length === 1 ? 'a package that is' : 'packages that are';
  throw stateError(call, `drawing takes ${what} not installed; run: npm install ${missing.join(' ')}`);
}

/** The plotting library as one script that needs nothing else, with its licence, for a page. */
export function vegaScript(): string {
  // The package exports only its modules, beside which the script lies.
  const build = path.dirname(require.resolve('vega'));
  const licence = readFileSync(path.join(build, '..', 'LICENSE'), 'utf8').trim();
  const script = readFileSync(path.join(build, 'vega.min.js'), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  return `/*\nVega. ${licence.replaceAll('*/', '* /')}\n*/\n${script}`;
}

/** A specification drawn as SVG. */
export async function toSvg(specification: ChartSpec): Promise<string> {
  const { parse, View } = await import('vega');
  const view = new View(parse(specification as Parameters<typeof parse>[0]), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** SVG as PNG, `width` pixels wide, in a font that comes with a package: the same picture on every machine. */
export async function toPng(svg: string, width: number): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const folder = path.join(path.dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => path.join(folder, name));
  return new Resvg(svg, {
    fitTo: { mode: 'width', value: width },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'DejaVu Sans' },
  })
    .render()
    .asPng();
}
