// A multilayer perceptron learns to tell three spiral arms apart.
import { Generator, manual_seed, nn, optim, randn, setDefaultGenerator, tensor } from 'evenkeel';

// torch's random numbers: with the same seed, PyTorch starts from the same network, and its losses are the same.
setDefaultGenerator(new Generator(0, { algorithm: 'mt19937' }));
manual_seed(0);

// Points (r sin t, r cos t) on arms that wind outwards, with some noise in the angle.
const [arms, points] = [3, 200];
const noise = randn(arms, points).tolist();
const positions = [];
const labels = [];
for (let arm = 0; arm < arms; arm++) {
  for (let i = 0; i < points; i++) {
    const r = i / points;
    const t = 4 * arm + 4 * r + 0.2 * noise[arm][i];
    positions.push([r * Math.sin(t), r * Math.cos(t)]);
    labels.push(arm);
  }
}
const x = tensor(positions);
const y = tensor(labels, { dtype: 'int64' });

const net = new nn.Sequential(
  new nn.Linear(2, 64),
  new nn.ReLU(),
  new nn.Linear(64, 64),
  new nn.ReLU(),
  new nn.Linear(64, arms),
);
console.log(net);

const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
const lossFunction = new nn.CrossEntropyLoss();

/** The share of points whose largest output is that of their arm. */
function accuracy(output) {
  const rows = output.tolist();
  return rows.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length / rows.length;
}

for (let step = 0; step < 150; step++) {
  optimizer.zeroGrad();
  const output = net.call(x);
  const loss = lossFunction.call(output, y);
  loss.backward();
  optimizer.step();
  if (step < 3 || step % 25 === 24) {
    console.log(`step ${step + 1}: loss ${loss.item().toFixed(7)}, accuracy ${accuracy(output).toFixed(4)}`);
  }
}
