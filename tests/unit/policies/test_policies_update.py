"""What a preview did not know or was not shown is judged in the update, before it is created."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi_aws
import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.addresses.companies import Company
from tenantnet.aws import types as aws
from tenantnet.policies import pack
from tenantnet.policies.allowed import ALLOWED, PROVIDER
from tenantnet.policies.claims import NETWORK_CIDR_UNCLAIMED
from tenantnet.policies.model import PackSettings, Ranges, Resource, Stack
from tenantnet.policies.rules import POLICIES
from tenantnet.policies.tags import TAGGED, TAGS_PRESENT
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Tag, claims_table_name

from tools.rulebook.samples import (
    CELL,
    COMPANY,
    GAMMAS_COMPANY,
    NETWORK,
    OWN_TYPE,
    PASSWORD,
    PLATFORM,
    SESSIONS,
    SETTINGS,
    STRANGERS_IMAGE,
    Change,
    SampleReading,
    acl_rule,
    good_stack,
    judge,
    platform_stack,
    resource,
    session_document,
    with_new,
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
        ("services-route", {"destinationCidrBlock": "0.0.0.0/0"}, "services-reach-own"),
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


def test_no_host_is_made_of_a_strangers_image_whatever_its_platform_exports() -> None:
    class Exporting(SampleReading):
        def platform(self, cell: str) -> PlatformOutputs:
            return PLATFORM.model_copy(update={"image_id": STRANGERS_IMAGE})

    settings = replace(SETTINGS, reading=Exporting())
    assert in_update("ping-host", with_props("ping-host", ami=STRANGERS_IMAGE), settings=settings) == [
        "image-own"
    ]
    stack = with_props("tunnel-host", ami=STRANGERS_IMAGE)(platform_stack())
    judges = [policy.judge_update for policy in POLICIES if policy.judge_update]
    found = [
        each for judge in judges for each in judge(stack["tunnel-host"], Stack(stack.values()), SETTINGS)
    ]
    assert [each.refusal.rule_id for each in found] == ["image-own"]


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


@pytest.mark.parametrize(
    "tags",
    [
        {"tenantnet:tenant": "beta"},
        {"TenantNet:Tenant": "beta"},
        {"tenantnet:cell": "eu2"},
        {"tenantnet:tunnel-user": "mallory"},
        {"tenantnet:part": "tunnel-host"},
        {"tenantnet:lifecycle": "discarded"},
        {"tenantnet:team": "shop"},
        {"tenantnet:tenant ": "acme"},
        ["tenantnet:tenant"],
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_no_provider_makes_what_has_no_tags_anothers(tags: object, as_text: bool) -> None:
    """SDKs hand an object of a provider to the engine as JSON."""
    given: object = {"tags": tags}
    own = {"tags": {"team": "shop", "tenantnet:cell": CELL, "tenantnet:tenant": "acme"}}
    for by_default, rules in ((given, ["tag-default"]), (own, []), ({"tags": {}}, []), ("", [])):
        text = json.dumps(by_default) if as_text else by_default
        provider = with_new(resource(PROVIDER, "other", {"defaultTags": text}))
        assert in_update("customer-gateway", provider) == rules
        stack = provider(good_stack())
        assert [each.refusal.rule_id for each in judge(TAGS_PRESENT, stack)] == rules


def test_default_tags_that_say_a_thing_twice_are_no_tags_of_ones_own() -> None:
    twice = '{"tags": {"team": "a"}, "tags": {"tenantnet:tenant": "beta"}}'
    other = with_new(resource(PROVIDER, "other", {"defaultTags": twice}))
    assert in_update("customer-gateway", other) == ["tag-default"]


@pytest.mark.parametrize(
    ("tag", "rules"),
    [
        ({"tenantnet:part": "tunnel-host"}, ["tag-default"]),
        ({"tenantnet:lifecycle": "discarded"}, ["tag-default"]),
        ({"team": "shop"}, []),
    ],
)
def test_what_the_environment_adds_to_tags_is_seen_on_what_has_it(
    tag: dict[str, str], rules: list[str]
) -> None:
    """TF_AWS_DEFAULT_TAGS_… gives default tags that no provider shows."""
    own = good_stack()["vpn-connection"].tags
    stack = with_props("vpn-connection", tagsAll={**own, **tag})(good_stack())
    assert [each.refusal.rule_id for each in judge(TAGS_PRESENT, stack)] == rules


def test_a_program_that_is_called_a_platform_creates_nothing_of_another_cell() -> None:
    """Its name says which cell it is of: nothing need be read."""
    network = with_tag("services", Tag.CELL, "eu2")(platform_stack())["services"]
    judge_resource = NETWORK_CIDR_UNCLAIMED.judge_resource
    assert judge_resource
    assert [each.refusal.rule_id for each in judge_resource(network, SETTINGS)] == ["cell-own"]


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


def test_a_provider_that_only_the_state_has_is_of_the_same_profile() -> None:
    """The engine lets a resource use it, and shows what it says beside that."""
    gateway = good_stack()["customer-gateway"]
    named = {"first": replace(gateway, urn=f"{gateway.urn}-first", profile="elsewhere")}
    assert "one-profile" in in_update("first", lambda stack: {**stack, **named})


@pytest.mark.parametrize(
    ("region", "found"), [("eu-west-1", []), ("", ["one-profile"]), (None, ["one-profile"])]
)
def test_a_provider_with_a_profile_names_its_region(region: str | None, found: list[str]) -> None:
    provider = resource("pulumi:providers:aws", "own", {"profile": "elsewhere", "region": region})
    assert in_update("first", lambda stack: {**stack, "first": provider}) == found


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


CLAIMS, BETAS, BETAS_SESSIONS = claims_table_name(CELL), "10.9.9.0/26", "172.17.6.0/24"


def hidden(row: Claim, table: str = CLAIMS) -> list[str]:
    """The rules that a row breaks which no preview was shown."""
    declared = resource(aws.TABLE_ITEM, "row", {"tableName": table, "item": row.item_json()})
    return in_update(f"new {aws.TABLE_ITEM} row", with_new(declared))


def acmes(cidr: str, **more: Any) -> Claim:
    kind = ClaimKind.NETWORK if cidr.endswith("/26") else ClaimKind.SESSION_SUBNET
    slot = "green" if kind is ClaimKind.NETWORK else ""
    return Claim(**{"cidr": cidr, "tenant": "acme", "stack": "acme", "kind": kind, "slot": slot, **more})


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (acmes("10.5.5.0/26"), claims_table_name("eu2")),
        (acmes("10.5.5.0/26", cell="eu2"), CLAIMS),
        (acmes("10.5.5.0/26", cell="*"), CLAIMS),
        (acmes("10.5.5.0/26", slot="red"), CLAIMS),
        (acmes("10.32.0.0/26"), CLAIMS),
        (acmes("172.17.6.0/26"), CLAIMS),
        (acmes("192.168.6.0/24"), CLAIMS),
    ],
)
def test_a_row_that_no_preview_was_shown_is_one_of_the_stacks_cell(row: Claim, table: str) -> None:
    assert hidden(row, table) == ["own-claims"]
    assert hidden(acmes("10.5.5.0/26")) == []


def test_a_row_is_not_written_over_others_or_beyond_what_a_tenant_needs() -> None:
    assert hidden(acmes(BETAS)) == ["range-unclaimed"]
    assert hidden(acmes("10.77.3.0/26")) == ["others-company"]
    assert hidden(acmes("172.17.8.0/24")) == ["claims-bounded"]


class Deployed(SampleReading):
    """The state has `held`."""

    def __init__(self, *held: Resource) -> None:
        self._held = held

    def held(self, stack: str) -> Sequence[Resource]:
        return self._held


@pytest.mark.parametrize(
    ("row", "place", "range_now"),
    [("network-claim", "network", "10.5.5.0/26"), ("session-claim", "session-subnet", "172.17.8.0/24")],
)
def test_a_row_stays_until_what_is_in_its_range_has_gone(row: str, place: str, range_now: str) -> None:
    """The provider deletes a row whose key changes before anybody asks about the network."""
    stack = good_stack()
    was, there = stack[row], stack[place]
    claim = was.claim
    assert claim
    change = with_props(row, item=replace(claim, cidr=range_now).item_json())
    renamed = replace(was, urn=f"{was.urn}-before")
    assert kept(row, change, was, there) == ["claim-kept"]
    named_so_before = with_options(row, aliases=[renamed.urn])
    assert kept(row, lambda of: named_so_before(change(of)), renamed, there) == ["claim-kept"]
    assert kept(row, change, was) == []
    assert kept(row, change, renamed, there) == []
    assert kept(row, lambda of: of, was, there) == []


def kept(row: str, change: Change, *state: Resource) -> list[str]:
    """The rules on rows of the state that a change breaks, in a preview and in an update."""
    settings = replace(SETTINGS, reading=Deployed(*state))
    assert NETWORK_CIDR_UNCLAIMED.judge_stack
    preview = NETWORK_CIDR_UNCLAIMED.judge_stack(Stack(change(good_stack()).values()), settings)
    judged = [each.refusal.rule_id for each in preview]
    rules = [each for each in judged if each in ("claim-kept", "claim-as-held", "claim-once")]
    assert [each for each in in_update(row, change, settings=settings) if each in rules] == rules
    return rules


def test_a_row_is_not_replaced_by_one_of_the_same_range() -> None:
    """It is written first, and the former deleted then: both have the same key, so there would be none."""
    was = good_stack()["network-claim"]
    claim = was.claim
    assert claim
    refreshed = replace(was, props={**was.props, "item": replace(claim, slot="green").item_json()})
    assert kept("network-claim", lambda of: of, refreshed) == ["claim-as-held"]
    assert kept("network-claim", lambda of: of, was) == []
    elsewhere = replace(refreshed, props={**refreshed.props, "tableName": "tenantnet-eu0-claims"})
    assert kept("network-claim", lambda of: of, elsewhere) == []


def test_a_range_has_one_row_in_a_stack_and_its_state() -> None:
    """The provider gives a row of another range the key of one that is there. Then one goes, and both do."""
    stack = good_stack()
    row, network = stack["network-claim"], stack["network"]
    assert row.claim
    other = replace(row, name="second", urn=f"{row.urn}-second")
    elsewhere = replace(other, props={**other.props, "tableName": "tenantnet-eu0-claims"})
    former = replace(other, props={**row.props, "item": replace(row.claim, cidr="10.5.6.0/26").item_json()})
    assert kept("network-claim", lambda of: of, other, network) == ["claim-once"]
    assert kept("network-claim", with_options("network-claim", aliases=[other.urn]), other, network) == []
    assert kept("network-claim", lambda of: of, elsewhere, network) == []
    assert kept("network-claim", lambda of: of, former, network) == []
    assert NETWORK_CIDR_UNCLAIMED.judge_stack
    new = NETWORK_CIDR_UNCLAIMED.judge_stack(Stack([*stack.values(), other]), SETTINGS)
    assert [each.resource.name for each in new if each.refusal.rule_id == "claim-once"] == [
        row.name,
        other.name,
    ]
    assert "claim-once" in in_update("network-claim", with_new(other))


TABLES = {"session-route": "rtb-session0acme", "route-to-sessions": "rtb-network0acme"}


@pytest.mark.parametrize("table", [CLAIMS, claims_table_name("eu2")], ids=["refused", "elsewhere"])
@pytest.mark.parametrize(
    ("key", "to", "claimed", "rule"),
    [
        ("services-route", BETAS, BETAS, "services-reach-own"),
        ("services-route", "10.9.9.0/27", BETAS, "services-reach-own"),
        ("session-route", BETAS, BETAS, "sessions-reach-own"),
        ("session-route", "10.9.9.0/27", BETAS, "sessions-reach-own"),
        ("route-to-sessions", BETAS_SESSIONS, BETAS_SESSIONS, "network-reaches-own"),
    ],
)
def test_a_row_that_nobody_has_granted_is_no_claim_for_a_route(
    key: str, to: str, claimed: str, rule: str, table: str
) -> None:
    settings = replace(SETTINGS, reading=SessionsOfBeta())
    at = {"routeTableId": TABLES[key]} if key in TABLES else {}
    declared = resource(aws.TABLE_ITEM, "row", {"tableName": table, "item": acmes(claimed).item_json()})
    changes = (with_new(declared), with_props(key, destinationCidrBlock=to, **at))
    assert in_update(key, *changes, settings=settings) == [rule]


class SessionsOfBeta(SampleReading):
    """The sample cell, in which beta has sessions, too."""

    def ranges(self, cell: str, region: str | None) -> Ranges:
        sessions = Claim(cidr=BETAS_SESSIONS, tenant="beta", stack="beta", kind=ClaimKind.SESSION_SUBNET)
        others = super().ranges(cell, region)
        return replace(others, claims=[*others.claims, sessions])


@pytest.mark.parametrize(
    ("key", "props", "rules"),
    [
        ("services-route", {"destinationCidrBlock": "10.32.0.10/32"}, ["services-reach-own"]),
        ("services-route", {"destinationCidrBlock": "10.1.2.0/27"}, ["services-reach-own"]),
        ("services-route", {"destinationCidrBlock": SESSIONS}, ["services-reach-own"]),
        ("session-route", {"destinationCidrBlock": "10.32.0.10/32"}, ["sessions-reach-own"]),
        ("session-route", {"destinationCidrBlock": NETWORK}, []),
        ("route-to-sessions", {"destinationCidrBlock": NETWORK}, ["network-reaches-own"]),
        ("route-to-sessions", {"destinationCidrBlock": "10.32.0.10/32"}, []),
        ("route-to-sessions", {"destinationCidrBlock": SESSIONS}, []),
    ],
)
def test_a_hidden_route_leads_where_its_table_may(key: str, props: dict[str, Any], rules: list[str]) -> None:
    at = {"routeTableId": TABLES[key]} if key in TABLES else {}
    assert in_update(key, with_props(key, **props, **at)) == rules


def test_no_rule_lets_in_what_is_only_declared_as_the_stacks() -> None:
    settings = replace(SETTINGS, reading=SessionsOfBeta())
    for cidr in (BETAS, BETAS_SESSIONS):
        row = {"tableName": claims_table_name("eu2"), "item": acmes(cidr).item_json()}
        changes = (with_new(resource(aws.TABLE_ITEM, "row", row)), with_props("ingress", cidrIpv4=cidr))
        assert in_update("ingress", *changes, settings=settings) == ["exact-peer"]


class LostReading(SampleReading):
    """The stack's rows are declared, and nobody has written them."""

    def granted(self, claims: Collection[Claim], cell: str, region: str | None) -> Collection[Claim]:
        return ()


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("network", "range-claimed"),
        ("session-subnet", "range-claimed"),
        ("services-route", "services-reach-own"),
        ("ingress", "exact-peer"),
    ],
)
def test_a_declared_row_counts_once_it_is_written(key: str, rule: str) -> None:
    """An update of some targets alone never writes it."""
    settings = replace(SETTINGS, reading=LostReading())
    assert in_update(key, settings=settings) == [rule]


