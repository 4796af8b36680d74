// Answers the calls of run.py: one JSON head and the bytes of a tensor each way, lengths first.
import { readSync, writeSync } from 'node:fs';
import { fromTypedArray, Generator, init } from 'evenkeel';

/** Exactly `size` bytes of standard input, or undefined at its end. */
function read(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const count = readSync(0, bytes, at, size - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

/** One generator for each of torch's, as long as it keeps its seed. */
const generators = new Map();

function generatorFor({ id, seed }) {
  const known = generators.get(id);
  if (known?.seed === seed) return known.generator;
  const generator = new Generator(BigInt(seed), { algorithm: 'mt19937' });
  generators.set(id, { seed, generator });
  return generator;
}

/** Positional arguments of torch's functions, after the tensor. */
const positions = {
  uniform_: ['a', 'b'],
  normal_: ['mean', 'std'],
  trunc_normal_: ['mean', 'std', 'a', 'b'],
  constant_: ['val'],
  dirac_: ['groups'],
  xavier_uniform_: ['gain'],
  xavier_normal_: ['gain'],
  orthogonal_: ['gain'],
  sparse_: ['sparsity', 'std'],
  kaiming_uniform_: ['a', 'mode', 'nonlinearity'],
  kaiming_normal_: ['a', 'mode', 'nonlinearity'],
};
const drawing = new Set(Object.keys(positions).filter((name) => name !== 'constant_' && name !== 'dirac_'));

function call({ name, args: sent, kwargs, tensor, generator }, payload) {
  // Python's None is an argument left out.
  const args = sent.map((value) => value ?? undefined);
  if (name === 'calculate_gain') return { value: init.calculate_gain(...args) };
  const Elements = tensor.dtype === 'float64' ? Float64Array : Float32Array;
  const elements = new Elements(payload.buffer.slice(payload.byteOffset, payload.byteOffset + payload.length));
  const target = fromTypedArray(elements, tensor.shape);
  const names = positions[name] ?? [];
  const given = { ...Object.fromEntries(args.map((value, i) => [names[i], value])), ...kwargs };
  const options = drawing.has(name) ? { generator: generatorFor(generator) } : undefined;
  if (name.startsWith('kaiming')) init[name](target, { ...given, ...options });
  else init[name](target, ...names.map((key) => given[key]), ...(options ? [options] : []));
  return { dtype: tensor.dtype, elements };
}

let warnings = [];
process.emitWarning = (message) => warnings.push(String(message));

for (;;) {
  const sizes = read(8);
  if (sizes === undefined) break;
  const head = JSON.parse(read(sizes.readUInt32LE(0)));
  const payload = read(sizes.readUInt32LE(4));
  warnings = [];
  let answer;
  try {
    answer = call(head, payload);
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}`, code: error.code ?? null };
  }
  const { elements = new Uint8Array(), ...rest } = answer;
  const text = Buffer.from(JSON.stringify({ ...rest, warnings }));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(elements.byteLength, 4);
  write(Buffer.concat([lengths, text, new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)]));
}
