"""How many random examples a property is tried with: in scripts/test full the many."""

from __future__ import annotations

from hypothesis import settings

# `--hypothesis-profile`. An example that is slow on a busy machine is not wrong.
SHORT, FULL = "short", "full"
settings.register_profile(FULL, deadline=None)
settings.register_profile(SHORT, deadline=None, max_examples=20)


def examples(many: int) -> int:
    """`many` in scripts/test full, and a fifth of them otherwise."""
    return many if settings.get_current_profile_name() == FULL else many // 5
