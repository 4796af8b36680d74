// What the results of run.mjs say: rows for programs, and what to make of them. A result is { row, threads, times }, the
// times of every round in milliseconds by implementation; or { row, threads, failure }.
import os from 'node:os';
import { median } from './measure.mjs';

/** Rounds that lie further apart than this, relative to their median, say that something else ran. */
export const noise = 0.2;

/** evenkeel itself in other roles: peers of the rows, but not other implementations. */
export const references = ['one thread', 'memory'];

const finite = (value) => (Number.isFinite(value) ? value : null);

/**
 * One row for each peer of each result: the machine-read form, described in README.md. A case without a peer has one row,
 * whose peer is null; a case that is only held to a time has the peer 'limit', whose time is that limit.
 */
export function toRows(results) {
  return results.flatMap(({ row, threads, times, failure }) => {
    if (failure !== undefined) return [];
    const ms = median(times.evenkeel);
    const over = (peer) => (times[peer] === undefined ? null : finite(median(times[peer]) / ms));
    const shared = { memoryShare: over('memory'), scaling: over('one thread'), spread: finite(spread(times)) };
    const line = (peer, peerMs, target) => {
      const ratio = peerMs === null ? null : finite(peerMs / ms);
      return { name: row.name, threads, ms: finite(ms), peer, peerMs, ratio, ...judged(ratio, target), ...shared };
    };
    const peers = Object.keys(times).filter((peer) => peer !== 'evenkeel');
    const lines = peers.map((peer) => {
      const peerMs = median(times[peer]);
      const target = targetOf(row, threads, peer);
      return line(peer, finite(peerMs), target && (target.ratio ?? peerMs / target.limit(peerMs)));
    });
    for (const target of row.targets ?? []) if (target.ms !== undefined) lines.push(line('limit', target.ms, 1));
    return lines.length > 0 ? lines : [line(null, null)];
  });
}

const judged = (ratio, target) =>
  target === undefined || ratio === null ? { target: null, met: null } : { target, met: ratio >= target };

function targetOf(row, threads, peer) {
  return row.targets?.find((target) => target.peer === peer && (target.threads?.includes(threads) ?? true));
}

/** How far the rounds lie apart: half of their range, of the median, for the implementation where that is the most. */
export function spread(times) {
  const halves = Object.values(times).map((list) => (Math.max(...list) - Math.min(...list)) / 2 / median(list));
  return Math.max(...halves);
}

/** The machine and the versions: two numbers from different machines are not to be compared. */
export function environment(info, peers) {
  const { library, version, core } = info.blas;
  return {
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown CPU',
      cores: os.availableParallelism(),
      platform: process.platform,
      arch: process.arch,
      load: Number(os.loadavg()[0].toFixed(1)),
    },
    versions: {
      node: process.versions.node,
      evenkeel: info.version,
      blas: `${library} ${version ?? ''} core ${core}`,
      simd: info.simd,
      ...Object.fromEntries(
        peers.map((peer) => [peer.name, [peer.version, peer.cpu].filter((part) => part !== undefined).join(', ')]),
      ),
    },
  };
}

/** What to make of the table; how many of its lines were disturbed. */
export function remarks(results) {
  const lines = [
    'Times of one call: medians over the rounds. "torch / ours" above 1: evenkeel is faster. "of a fill": the speed, as a share',
    'of that of a plain fill of the same memory by as many threads. "scaling": our time on one thread over this one.',
  ];
  const done = results.filter(({ failure }) => failure === undefined);
  const noisy = done.filter(({ times }) => spread(times) > noise).length;
  if (noisy > 0) {
    const load = os.loadavg()[0].toFixed(1);
    lines.push(
      `${noisy} of ${done.length} lines have a spread above ${100 * noise}% (load now ${load}): repeat them on a quieter machine, with more rounds.`,
    );
  }
  return lines.join('\n');
}
