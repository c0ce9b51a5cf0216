"""Carries a move out: the only code that changes databases outside of an update."""
