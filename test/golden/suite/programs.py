"""What autograd does, as small programs that both libraries run: views and changes in place, versions, hooks, leaves.

A program is lines of `name = call($tensor, 1, [2], {"option": 3})`; lines indented under `no_grad:` record nothing. Its outcome
is which lines raised an error, what the hooks saw, and for every variable its elements, its gradient, whether it requires one,
and what made it. A program ends at a backward that raises: which gradients were reached before is nobody's
business. `table` below is written by hand, `drawn` at random.
"""

import contextlib
import json
import math
import random
import re
from pathlib import Path

import torch

from common import CALLS, ERRORS
from table import TABLE

SPECIAL = {
    "leaf": lambda values: torch.tensor(values, dtype=torch.float64, requires_grad=True),
    "const": lambda values: torch.tensor(values, dtype=torch.float64),
    "data": lambda t: t.data,
    "grad": lambda t: t.grad,
    "backward": lambda t, gradient=None, options={}: t.backward(gradient, **options),
    "cat": lambda ts, dim=0: torch.cat(ts, dim),
    "stack": lambda ts, dim=0: torch.stack(ts, dim),
    "remove": lambda handle: handle.remove(),
}
CALL = re.compile(r"^( *)(?:(\w+) = )?(\w+)\((.*)\)$")


def plain(t):
    return [list(t.shape), [float(f"{x:.13g}") if math.isfinite(x) else str(x) for x in t.detach().reshape(-1).tolist()]]


class Machine:
    """Runs lines one by one."""

    def __init__(self):
        self.variables = {}
        self.errors = []
        self.log = []
        self.lines = []
        self.ended = False

    def argument(self, value):
        if isinstance(value, list):
            return [self.argument(v) for v in value]
        return self.variables[value[1:]] if isinstance(value, str) and value.startswith("$") else value

    def hook(self, t, tag, factor=None):
        def see(grad):
            self.log.append([tag, plain(grad)])
            return None if factor is None else grad * factor

        return t.register_hook(see)

    def forget(self, t):
        t.grad = None

    def call(self, name, args):
        if name in ("hook", "forget"):
            return getattr(self, name)(*args)
        if name.endswith("_") and isinstance(args[0], torch.Tensor):
            # A view brings its history up to date when it is asked for it, and is taken for a leaf before that.
            with contextlib.suppress(*ERRORS):
                args[0].grad_fn  # noqa: B018
        function = SPECIAL.get(name) or CALLS.get(name) or getattr(torch.Tensor, name)
        if args and isinstance(args[-1], dict) and name != "backward":
            return function(*args[:-1], **args[-1])
        return function(*args)

    def run(self, line):
        """Whether the line did what it says. Nothing happens after a backward that failed."""
        self.lines.append(line)
        if line == "no_grad:":
            return True
        indent, target, name, text = CALL.match(line).groups()
        args = self.argument(json.loads("[" + re.sub(r"\$\w+", r'"\g<0>"', text) + "]"))
        try:
            with torch.set_grad_enabled(not indent):
                out = self.call(name, args)
        except ERRORS as error:
            if "Python" in str(error):
                raise
            if "input tensor and the written-to tensor" in str(error):
                # Which of them may share memory is torch's own limitation.
                self.lines.pop()
                return False
            self.errors.append(len(self.lines) - 1)
            self.ended = name == "backward"
            return False
        if target:
            self.variables[target] = out
        return True

    def outcome(self):
        case = {"lines": self.lines}
        if self.errors:
            case["errors"] = self.errors
        if self.log:
            case["log"] = self.log
        if self.ended:
            return case
        case["variables"] = {}
        for name, t in self.variables.items():
            if not isinstance(t, torch.Tensor):
                continue
            state = {"values": plain(t)}
            if t.requires_grad:
                state["requiresGrad"] = True
            try:
                node = t.grad_fn
            except ERRORS:
                state["node"] = "raises"
            else:
                if node is not None:
                    state["node"] = type(node).__name__
            if t.grad is not None:
                state["grad"] = plain(t.grad)
            case["variables"][name] = state
        return case


def program(text):
    machine = Machine()
    for line in text.strip("\n").splitlines():
        machine.run(line)
        if machine.ended:
            break
    return machine.outcome()


# Drawn at random -------------------------------------------------------------------------------------------------------

rng = random.Random(20262)


