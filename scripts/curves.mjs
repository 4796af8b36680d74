// Curves of the literature with evenkeel's own numbers beside theory's: the tables of docs/studies.md.
//
//     node scripts/curves.mjs [chaos] [relu] [glorot] [spectra] [batchnorm]
import { availableParallelism } from 'node:os';
import { criticalInit, MeanField, study } from 'evenkeel/study';

const print = (text = '') => process.stdout.write(`${text}\n`);

function table(headings, rows) {
  print(`| ${headings.join(' | ')} |`);
  print(`|${headings.map(() => '---').join('|')}|`);
  for (const row of rows) print(`| ${row.join(' | ')} |`);
  print();
}

/** A study's results in the grid's order; every core works. */
async function measure(options) {
  const { results, failures } = await study({ ...options, workers: availableParallelism() });
  if (failures.length > 0) throw new Error(failures[0].message);
  return results;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values) => {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
};

/** The layers until |c_l - limit| is e times smaller: by the slope of its logarithm between two bounds. */
function depthScale(correlations, limit, [most, least]) {
  const points = correlations
    .map((c, layer) => [layer, Math.abs(c - limit)])
    .filter(([, distance]) => distance < most && distance > least)
    .map(([layer, distance]) => [layer, Math.log(distance)]);
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  const slope =
    points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return -1 / slope;
}

