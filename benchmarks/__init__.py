"""Measures previews, fleets, moves and claims; `python -m benchmarks` writes docs/benchmarks.md."""

import os

# What is measured keeps its bytecode, as it does for users.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
