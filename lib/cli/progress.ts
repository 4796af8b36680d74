/** Shows how far a run is. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  /** Takes the bar away. */
  readonly stop: () => void;
}

/** Runs shorter than this, in milliseconds, show no bar. */
const patience = 1000;

/** A progress bar on a terminal, once a run turns out to be long; nothing where the stream is none. */
export async function startProgress(stream: NodeJS.WriteStream): Promise<Progress> {
  if (!stream.isTTY) return { update: () => {}, stop: () => {} };
  const { default: cliProgress } = await import('cli-progress');
  // The run does not return to the event loop: signals must keep their default action, to end it, and the terminal's
  // settings must be left alone.
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage} %, {eta_formatted} left',
    barsize: 40,
    clearOnComplete: true,
    gracefulExit: false,
    linewrap: true,
  });
  const start = performance.now();
  return {
    update(done, total) {
      if (bar.isActive) bar.update(done);
      else if (performance.now() - start > patience) bar.start(total, done);
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}
