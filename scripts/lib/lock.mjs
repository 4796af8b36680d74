// One build at a time in one folder: two `npm test` side by side must not run ninja on the same tree.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

const STALE_MS = 30 * 60_000;

function holderIsAlive(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Just created, its number not yet written: give the holder time.
    if (!pid) return Date.now() - statSync(file).mtimeMs < 5_000;
    if (Date.now() - statSync(file).mtimeMs > STALE_MS) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs `work` while holding the lock of this folder's builds, or of another `kind` of work in it. */
export async function withLock(work, kind = '') {
  const file = path.join(root, 'build', `.lock${kind}`);
  mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!holderIsAlive(file)) {
        rmSync(file, { force: true });
        continue;
      }
      if (!told) process.stderr.write('evenkeel: waiting for another build in this folder\n');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const release = () => rmSync(file, { force: true });
  const onSignal = (signal) => {
    release();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await work();
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    release();
  }
}
