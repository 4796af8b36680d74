// The bill of materials of what is published: npm's own, of the packages that are installed along, and the native parts, whose
// versions and checksums are in scripts/prebuild/pins.json.
import { platforms } from '../prebuild/platforms.mjs';

const licence = (id) => [id.includes(' ') ? { expression: id } : { license: { id } }];

/** Of each native part: what it is, where it comes from, and which packages have it. */
function nativeParts(pins, lock) {
  const [openblas, highway, zig] = [pins['scipy-openblas32'], pins.highway, pins.ziglang];
  const of = (wanted) => platforms.filter(wanted).map((platform) => platform.package);
  const locked = (name) => lock.packages[`node_modules/${name}`].version;
  return [
    ...platforms.map((platform) => ({
      name: 'scipy-openblas32',
      version: openblas.version,
      purl: `pkg:pypi/scipy-openblas32@${openblas.version}?file_name=${platform.wheel}`,
      licenses: licence('BSD-3-Clause AND (GPL-3.0-only WITH GCC-exception-3.1)'),
      description: `OpenBLAS and LAPACK, with GCC's run-time libraries, as ${platform.library}`,
      sha256: openblas.sha256[platform.wheel],
      packages: [platform.package],
    })),
    {
      name: 'highway',
      version: highway.version,
      purl: `pkg:deb/debian/highway@${encodeURIComponent(highway.version)}?arch=source`,
      licenses: licence('Apache-2.0'),
      description: 'vector code, compiled into the addon',
      sha256: Object.entries(highway.sha256).find(([file]) => file.includes('.orig.'))[1],
      packages: of(() => true),
    },
    {
      name: 'ziglang',
      version: zig.version,
      purl: `pkg:pypi/ziglang@${zig.version}`,
      licenses: licence('MIT AND (Apache-2.0 WITH LLVM-exception)'),
      description: 'the compiler, whose run time, libc++, libc++abi and libunwind are compiled into the addon',
      packages: of(() => true),
    },
    {
      name: 'node-api-headers',
      version: locked('node-api-headers'),
      purl: `pkg:npm/node-api-headers@${locked('node-api-headers')}`,
      licenses: licence('MIT'),
      description: 'headers, compiled into the addon',
      packages: of(() => true),
    },
  ];
}

/**
 * CycloneDX 1.5. `npmBom` is what `npm sbom --sbom-format cyclonedx --omit dev` says, `manifest` and `lock` are package.json and
 * package-lock.json.
 */
export function billOfMaterials({ npmBom, manifest, lock, pins }) {
  const { version } = manifest;
  const root = npmBom.metadata.component;
  const binaries = platforms.map((platform) => ({
    'bom-ref': `${platform.package}@${version}`,
    type: 'library',
    name: platform.package,
    version,
    scope: 'optional',
    purl: `pkg:npm/${platform.package.replace('@', '%40')}@${version}`,
    licenses: licence(manifest.license),
  }));
  const parts = nativeParts(pins, lock).map(({ sha256, packages, ...part }) => ({
    'bom-ref': part.purl,
    type: 'library',
    scope: 'required',
    ...part,
    ...(sha256 ? { hashes: [{ alg: 'SHA-256', content: sha256 }] } : {}),
    packages,
  }));
  const refs = binaries.map((binary) => binary['bom-ref']);
  return {
    ...npmBom,
    metadata: {
      ...npmBom.metadata,
      // npm names it after the folder.
      component: { ...root, name: manifest.name },
    },
    components: [...npmBom.components, ...binaries, ...parts.map(({ packages, ...part }) => part)],
    dependencies: [
      ...npmBom.dependencies.map((entry) =>
        entry.ref === root['bom-ref'] ? { ...entry, dependsOn: [...entry.dependsOn, ...refs] } : entry,
      ),
      ...platforms.map((platform, i) => ({
        ref: refs[i],
        dependsOn: parts.filter(({ packages }) => packages.includes(platform.package)).map((part) => part['bom-ref']),
      })),
      ...parts.map((part) => ({ ref: part['bom-ref'], dependsOn: [] })),
    ],
  };
}
