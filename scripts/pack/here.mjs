// This machine's row of the table of platforms.
import { existsSync } from 'node:fs';
import { Failure } from '../lib/run.mjs';
import { platforms } from '../prebuild/platforms.mjs';

export function thisPlatform() {
  const libc = process.platform === 'linux' ? (existsSync('/etc/alpine-release') ? 'musl' : 'glibc') : undefined;
  const found = platforms.find(
    ({ os, cpu, libc: of }) => os === process.platform && cpu === process.arch && of === libc,
  );
  if (!found) throw new Failure(`there are no binaries for ${process.platform}-${process.arch}`);
  return found;
}
