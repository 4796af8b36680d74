import { defineConfig } from 'vitest/config';

// What `npm run test:long` runs besides the native tests: too slow for every `npm test`.
export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    pool: 'forks',
    // Each file may use all cores, and some measure.
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
  },
});
