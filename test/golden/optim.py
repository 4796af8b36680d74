"""Writes optim.json: what 20 steps of torch's optimisers make of three parameters.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/optim.py

Parameters follow the rule of ops.py: element i is ((i * 7919) % 1000 - 500) / 64. At step t (from 1), element i of the
gradient of parameter p is ((i * 7919 + p * 31 + t * 104729) % 1000 - 500) / 250; the last parameter has a gradient only
at even steps. Parameters 1 and 2 are a group of their own where a case has `group`. Options have evenkeel's names.
"""

import math

import torch

from golden import write

torch.set_num_threads(1)

SHAPES = [[3, 4], [5], []]
STEPS = 20
KEPT = [1, 2, STEPS]


def filled(shape, value):
    values = [value(i) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def numbers(t):
    return [float(f"{x:.15g}") for x in t.flatten().tolist()]


def torch_options(options):
    return {{"weightDecay": "weight_decay"}.get(name, name): value for name, value in options.items()}


CASES = [
    ("SGD", {}, None),
    ("SGD", {"lr": 0.1}, None),
    ("SGD", {"lr": 0.05, "momentum": 0.9}, None),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weightDecay": 0.01}, None),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True}, None),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weightDecay": 0.1, "maximize": True}, None),
    ("SGD", {"lr": 0.2, "weightDecay": 0.1, "maximize": True}, None),
    ("SGD", {"lr": 0.1, "momentum": 0.5}, {"lr": 0.01, "weightDecay": 0.2}),
    ("Adam", {}, None),
    ("Adam", {"lr": 0.1, "betas": [0.8, 0.99], "eps": 1e-3}, None),
    ("Adam", {"lr": 0.1, "betas": [0.0, 0.5]}, None),
    ("Adam", {"lr": 0.1, "weightDecay": 0.1}, None),
    ("Adam", {"lr": 0.1, "amsgrad": True, "betas": [0.9, 0.6]}, None),
    ("Adam", {"lr": 0.1, "maximize": True, "weightDecay": 0.05}, {"lr": 0.01, "weightDecay": 0}),
    ("AdamW", {}, None),
    ("AdamW", {"lr": 0.1, "weightDecay": 0.2}, None),
    ("AdamW", {"lr": 0.1, "weightDecay": 0.2, "amsgrad": True, "maximize": True}, None),
]

cases = []
for name, options, group in CASES:
    params = [torch.nn.Parameter(filled(shape, lambda i: ((i * 7919) % 1000 - 500) / 64)) for shape in SHAPES]
    groups = params if group is None else [{"params": params[:1]}, {"params": params[1:], **torch_options(group)}]
    optimizer = getattr(torch.optim, name)(groups, **torch_options(options))
    steps = {}
    for t in range(1, STEPS + 1):
        optimizer.zero_grad()
        for p, param in enumerate(params):
            if p == len(params) - 1 and t % 2 == 1:
                continue
            param.grad = filled(param.shape, lambda i: ((i * 7919 + p * 31 + t * 104729) % 1000 - 500) / 250)
        optimizer.step()
        if t in KEPT:
            steps[t] = [numbers(param) for param in params]
    state = {
        index: {key: numbers(value) if value.dim() or key != "step" else value.item() for key, value in entry.items()}
        for index, entry in optimizer.state_dict()["state"].items()
    }
    cases.append({"name": name, "options": options, **({} if group is None else {"group": group}), "steps": steps, "state": state})

write(__file__, {"shapes": SHAPES, "cases": cases})
