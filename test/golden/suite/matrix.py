"""Products of matrices and vectors."""

import itertools

from common import DTYPES, FLOATS, Suite, base, tensor, walk


def magnitude(specs):
    """An upper bound of what rounding errors of a product are measured by."""
    out = 1.0
    for spec in specs:
        x = walk(base(spec), spec)
        out *= float(x.double().abs().max()) if x.numel() else 1.0
    return max(out, 1e-3) * max([max(s[1], default=1) for s in specs])


def product(suite, name, specs, args=(), kwargs={}, factor=1):
    suite.case(name, specs, args, kwargs, ulps=2, of=magnitude(specs) * factor)


VECTORS = [[], [1], [3], [0]]
MATRICES = [[1, 3], [3, 1], [2, 3], [3, 4], [0, 3], [3, 0], [1, 1]]
BATCHES = [[2, 2, 3], [2, 3, 2], [1, 3, 2], [2, 1, 2, 3], [3, 3, 2], [0, 3, 2]]


def products(suite):
    for a, b in itertools.product(VECTORS + MATRICES + BATCHES, repeat=2):
        product(suite, "matmul", [tensor("float32", a, "sym", 1), tensor("float32", b, "sym", 2)])
    for name, left, right in [("mm", MATRICES, MATRICES), ("mv", MATRICES, VECTORS), ("dot", VECTORS, VECTORS), ("bmm", BATCHES, BATCHES)]:
        for a, b in itertools.product(left, right):
            product(suite, name, [tensor("float64", a, "sym", 1), tensor("float64", b, "sym", 2)])
    for dtype in DTYPES:
        for name, a, b in [("matmul", [2, 3, 4], [4, 2]), ("mm", [2, 3], [3, 2]), ("mv", [2, 3], [3]), ("dot", [5], [5]), ("bmm", [2, 2, 3], [2, 3, 1])]:
            product(suite, name, [tensor(dtype, a, "sym", 1), tensor(dtype, b, "sym", 2)])
        for kind in ("special", "sym"):
            product(suite, "outer", [tensor(dtype, [9], kind, 3), tensor(dtype, [4], kind, 5)])
    for a, b in [("float32", "float64"), ("float32", "int64"), ("float16", "bfloat16")]:
        for name, x, y in [("mm", [2, 2], [2, 2]), ("dot", [2], [2]), ("outer", [2], [3])]:
            product(suite, name, [tensor(a, x), tensor(b, y)])
    for x, y in [([], [2]), ([2, 2], [2]), ([0], [2])]:
        product(suite, "outer", [tensor("float32", x), tensor("float32", y)])
    # NaN and infinities go through, times 0 too.
    product(suite, "mm", [tensor("float32", [4, 4], "special", 0), tensor("float32", [4, 2], "few", 0)])
    product(suite, "mv", [tensor("float64", [4, 4], "special", 0), tensor("float64", [4], "few", 0)])


LAYOUTS = [("t",)], [("slice", 0, 1, 4, 2), ("slice", 1, 0, 6, 2)], [("slice", 1, 2, 6, 2), ("t",)]


def views(suite):
    for one, other in itertools.product(LAYOUTS, repeat=2):
        x = tensor("float32", [6, 6], "sym", 1, *one, ("narrow", 0, 0, 2), ("narrow", 1, 0, 2))
        y = tensor("float32", [6, 6], "sym", 2, *other, ("narrow", 0, 0, 2))
        product(suite, "mm", [x, y])
        product(suite, "matmul", [x, tensor("float32", [2], "sym", 3, ("expand", [3, 2]), ("t",))])
        product(suite, "mv", [x, tensor("float32", [5], "sym", 3, ("slice", 0, 1, 5, 2))])
    product(suite, "bmm", [tensor("float64", [3, 2, 4], "sym", 1, ("permute", [1, 2, 0])), tensor("float64", [3, 2], "sym", 2, ("expand", [2, 3, 2]))])
    product(suite, "dot", [tensor("float32", [9], "sym", 1, ("slice", 0, 0, 9, 3)), tensor("float32", [1], "sym", 2, ("expand", [3]))])
    product(suite, "outer", [tensor("float32", [6], "sym", 1, ("slice", 0, 1, 6, 2)), tensor("float32", [1], "sym", 2, ("expand", [3]))])


def sums(suite):
    """addmm and chains."""
    for dtype in DTYPES:
        for shape in ([2, 4], [4], [2, 1], []):
            for kwargs in ({}, {"beta": 0}, {"alpha": 2, "beta": 3}):
                specs = [tensor(dtype, shape, "sym", 1), tensor(dtype, [2, 3], "sym", 2), tensor(dtype, [3, 4], "sym", 3)]
                product(suite, "addmm", specs, kwargs=kwargs, factor=2)
    nan = tensor("float32", [2, 2], "special", 0)
    for beta in (0, 1):
        product(suite, "addmm", [nan, tensor("float32", [2, 1]), tensor("float32", [1, 2])], kwargs={"beta": beta, "alpha": 0.5})
    product(suite, "addmm", [tensor("float32", [2]), tensor("float32", [3, 0]), tensor("float32", [0, 2])])
    for c, a, b in [([3], [2, 3], [3, 2]), ([2, 2], [2, 3], [2, 2]), ([2, 2, 2], [2, 3], [3, 2]), ([2], [3], [3, 2])]:
        product(suite, "addmm", [tensor("float32", c), tensor("float32", a), tensor("float32", b)])
    for shapes in ([[2, 3], [3, 4]], [[2, 3], [3, 4], [4, 1]], [[5, 1], [1, 5], [5, 2], [2, 3]], [[3], [3, 2], [2, 4]], [[2, 3], [3, 2], [2]], [[3], [3, 3], [3]], [[2, 2]], [[2, 3], [2, 3]], [[2, 3], [3], [3, 2]], [[2, 0], [0, 3], [3, 2]]):
        for dtype in FLOATS:
            specs = [tensor(dtype, s, "unit", i + 1) for i, s in enumerate(shapes)]
            product(suite, "multi_dot", specs, factor=8)


def make():
    suite = Suite("matrix")
    products(suite)
    views(suite)
    sums(suite)
    return suite.write()


if __name__ == "__main__":
    make()