const curves = {
  // Schoenholz et al. 2017, figures 1 to 3, with biases of variance 0.05; in law, so that width is no limit.
  async chaos() {
    const sigmaB = Math.sqrt(0.05);
    const critical = criticalInit('tanh', { sigmaB });
    const width = 400_000;
    print(
      `Order to chaos, tanh, sigma_b^2 = 0.05, critical at sigma_w^2 = ${(critical.sigmaW ** 2).toFixed(8)}; width ${width}, in law, 4 networks\n`,
    );
    const rows = [];
    for (const [squared, depth] of [
      [1, 25],
      [1.3, 45],
      [1.5, 80],
      [1.65, 200],
      [2, 120],
      [2.5, 60],
      [4, 35],
    ]) {
      const sigmaW = Math.sqrt(squared);
      const net = new MeanField({ activation: 'tanh', sigmaW, sigmaB });
      const [{ layers }] = await measure({
        width,
        depth,
        activation: 'tanh',
        sigmaW,
        sigmaB,
        batch: 2,
        correlation: 0.6,
        mode: 'in-law',
        repeats: 4,
        backward: false,
      });
      const q = net.fixedPoint();
      const c = net.fixedCorrelation(q);
      const [seen, expected] = ['c', 'expected'].map((what) =>
        depthScale(
          layers.map((layer) => (what === 'c' ? layer.c.mean : layer.expected.c)),
          c,
          [0.06, 0.006],
        ),
      );
      const last = layers.at(-1);
      rows.push([
        squared,
        squared < critical.sigmaW ** 2 ? 'order' : 'chaos',
        q.toFixed(4),
        last.q.mean.toFixed(4),
        c.toFixed(4),
        last.expected.c.toFixed(4),
        last.c.mean.toFixed(4),
        net.depthScales().c.toFixed(2),
        expected.toFixed(2),
        seen.toFixed(2),
      ]);
    }
    table(
      [
        'sigma_w^2',
        'phase',
        'q*',
        'last q',
        'c*',
        'last c of the map',
        'last c',
        'xi_c',
        'of the map, same layers',
        'measured',
      ],
      rows,
    );
  },

  // He et al. 2015 in depth: the law of one network's mean square, and the map of correlations (Cho and Saul 2009).
  async relu() {
    const [width, depth, repeats] = [512, 100, 200];
    const common = { width, depth, activation: 'relu', sigmaW: Math.SQRT2, correlation: 0, repeats, backward: false };
    // The law is that of one input.
    const [[alone], [{ layers }]] = [await measure({ ...common, batch: 1 }), await measure({ ...common, batch: 2 })];
    print(`ReLU with He's initialisation, width ${width}, ${repeats} networks\n`);
    const rows = [1, 2, 5, 10, 30, 100].map((layer) => {
      const { q, expected, agreement } = alone.layers[layer - 1];
      const { c, expected: both } = layers[layer - 1];
      const logs = q.values.map(Math.log);
      return [
        layer,
        mean(logs).toFixed(3),
        expected.band.mean.toFixed(3),
        Math.sqrt(variance(logs)).toFixed(3),
        expected.band.std.toFixed(3),
        agreement.z.toFixed(2),
        c.mean.toFixed(5),
        both.c.toFixed(5),
        (layer ** 2 * (1 - c.mean)).toFixed(2),
        (layer ** 2 * (1 - both.c)).toFixed(2),
      ];
    });
    table(['layer', 'mean log q', 'law', 'std of log q', 'law', 'z', 'c', 'map', 'l^2 (1 - c)', 'map'], rows);
  },

  // Glorot and Bengio 2010, figures 6 and 7: tanh, 1000 units, five layers, before training.
  async glorot() {
    const inits = {
      'U(-1/sqrt n, 1/sqrt n)': {
        initialiser: 'varianceScaling',
        scale: 1 / 3,
        mode: 'fan_in',
        distribution: 'uniform',
      },
      'normalised (xavierUniform)': 'xavierUniform',
    };
    print('Activations and gradients of tanh, width 1000, 5 layers, batch 32, 10 networks: variance\n');
    const rows = [];
    for (const [name, init] of Object.entries(inits)) {
      const [{ layers }] = await measure({
        width: 1000,
        depth: 5,
        activation: 'tanh',
        init,
        sigmaB: 0,
        batch: 32,
        correlation: 0,
        repeats: 10,
      });
      const last = layers.at(-1).gradient.mean;
      for (const { layer, q, gradient, activation, expected } of layers) {
        rows.push([
          name,
          layer,
          q.mean.toFixed(4),
          expected.q.toFixed(4),
          activation.meanSquare.toFixed(4),
          (gradient.mean / last).toFixed(4),
          expected.gradient.toFixed(4),
        ]);
      }
    }
    table(['initialisation', 'layer', 'pre-activation', 'theory', 'activation', 'gradient / last', 'theory'], rows);
  },

  // Saxe et al. 2014; Pennington, Schoenholz and Ganguli 2017.
  async spectra() {
    const [depth, width] = [50, 400];
    print(`Singular values of the Jacobian, ${depth} layers, width ${width}, 10 networks\n`);
    const rows = [];
    // An input of the mean square that makes the first layer's that of all.
    const point = criticalInit('tanh', { q: 0.01 });
    const size = Math.sqrt((2 * (point.q - point.sigmaB ** 2)) / point.sigmaW ** 2);
    const small = [Array.from({ length: width }, (_, i) => size * Math.cos((2 * Math.PI * i) / width))];
    for (const [name, activation, init, sigmaB] of [
      ['linear, Gaussian', 'linear', { initialiser: 'normal', std: 1 / 20 }, 0],
      ['linear, orthogonal', 'linear', 'orthogonal', 0],
      ['critical tanh at q = 0.01, Gaussian', 'tanh', { initialiser: 'normal', std: point.sigmaW / 20 }, point.sigmaB],
      [
        'critical tanh at q = 0.01, orthogonal',
        'tanh',
        { initialiser: 'orthogonal', gain: point.sigmaW },
        point.sigmaB,
      ],
      ['ReLU, Gaussian', 'relu', { initialiser: 'normal', std: Math.SQRT2 / 20 }, 0],
      ['ReLU, orthogonal', 'relu', { initialiser: 'orthogonal', gain: Math.SQRT2 }, 0],
    ]) {
      const [{ spectrum }] = await measure({
        width,
        depth,
        activation,
        init,
        sigmaB,
        ...(activation === 'tanh' ? { inputs: small } : { batch: 1 }),
        correlation: 0,
        repeats: 10,
        backward: false,
        spectrum: 'all',
      });
      const squares = spectrum.values.map((value) => value ** 2);
      const share = squares.filter((value) => value > 0.1 && value < 10).length / squares.length;
      rows.push([
        name,
        mean(spectrum.largest.values.map((value) => value ** 2)).toFixed(2),
        spectrum.effectiveRank.mean.toFixed(1),
        `${(100 * share).toFixed(0)} %`,
      ]);
    }
    table(['network', 'largest s^2', 'effective rank of 400', 's^2 between 0.1 and 10'], rows);
    print(
      `In the limit of wide layers, linear and Gaussian: ${(((depth + 1) / depth) ** depth * (depth + 1)).toFixed(2)}\n`,
    );
  },

  // Yang et al. 2019: batch normalisation makes gradients explode.
  async batchnorm() {
    print(
      'Gradient factor of one layer of batch normalisation and ReLU, width 512, layers 6 to 29 of 30, 4 networks\n',
    );
    const rows = [];
    for (const batch of [32, 128, 512]) {
      const [{ layers }] = await measure({
        width: 512,
        depth: 30,
        activation: 'relu',
        sigmaW: 1,
        normalisation: 'batch',
        batch,
        correlation: 0,
        repeats: 4,
      });
      const factor = Math.exp(mean(layers.slice(5, 29).map(({ gradientRatio }) => Math.log(gradientRatio))));
      rows.push([batch, factor.toFixed(4), (Math.PI / (Math.PI - 1)).toFixed(4)]);
    }
    table(['batch', 'measured', 'pi / (pi - 1)'], rows);
  },
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(curves, name));
if (unknown !== undefined) {
  process.stderr.write(`curves: '${unknown}' is none of ${Object.keys(curves).join(', ')}\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(curves)) await curves[name]();
