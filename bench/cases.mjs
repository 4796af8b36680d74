// THE table of benchmarks. Its families of rows are made in cases/; each row is
//
//   name      stable: --filter and the machine-read output go by it
//   group     what --group knows it by
//   threads   the thread counts it makes sense at; without it, every one that was asked for
//   setup     (ek) => step: prepares the data, and returns what is timed, for the package `ek`; may be asynchronous
//   materialised  the same with a weight in memory, for layers that do without: evenkeel compared with itself
//   fresh     instead of setup: a script that a fresh Node runs each time and that prints {"ms"}
//   writes    { count, dtype } of a fill, or of what else writes that much: it is compared with a plain fill of the same
//             memory, and with itself on one thread
//   raw       [case, n] of bench/raw_blas.c: the same OpenBLAS in a C loop
//   torch     [setup, step] in Python: the setup is run once, the step is timed. Sizes are those of the row
//   numpy     the same, for NumPy
//   nblas     (package) => step; stdlib  (load) => step, where load('sgemm') is @stdlib/blas-base-sgemm
//   tfjs      (tf) => step, for TensorFlow.js; the tensors that a step makes are disposed of after it
//   backends  { name: () => step }: the same on other backends of TensorFlow.js, where `setup` is on evenkeel's
//   targets   what would be a pass: { peer, ratio, threads? }, the peer's time over ours; or { peer, limit: (peerMs) => ms };
//             or { ms } where there is no peer. Shown, never a failure.
//
// Every implementation allocates what its ordinary call allocates: `a.add(b)` a new tensor, as `a + b` in PyTorch; the C
// loops write to one buffer.
import { blas } from './cases/blas.mjs';
import { fills, mt19937Fills } from './cases/fills.mjs';
import { initialisers, mt19937Initialisers } from './cases/initialisers.mjs';
import { layers } from './cases/layers.mjs';
import { ops } from './cases/ops.mjs';
import { studies } from './cases/studies.mjs';
import { tfjs } from './cases/tfjs.mjs';

const families = {
  ops,
  layers,
  studies,
  blas,
  fills,
  mt19937: [...mt19937Fills, ...mt19937Initialisers],
  init: initialisers,
  tfjs,
};

export const cases = Object.entries(families).flatMap(([group, rows]) => rows.map((row) => ({ ...row, group })));

/**
 * What is measured unless something else is asked for: all operations and layers, and of the random numbers those with a
 * target.
 */
const brief = new Set([
  ...[...ops, ...layers].map(({ name }) => name),
  'fill_ float32 1Mi',
  'uniform_ float32 1Mi',
  'uniform_ float32 16Mi',
  'normal_ float32 1Mi',
  'normal_ float32 16Mi',
  'normal_ float64 1Mi',
  'normal_ bfloat16 1Mi',
  'truncNormal_ float32 1Mi',
  'truncNormal_(0, 1, 1, 3) float32 1Mi',
  'sparse_(0.1) float32 1Mi',
  'orthogonal_ float32 256',
  'orthogonal_ float32 1024',
  'new nn.Linear(100, 50)',
  'mt19937 uniform_ float32 1Mi',
  'mt19937 normal_ float32 1Mi',
  'mt19937 normal_ float64 1Mi',
]);

/** What --group chooses from. */
export const groups = {
  brief: 'operations, layers, and the fills and initialisers that have a target',
  ops: 'matrix products, arithmetic, the time to load the package',
  layers: 'convolutions, linear layers, a step of training',
  studies: 'layers of studies, with weights in memory and without',
  blas: 'evenkeel/blas, against nblas and @stdlib/blas too',
  fills: 'random fills on pcg32, of 4 Ki to 16 Mi elements',
  init: 'initialisers of layers',
  mt19937: "fills and initialisers on the generator of torch's numbers",
  tfjs: 'TensorFlow.js on the backend of evenkeel/tfjs, and on its own cpu and wasm backends',
  all: 'every case',
};

/** Whether a row belongs to a group. */
export const isIn = (row, group) => group === 'all' || (group === 'brief' ? brief.has(row.name) : row.group === group);
