// What the families of fills and initialisers have in common.

/** Elements of a case, and the matrix that has them: in a core's caches, in the machine's, beyond. */
export const sizes = { '4Ki': [64, 64], '1Mi': [1024, 1024], '16Mi': [4096, 4096] };

export const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** A shape as Python's arguments. */
export const python = (shape) => shape.join(', ');

/** torch's time over ours that is asked for, on one thread and on two. */
export const torchTargets = (...ratios) => ratios.map((ratio, i) => ({ peer: 'torch', ratio, threads: [i + 1] }));

/** A second thread is to be worth it. */
export const scalingTarget = { peer: 'one thread', ratio: 1.8, threads: [2] };

/** The setup of a step that fills a float tensor from a generator of its own: fill(tensor, { generator }, package). */
export const inPlace =
  (fill) =>
  (ek, { shape, dtype = 'float32', algorithm = 'pcg32' }) => {
    const tensor = ek.empty(shape, { dtype });
    const generator = new ek.Generator(1, { algorithm });
    return () => fill(tensor, { generator }, ek);
  };

/** NumPy's fastest generator. */
export const numpyGenerator = 'rng = np.random.Generator(np.random.SFC64(1))';
