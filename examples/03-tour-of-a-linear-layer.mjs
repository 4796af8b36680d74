// A tour on Linear(5, 5): the same weight under one initialiser after another.
import { init, manual_seed, nn } from 'evenkeel';

manual_seed(15);

const layer = new nn.Linear(5, 5);

// As the layer makes it: uniform on +-1/sqrt(5). With this seed one weight is so small that all are printed with exponents.
console.log(layer.weight);
console.log(layer.weight.data);

// In place on .data, which shares the weight's memory.
console.log(init.uniform_(layer.weight.data, 0, 3));
console.log(init.normal_(layer.weight.data, 0, 1));
console.log(init.normal_(layer.weight.data, 0, 0.2));

// In place on the parameter itself: it stays a parameter.
console.log(init.constant_(layer.weight, 8));
console.log(init.constant_(layer.bias, 0));
console.log(init.zeros_(layer.bias));
console.log(init.xavier_uniform_(layer.weight));
console.log(init.xavier_normal_(layer.weight));
