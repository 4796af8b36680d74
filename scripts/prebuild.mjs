// npm run prebuild: the addon for the platforms it is published for, cross-built by zig from one Linux machine, into
// prebuilds/ as prebuildify would lay it out, with OpenBLAS and the licences beside it. docs/deploy.md has the platforms.
//
//   npm run prebuild -- --target linux-x64-glibc       one platform; several with commas
//   npm run prebuild -- --target all
import { parseArgs } from 'node:util';
import { withLock } from './lib/lock.mjs';
import { Failure, main, step } from './lib/run.mjs';
import { installPackages } from './lib/system.mjs';
import { buildPlatform } from './prebuild/build.mjs';
import { fetchNeeds, fetchPinnedHighway, fetchZig } from './prebuild/fetch.mjs';
import { platforms } from './prebuild/platforms.mjs';

function chosen() {
  const { values } = parseArgs({ options: { target: { type: 'string', default: '' } } });
  const names = values.target.split(',').filter(Boolean);
  const known = platforms.map(({ name }) => name);
  const unknown = names.find((name) => name !== 'all' && !known.includes(name));
  if (names.length === 0 || unknown !== undefined) {
    throw new Failure(`usage: npm run prebuild -- --target all|${known.join('|')}`);
  }
  return names.includes('all') ? platforms : platforms.filter(({ name }) => names.includes(name));
}

main(async () => {
  const wanted = chosen();
  await withLock(async () => {
    await installPackages(fetchNeeds);
    const zig = await step('fetching zig', fetchZig);
    const highway = await step('fetching Highway', fetchPinnedHighway);
    for (const platform of wanted) {
      await step(`building ${platform.name}`, () => buildPlatform(platform, { zig, highway }));
    }
  }, '-prebuild');
});
