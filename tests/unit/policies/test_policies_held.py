"""What is in a stack's state and is not its own is not deleted by the next update."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.aws import types as aws
from tenantnet.engine.differences import SECRET_MARK
from tenantnet.failure import Failure
from tenantnet.policies.allowed import (
    ALLOWED,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    SUBSCRIPTION,
    TOPIC_POLICY,
    is_placed,
)
from tenantnet.policies.held import CLAIM_ALONE, DELETED_GONE, HELD_OWN, SAID_AS_GIVEN, altered, judge_held
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import UNKNOWN, Resource, Stack
from tenantnet.policies.reading import Reader
from tenantnet.policies.tags import TAGGED, UNTAGGED
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner, Tag

from tests.support import component_samples as samples
from tests.support.clone import CLONE
from tests.support.states import exported
from tools.rulebook.samples import (
    BETA,
    CELL,
    NETWORK,
    OWN_TYPE,
    OWNER,
    PLATFORM,
    SESSIONS,
    SETTINGS,
    STRANGE_ROW,
    TOPIC_ARN,
    SampleReading,
    good_stack,
    platform_stack,
    resource,
)

BETAS = Owner(cell=CELL, tenant="beta").tags("x")
OWN_CLAIM = Claim(cidr=SESSIONS, tenant="acme", stack="acme", kind=ClaimKind.SESSION_SUBNET)
OWN_ROW = {"tableName": "tenantnet-eu1-claims", "item": OWN_CLAIM.item_json()}
PLATFORMS = f"platform-{CELL}"
DEVICE = "urn:pulumi:acme::t::aws:ec2/customerGateway:CustomerGateway::device"
READ = "urn:pulumi:acme::t::pulumi:pulumi:StackReference"
SECRET = {SECRET_MARK: "x", "ciphertext": "v1:abc"}


class Held(SampleReading):
    """A stack whose state has these resources."""

    def __init__(self, *state: Resource) -> None:
        self.state = state
        self.asked: list[tuple[set[str], str | None]] = []

    def held(self, stack: str) -> Sequence[Resource]:
        return self.state

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """As AWS answers: what is not there has none."""
        self.asked.append(({*ids}, region))
        return super().tags([each for each in ids if not each.endswith("gone")], region)


def found(*state: Resource, stack: Mapping[str, Resource] | None = None, update: bool = False) -> list[str]:
    """The rules that the state breaks, in a preview or as an update begins."""
    settings, declared = replace(SETTINGS, reading=Held(*state)), [*(stack or good_stack()).values()]
    assert ONLY_KNOWN_RESOURCES.judge_stack
    assert ONLY_KNOWN_RESOURCES.judge_update
    judged = (
        ONLY_KNOWN_RESOURCES.judge_update(declared[0], Stack(declared[:1]), settings)
        if update
        else ONLY_KNOWN_RESOURCES.judge_stack(Stack(declared), settings)
    )
    rules = [each.refusal.rule_id for each in judged]
    return [
        each for each in rules if each in (HELD_OWN.id, DELETED_GONE.id, CLAIM_ALONE.id, SAID_AS_GIVEN.id)
    ]


def test_a_row_that_was_changed_by_hand_is_not_to_be_taken_out_of_the_state() -> None:
    """All of the network depends on it there."""
    row = held(
        aws.TABLE_ITEM, tableName="tenantnet-eu1-claims", item=replace(OWN_CLAIM, tenant="beta").item_json()
    )
    assert ONLY_KNOWN_RESOURCES.judge_stack
    stack, settings = Stack([*good_stack().values()]), replace(SETTINGS, reading=Held(row))
    judged = ONLY_KNOWN_RESOURCES.judge_stack(stack, settings)
    (remedy,) = [each.refusal.remedy for each in judged if each.refusal.rule_id == HELD_OWN.id]
    assert "only its row was changed at AWS, leave the state: `tenantnet claims audit`" in remedy
    assert remedy.endswith("and run pulumi refresh then"), "the state may have been refreshed meanwhile"


def held(kind: str, tags: Any = None, stack: str = "acme", **props: Any) -> Resource:
    return resource(kind, "imported", props, tags=tags, stack=stack)


OTHERS = [
    held(aws.VPC, BETAS),
    held(aws.PEERING, Owner(cell=CELL).tags("x")),
    held(aws.INGRESS_RULE, BETAS, securityGroupId="sg-database00beta"),
    held(aws.INGRESS_RULE, securityGroupId="sg-database00beta"),
    held(aws.EGRESS_RULE, OWNER.tags("x"), securityGroupId="sg-database00beta"),
    held(aws.ROUTE, vpcPeeringConnectionId="pcx-00000000beta"),
    held(aws.ROUTE, vpcPeeringConnectionId="pcx-0000gone", destinationCidrBlock="10.9.9.0/26"),
    held(aws.ROUTE, vpcPeeringConnectionId="", gatewayId="igw-1", destinationCidrBlock=SESSIONS),
    held(aws.ROUTE, gatewayId="igw-1"),
    held(aws.ROUTE_TABLE_ASSOCIATION, subnetId="subnet-000000beta"),
    held(aws.ROUTE_TABLE_ASSOCIATION, subnetId="", gatewayId="igw-1", routeTableId="rtb-000000acme"),
    held(aws.ROUTE_PROPAGATION, vpnGatewayId="vgw-0000000beta"),
    held(aws.VPN_CONNECTION_ROUTE, vpnConnectionId="vpn-0000000beta"),
    held(aws.VPN_CONNECTION_ROUTE, vpnConnectionId="vpn-0000gone"),
    held(aws.RECORD, name="beta.db.example.com", zoneId=PLATFORM.zone_id),
    held(aws.RECORD, name="acme.db.example.com", zoneId="ZANOTHER"),
    held(aws.TABLE_ITEM, tableName="tenantnet-eu1-claims", item=BETA.item_json()),
    held(aws.TABLE_ITEM, tableName="tenantnet-eu1-claims", item='{"cidr": {"S": "10.9.7.0/26"}}'),
    held(aws.TABLE_ITEM, tableName="tenantnet-eu1-journal", item=OWN_CLAIM.item_json()),
    held(aws.SCHEDULE, name="tenantnet-eu1-beta-migration"),
    held(aws.SCHEDULE, name="tenantnet-eu2-acme-migration"),
    held(aws.IAM_GROUP, name="eu1-beta-tunnel"),
    held("aws:iam/userGroupMembership:UserGroupMembership", groups=["eu1-acme-tunnel", "administrators"]),
    held(aws.VPC, SECRET),
    held(aws.VPC, {**OWNER.tags("x"), Tag.TENANT: SECRET}),
    held(aws.ROUTE, vpcPeeringConnectionId=SECRET),
    held(aws.SCHEDULE, name=SECRET),
    replace(held(aws.VPC), props={"tags": OWNER.tags("x"), "tagsAll": BETAS}),
]


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.kind)
def test_what_was_imported_is_not_deleted(other: Resource, update: bool) -> None:
    assert found(held(aws.VPC, OWNER.tags("x")), other, update=update) == ["held-own"]


@pytest.mark.parametrize("update", [False, True])
def test_what_a_program_has_imported_is_not_its_own_whatever_its_tags_say_now(update: bool) -> None:
    """The engine updates it at once to what the program says of it, its tags too. A move takes over rules."""
    taken, rule = (
        replace(each, adopted=True)
        for each in (held(aws.NETWORK_ACL, OWNER.tags("x")), held(aws.INGRESS_RULE, securityGroupId="sg-1"))
    )
    group = held(aws.SECURITY_GROUP, OWNER.tags("x"), id="sg-1")
    assert found(group, rule, update=update) == []
    assert found(taken, update=update) == ["held-own"]


NAMED = {
    aws.PEERING: "pcx-1",
    aws.SUBNET: "subnet-1",
    aws.VPN_GATEWAY: "vgw-1",
    aws.VPN_CONNECTION: "vpn-1",
    aws.SECURITY_GROUP: "sg-1",
    aws.ROUTE_TABLE: "rtb-1",
}
TENANTS_STATE = [held(kind, OWNER.tags("x"), id=name) for kind, name in NAMED.items()]
CALLED_AS_OTHERS = [
    held(aws.DATABASE, OWNER.tags("x"), id="db-1", identifier="beta-blue"),
    held(aws.LOG_GROUP, OWNER.tags("x"), name="/aws/rds/instance/beta-blue/error"),
    held(aws.PARAMETER_GROUP, OWNER.tags("x"), id="beta-blue-mysql84", name="acme-blue-mysql84"),
    held(aws.SUBNET_GROUP, OWNER.tags("x"), id="acme-blue", name="acme-green"),
    held(aws.DOCUMENT, OWNER.tags("x"), id="eu1-beta-tunnel", name="eu1-acme-tunnel"),
    held(
        aws.ROUTE,
        id="r-rtb-beta1288637434",
        vpcPeeringConnectionId="pcx-1",
        routeTableId="rtb-1",
        destinationCidrBlock="10.0.0.0/26",
    ),
    held(aws.ROUTE_PROPAGATION, id="vgw-9_rtb-1", vpnGatewayId="vgw-1", routeTableId="rtb-1"),
    held(
        aws.VPN_CONNECTION_ROUTE,
        id="10.0.0.0/8:vpn-1",
        vpnConnectionId="vpn-1",
        destinationCidrBlock="10.1.0.0/16",
    ),
    replace(held(aws.VPC, OWNER.tags("x")), urn="urn:pulumi:beta::t::aws:ec2/vpc:Vpc::imported"),
]


@pytest.mark.parametrize("other", CALLED_AS_OTHERS, ids=lambda each: each.kind)
def test_what_a_state_calls_as_anothers_is_anothers_whatever_tags_it_says(other: Resource) -> None:
    """AWS is called by these names: who deletes by them deletes what is another tenant's."""
    assert found(*TENANTS_STATE, other) == ["held-own"]


