// Normal initialisation of a linear and a convolutional layer, and what is done around it: finding a wrong shape, keeping
// pretrained layers, checking what a weight's distribution is.
import { init, manual_seed, nn, rand } from 'evenkeel';

manual_seed(0);

class Net extends nn.Module {
  constructor() {
    super();
    this.fc = new nn.Linear(512, 10);
    this.conv = new nn.Conv2d(3, 64, 3);
    init.normal_(this.fc.weight, 0, 0.01);
    init.constant_(this.fc.bias, 0);
    init.normal_(this.conv.weight, 0, 0.01);
    init.constant_(this.conv.bias, 0);
  }

  forward(x) {
    x = this.conv.call(x);
    x = x.view(x.size(0), -1);
    return this.fc.call(x);
  }
}

// This forward pass is wrong: the flattened convolution has 64 * 222 * 222 features, and fc takes 512.
const net = new Net();
const x = rand(1, 3, 224, 224);
console.log('conv', net.conv.call(x).shape);
try {
  net.call(x);
} catch (error) {
  console.log(`${error.name} [${error.code}] ${error.message}`);
}

console.log('fc.weight mean', net.fc.weight.mean().item(), 'std', net.fc.weight.std().item());

// Kaiming's scale suits a layer before a ReLU: sigma = sqrt(2 / fan_in), fan_in = 3 * 3 * 3.
init.kaiming_normal_(net.conv.weight, { mode: 'fan_in', nonlinearity: 'relu' });
console.log('conv.weight std', net.conv.weight.std().item(), 'wanted', Math.sqrt(2 / 27));

// A pretrained model with a new head: its body is kept, and only the head is initialised.
const body = () => [new nn.Conv2d(3, 16, 3), new nn.ReLU(), new nn.Flatten()];
const pretrained = new nn.Sequential(...body(), new nn.Linear(16 * 30 * 30, 1000));
const model = new nn.Sequential(...body(), new nn.Linear(16 * 30 * 30, 10));

const state = pretrained.stateDict();
state.delete('3.weight'); // the old head, for 1000 classes
state.delete('3.bias');
const { missingKeys } = model.loadStateDict(state, { strict: false });
console.log('new', missingKeys);
for (const [name, parameter] of model.namedParameters()) {
  if (!missingKeys.includes(name)) continue;
  if (name.endsWith('.bias')) init.zeros_(parameter);
  else init.normal_(parameter, 0, 0.01);
}
const kept = model[0].weight.sub(pretrained[0].weight).norm().item();
console.log('kept layer differs by', kept, 'new head std', model[3].weight.std().item());

// Is a weight what it should be? Mean and standard deviation against what n draws of N(0, 0.01) leave to chance, and the
// share within one sigma, which is 68.27 % for a normal distribution.
const weight = model[3].weight;
const n = weight.numel();
const mean = weight.mean().item();
const std = weight.std().item();
const within = weight.array.filter((w) => Math.abs(w) < 0.01).length / n;
console.log('mean', mean, 'in standard errors', mean / (0.01 / Math.sqrt(n)));
console.log('std', std, 'in standard errors', (std - 0.01) / (0.01 / Math.sqrt(2 * n)));
console.log('within one sigma', within);
