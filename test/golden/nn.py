"""Writes nn.json: what torch's linear and conv2d compute, how its modules print, what they hold and how they start.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/nn.py

Data follow the rule of ops.py: element i of a tensor is ((i * 7919) % 1000 - 500) / 64. A case that torch refuses has
`error`. `bounds` are the arguments of uniform_ with which a layer initialises its weight and its bias.
"""

import math
from collections import OrderedDict
from unittest import mock

import torch
import torch.nn.functional as F
from golden import write
from torch import nn

torch.set_num_threads(1)


def data(shape, dtype="float64"):
    values = [((i * 7919) % 1000 - 500) / 64 for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape).to(getattr(torch, dtype))


def values(t):
    return [float(f"{x:.12g}") for x in t.flatten().tolist()]


def run(case, function):
    try:
        result = function()
    except (RuntimeError, ValueError, TypeError, IndexError):
        return case | {"error": True}
    return case | {"result": list(result.shape), "values": values(result)}


CONV = [
    ([1, 1, 3, 3], [1, 1, 2, 2], {}),
    ([2, 3, 5, 6], [4, 3, 3, 2], {}),
    ([3, 5, 6], [4, 3, 3, 2], {}),
    ([2, 3, 5, 6], [4, 3, 3, 2], {"stride": 2}),
    ([2, 3, 5, 6], [4, 3, 3, 2], {"stride": [2, 3], "padding": [1, 2]}),
    ([1, 2, 6, 7], [2, 2, 2, 3], {"dilation": [3, 2]}),
    ([1, 2, 6, 7], [2, 2, 2, 3], {"dilation": 2, "padding": 3, "stride": [1, 2]}),
    ([1, 4, 4, 4], [6, 2, 3, 3], {"groups": 2}),
    ([2, 3, 4, 4], [6, 1, 2, 2], {"groups": 3, "padding": 1}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": "same"}),
    ([1, 2, 5, 5], [3, 2, 2, 4], {"padding": "same"}),
    ([1, 1, 5, 4], [1, 1, 4, 2], {"padding": "same", "dilation": [1, 3]}),
    ([1, 1, 5, 4], [1, 1, 2, 2], {"padding": "same", "dilation": 2}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": "valid"}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": "valid", "stride": 2}),
    ([0, 2, 5, 5], [3, 2, 3, 3], {}),
    ([1, 2, 2, 2], [1, 2, 3, 3], {"padding": 1}),
    ([1, 1, 1, 1], [1, 1, 1, 1], {"padding": 2}),
    # Refused.
    ([1, 2, 2, 2], [1, 2, 3, 3], {}),
    ([1, 3, 4, 4], [1, 2, 3, 3], {}),
    ([1, 4, 4, 4], [3, 2, 3, 3], {"groups": 2}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": "same", "stride": 2}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": "full"}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"padding": -1}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"stride": 0}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"dilation": 0}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"groups": 0}),
    ([1, 2, 5, 5], [3, 2, 3, 3], {"stride": [1, 2, 3]}),
    ([2, 5], [3, 2, 3, 3], {}),
    ([1, 1, 2, 5, 5], [3, 2, 3, 3], {}),
    ([1, 2, 5, 5], [3, 2, 3], {}),
]

convolutions = []
for x, w, options in CONV:
    for bias in (False, True):
        kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        case = {"x": x, "w": w, "options": options} | ({"bias": True} if bias else {})
        b = data([w[0]]) if bias else None
        convolutions.append(run(case, lambda: F.conv2d(data(x), data(w), b, **kwargs)))
convolutions.append(run({"x": [1, 2, 5, 5], "w": [3, 2, 3, 3], "options": {}, "biasShape": [2]}, lambda: F.conv2d(data([1, 2, 5, 5]), data([3, 2, 3, 3]), data([2]))))

linears = []
for x, w, b in [
    ([3], [2, 3], None), ([3], [2, 3], [2]), ([4, 3], [2, 3], [2]), ([2, 4, 3], [5, 3], [5]), ([2, 1, 2, 3], [1, 3], [1]),
    ([0, 3], [2, 3], [2]), ([4, 0], [2, 0], [2]), ([4, 3], [0, 3], [0]),
    ([4, 2], [2, 3], None), ([], [2, 3], None), ([4, 3], [2, 3], [3]), ([4, 3], [1, 2, 3], None),
]:
    case = {"x": x, "w": w} | ({} if b is None else {"b": b})
    linears.append(run(case, lambda: F.linear(data(x), data(w), None if b is None else data(b))))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.act = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding="same", bias=False)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2, 3))
        self.block = Block(4)
        self.body = nn.Sequential(nn.Conv2d(4, 8, (3, 1), stride=(2, 1), dilation=(1, 2), groups=2), Block(8), nn.Flatten())
        self.register_buffer("mean", torch.zeros(5))
        self.head = nn.Linear(10, 3, bias=False)
        self.shared = self.head


