// node scripts/publish.mjs: publishes the tarballs of build-pack/ (`npm run pack`), evenkeel last, so that nobody installs it
// without its binaries. What the registry has already is left out: a release that stopped half-way is run again.
//
//   --tag v1.2.3     must be package.json's version: the tag that the release was started by
//   --provenance     where it runs in hosted CI: npm signs where the packages were built
//   --dry-run        publishes nothing
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, must, npm, root, run } from './lib/run.mjs';
import { platforms } from './prebuild/platforms.mjs';
import { publishable } from './release/order.mjs';

main(async () => {
  const { values } = parseArgs({
    options: { tag: { type: 'string' }, provenance: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
  });
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { command, args, shell } = npm();
  // npm's own settings, the token among them, have to reach it.
  const options = { shell, env: process.env };
  for (const { spec, file, distTag } of publishable(manifest, platforms, values.tag)) {
    const tarball = path.join(root, 'build-pack', file);
    if (!existsSync(tarball)) throw new Failure(`${tarball} is missing: run \`npm run pack\``);
    const known = await run(command, [...args, 'view', spec, 'version'], options);
    if (known.code === 0 && known.output.trim() !== '') {
      console.log(`${spec} is there`);
      continue;
    }
    const flags = ['--access', 'public', '--tag', distTag, '--ignore-scripts'];
    if (values.provenance) flags.push('--provenance');
    if (values['dry-run']) flags.push('--dry-run');
    await must(command, [...args, 'publish', tarball, ...flags], options);
    console.log(`${spec} ${values['dry-run'] ? 'would be' : 'is'} published as ${distTag}`);
  }
});
