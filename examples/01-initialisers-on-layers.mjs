// Initialisers on layers: a weight on its own, the layers of a network by name, and all layers at once.
import { init, manual_seed, nn, randn } from 'evenkeel';

manual_seed(0);

// One layer. Xavier: uniform on +-sqrt(6 / (n_in + n_out)) = +-0.2, so sigma = sqrt(2 / (n_in + n_out)).
const layer = new nn.Linear(100, 50);
init.xavier_uniform_(layer.weight);
console.log(layer.weight);

// The layers of a network.
class Net extends nn.Module {
  constructor() {
    super();
    this.fc1 = new nn.Linear(28 * 28, 128);
    this.fc2 = new nn.Linear(128, 10);
    init.xavier_uniform_(this.fc1.weight);
    init.zeros_(this.fc1.bias);
    init.zeros_(this.fc2.bias);
  }

  forward(x) {
    x = x.flatten(1);
    x = nn.functional.relu(this.fc1.call(x));
    return this.fc2.call(x);
  }
}

const net = new Net();
const output = net.call(randn(1, 1, 28, 28));
console.log(output);
console.log('shape', output.shape);

// All layers at once.
function initWeights(module) {
  if (module instanceof nn.Linear) {
    init.xavier_uniform_(module.weight);
    init.constant_(module.bias, 0.01);
  }
}
net.apply(initWeights);
console.log(net);
for (const [name, parameter] of net.namedParameters()) {
  const largest = Math.max(parameter.max().item(), -parameter.min().item());
  console.log(name, parameter.shape, 'largest', largest.toFixed(4));
}
