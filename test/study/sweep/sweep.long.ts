// What a sweep must survive, at full length: 1,000 cells killed five times, here and through a Redis server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mergeStudies } from '../../../lib/study/sweep/merge.js';
import { study } from '../../../lib/study/sweep/study.js';
import { killAndResume, type Running, results, start, temporaryFolder, tiny, tinyFlags, until } from './tools.js';

const at = temporaryFolder();
const cells = 1000;

/** The file of a sweep that nobody disturbed. */
let calm: Buffer;
beforeAll(async () => {
  await study({ ...tiny(cells), file: at('calm.jsonl') });
  calm = readFileSync(at('calm.jsonl'));
});

describe('a sweep of 1,000 cells', () => {
  it('that is killed five times at random points is the same to the byte as one that was not', async () => {
    const path = at('killed.jsonl');
    const left = await killAndResume(
      ['study', ...tinyFlags(cells), '--out', path, '--workers', '2'],
      path,
      5,
      cells,
      7,
    );
    console.log(`results that the kills left: ${left.join(', ')}`);
    for (const [i, count] of left.entries()) expect(count).toBeGreaterThan(left[i - 1] ?? 0);
    expect(left.at(-1)).toBeLessThan(cells);
    expect(readFileSync(path).equals(calm)).toBe(true);
  });

  it('in sixteen shares is the same to the byte once they are merged', async () => {
    const shares = Array.from({ length: 16 }, (_, i) => at(`share-${i + 1}.jsonl`));
    for (const [i, path] of shares.entries()) {
      const run = start(['study', ...tinyFlags(cells), '--cells', `${i + 1}/16`, '--out', path, '--workers', '2']);
      expect(await run.ended, run.said()).toBe(0);
    }
    expect(mergeStudies(at('fifteen.jsonl'), shares.slice(1)).missing).toHaveLength(63);
    const merge = start(['study', 'merge', at('merged.jsonl'), ...shares]);
    expect(await merge.ended, merge.said()).toBe(0);
    expect(readFileSync(at('merged.jsonl')).equals(calm)).toBe(true);
  });
});

/** A Redis server of the test's own, on a port that was free. */
class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  constructor(port: number, folder: string, options: readonly string[]) {
    [this.port, this.#folder, this.#options] = [port, folder, options];
  }

  static async start(name: string, ...options: string[]): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    mkdirSync(at(name));
    const server = new RedisServer(port, at(name), options);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder];
    const child = spawn('redis-server', [...place, '--save', '', ...this.#options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
    await Promise.race([
      once(child, 'error').then(([error]) => Promise.reject(error)),
      until(() => /Ready to accept connections/.test(log) || child.exitCode !== null, 'the Redis server'),
    ]);
    if (child.exitCode !== null) throw new Error(`redis-server ended: ${log}`);
  }

  async kill(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }
}

