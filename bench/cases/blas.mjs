// evenkeel/blas against OpenBLAS in a C loop, and against packages of the same calls: nblas and @stdlib/blas.

/** Floats that are neither 0 nor subnormal. */
const floats = (size) => Float32Array.from({ length: size }, (_, i) => Math.sin(i) / 8);

/** A call for each package: `make(routines)` is given those of one, under the names of @stdlib/blas. */
function row(name, names, make, more = {}) {
  const nblas = (package_) => make(Object.fromEntries(names.map((name) => [name, package_[name]])), false);
  const stdlib = (load) => make(Object.fromEntries(names.map((name) => [name, load(name)])), true);
  const setup = async () => make(await import('evenkeel/blas'), true);
  return { name, threads: [1], setup, nblas, stdlib, ...more };
}

const dot = (size) =>
  row(`sdot ${size}`, ['sdot'], ({ sdot }) => {
    const [x, y] = [floats(size), floats(size)];
    return () => sdot(size, x, 1, y, 1);
  });

const axpy = (size) =>
  row(`saxpy ${size}`, ['saxpy'], ({ saxpy }) => {
    const [x, y] = [floats(size), floats(size)];
    return () => saxpy(size, 1e-9, x, 1, y, 1);
  });

/** nblas has no order among its arguments. */
const order = (has) => (has ? ['row-major'] : []);
const trans = (has) => (has ? 'no-transpose' : 111);

const gemm = (n, more) =>
  row(
    `sgemm ${n}`,
    ['sgemm'],
    ({ sgemm }, words) => {
      const [a, b, c] = [floats(n * n), floats(n * n), floats(n * n)];
      const no = trans(words);
      const args = [...order(words), no, no, n, n, n, 1, a, n, b, n, 0, c, n];
      // Spelled out, as a program would.
      const [p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13] = args;
      return words
        ? () => sgemm(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13)
        : () => sgemm(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12);
    },
    { raw: ['sgemm', n], ...more },
  );

const gemv = (n) =>
  row(
    `sgemv ${n}`,
    ['sgemv'],
    ({ sgemv }, words) => {
      const [a, x, y] = [floats(n * n), floats(n), floats(n)];
      return () => sgemv(...order(words), trans(words), n, n, 1, a, n, x, 1, 0, y, 1);
    },
    { raw: ['sgemv', n] },
  );

/** A call that takes as long as its crossing may take 150 ns more than nblas's. */
const crossing = { peer: 'nblas', limit: (ms) => ms + 150e-6 };
const asFast = { peer: 'nblas', ratio: 1 };

export const blas = [
  ...[16, 64, 256].flatMap((size) => [dot(size), axpy(size)].map((row) => ({ ...row, targets: [crossing] }))),
  ...[4096, 16384, 65536, 1048576].flatMap((size) =>
    [dot(size), axpy(size)].map((row) => (size > 4096 ? { ...row, threads: undefined, targets: [asFast] } : row)),
  ),
  gemv(512),
  gemm(16),
  gemm(64),
  gemm(512, {
    threads: undefined,
    targets: [
      { peer: 'raw', ratio: 0.97 },
      { peer: 'stdlib', ratio: 20 },
    ],
  }),
];