@pytest.mark.parametrize("name", ["acme-blue-mysql80", "acme-green-mysql84"])
def test_a_former_versions_name_is_the_stacks_own_still(name: str) -> None:
    assert found(held(aws.PARAMETER_GROUP, OWNER.tags("x"), id=name, name=name)) == []


@pytest.mark.parametrize("kind", TAGGED)
def test_what_can_have_tags_and_has_none_is_nobodys(kind: str) -> None:
    for stack, declared in (("acme", good_stack()), (PLATFORMS, platform_stack())):
        nobodys = held(kind, stack=stack, name="x", identifier="acme-blue")
        assert found(nobodys, stack=declared, update=True) == ["held-own"]


@pytest.mark.parametrize(
    "kind",
    [
        *("aws:ec2/securityGroupRule:SecurityGroupRule", "aws:ec2/networkAclRule:NetworkAclRule"),
        *("aws:ec2/vpnGatewayAttachment:VpnGatewayAttachment", "aws:route53/zoneAssociation:ZoneAssociation"),
        *("aws-native:rds:DbInstance", "awsx:ec2:Vpc", "pulumi-python:dynamic:Resource", "made-up:a/b:C"),
    ],
)
@pytest.mark.parametrize("update", [False, True])
def test_what_the_stack_could_not_declare_is_not_its_own_whatever_its_tags(kind: str, update: bool) -> None:
    assert found(held(kind, OWNER.tags("x")), update=update) == ["held-own"]


