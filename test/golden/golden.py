"""What the scripts of this folder share: the torch they are for, tensors as bytes and as JSON, and how a file is written."""

import base64
import ctypes
import json
import math
from pathlib import Path

import torch

assert torch.__version__.startswith("2.15."), f"needs torch 2.15, not {torch.__version__}"


def number(x):
    """A float as JSON: names for what JSON cannot say."""
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return x


def raw_bytes(t):
    """The elements in row-major order, little-endian."""
    t = t.detach().contiguous()
    return ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()) if t.numel() else b""


def base64_of(t):
    return base64.b64encode(raw_bytes(t)).decode()


def save(script, text):
    """Writes the JSON file of a script's name."""
    path = Path(script).with_suffix(".json")
    path.write_text(text)
    print(f"{path}: {path.stat().st_size} bytes")


def write(script, parts):
    """Saves torch's version and `parts`, a line for each element of a list."""
    compact = lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)
    lines = [
        f" {json.dumps(key)}: "
        + ("[\n  " + ",\n  ".join(map(compact, part)) + "\n ]" if isinstance(part, list) else compact(part))
        for key, part in {"torch": torch.__version__, **parts}.items()
    ]
    save(script, "{\n" + ",\n".join(lines) + "\n}\n")
