"""A tenant's claims that somebody deleted by hand, so that Pulumi's state alone has them, or that change."""

from __future__ import annotations

import copy
import re
import subprocess
from dataclasses import replace

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind

from tests.end_to_end.conftest import ACME
from tests.support.claims import WritableClaims
from tests.support.clone import CLONE
from tests.support.project import Project

CIDR = "10.1.2.0/26"
PACK = ("--stack", "acme", "--policy-pack", str(CLONE / "policies"))


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
    # The state has all that the settings say, so only the row is missing.
    done = subprocess.run(
        ["tenantnet", "up", "acme", "--yes"],
        cwd=acme.folder,
        env=acme.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
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


def test_a_row_that_was_changed_and_put_back_is_not_deleted_as_the_one_of_the_state(
    acme: Project, aws: boto3.Session, table: WritableClaims
) -> None:
    held = table.holder_of(CIDR)
    assert isinstance(held, Claim)
    refresh = ("refresh", "--yes", "--skip-preview", "--stack", "acme")
    aws.client("dynamodb").put_item(TableName=table.name, Item=replace(held, slot="green").item())
    acme.pulumi(*refresh).check()
    aws.client("dynamodb").put_item(TableName=table.name, Item=held.item())
    run = acme.pulumi("preview", *PACK)
    assert run.code != 0
    assert "in the state acme-blue is the row {" in run.text
    acme.pulumi(*refresh).check()
    acme.pulumi("preview", "--expect-no-changes", *PACK).check()
    assert table.holder_of(CIDR) == held


def test_the_claim_of_a_former_range_goes_after_what_was_in_it(acme: Project, table: WritableClaims) -> None:
    settings = copy.deepcopy(ACME)
    settings["networks"] = {"blue": {"cidr": CIDR}, "green": {"cidr": "10.1.3.0/26"}}
    acme.write_tenant("acme", settings)
    acme.up("acme").check()
    settings["networks"]["green"]["cidr"], settings["sessionSubnet"] = "10.1.4.0/26", "172.17.6.0/24"
    acme.write_tenant("acme", settings)
    acme.pulumi("preview", *PACK).check()
    said = acme.pulumi("up", "--yes", "--skip-preview", *PACK).check().text
    assert {row.cidr for row in table.all()} == {CIDR, "10.1.4.0/26", "172.17.6.0/24"}
    deleted = re.findall(r"aws:(?:ec2|dynamodb):(\w+) (acme-green|acme-session) deleted", said)
    order = [each for each in dict.fromkeys(deleted) if each[0] in ("Vpc", "Subnet", "TableItem")]
    for place in (("Vpc", "acme-green"), ("Subnet", "acme-session")):
        assert order.index(place) < order.index(("TableItem", place[1])), said
    acme.pulumi("preview", "--expect-no-changes", *PACK).check()
