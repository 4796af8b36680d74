// npm run sbom: the software bill of materials (CycloneDX, JSON) of evenkeel and its packages of binaries, into
// build-pack/evenkeel-VERSION.cdx.json, or the file given.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main, must, npm, root } from './lib/run.mjs';
import { pins } from './prebuild/platforms.mjs';
import { billOfMaterials } from './release/bom.mjs';

const json = (name) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));

main(async () => {
  const manifest = json('package.json');
  const file = path.resolve(process.argv[2] ?? path.join(root, 'build-pack', `evenkeel-${manifest.version}.cdx.json`));
  const { command, args, shell } = npm();
  // Of the lock file: the same wherever it is made. Peers are optional, and none of ours.
  const flags = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--omit', 'peer', '--package-lock-only'];
  const output = await must(command, [...args, ...flags], { shell });
  const npmBom = JSON.parse(output.slice(output.indexOf('{')));
  const bom = billOfMaterials({ npmBom, manifest, lock: json('package-lock.json'), pins });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`${file}: ${bom.components.length} components`);
});
