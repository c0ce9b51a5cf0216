"""The pack on what a move by `live` declares: two networks are joined for its time, and no wider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tenantnet.aws import types as aws
from tenantnet.policies.model import UNKNOWN, Finding, Resource
from tenantnet.policies.rules import POLICIES
from tenantnet.tags import Lifecycle, Owner, Part, Tag

from tools.rulebook.samples import CELL, TENANT, Resources, good_stack, judge, resource

GREEN, BLUES, GREENS = "10.9.8.64/26", "10.1.2.0/27", "10.9.8.64/27"
BY_NAME = {policy.name: policy for policy in POLICIES}
ISOLATION, INGRESS = BY_NAME["session-isolation"], BY_NAME["database-ingress-exact"]
KNOWN = BY_NAME["only-known-resources"]


def owner(slot: str) -> Owner:
    return Owner(cell=CELL, tenant=TENANT, network=slot)


def of_green(kind: str, name: str, props: dict[str, Any], **tags: Any) -> Resource:
    return resource(kind, name, props, tags=owner("green").tags(name, **tags))


def joined(lifecycle: Lifecycle | None = Lifecycle.TEST, **more: Any) -> Resources:
    """The sample stack with a second network, joined with the first as DatabasePeering does it.

    lifecycle: of the second network's database; None without one. more: properties of it.
    """
    stack, vpc = dict(good_stack()), "vpc-0000000000000002"
    network = of_green(aws.VPC, "acme-green", {"cidrBlock": GREEN, "id": vpc}, part=Part.NETWORK)
    table = of_green(aws.ROUTE_TABLE, "acme-green", {"vpcId": vpc}, part=Part.NETWORK)
    group = of_green(aws.SECURITY_GROUP, "acme-green-database", {"vpcId": vpc}, part=Part.DATABASE)
    stack |= {"green": network, "green-table": table, "green-group": group}
    if lifecycle:
        stack["green-database"] = of_green(
            aws.DATABASE, "acme-green", {"vpcSecurityGroupIds": ["sg-1"], **more}, lifecycle=lifecycle
        )
    peering = resource(
        aws.PEERING,
        "acme-databases",
        {"peerVpcId": vpc, "vpcId": "unknown", "autoAccept": True},
        tags=Owner(cell=CELL, tenant=TENANT).tags("acme-databases"),
    )
    stack["peering"] = refer(peering, "vpcId", stack["network"])
    for key, target, at in (("out", GREENS, stack["network-table"]), ("back", BLUES, table)):
        stack[f"route-{key}"] = route(key, target, stack["peering"], at)
    for near, far in (("blue", GREENS), ("green", BLUES)):
        for kind, way in ((aws.INGRESS_RULE, "from"), (aws.EGRESS_RULE, "to")):
            at = group if near == "green" else stack["database-group"]
            stack[f"{near}-{way}"] = rule(kind, f"acme-{near}-{way}", far, at)
    return stack


def refer(referring: Resource, path: str, to: Resource) -> Resource:
    """The resource with a property that is known after deployment."""
    origins = {**referring.property_depends_on, path: (to.urn,)}
    return replace(referring, props={**referring.props, path: UNKNOWN}, property_depends_on=origins)


def route(name: str, destination: str, peering: Resource, table: Resource) -> Resource:
    made = resource(aws.ROUTE, f"acme-databases-{name}", {"destinationCidrBlock": destination})
    return refer(refer(made, "vpcPeeringConnectionId", peering), "routeTableId", table)


def rule(kind: str, name: str, peer: str, group: Resource, port: int = 3306) -> Resource:
    props = {"cidrIpv4": peer, "ipProtocol": "tcp", "fromPort": port, "toPort": port}
    return refer(resource(kind, name, props, tags=owner("blue").tags(name)), "securityGroupId", group)


def found(stack: Resources) -> list[str]:
    findings: Iterator[Finding] = (each for policy in (ISOLATION, INGRESS) for each in judge(policy, stack))
    return sorted(f"{each.resource.name} {each.refusal.rule_id}" for each in findings)


def test_two_databases_of_which_one_follows_reach_each_other() -> None:
    assert found(joined()) == []
    refused = {each.resource.name for each in judge(KNOWN, joined())}
    assert not {name for name in refused if name.startswith(("acme-databases", "acme-blue-", "acme-green-"))}


@pytest.mark.parametrize(
    ("lifecycle", "more"),
    [
        (None, {}),
        (Lifecycle.RETIRING, {}),
        (Lifecycle.DISCARDED, {}),
        (Lifecycle.TEST, {"replicateSourceDb": "acme-blue"}),
    ],
    ids=["steady", "retiring", "aborting", "by replica"],
)
def test_at_any_other_time_each_part_is_refused(lifecycle: Lifecycle | None, more: dict[str, Any]) -> None:
    assert found(joined(lifecycle, **more)) == [
        "acme-blue-from exact-peer",
        "acme-blue-to exact-peer",
        "acme-databases networks-apart",
        "acme-databases-back databases-reach-each-other",
        "acme-databases-out databases-reach-each-other",
        "acme-green-from exact-peer",
        "acme-green-to exact-peer",
    ]


@pytest.mark.parametrize("wider", [GREEN, "10.9.8.64/28", "10.9.8.96/27", BLUES, "10.0.0.0/8", "0.0.0.0/0"])
def test_no_route_or_rule_is_wider_or_another(wider: str) -> None:
    stack = dict(joined())
    stack["route-out"] = route("out", wider, stack["peering"], stack["network-table"])
    for kind, key in ((aws.INGRESS_RULE, "from"), (aws.EGRESS_RULE, "to")):
        stack[f"blue-{key}"] = rule(kind, f"acme-blue-{key}", wider, stack["database-group"])
    assert found(stack) == [
        "acme-blue-from exact-peer",
        "acme-blue-to exact-peer",
        "acme-databases-out databases-reach-each-other",
    ]


def test_no_other_port_is_open_and_no_other_group_lets_anything_out() -> None:
    stack = dict(joined())
    stack["blue-to"] = rule(aws.EGRESS_RULE, "acme-blue-to", GREENS, stack["database-group"], port=22)
    of_pings = of_green(aws.SECURITY_GROUP, "acme-green-ping-host", {}, part=Part.PING_HOST)
    stack["pings"] = of_pings
    stack["ping-to"] = rule(aws.EGRESS_RULE, "acme-ping-to", GREENS, of_pings)
    assert found(stack) == ["acme-blue-to service-exact", "acme-ping-to service-exact"]


def test_a_route_of_another_table_does_not_lead_through_the_peering() -> None:
    stack = dict(joined())
    stack["route-out"] = route("out", GREENS, stack["peering"], stack["session-table"])
    assert found(stack) == ["acme-databases-out databases-reach-each-other"]


def test_the_database_that_the_network_tag_names_counts() -> None:
    stack = dict(joined())
    database = stack["green-database"]
    tags = {**database.tags, str(Tag.NETWORK): "blue"}
    stack["green-database"] = replace(database, props={**database.props, "tags": tags, "tagsAll": tags})
    assert "acme-databases networks-apart" in found(stack)
