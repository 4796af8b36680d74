// The page of a report in headless Chromium, offline: light, dark, and as wide as a phone. Screenshots go to EVENKEEL_SCREENSHOTS or a
// temporary folder.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../../lib/study/report/html.js';
import { themes } from '../../../lib/study/report/theme.js';
import { nasty, resultOf, study } from './results.js';

const folder = process.env.EVENKEEL_SCREENSHOTS ?? mkdtempSync(path.join(tmpdir(), 'evenkeel-pages-'));
mkdirSync(folder, { recursive: true });
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
});

const evil = '</script><script>document.title = "broken"</script><img src=x onerror="document.title = 1">';
const rgb = (hex: string) => `rgb(${[1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)).join(', ')})`;

/** Opens a page and counts what it must not do. */
async function open(html: string, name: string, look: { dark?: boolean; width?: number } = {}) {
  const file = path.join(folder, `${name}.html`);
  writeFileSync(file, html);
  const context = await browser.newContext({
    colorScheme: look.dark ? 'dark' : 'light',
    viewport: { width: look.width ?? 1280, height: 800 },
    hasTouch: look.width !== undefined,
    offline: true,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url);
  await page.waitForSelector('html[data-drawn]', { state: 'attached' });
  return { page, errors, requests: () => requests.filter((each) => each !== url && each !== 'data:,'), context };
}

/** How much wider than the window the page is, and how many marks each chart has. */
const measure = (page: Page) =>
  page.evaluate(`({
    overflow: document.documentElement.scrollWidth - innerWidth,
    background: getComputedStyle(document.body).backgroundColor,
    cut: [...document.querySelectorAll('.chart')].flatMap((chart) => {
      const room = chart.getBoundingClientRect();
      return [...chart.querySelectorAll('text')].filter((text) => {
        const { left, right } = text.getBoundingClientRect();
        return text.textContent !== '' && (left < room.left - 1 || right > room.right + 1);
      }).map((text) => text.textContent);
    }),
    charts: [...document.querySelectorAll('figure')].map((figure) => ({
      title: figure.querySelector('h3').textContent,
      marks: figure.querySelectorAll('.chart svg path[d]').length,
      width: figure.querySelector('.chart svg').getBoundingClientRect().width,
      room: figure.querySelector('.chart').clientWidth,
      back: getComputedStyle(figure.querySelector('.chart svg')).backgroundColor,
    })),
  })`) as Promise<{
    overflow: number;
    cut: string[];
    background: string;
    charts: { title: string; marks: number; width: number; room: number; back: string }[];
  }>;

const screenshot = (page: Page, name: string) =>
  page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });

