"""Writes modules.json: what torch's modules compute, the gradients of inputs and parameters, what they change, and how they
start.

Run it with any Python that has torch 2.15 (nothing else is needed) on x86-64; the output is the same every time:

    python test/golden/modules.py

A case is a module (`name`, `args`, `options` by evenkeel's names, `dtype` float64) and calls of it, each in a `mode`, 'train'
or 'eval'. Element i of the input of call c, of shape `input`, is ((i * 7919 + c * 271) % 1000 - 500) / 64 (with `integers`: i *
7919 % integers, int64); element i of parameter p is ((i * 7919 + p * 31) % 1000 - 500) / 640. The last call's output (`shape`,
`values`) gets the gradient ((i * 104729 + 17) % 1000 - 500) / 500; `node` names what made it, `grads` are those of the input
(first, null for integers) and of the parameters, `state` is what the buffers hold then. A case that torch refuses has `error`.
`seed` is that of the generator, before the first call.

`starts` are layers made one after another from one seed: a digest of their parameters' bytes, and the first three values of
each parameter.
"""

import hashlib
import math

import torch
from torch import nn

from golden import raw_bytes, write

torch.set_num_threads(1)


def filled(shape, value, dtype=torch.float64):
    return torch.tensor([value(i) for i in range(math.prod(shape))], dtype=dtype).reshape(shape)


def numbers(t):
    return [float(f"{x:.12g}") for x in t.flatten().tolist()]


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def plain(value):
    return tuple(value) if isinstance(value, list) else value


def make(name, args, options, **more):
    return getattr(nn, name)(*map(plain, args), **{snake(k): plain(v) for k, v in options.items()}, **more)


def module_input(case, c):
    if "integers" in case:
        return filled(case["input"], lambda i: i * 7919 % case["integers"], torch.int64)
    x = filled(case["input"], lambda i: ((i * 7919 + c * 271) % 1000 - 500) / 64)
    return x.requires_grad_()


def run(case):
    layers = "dtype" in case
    torch.manual_seed(case.get("seed", 0))
    module = make(case["name"], case["args"], case["options"], **({"dtype": torch.float64} if layers else {}))
    with torch.no_grad():
        for p, parameter in enumerate(module.parameters()):
            parameter.copy_(filled(parameter.shape, lambda i: ((i * 7919 + p * 31) % 1000 - 500) / 640))
    torch.manual_seed(case.get("seed", 0))
    for c, mode in enumerate(case["calls"]):
        module.train(mode == "train")
        x = module_input(case, c)
        y = module(x * 1 if x.is_floating_point() else x)
    gradient = filled(y.shape, lambda i: ((i * 104729 + 17) % 1000 - 500) / 500)
    if y.requires_grad:
        y.backward(gradient)
    leaves = [x, *module.parameters()]
    return {
        "shape": list(y.shape),
        "values": numbers(y.detach()),
        "node": None if y.grad_fn is None else y.grad_fn.name(),
        "grads": [None if leaf.grad is None else numbers(leaf.grad) for leaf in leaves],
        "state": {name: numbers(buffer) for name, buffer in module.named_buffers()},
    }


CASES = []


def add(name, args, options, shape, calls=("train",), **more):
    CASES.append({"name": name, "args": args, "options": options, "input": shape, "calls": list(calls), **more})


def layer(*args, **more):
    add(*args, **more, dtype="float64")


for inplace in ({}, {"inplace": True}):
    add("ReLU", [], inplace, [3, 4])
    add("LeakyReLU", [0.01], inplace, [3, 4])
    add("ELU", [1], inplace, [3, 4])
    add("SELU", [], inplace, [3, 4])
    add("SiLU", [], inplace, [3, 4])
add("LeakyReLU", [0.2], {}, [12])
add("ELU", [0.5], {}, [12])
add("Tanh", [], {}, [3, 4])
add("Sigmoid", [], {}, [3, 4])
add("GELU", [], {}, [4, 5])
add("GELU", [], {"approximate": "tanh"}, [4, 5])
add("Softplus", [], {}, [20])
add("Softplus", [2, 5], {}, [20])
for dim in (0, 1, 2, -1):
    add("Softmax", [dim], {}, [2, 3, 4])
    add("LogSoftmax", [dim], {}, [2, 3, 4])
add("Softmax", [3], {}, [2, 3, 4])
add("Softmax", [0], {}, [])
add("Identity", [], {}, [2, 3])
add("Flatten", [], {}, [2, 3, 4])
add("Flatten", [0, 1], {}, [2, 3, 4])
add("Flatten", [2, 1], {}, [2, 3, 4])

for p in (0, 0.25, 0.5, 1):
    add("Dropout", [p], {}, [5, 7], seed=3)
add("Dropout", [0.5], {}, [5, 7], ("train", "train"), seed=42)
add("Dropout", [0.5], {}, [5, 7], ("eval",), seed=3)
add("Dropout", [0.5], {"inplace": True}, [40], seed=9)

