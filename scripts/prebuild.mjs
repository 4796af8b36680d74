// npm run prebuild: the addon for the platforms it is published for, cross-built by zig from one Linux machine, into
// prebuilds/ as prebuildify would lay it out, with OpenBLAS and the licences beside it. docs/deploy.md has the platforms.
//
//   npm run prebuild -- --target linux-x64-glibc       one platform; several with commas
//   npm run prebuild -- --target all
import { parseArgs } from 'node:util';
import { withLock } from './lib/lock.mjs';
import { Failure, main, step } from './lib/run.mjs';
import { installPackages } from './lib/system.mjs';
import { packages } from './lib/targets.mjs';
import { buildPlatform } from './prebuild/build.mjs';
import { fetchNeeds, fetchPinnedHighway, fetchZig } from './prebuild/fetch.mjs';
import { platforms } from './prebuild/platforms.mjs';

const known = platforms.map(({ name }) => name);
const usage = `usage: npm run prebuild -- --target all|${known.join('|')}`;

function chosen() {
  const { values } = parseArgs({ options: { target: { type: 'string', default: '' } } });
  const names = values.target.split(',').filter(Boolean);
  if (names.some((name) => name !== 'all' && !known.includes(name))) throw new Failure(usage);
  return names.includes('all') ? platforms : platforms.filter(({ name }) => names.includes(name));
}

main(async () => {
  const wanted = chosen();
  if (wanted.length === 0) {
    // To npm, a script of this name is also what comes before `npm run build`, without arguments: no failure.
    if (process.env.npm_lifecycle_event !== 'prebuild') throw new Failure(usage);
    return;
  }
  // Node-API's headers are among them.
  await withLock(async () => {
    if (!packages.isFresh()) await step(packages.name, () => packages.build());
  });
  await withLock(async () => {
    await installPackages(fetchNeeds);
    const zig = await step('fetching zig', fetchZig);
    const highway = await step('fetching Highway', fetchPinnedHighway);
    for (const platform of wanted) {
      await step(`building ${platform.name}`, () => buildPlatform(platform, { zig, highway }));
    }
  }, '-prebuild');
});
