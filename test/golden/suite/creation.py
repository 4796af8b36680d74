"""What makes tensors and moves their elements: creation, joins, conversions, copies, views, indices, random fills.

Functions that make tensors have no tensors among their inputs; `dtype` is an option of theirs. Random ones use torch's
generator with a given seed, which is our mt19937.
"""

import random

import torch

from common import CALLS, DTYPES, FLOATS, HALVES, INTEGERS, VIEWS, Suite, tensor

rng = random.Random(7)


def maker(function):
    return lambda *args, dtype="float32", **kwargs: function(*args, dtype=getattr(torch, dtype), **kwargs)


def drawn(function):
    return lambda *args, seed, dtype="float32": function(*args, dtype=getattr(torch, dtype), generator=torch.Generator().manual_seed(seed))


def filled(name):
    return lambda x, *args, seed: getattr(x, name)(*args, generator=torch.Generator().manual_seed(seed))


MAKERS = {name: maker(getattr(torch, name)) for name in ("tensor", "zeros", "ones", "full", "eye", "arange", "linspace")}
DRAWN = {name: drawn(getattr(torch, name)) for name in ("rand", "randn", "randint", "randperm")}
FILLS = {name: filled(name) for name in ("uniform_", "normal_", "bernoulli_", "random_", "exponential_")}
LIKE = {
    "zeros_like": lambda x, dtype=None: torch.zeros_like(x, dtype=dtype and getattr(torch, dtype)),
    "ones_like": lambda x, dtype=None: torch.ones_like(x, dtype=dtype and getattr(torch, dtype)),
}
CALLS |= MAKERS | DRAWN | FILLS | LIKE


def makers(suite):
    for dtype in DTYPES:
        kw = {"dtype": dtype}
        for shape in ([2, 3], [], [0], [2, 0, 3]):
            for name in ("zeros", "ones"):
                suite.case(name, [], [shape], kw)
            suite.case("full", [], [shape, 1], kw)
        for value in (0.1, -2, 300, 1e5, 2.75, 70000, 1e39, "nan", "inf"):
            if dtype in FLOATS + HALVES or value not in ("nan", "inf"):
                suite.case("full", [], [[2], value], kw)
        for args in ([3], [0], [2, 4], [4, 2], [1, 1], [0, 2]):
            suite.case("eye", [], args, kw)
        for args in ([5], [0], [1, 4], [2, 11, 3], [5, 0, -2], [-3, 3], [0, 1, 0.25], [0.5, 3]):
            if dtype in FLOATS + HALVES or (dtype != "bool" and all(isinstance(a, int) and a >= 0 or dtype != "uint8" for a in args)):
                suite.case("arange", [], args, kw)
        suite.case("arange", [], [0, 5, 0], kw)
        suite.case("arange", [], [5, 0], kw)
        for args in ([0, 1, 5], [-2, 3, 4], [0, 9, 1], [3, 3, 3], [0, 10, 6], [1, 2, 0], [10, 0, 11]):
            if dtype in FLOATS + HALVES:
                suite.case("linspace", [], args, kw, ulps=1, of=max(abs(args[0]), abs(args[1])))
        for nested in ([[1, 2], [3, 4]], 5, [], [[], []], [[[0], [1]]], [1, 0, 7], [0.1, 2.5, -0.75] if dtype != "uint8" else [2.5]):
            suite.case("tensor", [], [nested], kw)
    for nested in ([[1, 2], [3]], [1, [2]], [[1], 2]):
        suite.case("tensor", [], [nested])
    for name in LIKE:
        shape, *steps = VIEWS["transposed"]
        for dtype in DTYPES:
            suite.case(name, [tensor(dtype, shape, "sym", 1, *steps)])
            suite.case(name, [tensor(dtype, [2, 0])], kwargs={"dtype": "int64"})


def joins(suite):
    for dtype in DTYPES:
        a, b = tensor(dtype, [2, 3], "special", 1), tensor(dtype, [2, 3], "special", 8)
        for dim in (0, 1, -1):
            suite.case("cat", [a, b], kwargs={"dim": dim})
            suite.case("stack", [a, b], kwargs={"dim": dim})
    for dim in (0, 1, 2, -2):
        for shapes in ([[2, 3], [1, 3]], [[2, 3], [2, 1]], [[0], [2, 3]], [[2, 0], [2, 3]], [[2], [2, 1]], [[], []], [[3]], [[1, 2, 3], [2, 2, 3], [1, 2, 3]]):
            tensors = [tensor(rng.choice(FLOATS), s, "sym", i) for i, s in enumerate(shapes)]
            suite.case("cat", tensors, kwargs={"dim": dim})
            suite.case("stack", tensors, kwargs={"dim": dim})
    names = list(VIEWS)
    for i, name in enumerate(names):
        tensors = [tensor("float32", VIEWS[n][0], "sym", i, *VIEWS[n][1:]) for n in (name, names[i - 1])]
        suite.case("cat", tensors, kwargs={"dim": 1})
        suite.case("stack", tensors, kwargs={"dim": 1})


EXACT = {"float32": "few", "float64": "few", "float16": "few", "bfloat16": "few"}


