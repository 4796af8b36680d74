"""Gradients of every differentiable operation, and the names of their nodes.

A case walks from leaves (`in`, before their steps) through views and the operation, and back from an output gradient by
rule. `few` data are whole and half numbers: corners, ties and zeros are among them.
"""

import creation  # noqa: F401, whose calls with generators are used
from common import FLOATS, HALVES, VIEWS, Suite, tensor, well_conditioned

UNARY = {
    "neg": [[]], "abs": [[]], "sign": [[]], "sqrt": [[]], "rsqrt": [[]], "exp": [[]], "log": [[]], "erf": [[]], "relu": [[]],
    "tanh": [[]], "sigmoid": [[]], "silu": [[]], "selu": [[]], "elu": [[], [0.5]], "gelu": [[], ["tanh"]],
    "softplus": [[], [2, 5]], "leaky_relu": [[], [0.25]], "clamp": [[-1, 1], [None, 0.5], [0], [0.5, -0.5]],
    "pow": [[2], [3], [0.5], [-1], [0], [1], [2.5]], "add": [[2]], "sub": [[2]], "mul": [[-2.5]], "div": [[3]],
    "clone": [[]], "softmax": [[0], [-1]], "log_softmax": [[0], [-1]],
}
# Terms that cancel are as large as the output's gradient.
CANCEL = {"softmax": 4, "log_softmax": 4}
POSITIVE = {"sqrt", "rsqrt", "log"}
TWINS = ["neg", "abs", "sign", "sqrt", "rsqrt", "exp", "log", "erf", "relu", "tanh", "sigmoid"]
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "pow"]


def domain(name, args=()):
    return "pos" if name in POSITIVE or (name == "pow" and args and args[0] not in (0, 1, 2, 3, -1)) else "sym"


def unary(suite):
    for name, variants in UNARY.items():
        for args in variants:
            kind = domain(name, args)
            for dtype in FLOATS + HALVES:
                suite.gradient(name, [tensor(dtype, [2, 3], kind, 1)], args, ulps=8, of=CANCEL.get(name))
            suite.gradient(name, [tensor("float64", [2, 5], "few", 2)], args, ulps=8, of=CANCEL.get(name))
            if args is variants[0]:
                for shape, *steps in [*VIEWS.values(), ([],), ([2, 0],), ([2, 3, 2, 2], ("permute", [3, 1, 0, 2]))]:
                    if shape or "softmax" not in name:
                        suite.gradient(name, [tensor("float64", shape, kind, 3, *steps)], args, ulps=8, of=CANCEL.get(name))
    for name in TWINS:
        # In place on the result of an operation: leaves may not change.
        for shape, *steps in [([2, 3], ("clone",)), ([2, 3], ("clone",), ("t",)), ([4, 2, 3], ("clone",), ("select", 0, 1))]:
            suite.gradient(f"{name}_", [tensor("float64", shape, domain(name), 3, *steps)], ulps=8)
    for name, args in [("clamp_", [-1, 1]), ("add_", [2]), ("mul_", [3]), ("div_", [2]), ("pow_", [2]), ("fill_", [2]), ("zero_", [])]:
        for shape, *steps in [([2, 3], ("clone",)), ([2, 3], ("clone",), ("t",)), ([4, 2, 3], ("clone",), ("select", 0, 1))]:
            suite.gradient(name, [tensor("float64", shape, "sym", 3, *steps)], args, ulps=8)
    for name, args in [("uniform_", [0, 1]), ("normal_", [0, 1]), ("bernoulli_", [0.5]), ("exponential_", [1]), ("random_", []), ("random_", [5]), ("random_", [2, 5])]:
        suite.gradient(name, [tensor("float64", [2, 3], "sym", 3, ("clone",))], args, {"seed": 1})
        suite.gradient(name, [tensor("float64", [4, 2, 3], "sym", 3, ("clone",), ("select", 0, 1))], args, {"seed": 1})


PAIRS = [([2, 3], [2, 3]), ([3, 1], [1, 4]), ([2, 3], [3]), ([], [2, 2]), ([2, 1, 3], [4, 1]), ([2, 0], [1, 1]), ([], [])]


