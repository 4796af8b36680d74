import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The addon keeps one thread pool per process; forks keep a crash in one file from hiding the others.
    pool: 'forks',
    testTimeout: 30_000,
  },
});
