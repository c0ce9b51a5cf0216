"""Cells of one project share their claims: a range has one holder in all of them."""

from __future__ import annotations

import copy
from typing import Any

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind

from tests.end_to_end.conftest import ACME
from tests.support.claims import WritableClaims
from tests.support.project import Project

CIDR = "10.1.2.0/26"


def tenant_of_east(**network: Any) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings |= {"platform": "platform-east", "sessionSubnet": "172.17.9.0/24"}
    settings["networks"]["blue"] = {"cidr": "10.1.9.0/26", **network}
    return settings


@pytest.fixture(scope="module")
def table(cell: Project, aws: boto3.Session) -> WritableClaims:
    """The first cell's claims table, in which tenant acme has a network."""
    table = WritableClaims(aws.client("dynamodb"), cell.outputs("platform-local")["cell"])
    table.claim(Claim(cidr=CIDR, tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue"))
    return table


@pytest.fixture(scope="module")
def east(cell: Project, table: WritableClaims) -> Project:
    """A second cell, whose settings say nothing of claims."""
    assert table.all()
    cell.write_platform("platform-east")
    cell.up("platform-east").check()
    return cell


def test_a_second_cell_uses_the_claims_table_of_the_first(east: Project) -> None:
    assert east.outputs("platform-east")["claimsTable"] == "tenantnet-local-claims"
    assert east.steps("platform-east") == []
    assert east.steps("platform-local") == []


def test_a_range_of_another_cells_tenant_is_refused_before_anything_is_declared(east: Project) -> None:
    east.write_tenant("dora", tenant_of_east(cidr=CIDR))
    run = east.up("dora")
    assert run.code != 0
    assert "tenant acme holds it for its network blue" in run.text
    assert "Nothing was created" in run.text


def test_a_company_range_over_another_cells_tenant_is_refused_by_the_pack(east: Project) -> None:
    connection = {
        "companyCidr": CIDR,
        "companyGatewayIp": "198.51.100.9",
        "description": "Office",
    }
    east.write_tenant("dora", tenant_of_east(vpnConnections=[connection]))
    run = east.pulumi("preview", "--stack", "dora", "--policy-pack", "policies")
    assert run.code != 0
    assert f"{CIDR} is tenant acme's network blue" in run.text


def test_a_tenant_of_the_second_cell_claims_in_the_shared_table_as_its_cells(
    east: Project, table: WritableClaims
) -> None:
    east.write_tenant("dora", tenant_of_east(vpnConnections=[]))
    east.pulumi("preview", "--stack", "dora", "--policy-pack", "policies").check()
    run = east.pulumi("up", "--yes", "--skip-preview", "--stack", "dora", "--target", "**RangeClaim**")
    assert run.code == 0, run.text
    row = table.holder_of("10.1.9.0/26")
    assert isinstance(row, Claim)
    assert (row.stack, row.cell) == ("dora", "east")


def test_a_platform_is_not_given_up_while_others_use_its_claims_table(east: Project) -> None:
    east.write_platform("platform-local", retiring=True)
    run = east.pulumi("preview", "--stack", "platform-local")
    east.write_platform("platform-local")
    assert run.code != 0
    assert "acme, dora, platform-east have claims in tenantnet-local-claims" in run.text


def test_a_platforms_tables_are_deleted_once_it_is_retiring_and_not_before(
    east: Project, aws: boto3.Session
) -> None:
    dynamodb = aws.client("dynamodb")
    for name in ("claims", "journal"):
        with pytest.raises(dynamodb.exceptions.ClientError, match="protected against deletion"):
            dynamodb.delete_table(TableName=f"tenantnet-east-{name}")
    assert "protected" in east.destroy("platform-east").text
    east.write_platform("platform-east", retiring=True)
    east.up("platform-east").check()
    east.destroy("platform-east").check()
