"""Writes the suite: what torch answers to some thousand calls, one JSON file for each part.

Run it with any Python that has torch 2.15 (nothing else is needed); the output is the same every time:

    python test/golden/suite/make.py

A case is a call: `op` in torch's spelling, its tensors, `args` and `kw`, and `out` (dtype, shape, the elements' bytes in
base64), or `error` where torch refuses; only that it refuses is compared, not its text. A tensor is [dtype, shape, kind, seed,
steps]: data of a kind by rule (`data` in common.py), then views of it. Elements must be equal, or at most `ulps` units in the last place
apart, taken of the larger of the expected value and `of`. gradients.py and programs.py say what theirs hold.
"""

import creation
import decompositions
import elementwise
import gradients
import matrix
import programs
import reductions

parts = [elementwise, reductions, matrix, decompositions, creation, gradients, programs]
print(f"{sum(part.make() for part in parts)} cases")
