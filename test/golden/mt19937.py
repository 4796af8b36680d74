"""Writes mt19937.json: programs of random calls, and digests of what torch's CPU generator makes of them.

Run it with any Python that has torch 2.15 (nothing else is needed) on x86-64; the output is the same every time:

    python test/golden/mt19937.py

A program seeds one generator and chains steps on it. A step names evenkeel's public call and its arguments:

    {"call": "randn", "shape": [3, 4], "dtype": "float32", "sha256": ..., "first": [...]}
    {"call": "normal_", "on": {"shape": [3, 4], "view": [["t"]], "dtype": ...}, "args": [0, 1], ...}
    {"call": "Linear", "args": [100, 50], "options": {"bias": false}, ...}

`on` is a tensor of zeros of that shape, seen through the views in turn. `sha256` (its first 32 digits) is of the elements as
little-endian bytes in row-major order, `first` has up to three of them; a layer has its weight's elements, then its
bias's. A program ends with the generator's `state`: the sha256 of its 624 words (little-endian), how many are `used`, and the
bits of the normal that is kept, or null.
"""

import hashlib
import json
import math
import random
import struct
import warnings

import torch
from golden import raw_bytes, save
from torch import nn

warnings.simplefilter("ignore")

DTYPES = {name: getattr(torch, name) for name in ("float32", "float64", "float16", "bfloat16", "int64")}
SEEDS = [0, 42, 2**32 - 1, 67280421310721, 2**63 + 12345]
rng = random.Random(19937)


def look(t, views):
    for name, *args in views:
        if name == "t":
            t = t.t()
        elif name == "permute":
            t = t.permute(args[0])
        elif name == "slice":
            dim, start, end, step = args
            t = t[(slice(None),) * dim + (slice(start, end, step),)]
    return t


def dtype_of_floats():
    return rng.choice(["float32"] * 3 + ["float64"] * 3 + ["float16", "bfloat16"])


def number(sizes=(1, 100000)):
    """A size: some at the edges of blocks, some anywhere."""
    if rng.random() < 0.4:
        return rng.choice([1, 2, 3, 8, 15, 16, 17, 31, 32, 33, 40, 63, 64, 100, 623, 624, 625, 1000, 4097])
    return int(round(math.exp(rng.uniform(math.log(sizes[0]), math.log(sizes[1])))))


