// The platforms that binaries are published for, a row for each: what zig and CMake call it, what npm calls it, and which
// wheel has its OpenBLAS.
import { readFileSync } from 'node:fs';

export const pins = JSON.parse(readFileSync(new URL('pins.json', import.meta.url), 'utf8'));

/** Instruction sets left out. SSSE3 is next to SSE2 in speed; all machines with SVE have NEON, as fast at 128 bits. */
const leftOut = {
  x64: 'HWY_SSSE3',
  arm64: '(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)',
};

function linux(cpu, libc) {
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[cpu];
  return {
    name: `linux-${cpu}-${libc}`,
    os: 'linux',
    cpu,
    libc,
    zig: libc === 'glibc' ? `${processor}-linux-gnu.2.28` : `${processor}-linux-musl`,
    system: 'Linux',
    processor,
    wheel: `${libc === 'glibc' ? 'manylinux_2_27' : 'musllinux_1_2'}_${processor}`,
    blas: 'libscipy_openblas.so',
  };
}

function darwin(cpu, minimum, wheel) {
  const processor = { x64: 'x86_64', arm64: 'arm64' }[cpu];
  return {
    name: `darwin-${cpu}`,
    os: 'darwin',
    cpu,
    zig: `${cpu === 'x64' ? 'x86_64' : 'aarch64'}-macos.${minimum}`,
    system: 'Darwin',
    processor,
    minimum,
    wheel,
    blas: 'libscipy_openblas.dylib',
  };
}

export const platforms = [
  linux('x64', 'glibc'),
  linux('x64', 'musl'),
  linux('arm64', 'glibc'),
  linux('arm64', 'musl'),
  darwin('arm64', '11.0', 'macosx_11_0_arm64'),
  darwin('x64', '10.15', 'macosx_10_13_x86_64'),
  {
    name: 'win32-x64',
    os: 'win32',
    cpu: 'x64',
    zig: 'x86_64-windows-gnu',
    system: 'Windows',
    processor: 'AMD64',
    wheel: 'win_amd64',
    blas: 'libscipy_openblas.dll',
  },
].map((platform) => ({
  ...platform,
  package: `@evenkeel/${platform.name}`,
  /** Where prebuildify would put it. */
  folder: `prebuilds/${platform.os}-${platform.cpu}`,
  addon: platform.libc ? `evenkeel.${platform.libc}.node` : 'evenkeel.node',
  library: libraryName(platform),
  notices: ['THIRD-PARTY-NOTICES', platform.libc, 'txt'].filter(Boolean).join('.'),
  leftOut: leftOut[platform.cpu],
}));

/**
 * OpenBLAS's file: a name that no other package's copy has, since Windows and Linux take a library of the same name for the
 * same library. Both of Linux's C libraries share a folder.
 */
function libraryName({ os, libc }) {
  const version = pins['scipy-openblas32'].version.split('.').slice(0, 3).join('.');
  const stem = ['evenkeel-openblas', version, libc].filter(Boolean).join('-');
  return os === 'win32' ? `${stem}.dll` : `lib${stem}.${os === 'darwin' ? 'dylib' : 'so'}`;
}
