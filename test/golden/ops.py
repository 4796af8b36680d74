"""Writes ops.json: what torch answers to views, reductions, products, promotions and clamps.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/ops.py

Tensors are made by a rule that JavaScript repeats exactly, in `data` below: element i is ((i * 7919) % 1000 - 500) / 64,
with `special` values (index: number or "nan", "inf", "-inf") written over it. A case whose call torch refuses has `error`.
Only that it is an error is compared, not its text.
"""

import math
import random
import warnings

import torch
from golden import number, write


torch.set_num_threads(1)
DTYPES = {"float32": torch.float32, "float64": torch.float64}
ERRORS = (RuntimeError, IndexError, ValueError, TypeError)
rng = random.Random(20260)


def values(t):
    digits = 7 if t.dtype == torch.float32 else 13
    return [number(float(f"{x:.{digits}g}")) for x in t.detach().reshape(-1).tolist()]


def data(shape, dtype, special=None):
    n = math.prod(shape)
    t = torch.tensor([((i * 7919) % 1000 - 500) / 64 for i in range(n)], dtype=torch.float64)
    for i, x in (special or {}).items():
        t[int(i)] = float(x)
    return t.to(DTYPES[dtype]).reshape(shape)


# Views: a base shape, and calls one after another, each on the last one's result.


def call(t, name, args):
    if name == "slice":
        return torch.ops.aten.slice.Tensor(t, *args)
    return getattr(t, name)(*args)


def random_sizes(count):
    """Sizes whose product is count, or nearly."""
    sizes = []
    left = count
    while left > 1 and len(sizes) < 4:
        n = rng.choice([n for n in range(1, left + 1) if left % n == 0])
        sizes.append(n)
        left //= n
    if left > 1:
        sizes.append(left)
    for _ in range(rng.choice([0, 0, 1, 2])):
        sizes.insert(rng.randint(0, len(sizes)), 1)
    if sizes and rng.random() < 0.3:
        sizes[rng.randrange(len(sizes))] = -1
    if rng.random() < 0.08:
        sizes.append(rng.choice([0, 2, -1]))
    return sizes[:6]


def random_step(t):
    n = t.dim()
    dim = lambda: rng.randint(-n, n - 1) if n and rng.random() < 0.95 else rng.randint(-n - 2, n + 1)
    size = lambda d: t.shape[d] if -n <= d < n else 1
    name = rng.choice(
        "view view reshape flatten permute transpose t squeeze squeeze unsqueeze expand select narrow slice slice".split()
    )
    if name in ("view", "reshape"):
        return name, [random_sizes(t.numel())]
    if name == "flatten":
        return name, rng.choice([[], [dim()], sorted([dim(), dim()])])
    if name == "permute":
        dims = list(range(n))
        rng.shuffle(dims)
        if dims and rng.random() < 0.3:
            dims[0] -= n
        if rng.random() < 0.08:
            dims = dims[1:] if rng.random() < 0.5 else dims + [0]
        return name, [dims]
    if name == "transpose":
        return name, [dim(), dim()]
    if name == "squeeze":
        return name, rng.choice([[], [dim()], [[dim()]], [[]]])
    if name == "unsqueeze":
        return name, [rng.randint(-n - 1, n) if rng.random() < 0.9 else n + 2]
    if name == "expand":
        sizes = [rng.choice([s, s, -1, 3 if s == 1 else s]) for s in t.shape]
        lead = [rng.choice([1, 2]) for _ in range(rng.choice([0, 0, 1, 2]))]
        if sizes and rng.random() < 0.08:
            sizes[0] = 5
        return name, [(lead + sizes)[:6]]
    if name == "select":
        d = dim()
        s = size(d)
        return name, [d, rng.randint(-s, s - 1) if s and rng.random() < 0.9 else rng.choice([-s - 1, s])]
    if name == "narrow":
        d = dim()
        s = size(d)
        start = rng.randint(-s, s)
        return name, [d, start, rng.randint(0, max(0, s - start % (s + 1))) if rng.random() < 0.9 else s + 1]
    if name == "slice":
        d = dim()
        s = size(d)
        return name, [d, rng.randint(-s - 2, s + 2), rng.randint(-s - 2, s + 2), rng.choice([1, 1, 2, 3, 0])]
    return name, []