layer("Linear", [3, 4], {}, [5, 3])
layer("Linear", [3, 4], {"bias": False}, [5, 3])
layer("Linear", [3, 4], {}, [3])
layer("Linear", [3, 4], {}, [2, 5, 3])

layer("Conv2d", [2, 3, 3], {}, [2, 2, 5, 6])
layer("Conv2d", [2, 3, 3], {"bias": False, "stride": 2}, [2, 2, 6, 5])
layer("Conv2d", [2, 3, 3], {}, [2, 5, 6])
layer("Conv2d", [4, 6, [3, 2]], {"stride": [1, 2], "padding": [2, 1], "dilation": [2, 1], "groups": 2}, [2, 4, 6, 5])
layer("Conv2d", [3, 6, 3], {"groups": 3, "padding": 1}, [1, 3, 4, 4])
layer("Conv2d", [1, 2, [2, 3]], {"padding": "same"}, [1, 1, 4, 5])
layer("Conv2d", [1, 2, 1], {}, [2, 1, 3, 3])
for mode in ("reflect", "replicate", "circular"):
    layer("Conv2d", [2, 3, 3], {"padding": 1, "paddingMode": mode}, [2, 2, 4, 5])
    layer("Conv2d", [1, 2, 3], {"padding": [0, 2], "paddingMode": mode, "stride": 2, "dilation": [1, 2]}, [1, 1, 4, 5])
    layer("Conv2d", [1, 2, [2, 4]], {"padding": "same", "paddingMode": mode}, [1, 1, 4, 5])
    layer("Conv2d", [2, 3, 3], {"padding": 1, "paddingMode": mode}, [2, 4, 5])
layer("Conv2d", [1, 1, 3], {"padding": 4, "paddingMode": "reflect"}, [1, 1, 4, 4])
layer("Conv2d", [1, 1, 3], {"padding": 5, "paddingMode": "circular"}, [1, 1, 4, 4])
layer("Conv2d", [2, 3, 3], {"padding": 1, "paddingMode": "zero"}, [2, 2, 4, 5])

layer("Conv1d", [2, 3, 3], {}, [2, 2, 7])
layer("Conv1d", [2, 3, 3], {}, [2, 7])
layer("Conv1d", [4, 6, 2], {"stride": 2, "padding": 1, "dilation": 2, "groups": 2, "bias": False}, [2, 4, 6])
layer("Conv1d", [1, 2, 4], {"padding": "same"}, [1, 1, 6])
for mode in ("reflect", "replicate", "circular"):
    layer("Conv1d", [2, 2, 3], {"padding": 2, "paddingMode": mode}, [2, 2, 5])
layer("Conv1d", [2, 3, 3], {}, [2, 2, 2])
layer("Conv1d", [2, 3, 3], {}, [2, 2, 4, 4])

layer("ConvTranspose2d", [2, 3, 3], {}, [2, 2, 3, 4])
layer("ConvTranspose2d", [2, 3, 3], {}, [2, 3, 4])
layer("ConvTranspose2d", [2, 3, 2], {"bias": False, "stride": 2}, [1, 2, 3, 2])
layer("ConvTranspose2d", [2, 3, 3], {"stride": 2, "padding": 1, "outputPadding": 1}, [1, 2, 3, 2])
layer("ConvTranspose2d", [4, 6, [3, 2]], {"stride": [2, 3], "padding": [1, 0], "outputPadding": [0, 2], "groups": 2, "dilation": [1, 2]}, [2, 4, 3, 2])
layer("ConvTranspose2d", [3, 3, 3], {"groups": 3, "padding": 1, "dilation": 2}, [1, 3, 4, 3])
layer("ConvTranspose2d", [1, 1, 3], {"dilation": 2, "outputPadding": 1}, [1, 1, 2, 2])
layer("ConvTranspose2d", [2, 3, 3], {"stride": 2, "outputPadding": 2}, [1, 2, 3, 2])
layer("ConvTranspose2d", [2, 3, 1], {"padding": 2}, [1, 2, 3, 3])
layer("ConvTranspose2d", [2, 3, 3], {"paddingMode": "reflect"}, [1, 2, 3, 3])
layer("ConvTranspose2d", [2, 3, 3], {}, [1, 3, 3, 3])

