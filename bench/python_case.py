"""Cases in PyTorch or NumPy: `python_case.py torch|numpy`; one line of JSON on standard input each, {"setup", "step", "threads"}.

Every case runs in a process of its own, forked after the import, which takes seconds. It answers as evenkeel_case.mjs
does: {} when it is warm, then {"ms", "best"} for each line that holds a number of seconds, until a line that says "end".
An exception or a crash is answered by {"error"}, and ends the case.
"""

import json
import os
import statistics
import sys
import textwrap
import time

BATCH_MS = 2
WARM_UP_MS = 100
PATIENCE = 10  # three calls are wanted, but not if they take longer than this many times the time that was given


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


def import_torch():
    import torch

    cpu = torch.backends.cpu.get_cpu_capability()
    return {"torch": torch}, torch.set_num_threads, {"version": torch.__version__, "cpu": cpu}


def import_numpy():
    import numpy

    # NumPy has no say in its BLAS's threads. OpenBLAS reads the variable once: one server for each count.
    return {"np": numpy}, lambda threads: None, {"version": numpy.__version__}


def compile_case(names, setup, step):
    """A function of no arguments that runs `step` on the variables that `setup` makes."""
    code = "def make():\n" + textwrap.indent(setup or "pass", "  ")
    code += "\n  def step():\n" + textwrap.indent(step, "    ") + "\n  return step\n"
    scope = dict(names)
    exec(code, scope)
    return scope["make"]()


def warm_up(step):
    start, calls = now(), 0
    elapsed = 0
    while elapsed < WARM_UP_MS or (calls < 3 and elapsed < PATIENCE * WARM_UP_MS):
        step()
        calls += 1
        elapsed = now() - start
    last = max(1, calls // 2)
    start = now()
    for _ in range(last):
        step()
    each = (now() - start) / last
    return int(BATCH_MS / each) + 1 if each < BATCH_MS else 1


def run_round(step, batch, seconds):
    samples, begin, elapsed = [], now(), 0
    while elapsed < seconds or (len(samples) < 3 and elapsed < PATIENCE * seconds):
        start = now()
        for _ in range(batch):
            step()
        end = now()
        samples.append((end - start) / batch)
        elapsed = (end - begin) / 1e3
    return statistics.median(samples), min(samples)


def serve(case, names, set_threads):
    try:
        set_threads(case["threads"])
        step = compile_case(names, case["setup"], case["step"])
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
    names, set_threads, description = {"torch": import_torch, "numpy": import_numpy}[sys.argv[1]]()
    answer(**description)
    while True:
        line = read_line()
        if line is None:
            return
        case = json.loads(line)
        if not hasattr(os, "fork"):  # Windows: all cases share a process
            serve(case, names, set_threads)
            continue
        child = os.fork()
        if child == 0:
            serve(case, names, set_threads)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            answer(error=f"died with status {status}")


if __name__ == "__main__":
    main()