def binary(suite):
    for name in BINARY:
        kind = "pos" if name == "pow" else "sym"
        for a, b in PAIRS:
            suite.gradient(name, [tensor("float64", a, kind, 1), tensor("float64", b, "sym", 2)], ulps=8)
        for a, b in [("float32", "float32"), ("float32", "float64"), ("float64", "float16"), ("bfloat16", "bfloat16"), ("float16", "float32")]:
            # The logarithm of the base has the base's digits.
            ulps = {a: 8 * 2 ** (29 if a == "float32" else 13)} if name == "pow" and a != b else 8
            suite.gradient(name, [tensor(a, [2, 3], kind, 1), tensor(b, [3], "sym", 2)], ulps=ulps)
        suite.gradient(name, [tensor("float64", [4, 3], "few", 1), tensor("float64", [4, 3], "few", 4)], ulps=8)
        suite.gradient(name, [tensor("float64", [2, 3], kind, 1), tensor("int64", [3], "few", 2)], ulps=8) if name != "div" else None
        views = list(VIEWS.values())
        for (shape, *steps), (other, *others) in zip(views, views[1:] + views[:1]):
            suite.gradient(name, [tensor("float64", shape, kind, 1, *steps), tensor("float64", other, "sym", 2, *others)], ulps=8)
        if name in ("maximum", "minimum"):
            continue
        for shape, *steps in [([2, 3], ("clone",)), ([3, 2], ("clone",), ("t",)), ([4, 2, 3], ("clone",), ("select", 0, 1))]:
            suite.gradient(f"{name}_", [tensor("float64", shape, kind, 1, *steps), tensor("float64", [3], "sym", 2)], ulps=8)
        suite.gradient(f"{name}_", [tensor("float32", [2, 3], kind, 1, ("clone",)), tensor("float64", [3], "sym", 2)], ulps=2**30 if name == "pow" else 8)
    condition = tensor("bool", [2, 3], "sym", 3)
    for a, b in [([2, 3], [2, 3]), ([3], [2, 1]), ([], [3])]:
        suite.gradient("where", [condition, tensor("float64", a, "sym", 1), tensor("float64", b, "sym", 2)])
    suite.gradient("where", [condition, tensor("float32", [3], "sym", 1), tensor("float64", [2, 1], "sym", 2)])
    suite.gradient("where", [condition, tensor("float64", [2, 3], "sym", 1)], [0])


REDUCED = [([], [None]), ([5], [None, 0]), ([3, 4], [None, 0, -1, [0, 1]]), ([2, 3, 2], [1, [0, 2]])]


def reductions(suite):
    for name in ("sum", "mean", "std", "var", "min", "max", "prod", "norm"):
        first = [2] if name == "norm" else []
        for shape, dims in REDUCED:
            for dim in dims:
                if isinstance(dim, list) and name == "prod":
                    continue
                args = [] if dim is None else [*first, dim]
                if shape or name not in ("std", "var"):
                    suite.gradient(name, [tensor("float64", shape, "sym", 3)], args, ulps=16)
                    if dim is not None:
                        suite.gradient(name, [tensor("float64", shape, "sym", 4)], args, {"keepdim": True}, ulps=16)
        # Ties share a gradient, zeros are what is left out of a product.
        for seed in (1, 2):
            for dim in (None, 0, 1):
                suite.gradient(name, [tensor("float64", [4, 5], "few", seed)], [] if dim is None else [*first, dim], ulps=16)
        for dtype in ("float32", *HALVES):
            suite.gradient(name, [tensor(dtype, [2, 4], "unit", 5)], [*first, 1], ulps=16)
        for shape, *steps in VIEWS.values():
            suite.gradient(name, [tensor("float64", shape, "sym", 6, *steps)], [*first, 0], ulps=16)
    for correction in (0, 2.5):
        for name in ("std", "var"):
            suite.gradient(name, [tensor("float64", [3, 4], "sym", 2)], [0], {"correction": correction}, ulps=16)
    for p in (1, 3, "inf", "-inf", 0, 0.5, -1, 2):
        for kind in ("sym", "few"):
            suite.gradient("norm", [tensor("float64", [2, 5], kind, 1)], [p], ulps=16)
            suite.gradient("norm", [tensor("float64", [2, 5], kind, 2)], [p, 1], ulps=16)
    suite.gradient("norm", [tensor("float64", [3], "few", 0, ("mul", 0))], ulps=16)
    for name in ("sum", "mean"):
        suite.gradient(name, [tensor("float64", [0])])
        suite.gradient(name, [tensor("float64", [2, 0])], [1])


