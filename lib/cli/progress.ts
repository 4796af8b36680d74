import { formatDuration } from '../units.js';

/** Shows how far a run is. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  /** Takes the bar away. */
  readonly stop: () => void;
}

/** Runs shorter than this, in milliseconds, show no bar. */
const patience = 1000;

/**
 * A progress bar on a terminal, once a run turns out to be long; nothing where the stream is none.
 *
 * @param rate what the bar says of how much is done in a second; nothing by default
 */
export async function startProgress(
  stream: NodeJS.WriteStream,
  rate?: (perSecond: number) => string,
): Promise<Progress> {
  if (!stream.isTTY) return { update: () => {}, stop: () => {} };
  const { default: cliProgress } = await import('cli-progress');
  // The run does not return to the event loop: signals must keep their default action, to end it, and the terminal's
  // settings must be left alone.
  const bar = new cliProgress.SingleBar({
    stream,
    format: `{bar} {percentage} %, ${rate === undefined ? '' : '{rate}, '}{left} left`,
    barsize: 40,
    clearOnComplete: true,
    gracefulExit: false,
    linewrap: true,
  });
  let start: number | undefined;
  return {
    update(done, total) {
      start ??= performance.now();
      const seconds = (performance.now() - start) / 1000;
      const left = formatDuration(done > 0 ? (seconds * (total - done)) / done : 0);
      const payload = { left, rate: rate?.(done / seconds) };
      if (bar.isActive) {
        bar.update(done, payload);
      } else if (seconds * 1000 > patience) {
        bar.start(total, done, payload);
      }
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}
