"""What the stacks have and AWS did not describe, or not with its tags, is an error and no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import pytest
from tenantnet.failure import Failure
from tenantnet.observed.deployed import Deployed, SecurityGroup, Vpc
from tenantnet.observed.reachability.check import check
from tenantnet.observed.reachability.unseen import require_all_seen
from tenantnet.stacks.outputs import OutputDatabase, OutputNetwork, PlatformOutputs, TenantOutputs

from tests.support.reachability_samples import NETWORKS, SERVICES, SESSIONS, deployed
from tests.support.records import replace

PLATFORM = PlatformOutputs(
    cell="eu1",
    region="eu-west-1",
    account_id="123456789012",
    availability_zones=("eu-west-1a", "eu-west-1b"),
    image_id="ami-1",
    zone_id="Z1",
    zone_name="db.example.com",
    sessions_vpc_id="vpc-sessions",
    sessions_cidr=SESSIONS,
    services_vpc_id="vpc-services",
    services_cidr=SERVICES,
    services_route_table_id="rtb-services",
    tunnel_host_id="i-tunnel",
    tunnel_host_address="10.32.0.4",
    kms_key_arn="",
    alarm_topic_arn="",
    flow_log_role_arn="",
    claims_table="",
)


def tenant(name: str) -> TenantOutputs:
    plans = [plan for plan in NETWORKS if plan.tenant == name]
    return TenantOutputs(
        cell="eu1",
        platform="platform-eu1",
        session_subnet=plans[0].session,
        networks={
            plan.slot: OutputNetwork(
                cidr=plan.cidr, vpc_id=f"vpc-{plan.name}", ping_host="", ping_host_id=f"i-{plan.name}"
            )
            for plan in plans
        },
        database=OutputDatabase(identifier=f"{name}-blue", address="", port=3306),
    )


ACME, ZETA = {"acme": tenant("acme")}, {"zeta": tenant("zeta")}
# The platform closes the default group of each VPC that it makes.
GROUPS = tuple(
    SecurityGroup(
        id=f"sg-{part}-default",
        vpc_id=f"vpc-{part}",
        tags={"tenantnet:cell": "eu1", "Name": f"eu1-{part}-default"},
    )
    for part in ("sessions", "services")
)
CELL = replace(deployed(), security_groups=(*deployed().security_groups, *GROUPS))
OF_ACME = "tenantnet:cell=eu1, tenantnet:tenant=acme, tenantnet:network=blue, tenantnet:part=network"


def retagged(vpc_id: str, **tags: str | None) -> Deployed:
    """The cell with other tags of one VPC; None takes one away."""
    return replace(CELL, vpcs=tuple(_retagged(vpc, tags) if vpc.id == vpc_id else vpc for vpc in CELL.vpcs))


def _retagged(vpc: Vpc, changes: Mapping[str, str | None]) -> Vpc:
    own = {**vpc.tags, **{f"tenantnet:{key}": value for key, value in changes.items()}}
    return replace(vpc, tags={key: value for key, value in own.items() if value is not None})


def without(cell: Deployed, kind: str, **equal: str) -> Deployed:
    """The cell of which AWS does not describe something."""
    ((field, value),) = equal.items()
    left = tuple(each for each in getattr(cell, kind) if getattr(each, field) != value)
    assert len(left) == len(getattr(cell, kind)) - 1
    return replace(cell, **{kind: left})


def unread(vpc_id: str) -> Deployed:
    """The cell as it is read where a VPC has not the cell's tag: without what is in it."""
    inside = {subnet.id for subnet in CELL.subnets if subnet.vpc_id == vpc_id}
    groups = {group.id for group in CELL.security_groups if group.vpc_id == vpc_id}

    def is_left(each: object) -> bool:
        subnets = {getattr(each, "subnet_id", None), *getattr(each, "subnet_ids", ())}
        places = {getattr(each, "vpc_id", None), getattr(each, "group_id", None), getattr(each, "id", None)}
        return not inside & subnets and not places & {vpc_id, *groups}

    kinds = [field.name for field in fields(Deployed) if field.name != "tunnel_host_id"]
    return replace(CELL, **{kind: tuple(filter(is_left, getattr(CELL, kind))) for kind in kinds})