def test_what_belongs_to_a_platform_is_no_tenants_and_the_other_way_round() -> None:
    key, peering = held(aws.KEY, OWNER.tags("x")), held(aws.PEERING, Owner(cell=CELL).tags("x"), PLATFORMS)
    assert found(key) == ["held-own"]
    assert found(peering, stack=platform_stack()) == ["held-own"]


# By type: one that is the stack's own, in a stack with a peering, a subnet, both gateways and a group.
OWN: Mapping[str, Mapping[str, Any]] = {
    aws.ROUTE: {"vpcPeeringConnectionId": "pcx-1"},
    aws.ROUTE_TABLE_ASSOCIATION: {"subnetId": "subnet-1"},
    aws.ROUTE_PROPAGATION: {"vpnGatewayId": "vgw-1"},
    aws.VPN_CONNECTION_ROUTE: {"vpnConnectionId": "vpn-1"},
    aws.INGRESS_RULE: {"securityGroupId": "sg-1"},
    aws.EGRESS_RULE: {"securityGroupId": "sg-1"},
    aws.RECORD: {"name": "acme.db.example.com", "zoneId": PLATFORM.zone_id},
    aws.TABLE_ITEM: OWN_ROW,
    aws.SCHEDULE: {"name": "tenantnet-eu1-acme-migration"},
    aws.ALIAS: {"name": "alias/tenantnet-eu1"},
    TOPIC_POLICY: {"arn": TOPIC_ARN},
    SUBSCRIPTION: {"topic": TOPIC_ARN},
    ROLE_POLICY: {"role": "tenantnet-eu1-runner"},
    ROLE_ATTACHMENT: {"role": "tenantnet-eu1-tunnel-host"},
    aws.IAM_GROUP: {"name": "eu1-acme-tunnel"},
    aws.IAM_GROUP_POLICY: {"group": "eu1-acme-tunnel"},
    "aws:iam/userGroupMembership:UserGroupMembership": {"groups": ["eu1-acme-tunnel"]},
}
PLATFORMS_STATE = [held(aws.VPC, Owner(cell=CELL).tags("x"), PLATFORMS, id="vpc-1")]


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("kind", sorted({*UNTAGGED, *OWN}))
def test_every_type_without_tags_is_told_by_what_it_is_of(kind: str, update: bool) -> None:
    """A new type that has no tags is told by nothing, and would be nobody's in every stack."""
    in_platform = kind in ALLOWED and not is_placed(kind, "acme")
    state, name = (PLATFORMS_STATE, PLATFORMS) if in_platform else (TENANTS_STATE, "acme")
    declared = platform_stack() if in_platform else good_stack()
    assert found(*state, held(kind, stack=name, **OWN[kind]), stack=declared, update=update) == []
    for path in OWN[kind]:
        other = held(kind, stack=name, **{**OWN[kind], path: "another"})
        assert found(*state, other, stack=declared, update=update) == ["held-own"], path