both = ("train", "train", "eval")
layer("BatchNorm1d", [3], {}, [4, 3])
layer("BatchNorm1d", [3], {}, [2, 3, 4])
layer("BatchNorm1d", [3], {}, [4, 3], both)
layer("BatchNorm1d", [3], {"momentum": None}, [4, 3], both)
layer("BatchNorm1d", [3], {"momentum": 0.4, "eps": 0.1}, [2, 3, 2], ("train", "train"))
layer("BatchNorm1d", [3], {"affine": False}, [4, 3], both)
layer("BatchNorm1d", [3], {"affine": False}, [4, 3])
layer("BatchNorm1d", [3], {"trackRunningStats": False}, [4, 3], both)
layer("BatchNorm1d", [3], {}, [4, 3], ("eval",))
layer("BatchNorm1d", [3], {}, [1, 3])
layer("BatchNorm1d", [3], {}, [1, 3], ("eval",))
layer("BatchNorm1d", [3], {}, [4, 2])
layer("BatchNorm1d", [3], {}, [4, 3, 2, 2])
layer("BatchNorm2d", [3], {}, [2, 3, 2, 3])
layer("BatchNorm2d", [3], {}, [2, 3, 2, 3], both)
layer("BatchNorm2d", [2], {"momentum": None, "affine": False}, [2, 2, 2, 2], ("train", "train", "train", "eval"))
layer("BatchNorm2d", [2], {"trackRunningStats": False, "eps": 0.01}, [2, 2, 2, 2], ("eval",))
layer("BatchNorm2d", [3], {}, [1, 3, 1, 1])
layer("BatchNorm2d", [3], {}, [2, 3, 2])

layer("LayerNorm", [4], {}, [3, 4])
layer("LayerNorm", [[3, 4]], {}, [2, 3, 4])
layer("LayerNorm", [[4]], {"eps": 0.1}, [2, 3, 4])
layer("LayerNorm", [4], {"elementwiseAffine": False}, [3, 4])
layer("LayerNorm", [4], {"bias": False}, [3, 4])
layer("LayerNorm", [1], {}, [3, 1])
layer("LayerNorm", [4], {}, [3, 5])
layer("LayerNorm", [[3, 4]], {}, [4])

layer("Embedding", [6, 3], {}, [4], integers=6)
layer("Embedding", [6, 3], {}, [2, 5], integers=6)
layer("Embedding", [6, 3], {"paddingIdx": 1}, [2, 5], integers=6)
layer("Embedding", [6, 3], {"paddingIdx": -1}, [12], integers=6)
layer("Embedding", [6, 3], {}, [], integers=6)
layer("Embedding", [5, 3], {}, [12], integers=6)

for name in ("MaxPool2d", "AvgPool2d"):
    add(name, [2], {}, [2, 3, 4, 5])
    add(name, [2], {}, [3, 4, 5])
    add(name, [3], {"stride": 2, "padding": 1}, [1, 2, 5, 6])
    add(name, [[3, 2]], {"stride": [2, 1], "padding": [1, 0]}, [1, 2, 5, 4])
    add(name, [3], {"stride": 2, "ceilMode": True}, [1, 2, 6, 6])
    add(name, [2], {"stride": 3, "padding": 1, "ceilMode": True}, [1, 1, 5, 6])
    add(name, [2], {"padding": 2}, [1, 1, 4, 4])
    add(name, [5], {}, [1, 1, 4, 4])
    add(name, [2], {}, [4, 4])
add("MaxPool2d", [2], {"dilation": 2, "stride": 1}, [1, 2, 4, 5])
add("MaxPool2d", [[2, 3]], {"dilation": [1, 2], "stride": 2, "padding": [1, 1], "ceilMode": True}, [1, 1, 5, 7])
add("AvgPool2d", [3], {"stride": 2, "padding": 1, "countIncludePad": False}, [1, 2, 5, 6])
add("AvgPool2d", [3], {"stride": 2, "padding": 1, "countIncludePad": False, "ceilMode": True}, [1, 1, 6, 6])
add("AvgPool2d", [2], {"divisorOverride": 3}, [1, 1, 4, 4])

STARTS = [
    ("Linear", [30, 20], {}),
    ("Linear", [3, 4], {"bias": False}),
    ("Conv1d", [4, 6, 3], {"groups": 2}),
    ("Conv2d", [3, 8, 3], {}),
    ("Conv2d", [4, 8, [3, 1]], {"groups": 4, "paddingMode": "circular", "padding": 1}),
    ("ConvTranspose2d", [4, 6, 3], {"groups": 2}),
    ("ConvTranspose2d", [3, 5, 2], {"bias": False}),
    ("Embedding", [10, 7], {}),
    ("Embedding", [10, 3], {"paddingIdx": 2}),
    ("BatchNorm1d", [5], {}),
    ("BatchNorm2d", [5], {"affine": False}),
    ("LayerNorm", [[2, 3]], {}),
    ("Linear", [5, 5], {"dtype": "float64"}),
]


def start(name, args, options):
    dtype = getattr(torch, options.get("dtype", "float32"))
    module = make(name, args, {k: v for k, v in options.items() if k != "dtype"}, dtype=dtype)
    raw = b"".join(map(raw_bytes, module.parameters()))
    return {
        "name": name,
        "args": args,
        "options": options,
        "sha256": hashlib.sha256(raw).hexdigest()[:32],
        "first": [p.detach().flatten()[:3].tolist() for p in module.parameters()],
    }


def outcome(case):
    try:
        return case | run(case)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
        return case | {"error": True}


cases = [outcome(case) for case in CASES]
torch.manual_seed(2024)
starts = [start(*row) for row in STARTS]
write(__file__, {"cases": cases, "seed": 2024, "starts": starts})
