"""The cut of a live move: a few statements on sessions that stand, and nothing of AWS between them."""
