"""What a preview did not know or was not shown is judged in the update, before it is created."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from tenantnet.policies.allowed import ALLOWED
from tenantnet.policies.model import PackSettings, Stack
from tenantnet.policies.rules import POLICIES
from tenantnet.policies.tags import TAGGED

from tools.rulebook.samples import (
    OWN_TYPE,
    PASSWORD,
    SETTINGS,
    Change,
    SampleReading,
    acl_rule,
    good_stack,
    platform_stack,
    resource,
    session_document,
    with_options,
    with_props,
    with_tag,
    without,
)


def in_update(key: str, *changes: Change, settings: PackSettings = SETTINGS) -> list[str]:
    """The rules that the changed resource breaks in an update, before it is created."""
    stack = reduce(lambda changed, change: change(changed), changes, good_stack())
    so_far = Stack(stack.values())
    judges = [policy.judge_update for policy in POLICIES if policy.judge_update]
    return [each.refusal.rule_id for judge in judges for each in judge(stack[key], so_far, settings)]


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("session-route", {"routeTableId": "rtb-000000000beta"}),
        ("services-peering", {"peerVpcId": "vpc-000000000beta"}),
        ("session-route", {"vpcPeeringConnectionId": "pcx-000000000beta"}),
        ("subnet-group", {"subnetIds": ["subnet-network0acme", "subnet-network0beta"]}),
        ("subnet-group", {"subnetIds": ["subnet-session0acme"]}),
        ("ingress", {"securityGroupId": "sg-000000000beta"}),
        ("services-peering", {"peerVpcId": "vpc-000000000acme"}),
    ],
)
def test_what_a_preview_did_not_know_is_judged_by_its_tags_before_anything_is_created(
    key: str, props: dict[str, Any]
) -> None:
    assert in_update(key, with_props(key, **props)) == ["reference-own"]


def test_what_the_stack_and_its_platform_have_is_used_in_an_update() -> None:
    props = {"routeTableId": "rtb-000000000acme", "vpcPeeringConnectionId": "pcx-000000000acme"}
    assert in_update("session-route", with_props("session-route", **props)) == []
    assert in_update("services-route") == []


def test_what_others_have_claimed_since_the_preview_stops_an_update() -> None:
    assert "range-unclaimed" in in_update("network", with_props("network", cidrBlock="10.9.9.0/26"))
    assert "others-company" in in_update("network", with_props("network", cidrBlock="10.77.3.0/26"))
    for company, rules in (
        ("10.9.9.0/24", ["others-claim"]),
        ("10.9.7.0/24", ["row-readable"]),
        ("10.9.0.0/16", ["others-claim", "row-readable"]),
    ):
        assert in_update("vpn-route", with_props("vpn-route", destinationCidrBlock=company)) == rules


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("database", {"replicateSourceDb": "beta-blue"}),
        ("database", {"replicateSourceDb": "arn:aws:rds:eu-west-1:123456789012:db:beta-blue"}),
        ("database", {"parameterGroupName": "default.mysql8.4"}),
        ("database", {"dbSubnetGroupName": "beta-blue"}),
        ("endpoint", {"records": ["db.evil.example"]}),
        ("endpoint", {"records": ["acme-blue.evil.example"]}),
        ("endpoint", {"records": ["acme-blue.zzz999.eu-west-1.rds.amazonaws.com"]}),
        ("database", {"replicateSourceDb": "arn:aws:rds:eu-west-1:999999999999:db:acme-blue"}),
        ("endpoint", {"records": ["beta-blue.abc123.eu-west-1.rds.amazonaws.com"]}),
    ],
)
def test_a_name_that_a_preview_did_not_know_is_judged_before_anything_is_created(
    key: str, props: dict[str, Any]
) -> None:
    """own.arn.apply(...) is known in the update only, and comes from the stack's own."""
    assert in_update(key, with_props(key, **props)) == ["reference-own"]


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("database", {"replicateSourceDb": "arn:aws:rds:eu-west-1:123456789012:db:acme-blue"}),
        ("database", {"parameterGroupName": "acme-blue-mysql84", "dbSubnetGroupName": "acme-blue"}),
        ("endpoint", {"records": ["acme-blue.abc123.eu-west-1.rds.amazonaws.com"]}),
    ],
)
def test_the_stacks_own_go_by_their_names_in_an_update(key: str, props: dict[str, Any]) -> None:
    assert in_update(key, with_props(key, **props)) == []


@pytest.mark.parametrize("key", [*good_stack()])
def test_what_the_components_declare_is_created(key: str) -> None:
    assert in_update(key) == []


