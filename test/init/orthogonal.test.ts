import { describe, expect, it } from 'vitest';
import { type DType, empty, Generator, init, matmul, randn, type Tensor, zeros } from '../../lib/index.js';
import { readGolden } from '../cases/data.js';

const seeded = (seed = 1) => ({ generator: new Generator(seed) });

/** The largest element of Q'Q - I, or of QQ' - I where there are more columns than rows. */
function deviation(matrix: Tensor): number {
  const q = matrix.to('float64');
  const gram = q.size(0) >= q.size(1) ? matmul(q.t(), q) : matmul(q, q.t());
  const rows = gram.tolist() as number[][];
  return Math.max(...rows.flatMap((row, i) => row.map((value, j) => Math.abs(value - (i === j ? 1 : 0)))));
}

/** Bytes that differ for NaN, -0 and rounding. */
function bits(t: Tensor): string {
  const { buffer, byteOffset, byteLength } = t.contiguous().array;
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('hex');
}

describe('orthogonal_', () => {
  const shapes = [
    [1, 1],
    [1, 7],
    [7, 1],
    [64, 64],
    [65, 63],
    [63, 130],
    [300, 200],
    [16, 3, 5, 5],
  ];

  it.each(shapes.flatMap((shape) => (['float32', 'float64'] as DType[]).map((dtype) => [shape, dtype] as const)))(
    'makes rows or columns of %j orthonormal in %s',
    (shape, dtype) => {
      const t = init.orthogonal_(empty(shape, { dtype }), 1, seeded());
      expect(deviation(t.flatten(1))).toBeLessThan(dtype === 'float64' ? 1e-13 : 5e-6);
    },
  );

  it.each(['float16', 'bfloat16'] as const)('rounds float32 values to %s once', (dtype) => {
    const half = init.orthogonal_(zeros([9, 6], { dtype }), 1, seeded());
    const wide = init.orthogonal_(zeros([9, 6]), 1, seeded());
    expect(half.to('float32').tolist()).toEqual(wide.to(dtype).to('float32').tolist());
  });

  it('scales by the gain', () => {
    const one = init.orthogonal_(empty(70, 50), 1, seeded());
    const four = init.orthogonal_(empty(70, 50), 4, seeded());
    expect(bits(one.mul(4))).toBe(bits(four));
    expect(init.orthogonal_(empty(5, 5), 0).norm().item()).toBe(0);
  });

  it('gives the elements of any view the values that a contiguous tensor gets', () => {
    const wanted = bits(init.orthogonal_(empty(40, 30), 1, seeded()));
    const transposed = empty(30, 40).t();
    expect(bits(init.orthogonal_(transposed, 1, seeded()))).toBe(wanted);
    const frame = zeros(42, 66);
    expect(bits(init.orthogonal_(frame.slice(0, 1, 41).slice(1, 3, 63, 2), 1, seeded()))).toBe(wanted);
    const untouched = (frame.tolist() as number[][]).flat().filter((value) => value === 0);
    expect(untouched.length).toBe(42 * 66 - 40 * 30);
    const kernel = empty(40, 5, 3, 2);
    expect(bits(init.orthogonal_(kernel, 1, seeded()))).toBe(wanted);
    const inside = empty(41, 30).narrow(0, 1, 40);
    expect(bits(init.orthogonal_(inside, 1, seeded()))).toBe(wanted);
  });

  it('takes the draws of a normal fill of as many elements', () => {
    for (const [shape, dtype] of [
      [[5, 3], 'float32'],
      [[5, 3], 'float64'],
      [[4, 6], 'float32'],
      [[3, 3, 3], 'float64'],
    ] as [number[], DType][]) {
      const [a, b] = [new Generator(7), new Generator(7)];
      init.orthogonal_(empty(shape, { dtype }), 1, { generator: a });
      init.normal_(empty(shape, { dtype }), 0, 1, { generator: b });
      expect(a.position).toBe(b.position);
    }
  });

  it('draws reflector i as row i of a normal fill [fewer, more], from its diagonal on', () => {
    // Q_11 of the first reflector alone: a column [m, 1] is x / |x|.
    const x = randn([7], { dtype: 'float64', ...seeded(3) });
    const q = init.orthogonal_(empty([7, 1], { dtype: 'float64' }), 1, seeded(3));
    const length = x.norm().item();
    for (let i = 0; i < 7; i++) expect(q.at(i, 0).item()).toBeCloseTo((x.at(i).item() as number) / length, 14);
    // The last of [2, 2] is a length of one element: its sign is that of normal (1, 1).
    const normals = randn([2, 2], { dtype: 'float64', ...seeded(4) }).tolist() as number[][];
    const p = init.orthogonal_(empty([2, 2], { dtype: 'float64' }), 1, seeded(4)).tolist() as number[][];
    const norm = Math.hypot(...normals[0]!);
    const [c, s] = [normals[0]![0]! / norm, normals[0]![1]! / norm];
    // The first column is the normal vector's direction. The second is what H_1 makes of the second axis.
    expect(p[0]![0]).toBeCloseTo(c, 14);
    expect(p[1]![0]).toBeCloseTo(s, 14);
    const tilt = Math.sign(normals[1]![1]!) * Math.sign(normals[0]![0]!);
    expect(p[0]![1]).toBeCloseTo(-tilt * s, 14);
    expect(p[1]![1]).toBeCloseTo(tilt * c, 14);
  });

  it('leaves empty tensors and their generator alone', () => {
    const generator = new Generator(1);
    expect(init.orthogonal_(empty(0, 5), 1, { generator }).shape).toEqual([0, 5]);
    expect(init.orthogonal_(empty(5, 0), 1, { generator }).shape).toEqual([5, 0]);
    expect(generator.position).toBe(0n);
  });

  it('refuses what it cannot fill, before it writes or draws', () => {
    const generator = new Generator(1);
    const t = zeros(3, 3);
    const fails = (run: () => unknown, code: string) =>
      expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(/^orthogonal_: /) }));
    fails(() => init.orthogonal_(zeros(3), 1, { generator }), 'ERR_SHAPE');
    fails(() => init.orthogonal_(t, -1, { generator }), 'ERR_RANGE');
    fails(() => init.orthogonal_(t, Number.NaN, { generator }), 'ERR_RANGE');
    fails(() => init.orthogonal_(t, '1' as never, { generator }), 'ERR_ARGUMENT');
    fails(() => init.orthogonal_(t, 1, { generator: 5 as never }), 'ERR_ARGUMENT');
    fails(() => init.orthogonal_(zeros([3, 3], { dtype: 'int32' }), 1, { generator }), 'ERR_DTYPE');
    fails(() => init.orthogonal_(zeros(1, 3).expand(3, 3), 1, { generator }), 'ERR_ARGUMENT');
    fails(() => init.orthogonal_([[1]] as never, 1, { generator }), 'ERR_ARGUMENT');
    expect(t.norm().item()).toBe(0);
    expect(generator.position).toBe(0n);
  });
});

