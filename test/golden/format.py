"""Writes format.json: tensors and the text that torch prints for them.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/format.py

A case holds the storage of a tensor, either `base64` (little-endian elements) or a rule
`arange: [n, scale, shift]` (element i is i * scale + shift in double precision, rounded to the dtype); the window on it
(`shape`, and `strides` and `offset` where it is not simply contiguous); flags (`requiresGrad`, `parameter`, `gradFn`);
and `text`, what print shows.
"""

import json
import math
import random

import torch
import torch.nn.functional as F
from golden import base64_of, save

DTYPES = {"float32": torch.float32, "float64": torch.float64}
INF, NAN = math.inf, math.nan
rng = random.Random(20260)
cases = []


def build(storage, shape, strides, offset):
    """The window on the storage, as a tensor that shares it."""
    if strides is None:
        return storage.reshape(shape)
    return torch.as_strided(storage, shape, strides, offset)


def record(name, t, source, dtype, shape, strides, offset, **flags):
    case = {"name": name, "dtype": dtype, "shape": list(shape)}
    if strides is not None:
        case |= {"strides": list(strides), "offset": offset}
    cases.append(case | source | flags | {"text": repr(t)})


def case(name, values=None, shape=None, *, dtype="float32", arange=None, strides=None, offset=0,
         requires_grad=False, parameter=False):
    if arange is not None:
        n, scale, shift = arange
        storage = (torch.arange(n, dtype=torch.float64) * scale + shift).to(DTYPES[dtype])
        source = {"arange": list(arange)}
    else:
        storage = torch.tensor(values, dtype=torch.float64).to(DTYPES[dtype]).reshape(-1)
        source = {"base64": base64_of(storage)}
    shape = [storage.numel()] if shape is None else list(shape)
    t = build(storage, shape, strides, offset)
    flags = {}
    if requires_grad:
        flags["requiresGrad"] = True
    if parameter:
        flags["parameter"] = True
        t = torch.nn.Parameter(t, requires_grad=requires_grad)
    elif requires_grad:
        t = t.requires_grad_()
    record(name, t, source, dtype, shape, strides, offset, **flags)


def both(name, *args, **kwargs):
    for dtype in DTYPES:
        case(f"{name}, {dtype}", *args, dtype=dtype, **kwargs)


def result(name, t):
    """A tensor that an operation made."""
    dtype = str(t.dtype).removeprefix("torch.")
    source = {"base64": base64_of(t)}
    record(name, t, source, dtype, t.shape, None, 0, gradFn=type(t.grad_fn).__name__)


def neighbours(x, dtype):
    """x and the values next to it in that dtype."""
    t = torch.tensor(x, dtype=torch.float64).to(DTYPES[dtype])
    below = torch.nextafter(t, torch.tensor(-INF, dtype=t.dtype))
    above = torch.nextafter(t, torch.tensor(INF, dtype=t.dtype))
    return [below.item(), t.item(), above.item()]


# Scalars
for x in [0.0, -0.0, 1.0, -8.0, 0.5, 0.1, 1e-4, 1e-5, 1e8, 1e9, 123456789.0, 1e20, 1e22, INF, -INF, NAN, 1 / 3,
          0.03125, 0.09375, 0.00012345, 99999.5, 1e5, -2.5]:
    both(f"scalar {x}", [x], [])

# Empty
for shape in [[0], [0, 3], [3, 0], [0, 0], [2, 0, 4], [1, 2, 3, 0]]:
    both(f"empty {shape}", [], shape)
both("empty with requires_grad", [], [0, 3], requires_grad=True)
case("empty 1-D with requires_grad", [], [0], requires_grad=True)
case("empty parameter", [], [0, 3], parameter=True, requires_grad=True)

