// Imports that Babel makes calls of require.
import { ones, Tensor } from 'evenkeel';

test('import', () => {
  expect(ones(2, 2).sum().item()).toBe(4);
  expect(require('evenkeel').Tensor).toBe(Tensor);
});