def conversions(suite):
    """To every dtype from every other, of values that both have or that rounding and truncation are defined for."""
    for a in DTYPES:
        for b in DTYPES:
            suite.case("to", [tensor(a, [8], "pos", 2)], [b])
            if b not in INTEGERS or a not in FLOATS + HALVES:
                suite.case("to", [tensor(a, [23], "special", 0)], [b])
            shape, *steps = VIEWS["sliced"]
            suite.case("copy_", [tensor(a, shape, "sym", 3, *steps), tensor(b, [3], "pos", 2)])
        for name in ("clone", "contiguous", "zero_"):
            shape, *steps = VIEWS["transposed"]
            suite.case(name, [tensor(a, shape, "special", 3, *steps)])
        for value in (1, 2.5, 0, -3, 255, 256, 70000, "nan"):
            if a in FLOATS + HALVES or value != "nan":
                suite.case("fill_", [tensor(a, [2, 2])], [value])
        for kind in ("sym", "special"):
            for seed in range(5):
                suite.case("item", [tensor(a, [1, 1], kind, seed + 7)])
        suite.case("tolist", [tensor(a, [2, 1, 3], "few", 3)])
        suite.case("tolist", [tensor(a, [])])
        suite.case("tolist", [tensor(a, [2, 0])])
    for shape in ([2], [0], [2, 1]):
        suite.case("item", [tensor("float32", shape)])
    for a, b in [([2, 3], [2]), ([3], [2, 3]), ([], [1]), ([2], [0]), ([0], [1])]:
        suite.case("copy_", [tensor("float32", a), tensor("float32", b)])


STEPS = [
    ([2, 3, 4], [["view", [6, 4]], ["view", [-1]], ["view", [2, -1, 2]], ["view", [5]], ["reshape", [4, 6]], ["flatten"], ["flatten", 1]]),
    ([2, 3, 4], [["flatten", 0, 1], ["flatten", 2, 1], ["transpose", 0, 2], ["transpose", -1, 1], ["permute", [2, 0, 1]], ["permute", [0, 1]]]),
    ([3, 4], [["t"], ["squeeze"], ["unsqueeze", 0], ["unsqueeze", -1], ["unsqueeze", 3], ["select", 0, -1], ["select", 1, 4], ["narrow", 1, 1, 2]]),
    ([3, 4], [["narrow", 0, 2, 2], ["slice", 1, 1, 9, 2], ["slice", 0, -2, 3, 1], ["slice", 0, 2, 1, 1], ["expand", [2, 3, 4]], ["expand", [3, 5]]]),
    ([1, 3, 1], [["squeeze"], ["squeeze", 0], ["squeeze", 1], ["squeeze", [0, -1]], ["expand", [2, -1, 4]], ["expand", [-1, 3, 0]], ["t"]]),
    ([2, 0], [["view", [0]], ["view", [-1, 0]], ["t"], ["flatten"], ["expand", [3, 2, 0]], ["select", 0, 1], ["unsqueeze", 1]]),
    ([], [["view", [1, 1]], ["reshape", [-1]], ["flatten"], ["t"], ["expand", [2]], ["unsqueeze", 0], ["squeeze"], ["select", 0, 0]]),
]


def views(suite):
    for shape, steps in STEPS:
        for i, (name, *args) in enumerate(steps):
            suite.case(name, [tensor(DTYPES[i], shape, "sym", 2)], args)
    for name, args in [("view", [[6]]), ("reshape", [[6]]), ("reshape", [[3, 2]]), ("flatten", []), ("view", [[2, 3, 1]])]:
        for view in VIEWS:
            shape, *steps = VIEWS[view]
            suite.case(name, [tensor("float32", shape, "sym", 3, *steps)], args)
    x = tensor("float64", [3, 4], "sym", 1, ("t",))
    for index in ([1], [-1, 2], [], [4], [0, 0, 0], [0, -4]):
        suite.case("at", [x], index)
        for value in (7, 0.5):
            suite.case("set_", [x], [index, value])
        suite.case("set_", [x, tensor("float32", [3])], [index])


def random_numbers(suite):
    for seed in (0, 5):
        for dtype in FLOATS + HALVES:
            for shape in ([5], [2, 3, 3], [20], []):
                suite.case("rand", [], [shape], {"dtype": dtype, "seed": seed})
                suite.case("randn", [], [shape], {"dtype": dtype, "seed": seed})
            shape, *steps = VIEWS["transposed"]
            for name, args in [("uniform_", [-1, 2]), ("normal_", [1, 3]), ("bernoulli_", [0.3]), ("exponential_", [2]), ("random_", [100])]:
                suite.case(name, [tensor(dtype, shape, "sym", 1, *steps)], args, {"seed": seed})
        for dtype in INTEGERS:
            suite.case("randint", [], [10, [6]], {"dtype": dtype, "seed": seed})
            suite.case("randint", [], [3, 17, [2, 3]], {"dtype": dtype, "seed": seed})
            suite.case("randperm", [], [9], {"dtype": dtype, "seed": seed})
            suite.case("random_", [tensor(dtype, [4])], [2, 9], {"seed": seed})
            suite.case("bernoulli_", [tensor(dtype, [7])], [0.5], {"seed": seed})


def make():
    suite = Suite("creation")
    makers(suite)
    joins(suite)
    conversions(suite)
    views(suite)
    random_numbers(suite)
    return suite.write()


if __name__ == "__main__":
    make()
