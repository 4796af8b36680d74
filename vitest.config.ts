import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The addon keeps one thread pool per process; forks keep a crash in one file from hiding the others.
    pool: 'forks',
    // On two cores one would be left idle: most of the time goes into JavaScript and child processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
  },
});
