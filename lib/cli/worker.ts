// evenkeel worker: runs the cells that studies submit to a queue.
import { Command } from 'commander';
import { usage, wholeNumber } from './arguments.js';

interface WorkerFlags {
  readonly queue: string;
  readonly concurrency?: number;
  readonly threads?: number;
}

export function workerCommand(): Command {
  const command = new Command('worker')
    .description('Works on the cells that evenkeel study --queue submits to a Redis server, until it is interrupted.')
    .requiredOption('--queue <url>', 'the Redis server: redis://host:port')
    .option(
      '--concurrency <n>',
      'cells that run at the same time (default: one for each processor)',
      wholeNumber(1, 1024),
    )
    .option('--threads <n>', 'threads that kernels may use in each cell (default: 1)', wholeNumber(1, 256));
  return command.action(async (flags: WorkerFlags) => {
    const { studyWorker } = await import('../study/sweep/queue_worker.js');
    const stop = new AbortController();
    const say = (message: string) => process.stderr.write(`evenkeel: ${message}\n`);
    // A second signal ends the process at once: what it has goes back to the queue when its locks run out.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    try {
      await studyWorker({ ...flags, signal: stop.signal, onMessage: say });
    } catch (error) {
      throw usage(command, () => {
        throw error;
      });
    }
  });
}
