"""What differs at AWS from the stack, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi.automation.events import StepEventStateMetadata
from tenantnet.aws import types
from tenantnet.engine.events import Operation, Step
from tenantnet.observed import deployed as aws
from tenantnet.observed.drift import differences
from tenantnet.observed.drift.additions import additions
from tenantnet.observed.drift.refreshed import changes_by_others
from tenantnet.observed.drift.state import PROVIDER, StackState


def state(**fields: Any) -> StepEventStateMetadata:
    return StepEventStateMetadata.from_json(fields)


def resource(
    kind: str, name: str, identifier: str = "", /, *, operation: Operation = Operation.SAME, **inputs: Any
) -> Step:
    old = state(id=identifier or name, inputs=inputs, outputs=inputs)
    urn = f"urn:pulumi:acme::tenantnet::tenantnet:index:Any${kind}::{name}"
    return Step(operation=operation, urn=urn, type=kind, old=old, new=None)


def changed(kind: str, name: str, was: dict[str, Any], now: dict[str, Any], *undeclared: str) -> Step:
    """A resource with other properties; those that are undeclared are no input of the program."""
    declared = {key: value for key, value in was.items() if key not in undeclared}
    return Step(
        operation=Operation.UPDATE,
        urn=f"urn:pulumi:acme::tenantnet::{kind}::{name}",
        type=kind,
        properties=tuple(key for key in now if now[key] != was.get(key)),
        old=state(id=name, inputs=declared, outputs=was),
        new=state(id=name, inputs=declared, outputs=now),
    )


STACK = [
    resource(types.VPC, "acme-blue", "vpc-1"),
    resource(types.SECURITY_GROUP, "acme-blue-database", "sg-1"),
    resource(types.INGRESS_RULE, "acme-blue-sessions", "sgr-1"),
    resource(types.ROUTE_TABLE, "acme-blue", "rtb-1"),
    resource(types.ROUTE, "out", "r-1", routeTableId="rtb-1", destinationCidrBlock="172.17.5.0/24"),
    resource(types.PEERING, "acme-blue-sessions", "pcx-1"),
    resource(types.VPN_GATEWAY, "acme-blue", "vgw-1"),
    resource(types.VPN_CONNECTION, "vpn", "vpn-1", tags={"tenantnet:description": "Seattle office"}),
    resource(
        types.VPN_CONNECTION_ROUTE, "vpn", "x", vpnConnectionId="vpn-1", destinationCidrBlock="192.168.4.0/24"
    ),
    resource(types.INSTANCE, "acme-blue-ping-host", "i-1"),
]
STATE = StackState.of(STACK)


def rule(identifier: str = "sgr-2", **properties: Any) -> dict[str, Any]:
    base = {"SecurityGroupRuleId": identifier, "GroupId": "sg-1", "IsEgress": False, "IpProtocol": "tcp"}
    return {**base, "FromPort": 22, "ToPort": 22, "CidrIpv4": "203.0.113.0/24", **properties}


def table(*routes: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": list(routes), **properties}


def route(destination: str, origin: str = "CreateRoute", **target: str) -> dict[str, Any]:
    return {"DestinationCidrBlock": destination, "Origin": origin, **target}


def peering(identifier: str) -> dict[str, Any]:
    sides = {"RequesterVpcInfo": {"VpcId": "vpc-9"}, "AccepterVpcInfo": {"VpcId": "vpc-1"}}
    return {"VpcPeeringConnectionId": identifier, "Status": {"Code": "active"}, **sides}


def connection(identifier: str, *cidrs: str) -> dict[str, Any]:
    routes = [{"DestinationCidrBlock": cidr, "State": "available"} for cidr in cidrs]
    return {
        "VpnConnectionId": identifier,
        "VpnGatewayId": "vgw-1",
        "State": "available",
        "Routes": routes,
    }


def instance(identifier: str) -> dict[str, Any]:
    place = {"VpcId": "vpc-1", "SubnetId": "subnet-1", "State": {"Name": "running"}, "SecurityGroups": []}
    return {"InstanceId": identifier, **place}


KINDS: dict[str, type[aws.Described]] = {
    "rules": aws.SecurityGroupRule,
    "route_tables": aws.RouteTable,
    "peerings": aws.Peering,
    "vpn_connections": aws.SiteToSiteVpn,
    "internet_gateways": aws.InternetGateway,
    "nat_gateways": aws.NatGateway,
    "instances": aws.Ec2Instance,
    "endpoints": aws.VpcEndpoint,
    "tagged": aws.Tagged,
}


AS_DECLARED = {
    "rules": [rule("sgr-1")],
    "route_tables": [
        table(
            route("10.1.2.0/26", "CreateRouteTable", GatewayId="local"),
            route("192.168.4.0/24", "EnableVgwRoutePropagation", GatewayId="vgw-1"),
            route("172.17.5.0/24", VpcPeeringConnectionId="pcx-1"),
        )
    ],
    "peerings": [peering("pcx-1")],
    "vpn_connections": [connection("vpn-1", "192.168.4.0/24")],
    "instances": [instance("i-1")],
}


def found(**more: Any) -> list[str]:
    """What is found where EC2 describes what is declared, and more of some kinds."""
    records: dict[str, Any] = {
        name: tuple(map(kind.model_validate, [*AS_DECLARED.get(name, []), *more.get(name, [])]))
        for name, kind in KINDS.items()
    }
    return additions(aws.Deployed(**records), STATE)


def test_what_the_stack_declares_is_no_drift() -> None:
    assert found() == []


UNDECLARED = "which the stack does not declare"
CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "rules",
        rule(Description="Jo"),
        f"security group acme-blue-database admits TCP 22 from 203.0.113.0/24, {UNDECLARED} (sgr-2, 'Jo')",
    ),
    (
        "rules",
        rule(IpProtocol="-1", FromPort=-1, ToPort=-1, CidrIpv4="0.0.0.0/0", IsEgress=True),
        f"security group acme-blue-database lets everything out to 0.0.0.0/0, {UNDECLARED} (sgr-2)",
    ),
    (
        "rules",
        rule(FromPort=8000, ToPort=8080, CidrIpv4=None, ReferencedGroupInfo={"GroupId": "sg-7"}),
        f"security group acme-blue-database admits TCP 8000 to 8080 from sg-7, {UNDECLARED} (sgr-2)",
    ),
    (
        "rules",
        rule(IpProtocol="icmp", FromPort=8, ToPort=-1),
        f"security group acme-blue-database admits ICMP from 203.0.113.0/24, {UNDECLARED} (sgr-2)",
    ),
    (
        "route_tables",
        table(route("10.9.0.0/16", VpcPeeringConnectionId="pcx-7")),
        f"route table acme-blue leads 10.9.0.0/16 to pcx-7, {UNDECLARED}",
    ),
    (
        "route_tables",
        table(route("0.0.0.0/0", GatewayId="igw-1"), RouteTableId="rtb-0", Associations=[{"Main": True}]),
        f"route table rtb-0 (main, of acme-blue) leads 0.0.0.0/0 to igw-1, {UNDECLARED}",
    ),
    ("peerings", peering("pcx-7"), f"network acme-blue is peered with vpc-9, {UNDECLARED} (pcx-7)"),
    ("vpn_connections", connection("vpn-7"), f"VPN gateway acme-blue has a connection vpn-7, {UNDECLARED}"),
    (
        "vpn_connections",
        connection("vpn-1", "10.200.0.0/16"),
        f"VPN connection Seattle office has a route to 10.200.0.0/16, {UNDECLARED}",
    ),
    (
        "internet_gateways",
        {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]},
        f"network acme-blue has an internet gateway, {UNDECLARED} (igw-1)",
    ),
    (
        "nat_gateways",
        {"NatGatewayId": "nat-1", "VpcId": "vpc-1"},
        f"network acme-blue has a NAT gateway, {UNDECLARED} (nat-1)",
    ),
    (
        "instances",
        instance("i-7"),
        f"network acme-blue has an instance, {UNDECLARED} (i-7)",
    ),
    (
        "endpoints",
        {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-1.s3"},
        f"network acme-blue has a VPC endpoint for com.amazonaws.eu-west-1.s3, {UNDECLARED} (vpce-1)",
    ),
]

CASES.append(
    (
        "tagged",
        {"ResourceType": "vpc", "ResourceId": "vpc-7"},
        "vpc vpc-7 has the tenant's tags, and the stack does not have it",
    )
)


@pytest.mark.parametrize(("kind", "described", "sentence"), CASES)
def test_what_was_added_beside_the_stack_is_named(
    kind: str, described: dict[str, Any], sentence: str
) -> None:
    assert found(**{kind: [described]}) == [sentence]


LOST = {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0}


@pytest.mark.parametrize(
    ("kind", "described", "way"),
    [(types.INGRESS_RULE, {}, "ingress"), (types.EGRESS_RULE, {"IsEgress": True}, "egress")],
)
def test_a_rule_that_was_put_back_by_hand_is_one_difference_with_what_to_revoke(
    kind: str, described: dict[str, Any], way: str
) -> None:
    lost = resource(kind, "x", "sgr-0", operation=Operation.DELETE, cidrIpv4="203.0.113.0/24", **LOST)
    same = aws.SecurityGroupRule.model_validate(rule(**described))
    (said,) = differences([lost], aws.Deployed(rules=(same,)), STATE)
    assert said == (
        "security group acme-blue-database has its rule for 203.0.113.0/24 back, by hand (sgr-2 in place of "
        f"sgr-0). Before an update with --refresh: aws ec2 revoke-security-group-{way} --group-id sg-1 "
        "--security-group-rule-ids sgr-2"
    )
    other = aws.SecurityGroupRule.model_validate(rule(**described, ToPort=23))
    assert len(differences([lost], aws.Deployed(rules=(other,)), STATE)) == 2


DATABASE = {
    "publiclyAccessible": False,
    "deletionProtection": True,
    "backupRetentionPeriod": 14,
    "tags": {"a": "b"},
}


@pytest.mark.parametrize(
    ("property_", "value", "words"),
    [
        ("publiclyAccessible", True, "was made public: it has a public address"),
        ("deletionProtection", False, "has lost its protection against deletion"),
        ("backupRetentionPeriod", 0, "has lost its automated backups"),
        ("backupRetentionPeriod", 7, "has backupRetentionPeriod 7; the stack says 14"),
        ("tags", {"a": "c", "d": "e"}, "has other tags: a is c, not b, d is e, not nothing"),
    ],
)
def test_a_changed_property_is_named_with_both_values(property_: str, value: object, words: str) -> None:
    change = changed(types.DATABASE, "acme-blue", DATABASE, {**DATABASE, property_: value})
    assert changes_by_others([change], STATE) == [f"database acme-blue {words}"]


def test_what_aws_never_did_as_the_program_says_is_no_drift() -> None:
    """RDS makes replicas without protection; the next update protects them."""
    declared = {"deletionProtection": True}
    made = state(id="acme-green", inputs=declared, outputs={"deletionProtection": False})
    step = changed(types.DATABASE, "acme-green", declared, {"deletionProtection": False})
    assert changes_by_others([step], STATE)
    assert changes_by_others([replace(step, old=made)], STATE) == []


def test_a_changed_parameter_is_named_with_both_values() -> None:
    was, other = ({"name": name, "value": "0", "applyMethod": "immediate"} for name in ("read_only", "x"))
    now = {**was, "value": "1"}
    change = changed(
        types.PARAMETER_GROUP, "acme-blue", {"parameters": [was, other]}, {"parameters": [other, now]}
    )
    assert changes_by_others([change], STATE) == [
        "database parameter group acme-blue has other parameters: read_only is (applyMethod immediate, "
        'value "1"), not (applyMethod immediate, value "0")'
    ]


def test_mappings_of_a_list_without_names_are_shown() -> None:
    was, now = (
        {"rules": [{"cidrBlock": cidr, "action": "allow"}]} for cidr in ("10.1.0.0/16", "10.2.0.0/16")
    )
    (sentence,) = changes_by_others([changed(types.NETWORK_ACL, "acme", was, now)], STATE)
    assert sentence.endswith(
        "has rules (action allow, cidrBlock 10.2.0.0/16); the stack says "
        "(action allow, cidrBlock 10.1.0.0/16)"
    )


def test_what_a_rule_does_not_have_is_not_said_however_the_provider_has_it() -> None:
    was = {"rules": [{"cidrBlock": "10.1.0.0/16", "egress": False, "fromPort": 0}]}
    now = {"rules": [{"cidrBlock": "10.2.0.0/16", "egress": False, "icmpCode": 0, "ipv6CidrBlock": ""}]}
    (sentence,) = changes_by_others([changed(types.NETWORK_ACL, "acme", was, now)], STATE)
    assert sentence.endswith(
        "has rules (cidrBlock 10.2.0.0/16, egress false); the stack says "
        "(cidrBlock 10.1.0.0/16, egress false)"
    )


def test_a_whole_number_is_said_without_a_fraction() -> None:
    change = changed(types.ALARM, "acme-blue-CPUUtilization", {"threshold": 90}, {"threshold": 99.0})
    (sentence,) = changes_by_others([change], STATE)
    assert sentence.endswith("has threshold 99; the stack says 90")


def test_a_changed_claim_is_named_by_its_columns() -> None:
    was, now = (
        {"item": f'{{"cidr": {{"S": "10.1.2.0/26"}}, "tenant": {{"S": "{tenant}"}}}}'}
        for tenant in ("acme", "globex")
    )
    change = changed(types.TABLE_ITEM, "acme-blue", was, now)
    assert changes_by_others([change], STATE) == [
        "claim acme-blue has other item: tenant is globex, not acme"
        "; `tenantnet claims audit` says how to put it back"
    ]


def test_what_aws_itself_goes_on_changing_is_no_drift() -> None:
    change = changed(types.DATABASE, "acme-blue", {"status": "available"}, {"status": "backing-up"}, "status")
    assert changes_by_others([change], STATE) == []


@pytest.mark.parametrize(
    ("kind", "was", "now", "words"),
    [
        (types.ALARM, {"actionsEnabled": True}, {"actionsEnabled": False}, "was silenced: it tells nobody"),
        (
            types.DATABASE,
            {"maxAllocatedStorage": 0},
            {"maxAllocatedStorage": 1000},
            "has maxAllocatedStorage 1000; the stack says 0",
        ),
    ],
)
def test_what_only_programs_set_is_drift_although_this_one_does_not(
    kind: str, was: dict[str, Any], now: dict[str, Any], words: str
) -> None:
    change = changed(kind, "acme", was, now, *was)
    (sentence,) = changes_by_others([change], STATE)
    assert sentence.endswith(f" acme {words}")


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(
    ("was", "said"), [("pcx-1", "nothing"), (60, "0"), (True, "false"), (["a"], "nothing")]
)
def test_what_aws_leaves_out_is_said_alike_by_every_provider(nothing: object, was: object, said: str) -> None:
    now = nothing if isinstance(was, str) else None
    (sentence,) = changes_by_others([changed(types.ROUTE, "out", {"x": was}, {"x": now})], STATE)
    assert f" has x {said}; the stack says " in sentence


def test_the_region_is_that_of_the_states_provider() -> None:
    def step(kind: str, **fields: Any) -> Step:
        return Step(operation=Operation.SAME, urn="u", type=kind, old=state(type=kind, **fields), new=None)

    regions = {"u::1": "eu-west-1", "u::2": "eu-west-1", "u::3": "us-east-2"}
    providers = [
        step(PROVIDER, urn="u", id=ref[-1], inputs={"region": region, "version": ref})
        for ref, region in regions.items()
    ]
    for refs, region in ((["u::1", "u::2"], "eu-west-1"), (["u::1", "u::3"], ""), (["u::9"], ""), ([], "")):
        own = [step(types.VPC, id="vpc-1", provider=ref) for ref in refs]
        assert StackState.of([*providers, *own]).region == region


def test_a_changed_secret_is_named_without_its_value() -> None:
    change = changed(types.DATABASE, "acme-blue", {"password": "[secret]"}, {"password": "new"})
    (sentence,) = changes_by_others([change], STATE)
    assert sentence == "database acme-blue has another password than the stack"


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        (
            resource(
                types.VPN_CONNECTION_ROUTE,
                "vpn",
                operation=Operation.DELETE,
                vpnConnectionId="vpn-1",
                destinationCidrBlock="192.168.4.0/24",
            ),
            "VPN connection Seattle office has lost its route to 192.168.4.0/24",
        ),
        (
            resource(
                types.ROUTE,
                "out",
                operation=Operation.DELETE,
                routeTableId="rtb-1",
                destinationCidrBlock="172.17.5.0/24",
            ),
            "route table acme-blue has lost its route to 172.17.5.0/24",
        ),
        (
            resource(
                types.INGRESS_RULE,
                "x",
                operation=Operation.DELETE,
                securityGroupId="sg-1",
                cidrIpv4="172.17.5.0/24",
                description="the tenant's sessions",
            ),
            "security group acme-blue-database no longer admits 172.17.5.0/24 (the tenant's sessions)",
        ),
        (
            resource("aws:cloudwatch/metricAlarm:MetricAlarm", "acme-blue-CPU", operation=Operation.DELETE),
            "metric alarm acme-blue-CPU is gone",
        ),
        (resource(types.VPC, "acme-blue", operation=Operation.DELETE), "VPC acme-blue is gone"),
    ],
)
def test_what_is_gone_is_named(gone: Step, sentence: str) -> None:
    assert changes_by_others([gone], STATE) == [sentence]


def test_components_and_unchanged_resources_are_no_drift() -> None:
    component = resource("tenantnet:index:TenantNetwork", "acme-blue", operation=Operation.DELETE)
    assert changes_by_others([component, *STACK], STATE) == []
