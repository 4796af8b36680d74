// What a release is made of: the order of packages, the bill of materials, workflows that call scripts that are there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(root + name, 'utf8'));
const manifest = json('package.json');

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly content: string }[];
}

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** A module of scripts/, which has no types. */
const script = async (name: string) => import(/* @vite-ignore */ `${root}scripts/${name}`);

describe('order of publishing', () => {
  it('has evenkeel last, after all binaries, and refuses another tag', async () => {
    const { publishable } = await script('release/order.mjs');
    const { platforms } = await script('prebuild/platforms.mjs');
    const list = publishable({ name: 'evenkeel', version: '1.2.3' }, platforms, 'v1.2.3');
    expect(list).toHaveLength(platforms.length + 1);
    expect(list.at(-1)).toEqual({ spec: 'evenkeel@1.2.3', file: 'evenkeel-1.2.3.tgz', distTag: 'latest' });
    expect(list[0]).toMatchObject({ spec: `@evenkeel/${platforms[0].name}@1.2.3` });
    expect(publishable({ name: 'evenkeel', version: '1.3.0-rc.1' }, platforms)[0].distTag).toBe('next');
    expect(() => publishable({ name: 'evenkeel', version: '1.2.3' }, platforms, 'v1.2.4')).toThrow('v1.2.4');
  });

  it('names the repository that it is built in, which provenance asks for', async () => {
    const { repositoryOf } = await script('pack/tarballs.mjs');
    expect(repositoryOf({})).toEqual({});
    expect(repositoryOf({ GITHUB_SERVER_URL: 'https://host', GITHUB_REPOSITORY: 'a/b' })).toEqual({
      repository: { type: 'git', url: 'git+https://host/a/b.git' },
    });
  });
});

describe('bill of materials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sbom-'));
  const file = join(folder, 'bom.json');
  execFileSync(process.execPath, [`${root}scripts/sbom.mjs`, file]);
  const bom = JSON.parse(readFileSync(file, 'utf8')) as Bom;
  rmSync(folder, { recursive: true });

  it('has all that is installed along, all binaries, and what they are made of', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'evenkeel' } } });
    const names = bom.components.map(({ name }) => name);
    for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(name);
    for (const name of ['vitest', 'vega']) expect(names).not.toContain(name);
    const pins = json('scripts/prebuild/pins.json');
    const openblas = bom.components.filter(({ name }) => name === 'scipy-openblas32');
    const sums = openblas.map((part) => part.hashes![0]!.content).sort();
    expect(sums).toEqual(Object.values(pins['scipy-openblas32'].sha256).sort());
    for (const [name, { version }] of Object.entries<{ version: string }>({
      highway: pins.highway,
      ziglang: pins.ziglang,
    })) {
      expect(bom.components.find((part) => part.name === name)!.version).toBe(version);
    }
  });

  it('has every reference once, and says what depends on what', () => {
    const refs = bom.components.map((part) => part['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const known = new Set([...refs, bom.metadata.component['bom-ref']]);
    for (const { ref, dependsOn } of bom.dependencies) {
      for (const name of [ref, ...dependsOn]) expect(known).toContain(name);
    }
    const binary = bom.dependencies.find(({ ref }) => ref.startsWith('@evenkeel/win32-x64@'))!;
    expect(binary.dependsOn.join()).toMatch(/scipy-openblas32@[^,]*win_amd64.*highway/);
  });
});

describe('workflows', () => {
  const folder = '.github/workflows/';
  const texts = readdirSync(root + folder).map((name) => [name, readFileSync(root + folder + name, 'utf8')] as const);

  it.each(texts)('%s: calls what is there, with few rights and actions of named versions', (_, text) => {
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) expect(manifest.scripts).toHaveProperty([name!]);
    for (const [path] of text.matchAll(/(?:scripts\/[\w/]+\.mjs|\.ci\/run)/g))
      expect(existsSync(root + path)).toBe(true);
    for (const [, local] of text.matchAll(/uses: \.\/(\S+)/g)) expect(existsSync(root + local!)).toBe(true);
    for (const [, action] of text.matchAll(/uses: ([^.\s]\S*)/g)) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+/);
    expect(text).toMatch(/\npermissions:\n {2}contents: read\n/);
    const jobs = text
      .slice(text.indexOf('\njobs:'))
      .split(/\n {2}(?=[\w-]+:\n)/)
      .slice(1);
    for (const job of jobs) expect(job).toMatch(/timeout-minutes: \d|uses: \.\//);
  });

  it('only the release may publish', () => {
    const secrets = texts.filter(([, text]) => /secrets\.|contents: write/.test(text)).map(([name]) => name);
    expect(secrets).toEqual(['release.yml']);
  });
});