def view_program():
    shape = [rng.choice([1, 1, 2, 2, 3, 4, 6] if rng.random() < 0.98 else [0]) for _ in range(rng.randint(0, 4))]
    base = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
    t = base
    steps = []
    for _ in range(4):
        name, args = random_step(t)
        try:
            t = call(t, name, args)
        except ERRORS:
            steps.append([name, args])
            continue
        shared = base.numel() == 0 or t.untyped_storage().data_ptr() == base.untyped_storage().data_ptr()
        steps.append([name, args, list(t.shape), list(t.stride()), t.storage_offset(), shared])
        if not shared or t.dim() > 6:
            break
    return {"shape": shape, "steps": steps}


# Reductions.


def reduce(t, name, dim, keepdim, correction, p):
    if name in ("std", "var"):
        warnings.simplefilter("ignore")
        return getattr(t, name)(dim=dim, keepdim=keepdim, correction=correction)
    if name in ("min", "max"):
        return getattr(torch, "a" + name)(t, dim=() if dim is None else dim, keepdim=keepdim)
    if name == "norm":
        return torch.linalg.vector_norm(t, p, dim=dim, keepdim=keepdim)
    return getattr(t, name)(dim=dim, keepdim=keepdim)


def reductions():
    shapes = [([], [None, 0, -1, []]), ([7], [None, 0, [0]]), ([3, 4], [None, 0, 1, -1, [0, 1], []])]
    shapes += [([2, 3, 5], [None, 1, [0, 2], [-1, 0]]), ([2, 2], [[0, 0], 2])]
    shapes += [([2, 0, 3], [None, 0, 1, [0, 2]]), ([2, 0, 0], [0, 1, [1, 2]]), ([0], [None, 0]), ([1], [None, 0])]
    special = {"nan": {"1": "nan"}, "inf": {"0": "inf", "3": "-inf"}}
    out = []
    for name in ("sum", "mean", "std", "var", "min", "max", "norm"):
        for shape, dims in shapes:
            for dim in dims:
                for keepdim in (False, True):
                    variants = [None] + (["nan", "inf"] if math.prod(shape) >= 7 and not keepdim and dim in (None, 0, 1, [0, 2]) else [])
                    for variant in variants:
                        corrections = [1, 0, 5.5] if name in ("std", "var") and variant is None and not keepdim else [1]
                        many = name == "norm" and not keepdim and dim in (None, 0, 1)
                        powers = [2, 1, 3, "inf", "-inf", 0, 0.5, -1] if many else [2]
                        for correction in corrections:
                            for p in powers:
                                dtype = rng.choice(["float32", "float64"])
                                case = {"name": name, "shape": shape, "dim": dim, "dtype": dtype}
                                if keepdim:
                                    case["keepdim"] = True
                                if correction != 1:
                                    case["correction"] = correction
                                if p != 2:
                                    case["p"] = p
                                if variant:
                                    case["special"] = special[variant]
                                t = data(shape, dtype, case.get("special"))
                                try:
                                    r = reduce(t, name, dim, keepdim, correction, float(p))
                                    case |= {"result": list(r.shape), "values": values(r)}
                                except ERRORS:
                                    case["error"] = True
                                out.append(case)
    return out


def products():
    shapes = [[], [1], [3], [4], [0], [1, 3], [3, 1], [2, 3], [3, 4], [4, 2], [0, 3], [3, 0], [1, 1]]
    out = []
    for name in ("matmul", "mm", "mv", "dot"):
        for a in shapes:
            for b in shapes:
                if name != "matmul" and rng.random() < 0.6:
                    continue
                case = {"name": name, "a": a, "b": b}
                try:
                    r = getattr(data(a, "float32"), name)(data(b, "float32"))
                    case |= {"result": list(r.shape), "values": values(r)}
                except ERRORS:
                    case["error"] = True
                out.append(case)
    return out


