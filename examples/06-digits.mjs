// A small convolutional network learns to read handwritten digits (8 x 8 pixels; data/README.md says where they come from).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Generator, manual_seed, nn, noGrad, optim, randperm, setDefaultGenerator, tensor } from 'evenkeel';

// torch's random numbers: with the same seed, PyTorch starts from the same network, and its losses are the same.
setDefaultGenerator(new Generator(0, { algorithm: 'mt19937' }));
manual_seed(0);

// A line for each image: 64 grey levels from 0 to 16, and the digit.
const text = gunzipSync(readFileSync(new URL('data/digits.csv.gz', import.meta.url))).toString();
const rows = text
  .trim()
  .split('\n')
  .map((line) => line.split(',').map(Number));

const net = new nn.Sequential(
  new nn.Conv2d(1, 16, 3, { padding: 1 }),
  new nn.BatchNorm2d(16),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(16, 32, 3, { padding: 1 }),
  new nn.BatchNorm2d(32),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.25),
  new nn.Linear(128, 10),
);
console.log(net);
const optimizer = new optim.AdamW(net.parameters(), { lr: 3e-3 });
const lossFunction = new nn.CrossEntropyLoss();

/** Images and digits of some of the rows. */
function batch(indices) {
  const chosen = indices.map((i) => rows[i]);
  const images = tensor(chosen.map((row) => row.slice(0, 64)));
  const digits = tensor(
    chosen.map((row) => row[64]),
    { dtype: 'int64' },
  );
  return [images.div(16).view(-1, 1, 8, 8), digits];
}

// A fifth of the images is for testing alone.
const order = randperm(rows.length).tolist();
const [training, testing] = [order.slice(0, 1437), order.slice(1437)];

function testAccuracy() {
  const [images, digits] = batch(testing);
  const output = noGrad(() => net.eval().call(images)).tolist();
  const wanted = digits.tolist();
  return output.filter((row, i) => row.indexOf(Math.max(...row)) === wanted[i]).length / output.length;
}

for (let epoch = 0; epoch < 6; epoch++) {
  net.train();
  const shuffled = randperm(training.length).tolist();
  let sum = 0;
  for (let start = 0; start < training.length; start += 64) {
    const [images, digits] = batch(shuffled.slice(start, start + 64).map((i) => training[i]));
    optimizer.zeroGrad();
    const loss = lossFunction.call(net.call(images), digits);
    loss.backward();
    optimizer.step();
    sum += loss.item() * digits.numel();
    if (epoch === 0 && start < 192) console.log(`step ${start / 64 + 1}: loss ${loss.item().toFixed(7)}`);
  }
  const mean = (sum / training.length).toFixed(4);
  console.log(`epoch ${epoch + 1}: mean loss ${mean}, test accuracy ${testAccuracy().toFixed(4)}`);
}
