// A million small operations and ten thousand large ones, in loops that never let the event loop run.
import { it } from 'vitest';
import { expectFlat } from './cases/memory.ts';

it.each<[string, number, number]>([
  ['results of 16 floats', 1_000_000, 8],
  ['results of 100 KB', 300_000, 48],
  ['results of 16 MB', 10_000, 128],
  ['a chain of 16 MB', 3000, 128],
  ['the last five results of 16 MB', 3000, 128],
  ['results of 64 MB', 1000, 128],
  ['scopes of 16 MB and of other sizes', 5000, 128],
  ['gradients', 20_000, 48],
])('%s, %i times', expectFlat);
