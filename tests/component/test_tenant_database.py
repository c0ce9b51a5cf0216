"""A tenant's database by itself, on the mock engine."""

from __future__ import annotations

import pytest
from tenantnet.components.tenant_database import (
    Fresh,
    MasterUser,
    Nothing,
    Restored,
    Source,
    TenantDatabase,
    TenantDatabaseArgs,
)
from tenantnet.tags import Owner, Slot

from tests.support.mock_engine import run_program

INSTANCE = "aws:rds/instance:Instance"


USER = MasterUser(username="acmeadmin", password="Correct-Horse-7")


@pytest.mark.parametrize(("source", "version"), [(Fresh(USER), "8.4"), (Restored("acme-move-1"), None)])
def test_a_restored_database_keeps_its_minor_version(source: Source, version: str | None) -> None:
    """ModifyDBInstance (EngineVersion): a major version alone means an upgrade to its default minor one."""

    def program() -> None:
        TenantDatabase(
            "acme-blue",
            TenantDatabaseArgs(
                owner=Owner(cell="local", tenant="acme", network=Slot.BLUE),
                subnet_ids=["subnet-1", "subnet-2"],
                security_group_id="sg-1",
                source=source,
                on_delete=Nothing(),
                kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
                alarm_topic_arn="arn:aws:sns:eu-west-1:123456789012:alarms",
            ),
        )

    assert run_program(program).one(INSTANCE, "acme-blue").inputs.get("engineVersion") == version
