import { describe, expect, it } from 'vitest';
import { escapeHtml, scriptJson } from '../../../lib/study/report/escape.js';
import { reportHtml } from '../../../lib/study/report/html.js';
import { failure } from '../../cases/data.js';
import { nasty, resultOf, study } from './results.js';

/** The page without the plotting library, whose text is its authors'. */
const own = (html: string) => html.replace(/<script>\/\*\nVega[\s\S]*?<\/script>/, '');
const payload = (html: string) =>
  JSON.parse(/<script type="application\/json" id="report">(.*)<\/script>/.exec(html)![1]!);

describe('the page', () => {
  const html = reportHtml(study());

  it('is complete in itself', () => {
    expect(own(html)).not.toMatch(/\s(?:src|srcset|action|poster|background)\s*=/i);
    const links = [...own(html).matchAll(/\bhref="([^"]*)"/g)].map(([, link]) => link);
    for (const link of links) expect(link).toMatch(/^(#|data:)/);
    expect(own(html)).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(/);
    expect(html).toContain("default-src 'none'");
    expect(html.length).toBeLessThan(1.5e6);
    expect(html.match(/<\/script>/g)).toHaveLength(3);
  });

  it('has the licence of the library that it carries', () => {
    expect(html).toMatch(/Redistribution and use in source and binary forms/);
  });

  it('has a summary, all charts with sample sizes, and a row for each cell', () => {
    expect(html).toContain('7 cells, 140 networks: 2 keep their signal, 3 vanish, 1 explodes, 1 overflows.');
    expect(html).toContain('243 of 270 layers lie in their finite-width band.');
    const figures = [...html.matchAll(/<figure data-(\w+)="\d"><h3>([^<]*)<\/h3><p class="about">([^<]*)</g)];
    expect(figures.map(([, kind]) => kind)).toEqual([...Array(4).fill('series'), ...Array(3).fill('phase')]);
    for (const [, , title, about] of figures) {
      expect(title).toMatch(/\w+/);
      expect(about).toMatch(/20 networks a cell, width 256, batch 8\./);
    }
    expect(html.match(/<tr><td class="tick">/g)).toHaveLength(7);
    expect(html.match(/ checked>/g)).toHaveLength(6);
    expect(html).toContain('Charts show at most 6 cells at a time');
  });

  it('has the numbers of every cell, to four digits', () => {
    const { labels, columns, series, ends, phases } = payload(html);
    expect(labels).toHaveLength(7);
    expect(columns[1]).toBe('y');
    const means = study()[0]!.layers.map(({ q }) => Math.exp(q.values.reduce((sum, x) => sum + Math.log(x), 0) / 20));
    const shown = series[0].cells[0][1] as number[];
    shown.forEach((y, i) => {
      expect(Math.abs(y / means[i]! - 1)).toBeLessThan(5.1e-4);
    });
    expect(ends[5]).toEqual({ x: 29, text: 'overflowed at layer 29' });
    expect(series[0].cells[5][1].slice(28).every((y: unknown) => y === null)).toBe(true);
    expect(phases).toHaveLength(3);
  });

  it('is not broken by what users write', () => {
    const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)> " \' &';
    const result = resultOf();
    const cell = {
      ...result.cell,
      init: { initialiser: evil, [evil]: evil } as never,
      sigmaW: null,
      normalisation: 'batch' as const,
    };
    const page = reportHtml([{ ...result, cell }, resultOf({ depth: 2 })], { title: evil });
    expect(page.match(/<\/script>/g)).toHaveLength(3);
    expect(page).not.toContain('<img');
    expect(page).toContain(`<title>${escapeHtml(evil)}</title>`);
    expect(payload(page).labels[0]).toContain(evil);
  });

  it('survives what is not finite, missing, or none at all', () => {
    const page = reportHtml(Object.values(nasty));
    const [main] = /<main>[\s\S]*<\/main>/.exec(page)!;
    expect(main).not.toMatch(/NaN|Infinity|undefined/);
    expect(main).toContain('not finite');
    expect(JSON.stringify(payload(page).series)).not.toMatch(/NaN|Infinity|undefined/);
    expect(reportHtml([])).toContain('No cells.');
  });

  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'reportHtml', () => reportHtml({} as never), 'list of cell results'],
    ['ERR_ARGUMENT', 'reportHtml', () => reportHtml([], { title: 3 as never }), '3'],
  ])('%s %s %#', (code, name, run, ...parts) => {
    expect(run).toThrow(failure(code, name, ...parts));
  });
});

it('escaping takes all that means something', () => {
  expect(escapeHtml(`<a b="c" d='e'>&\u0000\n`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\n');
  expect(scriptJson({ a: '</script><!--' })).not.toContain('<');
  expect(JSON.parse(scriptJson({ a: '</script>\u2028' }))).toEqual({ a: '</script>\u2028' });
});
