"""Measures previews, fleets, moves and claims; `python -m benchmarks` writes docs/benchmarks.md."""