@pytest.mark.parametrize("place", [{"routeTableId": "rtb-1"}, {"destinationCidrBlock": SESSIONS}])
def test_a_route_that_outlives_its_peering_is_told_by_its_table_or_its_range(place: dict[str, str]) -> None:
    left = held(aws.ROUTE, vpcPeeringConnectionId="pcx-0000gone", **place)
    assert found(*TENANTS_STATE, held(aws.TABLE_ITEM, **OWN_ROW), left, update=True) == []


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("taken", [BETA.cidr, STRANGE_ROW.cidr])
def test_a_row_that_was_lost_and_is_anothers_since_is_not_deleted(taken: str, update: bool) -> None:
    """The state says that it is the stack's, and a deletion goes by the range alone."""
    lost = {**OWN_ROW, "item": replace(OWN_CLAIM, cidr=taken).item_json()}
    assert found(*TENANTS_STATE, held(aws.TABLE_ITEM, **lost), update=update) == ["held-own"]


def test_whose_is_what_the_state_does_not_have_is_asked_once() -> None:
    routes = [held(aws.ROUTE, vpcPeeringConnectionId=f"pcx-{number}gone") for number in range(3)]
    reading = Held(*TENANTS_STATE, *routes, replace(routes[0], region="us-east-1"))
    [*judge_held(Stack(good_stack().values()), replace(SETTINGS, reading=reading))]
    assert reading.asked == [
        ({f"pcx-{number}gone" for number in range(3)}, "eu-west-1"),
        ({"pcx-0gone"}, "us-east-1"),
    ]


