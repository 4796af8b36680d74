// What loops whose results nobody keeps may do to a process's memory: for a quick test and a long one.
import { expect } from 'vitest';
import { node } from '../process.ts';

/**
 * Runs a loop of test/memory.loops.mjs in a process of its own. After three tenths of it, its peak may grow by `slack` MB:
 * V8 collects large buffers late, and hands them back from another thread; the allocator keeps up to 128 MB.
 */
export async function expectFlat(name: string, count: number, slack: number): Promise<void> {
  const { code, stdout, stderr } = await node(['test/memory.loops.mjs', name, String(count)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const peaks = JSON.parse(stdout) as number[];
  const [first, last] = [Math.max(...peaks.slice(0, 3)), Math.max(...peaks.slice(3))];
  expect(last - first, `peaks in MB: ${peaks.join(', ')}`).toBeLessThan(slack);
  expect(last, `peaks in MB: ${peaks.join(', ')}`).toBeLessThan(640);
}
