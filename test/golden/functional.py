"""Writes functional.json: what torch's losses and its padding compute, and their gradients.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/functional.py

Element i of the input, of shape `input`, is ((i * 7919) % 1000 - 500) / 250, in float64. `target` is a shape and a kind: 'values'
((i * 104729 + 17) % 1000 - 500) / 250, 'probabilities' ((i * 7919 + 3) % 13 + 1) / 14, or a number of classes: (i * 7919) % classes,
int64, but `ignored` at every `every`-th element where the case has them. `weight` and `posWeight` are shapes: (i % 3 + 1) / 2.
Outputs have the gradient ((i * 31 + 7) % 10 - 4) / 4, or 1 if they are scalars. `node` names what made the output, `grads` are the
gradients of the input and of the target (null for classes). A case that torch refuses has `error`.
"""

import math
import warnings

import torch
import torch.nn.functional as F

from golden import number, write

torch.set_num_threads(1)
warnings.simplefilter("ignore")


def filled(shape, value, dtype=torch.float64):
    return torch.tensor([value(i) for i in range(math.prod(shape))], dtype=dtype).reshape(shape)


def numbers(t):
    return [number(float(f"{x:.12g}")) for x in t.flatten().tolist()]


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def make_target(case):
    shape, kind = case["target"]
    if kind == "values":
        return filled(shape, lambda i: ((i * 104729 + 17) % 1000 - 500) / 250).requires_grad_()
    if kind == "probabilities":
        return filled(shape, lambda i: ((i * 7919 + 3) % 13 + 1) / 14).requires_grad_()
    ignored, every = case.get("ignored"), case.get("every")
    at = lambda i: ignored if every and i % every == 0 else (i * 7919) % kind
    return filled(shape, at, torch.int64)


def run(case):
    x = filled(case["input"], lambda i: ((i * 7919) % 1000 - 500) / 250).requires_grad_()
    options = {snake(k): v for k, v in case["options"].items()}
    weights = {snake(k): filled(case[k], lambda i: (i % 3 + 1) / 2) for k in ("weight", "posWeight") if k in case}
    if case["call"] == "pad":
        leaves = [x]
        y = F.pad(x, **options)
    else:
        target = make_target(case)
        leaves = [x, target]
        y = getattr(F, snake(case["call"]))(x, target, **options, **weights)
    y.backward(torch.ones_like(y) if y.dim() == 0 else filled(y.shape, lambda i: ((i * 31 + 7) % 10 - 4) / 4))
    return {
        "shape": list(y.shape),
        "values": numbers(y.detach()),
        "node": y.grad_fn.name().split("::")[-1],
        "grads": [None if leaf.grad is None else numbers(leaf.grad) for leaf in leaves],
    }


CASES = []


def add(call, shape, target, options={}, **more):
    CASES.append({"call": call, "input": shape, "target": target, "options": options, **more})


for loss in ("mseLoss", "l1Loss", "binaryCrossEntropyWithLogits"):
    kind = "probabilities" if loss.startswith("binary") else "values"
    for reduction in ("mean", "sum", "none"):
        add(loss, [3, 4], [[3, 4], kind], {"reduction": reduction})
    add(loss, [3, 4], [[3, 4], kind])
    add(loss, [], [[], kind])
    add(loss, [0], [[0], kind])
    add(loss, [3, 4], [[3, 3], kind])
    add(loss, [3, 4], [[3, 4], kind], {"reduction": "median"})
for loss in ("mseLoss", "l1Loss"):
    add(loss, [3, 4], [[4], "values"])
    add(loss, [1, 4], [[3, 1], "values"], {"reduction": "none"})
bce = "binaryCrossEntropyWithLogits"
add(bce, [3, 4], [[4], "probabilities"])
for reduction in ("mean", "sum", "none"):
    add(bce, [3, 4], [[3, 4], "probabilities"], {"reduction": reduction}, weight=[3, 1])
    add(bce, [3, 4], [[3, 4], "probabilities"], {"reduction": reduction}, posWeight=[4])
    add(bce, [3, 4], [[3, 4], "probabilities"], {"reduction": reduction}, posWeight=[4], weight=[4])

