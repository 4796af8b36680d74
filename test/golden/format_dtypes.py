"""Writes format_dtypes.json: tensors of the other dtypes and the text that torch prints for them.

Run it with any Python that has torch 2.15:

    python test/golden/format_dtypes.py

A case holds a dtype, a shape, and the numbers as they are written in Python ('nan', 'inf' and integers beyond 2^53 as text).
"""

import json
import math
import random

import torch
from golden import save

rng = random.Random(20261)
cases = []


def case(dtype, values, shape=None):
    t = torch.tensor(values, dtype=getattr(torch, dtype))
    if shape is not None:
        t = t.reshape(shape)
    numbers = [str(v) if isinstance(v, float) and not math.isfinite(v) or abs(v) > 2**53 else v for v in values]
    cases.append({"dtype": dtype, "shape": list(t.shape), "values": numbers, "text": str(t)})


for dtype in ("float16", "bfloat16"):
    case(dtype, [1.0, 2.0, -3.0])
    case(dtype, [0.1, 2.5, -300.25, 0.0])
    case(dtype, [1e-5, 1.0])
    case(dtype, [math.nan, math.inf, -math.inf, -0.0])
    case(dtype, [65504.0, 1e-7, 2.0])
    case(dtype, [0.5], [])
    case(dtype, [], [0])
    case(dtype, [], [2, 0])
    for n in (7, 40, 1200):
        case(dtype, [rng.gauss(0, 10 ** rng.uniform(-3, 3)) for _ in range(n)])
    case(dtype, [rng.uniform(-1, 1) for _ in range(24)], [2, 3, 4])
for dtype, low, high in (("int64", -(2**63), 2**63 - 1), ("int32", -(2**31), 2**31 - 1), ("uint8", 0, 255)):
    case(dtype, [1, 2, 3])
    case(dtype, [low, 0, high])
    case(dtype, [7], [])
    case(dtype, [], [0])
    case(dtype, [], [0, 3])
    for n in (30, 1100):
        case(dtype, [rng.randint(max(low, -999), min(high, 10 ** rng.randint(0, 6))) for _ in range(n)])
    case(dtype, [rng.randint(0, 99) for _ in range(24)], [2, 3, 4])
case("bool", [True, False, True])
case("bool", [False])
case("bool", [True], [])
case("bool", [], [0])
case("bool", [], [3, 0])
case("bool", [rng.random() < 0.5 for _ in range(40)], [4, 10])
case("bool", [rng.random() < 0.5 for _ in range(1200)])

save(__file__, json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")) + "\n")