def promotions():
    out = []
    for a in DTYPES:
        for b in DTYPES:
            for sa in ([], [2], [1]):
                for sb in ([], [2], [1]):
                    x, y = data(sa, a), data(sb, b)
                    try:
                        x.clone().add_(y)
                        twin = True
                    except ERRORS:
                        twin = False
                    r = x / y
                    out.append(
                        {"a": a, "b": b, "sa": sa, "sb": sb, "dtype": str(r.dtype)[6:], "inPlace": twin}
                        | {"values": values(r)}
                    )
    return out


def joins():
    out = []
    for name in ("cat", "stack"):
        for shapes in ([[2, 3], [2, 3]], [[2, 3], [1, 3]], [[2, 3], [2, 1]], [[2], [2, 1]], [[], []], [[0], [2, 3]], [[2, 0], [2, 3]]):
            for dim in (0, 1, -1, 2, -3):
                for dtypes in (["float32", "float32"], ["float32", "float64"]):
                    case = {"name": name, "shapes": shapes, "dim": dim, "dtypes": dtypes}
                    try:
                        r = getattr(torch, name)([data(s, d) for s, d in zip(shapes, dtypes)], dim)
                        case |= {"result": list(r.shape), "dtype": str(r.dtype)[6:], "values": values(r)}
                    except ERRORS:
                        case["error"] = True
                    out.append(case)
    return out


def clamps():
    special = {"0": "nan", "1": "inf", "2": "-inf", "3": -0.0, "4": 0.0, "5": 0.1}
    bounds = [(0, None), (None, 0), (-1, 1), (1, -1), (0.1, 0.3), (-0.0, 0.0), (0.0, -0.0), ("nan", None), (None, "nan")]
    bounds += [(0, "nan"), ("nan", 0), ("-inf", "inf"), ("inf", None), (1e300, None), (-1e300, 1e300), (2, 2)]
    out = []
    for dtype in DTYPES:
        t = data([16], dtype, special)
        for low, high in bounds:
            kwargs = {k: float(v) for k, v in (("min", low), ("max", high)) if v is not None}
            case = {"dtype": dtype, "min": low, "max": high}
            try:
                case["values"] = values(t.clamp(**kwargs))
            except ERRORS:
                case["error"] = True
            out.append(case)
    return {"special": special, "cases": out}


def sequences():
    out = []
    for dtype in DTYPES:
        for args in ([5], [0], [1, 4], [1, 2, 0.3], [5, 0, -1.5], [0, 1, 0.1], [2, 2], [0, -0.5], [5, 0], [0, 1, 0], [-3], [0, 0, -1]):
            case = {"name": "arange", "args": args, "dtype": dtype}
            try:
                case["values"] = values(torch.arange(*args, dtype=DTYPES[dtype]))
            except ERRORS:
                case["error"] = True
            out.append(case)
        for args in ([0, 1, 5], [0, 1, 1], [0, 1, 0], [3, -2, 4], [0, 1, 7], [0, 1, 2], [2, 2, 3], [0, 1, -1], [0.1, 0.7, 10]):
            case = {"name": "linspace", "args": args, "dtype": dtype}
            try:
                case["values"] = values(torch.linspace(*args, dtype=DTYPES[dtype]))
            except ERRORS:
                case["error"] = True
            out.append(case)
    return out


def fits_float(x):
    try:
        torch.zeros(1).fill_(x)
        return True
    except ERRORS:
        return False


golden = {
    "views": [view_program() for _ in range(300)],
    "reductions": reductions(),
    "products": products(),
    "promotions": promotions(),
    "joins": joins(),
    "clamps": clamps(),
    "sequences": sequences(),
    "fills": [[x, fits_float(x)] for x in (3.4028234663852886e38, 3.4028235e38, 3.5e38, -3.5e38, 1e300, 1e-300)],
}
write(__file__, golden)