def operand():
    """A tensor to fill in place: contiguous, transposed, permuted, with gaps."""
    dtype = dtype_of_floats()
    kind = rng.choice(["flat", "matrix", "transposed", "permuted", "rows", "columns"])
    n = number()
    if kind == "flat":
        return {"shape": [n], "view": [], "dtype": dtype}
    columns = rng.choice([1, 3, 7, 16, 30])
    rows = max(1, n // columns)
    if kind == "matrix":
        return {"shape": [rows, columns], "view": [], "dtype": dtype}
    if kind == "transposed":
        return {"shape": [rows, columns], "view": [["t"]], "dtype": dtype}
    if kind == "permuted":
        return {"shape": [2, 3, max(1, n // 12), 2], "view": [["permute", [2, 0, 3, 1]]], "dtype": dtype}
    if kind == "rows":
        return {"shape": [rows + 2, columns], "view": [["slice", 0, 1, rows + 1, 2]], "dtype": dtype}
    return {"shape": [rows, columns + 3], "view": [["slice", 1, 1, columns + 1, 1]], "dtype": dtype}


def weight():
    """A weight to initialise: a matrix or a convolution's."""
    dtype = rng.choice(["float32", "float64"])
    if rng.random() < 0.5:
        return {"shape": [rng.randint(1, 200), rng.randint(1, 200)], "view": rng.choice([[], [["t"]]]), "dtype": dtype}
    return {"shape": [rng.randint(1, 40), rng.randint(1, 20), rng.randint(1, 5), 3], "view": [], "dtype": dtype}


def decimal(low, high):
    return round(rng.uniform(low, high), 3)


def options_of(step):
    return step.get("options", {})


NONLINEARITIES = ["linear", "relu", "leaky_relu", "tanh", "sigmoid", "selu"]


def make_step(call):
    if call in ("rand", "randn"):
        n = number()
        shape = rng.choice([[n], [max(1, n // 10), 10], [max(1, n // 9), 3, 3]])
        return {"call": call, "shape": shape, "dtype": dtype_of_floats()}
    if call == "uniform_":
        low = decimal(-3, 3)
        return {"call": call, "on": operand(), "args": rng.choice([[0, 1], [low, low + decimal(0.001, 5)]])}
    if call == "normal_":
        return {"call": call, "on": operand(), "args": rng.choice([[0, 1], [decimal(-2, 2), decimal(0.01, 3)]])}
    if call == "truncNormal_":
        mean, std = decimal(-1, 1), decimal(0.1, 2)
        low = mean + decimal(-2, 2.5) * std
        # Both of torch's methods: bounds around the mean, tails, narrow windows.
        return {
            "call": call,
            "on": operand(),
            "args": rng.choice([[0, 1, -2, 2], [0, 0.02, -0.04, 0.04], [mean, std, low, low + decimal(0.05, 4) * std]]),
        }
    if call == "bernoulli_":
        return {"call": call, "on": operand(), "args": [rng.choice([0, 0.1, 0.5, decimal(0, 1), 1])]}
    if call == "exponential_":
        return {"call": call, "on": operand(), "args": [rng.choice([1, decimal(0.1, 5)])]}
    if call == "randint":
        low, high = rng.choice([[0, 10], [-50, 50], [0, 2**28 - 1], [0, 2**28], [-(2**40), 2**40], [5, 6]])
        return {"call": call, "args": [low, high], "shape": [number()], "dtype": "int64"}
    if call == "randperm":
        return {"call": call, "args": [number((1, 20000))], "dtype": "int64"}
    if call == "sparse_":
        shape = [rng.randint(1, 120), rng.randint(1, 60)]
        on = {"shape": shape, "view": rng.choice([[], [["t"]]]), "dtype": rng.choice(["float32", "float64"])}
        return {"call": call, "on": on, "args": [rng.choice([0, 0.1, 0.5, 0.9, decimal(0, 1)]), rng.choice([0.01, 1])]}
    if call in ("xavierUniform_", "xavierNormal_"):
        return {"call": call, "on": weight(), "args": [rng.choice([1, 5 / 3, math.sqrt(2)])]}
    if call in ("kaimingUniform_", "kaimingNormal_"):
        options = {"a": rng.choice([0, 0.2]), "mode": rng.choice(["fan_in", "fan_out"])}
        return {"call": call, "on": weight(), "options": {**options, "nonlinearity": rng.choice(NONLINEARITIES)}}
    options = {"bias": rng.random() < 0.8, "dtype": rng.choice(["float32", "float64"])}
    if call == "Linear":
        return {"call": call, "args": [rng.randint(1, 300), rng.randint(1, 200)], "options": options}
    groups = rng.choice([1, 1, 2, 4])
    kernel = rng.choice([1, 3, 5, [3, 1]])
    args = [groups * rng.randint(1, 12), groups * rng.randint(1, 12), kernel]
    return {"call": "Conv2d", "args": args, "options": {**options, "groups": groups}}


def run(step):
    """What the step makes, as a list of tensors."""
    call, args, options = step["call"], step.get("args", []), dict(options_of(step))
    dtype = DTYPES.get(step.get("dtype", options.pop("dtype", None)))
    if call in ("rand", "randn"):
        return [getattr(torch, call)(step["shape"], dtype=dtype)]
    if call == "randint":
        return [torch.randint(*args, step["shape"])]
    if call == "randperm":
        return [torch.randperm(*args)]
    if call in ("Linear", "Conv2d"):
        layer = getattr(nn, call)(*[tuple(a) if isinstance(a, list) else a for a in args], **options, dtype=dtype)
        return [layer.weight] + ([] if layer.bias is None else [layer.bias])
    on = step["on"]
    t = look(torch.zeros(on["shape"], dtype=DTYPES[on["dtype"]]), on["view"])
    if call in ("uniform_", "normal_", "bernoulli_", "exponential_"):
        getattr(t, call)(*args)
    else:
        name = "".join("_" + c.lower() if c.isupper() else c for c in call)
        getattr(nn.init, name)(t, *args, **options)
    return [t]


def state():
    """torch's state as evenkeel keeps it. A CPU generator's bytes: seed (8), left (4), seeded (4), next (8), 624 words of
    8 bytes, then the kept normal: x, y, rho (8 each), whether there is one (4)."""
    raw = torch.get_rng_state().numpy().tobytes()
    left = struct.unpack_from("<i", raw, 8)[0]
    words = struct.pack("<624I", *struct.unpack_from("<624Q", raw, 24))
    kept = 24 + 624 * 8
    valid = struct.unpack_from("<i", raw, kept + 24)[0]
    return {
        "sha256": hashlib.sha256(words).hexdigest()[:32],
        "used": 625 - left,  # `left` counts down from 624 and draws new words when it would be 0
        "kept": raw[kept + 8 : kept + 16].hex() if valid else None,
    }


CALLS = (
    ["rand", "randn", "uniform_", "normal_", "truncNormal_"] * 2
    + ["bernoulli_", "exponential_", "randint", "randperm", "sparse_"]
    + ["xavierUniform_", "xavierNormal_", "kaimingUniform_", "kaimingNormal_", "Linear", "Conv2d"]
)
LENGTH = 50

programs = []
for seed in SEEDS:
    torch.manual_seed(seed if seed < 2**63 else seed - 2**64)
    calls = (CALLS * LENGTH)[:LENGTH]
    rng.shuffle(calls)
    steps = []
    for call in calls:
        step = make_step(call)
        tensors = run(step)
        digest = hashlib.sha256(b"".join(raw_bytes(t) for t in tensors)).hexdigest()[:32]
        steps.append({**step, "sha256": digest, "first": tensors[0].flatten()[:3].tolist()})
    programs.append({"seed": str(seed), "steps": steps, "state": state()})

lines = ",\n".join(
    f'{{"seed": "{p["seed"]}", "state": {json.dumps(p["state"])}, "steps": [\n'
    + ",\n".join(json.dumps(s) for s in p["steps"])
    + "\n]}"
    for p in programs
)
save(__file__, f'{{"torch": "{torch.__version__}", "programs": [\n{lines}\n]}}\n')
