"""Writes checkpoint/ and checkpoint.json: small files of safetensors, huggingface_hub and NumPy, and what is in them.

Run it with any Python that has torch 2.15, safetensors 0.8, huggingface_hub 2.4 and numpy 2.4; the output is the same every time, but for
the order of metadata in all.safetensors:

    python test/golden/checkpoint.py

For each file that tensors come from: dtype, shape and the elements' bytes (little-endian, row-major) in hexadecimal. `refused`
has the NumPy files whose elements no tensor of ours has.
"""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from golden import raw_bytes, save

folder = Path(__file__).with_suffix("")
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()


def pattern(dtype, shape):
    """Every byte is told apart from its neighbours."""
    count = int(np.prod(shape, dtype=np.int64))
    size = torch.empty(0, dtype=dtype).element_size()
    bytes_ = torch.tensor([(i * 37 + 11) % 256 for i in range(count * size)], dtype=torch.uint8)
    if dtype == torch.bool:
        bytes_ %= 2
    return bytes_.view(dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)


def told(tensor, dtype=None):
    return {"dtype": dtype or str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "bits": raw_bytes(tensor).hex()}


def told_array(array):
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return {"dtype": array.dtype.name, "shape": list(array.shape), "bits": little.tobytes().hex()}


def of(tensors):
    return {name: told(tensor) for name, tensor in tensors.items()}


ours = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]
others = ["int8", "int16", "uint16", "uint32", "uint64", "complex64", "float8_e4m3fn", "float8_e5m2"]
others += ["float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz", "float4_e2m1fn_x2"]
result = {"safetensors": {}, "npy": {}, "npz": {}, "refused": []}

# All dtypes, a scalar, tensors without elements, names of every kind, metadata.
tensors = {name: pattern(getattr(torch, name), (2, 3)) for name in ours + others}
tensors |= {"scalar": torch.tensor(1.5), "none": torch.empty(0, 4), "é.\n\"\\ 重み 😀": torch.arange(3), "": torch.ones(1), "__proto__": torch.zeros(2)}
metadata = {"format": "pt", "step": "12", "note": "ünïcode\t\"quoted\""}
safetensors.torch.save_file(tensors, folder / "all.safetensors", metadata)
result["safetensors"]["all.safetensors"] = {"metadata": metadata, "tensors": of(tensors)}

# What serializeSafetensors is to write, byte for byte; more than one key of metadata comes in any order.
plain = {name: pattern(getattr(torch, name), (3, 2)) for name in ours} | {"scalar": torch.tensor(2.5), "none": torch.empty(2, 0, dtype=torch.int32)}
safetensors.torch.save_file(plain, folder / "plain.safetensors", {"format": "pt"})
result["safetensors"]["plain.safetensors"] = {"metadata": {"format": "pt"}, "tensors": of(plain)}

arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4).T, "h": np.arange(4, dtype=np.float16), "b": np.array([True, False])}
safetensors.numpy.save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "numpy.safetensors")
result["safetensors"]["numpy.safetensors"] = {"metadata": {}, "tensors": {name: told_array(array) for name, array in arrays.items()}}


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = torch.nn.Embedding(5, 3)
        self.lm_head = torch.nn.Linear(3, 5, bias=False)
        self.lm_head.weight = self.wte.weight


tied = Tied()
with torch.no_grad():
    tied.wte.weight.copy_(torch.arange(15).reshape(5, 3) / 7)
safetensors.torch.save_model(tied, str(folder / "tied.safetensors"))
with safetensors.safe_open(folder / "tied.safetensors", "pt") as file:
    result["safetensors"]["tied.safetensors"] = {"metadata": file.metadata(), "tensors": {name: told(file.get_tensor(name)) for name in file.keys()}}

# Several files; the metadata given goes into the index, and each file has its own.
layers = {f"layers.{i}.{part}": pattern(torch.bfloat16, (4, 8)) + i for i in range(5) for part in ("weight", "norm")}
(folder / "sharded").mkdir()
huggingface_hub.save_torch_state_dict(layers, folder / "sharded", max_shard_size=200, metadata={"run": "7"})
result["safetensors"]["sharded"] = {"metadata": {"format": "pt"}, "tensors": of(layers)}


def npy(name, array, version=None):
    with open(folder / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version)
    result["npy"][f"{name}.npy"] = told_array(array)


for name in ours:
    if name != "bfloat16":
        npy(name, pattern(getattr(torch, name), (2, 3)).numpy())
npy("scalar", np.array(-1.25))
npy("vector", np.arange(7, dtype=np.int32))
npy("none", np.empty((3, 0, 2), np.float32))
npy("fortran", np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)))
npy("big", np.arange(6, dtype=">f8").reshape(2, 3) / 3)
npy("big_fortran", np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)))
npy("big_half", np.arange(6, dtype=">f2"))
npy("version2", np.arange(5, dtype=np.int64), (2, 0))
npy("version3", np.arange(5, dtype=np.float64), (3, 0))

odd = {"objects": np.array([{}], object), "int8": np.int8([1]), "uint16": np.uint16([1]), "uint64": np.uint64([1]), "complex": np.complex64([1])}
odd |= {"text": np.array(["ab"]), "bytes": np.array([b"ab"]), "record": np.zeros(2, [("x", "f4"), ("y", "i4")]), "time": np.array(["2026-01-01"], "M8[s]")}
for name, array in odd.items():
    np.save(folder / f"refused_{name}.npy", array)
    result["refused"].append(f"refused_{name}.npy")

members = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "fc/1.bias": np.arange(3.0), "é": np.array(True), "zeros": np.zeros(1000, np.int32)}
np.savez(folder / "stored.npz", **members)
np.savez_compressed(folder / "compressed.npz", **members)
np.savez(folder / "empty.npz")
for name in ("stored.npz", "compressed.npz"):
    result["npz"][name] = {member: told_array(array) for member, array in members.items()}
result["npz"]["empty.npz"] = {}

save(__file__, json.dumps(result, separators=(",", ":")).replace("},", "},\n") + "\n")
print(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()), "bytes of files")
