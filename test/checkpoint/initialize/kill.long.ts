// Runs that are killed at any moment and started again: the files are those of a run that nobody disturbed.
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { start } from '../../study/sweep/tools.js';
import { useFolder } from '../tools.js';

const at = useFolder();

/** SHA-256 of every file of a folder. */
async function digests(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
    found[name] = hash.digest('hex');
  }
  return found;
}

/** How many shards are complete; -1 where not even the folder is there. */
function complete(folder: string): number {
  try {
    return readdirSync(folder).filter((name) => /^model-.*safetensors$/.test(name)).length;
  } catch {
    return -1;
  }
}

it('20 kills at random moments: the same SHA-256; so for 1, 2 and 8 threads, and for the union of shares', async () => {
  const config = at('config.json');
  // GPT-2 small: 124 million parameters.
  writeFileSync(config, JSON.stringify({ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] }));
  const flags = (out: string, ...more: string[]) => [
    ...['init', out, '--model', config, '--seed', '5', '--dtype', 'bf16', '--shard-size', '40MB', '--json'],
    ...more,
  ];
  const finish = async (out: string, ...more: string[]) => {
    const run = start(flags(out, ...more));
    expect(await run.ended, run.said()).toBe(0);
    return JSON.parse(run.printed()) as { complete: boolean; seconds: number; shards: { state: string }[] };
  };
  const calm = await finish(at('calm'));
  const expected = await digests(at('calm'));
  const count = calm.shards.length;
  expect(Object.keys(expected)).toHaveLength(count + 2);

  // A linear congruential generator: moments that differ, the same in every run of the test.
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  const left: number[] = [];
  for (let kill = 0; kill < 20; kill++) {
    const out = at(`killed${kill}`);
    const run = start(flags(out));
    // A moment between any two shards, the first's beginning and the last's end: how fast the disk is does not matter.
    const before = Math.floor(random() * (count + 1)) - 1;
    while (run.child.exitCode === null && complete(out) < before) await wait(1);
    await wait(random() * 60);
    run.child.kill('SIGKILL');
    await run.ended;
    left.push(complete(out));
    const resumed = await finish(out);
    expect(resumed.complete).toBe(true);
    expect(resumed.shards.filter((shard) => shard.state === 'found')).toHaveLength(Math.max(0, left.at(-1)!));
    expect(await digests(out), `after kill ${kill}`).toEqual(expected);
    rmSync(out, { recursive: true });
  }
  console.log(`of ${count} shards the kills left: ${left.join(', ')} (-1: not even the folder)`);
  // Most kills must have met a run that was under way.
  expect(left.filter((shards) => shards > 0 && shards < count).length).toBeGreaterThanOrEqual(5);

  for (const threads of ['1', '2', '8']) {
    await finish(at(`threads${threads}`), '--threads', threads);
    expect(await digests(at(`threads${threads}`)), `${threads} threads`).toEqual(expected);
  }
  // Shares at the same time, as on several machines with one file system.
  const half = Math.floor(count / 2);
  const shares = [`1-${half}/${count}`, `${half + 1}-${count}/${count}`];
  const runs = shares.map((range) => start(flags(at('shares'), '--shards', range)));
  for (const run of runs) expect(await run.ended, run.said()).toBe(0);
  expect(await digests(at('shares'))).toEqual(expected);
  // Two runs of the same plan in one folder do not disturb each other.
  const twice = [start(flags(at('twice'))), start(flags(at('twice')))];
  for (const run of twice) expect(await run.ended, run.said()).toBe(0);
  expect(await digests(at('twice'))).toEqual(expected);
});
