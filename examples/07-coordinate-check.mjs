// Do models of several widths learn at one learning rate? The coordinate check, on standard initialisation and on muP; and an
// initialisation that looks at data.
import { init, manual_seed, nn, randn } from 'evenkeel';
import { coordCheck, lsuv_ } from 'evenkeel/study';

manual_seed(0);

const mlp = (n) =>
  new nn.Sequential(
    ...[new nn.Linear(64, n, { init: false }), new nn.ReLU()],
    ...[new nn.Linear(n, n, { init: false }), new nn.ReLU()],
    ...[new nn.Linear(n, n, { init: false }), new nn.ReLU()],
    new nn.Linear(n, 10, { init: false }),
  );

const schemes = {
  // Standard deviations of 1/sqrt(fan_in), and one learning rate for all.
  standard: [
    { match: '*.bias', init: 'zeros' },
    { match: '*', init: { initialiser: 'kaimingNormal', nonlinearity: 'linear' } },
  ],
  muP: init.presets.mup({ base: mlp(128) }),
};

for (const [scheme, rules] of Object.entries(schemes)) {
  // Makes a model of a width, with the plan whose factors on the learning rate are muP's.
  const make = ({ width, generator }) => {
    const model = mlp(width);
    return { model, plan: init.initialize(model, rules, { generator }) };
  };
  for (const optimizer of ['sgd', 'adam']) {
    const { rows, passed } = await coordCheck(make, { widths: [128, 256, 512, 1024], steps: 1, optimizer });
    const slopes = rows.map(({ slope }) => slope.toFixed(2)).join(' ');
    console.log(`${scheme} ${optimizer}: ${slopes} ${passed ? 'pass' : 'fail'}`);
  }
}

// The whole report says what is off, and what to change.
const standard = ({ width, generator }) => {
  const model = mlp(width);
  init.initialize(model, schemes.standard, { generator });
  return model;
};
console.log(await coordCheck(standard, { widths: [64, 128, 256], steps: 2, repeats: 3, optimizer: 'adam' }));

// Twenty layers whose scale comes from a batch, not from theory: whatever the activation is.
const deep = new nn.Sequential(...Array.from({ length: 20 }, () => [new nn.Linear(256, 256), new nn.GELU()]).flat());
const batch = randn(128, 256);
console.log('std before', deep.call(batch).std().item().toFixed(4));
console.log(lsuv_(deep, batch));
console.log('std after', deep.call(batch).std().item().toFixed(4));