describe('through Redis', () => {
  const running: Running[] = [];
  const servers: RedisServer[] = [];
  const run = (...args: string[]) => {
    const started = start(args);
    running.push(started);
    return started;
  };
  const server = async (...options: string[]) => {
    servers.push(await RedisServer.start(`redis-${Math.random()}`, ...options));
    return servers.at(-1)!;
  };
  const worker = ({ url }: RedisServer, concurrency = 1) =>
    run('worker', '--queue', url, '--concurrency', String(concurrency));
  const sweep = ({ url }: RedisServer, path: string, ...more: string[]) =>
    run('study', ...tinyFlags(cells), '--queue', url, '--out', path, ...more);

  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const one of servers.splice(0)) await one.kill();
  });

  /** Keys that a server has, but for those of BullMQ's own that are no jobs. */
  async function jobsLeft({ port }: RedisServer): Promise<string[]> {
    const { Redis } = await import('ioredis');
    const redis = new Redis(port);
    const keys = await redis.keys('evenkeel:cells:*-*');
    redis.disconnect();
    return keys.filter((key) => !/:stalled-check$/.test(key));
  }

  it('with two workers, one killed, is the same to the byte as here, and leaves no job behind', async () => {
    const redis = await server();
    const [first, second] = [worker(redis), worker(redis)];
    const path = at('redis.jsonl');
    const collecting = sweep(redis, path);
    await until(() => results(path) > 200, 'the first results');
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    expect(results(path)).toBeLessThan(cells);
    expect(await collecting.ended, collecting.said()).toBe(0);
    expect(readFileSync(path).equals(calm)).toBe(true);
    expect(await jobsLeft(redis)).toEqual([]);
    second.child.kill('SIGTERM');
    expect(await second.ended, second.said()).toBe(0);
  });

  it('with a study that is killed and started anew loses and doubles nothing', async () => {
    const redis = await server();
    worker(redis, 2);
    const path = at('collector.jsonl');
    for (const goal of [100, 400]) {
      const collecting = sweep(redis, path);
      await until(() => results(path) > goal, `${goal} results`);
      collecting.child.kill('SIGKILL');
      await collecting.ended;
    }
    const last = sweep(redis, path);
    expect(await last.ended, last.said()).toBe(0);
    expect(readFileSync(path).equals(calm)).toBe(true);
  });

  it.each([
    ['that remembers', ['--appendonly', 'yes', '--appendfsync', 'always']],
    ['that forgets everything', []],
  ])('with a server %s killed in the middle and started again loses nothing', async (_, options) => {
    const redis = await server(...options);
    const [first, second] = [worker(redis), worker(redis)];
    const path = at(`restart-${options.length}.jsonl`);
    const collecting = sweep(redis, path);
    await until(() => results(path) > 150, 'the first results');
    await redis.kill();
    await wait(2000);
    const kept = results(path);
    expect(kept).toBeLessThan(cells);
    await redis.start();
    expect(await collecting.ended, collecting.said()).toBe(0);
    expect(collecting.said()).toMatch(/the Redis server at 127\.0\.0\.1:\d+ does not answer \(.+\); trying again/);
    expect(collecting.said()).toMatch(/the Redis server at 127\.0\.0\.1:\d+ is there/);
    expect(readFileSync(path).equals(calm)).toBe(true);
    for (const { child, ended, said } of [first, second]) {
      expect(said()).toMatch(/does not answer.*\n(.*\n)*.*is there/);
      child.kill('SIGTERM');
      expect(await ended, said()).toBe(0);
    }
  });

  it('with a worker that is told to stop gives its cell back, for another to take', async () => {
    const redis = await server();
    // Two cells that take longer than a worker may go on for.
    const long = ['--width', '512', '--depth', '100', '--repeats', '400', '--seed', '0,1', '--activation', 'tanh'];
    const first = worker(redis);
    const path = at('given-back.jsonl');
    run('study', ...long, '--queue', redis.url, '--out', path);
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.port);
    const length = async (list: string) => client.llen(`evenkeel:cells:${list}`);
    try {
      for (let i = 0; (await length('active')) !== 1; i++) {
        expect(i).toBeLessThan(1000);
        await wait(20);
      }
      first.child.kill('SIGTERM');
      expect(await first.ended, first.said()).toBe(0);
      expect([await length('active'), await length('wait'), results(path)]).toEqual([0, 2, 0]);
    } finally {
      client.disconnect();
    }
  });

  it('without workers says that there are none', async () => {
    const redis = await server();
    const collecting = sweep(redis, at('nobody.jsonl'));
    await until(() => /no worker is there/.test(collecting.said()), 'the message');
    expect(collecting.said()).toContain(`evenkeel worker --queue ${redis.url}`);
    collecting.child.kill('SIGINT');
    expect(await collecting.ended).toBe(130);
    expect(collecting.said()).toMatch(/stopped with 0 of 1000 cells done: they are in .*nobody\.jsonl/);
  });

  it('waits for a server that is not there yet', async () => {
    const redis = await server();
    await redis.kill();
    const path = at('early.jsonl');
    const collecting = sweep(redis, path, '--cells', '1/100');
    const early = worker(redis);
    await until(() => /does not answer/.test(collecting.said() + early.said()), 'the message');
    await redis.start();
    expect(await collecting.ended, collecting.said()).toBe(0);
    expect(results(path)).toBe(10);
  });

  it('ends with what the server says where it wants a password', async () => {
    const redis = await server('--requirepass', 'secret');
    const name = `127.0.0.1:${redis.port}`;
    for (const args of [
      ['worker', '--queue', redis.url],
      ['study', ...tinyFlags(4), '--queue', redis.url],
      ['study', ...tinyFlags(4), '--queue', `redis://:guess@${name}`],
    ]) {
      const refused = run(...args);
      expect(await refused.ended, refused.said()).toBe(1);
      expect(refused.said()).toMatch(
        new RegExp(`^evenkeel: the Redis server at ${name} refuses: (NOAUTH|WRONGPASS) .*\\n$`),
      );
    }
  });

  it('tells of cells that fail, keeps the others, and tries again', async () => {
    const redis = await server();
    const working = worker(redis, 2);
    // A grid of this worker's that no memory suffices for, beside cells that are fine.
    const flags = [
      '--width',
      '4,60000',
      '--init',
      'orthogonal',
      '--depth',
      '100',
      '--repeats',
      '1',
      '--queue',
      redis.url,
    ];
    const path = at('failing.jsonl');
    for (let attempt = 0; attempt < 2; attempt++) {
      const collecting = run('study', ...flags, '--out', path);
      expect(await collecting.ended, collecting.said()).toBe(1);
      expect(collecting.said()).toMatch(/width 60000, .*needs 1440 GB/);
      expect(collecting.said()).toMatch(/1 cell failed/);
      expect(results(path)).toBe(1);
    }
    expect(working.said().match(/needs 1440 GB/g)!.length).toBeGreaterThanOrEqual(2);
  });
});