@pytest.mark.parametrize(
    ("key", "props", "rule"),
    [
        ("session-route", {"destinationCidrBlock": "10.9.9.0/26"}, "network-reaches-own"),
        ("services-route", {"destinationCidrBlock": "0.0.0.0/0"}, "network-reaches-own"),
        ("session-acl", {"ingress": [acl_rule(1, "allow", "0.0.0.0/0")]}, "acl-denies-sessions"),
        ("session-subnet", {"cidrBlock": "172.17.0.0/20"}, "session-subnet-size"),
        ("ingress", {"cidrIpv4": "10.9.9.0/26"}, "exact-peer"),
        ("ingress", {"cidrIpv4": "172.17.6.0/24"}, "exact-peer"),
        ("ingress", {"cidrIpv4": "10.32.0.0/16"}, "exact-peer"),
        ("ingress", {"cidrIpv4": "0.0.0.0/0"}, "exact-peer"),
        ("ingress", {"fromPort": 22, "toPort": 22}, "service-exact"),
        ("endpoint", {"name": "beta.db.example.com"}, "name-own"),
        ("document", {"name": "eu1-beta-tunnel"}, "name-own"),
        ("document", {"content": session_document(host="beta.db.example.com")}, "document-own"),
        ("ping-host", {"ami": "ami-00000000000be7a00"}, "image-own"),
    ],
)
def test_what_a_preview_was_not_shown_is_refused_before_it_is_created(
    key: str, props: dict[str, Any], rule: str
) -> None:
    assert rule in in_update(key, with_props(key, **props))


def test_a_network_and_a_session_subnet_are_claimed_before_they_are_created() -> None:
    assert in_update("network", without("network-claim")) == ["range-claimed"]
    assert in_update("session-subnet", without("session-claim")) == ["range-claimed"]


@pytest.mark.parametrize("key", ["services-peering", "session-route", "ingress", "endpoint", "network"])
def test_nothing_is_created_while_nobody_knows_the_stacks_cell(key: str) -> None:
    """One resource that says it is another cell's would leave all others unjudged."""
    assert in_update(key, with_tag("customer-gateway", "tenantnet:cell", "eu2"))[0] == "platform-read"


class DeployedReading(SampleReading):
    """A ping host was made of an older image, by the stack of the tenant."""

    def images(self, tags: Mapping[str, str], region: str | None) -> Collection[str]:
        deployed = {**good_stack()["ping-host"].tags}
        return {"ami-000000000000001d0"} if tags.items() <= deployed.items() else ()


def test_a_deployed_host_keeps_its_image() -> None:
    older = with_props("ping-host", ami="ami-000000000000001d0")
    settings = replace(SETTINGS, reading=DeployedReading())
    assert in_update("ping-host", older, settings=settings) == []
    assert in_update("ping-host", older, with_tag("ping-host", "Name", "x"), settings=settings) == [
        "image-own"
    ]
    assert in_update("ping-host", older) == ["image-own"]


class NamingReading(SampleReading):
    """A cell whose settings name networks that it does not make."""

    def existing(self, cell: str, region: str | None) -> Collection[str]:
        return ["vpc-000000organisation", "subnet-000organisation"]


@pytest.mark.parametrize(
    ("key", "props", "rules"),
    [
        ("tunnel-host-group", {"vpcId": "vpc-00000000000beta"}, ["reference-own"]),
        ("tunnel-host-group", {"vpcId": "vpc-000000000000acme"}, ["reference-own"]),
        ("egress", {"securityGroupId": "sg-00000000000beta"}, ["reference-own"]),
        ("tunnel-subnet", {"vpcId": "vpc-00000000000beta"}, ["reference-own"]),
        ("endpoint", {"subnetIds": ["subnet-0000000000eu1", "subnet-000000000beta"]}, ["reference-own"]),
        ("endpoint", {"securityGroupIds": ["sg-00000000000beta"]}, ["reference-own"]),
        ("endpoint", {"vpcId": "vpc-000000organisation", "subnetIds": ["subnet-000organisation"]}, []),
        ("egress", {"securityGroupId": "sg-000000000000eu1"}, []),
        ("tunnel-host-group", {}, []),
    ],
)
def test_a_program_that_is_called_a_platform_touches_no_tenants_network(
    key: str, props: dict[str, Any], rules: list[str]
) -> None:
    stack = with_props(key, **props)(platform_stack())
    settings = replace(SETTINGS, reading=NamingReading())
    so_far = Stack(stack.values())
    judges = [policy.judge_update for policy in POLICIES if policy.judge_update]
    assert [each.refusal.rule_id for judge in judges for each in judge(stack[key], so_far, settings)] == rules


