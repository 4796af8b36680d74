// npm run pack: the tarballs to publish, in build-pack/: evenkeel, and a package for each platform with its binary. What is
// in them is staged first; the repository's package.json, which npm could not install if it named packages that are not
// published yet, stays as it is.
//
//   npm run pack                            all platforms; `npm run prebuild -- --target all` comes first
//   npm run pack -- --target NAME[,NAME]    evenkeel and these platforms' packages
import { parseArgs } from 'node:util';
import { Failure, main } from './lib/run.mjs';
import { packAll } from './pack/tarballs.mjs';
import { platforms } from './prebuild/platforms.mjs';

main(async () => {
  const { values } = parseArgs({ options: { target: { type: 'string', default: 'all' } } });
  const names = values.target.split(',');
  const chosen = platforms.filter(({ name }) => names.includes('all') || names.includes(name));
  if (chosen.length === 0)
    throw new Failure(`usage: npm run pack -- --target all|${platforms.map(({ name }) => name).join('|')}`);
  for (const { name, file, packed, unpacked } of await packAll(chosen)) {
    const [a, b] = [packed, unpacked].map((bytes) => `${(bytes / 1e6).toFixed(2)} MB`);
    console.log(`${name}: ${a} packed, ${b} unpacked, ${file}`);
  }
});