# Zeros, infinities and nan, which have no say in width or notation
for name, values in {
    "zeros": [0.0] * 30, "negative zeros": [0.0, -0.0, 0.0], "all nan": [NAN] * 25, "all inf": [INF, -INF] * 12,
    "nan and inf": [NAN, INF, -INF, 0.0, -0.0], "ints and nan": [1, 2, NAN, 300], "ints and inf": [1, INF, -INF, 0],
    "fractions and inf": [0.5, INF, -INF, NAN, 0, -0.0], "tiny and inf": [1e-7, INF, -INF, NAN, 0, -0.0],
    "large ints and nan": [1e9, NAN, INF, -0.0], "narrow numbers in a long row with -inf": [1, -INF] * 20,
    "negative zero in scientific": [-0.0] * 5 + [1e-5] * 3, "nan first": [NAN, 1.5],
}.items():
    both(name, values)
    both(f"{name}, column", values, [len(values), 1])

# Whole numbers
for name, values in {
    "ints": [1, 2, 3], "signed ints": [-1, 20, -300], "large ints": [99999999, 1e5], "1000 to 1": [1000, 1],
    "1001 to 1": [1001, 1], "1e8": [1e8, 1e7], "above 1e8": [1e8 + 8, 1e7], "one half": [1, 2, 3, 0.5],
    "2**24": [2.0**24, 2.0**23], "huge": [1e30, 2e30], "ints in scientific": [1, 10000, 100000],
    "123445 rounds to even": [123445, 1], "123455 rounds to even": [123455, 1], "999995": [999995, 1],
}.items():
    both(name, values)

# The three thresholds, and the values just beside them
for dtype in DTYPES:
    for name, low, high in [("smallest", 1e-4, None), ("largest", 1e8, None),
                            ("largest of fractions", 1e8, 1e5 + 0.5)]:
        for i, x in enumerate(neighbours(low, dtype)):
            case(f"{name} number at its threshold {i - 1:+}, {dtype}", [x] if high is None else [x, high], dtype=dtype)
    for small in [1.0, 0.1, 0.3, 0.7, 0.001, 3.0, 7e-4]:
        for i, x in enumerate(neighbours(small * 1000, dtype)):
            case(f"ratio 1000 to {small} {i - 1:+}, {dtype}", [small, x], dtype=dtype)

# Ties, which Python rounds to even
both("ties of .4f", [m / 32 for m in range(1, 40, 2)])
both("ties of .4f, signed", [s * (n + m / 32) for n in (0, 1, 7) for m in (1, 3, 5, 7, 31) for s in (1, -1)])
both("ties of .4e", [1e-7] + [10000.5 + n for n in range(8)] + [123445.0, 123455.0, 100005.0, 999995.0, 999985.0])
both("ties of .4e, small", [1e-7, 0.00152587890625, 0.0030517578125,
                            78125 * 2.0**-26, 3 * 78125 * 2.0**-27, 15625 * 3 / 2**22])
both("ties of .4e, large", [1.00005e10, 1.00015e10, 1.23445e14, 1.23455e14, 9.99985e9, 1.00005e20])
case("near ties", [0.00005, 0.00015, 1.00005, 1.00015, 2.00025, 0.12345, 0.12355], dtype="float64")
case("near ties of .4e", [1.00005e-7, 1.23445e-20, 1.23455e50, 9.99995e-300, 9.99985e299], dtype="float64")
for i, name in enumerate(["just below", "at the double of", "just above"]):
    case(f"{name} ties", [neighbours(x, "float64")[i] for x in [1.00005, 2.00025, 0.12345, 0.12355, 7.00065]],
         dtype="float64")
    case(f"{name} ties of .4e", dtype="float64",
         values=[neighbours(x, "float64")[i] for x in [1.00005e-7, 1.23445, 0.00123445, 1e5 + 0.5, 123445]])

# Denormals and the ends of the range
case("denormals, float32", [1e-45, 1e-40, -1.17e-38, 1.1754943508222875e-38])
case("denormals, float64", [5e-324, 1e-320, -2.2e-308, 2.2250738585072014e-308], dtype="float64")
case("largest float32", [3.4028234663852886e38, -3.4028234663852886e38, 1.0])
case("largest float64", [1.7976931348623157e308, -1.0, 5e-324], dtype="float64")
case("three digits of exponent", [1e100, 1e-100, 1e5, 0.0], dtype="float64")
case("mixed lengths of exponent", [1.5e99, 1e100, 1.0, NAN, INF], [5, 1], dtype="float64")

