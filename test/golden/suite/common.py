"""What the parts of the suite share: data that TypeScript makes too, calls, and how cases are written down."""

import base64
import ctypes
import json
import math
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F

assert torch.__version__.startswith("2.15."), f"needs torch 2.15, not {torch.__version__}"
torch.set_num_threads(1)
warnings.simplefilter("ignore")

FLOATS = ["float32", "float64"]
HALVES = ["float16", "bfloat16"]
INTEGERS = ["int64", "int32", "uint8"]
DTYPES = [*FLOATS, *HALVES, *INTEGERS, "bool"]
ERRORS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError)

# Data ----------------------------------------------------------------------------------------------------------------

RANGES = {"sym": (-4, 4), "pos": (0.25, 6), "unit": (-0.9, 0.9), "wide": (-40, 40), "few": (-2, 3)}
SPECIAL_FLOATS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-3, -1e-6, 20.5, -20.5, 88.75]
SPECIAL_FLOATS += [-104.0, 6.0e4, -7.5e4, 3.0e38, -3.0e38, 1e-40, 2.0, -3.0]
SPECIAL_INTEGERS = {
    "int64": [0, 1, -1, 2, 7, -8, 100, -(2**63), 2**63 - 1, 2**53 + 1, -(2**31), 2**31, 3, -3],
    "int32": [0, 1, -1, 2, 7, -8, 100, -(2**31), 2**31 - 1, 65537, -65537, 3, -3],
    "uint8": [0, 1, 2, 7, 8, 100, 127, 128, 200, 254, 255, 3],
    "bool": [0, 1],
}


def data(kind, count, seed, dtype):
    """Elements by rule. `special` goes through a list; `few` are whole or half; the rest is Weyl's sequence, mixed up."""
    floats = dtype in FLOATS + HALVES
    if kind == "special":
        table = SPECIAL_FLOATS if floats else SPECIAL_INTEGERS[dtype]
        return [table[(i + seed) % len(table)] for i in range(count)]
    low, high = RANGES[kind]
    out = []
    for i in range(count):
        u = ((i + 1) * 2654435761 + seed * 1597334677) % 2**32 / 2**32
        x = low + (high - low) * u
        if kind == "few":
            x = math.floor(2 * x) / 2
        if dtype == "bool":
            x = 1 if u >= 0.5 else 0
        elif not floats:
            x = abs(math.floor(x)) if dtype == "uint8" else math.floor(x)
        out.append(x)
    return out


def base(spec):
    """The contiguous tensor of a specification [dtype, shape, kind, seed, steps?]."""
    dtype, shape, kind, seed = spec[:4]
    values = data(kind, math.prod(shape), seed, dtype)
    if dtype in FLOATS + HALVES:
        t = torch.tensor(values, dtype=torch.float64)
        t = t if dtype == "float64" else t.to(torch.float32).to(getattr(torch, dtype))
    else:
        t = torch.tensor(values, dtype=getattr(torch, dtype))
    return t.reshape(shape)


def step(t, name, *args):
    if name == "slice":
        return torch.ops.aten.slice.Tensor(t, *args)
    return getattr(t, name)(*args)


def walk(t, spec):
    """The view that the steps of a specification lead to."""
    for name, *args in spec[4] if len(spec) > 4 else []:
        t = step(t, name, *args)
    return t


def tensor(dtype, shape, kind="sym", seed=1, *steps):
    return [dtype, list(shape), kind, seed, *([[list(s) for s in steps]] if steps else [])]


def well_conditioned(dtype, shape, *steps):
    """A tensor of matrices whose factors are well determined: of the first seed for which singular values lie apart."""
    for seed in range(1, 200):
        spec = tensor(dtype, shape, "sym", seed, *steps)
        x = walk(base(spec), spec).double()
        s = torch.linalg.svdvals(x)
        first = torch.linalg.svdvals(x[..., : min(x.shape[-2:])])
        apart = (s[..., :-1] - s[..., 1:] > 0.02 * s[..., :1]).all()
        if apart and (first[..., 0] < 20 * first[..., -1]).all():
            return spec
    raise ValueError(f"no seed makes {shape} well-conditioned")