class Author:
    """Writes a program line by line, knowing what the last ones gave."""

    def __init__(self):
        self.machine = Machine()
        self.count = 0

    def tensors(self, shape=None):
        all = self.machine.variables.items()
        return [n for n, t in all if isinstance(t, torch.Tensor) and (shape is None or list(t.shape) == shape)]

    def shape(self, name):
        return list(self.machine.variables[name].shape)

    def assign(self, call, indent=""):
        self.count += 1
        return self.machine.run(f"{indent}v{self.count} = {call}")

    def values(self, shape):
        if not shape:
            return rng.randint(-6, 6) / 2
        return [self.values(shape[1:]) for _ in range(shape[0])]

    def make(self):
        kind = rng.choice(["leaf", "leaf", "leaf", "const"])
        self.assign(f"{kind}({json.dumps(self.values(rng.choice([[2], [3], [2, 2], [2, 3], []])))})")

    def view(self, name):
        shape = self.shape(name)
        options = [f"unsqueeze(${name}, 0)", f"detach(${name})", f"squeeze(${name})"]
        if self.machine.variables[name].is_contiguous():
            # Results of torch's may lie in memory as their operands do; ours are contiguous.
            options.append(f"view(${name}, [-1])")
        if shape:
            d = rng.randrange(len(shape))
            options += [f"select(${name}, {d}, {rng.randrange(shape[d])})"] * 3 + [f"t(${name})"] * (len(shape) <= 2)
            options += [f"narrow(${name}, {d}, {rng.randrange(shape[d])}, 1)", f"slice(${name}, {d}, 0, {shape[d]}, 2)"]
            options += [f"transpose(${name}, 0, -1)", f"expand(${name}, {[2, *shape]})"]
        return rng.choice(options)

    def operand(self, shape, without=()):
        fitting = [n for n in self.tensors() if broadcasts(self.shape(n), shape) and n not in without]
        return f"${rng.choice(fitting)}" if fitting and rng.random() < 0.7 else str(rng.choice([2, -1, 0.5, 3]))

    def compute(self, name):
        other = self.operand(self.shape(name))
        return rng.choice([f"{op}(${name}, {other})" for op in ("mul", "mul", "add", "sub")] + [f"{op}(${name})" for op in ("neg", "exp", "tanh", "clone", "sum")])

    def change(self, name):
        t = self.machine.variables[name]
        if any(stride == 0 and size > 1 for stride, size in zip(t.stride(), t.shape)):
            # Refused, but for fills, whose gradients torch then stumbles over.
            return f"neg_(${name})"
        # What torch leaves in elements that are read after they were written is nobody's business.
        shared = [n for n in self.tensors() if n != name and storage(self.machine.variables[n]) == storage(t)]
        other = self.operand(self.shape(name), shared)
        options = [f"{op}(${name}, {other})" for op in ("mul_", "add_", "sub_")] + [f"{op}(${name})" for op in ("neg_", "zero_", "tanh_")]
        if other.startswith("$"):
            options += [f"copy_(${name}, {other})"] * 2
        else:
            options.append(f"fill_(${name}, {other})")
        return rng.choice(options)

    def other(self, name):
        options = [f"retain_grad(${name})", f"requires_grad_(${name})", f"requires_grad_(${name}, false)", f"hook(${name}, \"{name}\")"]
        return rng.choice([*options, f'hook(${name}, "{name}", 2)', f"data(${name})"])

    def step(self):
        names = self.tensors()
        if len(names) < 2:
            return self.make()
        name = rng.choice(names[-5:])
        kind = rng.choices(["make", "view", "compute", "change", "other", "quiet", "backward"], [1, 5, 6, 4, 1.5, 1, 1])[0]
        if kind == "make":
            self.make()
        elif kind in ("view", "compute"):
            self.assign(getattr(self, kind)(name))
        elif kind == "change":
            self.machine.run(self.change(name))
        elif kind == "other":
            call = self.other(name)
            self.assign(call) if call.startswith("data") else self.machine.run(call)
        elif kind == "quiet":
            self.machine.run("no_grad:")
            self.machine.run(f"  {self.change(name)}") if rng.random() < 0.6 else self.assign(self.view(name), "  ")
        else:
            self.backward(name, ', null, {"retain_graph": true}' if rng.random() < 0.5 else "")

    def backward(self, name, rest=""):
        if self.shape(name):
            if not self.assign(f"sum(${name})"):
                return
            name = f"v{self.count}"
        self.machine.run(f"backward(${name}{rest})")

    def write(self):
        while self.machine.lines.__len__() < rng.randint(8, 18) and not self.machine.ended:
            self.step()
        if not self.machine.ended:
            alive = [n for n in self.tensors() if self.machine.variables[n].requires_grad]
            self.backward(alive[-1] if alive else self.tensors()[-1])
        return self.machine.outcome()


def storage(t):
    return t.untyped_storage().data_ptr()


def broadcasts(shape, target):
    return len(shape) <= len(target) and all(a in (1, b) for a, b in zip(shape[::-1], target[::-1]))


def make():
    cases = [{"name": name} | program(text) for name, text in TABLE.items()]
    cases += [{"name": f"drawn {i}"} | Author().write() for i in range(300)]
    path = Path(__file__).with_suffix(".json")
    rows = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
    path.write_text(f'{{"torch":"{torch.__version__.split("+")[0]}","programs":[\n{rows}\n]}}\n')
    raising = sum("errors" in c for c in cases)
    print(f"{path.name}: {len(cases)} programs, {raising} of them with errors, {path.stat().st_size} bytes")
    return len(cases)


if __name__ == "__main__":
    make()
