"""Carries out a move: the only code that changes databases outside of an update."""
