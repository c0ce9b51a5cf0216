"""What a move takes RDS's description of a database for."""

from __future__ import annotations

import pytest
from tenantnet.runner.databases import _instance


@pytest.mark.parametrize(
    ("status", "parameters", "in_force"),
    [
        ("available", "in-sync", True),
        ("available", "applying", False),
        ("modifying", "in-sync", True),
        # A static one waits, for ever if nobody reboots; nothing else is being applied.
        ("available", "pending-reboot", True),
        ("backing-up", "pending-reboot", True),
        ("modifying", "pending-reboot", False),
        ("available", "failed-to-apply", False),
    ],
)
def test_parameters_are_in_force_unless_rds_is_at_work_on_them(
    status: str, parameters: str, in_force: bool
) -> None:
    described = {
        "DBInstanceStatus": status,
        "DBParameterGroups": [{"DBParameterGroupName": "acme-blue", "ParameterApplyStatus": parameters}],
        "DeletionProtection": True,
    }
    assert _instance(described, read_only=True).parameters_in_force is in_force
