"""Decompositions of matrices."""

import torch

from common import DTYPES, FLOATS, Suite, base, tensor, walk, well_conditioned

SHAPES = [[1, 1], [3, 3], [4, 4], [4, 2], [2, 4], [4, 1], [1, 4], [6, 5], [5, 6]]
BATCHES = [[2, 3, 3], [3, 4, 2], [2, 2, 3, 4], [1, 1, 2, 2]]
EMPTY = [[0, 0], [3, 0], [0, 3], [0, 2, 2], [2, 0, 3], [2, 3, 0]]
VIEWS = [
    ([4, 6], [("t",)]),
    ([8, 9], [("slice", 0, 1, 8, 2), ("slice", 1, 0, 9, 3)]),
    ([3, 2, 4], [("permute", [1, 2, 0])]),
    ([4, 3], [("expand", [2, 4, 3])]),
]


def both(suite, spec):
    """In units in the last place of the largest singular value."""
    x = walk(base(spec), spec).double()
    of = float(torch.linalg.matrix_norm(x, 2).max()) if x.dim() > 1 and x.numel() else 1.0
    suite.case("qr", [spec], ulps=32, of=of)
    suite.case("svdvals", [spec], ulps=8, of=of)


def decompositions(suite):
    for dtype in FLOATS:
        for shape in SHAPES + BATCHES:
            both(suite, well_conditioned(dtype, shape))
        for shape, steps in VIEWS:
            both(suite, well_conditioned(dtype, shape, *steps))
        for shape in EMPTY:
            both(suite, tensor(dtype, shape))
        # Singular: every row the same, and nothing but zeros.
        suite.case("svdvals", [tensor(dtype, [3], "sym", 2, ("expand", [4, 3]))], ulps=8, of=8)
        suite.case("svdvals", [tensor(dtype, [2, 3], "few", 1, ("mul", 0))])
        suite.case("qr", [tensor(dtype, [2, 3], "few", 1, ("mul", 0))], zero=True)


def errors(suite):
    for dtype in DTYPES:
        if dtype not in FLOATS:
            both(suite, tensor(dtype, [2, 2]))
    for dtype in FLOATS:
        for shape in ([], [3], [0]):
            both(suite, tensor(dtype, shape))
        # NaN and infinities among the elements.
        for shape in ([1, 1], [3, 3], [2, 2, 2]):
            suite.case("svdvals", [tensor(dtype, shape, "special", 0)])


def make():
    suite = Suite("decompositions")
    decompositions(suite)
    errors(suite)
    return suite.write()


if __name__ == "__main__":
    make()
