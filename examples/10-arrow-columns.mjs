// Float columns of Apache Arrow as tensors, and tensors as columns, on the same memory.

import { makeVector, Table, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { fromTypedArray, manual_seed, randn } from 'evenkeel';

manual_seed(10);

/** The tensors on a column's memory, one for each of its chunks. Missing values have no place in a tensor. */
function fromColumn(column) {
  if (column.nullCount > 0) throw new TypeError(`${column.nullCount} values are missing; fill them in first`);
  return column.data.map(({ values, length }) => fromTypedArray(values.subarray(0, length)));
}

/** A column on the memory of a contiguous vector. */
const toColumn = (t) => makeVector(t.array.subarray(0, t.numel()));

// From a file in Arrow's format, as it would be read.
const file = tableToIPC(tableFromArrays({ height: Float32Array.of(1.5, 2, 2.5), weight: Float64Array.of(50, 60, 70) }));
const table = tableFromIPC(file);
const [height] = fromColumn(table.getChild('height'));
const [weight] = fromColumn(table.getChild('weight'));
console.log('height', height.dtype, height.tolist(), 'weight', weight.dtype, weight.tolist());
console.log('same memory:', height.array.buffer === table.getChild('height').data[0].values.buffer);

// Standardised in place: the table sees it.
for (const column of [height, weight]) column.sub_(column.mean()).div_(column.std());
console.log(
  'standardised',
  table
    .toArray()
    .map((row) => `${row.height} ${row.weight}`)
    .join(', '),
);

// Tensors as the columns of a new table.
const noise = randn(4);
const made = new Table({ noise: toColumn(noise) });
console.log('rows', made.numRows, 'same memory:', made.getChild('noise').data[0].values.buffer === noise.array.buffer);

try {
  fromColumn(tableFromArrays({ x: [1, null] }).getChild('x'));
} catch (error) {
  console.log(error.message);
}