def said_of(cell: Deployed, tenants: Mapping[str, TenantOutputs]) -> str:
    with pytest.raises(Failure) as failed:
        require_all_seen(cell, PLATFORM, tenants)
    assert failed.value.what == "Could not check what reaches what in cell eu1."
    assert "`tenantnet up --refresh` restores it with its tags" in failed.value.remedy
    return failed.value.reason


@pytest.mark.parametrize("tenants", [ACME, ZETA, ACME | ZETA])
def test_of_a_cell_as_the_stacks_have_it_nothing_is_unseen(tenants: Mapping[str, TenantOutputs]) -> None:
    require_all_seen(CELL, PLATFORM, tenants)


def test_a_network_that_is_left_out_for_want_of_its_tag_is_no_network_without_faults() -> None:
    cell = unread("vpc-acme-blue")
    assert not [pair for pair in check(cell) if pair.target.name == "acme blue: database"]
    assert f"AWS describes no vpc-acme-blue with {OF_ACME}, which is network blue of acme" in said_of(
        cell, ACME
    )


@pytest.mark.parametrize("key", ["cell", "tenant", "network", "part"])
def test_a_network_that_lost_one_of_its_tags_is_named_with_the_tags_that_it_needs(key: str) -> None:
    assert f"no vpc-acme-blue with {OF_ACME}" in said_of(retagged("vpc-acme-blue", **{key: None}), ACME)


def test_a_network_with_the_tags_of_another_tenants_is_unseen_whichever_of_the_two_is_checked() -> None:
    cell = retagged("vpc-zeta-blue", tenant="acme")
    assert "no vpc-zeta-blue with " in said_of(cell, ZETA)
    assert "vpc-zeta-blue has the tags of network blue of acme, which is vpc-acme-blue" in said_of(cell, ACME)


def test_the_network_of_a_tenant_that_nobody_names_is_missed_by_its_peerings() -> None:
    cell = unread("vpc-zeta-blue")
    assert not [pair for pair in check(cell, ["acme"]) if "zeta blue: database" in pair.target.name]
    said = said_of(cell, ACME)
    for side in ("sessions", "services"):
        assert (
            "AWS describes no vpc-zeta-blue with tenantnet:cell=eu1, which is where peering "
            f"pcx-zeta-blue-{side} (zeta-blue-{side}) leads"
        ) in said


@pytest.mark.parametrize("key", ["tenant", "network", "part"])
def test_a_network_of_the_cell_of_which_nobody_can_say_whose_it_is_is_no_place_in_silence(key: str) -> None:
    said = said_of(retagged("vpc-zeta-blue", **{key: None}), ACME)
    assert said.endswith("the tags of vpc-zeta-blue do not say whose network it is")


@pytest.mark.parametrize("part", ["sessions", "services"])
@pytest.mark.parametrize("key", ["cell", "part"])
def test_a_vpc_that_the_platform_made_is_its_own_only_with_its_tags(part: str, key: str) -> None:
    said = said_of(retagged(f"vpc-{part}", **{key: None}), ACME)
    tags = f"tenantnet:cell=eu1, tenantnet:part={part}"
    assert f"AWS describes no vpc-{part} with {tags}, which is the {part} network of eu1" in said


def test_a_vpc_that_the_settings_name_needs_no_tags_and_has_to_be_there() -> None:
    named = replace(CELL, security_groups=deployed().security_groups)
    vpcs = tuple(replace(vpc, tags={}) if vpc.id == "vpc-sessions" else vpc for vpc in named.vpcs)
    require_all_seen(replace(named, vpcs=vpcs), PLATFORM, ACME)
    said = said_of(without(named, "vpcs", id="vpc-sessions"), ACME)
    assert "AWS describes no vpc-sessions, which is the sessions network of eu1" in said


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        ("instances", "id", "i-tunnel", "no i-tunnel, which is the tunnel host of eu1"),
        (
            "subnets",
            "id",
            "subnet-acme-session",
            "no 172.17.5.0/24 with tenantnet:tenant=acme, tenantnet:part=session, "
            "which is the session subnet of acme in vpc-sessions",
        ),
        ("databases", "identifier", "acme-blue", "no acme-blue, which is the database of acme, in a network"),
    ],
)
def test_whatever_else_a_verdict_is_about_has_to_be_described(
    kind: str, field: str, value: str, words: str
) -> None:
    assert words in said_of(without(CELL, kind, **{field: value}), ACME)