STATES = Path(__file__).parents[2] / "end_to_end" / "states_of_6d2caa1"


@pytest.mark.parametrize(
    "file", sorted(STATES.glob("*/*.json")), ids=lambda each: f"{each.parent.name}-{each.stem}"
)
def test_deployed_stacks_have_their_own(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deployed(Held):
        def platform(self, cell: str) -> PlatformOutputs:
            return PlatformOutputs.model_validate({**samples.PLATFORM_OUTPUTS, "zoneId": zone})

    state, platform = (
        json.loads((file.parent / name).read_text()) for name in (file.name, "platform-local.json")
    )
    [zone] = [each["id"] for each in platform["deployment"]["resources"] if each["type"] == aws.ZONE]
    answer(state, tmp_path, monkeypatch)
    read = Reader().held(file.stem)
    assert len(read) > 30
    root = resource("pulumi:pulumi:Stack", "root", {}, stack=file.stem)
    assert [*judge_held(Stack([root]), replace(SETTINGS, reading=Deployed(*read)))] == []
    others = [replace(each, urn=each.urn.replace(file.stem, "beta", 1)) for each in read]
    stack = Stack([replace(root, urn=root.urn.replace(file.stem, "beta", 1))])
    assert len([*judge_held(stack, replace(SETTINGS, reading=Deployed(*others)))]) == len(read)


def test_a_route_of_the_stacks_own_peering_is_its_own() -> None:
    peering = held(aws.PEERING, OWNER.tags("x"), id="pcx-1")
    assert found(peering, held(aws.ROUTE, vpcPeeringConnectionId="pcx-1", destinationCidrBlock=NETWORK)) == []


@pytest.mark.parametrize("update", [False, True])
def test_a_platforms_state_has_nothing_of_a_tenant_or_another_cell(update: bool) -> None:
    name = f"platform-{CELL}"
    others = [held(aws.VPC, Owner(cell="eu2").tags("x"), name), held(aws.VPC, OWNER.tags("x"), name)]
    own = held(aws.VPC, Owner(cell=CELL).tags("x"), name)
    assert found(*others, own, stack=platform_stack(), update=update) == ["held-own"] * 2


@pytest.mark.parametrize("update", [False, True])
def test_what_would_stay_in_aws_is_in_no_state(update: bool) -> None:
    """A replacement deletes, too: its claim goes, and another tenant gets its range."""
    network = replace(held(aws.VPC, OWNER.tags("x")), retained=True)
    assert found(network, update=update) == ["deleted-gone"]
    assert found(network, stack={**good_stack(), "still": network}, update=update) == ["deleted-gone"]
    row = replace(held(aws.TABLE_ITEM, **OWN_ROW), retained=True)
    assert found(row, update=update) == ["deleted-gone"]


@pytest.mark.parametrize("update", [False, True])
def test_a_row_of_claims_is_deleted_for_no_others_sake(update: bool) -> None:
    """Until it is written again, another tenant may take the range of a network that is there."""
    assert found(replace(held(aws.TABLE_ITEM, **OWN_ROW), follows=True), update=update) == ["claim-alone"]
    assert found(replace(held(aws.VPC, OWNER.tags("x")), follows=True), update=update) == []


@pytest.mark.parametrize(
    ("more", "follows"),
    [
        ({}, False),
        ({"propertyDependencies": {"item": [], "hashKey": None}}, False),
        ({"propertyDependencies": {"tableName": [f"{READ}::platform"]}}, False),
        ({"propertyDependencies": {"item": [], "tableName": [DEVICE]}}, True),
        ({"replaceWith": [DEVICE]}, True),
        ({"replacementTrigger": "1"}, True),
        ({"deletedWith": DEVICE}, True),
    ],
)
def test_what_a_replacement_deletes_is_read_from_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], follows: bool
) -> None:
    urn = f"urn:pulumi:acme::t::{aws.TABLE_ITEM}::claim"
    row = {"urn": urn, "custom": True, "id": "1", "type": aws.TABLE_ITEM}
    provider = {"urn": PROVIDER_URN, "custom": True, "type": "pulumi:providers:aws"}
    of_provider = {**row, "provider": f"{PROVIDER_URN}::1234"}
    for state in ([{**row, **more}], [of_provider, {**provider, **more}]):
        answer(exported(*state), tmp_path, monkeypatch)
        assert [each.follows for each in Reader().held("acme")] == [follows]


