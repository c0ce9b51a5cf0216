"""How much of what AWS was recorded to answer holds in the local cloud: `python -m tools.fidelity`."""