# Views that make a [2, 3] of something else.
VIEWS = {
    "transposed": ([3, 2], ("t",)),
    "sliced": ([5, 7], ("slice", 0, 1, 5, 2), ("slice", 1, 0, 7, 3)),
    "expanded": ([3], ("expand", [2, 3])),
    "column": ([2, 1], ("expand", [2, 3])),
    "selected": ([2, 4, 3], ("select", 1, 2)),
    "narrowed": ([4, 3], ("narrow", 0, 2, 2)),
}

# Calls ---------------------------------------------------------------------------------------------------------------


def twin(function):
    """The call in place that torch leaves out, by the rules of those it has."""

    def call(x, other):
        out = function(x, other)
        if out.shape != x.shape or not torch.can_cast(out.dtype, x.dtype):
            raise RuntimeError("result does not fit")
        return x.copy_(out)

    return call


def amin(x, dim=None, keepdim=False):
    return x.min() if dim is None and not keepdim else torch.amin(x, () if dim is None else dim, keepdim)


def amax(x, dim=None, keepdim=False):
    return x.max() if dim is None and not keepdim else torch.amax(x, () if dim is None else dim, keepdim)


def set_(x, *rest):
    """The index, then a number; or a tensor, which comes before it as the second input."""
    index, value = rest if isinstance(rest[0], list) else rest[::-1]
    x[tuple(index)] = value
    return x


# What is no method of torch's tensors under the name that the suite has for it.
CALLS = {
    "gelu": lambda x, approximate="none": F.gelu(x, approximate=approximate),
    "elu": F.elu, "selu": F.selu, "silu": F.silu, 
    "leaky_relu": F.leaky_relu, "softplus": F.softplus,
    "min": amin, "max": amax, "maximum_": twin(torch.maximum), "minimum_": twin(torch.minimum),
    "norm": lambda x, p=2, dim=None, keepdim=False: torch.linalg.vector_norm(x, p, dim, keepdim),
    "any": lambda x, *a, **k: torch.any(x, *a, **k), "all": lambda x, *a, **k: torch.all(x, *a, **k),
    "sum": lambda x, dim=None, keepdim=False: torch.sum(x, dim, keepdim) if dim is not None or keepdim else x.sum(),
    "mean": lambda x, dim=None, keepdim=False: torch.mean(x, dim, keepdim) if dim is not None or keepdim else x.mean(),
    "std": lambda x, dim=None, keepdim=False, correction=1: torch.std(x, dim, keepdim=keepdim, correction=correction),
    "var": lambda x, dim=None, keepdim=False, correction=1: torch.var(x, dim, keepdim=keepdim, correction=correction),
    "cat": lambda *ts, dim=0: torch.cat(ts, dim), "stack": lambda *ts, dim=0: torch.stack(ts, dim),
    "where": torch.where, "outer": torch.outer, "multi_dot": lambda *ts: torch.linalg.multi_dot(ts),
    "qr": torch.linalg.qr, "svdvals": torch.linalg.svdvals,
    "allclose": lambda a, b, **k: torch.allclose(a, b, **k),
    "slice": torch.ops.aten.slice.Tensor,
    "at": lambda x, *index: x[index], "set_": set_,
    "to": lambda x, dtype: x.to(getattr(torch, dtype)),
}


def number(x):
    """Numbers that JSON cannot say have names."""
    return float(x) if x in ("nan", "inf", "-inf") else x


def invoke(op, tensors, args=(), kwargs={}):
    function = CALLS.get(op) or getattr(torch.Tensor, op)
    args = [number(a) for a in args]
    # Trailing arguments left out, as JavaScript's undefined.
    while args and args[-1] is None:
        args.pop()
    return function(*tensors, *args, **{k: number(v) for k, v in kwargs.items()})


