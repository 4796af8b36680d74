// Methods that are kept apart from the class, as tables or as groups of their own.
import { Tensor } from './tensor.js';

/** Makes functions methods of Tensor: not enumerable, as methods written in the class. */
export function install(methods: object): void {
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(method, 'name', { value: name });
    Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
  }
}
