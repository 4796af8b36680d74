// What the chart shows of the results that `run.mjs --json` printed.

/** The chart's rows, from the top: what they are called, and the case. */
export const rows = [
  { label: 'uniform_', name: 'uniform_ float32 1Mi' },
  { label: 'normal_', name: 'normal_ float32 1Mi' },
  { label: 'normal_, float64', name: 'normal_ float64 1Mi' },
  { label: 'normal_, bfloat16', name: 'normal_ bfloat16 1Mi' },
  { label: 'normal_, mt19937', name: 'mt19937 normal_ float32 1Mi' },
  { label: 'truncNormal_', name: 'truncNormal_ float32 1Mi' },
  { label: 'truncNormal_(0, 1, 1, 3)', name: 'truncNormal_(0, 1, 1, 3) float32 1Mi' },
  { label: 'sparse_(0.1)', name: 'sparse_(0.1) float32 1Mi' },
  { label: 'orthogonal_', name: 'orthogonal_ float32 1024' },
];

/** The implementations, in the legend's order. */
export const libraries = { evenkeel: 'evenkeel', torch: 'PyTorch', numpy: 'NumPy', tfjs: 'TensorFlow.js' };

/**
 * Results of several runs as one; of a case that was measured again, the least disturbed.
 *
 * @throws Error where they are not comparable
 */
export function merge(runs) {
  const [first] = runs;
  const setup = ({ machine: { load, ...machine }, versions, rounds }) => JSON.stringify({ machine, versions, rounds });
  if (runs.some((run) => setup(run) !== setup(first))) {
    throw new Error('the results are of different machines, versions or numbers of rounds');
  }
  const all = runs.flatMap(({ cases }) => cases);
  const least = new Map();
  for (const { name, threads, spread } of all) {
    const key = `${name}, ${threads}`;
    least.set(key, Math.min(spread, least.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return { ...first, cases: all.filter(({ name, threads, spread }) => spread === least.get(`${name}, ${threads}`)) };
}

/**
 * The chart's data: `panels`, one for each thread count with its title; `points`, one for each panel, row and library,
 * with the time in milliseconds; `gaps`, one for each panel and row that PyTorch is in, with how many times as long it takes.
 *
 * @throws Error where the results have none of the rows
 */
export function shape({ cases }) {
  const points = [];
  const gaps = [];
  for (const { label, name } of rows) {
    const lines = cases.filter((line) => line.name === name);
    for (const threads of new Set(lines.map((line) => line.threads))) {
      const here = lines.filter((line) => line.threads === threads);
      points.push({ threads, label, library: libraries.evenkeel, ms: here[0].ms });
      for (const { peer, peerMs, ratio } of here) {
        if (!Object.hasOwn(libraries, peer) || peerMs === null) continue;
        points.push({ threads, label, library: libraries[peer], ms: peerMs });
        if (peer === 'torch') gaps.push({ threads, label, from: here[0].ms, to: peerMs, ratio: times(ratio) });
      }
    }
  }
  if (points.length === 0) {
    throw new Error(`the results have none of the chart's cases (${rows.map(({ name }) => name).join('; ')})`);
  }
  const counts = [...new Set(points.map(({ threads }) => threads))].sort((a, b) => a - b);
  const panels = counts.map((threads) => ({ threads, title: threads === 1 ? '1 thread' : `${threads} threads` }));
  const has = (key, list) => list.some((point) => Object.values(point).includes(key));
  return {
    panels,
    points,
    gaps,
    labels: rows.map(({ label }) => label).filter((label) => has(label, points)),
    libraries: Object.values(libraries).filter((library) => has(library, points)),
  };
}

/** 16.9 -> "17×", 3.46 -> "3.5×" */
const times = (ratio) => `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`;

/** The lines under the chart: what was measured, how often, on what. */
export function caption({ machine, versions, rounds }, shown) {
  const of = { evenkeel: versions.evenkeel, torch: versions.torch, numpy: versions.numpy, tfjs: versions.tfjs };
  const named = Object.entries(libraries)
    .filter(([, library]) => shown.includes(library))
    .map(([key, library]) => `${library} ${of[key].split(/[,+]/)[0]}`);
  return [
    `Medians of ${rounds} rounds in which the libraries took turns; 1024 × 1024 elements, float32 where nothing else is said.`,
    'On the right: PyTorch’s time over evenkeel’s. mt19937 makes PyTorch’s own numbers. NumPy and TensorFlow.js draw on one thread.',
    `${named.join(', ')}, Node.js ${versions.node};`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform} ${machine.arch}, ${versions.blas}, SIMD ${versions.simd}.`,
  ];
}