describe('deltaOrthogonal_', () => {
  it.each([
    [[8, 5, 3], [1]],
    [[8, 5, 4], [1]],
    [
      [6, 6, 1, 3],
      [0, 1],
    ],
    [
      [9, 2, 5, 2],
      [2, 0],
    ],
    [
      [4, 4, 3, 3, 2],
      [1, 1, 0],
    ],
  ])('puts an orthogonal matrix at the centre of %j', (shape, centre) => {
    const t = init.deltaOrthogonal_(init.ones_(empty(shape)), 2, seeded());
    let middle = t;
    for (const index of centre) middle = middle.select(2, index);
    expect(deviation(middle.div(2))).toBeLessThan(5e-6);
    // Nothing is anywhere else, and the matrix is the one that orthogonal_ makes.
    expect(t.norm().item()).toBeCloseTo(middle.norm().item(), 6);
    expect(bits(middle)).toBe(bits(init.orthogonal_(empty(shape.slice(0, 2)), 2, seeded())));
  });

  it('works on views and takes the draws of its matrix', () => {
    const generator = new Generator(1);
    const t = empty(3, 3, 5, 8).permute(3, 2, 0, 1);
    expect(bits(init.deltaOrthogonal_(t, 1, { generator }))).toBe(
      bits(init.deltaOrthogonal_(empty(8, 5, 3, 3), 1, seeded())),
    );
    expect(generator.position).toBe(40n);
    expect(init.deltaOrthogonal_(empty(4, 0, 3)).shape).toEqual([4, 0, 3]);
  });

  it('refuses what it cannot fill, before it writes or draws', () => {
    const generator = new Generator(1);
    const t = init.ones_(empty(3, 4, 1));
    const fails = (run: () => unknown, code: string) =>
      expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(/^deltaOrthogonal_: /) }));
    fails(() => init.deltaOrthogonal_(t, 1, { generator }), 'ERR_SHAPE');
    fails(() => init.deltaOrthogonal_(zeros(4, 3), 1, { generator }), 'ERR_SHAPE');
    fails(() => init.deltaOrthogonal_(zeros(4, 3, 1, 1, 1, 1), 1, { generator }), 'ERR_SHAPE');
    const good = init.ones_(empty(4, 3, 1));
    fails(() => init.deltaOrthogonal_(good, -1, { generator }), 'ERR_RANGE');
    fails(() => init.deltaOrthogonal_(good, 1, { generator: 5 as never }), 'ERR_ARGUMENT');
    fails(() => init.deltaOrthogonal_(zeros([4, 3, 1], { dtype: 'int32' }), 1, { generator }), 'ERR_DTYPE');
    fails(() => init.deltaOrthogonal_(zeros(4, 3, 1).expand(4, 3, 5), 1, { generator }), 'ERR_ARGUMENT');
    expect([t.sum().item(), good.sum().item()]).toEqual([12, 12]);
    expect(generator.position).toBe(0n);
  });
});

