"""Writes init.json: what torch.nn.init computes before it draws, and what it sets without drawing.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/init.py

`scaled` cases hold the bounds of uniform_ or the mean and standard deviation of normal_ that an initialiser draws with.
"""

import math
import warnings
from unittest import mock

import torch
from golden import write
from torch.nn import init

warnings.simplefilter("error")

NONLINEARITIES = (
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid tanh relu leaky_relu selu gelu"
).split()
SHAPES = [[], [3], [4, 3], [1, 1], [128, 256], [64, 32, 3, 3], [64, 8, 3, 3], [50, 40, 5], [16, 8, 3, 2, 2], [5, 1, 7, 7]]
SHAPES += [[8, 3, 1, 1], [3, 5, 2, 1, 1, 2], [1000, 784]]


def attempt(function):
    try:
        return function()
    except (ValueError, RuntimeError, TypeError, IndexError, ZeroDivisionError):
        return None


def drawn(function, shape, **options):
    """The arguments with which an initialiser calls uniform_ or normal_."""
    calls = []
    t = torch.empty(shape)
    with mock.patch.object(torch.Tensor, "uniform_", lambda self, a, b, **_: calls.append((a, b)) or self), mock.patch.object(
        torch.Tensor, "normal_", lambda self, mean, std, **_: calls.append((mean, std)) or self
    ):
        function(t, **options)
    (arguments,) = calls
    return arguments


scaled = []
for name in ("xavier_uniform_", "xavier_normal_"):
    for shape in SHAPES:
        for options in ({}, {"gain": 5 / 3}):
            scaled.append([name, shape, options, attempt(lambda: drawn(getattr(init, name), shape, **options))])
for name in ("kaiming_uniform_", "kaiming_normal_"):
    for shape in SHAPES:
        for options in (
            {},
            {"a": math.sqrt(5)},
            {"mode": "fan_out", "nonlinearity": "relu"},
            {"nonlinearity": "tanh"},
            {"a": 0.3, "mode": "fan_out"},
            {"mode": "fan_avg"},
            {"nonlinearity": "gelu"},
        ):
            scaled.append([name, shape, options, attempt(lambda: drawn(getattr(init, name), shape, **options))])

marks = []
for name, cases in (
    ("eye_", [([3, 4], {}), ([4, 3], {}), ([2, 2], {}), ([3], {}), ([2, 2, 2], {})]),
    (
        "dirac_",
        [
            ([3, 4, 3], {}),
            ([4, 2, 5, 4], {}),
            ([6, 2, 3, 3], {"groups": 3}),
            ([6, 5, 2], {"groups": 2}),
            ([4, 4, 1, 2, 3], {}),
            ([5, 2, 3], {"groups": 2}),
            ([2, 2], {}),
            ([2, 2, 3], {"groups": 0}),
        ],
    ),
):
    for shape, options in cases:
        t = torch.full(shape, 7.0)
        result = attempt(lambda: getattr(init, name)(t, **options))
        ones = None if result is None else [i for i, x in enumerate(t.flatten().tolist()) if x == 1]
        if ones is not None:
            assert t.sum().item() == len(ones)
        marks.append([name, shape, options, ones])

golden = {
    "gains": [
        [name, param, attempt(lambda: init.calculate_gain(name, param))]
        for name in NONLINEARITIES
        for param in (None, 0, 0.2, math.sqrt(5), -1.5)
    ],
    "fans": [[shape, attempt(lambda: list(init._calculate_fan_in_and_fan_out(torch.empty(shape))))] for shape in SHAPES],
    "scaled": scaled,
    "marks": marks,
}
write(__file__, golden)
