"""Runs PyTorch's own tests of torch.nn.init against evenkeel: its functions are replaced by calls to ours over a pipe.

    npm run setup
    python scripts/torch-tests/run.py PATH/TO/pytorch/test/nn/test_init.py

PATH is from PyTorch's repository, or from Debian's source package of pytorch (`apt-get source pytorch`); none of it is kept
here. Needs a python with torch, numpy, scipy and expecttest. Tensors cross as bytes, both ways; random numbers come from mt19937
generators on our side, one for each of torch's, seeded alike. test_deprecation is left out: it tests names that torch
itself has dropped.
"""

import json
import os
import struct
import subprocess
import sys
import unittest
import warnings

os.environ["PYTORCH_TEST_WITH_SLOW"] = "1"

import numpy as np
import torch
import torch.nn.init as init

FUNCTIONS = [
    "calculate_gain", "uniform_", "normal_", "trunc_normal_", "constant_", "ones_", "zeros_", "eye_", "dirac_",
    "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_", "sparse_",
]
DTYPES = {torch.float32: "float32", torch.float64: "float64"}


class Server:
    """The Node process: one JSON line each way, with the bytes of the tensor after it."""

    def __init__(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.mjs")
        self.process = subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.calls = 0

    def call(self, name, args, kwargs):
        self.calls += 1
        tensor = args[0] if args and isinstance(args[0], torch.Tensor) else None
        request = {"name": name, "args": list(args), "kwargs": dict(kwargs)}
        payload = b""
        if tensor is not None:
            data = tensor.detach().contiguous().numpy()
            payload = data.tobytes()
            request["args"] = request["args"][1:]
            request["tensor"] = {"shape": list(tensor.shape), "dtype": DTYPES[tensor.dtype]}
        generator = request["kwargs"].pop("generator", None)
        source = torch.default_generator if generator is None else generator
        request["generator"] = {"id": id(source), "seed": str(source.initial_seed())}
        head = json.dumps(request).encode()
        self.process.stdin.write(struct.pack("<II", len(head), len(payload)) + head + payload)
        self.process.stdin.flush()
        head_size, payload_size = struct.unpack("<II", self.process.stdout.read(8))
        answer = json.loads(self.process.stdout.read(head_size))
        payload = self.process.stdout.read(payload_size)
        for message in answer["warnings"]:
            warnings.warn(message, UserWarning, stacklevel=3)
        if "error" in answer:
            # Only what we refuse on purpose is what torch raises; anything else must fail the test.
            raise (ValueError if (answer["code"] or "").startswith("ERR_") else RuntimeError)(answer["error"])
        if tensor is None:
            return answer["value"]
        with torch.no_grad():
            values = np.frombuffer(payload, dtype=answer["dtype"]).reshape(tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(values.copy()))
        return tensor


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    server = Server()
    for name in FUNCTIONS:
        setattr(init, name, lambda *args, _name=name, **kwargs: server.call(_name, args, kwargs))
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
    module = __import__(os.path.splitext(os.path.basename(sys.argv[1]))[0])
    tests = unittest.TestLoader().loadTestsFromTestCase(module.TestNNInit)
    kept = unittest.TestSuite(test for test in tests if not test.id().endswith("test_deprecation"))
    result = unittest.TextTestRunner(verbosity=2).run(kept)
    print(f"{server.calls} calls to evenkeel")
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
