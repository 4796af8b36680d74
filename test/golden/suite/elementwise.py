"""Operations element by element: every dtype, special values, views, in place, broadcasting, promotion."""

from common import DTYPES, FLOATS, HALVES, INTEGERS, VIEWS, Suite, tensor

# Name, how far results may be apart, and lists of arguments. Both libraries' errors count: where the allowance is not 0,
# neither rounds correctly, and each is within half of it.
UNARY = [
    ("neg", 0, [[]]),
    ("abs", 0, [[]]),
    ("sign", 0, [[]]),
    ("sqrt", 1, [[]]),  # MKL's is off by one at times
    ("rsqrt", {"float32": 2, "float64": 2}, [[]]),
    ("exp", {"float32": 2, "float64": 2}, [[]]),
    ("log", {"float32": 2, "float64": 2}, [[]]),
    ("erf", {"float32": 4, "float64": 4}, [[]]),
    ("relu", 0, [[]]),
    ("tanh", {"float32": 4, "float64": 4}, [[]]),
    ("sigmoid", {"float32": 4, "float64": 4}, [[]]),
    ("silu", {"float32": 4, "float64": 4}, [[]]),
    ("selu", {"float32": 4, "float64": 4}, [[]]),
    ("elu", {"float32": 4, "float64": 4}, [[], [0.5]]),
    ("gelu", {"float32": 4, "float64": 4}, [[], ["tanh"]]),
    ("softplus", {"float32": 4, "float64": 4}, [[], [2, 5]]),
    ("leaky_relu", 0, [[], [0.25]]),
    ("isnan", 0, [[]]),
    ("isfinite", 0, [[]]),
    ("clamp", 0, [[-1, 1], [None, 0.5], [2], [2, -1], ["nan", 1], ["-inf", "inf"]]),
]
# Near 0 these lose digits to what they are computed from: the units are then those of a larger number.
FLOOR = {"gelu": 1, "selu": 0.1, "elu": 0.1, "log": 0.1, "softplus": 0.1}
NO_TWIN = {"gelu", "softplus", "elu", "selu", "silu", "leaky_relu", "isnan", "isfinite"}
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "pow", "eq", "ne", "lt", "le", "gt", "ge"]
ARITHMETIC = ["add", "sub", "mul", "div", "pow"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]
POW = {"float32": 4, "float64": 4}
ulps_of = {"pow": POW}
# Which of two zeros is the greater is left open.
CHOICES = ["maximum", "minimum"]
# Whether a number beside halves is rounded to their dtype first depends on torch's vector code.
ROUNDED = {"float16": 1, "bfloat16": 1}


def unary(suite):
    for name, ulps, variants in UNARY:
        for args in variants:
            for dtype in DTYPES:
                of = 2e-5 if name == "erf" and dtype in HALVES else FLOOR.get(name)
                # torch's gelu overflows before its result does, and is NaN at infinity in float32.
                special = [("special", 15, 3)] if name == "gelu" else [("special", 24, 0)]
                kinds = [*special, ("sym", 6, 0)] if dtype in FLOATS + HALVES else [("special", 14, 0)]
                for kind, count, seed in kinds:
                    suite.case(name, [tensor(dtype, [count], kind, seed)], args, ulps=ulps, of=of)
                if args and args is not variants[0]:
                    continue
                if name not in NO_TWIN:
                    suite.case(f"{name}_", [tensor(dtype, [2, 3], "pos", 3)], args, ulps=ulps, of=of)
        for shape, *steps in [*VIEWS.values(), ([],), ([0],), ([2, 0, 3],), ([2, 3, 2, 2], ("permute", [3, 1, 0, 2]))]:
            suite.case(name, [tensor("float32", shape, "pos", 2, *steps)], variants[0], ulps=ulps, of=FLOOR.get(name))
        if name not in NO_TWIN:
            for view in ("transposed", "sliced", "selected", "expanded"):
                shape, *steps = VIEWS[view]
                suite.case(f"{name}_", [tensor("float64", shape, "pos", 4, *steps)], variants[0], ulps=ulps, of=FLOOR.get(name))


SHAPES = [([3, 1], [1, 4]), ([2, 3], [3]), ([], [2, 2]), ([2, 1, 3], [4, 1]), ([0], [1]), ([2, 0], [1, 1]), ([], [])]
WRONG = [([2], [3]), ([2, 3], [2]), ([0], [2]), ([2, 2], [3, 1, 3])]


def binary(suite):
    for name in BINARY:
        ulps = ulps_of.get(name, 0)
        for dtype in DTYPES:
            # Every special value against others, by two strides through the list that meet in all pairs of a kind.
            suite.case(name, [tensor(dtype, [23, 1], "special", 0), tensor(dtype, [8], "special", 0)], ulps=ulps, zero=name in CHOICES)
            suite.case(name, [tensor(dtype, [2, 3], "pos", 1), tensor(dtype, [2, 3], "sym", 2)], ulps=ulps)
            if name not in COMPARISONS:
                suite.case(f"{name}_", [tensor(dtype, [2, 3], "pos", 1), tensor(dtype, [3], "pos", 2)], ulps=ulps)
        for a, b in SHAPES:
            suite.case(name, [tensor("float32", a, "pos", 1), tensor("float64", b, "sym", 2)], ulps=ulps)
            if name not in COMPARISONS:
                suite.case(f"{name}_", [tensor("float64", b, "pos", 1), tensor("float64", a, "sym", 2)], ulps=ulps)
        for a, b in WRONG:
            suite.case(name, [tensor("float32", a), tensor("float32", b)])
        views = list(VIEWS.values())
        for (shape, *steps), (other, *others) in zip(views, views[1:] + views[:1]):
            x, y = tensor("float32", shape, "pos", 1, *steps), tensor("float32", other, "sym", 2, *others)
            suite.case(name, [x, y], ulps=ulps)
            if name not in COMPARISONS:
                suite.case(f"{name}_", [x, y], ulps=ulps)