class Bare(nn.Module):
    pass


shared = nn.ReLU()

models = {
    "linear": nn.Linear(3, 4),
    "linear without bias": nn.Linear(30, 1, bias=False),
    "relu": nn.ReLU(),
    "flatten": nn.Flatten(),
    "flatten from 0 to -2": nn.Flatten(0, -2),
    "conv": nn.Conv2d(3, 8, 5),
    "conv with all": nn.Conv2d(4, 8, (5, 3), stride=(2, 1), padding=(1, 0), dilation=2, groups=4, bias=False),
    "conv same": nn.Conv2d(1, 1, 3, padding="same"),
    "conv valid": nn.Conv2d(1, 1, 3, padding="valid"),
    "empty": nn.Sequential(),
    "sequence": nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 1))),
    "net": Net(),
    "bare": Bare(),
    "named": nn.Sequential(OrderedDict([("fc", nn.Linear(2, 3)), ("act", nn.ReLU())])),
    "shared": nn.Sequential(shared, nn.Linear(2, 2), shared),
    "empty list": nn.ModuleList(),
    "list": nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]),
    "activations": nn.ModuleList([
        nn.ReLU(True), nn.LeakyReLU(), nn.LeakyReLU(0.2, True), nn.ELU(), nn.ELU(0.5, True), nn.SELU(), nn.SELU(True), nn.SiLU(True),
        nn.GELU(), nn.GELU("tanh"), nn.Softplus(), nn.Softplus(2.0, 5.0), nn.Softmax(1), nn.Softmax(), nn.LogSoftmax(-1), nn.Tanh(),
        nn.Sigmoid(), nn.Dropout(), nn.Dropout(0.1, True), nn.Dropout(1e-7), nn.Identity(),
    ]),
    "norms": nn.ModuleList([
        nn.BatchNorm1d(3), nn.BatchNorm2d(3, eps=1e-3, momentum=None, affine=False, track_running_stats=False), nn.BatchNorm2d(2, bias=False),
        nn.LayerNorm(3), nn.LayerNorm((3, 4), eps=1e-6, elementwise_affine=False), nn.LayerNorm(3, bias=False),
    ]),
    "convolutions": nn.Sequential(
        nn.Conv1d(3, 4, 3), nn.Conv1d(4, 4, 3, stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode="circular"),
        nn.Conv1d(2, 2, 3, padding="same"), nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), nn.ConvTranspose2d(1, 1, 2),
        nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False, dilation=2),
        nn.MaxPool2d(2), nn.MaxPool2d((2, 3), stride=(1, 2), padding=1, dilation=2, ceil_mode=True), nn.AvgPool2d(2),
        nn.AvgPool2d((2, 3), 2, 1, True, False, 5), nn.Embedding(3, 4), nn.Embedding(3, 4, padding_idx=-1),
    ),
    "losses": nn.ModuleList([
        nn.MSELoss(), nn.L1Loss(reduction="sum"), nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss(torch.ones(3)), nn.NLLLoss(),
        nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)),
    ]),
    "list of blocks": nn.Sequential(nn.ModuleList([Block(1), Block(1)]), nn.ReLU(), nn.ReLU()),
}


def started(make):
    calls = []
    original = torch.Tensor.uniform_
    with mock.patch.object(torch.Tensor, "uniform_", lambda self, a, b, **_: calls.append((a, b)) or original(self, a, b)):
        make()
    return calls


LAYERS = [
    ["Linear", [256, 10], {}], ["Linear", [1, 1], {}], ["Linear", [784, 512], {"bias": False}], ["Conv2d", [3, 64, 3], {}],
    ["Conv2d", [8, 16, [3, 5]], {"groups": 4}], ["Conv2d", [8, 8, 1], {"bias": False, "dilation": 2}],
]
golden = {
    "convolutions": convolutions,
    "linears": linears,
    "models": [
        [name, str(m), [[k, list(v.shape)] for k, v in m.state_dict().items()], [k for k, _ in m.named_parameters()], [k for k, _ in m.named_modules()]]
        for name, m in models.items()
    ],
    "bounds": [
        [name, args, options, started(lambda: getattr(nn, name)(*(tuple(a) if isinstance(a, list) else a for a in args), **options))]
        for name, args, options in LAYERS
    ],
}
write(__file__, golden)