for loss in ("nllLoss", "crossEntropy"):
    for reduction in ("mean", "sum", "none"):
        add(loss, [5, 3], [[5], 3], {"reduction": reduction})
        add(loss, [5, 3], [[5], 3], {"reduction": reduction}, weight=[3])
        add(loss, [7, 3], [[7], 3], {"reduction": reduction}, ignored=-100, every=3)
        add(loss, [7, 3], [[7], 3], {"reduction": reduction, "ignoreIndex": 1}, weight=[3])
        add(loss, [2, 3, 4], [[2, 4], 3], {"reduction": reduction}, weight=[3], ignored=-100, every=3)
        add(loss, [2, 3, 2, 2], [[2, 2, 2], 3], {"reduction": reduction, "ignoreIndex": -1}, ignored=-1, every=4)
    add(loss, [3], [[], 3])
    add(loss, [3], [[], 3], weight=[3])
    add(loss, [3], [[], 3], {"reduction": "none", "ignoreIndex": 0})
    add(loss, [4, 3], [[4], 3], ignored=-100, every=1)
    add(loss, [0, 3], [[0], 3])
    add(loss, [0, 3], [[0], 3], {"reduction": "sum"})
    add(loss, [5, 3], [[5], 4])
    add(loss, [5, 3], [[4], 3])
    add(loss, [5, 3], [[5], 3], weight=[4])
    add(loss, [5, 3], [[5], 3], ignored=-1, every=2)
    add(loss, [2, 3, 4], [[2, 3], 3])
ce = "crossEntropy"
for smoothing in (0.1, 1.0):
    for reduction in ("mean", "sum", "none"):
        add(ce, [5, 3], [[5], 3], {"reduction": reduction, "labelSmoothing": smoothing})
        add(ce, [7, 3], [[7], 3], {"reduction": reduction, "labelSmoothing": smoothing}, weight=[3], ignored=-100, every=3)
        add(ce, [2, 3, 4], [[2, 4], 3], {"reduction": reduction, "labelSmoothing": smoothing}, ignored=-100, every=3)
        add(ce, [5, 3], [[5, 3], "probabilities"], {"reduction": reduction, "labelSmoothing": smoothing}, weight=[3])
for reduction in ("mean", "sum", "none"):
    add(ce, [5, 3], [[5, 3], "probabilities"], {"reduction": reduction})
    add(ce, [2, 3, 4], [[2, 3, 4], "probabilities"], {"reduction": reduction}, weight=[3])
add(ce, [3], [[3], "probabilities"])
add(ce, [5, 3], [[5], 3], {"labelSmoothing": 1.5})
add(ce, [5, 3], [[5, 1], 3])
add(ce, [5, 3], [[5, 3], 3])

for mode in ("constant", "reflect", "replicate", "circular"):
    for shape, padding in [
        ([2, 3], [1, 2]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [1, 2, 2, 0]), ([1, 2, 3, 4], [3, 1, 0, 2]), ([1, 2, 3, 3, 4], [1, 2, 1, 0, 0, 1]),
        ([1, 2, 2, 3], [0, 0, 0, 0]), ([2, 3], [2, 2]), ([2, 3], [3, 0]), ([2, 3], [4, 0]), ([2, 3], [1]),
    ]:
        CASES.append({"call": "pad", "input": shape, "options": {"pad": padding, "mode": mode}})
for shape, padding in [([3, 4], [-1, 2]), ([3, 4], [-1, -2, -1, 3]), ([5], [-2, -3]), ([5], [-3, -3]), ([2], [1, 1, 1, 1]), ([2, 3], [1, 0, 0, 2])]:
    CASES.append({"call": "pad", "input": shape, "options": {"pad": padding, "mode": "constant", "value": 1.5}})
CASES.append({"call": "pad", "input": [2, 3], "options": {"pad": [1, 1], "mode": "mirror"}})


def outcome(case):
    try:
        return case | run(case)
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
        return case | {"error": True}


write(__file__, {"cases": [outcome(case) for case in CASES]})
