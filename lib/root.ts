// Where the package lies: its binary, its worker threads and its package.json are found from there.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The package's folder, by the URL of a file of its code: that lies somewhere in lib/ or dist/.
 *
 * @param url undefined where a bundler has made a CommonJS module of the code
 * @param rewritten whether the URL is that of the code before a bundler took it elsewhere
 * @throws Error that says what to do where a bundler took the code elsewhere: nothing else of the package is there.
 */
export function packageFolder(url: string | undefined, rewritten = false): string {
  const folder = /^(.*\/)(?:lib|dist)\//.exec(url ?? '')?.[1];
  if (folder !== undefined && !rewritten && isOurs(folder)) return fileURLToPath(folder);
  const file = url?.startsWith('file:') && !rewritten ? fileURLToPath(url) : (process.argv[1] ?? 'a file');
  throw new Error(
    [
      `evenkeel was taken into a bundle (${file}), away from its binary and its worker threads.`,
      'Leave it outside, and have it in node_modules where the bundle runs:',
      '  esbuild: external: ["evenkeel"]   (--external:evenkeel)',
      '  Rollup, and Vite (build.rollupOptions): external: [/^evenkeel(\\/|$)/]',
      '  webpack: externals: [/^evenkeel(\\/|$)/], externalsType: "node-commonjs"',
      '  Next.js: serverExternalPackages: ["evenkeel"]',
      'docs/troubleshooting.md has each of them.',
    ].join('\n'),
  );
}

function isOurs(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { name?: string }).name === 'evenkeel';
  } catch {
    return false;
  }
}

// Webpack leaves the URL as it was on the machine that made the bundle.
export const root = packageFolder(import.meta.url, 'webpack' in import.meta);