# Results -------------------------------------------------------------------------------------------------------------


def raw(t):
    t = t.detach().contiguous()
    data = ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()) if t.numel() else b""
    return base64.b64encode(data).decode()


def result(value):
    if isinstance(value, torch.Tensor):
        return [str(value.dtype)[6:], list(value.shape), raw(value)]
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], torch.Tensor):
        return {"list": [result(v) for v in value]}
    return {"value": plain(value)}


def plain(value):
    """Numbers that JSON, or a double, cannot hold are text."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value) or isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    return value


def ulps_for(ulps, dtype):
    """Tolerances are given for one dtype each, or as one number; results in halves are one rounding away from float32's."""
    if isinstance(ulps, (int, float)):
        return ulps if dtype in FLOATS or ulps == 0 else 1
    return ulps.get(dtype, 1 if dtype in HALVES else 0)


class Suite:
    """Cases of one file, one a line."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def case(self, op, tensors, args=(), kwargs={}, ulps=0, of=None, zero=False):
        """
        One call. `ulps` may be a dict by dtype; `of` is a magnitude that units in the last place are taken of if it is larger;
        `zero` leaves a zero's sign open.
        """
        case = {"op": op, "in": tensors}
        if args:
            case["args"] = list(args)
        if kwargs:
            case["kw"] = kwargs
        bases = [base(t) for t in tensors]
        try:
            out = invoke(op, [walk(b, t) for b, t in zip(bases, tensors)], args, kwargs)
        except ERRORS:
            self.cases.append(case | {"error": True})
            return
        case["out"] = result(out)
        self.tolerate(case, ulps, out, of)
        if zero:
            case["zero"] = True
        self.cases.append(case)

    def tolerate(self, case, ulps, out, of):
        dtype = str(out.dtype)[6:] if isinstance(out, torch.Tensor) else "float32"
        allowed = ulps_for(ulps, dtype)
        if allowed and dtype in FLOATS + HALVES:
            case["ulps"] = allowed
            if of is not None and math.isfinite(of):
                case["of"] = float(f"{of:.3g}")

    def gradient(self, op, tensors, args=(), kwargs={}, ulps=4, of=None, kind="sym"):
        """Gradients of the tensors before their steps, for an output gradient by rule."""
        case = {"op": op, "in": tensors}
        if args:
            case["args"] = list(args)
        if kwargs:
            case["kw"] = kwargs
        bases = [base(t) for t in tensors]
        leaves = [b.requires_grad_() if b.is_floating_point() else b for b in bases]
        out = invoke(op, [walk(b, t) for b, t in zip(leaves, tensors)], args, kwargs)
        outs = out if isinstance(out, (tuple, list)) else [out]
        specs = [tensor(str(o.dtype)[6:], o.shape, kind, 7 + i) for i, o in enumerate(outs)]
        torch.autograd.backward(outs, [base(s) for s in specs])
        case["g"] = kind
        case["node"] = type(outs[0].grad_fn).__name__
        case["grads"] = [None if b.grad is None else result(b.grad) for b in bases]
        grads = [b.grad for b in bases if b.grad is not None]
        largest = max([float(g.detach().abs().nan_to_num(0, 0, 0).max()) for g in grads if g.numel()], default=0)
        allowed = ulps_for(ulps, str(grads[0].dtype)[6:]) if grads else 0
        if allowed:
            case["ulps"] = allowed
            case["of"] = float(f"{largest if of is None else of:.3g}")
        self.cases.append(case)

    def write(self):
        path = Path(__file__).with_name(f"{self.name}.json")
        rows = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in self.cases)
        path.write_text(f'{{"torch":"{torch.__version__.split("+")[0]}","cases":[\n{rows}\n]}}\n')
        errors = sum("error" in c for c in self.cases)
        print(f"{path.name}: {len(self.cases)} cases, {errors} of them errors, {path.stat().st_size} bytes")
        return len(self.cases)
