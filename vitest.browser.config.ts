import { defineConfig } from 'vitest/config';

// Pages in a real browser: `npm run test:long -- Chromium` installs Debian's and runs these.
export default defineConfig({
  test: {
    include: ['test/**/*.browser.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 3 * 60_000,
    hookTimeout: 3 * 60_000,
  },
});