describe('spectral_', () => {
  /** The spectral norm by squaring the Gram matrix until its largest eigenvalue is all that is left. */
  function spectralNorm(matrix: Tensor): number {
    let power = matmul(matrix.to('float64').t(), matrix.to('float64'));
    let log = 0;
    for (let k = 0; k < 24; k++) {
      const size = power.norm().item() as number;
      log += Math.log(size) / 2 ** k;
      power = power.div(size);
      power = matmul(power, power);
    }
    return Math.exp(log / 2);
  }

  it.each([
    [[1, 1], 1, 'float32'],
    [[30, 30], 1, 'float32'],
    [[20, 70], 3, 'float64'],
    [[70, 20], 0.5, 'float32'],
    [[12, 3, 3, 3], 1, 'float64'],
  ] as [number[], number, DType][])('gives %j the spectral norm %d in %s', (shape, gain, dtype) => {
    const t = init.spectral_(empty(shape, { dtype }), gain, seeded());
    expect(spectralNorm(t.flatten(1)) / gain).toBeCloseTo(1, dtype === 'float64' ? 9 : 5);
  });

  it.each([
    ['float32', 1e-6],
    ['float64', 1e-12],
  ] as const)('in %s, every element is within %d of the normal over the exact norm', (dtype, tolerance) => {
    for (const shape of [
      [1, 5],
      [6, 6],
      [40, 40],
      [90, 31],
      [25, 4, 3, 3],
      [128, 128],
    ]) {
      const t = init.spectral_(empty(shape, { dtype }), 2, seeded()).flatten(1).to('float64');
      const normals = randn(shape, { dtype, ...seeded() })
        .flatten(1)
        .to('float64');
      const exact = normals.mul(2 / spectralNorm(normals));
      expect(t.div(exact).sub(1).norm(Infinity).item(), `${shape}`).toBeLessThan(tolerance);
    }
  });

  it('is a normal fill but for one factor, and takes its draws', () => {
    const generator = new Generator(1);
    const t = init.spectral_(empty(9, 7).t(), 1, { generator });
    const normals = randn([7, 9], seeded());
    expect(generator.position).toBe(64n);
    const factor = (t.at(0, 0).item() as number) / (normals.at(0, 0).item() as number);
    expect(t.sub(normals.mul(factor)).norm().item()).toBeLessThan(1e-6);
    const half = init.spectral_(zeros([4, 4], { dtype: 'bfloat16' }), 1, seeded());
    expect(spectralNorm(half)).toBeCloseTo(1, 2);
    expect(
      init
        .spectral_(init.ones_(empty(4, 4)), 0)
        .norm()
        .item(),
    ).toBe(0);
    expect(init.spectral_(empty(0, 4)).shape).toEqual([0, 4]);
  });

  it('refuses what it cannot fill, before it draws', () => {
    const generator = new Generator(1);
    const fails = (run: () => unknown, code: string) =>
      expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(/^spectral_: /) }));
    fails(() => init.spectral_(zeros(3), 1, { generator }), 'ERR_SHAPE');
    fails(() => init.spectral_(zeros(3, 3), -1, { generator }), 'ERR_RANGE');
    fails(() => init.spectral_(zeros(3, 3), 1, { generator: 5 as never }), 'ERR_ARGUMENT');
    fails(() => init.spectral_(zeros([3, 3], { dtype: 'int32' }), 1, { generator }), 'ERR_DTYPE');
    fails(() => init.spectral_(zeros(1, 3).expand(3, 3), 1, { generator }), 'ERR_ARGUMENT');
    expect(generator.position).toBe(0n);
  });
});

