"""Reductions over all and some dimensions, and what normalises along one: dtypes, shapes, empty ones, NaN and infinities."""

from common import DTYPES, FLOATS, HALVES, VIEWS, Suite, base, tensor, walk

NAMES = ["sum", "mean", "std", "var", "min", "max", "argmax", "prod", "any", "all", "norm"]
ONE_DIM = {"argmax", "prod"}
# Sums of a handful of numbers in another order; means and variances of them.
ULPS = {"sum": 4, "mean": 4, "std": 8, "var": 8, "prod": 4, "norm": 4}
SHAPES = [([], [0, -1]), ([7], [0]), ([3, 4], [0, 1, -1, [0, 1]]), ([2, 3, 5], [1, [0, 2], [-1, 0]]), ([2, 2, 2, 3], [2, [0, 3]])]
EMPTY = [([0], [0]), ([2, 0, 3], [0, 1, [0, 2]]), ([0, 2], [1])]
WRONG = [([2, 2], 2), ([2, 2], -3), ([2, 2], [0, 0])]


def scale(spec):
    """What errors of sums are measured by."""
    x = walk(base(spec), spec).double().nan_to_num(0, 0, 0)
    return float(x.abs().sum()) if x.numel() else 1.0


def reduce(suite, name, spec, args=(), kwargs={}):
    x = scale(spec)
    of = {"sum": x, "mean": x / 4, "var": x * x / 8, "std": x / 4}.get(name)
    suite.case(name, [spec], args, kwargs, ulps=ULPS.get(name, 0), of=of, zero=name in ("min", "max"))


def arguments(name, dim):
    """`norm` has its order first."""
    if name == "norm":
        return [] if dim is None else [2, dim]
    return [] if dim is None else [dim]


def shapes(suite):
    for name in NAMES:
        for shape, dims in SHAPES + EMPTY:
            for dim in [None, *dims]:
                if isinstance(dim, list) and name in ONE_DIM:
                    continue
                reduce(suite, name, tensor("float32", shape, "few" if len(shape) > 2 else "sym", 3), arguments(name, dim))
                if dim is not None:
                    reduce(suite, name, tensor("float64", shape, "few", 5), arguments(name, dim), {"keepdim": True})
        for shape, dim in WRONG:
            if not (isinstance(dim, list) and name in ONE_DIM):
                reduce(suite, name, tensor("float32", shape), arguments(name, dim))
        for shape, *steps in VIEWS.values():
            for dim in (None, 0):
                reduce(suite, name, tensor("float32", shape, "sym", 6, *steps), arguments(name, dim))
        permuted = tensor("float64", [2, 3, 2, 4], "sym", 8, ("permute", [2, 0, 3, 1]), ("slice", 2, 1, 4, 2))
        for dim in (None, 1, -1):
            reduce(suite, name, permuted, arguments(name, dim))


def dtypes(suite):
    for name in NAMES:
        for dtype in DTYPES:
            for kind in ("few", "special"):
                spec = tensor(dtype, [3, 4], kind, 0 if kind == "few" else 3)
                for dim in (None, 0, -1):
                    reduce(suite, name, spec, arguments(name, dim))
            reduce(suite, name, tensor(dtype, [0]))
        # NaN among infinities, infinities alone, zeros of both signs, ties.
        for dtype in FLOATS + HALVES:
            for count, seed in [(3, 0), (2, 1), (2, 3), (1, 0), (4, 3)]:
                reduce(suite, name, tensor(dtype, [count], "special", seed))
    for dtype in FLOATS:
        for p in (2, 1, 3, "inf", "-inf", 0, 0.5, -1):
            for kind in ("sym", "few"):
                reduce(suite, "norm", tensor(dtype, [2, 5], kind, 1), [p])
                reduce(suite, "norm", tensor(dtype, [2, 5], kind, 1), [p, 1])
            reduce(suite, "norm", tensor(dtype, [0]), [p])
        for correction in (0, 1, 2.5, 12, 20):
            for name in ("std", "var"):
                reduce(suite, name, tensor(dtype, [3, 4], "sym", 2), [None], {"correction": correction})
                reduce(suite, name, tensor(dtype, [3, 4], "sym", 2), [1], {"correction": correction, "keepdim": True})


def normalise(suite):
    for name in ("softmax", "log_softmax"):
        for dtype in DTYPES:
            for shape, kind, dim in [([2, 3], "sym", 1), ([2, 3], "wide", 0), ([6], "special", -1), ([2, 4], "special", 1)]:
                suite.case(name, [tensor(dtype, shape, kind, 3)], [dim], ulps=8, of=None if name == "softmax" else 1)
        for shape, dim in [([], 0), ([0], 0), ([2, 0], 1), ([2, 0], 0), ([2], 1), ([2, 2, 3], 1), ([2, 2, 3, 2], -2)]:
            suite.case(name, [tensor("float64", shape, "sym", 4)], [dim], ulps=8, of=None if name == "softmax" else 1)
        for shape, *steps in VIEWS.values():
            suite.case(name, [tensor("float32", shape, "sym", 6, *steps)], [0], ulps=8, of=None if name == "softmax" else 1)


def make():
    suite = Suite("reductions")
    shapes(suite)
    dtypes(suite)
    normalise(suite)
    return suite.write()


if __name__ == "__main__":
    make()
