"""Two tenants that want one range: whoever is second is told whose it is, and nothing of it is created."""

from __future__ import annotations

import copy

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.end_to_end.conftest import ACME
from tests.support.claims import WritableClaims
from tests.support.project import Project

HELD_BY_ACME = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
WANTED_BY_BETA = Claim(cidr="10.1.2.0/26", tenant="beta", stack="beta", kind=ClaimKind.NETWORK, slot="blue")

# Without the look-up that the tenant stack makes first: as if the other stack had come between.
CLAIM_WITHOUT_LOOKING = """
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.components.range_claim import RangeClaim, RangeClaimArgs

claim = Claim(cidr="10.1.2.0/26", tenant="beta", stack="beta", kind=ClaimKind.NETWORK, slot="blue")
RangeClaim("beta-blue", RangeClaimArgs(cell="local", claim=claim))
"""


@pytest.fixture(scope="module")
def claimed(cell: Project, aws: boto3.Session) -> WritableClaims:
    """The cell's claims table, in which acme holds the range."""
    table = WritableClaims(aws.client("dynamodb"), "local")
    table.claim(HELD_BY_ACME)
    return table


def test_a_tenant_is_told_who_holds_its_range_before_anything_is_declared(
    cell: Project, claimed: WritableClaims
) -> None:
    settings = copy.deepcopy(ACME)
    settings["sessionSubnet"] = "172.17.6.0/24"
    cell.write_tenant("beta", settings)
    run = cell.up("beta")
    assert run.code != 0
    assert "tenant acme holds it for its network blue" in run.text
    assert "Nothing was created" in run.text
    assert claimed.all() == [HELD_BY_ACME]


def test_a_claim_lost_to_a_racing_stack_names_the_winner(
    cloud: LocalCloud, claimed: WritableClaims, tmp_path_factory: pytest.TempPathFactory
) -> None:
    race = Project.of_program(
        tmp_path_factory.mktemp("race"), environment(cloud.state_dir), CLAIM_WITHOUT_LOOKING
    )
    race.pulumi("stack", "select", "--create", "beta").check()
    run = race.up("beta")
    assert run.code != 0
    assert "tenant acme holds it for its network blue" in run.text
    assert claimed.holder_of("10.1.2.0/26") == HELD_BY_ACME
