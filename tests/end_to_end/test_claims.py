"""Two tenants that want one range: whoever is second is told whose it is, and nothing of it is created.

A row that an update wrote before it was killed is no other tenant's.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

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


# A network whose claim goes to another table.
MOVED_CLAIM = """
import pulumi
import pulumi_aws as aws
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.components.range_claim import RangeClaim, RangeClaimArgs

claim = Claim(cidr="10.1.5.0/26", tenant="eta", stack="eta", kind=ClaimKind.NETWORK, slot="blue")
table = pulumi.Config().get("table")
claimed = RangeClaim("eta-blue", RangeClaimArgs(cell="local", claim=claim, table=table))
tags = {"tenantnet:tenant": "eta"}
aws.ec2.Vpc("eta-blue", cidr_block=claim.cidr, tags=tags, opts=pulumi.ResourceOptions(depends_on=claimed))
"""

CLAIM_OF_GAMMA = CLAIM_WITHOUT_LOOKING.replace("beta", "gamma").replace("10.1.2.0", "10.1.3.0")
HELD_BY_GAMMA = Claim(cidr="10.1.3.0/26", tenant="gamma", stack="gamma", kind=ClaimKind.NETWORK, slot="blue")


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


def test_ranges_of_companies_and_of_others_are_apart_without_the_policy_pack_too(
    cell: Project, claimed: WritableClaims
) -> None:
    settings = copy.deepcopy(ACME)
    settings["sessionSubnet"] = "172.17.6.0/24"
    [connection] = settings["networks"]["blue"]["vpnConnections"]
    settings["networks"] = {
        "blue": {"cidr": "10.1.7.0/26", "vpnConnections": [{**connection, "companyCidr": "10.1.2.0/24"}]}
    }
    cell.write_tenant("beta", settings)
    run = cell.up("beta")
    assert run.code != 0
    assert "networks.blue.vpnConnections[0].companyCidr: 10.1.2.0/24" in run.text
    assert "10.1.2.0/26 is tenant acme's network blue" in run.text
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


@pytest.fixture
def gamma(cloud: LocalCloud, claimed: WritableClaims, tmp_path: Path) -> Project:
    """A stack that has written its claim and was killed before its state was."""
    claimed.claim(HELD_BY_GAMMA)
    project = Project.of_program(tmp_path, environment(cloud.state_dir), CLAIM_OF_GAMMA)
    project.pulumi("stack", "select", "--create", "gamma").check()
    return project


def test_an_update_goes_on_where_one_was_killed_right_after_its_claim(
    gamma: Project, claimed: WritableClaims
) -> None:
    gamma.up("gamma").check()
    assert claimed.holder_of("10.1.3.0/26") == HELD_BY_GAMMA
    assert gamma.steps("gamma") == []
    gamma.destroy("gamma").check()
    assert claimed.holder_of("10.1.3.0/26") is None


def test_a_row_of_ones_own_that_says_something_else_is_not_written_over(
    gamma: Project, claimed: WritableClaims
) -> None:
    other = replace(HELD_BY_GAMMA, slot="green")
    claimed.delete(HELD_BY_GAMMA)
    claimed.claim(other)
    run = gamma.up("gamma")
    assert run.code != 0
    assert "this stack's row for its network green, tenant gamma" in run.text
    assert claimed.holder_of("10.1.3.0/26") == other
    claimed.delete(other)


def test_a_row_of_ones_own_is_not_taken_where_a_network_says_that_another_state_has_it(
    gamma: Project, claimed: WritableClaims, aws: boto3.Session
) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.3.0/26")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "tenantnet:tenant", "Value": "gamma"}])
    run = gamma.up("gamma")
    ec2.delete_vpc(VpcId=vpc)
    assert run.code != 0
    assert f"{vpc} has the range" in run.text
    assert claimed.holder_of("10.1.3.0/26") == HELD_BY_GAMMA


def test_a_row_that_tenantnet_has_not_written_is_named_by_preview_update_and_race(
    cell: Project, claimed: WritableClaims, aws: boto3.Session, cloud: LocalCloud, tmp_path: Path
) -> None:
    row = {"cidr": {"S": "10.1.4.0/26"}, "owner": {"S": "mallory\x1b[2J"}}
    aws.client("dynamodb").put_item(TableName=claimed.name, Item=row)
    settings = copy.deepcopy(ACME)
    settings["sessionSubnet"] = "172.17.7.0/24"
    settings["networks"]["blue"]["cidr"] = "10.1.4.0/26"
    cell.write_tenant("delta", settings)
    program = CLAIM_WITHOUT_LOOKING.replace("beta", "zeta").replace("10.1.2.0", "10.1.4.0")
    race = Project.of_program(tmp_path, environment(cloud.state_dir), program)
    race.pulumi("stack", "select", "--create", "zeta").check()
    for run in (cell.pulumi("preview", "--stack", "delta"), cell.up("delta"), race.up("zeta")):
        assert run.code != 0
        assert "mallory" in run.text
        assert "\x1b" not in run.text
        assert "Traceback" not in run.text


def test_a_claim_goes_to_another_table_and_its_network_stays(
    cloud: LocalCloud, claimed: WritableClaims, aws: boto3.Session, tmp_path: Path
) -> None:
    other = WritableClaims(aws.client("dynamodb"), "other")
    aws.client("dynamodb").create_table(
        TableName=other.name,
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    project = Project.of_program(tmp_path, environment(cloud.state_dir), MOVED_CLAIM)
    project.pulumi("stack", "select", "--create", "eta").check()
    project.up("eta").check()
    project.pulumi("config", "set", "table", other.name, "--stack", "eta").check()
    assert {step.type for step in project.steps("eta")} == {"aws:dynamodb/tableItem:TableItem"}
    project.up("eta").check()
    assert claimed.holder_of("10.1.5.0/26") is None
    (row,) = other.all()
    assert isinstance(row, Claim)
    assert (row.stack, row.cell) == ("eta", "local")
