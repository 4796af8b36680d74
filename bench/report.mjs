// What people and programs are shown of the results.
import os from 'node:os';
import { median } from './measure.mjs';

/** Rounds that lie further apart than this, relative to their median, say that something else ran. */
const noise = 0.2;

/**
 * One row for each peer of each result: the machine-read form. A case without a peer has one row, whose peer is null; a
 * case that is only held to a time has the peer 'limit', whose time is that limit.
 */
export function toRows(results) {
  return results.flatMap(({ row, threads, times, failure }) => {
    if (failure !== undefined) return [];
    const ms = median(times.evenkeel);
    const line = (peer, peerMs, target) => {
      const ratio = peerMs === null ? null : finite(peerMs / ms);
      return { name: row.name, threads, ms: finite(ms), peer, peerMs, ratio, ...judged(ratio, target) };
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

const finite = (value) => (Number.isFinite(value) ? value : null);
const judged = (ratio, target) =>
  target === undefined || ratio === null ? { target: null, met: null } : { target, met: ratio >= target };

function targetOf(row, threads, peer) {
  return row.targets?.find((target) => target.peer === peer && (target.threads?.includes(threads) ?? true));
}

/** The machine and the versions: two numbers from different lines are not to be compared. */
export function machineLines(info, raw, torch) {
  const cpus = os.cpus();
  const load = os.loadavg()[0].toFixed(1);
  const { library, version, core } = info.blas;
  return [
    `${cpus[0]?.model.trim() ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${process.platform} ${process.arch}, load ${load}, Node ${process.version}`,
    `evenkeel ${info.version}: ${library} ${version ?? ''} core ${core}, SIMD ${info.simd}`,
    raw
      ? 'raw: the same OpenBLAS in a C loop'
      : 'raw: build/Release/raw_blas was not built, so there are no raw columns',
    torch
      ? `torch: PyTorch ${torch.version}, ${torch.cpu}`
      : 'torch: EVENKEEL_BENCH_PYTHON names no Python with PyTorch, so there are no torch columns',
  ];
}

/** The table for people: a line for each case and thread count, `peers` in columns. */
export function toTable(results, peers) {
  const head = [
    'case',
    'threads',
    'evenkeel',
    'spread',
    ...peers.flatMap((peer) => [peer, `${peer} / ours`]),
    'target',
  ];
  const lines = results.map(({ row, threads, times, failure }) => {
    const start = [row.name, String(threads)];
    if (failure !== undefined) return [...start, `failed: ${failure}`];
    const rows = toRows([{ row, threads, times }]);
    const columns = peers.flatMap((peer) => {
      const found = rows.find((line) => line.peer === peer);
      return found ? [time(found.peerMs), factor(found.ratio)] : ['', ''];
    });
    const targets = rows.filter(({ target }) => target !== null).map((line) => verdict(line));
    return [
      ...start,
      time(median(times.evenkeel)),
      `${(100 * spread(times)).toFixed(0)}%`,
      ...columns,
      targets.join(', '),
    ];
  });
  const all = [head, ...lines];
  const widths = head.map((_, i) =>
    Math.max(...all.map((cells) => (cells.length === head.length ? cells[i].length : 0))),
  );
  widths[0] = Math.max(...all.map(([name]) => name.length));
  const left = (i, cells) => i === 0 || i === cells.length - 1;
  const text = all.map((cells) =>
    cells
      .map((cell, i) => (left(i, cells) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return text.join('\n');
}

/** "torch / ours >= 5: met", or for a limit, in times. */
function verdict({ ms, peer, peerMs, ratio, target }) {
  const met = ratio >= target ? 'met' : 'MISSED';
  if (peer === 'limit') return `at most ${time(peerMs)}: ${met}`;
  if (target < 0.95) return `at most ${time((ms * ratio) / target)}: ${met}`;
  return `${peer} ${target}x: ${met}`;
}

/** How far the rounds lie apart: half of their range, of the median, for the implementation where that is the most. */
function spread(times) {
  const halves = Object.values(times).map((list) => (Math.max(...list) - Math.min(...list)) / 2 / median(list));
  return Math.max(...halves);
}

/** What to make of the table; how many of its lines were disturbed. */
export function remarks(results) {
  const lines = ['Times of one call: medians over the rounds. "raw / ours" above 1: evenkeel is faster.'];
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

const factor = (value) => (value === null ? '' : `${value.toFixed(value < 10 ? 2 : 1)}x`);

function time(ms) {
  if (ms === null) return '';
  const [value, unit] =
    ms < 1e-3 ? [ms * 1e6, 'ns'] : ms < 1 ? [ms * 1e3, 'us'] : ms < 1e3 ? [ms, 'ms'] : [ms / 1e3, 's'];
  return `${value.toPrecision(3).replace(/e.*/, '')} ${unit}`;
}