describe('on mt19937', () => {
  const torch = () => ({ generator: new Generator(5, { algorithm: 'mt19937' }) });

  it('orthogonal_ is the Q of the Gaussian that the generator draws, R having a positive diagonal', () => {
    for (const shape of [
      [20, 20],
      [30, 7],
      [7, 30],
    ]) {
      const gaussian = init.normal_(empty(shape), 0, 1, torch());
      const q = init.orthogonal_(empty(shape), 1, torch());
      expect(deviation(q)).toBeLessThan(5e-6);
      const r = shape[0]! >= shape[1]! ? matmul(q.t(), gaussian) : matmul(q, gaussian.t());
      (r.tolist() as number[][]).forEach((row, i) => {
        row.forEach((value, j) => {
          if (j < i) expect(Math.abs(value)).toBeLessThan(1e-4);
        });
        expect(row[i]).toBeGreaterThan(0);
      });
    }
  });

  interface Case {
    seed: number;
    shape: number[];
    dtype: 'float32' | 'float64';
    gain: number;
    step: number;
    base64: string;
  }

  // Another LAPACK rounds differently. A square matrix's last columns carry that times its condition.
  it.each(readGolden<{ cases: Case[] }>('orthogonal').cases)(
    'orthogonal_ of $shape in $dtype, gain $gain, is within 2e-6 of torch',
    ({ seed, shape, dtype, gain, step, base64 }) => {
      const bytes = Uint8Array.from(Buffer.from(base64, 'base64')).buffer;
      const wanted = dtype === 'float64' ? new Float64Array(bytes) : new Float32Array(bytes);
      const generator = new Generator(seed, { algorithm: 'mt19937' });
      const { array } = init.orthogonal_(empty(shape, { dtype }), gain, { generator });
      expect(wanted.length).toBeGreaterThanOrEqual(Math.min(array.length, 2 * Math.max(...shape)));
      let worst = 0;
      for (const [k, value] of wanted.entries()) {
        worst = Math.max(worst, Math.abs(Number(array[(k * step) % array.length]) - value));
      }
      expect(worst / gain).toBeLessThan(dtype === 'float64' ? 1e-14 : 2e-6);
    },
  );

  it('deltaOrthogonal_ and spectral_ work too', () => {
    expect(deviation(init.deltaOrthogonal_(empty(6, 4, 3), 1, torch()).select(2, 1))).toBeLessThan(5e-6);
    const a = init.spectral_(empty(5, 8), 1, torch());
    const b = init.normal_(empty(5, 8), 0, 1, torch());
    expect(a.div(b).std().item()).toBeLessThan(1e-6);
  });
});