describe('a report in Chromium', () => {
  const html = reportHtml(study(), { title: `Three activations ${evil}` });

  it.each([
    { name: 'light', look: {} },
    { name: 'dark', look: { dark: true } },
    { name: 'phone', look: { width: 360 } },
    { name: 'phone-dark', look: { width: 360, dark: true } },
  ])('$name: draws all charts, asks no network, and fits', async ({ name, look }) => {
    const { page, errors, requests, context } = await open(html, name, look);
    const theme = themes['dark' in look ? 'dark' : 'light'];
    const { overflow, cut, background, charts } = await measure(page);
    await screenshot(page, name);
    expect(errors).toEqual([]);
    expect(requests()).toEqual([]);
    expect(overflow).toBeLessThanOrEqual(0);
    // No letter of a chart is beyond its edge.
    expect(cut).toEqual([]);
    expect(background).toBe(rgb(theme.background));
    expect(charts.map(({ title }) => title.split(':')[0])).toEqual([
      ...['Signals', 'Correlation of two inputs over the layers', 'Gradients over the layers'],
      ...['Singular values of the input-output Jacobian', 'Phase diagram', 'Phase diagram', 'Phase diagram'],
    ]);
    for (const { marks, width, room, back } of charts) {
      expect(marks).toBeGreaterThan(20);
      expect(Math.abs(width - room)).toBeLessThanOrEqual(1);
      expect(back).toBe(rgb(theme.background));
    }
    expect(await page.title()).toBe(`Three activations ${evil}`);
    await context.close();
  });

  it('follows the system from light to dark, and the window', async () => {
    const { page, errors, context } = await open(html, 'changing');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 500, height: 800 });
    await expect
      .poll(async () =>
        (await measure(page)).charts.every(
          ({ back, width, room }) => back === rgb(themes.dark.background) && Math.abs(width - room) <= 1,
        ),
      )
      .toBe(true);
    expect((await measure(page)).overflow).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it.each([
    { name: 'pointer', look: {} },
    { name: 'finger', look: { width: 360 } },
  ])('$name: shows the numbers of a mark', async ({ name, look }) => {
    const { page, context } = await open(html, 'tips', look);
    const target = page.locator('figure[data-series="0"] .targets path').nth(10);
    await target.scrollIntoViewIfNeeded();
    await page.waitForTimeout(200);
    const box = (await target.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await (name === 'finger' ? page.touchscreen.tap(x, y) : page.mouse.move(x, y));
    const tip = page.locator('#tip');
    await tip.waitFor({ state: 'visible' });
    const text = await tip.innerText();
    await page.screenshot({ path: path.join(folder, `tip-${name}.png`) });
    for (const part of ['layer', 'measured', 'theory', '19 in 20']) expect(text).toContain(part);
    const place = (await tip.boundingBox())!;
    expect(place.x).toBeGreaterThanOrEqual(0);
    expect(place.x + place.width).toBeLessThanOrEqual(look.width ?? 1280);
    await context.close();
  });

  it('shows the cells that are ticked, six at most', async () => {
    const { page, context } = await open(html, 'ticks');
    const labels = () => page.locator('figure[data-series="0"] .legend li').allInnerTexts();
    expect(await labels()).toHaveLength(6);
    const free = page.locator('input[data-cell]:not(:checked)').first();
    await free.click();
    expect(await free.isChecked()).toBe(false);
    expect(await page.locator('#said').innerText()).toContain('At most 6');
    const before = await labels();
    await page.locator('input[data-cell="0"]').uncheck();
    expect(await labels()).toEqual(before.slice(1));
    await free.check();
    expect(await labels()).toHaveLength(6);
    await page.locator('#find').fill('relu');
    expect(await page.locator('tbody tr:visible').count()).toBe(3);
    await page.locator('#clear').click();
    expect(await labels()).toEqual(['None of the ticked cells has this.']);
    expect(await page.locator('figure[data-series="0"] .targets path').count()).toBe(0);
    await context.close();
  });

  it('survives what is not finite, missing, or single', async () => {
    const { page, errors, context } = await open(reportHtml(Object.values(nasty)), 'nasty');
    await screenshot(page, 'nasty');
    expect(errors).toEqual([]);
    const figure = page.locator('figure[data-series="0"]');
    expect(await figure.innerText()).toContain('overflowed at layer 29');
    const paths = await page.evaluate(
      `[...document.querySelectorAll('.chart svg path')].map((each) => each.getAttribute('d') + each.getAttribute('transform'))`,
    );
    expect(JSON.stringify(paths)).not.toMatch(/NaN|Infinity/);
    await context.close();
  });

  it('stays usable with a thousand cells', async () => {
    const cells = Array.from({ length: 20 }, (_, i) => resultOf({ sigmaW: 0.5 + 0.1 * i, repeats: 5, depth: 100 }, i));
    const results = Array.from({ length: 1000 }, (_, i) => ({
      ...cells[i % 20]!,
      cell: { ...cells[i % 20]!.cell, seed: Math.floor(i / 20) },
    }));
    const large = reportHtml(results);
    expect(large.length).toBeLessThan(8e6);
    const { page, errors, context } = await open(large, 'thousand', { width: 360 });
    expect(errors).toEqual([]);
    const { overflow } = await measure(page);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: path.join(folder, 'thousand.png') });
    const first = page.locator('figure[data-series="0"] .targets path');
    const box = page.locator('input[data-cell]:checked').first();
    const begun = performance.now();
    await box.uncheck();
    await expect.poll(() => first.count(), { interval: 20 }).toBe(5 * 24);
    // Half a second is what people still take for an answer to what they did; browsers under test are slow.
    expect(performance.now() - begun).toBeLessThan(5000);
    await context.close();
  });
});
