"""Says what Python reads in the files that exchange.long.ts has written into a folder: as JSON, on the standard output.

    python test/checkpoint/exchange.py FOLDER
"""

import ctypes
import json
import sys
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn

folder = Path(sys.argv[1])


def told(t):
    t = t.detach().contiguous()
    bits = ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()).hex() if t.numel() else ""
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "bits": bits}


def told_array(a):
    return {"dtype": a.dtype.name, "shape": list(a.shape), "bits": np.ascontiguousarray(a).tobytes().hex()}


result = {"versions": {"torch": torch.__version__, "safetensors": safetensors.__version__, "numpy": np.__version__}}
for path in sorted(folder.glob("*.safetensors")):
    loaded = safetensors.torch.load_file(path)
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
        for name in file.keys():
            assert torch.equal(file.get_tensor(name), loaded[name]) or loaded[name].isnan().any(), name
            if loaded[name].dim() > 0:
                assert told(file.get_slice(name)[1:])["bits"] == told(loaded[name][1:])["bits"], name
    assert {name: told(t) for name, t in safetensors.torch.load(path.read_bytes()).items()} == {name: told(t) for name, t in loaded.items()}
    result[path.name] = {"metadata": metadata, "tensors": {name: told(t) for name, t in loaded.items()}}

result["numpy"] = {name: told_array(a) for name, a in safetensors.numpy.load_file(folder / "numpy_only.safetensors").items()}
for path in sorted(folder.glob("*.npy")):
    result[path.name] = told_array(np.load(path, allow_pickle=False))
for path in sorted(folder.glob("*.npz")):
    with np.load(path, allow_pickle=False) as members:
        result[path.name] = {name: told_array(members[name]) for name in members.files}

# A module of torch takes a module's state, and computes the same.
net = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3))
print(net.load_state_dict(safetensors.torch.load_file(folder / "net.safetensors"), strict=True), file=sys.stderr)
io = safetensors.torch.load_file(folder / "io.safetensors")
with torch.no_grad():
    result["difference"] = (net.eval()(io["input"]) - io["output"]).abs().max().item()


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.wte.weight


# load_model takes files with one name of what is tied, load_state_dict those with all names.
once, copy = Tied(), Tied()
safetensors.torch.load_model(once, folder / "tied_once.safetensors")
copy.load_state_dict(safetensors.torch.load_file(folder / "tied_copy.safetensors"), strict=True)
result["tied_once"], result["tied_copy"] = told(once.head.weight), told(copy.wte.weight)

# Several files, through huggingface_hub, and a model of transformers through from_pretrained.
import huggingface_hub

sharded = nn.Module()
for name, t in safetensors.torch.load_file(folder / "parts.safetensors").items():
    sharded.register_buffer(name, torch.zeros_like(t))
missing = huggingface_hub.load_torch_model(sharded, folder / "sharded", strict=True)
result["sharded"] = {"report": str(missing), "tensors": {name: told(t) for name, t in sharded.named_buffers()}}

try:
    import transformers
except ImportError:
    result["transformers"] = None
else:
    model, report = transformers.AutoModelForCausalLM.from_pretrained(folder / "gpt2", output_loading_info=True, dtype="auto")
    result["transformers"] = {
        "missing": sorted(report["missing_keys"]),
        "unexpected": sorted(report["unexpected_keys"]),
        "mismatched": sorted(map(str, report["mismatched_keys"])),
        "tied": model.lm_head.weight.data_ptr() == model.transformer.wte.weight.data_ptr(),
        "tensors": {name: told(t) for name, t in model.named_parameters()},
    }
    model, report = transformers.AutoModelForCausalLM.from_pretrained(folder / "drawn", output_loading_info=True, dtype="auto")
    result["drawn"] = {
        "missing": sorted(report["missing_keys"]),
        "unexpected": sorted(report["unexpected_keys"]),
        "mismatched": sorted(map(str, report["mismatched_keys"])),
        "statistics": {
            name: {
                "dtype": str(t.dtype).removeprefix("torch."),
                "shape": list(t.shape),
                "mean": t.double().mean().item(),
                "std": t.double().std(correction=0).item(),
            }
            for name, t in model.named_parameters()
        },
    }

print(json.dumps(result))