def moves(suite):
    """Views, copies and joins."""
    for name, shape, args in [
        ("view", [2, 6], [[3, -1]]), ("reshape", [2, 6], [[4, 3]]), ("flatten", [2, 3, 2], [1]), ("transpose", [2, 3, 2], [0, 2]),
        ("permute", [2, 3, 4], [[2, 0, 1]]), ("t", [2, 3], []), ("t", [3], []), ("squeeze", [1, 3, 1], []), ("squeeze", [1, 3, 1], [0]),
        ("squeeze", [1, 3, 1], [[0, 2]]), ("squeeze", [2, 3], [0]), ("unsqueeze", [2, 3], [1]), ("expand", [3, 1], [[2, 3, 4]]),
        ("expand", [2, 3], [[-1, 3]]), ("select", [3, 4], [1, -1]), ("narrow", [3, 4], [1, 1, 2]), ("slice", [6, 2], [0, 1, 6, 2]),
        ("at", [3, 4], [1]), ("at", [3, 4], [1, 2]), ("clone", [2, 3], []), ("contiguous", [2, 3], []),
    ]:
        for dtype in FLOATS:
            suite.gradient(name, [tensor(dtype, shape, "sym", 1, ("mul", 2))], args)
    for name, args in [("reshape", [[6]]), ("flatten", []), ("contiguous", []), ("clone", [])]:
        for view in ("transposed", "sliced", "expanded"):
            shape, *steps = VIEWS[view]
            suite.gradient(name, [tensor("float64", shape, "sym", 2, *steps)], args)
    for a in FLOATS + HALVES:
        for b in FLOATS + HALVES:
            if a != b:
                suite.gradient("to", [tensor(a, [4], "sym", 2)], [b])
                suite.gradient("copy_", [tensor(a, [2, 3], "sym", 2, ("clone",)), tensor(b, [3], "sym", 3)])
    suite.gradient("copy_", [tensor("float64", [3, 2], "sym", 2, ("clone",), ("t",)), tensor("float64", [3], "sym", 3)])
    suite.gradient("copy_", [tensor("float64", [3, 2, 3], "sym", 2, ("clone",), ("select", 0, 1)), tensor("float64", [2, 1], "sym", 3)])
    for index in ([1], [0, 2], []):
        suite.gradient("set_", [tensor("float64", [3, 4], "sym", 1, ("clone",)), tensor("float64", [1], "sym", 3)] if len(index) < 2 else [tensor("float64", [3, 4], "sym", 1, ("clone",)), tensor("float64", [], "sym", 3)], [index])
        suite.gradient("set_", [tensor("float64", [3, 4], "sym", 1, ("clone",))], [index, 7])
    for dim in (0, 1, -1):
        for name in ("cat", "stack"):
            suite.gradient(name, [tensor("float64", [2, 3], "sym", 1), tensor("float64", [3, 2], "sym", 2, ("t",))], kwargs={"dim": dim})
            suite.gradient(name, [tensor("float64", [2, 3], "sym", 1), tensor("float64", [3], "sym", 2, ("expand", [2, 3]))], kwargs={"dim": dim})
            suite.gradient(name, [tensor("float32", [2, 3], "sym", 1), tensor("float64", [2, 3], "sym", 2)], kwargs={"dim": dim})
            suite.gradient(name, [tensor("float32", [2, 3], "sym", 1), tensor("int64", [2, 3], "sym", 2)], kwargs={"dim": dim})
        suite.gradient("cat", [tensor("float64", [2, 3], "sym", 1), tensor("float64", [0], "sym", 2)], kwargs={"dim": dim})