def test_what_an_organisation_answers_for_may_stay_in_aws() -> None:
    assert found(replace(held(OWN_TYPE, OWNER.tags("x")), retained=True), update=True) == []


def test_a_cells_key_outlives_its_platform() -> None:
    key = replace(held(aws.KEY, Owner(cell=CELL).tags("x"), PLATFORMS), retained=True)
    assert found(key, stack=platform_stack()) == []


PROVIDER_URN = "urn:pulumi:acme::t::pulumi:providers:aws::default"
EXPORTED = [
    {
        "urn": "urn:pulumi:acme::t::pulumi:pulumi:Stack::t-acme",
        "custom": False,
        "type": "pulumi:pulumi:Stack",
    },
    {"urn": PROVIDER_URN, "custom": True, "type": "pulumi:providers:aws", "inputs": {"region": "eu-west-1"}},
    {
        "urn": "urn:pulumi:acme::t::aws:ec2/vpc:Vpc::acme-blue",
        "custom": True,
        "id": "vpc-1",
        "type": aws.VPC,
        "outputs": {"cidrBlock": NETWORK},
        "provider": f"{PROVIDER_URN}::1234",
        "retainOnDelete": True,
    },
    {"urn": "urn:pulumi:acme::t::aws:ec2/vpc:Vpc::x", "custom": True, "type": aws.VPC, "external": True},
    {"urn": "urn:pulumi:acme::t::a:b:C::queue", "custom": True, "type": "a:b:C", "importID": "queue-1"},
]


