"""Which modules come first, where several workers share them: one that begins a long one last ends alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# The longest at the top. The moves of scripts/test full take the processor, and what else takes minutes waits
# for RDS: they take turns here, so that few moves run at once.
LONGEST = (
    "end_to_end/test_migration_kills_everywhere_live.py",
    "end_to_end/test_one_tenant.py",
    "end_to_end/test_migration_kills_replica.py",
    "end_to_end/test_transcript.py",
    "end_to_end/test_migration_failures.py",
    "end_to_end/test_isolation.py",
    "end_to_end/test_migration_kills_live.py",
    "end_to_end/test_review.py",
    "end_to_end/test_migration.py",
    "end_to_end/test_fleet.py",
    "end_to_end/test_offices_move.py",
    "end_to_end/test_claims_lost.py",
    "end_to_end/test_live_move.py",
    "end_to_end/test_vpn_strongswan.py",
    "end_to_end/test_former_tenant.py",
    "end_to_end/test_policies.py",
    "end_to_end/test_migration_schedule.py",
    "end_to_end/test_init.py",
    "end_to_end/test_migration_kills_snapshot.py",
    "end_to_end/test_claims_shared.py",
    "end_to_end/test_migration_build_dies.py",
    "end_to_end/test_tunnel.py",
    "end_to_end/test_live_phases.py",
    "end_to_end/test_fleet_proofs.py",
    "end_to_end/test_fleet_machines.py",
    "local_cloud/test_databases_real.py",
    "local_cloud/test_move_runner.py",
    "local_cloud/test_database_states.py",
    "local_cloud/test_migrate_commands.py",
    "local_cloud/test_drift_pages.py",
    "local_cloud/test_console.py",
    "local_cloud/test_first_day.py",
    "local_cloud/test_doctor.py",
)
_PLACES: Mapping[Path, int] = {TESTS / name: place for place, name in enumerate(LONGEST)}


def longest_first(items: list[pytest.Item]) -> None:
    """Sort them by module: those of LONGEST, then by how many tests there are. A module's own order stays."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (_PLACES.get(item.path, len(LONGEST)), -tests[item.path], str(item.path)))
