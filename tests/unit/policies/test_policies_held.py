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
from tenantnet.policies.held import DELETED_GONE, HELD_OWN, SECRET_MARK
from tenantnet.policies.known import ONLY_KNOWN_RESOURCES
from tenantnet.policies.model import Resource, Stack
from tenantnet.policies.reading import Reader
from tenantnet.tags import Owner

from tools.rulebook.samples import (
    BETA,
    CELL,
    NETWORK,
    OWNER,
    SESSIONS,
    SETTINGS,
    SampleReading,
    good_stack,
    platform_stack,
    resource,
)

BETAS = Owner(cell=CELL, tenant="beta").tags("x")
OWN_CLAIM = Claim(cidr=SESSIONS, tenant="acme", stack="acme", kind=ClaimKind.SESSION_SUBNET)


class Held(SampleReading):
    """A stack whose state has these resources."""

    def __init__(self, *state: Resource) -> None:
        self.state = state

    def held(self, stack: str) -> Sequence[Resource]:
        return self.state

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
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
    return [each for each in rules if each in (HELD_OWN.id, DELETED_GONE.id)]


def held(kind: str, tags: Mapping[str, str] | None = None, stack: str = "acme", **props: Any) -> Resource:
    return resource(kind, "imported", props, tags=tags, stack=stack)


OTHERS = [
    held(aws.VPC, BETAS),
    held(aws.PEERING, Owner(cell=CELL).tags("x")),
    held(aws.INGRESS_RULE, BETAS, securityGroupId="sg-database00beta"),
    held(aws.ROUTE, vpcPeeringConnectionId="pcx-00000000beta"),
    held(aws.ROUTE_TABLE_ASSOCIATION, subnetId="subnet-000000beta"),
    held(aws.ROUTE_PROPAGATION, vpnGatewayId="vgw-0000000beta"),
    held(aws.VPN_CONNECTION_ROUTE, vpnConnectionId="vpn-0000000beta"),
    held(aws.RECORD, name="beta.db.example.com"),
    held(aws.TABLE_ITEM, item=BETA.item_json()),
    held(aws.VPC, {SECRET_MARK: "x", "ciphertext": "v1:abc"}),
    held(aws.ROUTE, vpcPeeringConnectionId={SECRET_MARK: "x", "ciphertext": "v1:abc"}),
]


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.kind)
def test_what_was_imported_is_not_deleted(other: Resource, update: bool) -> None:
    assert found(other, update=update) == ["held-own"]


OWN = [
    held(aws.VPC, OWNER.tags("x")),
    held(aws.ROUTE, vpcPeeringConnectionId="pcx-00000000acme"),
    held(aws.ROUTE, vpcPeeringConnectionId="pcx-0000gone"),
    held(aws.RECORD, name="acme.db.example.com"),
    held(aws.TABLE_ITEM, item=OWN_CLAIM.item_json()),
    held(aws.SCHEDULE, name="tenantnet-eu1-acme-migration"),
]


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("own", OWN, ids=lambda each: each.kind)
def test_what_is_the_stacks_own_is_deleted(own: Resource, update: bool) -> None:
    assert found(own, update=update) == []


def test_a_route_of_the_stacks_own_peering_is_its_own() -> None:
    peering = held(aws.PEERING, OWNER.tags("x"), id="pcx-1")
    assert found(peering, held(aws.ROUTE, vpcPeeringConnectionId="pcx-1", destinationCidrBlock=NETWORK)) == []


@pytest.mark.parametrize("update", [False, True])
def test_a_platforms_state_has_nothing_of_a_tenant_or_another_cell(update: bool) -> None:
    name = f"platform-{CELL}"
    others = [held(aws.VPC, Owner(cell="eu2").tags("x"), name), held(aws.VPC, OWNER.tags("x"), name)]
    own = held(aws.VPC, Owner(cell=CELL).tags("x"), name)
    assert found(*others, own, stack=platform_stack(), update=update) == ["held-own"] * 2


def test_what_stays_in_aws_is_not_taken_out_of_the_program() -> None:
    """Its claim goes, and another tenant gets its range."""
    network = replace(held(aws.VPC, OWNER.tags("x")), retained=True)
    assert found(network) == ["deleted-gone"]
    assert found(network, update=True) == []
    assert found(network, stack={**good_stack(), "still": network}) == []


def test_a_cells_key_outlives_its_platform() -> None:
    key = replace(held(aws.KEY, Owner(cell=CELL).tags("x"), f"platform-{CELL}"), retained=True)
    assert found(key, stack=platform_stack()) == []


EXPORTED = [
    {
        "urn": "urn:pulumi:acme::t::pulumi:pulumi:Stack::t-acme",
        "custom": False,
        "type": "pulumi:pulumi:Stack",
    },
    {
        "urn": "urn:pulumi:acme::t::aws:ec2/vpc:Vpc::acme-blue",
        "custom": True,
        "id": "vpc-1",
        "type": aws.VPC,
        "outputs": {"cidrBlock": NETWORK},
        "retainOnDelete": True,
    },
    {"urn": "urn:pulumi:acme::t::aws:ec2/vpc:Vpc::x", "custom": True, "type": aws.VPC, "external": True},
]


@pytest.mark.parametrize(("resources", "count"), [(EXPORTED, 1), (None, 0)])
def test_the_state_is_read_from_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resources: Any, count: int
) -> None:
    said = {"version": 3, "deployment": {"resources": resources} if resources else None}
    (tmp_path / "pulumi").write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(said)}\nEND\n")
    (tmp_path / "pulumi").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    read = Reader().held("acme")
    assert len(read) == count
    assert [(each.name, each.props["id"], each.retained) for each in read] == [("acme-blue", "vpc-1", True)][
        :count
    ]


def test_a_teams_own_stack_has_what_is_tagged_with_its_cell() -> None:
    """The pack asks for the cell's tag on it."""
    queue = held("aws:sqs/queue:Queue", Owner(cell=CELL).tags("jobs"), stack="jobs")
    assert found(queue, update=True) == []
    assert found(replace(queue, type=aws.VPC), update=True) == ["held-own"]