class BusyReading(SampleReading):
    """Another update claims and connects while this one is under way."""

    def __init__(self) -> None:
        self.read_anew = False

    def forget_ranges(self) -> None:
        self.read_anew = True

    def ranges(self, cell: str, region: str | None) -> Ranges:
        late = Claim(cidr=COMPANY, tenant="zoe", stack="zoe", kind=ClaimKind.NETWORK, slot="blue")
        late_company = Company(cidr=NETWORK, tenant="zoe")
        return Ranges(claims=[late], companies=[late_company]) if self.read_anew else Ranges()


@pytest.mark.parametrize(("key", "rule"), [("network", "others-company"), ("vpn-route", "others-claim")])
def test_what_others_did_while_the_update_ran_is_seen_before_a_range_is_used(key: str, rule: str) -> None:
    assert in_update(key, settings=replace(SETTINGS, reading=BusyReading())) == [rule]


def test_the_first_row_of_a_stack_is_judged_by_its_own_word_for_the_cell() -> None:
    stack = good_stack()
    first = Stack([stack["network-claim"]])
    assert NETWORK_CIDR_UNCLAIMED.judge_update is not None
    assert [*NETWORK_CIDR_UNCLAIMED.judge_update(stack["network-claim"], first, SETTINGS)] == []


def test_companies_are_bounded_in_an_update_too() -> None:
    assert in_update("vpn-route", with_props("vpn-route", destinationCidrBlock="10.128.0.0/9")) == [
        "companies-bounded"
    ]


@pytest.mark.parametrize("previews", [True, False])
def test_the_end_of_an_update_is_judged_by_what_is_claimed_then(
    monkeypatch: pytest.MonkeyPatch, previews: bool
) -> None:
    run = pack.Run()
    run.previews = previews
    run.reader._begin(("ranges", "eu1"), Ranges)
    run.reader._begin(("platform", "eu1"), lambda: PLATFORM)
    monkeypatch.setattr(pack, "RUN", run)
    monkeypatch.setattr(run.reader, "_read_ranges", lambda *_: Ranges(companies=[GAMMAS_COMPANY]))
    policies = [pack.pack_policy(NETWORK_CIDR_UNCLAIMED)]
    servicer = pack._Servicer("tenantnet", "1.0.0", policies, EnforcementLevel.DISABLED)
    monkeypatch.setattr(pack, "is_of_engine", lambda _: True)
    servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), SimpleNamespace(peer=str))
    assert list(run.reader.ranges("eu1", None).companies) == ([] if previews else [GAMMAS_COMPANY])
