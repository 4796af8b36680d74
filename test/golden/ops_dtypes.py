"""Writes ops_dtypes.json: how torch rounds to half precision, converts between dtypes and promotes.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/ops_dtypes.py

`halves` lists numbers with the bits that float16 and bfloat16 store for them (as float32 first, as JavaScript writes
them). `casts` holds exact numbers that every dtype's conversion is defined for.
"""

import math
import random

import torch
from golden import number, write

DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]
rng = random.Random(3)


numbers = [0.0, -0.0, 1, -1, 0.1, 1 / 3, 65504, 65519.99, 65520, 65536, 1e5, -7e4, 2**-14, 2**-24, 2**-25, 1.5 * 2**-25, 2**-26]
numbers += [3 * 2**-25, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 2**-9, 1 + 3 * 2**-9, 3.38e38, 3.4e38, 2**-133, 2**-134, 1e-40]
numbers += [math.inf, -math.inf, math.nan]
for _ in range(150):
    numbers.append(rng.choice([-1, 1]) * rng.random() * 2.0 ** rng.randint(-30, 17))
numbers = [torch.tensor(x, dtype=torch.float32).item() for x in numbers]
t = torch.tensor(numbers)
bits = {d: (t.to(getattr(torch, d)).view(torch.int16).int() & 0xFFFF).tolist() for d in ("float16", "bfloat16")}
back = {d: t.to(getattr(torch, d)).double().tolist() for d in ("float16", "bfloat16")}

casts = []
source = [0, 1, 2, 3, 100, 127, 0.5, 2.75, 1.9999, 200.25]
for a in DTYPES:
    x = torch.tensor(source, dtype=torch.float64).to(getattr(torch, a))
    for b in DTYPES:
        casts.append([a, b, [float(v) for v in x.tolist()], [float(v) for v in x.to(getattr(torch, b)).tolist()]])

promotions = []
for a in DTYPES:
    for b in DTYPES:
        for da in (0, 1):
            for db in (0, 1):
                x, y = torch.zeros([2] * da, dtype=getattr(torch, a)), torch.zeros([2] * db, dtype=getattr(torch, b))
                promotions.append([a, da, b, db, str(torch.result_type(x, y))[6:]])

golden = {
    "halves": [[number(x), bits["float16"][i], number(back["float16"][i]), bits["bfloat16"][i], number(back["bfloat16"][i])] for i, x in enumerate(numbers)],
    "casts": casts,
    "promotions": promotions,
}
write(__file__, golden)