def answer(said: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Pulumi say this."""
    (folder / "said").write_text(json.dumps(said))
    (folder / "pulumi").write_text(f"#!/bin/sh\ncat '{folder}/said'\n")
    (folder / "pulumi").chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    # The engine runs a pack in the folder of the program that it judges.
    monkeypatch.chdir(CLONE / "infra")


def test_the_state_is_read_from_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(exported(*EXPORTED), tmp_path, monkeypatch)
    read = [
        (each.name, each.props["id"], each.region, each.adopted, each.retained) for each in Reader().held("x")
    ]
    assert read == [("acme-blue", "vpc-1", "eu-west-1", False, True), ("queue", None, None, True, False)]


@pytest.mark.parametrize("said", [exported(), {"version": 3, "deployment": None}])
def test_a_new_stack_has_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    answer(said, tmp_path, monkeypatch)
    assert Reader().held("acme") == []


NO_URN = {**exported(), "deployment": {"manifest": {}, "resources": [{"type": "a:b:C", "custom": True}]}}


@pytest.mark.parametrize(
    "said",
    [
        "",
        "warning: x",
        *map(json.dumps, (None, [], {}, {"version": 3}, {"version": 3, "checkpoint": None})),
        *map(
            json.dumps,
            ({"version": 3, "deployment": {}}, exported(version=5), {**exported(), "version": "3"}),
        ),
        *map(
            json.dumps,
            (NO_URN, exported({**EXPORTED[0], "outputs": None})),
        ),
    ],
)
def test_what_is_no_state_is_told_and_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    answer(None, tmp_path, monkeypatch)
    (tmp_path / "said").write_text(said)
    with pytest.raises(Failure, match="Could not read the state of acme"):
        Reader().held("acme")


def test_a_teams_own_stack_is_updated_again_and_again() -> None:
    """The pack asks for the cell's tag on what it makes; other teams' tags say nothing to Tenantnet."""
    root = resource("pulumi:pulumi:Stack", "jobs", {}, stack="jobs")
    for tags in (
        Owner(cell=CELL).tags("jobs"),
        {"team": "jobs"},
        None,
        Owner(cell=CELL, tenant="jobs").tags("x"),
    ):
        queue = held(OWN_TYPE, tags, stack="jobs")
        for update in (False, True):
            assert found(queue, stack={"root": root, "queue": queue}, update=update) == []
    assert found(replace(queue, type=aws.VPC, props={}), stack={"root": root}, update=True) == ["held-own"]


@pytest.mark.parametrize(
    ("tags", "own"),
    [
        (None, True),
        (Owner(cell=CELL).tags("x"), True),
        (OWNER.tags("x"), True),
        (Owner(cell="eu2").tags("x"), False),
        (BETAS, False),
        (SECRET, False),
    ],
)
def test_own_types_are_tagged_as_nobody_elses(tags: Any, own: bool) -> None:
    queue = held(OWN_TYPE, tags)
    assert found(*TENANTS_STATE, queue, update=True) == ["held-own"] * (not own)


NAMES_OTHERS = [
    {"policy": "subnet sg-0123456789abcdef0"},
    {"policy": "arn:aws:iam::123456789012:role/tenantnet-eu1-runner"},
    {"target": "beta-blue.abc.eu-west-1.rds.amazonaws.com"},
    {"policy": '{"Statement": [{"Effect": "Allow", "Action": "rds:*", "Resource": "*"}]}'},
]


@pytest.mark.parametrize("props", [*NAMES_OTHERS, {"dbSnapshotIdentifier": "beta-move-1"}])
def test_an_own_type_that_is_imported_names_nothing_of_others(props: dict[str, str]) -> None:
    tags = OWNER.tags("x")
    imported = replace(held(OWN_TYPE, tags, id="sg-0123456789abcdef0", **props), adopted=True)
    assert found(imported, update=True) == ["held-own"]
    innocent = {"id": "eipalloc-0123456789abcdef0", "tags": tags}
    assert found(replace(imported, props=innocent), update=True) == []
    assert found(replace(imported, props={"id": innocent["id"]}), update=True) == ["held-own"]
    # What a program has declared may be mended by the next update.
    assert found(replace(imported, adopted=False), update=True) == []


@pytest.mark.parametrize("props", NAMES_OTHERS)
def test_an_import_of_an_own_type_is_judged_by_its_texts(props: dict[str, str]) -> None:
    imported = replace(held(OWN_TYPE, id="eipalloc-0123456789abcdef0", **props), adopted=True)
    judged = ONLY_KNOWN_RESOURCES.judge_stack
    assert judged
    rules = [each.refusal.rule_id for each in judged(Stack([*good_stack().values(), imported]), SETTINGS)]
    assert rules == ["own-type-apart"]


OWN_ACL = {"id": "acl-1", "vpcId": PLATFORM.sessions_vpc_id}
# What a program has given, and what it has said of the resource once that was there.
SAID_OVER: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
    "a network has another range": (
        aws.VPC,
        {"cidrBlock": NETWORK},
        {"id": "vpc-1", "cidrBlock": "10.5.5.0/26"},
    ),
    "a network has none": (aws.VPC, {"cidrBlock": NETWORK}, {"id": "vpc-1"}),
    "an ACL has another tenant's subnet": (
        aws.NETWORK_ACL,
        {"subnetIds": ["subnet-000000acme"]},
        {**OWN_ACL, "subnetIds": ["subnet-000000acme", "subnet-000000beta"]},
    ),
    "a subnet is another": (aws.SUBNET, {}, {"id": "subnet-000000acme", "subnetId": "subnet-000000beta"}),
    "a database was not restored": (
        aws.DATABASE,
        {"identifier": "acme-blue", "snapshotIdentifier": "beta-move-1"},
        {"id": "db-1", "identifier": "acme-blue"},
    ),
    "a database replicates none": (
        aws.DATABASE,
        {"identifier": "acme-blue", "replicateSourceDb": "arn:aws:rds:eu-west-1:123456789012:db:beta-blue"},
        {"id": "db-1", "identifier": "acme-blue"},
    ),
    "a database goes by another's ARN": (
        aws.DATABASE,
        {"identifier": "acme-blue"},
        {"id": "db-1", "identifier": "acme-blue", "arn": "arn:aws:rds:eu-west-1:123456789012:db:beta-blue"},
    ),
    "a host is of another image": (aws.INSTANCE, {"ami": "ami-1"}, {"id": "i-1", "ami": "ami-2"}),
}


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("case", SAID_OVER)
def test_what_is_said_of_a_resource_in_a_state_is_what_its_program_gave(case: str, update: bool) -> None:
    """Any program can register outputs of any resource, and the provider works with what the state has."""
    kind, given, said = SAID_OVER[case]
    altered = replace(held(kind, OWNER.tags("x"), **said), given=given)
    honest = replace(altered, props={**altered.props, **given, "id": said.get("id")})
    assert SAID_AS_GIVEN.id in found(altered, update=update)
    if kind not in (aws.DATABASE, aws.SUBNET):
        assert SAID_AS_GIVEN.id not in found(honest, update=update)


@pytest.mark.parametrize("name", ["", "blue", "-blue", "beta-blue:"])
def test_an_arn_is_no_resources_own_that_merely_ends_as_its_name_does(name: str) -> None:
    said = {"id": "db-1", "identifier": name, "arn": "arn:aws:rds:eu-west-1:123456789012:db:beta-blue"}
    assert [*altered(replace(held(aws.DATABASE, **said), given={"identifier": name}))] == ["arn"]


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (aws.RECORD, {"name": "acme.db.example.com."}, {"name": "acme.db.example.com"}),
        (aws.TABLE_ITEM, {"item": '{"a": 1, "b": 2}'}, {"item": '{"b":2,"a":1}'}),
        (aws.VPC, {"cidrBlock": UNKNOWN}, {"id": "vpc-1", "cidrBlock": NETWORK}),
        (aws.SUBNET, {"vpcId": SECRET}, {"id": "subnet-1", "vpcId": "vpc-1"}),
        (aws.NETWORK_ACL, {"subnetIds": ["subnet-1"]}, {"id": "acl-1", "subnetIds": []}),
        (
            aws.LOG_GROUP,
            {"name": "/aws/rds/instance/acme-blue/error"},
            {
                "id": "/aws/rds/instance/acme-blue/error",
                "name": "/aws/rds/instance/acme-blue/error",
                "arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/rds/instance/acme-blue/error",
            },
        ),
        (
            aws.ALIAS,
            {"targetKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1-2"},
            {"id": "alias/x", "arn": "arn:aws:kms:eu-west-1:123456789012:alias/x", "targetKeyId": "1-2"},
        ),
    ],
)
def test_what_a_provider_writes_in_another_way_is_said_as_it_was_given(
    kind: str, given: Mapping[str, Any], said: Mapping[str, Any]
) -> None:
    assert [*altered(replace(held(kind, **said), given=given))] == []