def products(suite):
    shapes = [("mm", [[2, 3], [3, 4]]), ("mv", [[2, 3], [3]]), ("dot", [[3], [3]]), ("bmm", [[2, 2, 3], [2, 3, 2]]), ("outer", [[2], [3]])]
    shapes += [("mm", [[2, 0], [0, 3]]), ("mm", [[0, 2], [2, 3]]), ("dot", [[0], [0]])]
    for a, b in [([3], [3]), ([2, 3], [3]), ([3], [3, 2]), ([2, 3], [3, 2]), ([2, 2, 3], [3]), ([3], [2, 3, 2]), ([2, 2, 3], [3, 2]), ([2, 3], [2, 3, 2]), ([2, 1, 2, 3], [3, 3, 2]), ([2, 2, 3], [2, 3, 1])]:
        shapes.append(("matmul", [a, b]))
    for dims in ([[2, 3], [3, 4]], [[2, 3], [3, 4], [4, 1]], [[5, 1], [1, 5], [5, 2], [2, 3]], [[3], [3, 2], [2]]):
        shapes.append(("multi_dot", dims))
    for name, all in shapes:
        for dtype in ("float64", "float32"):
            suite.gradient(name, [tensor(dtype, s, "sym", i + 1) for i, s in enumerate(all)], ulps=16)
    for dtype in HALVES:
        suite.gradient("mm", [tensor(dtype, [2, 3], "sym", 1), tensor(dtype, [3, 2], "sym", 2)])
    suite.gradient("mm", [tensor("float64", [3, 2], "sym", 1, ("t",)), tensor("float64", [4, 6], "sym", 2, ("t",), ("slice", 0, 0, 6, 2))], ulps=16)
    suite.gradient("mv", [tensor("float64", [3, 2], "sym", 1, ("t",)), tensor("float64", [1], "sym", 2, ("expand", [3]))], ulps=16)
    suite.gradient("bmm", [tensor("float64", [3, 2, 2], "sym", 1, ("permute", [2, 1, 0])), tensor("float64", [3, 2], "sym", 2, ("expand", [2, 3, 2]))], ulps=16)
    for shape in ([2, 4], [4], [2, 1], []):
        for kwargs in ({}, {"beta": 0}, {"alpha": 2, "beta": 0.5}, {"alpha": 0}):
            suite.gradient("addmm", [tensor("float64", shape, "sym", 1), tensor("float64", [2, 3], "sym", 2), tensor("float64", [3, 4], "sym", 3)], kwargs=kwargs, ulps=16)


def decompositions(suite):
    """Factors of matrices: of one, of batches, and through views."""
    for dtype in FLOATS:
        for shape in ([1, 1], [3, 3], [4, 2], [2, 4], [5, 1], [1, 5], [4, 5], [2, 3, 2], [2, 2, 3], [2, 2, 3, 3]):
            suite.gradient("svdvals", [well_conditioned(dtype, shape)], ulps=64)
            suite.gradient("qr", [well_conditioned(dtype, shape)], ulps=256)
        for shape, *steps in ([4, 6], ("t",), ("slice", 0, 0, 6, 2)), ([3, 4], ("expand", [2, 3, 4])), ([2, 3, 3], ("permute", [2, 1, 0])):
            suite.gradient("svdvals", [well_conditioned(dtype, shape, *steps)], ulps=64)
            suite.gradient("qr", [well_conditioned(dtype, shape, *steps)], ulps=256)
        for shape in ([3, 0], [0, 3], [2, 0, 2]):
            suite.gradient("svdvals", [tensor(dtype, shape)])
            suite.gradient("qr", [tensor(dtype, shape)])


def make():
    suite = Suite("gradients")
    unary(suite)
    binary(suite)
    reductions(suite)
    moves(suite)
    products(suite)
    decompositions(suite)
    return suite.write()


if __name__ == "__main__":
    make()
