"""Names that are given to AWS and read there again."""

from __future__ import annotations

import pytest
from tenantnet.tags import (
    Slot,
    final_snapshot_name,
    move_of_snapshot,
    move_snapshot_name,
    seed_snapshot_name,
)


@pytest.mark.parametrize("tenant", ["acme", "acme-2", "a"])
def test_a_snapshots_name_says_of_which_move_it_is(tenant: str) -> None:
    names = [
        final_snapshot_name(tenant, Slot.BLUE, "10.1.2.0/26", 12),
        final_snapshot_name(tenant, Slot.GREEN, "10.1.2.64/26", 12),
        move_snapshot_name(tenant, 12),
        seed_snapshot_name(tenant, 12),
    ]
    assert [move_of_snapshot(tenant, name) for name in names] == [12, 12, 12, 12]


@pytest.mark.parametrize(
    "name",
    [
        "acme-before-release-2026",
        "acme-blue-2026",
        "acme-blue-10-1-2-0-final-",
        "acme-blue-10-1-2-0-final-1-copy",
        "other-move-3",
        "acme-move-three",
        "rds:acme-blue-2026-11-29-01-02",
    ],
)
def test_a_snapshot_of_other_peoples_making_is_of_no_move(name: str) -> None:
    assert move_of_snapshot("acme", name) == 0
