"""Cases in PyTorch, one line of JSON on standard input each: {"setup", "step", "threads"}.

Every case runs in a process of its own, forked after `import torch`, which takes seconds. It answers as evenkeel_case.mjs
does: {} when it is warm, then {"ms", "best"} for each line that holds a number of seconds, until a line that says "end".
An exception or a crash is answered by {"error"}, and ends the case.
"""

import json
import os
import statistics
import sys
import textwrap
import time

import torch

BATCH_MS = 2
WARM_UP_MS = 100


def read_line():
    """A line from standard input, unbuffered: a forked process must not read ahead of its parent, nor the other way."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return None
        line += byte
    return line.decode().strip()


def answer(**values):
    print(json.dumps(values), flush=True)


def now():
    return 1e3 * time.perf_counter()


def compile_case(setup, step):
    """A function of no arguments that runs `step` on the variables that `setup` makes."""
    code = "def make():\n" + textwrap.indent(setup or "pass", "  ")
    code += "\n  def step():\n" + textwrap.indent(step, "    ") + "\n  return step\n"
    scope = {"torch": torch}
    exec(code, scope)
    return scope["make"]()


def warm_up(step):
    start, calls = now(), 0
    while calls < 3 or now() - start < WARM_UP_MS:
        step()
        calls += 1
    start = now()
    for _ in range(calls // 2):
        step()
    each = (now() - start) / (calls // 2)
    return int(BATCH_MS / each) + 1 if each < BATCH_MS else 1


def run_round(step, batch, seconds):
    samples, end = [], now() + 1e3 * seconds
    while len(samples) < 3 or now() < end:
        start = now()
        for _ in range(batch):
            step()
        samples.append((now() - start) / batch)
    return statistics.median(samples), min(samples)


def serve(case):
    try:
        torch.set_num_threads(case["threads"])
        step = compile_case(case["setup"], case["step"])
        batch = warm_up(step)
        answer()
        while True:
            line = read_line()
            if line is None or line == "end":
                return
            median, best = run_round(step, batch, float(line))
            answer(ms=median, best=best)
    except Exception as error:  # the driver goes on with the next case
        answer(error=f"{type(error).__name__}: {error}")


def main():
    answer(version=torch.__version__, cpu=torch.backends.cpu.get_cpu_capability())
    while True:
        line = read_line()
        if line is None:
            return
        case = json.loads(line)
        if not hasattr(os, "fork"):  # Windows: all cases share a process
            serve(case)
            continue
        child = os.fork()
        if child == 0:
            serve(case)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            answer(error=f"died with status {status}")


if __name__ == "__main__":
    main()
