import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type StudyWorkerOptions, studyWorker } from '../../../lib/study/sweep/queue_worker.js';
import { mayPass } from '../../../lib/study/sweep/redis.js';
import { failure } from '../../cases/data.js';
import { node } from '../../process.js';
import { start, temporaryFolder, until } from './tools.js';

// What takes a server is in sweep.long.ts.

const at = temporaryFolder();
const queue = 'redis://127.0.0.1:1';

describe('studyWorker', () => {
  it.each<[string, StudyWorkerOptions, string, ...string[]]>([
    ['no options', 3 as never, 'ERR_ARGUMENT', '3'],
    ['no queue', {} as never, 'ERR_ARGUMENT', 'redis://host:port', 'undefined'],
    ['another protocol', { queue: 'http://localhost' }, 'ERR_ARGUMENT', 'http://localhost'],
    ['a host alone', { queue: 'localhost:6379' }, 'ERR_ARGUMENT', 'localhost:6379'],
    ['no concurrency', { queue, concurrency: 0 }, 'ERR_RANGE', 'concurrency', '0'],
    ['half a thread', { queue, threads: 0.5 }, 'ERR_RANGE', 'threads', '0.5'],
    ['a grace that is over', { queue, grace: -1 }, 'ERR_ARGUMENT', 'grace', '-1'],
    ['a signal that is none', { queue, signal: 3 as never }, 'ERR_ARGUMENT', 'signal', '3'],
    ['onMessage of text', { queue, onMessage: 'x' as never }, 'ERR_ARGUMENT', 'onMessage'],
    ['an unknown option', { queue, workers: 3 } as never, 'ERR_ARGUMENT', "'workers'"],
  ])('refuses %s', async (_, options, code, ...parts) => {
    await expect(studyWorker(options)).rejects.toThrow(failure(code, 'studyWorker', ...parts));
  });

  it('stops before it starts where its signal says so', async () => {
    await expect(studyWorker({ queue, signal: AbortSignal.abort(new Error('no need')) })).rejects.toThrow('no need');
  });

  it('ends although its server is not there', async () => {
    const said: string[] = [];
    const stop = new AbortController();
    const onMessage = (message: string) => {
      said.push(message);
      stop.abort();
    };
    await studyWorker({ queue, concurrency: 1, grace: 0, signal: stop.signal, onMessage });
    expect(said).toEqual([
      expect.stringMatching(/^the Redis server at 127\.0\.0\.1:1 does not answer \(.*ECONNREFUSED/),
    ]);
  });
});

it('a worker whose server is not there ends when it is told to', async () => {
  const worker = start(['worker', '--queue', queue]);
  await until(() => worker.said() !== '', 'its message');
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
});

describe('errors of a server', () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
  it.each<[Error, boolean]>([
    [new Error('Connection is closed.'), true],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), true],
    [reply('LOADING Redis is loading the dataset in memory'), true],
    [reply('MISCONF Errors writing to the AOF file'), true],
    [reply('NOAUTH Authentication required.'), false],
    [reply('WRONGPASS invalid username-password pair'), false],
    [reply("ERR unknown command 'EVALSHA'"), false],
    [new TypeError('x is not a function'), false],
  ])('%s may pass: %s', (error, expected) => {
    expect(mayPass(error)).toBe(expected);
  });
});

it('says how to install the packages that queues need', async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  mkdirSync(at('node_modules'));
  cpSync(`${root}dist`, at('dist'), { recursive: true });
  for (const name of ['build', 'package.json']) symlinkSync(`${root}${name}`, at(name));
  for (const name of ['node-gyp-build', 'csv-stringify', 'commander']) {
    symlinkSync(`${root}node_modules/${name}`, at(`node_modules/${name}`));
  }
  const said = /^evenkeel: (study|studyWorker): queues need two more packages.*: npm install bullmq@6 ioredis@5\n$/;
  for (const args of [
    ['study', '--queue', queue],
    ['worker', '--queue', queue],
  ]) {
    const { code, stdout, stderr } = await node([at('dist/cli/main.js'), ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(said);
  }
});