def promotion(suite):
    """Tensors of two dtypes, one of them perhaps without dimensions; numbers."""
    some = ["float32", "float16", "int64", "uint8", "bool"]
    for a in DTYPES:
        for b in DTYPES:
            if a == b:
                continue
            for da, db in [([2], [2]), ([], [2]), ([2], [])]:
                x, y = tensor(a, da, "pos", 1), tensor(b, db, "pos", 2)
                ulps = 0 if da == db else ROUNDED
                suite.case("add", [x, y], ulps=ulps)
                if da == db or (a in some and b in some):
                    suite.case("lt", [x, y])
                    suite.case("div", [x, y], ulps=ulps)
                if a in some and b in some:
                    suite.case("maximum", [x, y], ulps=ulps)
            x, y = tensor(a, [2], "pos", 1), tensor(b, [2], "pos", 2)
            suite.case("pow", [x, y], ulps=POW)
            for name in ("sub_", "mul_", "div_", "copy_"):
                suite.case(name, [x, y])
            suite.case("where", [tensor("bool", [2], "sym", 3), x, y])
            suite.case("cat", [x, y])
    for name in BINARY:
        if name in CHOICES:
            continue
        for dtype in DTYPES:
            for n in [2, -3, 0.5, 0, "nan", "inf", 300, -0.1]:
                suite.case(name, [tensor(dtype, [4], "pos", 1)], [n], ulps=ulps_of.get(name, ROUNDED))
            for n in [2, 0.5] if name not in COMPARISONS else []:
                suite.case(f"{name}_", [tensor(dtype, [4], "pos", 1)], [n], ulps=ulps_of.get(name, ROUNDED))
    for dtype in FLOATS:
        for n in [3, -1, -2, -0.5, 1, 2.5, 10]:
            suite.case("pow", [tensor(dtype, [10], "special", 3)], [n], ulps=POW)
        suite.case("mul", [tensor(dtype, [2], "pos", 1)], [1e300])
        suite.case("lt", [tensor(dtype, [2], "pos", 1)], [1e300])
    for dtype in ("int64", "int32", "uint8"):
        for name in ARITHMETIC + COMPARISONS:
            suite.case(name, [tensor(dtype, [14], "special", 0)], [7], ulps=ulps_of.get(name, 0))


def choices(suite):
    """where, and clamp on integers by bounds with fractions."""
    condition = tensor("bool", [2, 3], "sym", 1)
    for dtype in DTYPES:
        suite.case("where", [condition, tensor(dtype, [2, 3], "special", 2), tensor(dtype, [3], "sym", 3)])
        suite.case("where", [condition, tensor(dtype, [2, 3], "sym", 2)], [0])
        suite.case("where", [condition, tensor(dtype, [2, 1], "sym", 2)], [0.5])
        suite.case("clamp", [tensor(dtype, [6], "sym", 2)], [-1.5, 2.5])
    suite.case("where", [tensor("bool", [], "sym", 1), tensor("float32", [2, 1]), tensor("float32", [3])])
    suite.case("where", [tensor("bool", [2, 1, 1], "sym", 4), tensor("float32", [3, 1]), tensor("float64", [2])])
    suite.case("where", [tensor("bool", [0], "sym", 4), tensor("float32", [1]), tensor("float32", [])])
    suite.case("where", [tensor("int64", [2], "sym", 4), tensor("float32", [2]), tensor("float32", [2])])
    suite.case("where", [tensor("bool", [3], "sym", 4), tensor("float32", [2]), tensor("float32", [2])])
    shape, *steps = VIEWS["transposed"]
    suite.case("where", [tensor("bool", shape, "sym", 4, *steps), tensor("float32", shape, "sym", 5, *steps), tensor("float32", [])])
    suite.case("clamp", [tensor("float32", [3])])
    for dtype in FLOATS + HALVES + INTEGERS:
        for kwargs in ({}, {"rtol": 0.5}, {"atol": 10}, {"rtol": 0, "atol": 0}):
            suite.case("allclose", [tensor(dtype, [2, 3], "sym", 1), tensor(dtype, [2, 3], "sym", 1)], kwargs=kwargs)
            suite.case("allclose", [tensor(dtype, [2, 3], "sym", 1), tensor(dtype, [3], "sym", 1)], kwargs=kwargs)
    suite.case("allclose", [tensor("float32", [3], "special", 0), tensor("float32", [3], "special", 0)])
    suite.case("allclose", [tensor("float32", [3], "special", 1), tensor("float32", [3], "special", 1)])
    suite.case("allclose", [tensor("float32", [2]), tensor("float32", [3])])
    suite.case("allclose", [tensor("float32", [2]), tensor("float64", [2])])
    suite.case("allclose", [tensor("float32", [0]), tensor("float32", [0])])


def make():
    suite = Suite("elementwise")
    unary(suite)
    binary(suite)
    promotion(suite)
    choices(suite)
    return suite.write()


if __name__ == "__main__":
    make()
