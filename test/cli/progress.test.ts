import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startProgress } from '../../lib/cli/progress.js';

const esc = String.fromCharCode(27);

/** A terminal, or a pipe, that remembers what was written. */
function stream(isTTY: boolean) {
  const written: string[] = [];
  const out = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { written, out: Object.assign(out, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('shows a bar on a terminal once a second has passed, and takes it away', async () => {
  const { written, out } = stream(true);
  const progress = await startProgress(out);
  progress.update(1, 10);
  vi.advanceTimersByTime(900);
  progress.update(4, 10);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(200);
  progress.update(5, 10);
  expect(written.join('')).toMatch(/50 %/);
  vi.advanceTimersByTime(500);
  progress.update(8, 10);
  expect(written.join('')).toMatch(/80 %/);
  progress.stop();
  expect(written.join('')).toContain(`${esc}[0K`);
  expect(vi.getTimerCount()).toBe(0);
  // Neither handlers of signals nor the terminal's line wrapping and cursor are touched.
  expect(written.join('')).not.toContain(`${esc}[?`);
});

it('shows nothing for short runs', async () => {
  const { written, out } = stream(true);
  const progress = await startProgress(out);
  progress.update(9, 10);
  progress.stop();
  expect(written).toEqual([]);
});

it('shows nothing where no terminal is', async () => {
  const { written, out } = stream(false);
  const progress = await startProgress(out);
  vi.advanceTimersByTime(5000);
  progress.update(5, 10);
  progress.stop();
  expect(written).toEqual([]);
});
