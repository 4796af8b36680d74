// The results for people: a head that names the machine, and a table.
import { median } from './measure.mjs';
import { references, spread, toRows } from './report.mjs';

/** What each peer is, or where it would come from. */
const peerLines = {
  raw: ['the same OpenBLAS in a C loop', 'build/Release/raw_blas was not built'],
  torch: ['PyTorch', 'EVENKEEL_BENCH_PYTHON names no Python with PyTorch'],
  numpy: ['NumPy', 'EVENKEEL_BENCH_PYTHON names no Python with NumPy'],
  nblas: ['nblas', 'EVENKEEL_BENCH_BLAS names no folder with nblas'],
  stdlib: ['@stdlib/blas-base-sgemm', 'EVENKEEL_BENCH_BLAS names no folder with @stdlib/blas-base-sgemm'],
  tfjs: ['TensorFlow.js on its CPU backend', 'EVENKEEL_BENCH_TFJS names no folder with @tensorflow/tfjs'],
};

/** The machine and the versions, from report.mjs's `environment`. */
export function machineLines({ machine, versions }) {
  const { cpu, cores, platform, arch, load } = machine;
  return [
    `${cpu}, ${cores} cores, ${platform} ${arch}, load ${load}, Node ${versions.node}`,
    `evenkeel ${versions.evenkeel}: ${versions.blas}, SIMD ${versions.simd}`,
    ...Object.entries(peerLines).map(([name, [what, missing]]) =>
      versions[name] === undefined
        ? `${name}: ${missing}, so there are no ${name} columns`
        : `${name}: ${what} ${versions[name]}`.trimEnd(),
    ),
  ];
}

/** The table: a line for each case and thread count, a column for each peer that any of them has. */
export function toTable(results) {
  const all = new Set(results.flatMap(({ times = {} }) => Object.keys(times)));
  const peers = [...all].filter((name) => name !== 'evenkeel' && !references.includes(name));
  const shown = references.filter((name) => all.has(name)).reverse();
  const head = [
    'case',
    'threads',
    'evenkeel',
    'spread',
    ...peers.flatMap((peer) => [peer, `${peer} / ours`]),
    ...shown.map((name) => ({ memory: 'of a fill', 'one thread': 'scaling' })[name]),
    'target',
  ];
  const lines = results.map(({ row, threads, times, failure }) => {
    const start = [row.name, String(threads)];
    if (failure !== undefined) return [...start, `failed: ${failure}`];
    const rows = toRows([{ row, threads, times }]);
    const [{ memoryShare, scaling }] = rows;
    const columns = peers.flatMap((peer) => {
      const found = rows.find((line) => line.peer === peer);
      return found ? [time(found.peerMs), factor(found.ratio)] : ['', ''];
    });
    const targets = rows.filter(({ target }) => target !== null).map((line) => verdict(line));
    return [
      ...start,
      time(median(times.evenkeel)),
      percent(spread(times)),
      ...columns,
      ...shown.map((name) => (name === 'memory' ? percent(memoryShare) : factor(scaling))),
      targets.join(', '),
    ];
  });
  return aligned([head, ...lines]);
}

/** First and last column to the left, numbers to the right; shorter lines are not aligned. */
function aligned([head, ...lines]) {
  const all = [head, ...lines];
  const widths = head.map((_, i) =>
    Math.max(...all.map((cells) => (cells.length === head.length || i === 0 ? cells[i].length : 0))),
  );
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

/** "torch 5x: met", or for a limit, in times. */
function verdict({ ms, peer, peerMs, ratio, target }) {
  const met = ratio >= target ? 'met' : 'MISSED';
  if (peer === 'limit') return `at most ${time(peerMs)}: ${met}`;
  if (target < 0.95) return `at most ${time((ms * ratio) / target)}: ${met}`;
  return `${peer} ${target}x: ${met}`;
}

const factor = (value) => (value === null ? '' : `${value.toFixed(value < 10 ? 2 : 1)}x`);
const percent = (share) => (share === null ? '' : `${(100 * share).toFixed(0)}%`);

/** A time to three digits, in the unit in which the rounded value is from 1 to 1000. */
export function time(ms) {
  if (ms === null) return '';
  const units = ['ns', 'us', 'ms', 's'];
  let value = Number((1e6 * ms).toPrecision(3));
  while (value >= 1000 && units.length > 1) {
    value /= 1000;
    units.shift();
  }
  return `${value < 1000 ? value.toPrecision(3) : Math.round(value)} ${units[0]}`;
}