# Random values of many scales
for i in range(60):
    dtype = rng.choice(list(DTYPES))
    n = rng.randint(1, 24)
    scale = 10.0 ** rng.randint(-9, 12)
    spread = rng.choice([0, 0, 1, 3])
    values = [rng.gauss(0, 1) * scale * 10 ** rng.uniform(-spread, spread) for _ in range(n)]
    if rng.random() < 0.3:
        values[rng.randrange(n)] = rng.choice([NAN, INF, -INF, 0.0, -0.0])
    if rng.random() < 0.2:
        values = [float(round(v)) if math.isfinite(v) else v for v in values]
    columns = rng.choice([d for d in range(1, n + 1) if n % d == 0])
    case(f"random {i}, {dtype}, scale {scale}", values, rng.choice([[n], [n // columns, columns]]), dtype=dtype,
         requires_grad=rng.random() < 0.2)

# Shapes: wrapping and nesting
for n in [6, 7, 8, 9, 15, 40]:
    both(f"row of {n}", arange=[n, 0.37, -3], shape=[n])
for shape in [[2, 3], [1, 1], [3, 1], [2, 20], [2, 3, 4], [1, 1, 1], [2, 2, 12], [2, 1, 3, 2], [1, 2, 1, 2, 1],
              [2] * 6, [1] * 8]:
    n = math.prod(shape)
    both(f"shape {shape}", arange=[n, 0.25, -2], shape=shape)
    case(f"ints of shape {shape}", arange=[n, 1, 0], shape=shape)
case("numbers wider than a line allows", [1e-300, 1e300] * 3, [1, 1, 1, 1, 1, 6], dtype="float64")
case("1000 elements are shown in full", arange=[1000, 1, 0], shape=[1000])

# Summaries
for shape in [[1001], [10000], [143, 7], [7, 143], [2, 501], [501, 2], [6, 167], [7, 150], [1001, 1], [1, 1001],
              [11, 12, 13], [2, 3, 200], [7, 7, 21], [200, 3, 2], [7, 1, 150]]:
    n = math.prod(shape)
    case(f"summary of {shape}", arange=[n, 1e-3 if n > 1500 else 0.01, -0.5], shape=shape)
    case(f"summary of ints {shape}", arange=[n, 1, -5], shape=shape)
case("summary of 4-D", arange=[7 * 2 * 8 * 10, 0.125, 0], shape=[7, 2, 8, 10], dtype="float64")
case("summary of 4-D, small sizes", arange=[5**4 * 2, 1, 0], shape=[2, 5, 5, 25])
case("summary in scientific", arange=[5000, 1e-9, 0], shape=[50, 100], dtype="float64", requires_grad=True)
case("hidden values decide nothing", [1] * 500 + [0.5, 1e9] + [2] * 500)
case("a shown value decides", [1] * 2 + [0.5] + [1] * 998)
case("summary with wide numbers", arange=[2000, 1e150, -1e300], shape=[2000], dtype="float64")

# Strided windows
both("transposed", arange=[12, 0.5, 0], shape=[3, 4], strides=[1, 3])
case("every other, from the third", arange=[20, 1, 0], shape=[8], strides=[2], offset=3)
case("expanded", [1.5, 2.5], [3, 2], strides=[0, 1])
case("diagonal", arange=[25, 0.1, 0], shape=[5], strides=[6])
case("permuted", arange=[24, 1, 0], shape=[4, 2, 3], strides=[1, 12, 4])
case("overlapping windows", arange=[10, 0.3, 0], shape=[6, 5], strides=[1, 1])
case("scalar in the middle", arange=[10, 0.3, 0], shape=[], strides=[], offset=4)
case("transposed summary", arange=[3000, 1, 0], shape=[60, 50], strides=[1, 60])
case("eight thousand million elements", [0.1, 0.2], [90000, 90000], strides=[0, 0], offset=1)
case("a column of many rows", arange=[4000, 0.25, 0], shape=[1333, 3], strides=[3, 1], offset=1, dtype="float64")
case("empty window past the end", [1.0], [0, 2], strides=[2, 1], offset=1)

# Suffixes, and where they no longer fit on the last line
for n in range(1, 11):
    values = [0.5 * i for i in range(n)]
    both(f"requires_grad after {n}", values, requires_grad=True)
    case(f"dtype after {n}", values, dtype="float64")
for width in range(1, 8):
    case(f"requires_grad after numbers {width} wide", [10.0**width] * 6, requires_grad=True)
    case(f"two suffixes after numbers {width} wide", [10.0**width] * 5, requires_grad=True, dtype="float64")
    case(f"requires_grad under a matrix {width} wide", [10.0**width] * 12, [2, 6], requires_grad=True)
for n in range(8):
    # Every nan makes the line one longer than its numbers would: all lengths around the limit occur.
    values = [1.0] * (12 - n) + [NAN] * n
    case(f"requires_grad after a line that {n} nan lengthen", values, requires_grad=True)
    case(f"requires_grad after a last line that {n} nan lengthen", [1.0] * 18 + values, requires_grad=True)
    case(f"dtype after a line that {n} nan lengthen", values, dtype="float64")
both("scalar with requires_grad", [2.5], [], requires_grad=True)
both("parameter", [0.5, -1.0, 2.0], parameter=True, requires_grad=True)
case("frozen parameter", [0.5, -1.0, 2.0], parameter=True)
case("scalar parameter", [0.25], [], parameter=True, requires_grad=True)
case("parameter of a layer", arange=[5000, 3.1e-5, -0.0775], shape=[50, 100], parameter=True, requires_grad=True)

x = torch.tensor([[0.5, -1.25, 3.0, 0.001], [2.0, 4.5, -0.75, 8.0]], requires_grad=True)
weight = torch.linspace(-0.5, 0.5, 40).reshape(10, 4)
result("linear", F.linear(x[:1], weight, torch.linspace(-1, 1, 10)))
result("linear of two rows", F.linear(x, weight, torch.linspace(-1, 1, 10)))
result("sum", x.sum())
result("mul", x * 2)
result("transposed result", x.t().clone())
result("double", x.double() * 1)
result("double sum", x.double().sum())
result("leaky relu", F.leaky_relu(x, 0.1))
result("layer norm", F.layer_norm(x, [4]))
result("convolution", F.conv2d(x.reshape(1, 1, 2, 4), torch.ones(1, 1, 2, 2)))
result("empty result", x[:0] * 2)
result("long name in float64",
       F.binary_cross_entropy_with_logits(x.double(), torch.ones(2, 4).double(), reduction="none"))
result("row that leaves no room", F.softplus(x.reshape(-1)))

# A name of any length, after a short line and after a suffix on a line of its own
for length in [*range(34, 40), *range(49, 56), 120]:
    name = ("Operation" * 20)[: length - len("grad_fn=<Backward>")]
    operation = type(name, (torch.autograd.Function,), {
        "forward": staticmethod(lambda ctx, t: t.clone()), "backward": staticmethod(lambda ctx, g: g)})
    result(f"grad_fn of {length} characters, float64", operation.apply(x.reshape(-1)[:5].double()))
    result(f"grad_fn of {length} characters under a long line, float64",
           operation.apply(torch.arange(12.0).double().requires_grad_()))
    result(f"grad_fn of {length} characters, empty", operation.apply(x[:0].double()))

names = [c["name"] for c in cases]
assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
rows = ",\n".join(json.dumps(c) for c in cases)
save(__file__, f'{{"torch": "{torch.__version__.split("+")[0]}", "cases": [\n{rows}\n]}}\n')
