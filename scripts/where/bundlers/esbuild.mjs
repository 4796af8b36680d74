import { build } from 'esbuild';

await build({
  entryPoints: ['main.mjs'],
  bundle: true,
  platform: 'node',
  format: 'esm', // or 'cjs'
  outfile: 'out/main.mjs',
  external: ['evenkeel'],
});
