"""A tenant's claim that somebody deleted by hand: Pulumi's state has it, and the table has it no longer."""

from __future__ import annotations

import copy

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind

from tests.end_to_end.conftest import ACME
from tests.support.claims import WritableClaims
from tests.support.project import Project

CIDR = "10.1.2.0/26"


@pytest.fixture(scope="module")
def acme(cell: Project) -> Project:
    """Tenant acme, without its companies."""
    settings = copy.deepcopy(ACME)
    settings["networks"]["blue"]["vpnConnections"] = []
    cell.write_tenant("acme", settings)
    cell.up("acme").check()
    return cell


@pytest.fixture(scope="module")
def table(aws: boto3.Session) -> WritableClaims:
    """The cell's claims table."""
    return WritableClaims(aws.client("dynamodb"), "local")


def test_a_claim_that_was_deleted_by_hand_is_missed_by_a_preview_and_written_again_by_an_update(
    acme: Project, aws: boto3.Session, table: WritableClaims
) -> None:
    held = table.holder_of(CIDR)
    aws.client("dynamodb").delete_item(TableName=table.name, Key={"cidr": {"S": CIDR}})
    assert f"claim of {CIDR} (network blue) is gone" in acme.pulumi("preview", "--stack", "acme").check().text
    assert table.holder_of(CIDR) is None
    acme.up("acme").check()
    assert table.holder_of(CIDR) == held


def test_a_claim_that_was_deleted_and_taken_by_another_stack_stops_an_update(
    acme: Project, aws: boto3.Session, table: WritableClaims
) -> None:
    held = table.holder_of(CIDR)
    assert isinstance(held, Claim)
    aws.client("dynamodb").delete_item(TableName=table.name, Key={"cidr": {"S": CIDR}})
    thief = Claim(cidr=CIDR, tenant="thief", stack="thief", kind=ClaimKind.NETWORK, slot="blue")
    table.claim(thief)
    run = acme.up("acme")
    assert run.code != 0
    assert "tenant thief holds it" in run.text
    assert table.holder_of(CIDR) == thief
    table.delete(thief)
    table.claim(held)
