// Places that cannot be written to, or cease to be: in processes of their own, on file systems of their own where the system
// lets us have one.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { library } from '../../process.js';
import { canMount, useFolder } from '../tools.js';

const at = useFolder();

/** Two shards of 24 MB in a folder that a shell has prepared, with something that happens once 30 MB are drawn; then again. */
async function run(prepare: string, happens = ''): Promise<Record<string, unknown>> {
  const body = `
    import { readdirSync, rmSync, writeFileSync } from 'node:fs';
    import { initializeCheckpoint } from ${JSON.stringify(library.replace('index.js', 'checkpoint/index.js'))};
    process.on('SIGXFSZ', () => {});
    const folder = process.argv[1];
    let happened = false;
    const options = {
      model: { tensors: { a: [3000, 2000], b: [3000, 2000] } },
      preset: 'torch', seed: 0, shardSize: 24e6,
      onProgress({ bytes }) {
        if (bytes < 30e6 || happened) return;
        happened = true;
        ${happens};
      },
    };
    const error = await initializeCheckpoint(folder, options).catch((error) => error);
    const left = readdirSync(folder).filter((name) => name !== 'filler');
    rmSync(folder + '/filler', { force: true });
    const again = await initializeCheckpoint(folder, options).catch((error) => error);
    console.log(JSON.stringify({
      code: error.code, message: error.message, cause: error.cause?.code, left,
      again: again.shards?.map(({ state }) => state) ?? again.code,
    }));`;
  const folder = at(`place${Math.random()}`);
  mkdirSync(folder);
  const env = { ...process.env, NODE: process.execPath, BODY: body, FOLDER: folder };
  const script = `${prepare} && exec "$NODE" --input-type=module --eval "$BODY" "$FOLDER"`;
  const command = prepare.startsWith('mount') ? ['unshare', '-rm', 'sh', '-c', script] : ['sh', '-c', script];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

const mounts = canMount(at());
const firstOnly = ['model-00001-of-00002.safetensors'];

describe('a place that cannot take it', () => {
  it('files may not grow so large', async () => {
    expect(await run('ulimit -f 20000')).toEqual({
      code: 'ERR_FILE',
      message: expect.stringMatching(/^initializeCheckpoint: cannot write .*file too large \(EFBIG\)$/),
      cause: 'EFBIG',
      left: [],
      again: 'ERR_FILE',
    });
  });

  it.skipIf(!mounts)('the disk is too small: known before anything is written', async () => {
    expect(await run('mount -t tmpfs -o size=40m tmpfs "$FOLDER"')).toMatchObject({
      code: 'ERR_FILE',
      message: expect.stringMatching(/^initializeCheckpoint: 48.0 MB are to be written to .*, and 41.9 MB are free$/),
      left: [],
    });
  });

  it.skipIf(!mounts)(
    'somebody else fills the disk: what is complete stays, and it goes on when there is room',
    async () => {
      const fill = "try { writeFileSync(folder + '/filler', Buffer.alloc(60e6)); } catch {}";
      expect(await run('mount -t tmpfs -o size=70m tmpfs "$FOLDER"', fill)).toEqual({
        code: 'ERR_FILE',
        message: expect.stringMatching(/^initializeCheckpoint: cannot write .*no space left on device \(ENOSPC\)$/),
        cause: 'ENOSPC',
        left: firstOnly,
        again: ['found', 'written'],
      });
    },
  );

  it.skipIf(!mounts)('the file system is read-only', async () => {
    expect(await run('mount -t tmpfs -o ro tmpfs "$FOLDER"')).toMatchObject({
      code: 'ERR_FILE',
      message: expect.stringMatching(/^initializeCheckpoint: cannot write .*read-only file system \(EROFS\)$/),
      left: [],
      again: 'ERR_FILE',
    });
  });

  it.skipIf(!mounts)(
    'the file system is read-only, and the folder is not there: not "no such file or directory"',
    async () => {
      const folder = at('read-only');
      mkdirSync(folder);
      const body = `
      import { initializeCheckpoint, saveCheckpoint } from ${JSON.stringify(library.replace('index.js', 'checkpoint/index.js'))};
      import { ones } from ${JSON.stringify(library)};
      const said = [];
      for (const out of ['new', 'new/inside']) {
        const into = process.argv[1] + '/' + out;
        for (const writes of [
          () => initializeCheckpoint(into, { model: { tensors: { a: [3, 2] } }, preset: 'torch', seed: 0 }),
          () => saveCheckpoint(into, { a: ones(4), b: ones(4) }, { shardSize: 16 }),
        ]) said.push((await writes().catch((error) => error)).cause?.code);
      }
      console.log(said.join());`;
      const mount = 'mount -t tmpfs -o ro tmpfs "$2" && exec "$1" --input-type=module --eval "$0" "$2"';
      const words = ['-rm', 'sh', '-c', mount, body, process.execPath, folder];
      const { stdout } = await promisify(execFile)('unshare', words);
      expect(stdout).toBe('EROFS,EROFS,EROFS,EROFS\n');
    },
  );
});