@pytest.mark.parametrize(
    "key", ["network", "ping-host", "vpn-connection", "customer-gateway", "alarm", "document"]
)
@pytest.mark.parametrize(
    ("tag", "value", "rule"),
    [
        ("tenantnet:tenant", None, "tag-present"),
        ("tenantnet:cell", None, "tag-present"),
        ("Name", None, "tag-present"),
        ("TenantNet:Tenant", "beta", "tag-known"),
        ("tenantnet:tunnel-user", "mallory", "tag-known"),
        ("tenantnet:network", "corp-blue", "tag-network"),
    ],
)
def test_what_tags_say_is_judged_before_it_is_created(
    key: str, tag: str, value: str | None, rule: str
) -> None:
    assert rule in in_update(key, with_tag(key, tag, value))


def test_what_a_host_is_for_is_judged_before_it_is_created() -> None:
    assert "tag-part" in in_update("ping-host", with_tag("ping-host", "tenantnet:part", "tunnel-host"))


def test_another_cells_tag_stops_whatever_has_it() -> None:
    for key in ("customer-gateway", "alarm", "subnet-group"):
        assert "platform-read" in in_update(key, with_tag(key, "tenantnet:cell", "eu2"))


def test_which_types_have_tags_is_as_the_provider_has_it() -> None:
    folder, tagged = Path(pulumi_aws.__file__).parent, set()
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "tags_all" in text and (found := re.search(r"__init__\(\s*'(aws:[^']+)'", text)):
            tagged.add(found[1])
    assert {*TAGGED} == tagged & ALLOWED.keys()


@pytest.mark.parametrize("key", ["network", "customer-gateway", "network-claim", "vpn-route"])
def test_nothing_is_created_in_another_region(key: str) -> None:
    assert "one-region" in in_update(key, with_options(key, region="us-east-1"))


def test_no_provider_has_another_profile_in_an_update() -> None:
    kind = "pulumi:providers:aws"
    providers = [resource(kind, "default", {}), resource(kind, "other", {"profile": "elsewhere"})]
    assert in_update("first", lambda stack: {**stack, "first": providers[0], "other": providers[1]}) == [
        "one-profile"
    ]


def in_platforms_update(key: str, settings: PackSettings = SETTINGS, **props: Any) -> list[str]:
    """The rules that the changed resource of the platform's stack breaks in an update."""
    stack = with_props(key, **props)(platform_stack())
    so_far = Stack(stack.values())
    judges = [policy.judge_update for policy in POLICIES if policy.judge_update]
    return [each.refusal.rule_id for judge in judges for each in judge(stack[key], so_far, settings)]


@pytest.mark.parametrize("group", ["sg-tunnelhost00eu1", "sg-endpoints000eu1", "sg-0000000000eu1"])
@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "10.9.9.0/26", "172.17.6.0/24"])
def test_a_platforms_rule_is_judged_before_it_is_created(group: str, cidr: str) -> None:
    given: dict[str, Any] = {
        "securityGroupId": group,
        "cidrIpv4": cidr,
        "ipProtocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
    }
    assert "service-exact" in in_platforms_update("egress", **given)
    found = in_platforms_update("egress", **{**given, "fromPort": 443, "toPort": 443})
    assert found in (["exact-peer"], ["service-exact"])


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("runner-alarm", {"alarmActions": ["arn:aws:sns:eu-west-1:999999999999:elsewhere"]}),
        ("topic-policy", {"arn": "arn:aws:sns:eu-west-1:123456789012:tenantnet-eu2-alarms"}),
        ("runner-policy", {"role": "admin"}),
    ],
)
def test_a_platform_uses_its_own_roles_and_topics(key: str, props: dict[str, Any]) -> None:
    assert in_platforms_update(key, **props) == ["reference-own"]


@pytest.mark.parametrize(
    ("key", "props"),
    [
        ("runner-alarm", {"alarmActions": ["arn:aws:sns:eu-west-1:123456789012:tenantnet-eu1-alarms"]}),
        ("topic-policy", {"arn": "arn:aws:sns:eu-west-1:123456789012:tenantnet-eu1-alarms"}),
        ("topic", {"kmsMasterKeyId": "11111111-2222-3333-4444-555555555555"}),
        ("runner-policy", {}),
    ],
)
def test_a_platforms_own_go_by_their_names_in_an_update(key: str, props: dict[str, Any]) -> None:
    assert in_platforms_update(key, **props) == []


def test_a_type_that_the_organisation_answers_for_may_be_in_another_region() -> None:
    assert in_update("own", with_new_key("own", region="us-east-1")) == []
    assert in_update("network", with_new_key("own", region="us-east-1")) == []


def with_new_key(key: str, **options: Any) -> Change:
    other = replace(resource(OWN_TYPE, key, {"name": "notes"}), **options)
    return lambda stack: {**stack, key: other}


def test_a_secret_is_not_written_into_aws_before_the_update_is_judged_whole() -> None:
    noted = with_props("alarm", alarmDescription=f"admin:{PASSWORD}")
    assert in_update("alarm", noted) == ["secret-nowhere-else"]
