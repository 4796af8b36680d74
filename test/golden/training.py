"""Writes training.json: the first losses of the examples 05-spiral and 06-digits, trained by torch in the same way.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/training.py
"""

import gzip
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from golden import write

torch.set_num_threads(1)
STEPS = 3


def spiral():
    torch.manual_seed(0)
    arms, points = 3, 200
    noise = torch.randn(arms, points).tolist()
    positions, labels = [], []
    for arm in range(arms):
        for i in range(points):
            r = i / points
            t = 4 * arm + 4 * r + 0.2 * noise[arm][i]
            positions.append([r * math.sin(t), r * math.cos(t)])
            labels.append(arm)
    x, y = torch.tensor(positions), torch.tensor(labels)
    net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, arms))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    return train(net, optimizer, lambda step: (x, y))


def digits():
    torch.manual_seed(0)
    path = Path(__file__).parents[2] / "examples" / "data" / "digits.csv.gz"
    rows = torch.tensor([[int(cell) for cell in line.split(",")] for line in gzip.open(path, "rt")])
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.25), nn.Linear(128, 10),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    order = torch.randperm(len(rows))
    training = order[:1437]
    shuffled = torch.randperm(len(training))

    def batch(step):
        chosen = rows[training[shuffled[step * 64 : (step + 1) * 64]]]
        return chosen[:, :64].float().div(16).view(-1, 1, 8, 8), chosen[:, 64]

    return train(net, optimizer, batch)


def train(net, optimizer, batch):
    losses = []
    for step in range(STEPS):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


write(__file__, {"spiral": [{"losses": spiral()}], "digits": [{"losses": digits()}]})
