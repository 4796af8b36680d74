// What is published, in which order, under which tag of npm's.
import { Failure } from '../lib/run.mjs';

/** The packages in order: binaries, then evenkeel, which needs them. `tag` is git's, and must be the version. */
export function publishable({ name, version }, platforms, tag) {
  if (tag !== undefined && tag !== `v${version}`) {
    throw new Failure(`the tag is ${tag}, but package.json has version ${version}`);
  }
  // npm installs `latest` where nothing is said: no version that is still being tried.
  const distTag = version.includes('-') ? 'next' : 'latest';
  return [...platforms.map((platform) => platform.package), name].map((name) => ({
    spec: `${name}@${version}`,
    file: `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
    distTag,
  }));
}
