// What the documentation says of the places where evenkeel runs is what `npm run where:check` tries.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(`${root}${name}`, 'utf8');

describe('the documentation', () => {
  it.each([
    'bundlers/esbuild.mjs',
    'bundlers/webpack.config.mjs',
    'bundlers/rollup.config.mjs',
    'bundlers/vite.config.mjs',
    'next/next.config.mjs',
  ])('shows %s as it is tried', (name) =>
    expect(read('docs/troubleshooting.md')).toContain(`\`\`\`js\n${read(`scripts/where/${name}`)}\`\`\`\n`),
  );

  it('has the versions that are tried', () => {
    const tried = ['bundlers', 'next', 'jest', 'runtimes'].flatMap((project) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(`scripts/where/${project}/package.json`)) as {
        dependencies?: Record<string, string>;
        devDependencies?: Record<string, string>;
      };
      return Object.entries({ ...dependencies, ...devDependencies });
    });
    const table = read('docs/deploy.md').split('## Where it runs')[1]!.split('**AWS')[0]!;
    for (const name of ['esbuild', 'webpack', 'rollup', 'vite', 'next', 'jest', 'bun', 'deno']) {
      const version = tried.find(([found]) => found === name)![1];
      expect(version, `${name} is pinned`).toMatch(/^\d+\.\d+\.\d+$/);
      expect(table, name).toContain(version);
    }
    expect(table).toContain(/'@yarnpkg\/cli-dist': '([^']+)'/.exec(read('scripts/pack/registry.mjs'))![1]);
  });

  it('the error of a bundle names the settings of each', () => {
    const error = read('lib/root.ts');
    for (const name of ['esbuild', 'Rollup', 'Vite', 'webpack', 'Next.js']) expect(error).toContain(name);
  });
});
