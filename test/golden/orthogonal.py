"""Writes orthogonal.json: what torch.nn.init.orthogonal_ makes of torch's CPU generator.

Run it with any Python that has torch 2.15 (nothing else is needed); the values depend on torch's LAPACK in the last bits:

    python test/golden/orthogonal.py

A case has a `seed`, the weight's `shape` and `dtype`, the `gain`, the `step` between the elements that are kept, counted in
row-major order modulo the number of elements from 0 on, and those in `base64` (little-endian): all of a small matrix, of
a large one as many as touch every row and every column.
"""

import math

import torch
from golden import base64_of, write

torch.set_num_threads(1)

CASES = [
    ([1, 1], "float32", 1),
    ([7, 1], "float32", 1),
    ([1, 7], "float32", 2),
    ([3, 5], "float64", 1),
    ([30, 7], "float32", math.sqrt(2)),
    ([7, 30], "float64", 5 / 3),
    ([32, 32], "float32", 1),
    ([24, 3, 3, 3], "float32", 1),
    ([64, 65], "float64", 1),
    ([256, 100], "float32", math.sqrt(2)),
    ([100, 256], "float32", 1),
    ([64, 32, 3, 3], "float32", 1),
    ([512, 512], "float32", 1),
    ([512, 512], "float64", 0.5),
    ([512, 300], "float32", 5 / 3),
    ([300, 512], "float32", 1),
]
ALL = 2000  # a matrix of no more elements is kept as a whole

cases = []
for i, (shape, dtype, gain) in enumerate(CASES):
    torch.manual_seed(i)
    t = torch.empty(shape, dtype=getattr(torch, dtype))
    torch.nn.init.orthogonal_(t, gain)
    rows, columns = shape[0], math.prod(shape[1:])
    n, kept, step = rows * columns, rows * columns, 1
    if n > ALL:
        # Any `columns` of these elements in a row lie in different columns; two rows' worth of elements reach every row.
        kept = 2 * max(rows, columns)
        step = next(s for s in range(n // kept, n) if math.gcd(s, n) == 1)
        places = [k * step % n for k in range(kept)]
        assert {p // columns for p in places} == set(range(rows)) and {p % columns for p in places} == set(range(columns))
        t = t.flatten()[places]
    cases.append({"seed": i, "shape": shape, "dtype": dtype, "gain": gain, "step": step, "base64": base64_of(t)})

write(__file__, {"cases": cases})
