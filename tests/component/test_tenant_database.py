"""A tenant's database by itself, on the mock engine."""

from __future__ import annotations

from typing import Any

import pytest
from tenantnet.components.tenant_database import (
    PARAMETERS,
    FinalSnapshot,
    Fresh,
    MasterUser,
    Nothing,
    Restored,
    Seed,
    Source,
    TenantDatabase,
    TenantDatabaseArgs,
)
from tenantnet.tags import Owner, Slot

from tests.support.mock_engine import RecordingEngine, run_program

INSTANCE = "aws:rds/instance:Instance"


USER = MasterUser(username="acmeadmin", password="Correct-Horse-7")


GROUP = "aws:rds/parameterGroup:ParameterGroup"


def declared(**args: Any) -> RecordingEngine:
    def program() -> None:
        TenantDatabase(
            "acme-blue",
            TenantDatabaseArgs(
                owner=Owner(cell="local", tenant="acme", network=Slot.BLUE),
                subnet_ids=["subnet-1", "subnet-2"],
                security_group_id="sg-1",
                kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
                alarm_topic_arn="arn:aws:sns:eu-west-1:123456789012:alarms",
                **{"source": Fresh(USER), "on_delete": Nothing(), **args},
            ),
        )

    return run_program(program)


@pytest.mark.parametrize(
    ("source", "version"),
    [(Fresh(USER), "8.4"), (Restored("acme-move-1"), None), (Seed("acme-seed-1"), None)],
)
def test_a_restored_database_keeps_its_minor_version(source: Source, version: str | None) -> None:
    """ModifyDBInstance (EngineVersion): a major version alone means an upgrade to its default minor one."""
    assert declared(source=source).one(INSTANCE, "acme-blue").inputs.get("engineVersion") == version


@pytest.mark.parametrize(("args", "days"), [({}, 14), ({"backup_retention_days": 35}, 35)])
def test_backups_are_kept_as_long_as_is_asked(args: dict[str, Any], days: int) -> None:
    assert declared(**args).one(INSTANCE, "acme-blue").inputs["backupRetentionPeriod"] == days


def test_windows_are_declared_where_somebody_has_chosen_them() -> None:
    chosen = {"backup_window": "03:00-03:30", "maintenance_window": "sun:04:00-sun:04:30"}
    inputs = declared(**chosen).one(INSTANCE, "acme-blue").inputs
    assert (inputs["backupWindow"], inputs["maintenanceWindow"]) == tuple(chosen.values())
    assert not {"backupWindow", "maintenanceWindow"} & {*declared().one(INSTANCE, "acme-blue").inputs}


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        ({"storage_gb": 399}, (None, None)),
        ({"storage_gb": 400}, (12_000, 500)),
        ({"storage_gb": 400, "iops": 16_000}, (16_000, 500)),
        ({"storage_gb": 400, "iops": 16_000, "storage_throughput": 4_000}, (16_000, 4_000)),
    ],
)
def test_storage_is_asked_for_its_performance_from_400_gib_on(args: dict[str, int], asked: object) -> None:
    inputs = declared(**args).one(INSTANCE, "acme-blue").inputs
    assert (inputs.get("iops"), inputs.get("storageThroughput")) == asked


@pytest.mark.parametrize(
    ("on_delete", "deleted"), [(FinalSnapshot("acme-blue-final"), False), (Nothing(), True)]
)
def test_what_leaves_nothing_behind_leaves_no_backups_either(
    on_delete: FinalSnapshot | Nothing, deleted: bool
) -> None:
    """An account keeps 40 deleted databases' backups; DBInstanceAutomatedBackupQuotaExceeded ends a move."""
    instance = declared(on_delete=on_delete).one(INSTANCE, "acme-blue").inputs
    assert instance["deleteAutomatedBackups"] is deleted


def test_parameters_of_a_tenants_own_are_beside_those_of_every_database() -> None:
    own = {"max_allowed_packet": 67_108_864, "innodb_ft_min_token_size": 1}
    group = declared(parameters=own).one(GROUP, "acme-blue").inputs["parameters"]
    found = {each["name"]: each["value"] for each in group}
    assert found == {**PARAMETERS, "read_only": "{TrueIfReplica}", **{k: str(v) for k, v in own.items()}}
    late = [each["name"] for each in group if each.get("applyMethod") == "pending-reboot"]
    assert late == ["innodb_ft_min_token_size"], "RDS refuses to apply a static one at once"


def test_functions_can_be_made_though_their_changes_are_logged() -> None:
    """Error 1419 otherwise: it asks for a right that RDS gives nobody (datacharmer/test_db)."""
    group = declared().one(GROUP, "acme-blue").inputs["parameters"]
    assert ("log_bin_trust_function_creators", "1") in [(each["name"], each["value"]) for each in group]
