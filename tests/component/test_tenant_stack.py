"""The wiring of a tenant, on Pulumi's mocks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tenantnet.phases.journal import Holder
from tenantnet.refusal import Refused
from tenantnet.toolchain.processes import this_machine

from tests.component.conftest import DeclareTenant
from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def routes_of(engine: RecordingEngine, table: str) -> set[str]:
    return {
        str(route.inputs["destinationCidrBlock"])
        for route in engine.of_type("aws:ec2/route:Route")
        if route.inputs["routeTableId"] == table
    }


def ingress_of(engine: RecordingEngine, group: str) -> set[str]:
    return {
        str(rule.inputs["cidrIpv4"])
        for rule in engine.of_type(INGRESS)
        if rule.inputs["securityGroupId"] == group
    }


def test_the_network_is_cut_into_four_subnets_of_28(acme: RecordingEngine) -> None:
    cidrs = {
        subnet.inputs["cidrBlock"]
        for subnet in acme.of_type("aws:ec2/subnet:Subnet")
        if subnet.inputs["vpcId"] == "id-acme-blue"
    }
    assert cidrs == {"10.1.2.0/28", "10.1.2.16/28", "10.1.2.32/28", "10.1.2.48/28"}


def test_the_database_stands_in_two_zones(acme: RecordingEngine) -> None:
    zones = {
        subnet.inputs["availabilityZone"]
        for subnet in acme.of_type("aws:ec2/subnet:Subnet")
        if "database" in subnet.name
    }
    assert len(zones) == 2


def test_sessions_are_led_to_their_own_tenants_networks_only(moving_acme: RecordingEngine) -> None:
    assert routes_of(moving_acme, "id-acme-session") == {"10.1.2.0/26", "10.9.8.64/26"}


def network_acl(engine: RecordingEngine) -> Mapping[str, Any]:
    return engine.one("aws:ec2/networkAcl:NetworkAcl", "acme-session").inputs


def rules_of(acl: Mapping[str, Any], direction: str) -> list[tuple[int, str, str, str]]:
    return [(each["ruleNo"], each["action"], each["cidrBlock"], each["protocol"]) for each in acl[direction]]


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_sessions_are_kept_from_those_of_other_tenants(acme: RecordingEngine, direction: str) -> None:
    acl = network_acl(acme)
    assert acl["subnetIds"] == ["id-acme-session"]
    assert rules_of(acl, direction) == [
        (200, "deny", "172.17.0.0/16", "-1"),
        (300, "allow", "0.0.0.0/0", "-1"),
    ]


def test_sessions_reach_the_subnets_that_their_platform_shares(declare_tenant: DeclareTenant) -> None:
    shared = ["172.17.255.0/24", "172.17.254.0/28"]
    acl = network_acl(declare_tenant(platform_outputs={"sharedSubnets": shared}))
    for direction in ("ingress", "egress"):
        assert rules_of(acl, direction)[:3] == [
            (101, "allow", "172.17.255.0/24", "-1"),
            (102, "allow", "172.17.254.0/28", "-1"),
            (200, "deny", "172.17.0.0/16", "-1"),
        ]


@pytest.mark.parametrize(
    "platform", [{"sharedSubnets": ["172.17.5.0/28"]}, {"sessionsCidr": "172.17.128.0/17"}]
)
def test_a_session_subnet_that_the_deployed_platform_has_no_room_for_is_refused(
    declare_tenant: DeclareTenant, platform: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match=r"172\.17\.5\.0/24"):
        declare_tenant(platform_outputs=platform)


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ({"servicesCidr": "10.1.0.0/16"}, r"networks\.blue\.cidr: 10\.1\.2\.0/26"),
        ({"sessionsCidr": "10.1.0.0/16"}, r"networks\.blue\.cidr: 10\.1\.2\.0/26"),
        (
            {"servicesCidr": "192.168.0.0/20"},
            r"networks\.blue\.vpnConnections\[0\]\.companyCidr: 192\.168\.4\.0/24",
        ),
    ],
)
def test_a_range_of_the_deployed_platforms_networks_is_refused(
    declare_tenant: DeclareTenant, platform: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        declare_tenant(platform_outputs=platform)


def test_a_network_leads_back_to_its_sessions_and_the_tunnel_host_only(acme: RecordingEngine) -> None:
    assert routes_of(acme, "id-acme-blue") == {"172.17.5.0/24", "10.32.0.10/32"}


def test_the_platforms_services_are_led_to_the_network_only(acme: RecordingEngine) -> None:
    assert routes_of(acme, "rtb-5e4f") == {"10.1.2.0/26"}


def test_the_database_lets_in_sessions_tunnel_host_and_company(acme: RecordingEngine) -> None:
    assert ingress_of(acme, "id-acme-blue-database") == {"172.17.5.0/24", "10.32.0.10/32", "192.168.4.0/24"}


def test_the_ping_host_answers_companies_only(moving_acme: RecordingEngine) -> None:
    assert ingress_of(moving_acme, "id-acme-green-ping-host") == {"192.168.4.0/24", "10.200.0.0/16"}


def test_nothing_in_a_tenant_network_may_connect_out(acme: RecordingEngine) -> None:
    assert acme.of_type(EGRESS) == []


def test_the_ping_host_stands_at_its_fixed_address(acme: RecordingEngine) -> None:
    host = acme.one("aws:ec2/instance:Instance", "acme-blue-ping-host")
    assert host.inputs["privateIp"] == "10.1.2.42"


@pytest.mark.parametrize("tunnel", ["tunnel1", "tunnel2"])
def test_both_tunnels_demand_ikev2_and_strong_algorithms(acme: RecordingEngine, tunnel: str) -> None:
    inputs = acme.of_type("aws:ec2/vpnConnection:VpnConnection")[0].inputs
    assert inputs[f"{tunnel}IkeVersions"] == ["ikev2"]
    assert min(inputs[f"{tunnel}Phase1DhGroupNumbers"]) >= 14
    assert "AES128" not in inputs[f"{tunnel}Phase2EncryptionAlgorithms"]


def test_only_the_production_network_holds_a_database(moving_acme: RecordingEngine) -> None:
    assert [db.name for db in moving_acme.of_type("aws:rds/instance:Instance")] == ["acme-blue"]


def test_the_endpoint_leads_to_the_production_database(acme: RecordingEngine) -> None:
    record = acme.one("aws:route53/record:Record", "acme")
    assert record.inputs["name"] == "acme.db.example.com"
    assert record.inputs["records"] == ["acme-blue.mock.eu-west-1.rds.amazonaws.com"]


def test_a_database_in_production_cannot_be_deleted(acme: RecordingEngine) -> None:
    assert acme.one("aws:rds/instance:Instance", "acme-blue").inputs["deletionProtection"] is True


def test_a_replica_that_is_made_with_its_sources_parameters_takes_no_writes(acme: RecordingEngine) -> None:
    group = acme.one("aws:rds/parameterGroup:ParameterGroup", "acme-blue").inputs
    values = {parameter["name"]: parameter["value"] for parameter in group["parameters"]}
    assert values["read_only"] == "{TrueIfReplica}"


def test_a_retiring_tenants_database_can_be_deleted_and_leaves_a_snapshot(
    declare_tenant: DeclareTenant,
) -> None:
    database = declare_tenant(retiring=True).one("aws:rds/instance:Instance", "acme-blue").inputs
    assert database["deletionProtection"] is False
    assert database["skipFinalSnapshot"] is False
    assert database["finalSnapshotIdentifier"]


def test_every_range_is_claimed_under_the_tenants_name(moving_acme: RecordingEngine) -> None:
    claims = [
        json.loads(item.inputs["item"]) for item in moving_acme.of_type("aws:dynamodb/tableItem:TableItem")
    ]
    assert {claim["cidr"]["S"] for claim in claims} == {"172.17.5.0/24", "10.1.2.0/26", "10.9.8.64/26"}
    assert {claim["tenant"]["S"] for claim in claims} == {"acme"}


DEPLOYED = {
    "phase": "steady",
    "production": "blue",
    "sessionSubnet": "172.17.5.0/24",
    "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.9.8.64/26"}},
}
BLUE, GREEN, OTHER = "10.1.2.0/26", "10.9.8.64/26", "10.9.8.128/26"
MOVED = {"acme-green": "acme-green-10.9.8.128-26"}


@pytest.mark.parametrize(
    ("previous", "session", "green", "rows"),
    [
        ({}, "172.17.5.0/24", GREEN, set()),
        ({}, "172.17.5.0/24", OTHER, {"acme-green-10.9.8.128-26"}),
        ({}, "172.17.6.0/24", GREEN, {"acme-session-172.17.6.0-24"}),
        ({"networks": {"blue": {"cidr": BLUE}}}, "172.17.5.0/24", OTHER, set()),
        (
            {"networks": {"blue": {"cidr": BLUE}, "green": {"cidr": OTHER}}, "claimsNamed": MOVED},
            "172.17.5.0/24",
            OTHER,
            {"acme-green-10.9.8.128-26"},
        ),
        (
            {"networks": {"blue": {"cidr": BLUE}, "green": {"cidr": OTHER}}, "claimsNamed": MOVED},
            "172.17.5.0/24",
            GREEN,
            {"acme-green-10.9.8.64-26"},
        ),
    ],
    ids=["as it was", "another network", "other sessions", "a new network", "kept", "changed back"],
)
def test_another_range_has_another_row(
    declare_tenant: DeclareTenant, previous: dict[str, Any], session: str, green: str, rows: set[str]
) -> None:
    """The former is then deleted after what is in its range, and not before the new one is written."""
    networks = {"blue": samples.network(BLUE), "green": samples.network(green)}
    remembered = {**DEPLOYED, **previous}
    engine = declare_tenant(remembered, databases_stand=False, sessionSubnet=session, networks=networks)
    named = {item.name for item in engine.of_type("aws:dynamodb/tableItem:TableItem")}
    usual = {"acme-session", "acme-blue", "acme-green"}
    assert named - usual == rows
    assert len(named) == len(usual)


@pytest.mark.parametrize(
    ("kind", "name"), [("aws:ec2/vpc:Vpc", "acme-blue"), ("aws:ec2/subnet:Subnet", "acme-session")]
)
def test_what_is_in_a_range_depends_on_its_claim_itself(acme: RecordingEngine, kind: str, name: str) -> None:
    """Of what is deleted at the end of a replacement the engine follows no parents that stay."""
    row = f"tenantnet:index:RangeClaim$aws:dynamodb/tableItem:TableItem::{name}"
    assert [each for each in acme.requests[kind, name].dependencies if each.endswith(row)]


def test_a_new_tenant_with_two_networks_is_refused(declare_tenant: DeclareTenant) -> None:
    networks = {"blue": samples.network("10.1.2.0/26"), "green": samples.network("10.9.8.64/26")}
    with pytest.raises(Refused, match="starts with one network"):
        declare_tenant(networks=networks)


def test_dropping_the_network_in_production_is_refused(declare_tenant: DeclareTenant) -> None:
    with pytest.raises(Refused, match="the network in production cannot be deleted"):
        declare_tenant(previous={"phase": "steady", "production": "green"})


def test_another_first_user_or_platform_is_refused_with_all_else_that_the_stack_keeps(
    declare_tenant: DeclareTenant,
) -> None:
    deployed = {"platform": "platform-eu9", "database": {"username": "other"}}
    with pytest.raises(Refused, match="3 problems") as refused:
        declare_tenant(previous={"phase": "steady", "production": "green", **deployed})
    assert [each.rule_id for each in refused.value.refusals] == [
        "platform-kept",
        "username-kept",
        "production-kept",
    ]


@pytest.mark.parametrize(
    ("stands", "databases"), [(True, {"acme-blue", "acme-green"}), (False, {"acme-green"})]
)
def test_a_retiring_database_is_declared_only_while_it_stands(
    declare_tenant: DeclareTenant, stands: bool, databases: set[str]
) -> None:
    retiring = {
        "phase": "retiring",
        "production": "green",
        "strategy": "replica",
        "target": "green",
        "move": 1,
        "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.9.8.64/26"}},
    }
    networks = {"blue": samples.network("10.1.2.0/26"), "green": samples.network("10.9.8.64/26")}
    engine = declare_tenant(previous=retiring, networks=networks, databases_stand=stands)
    assert {database.name for database in engine.of_type("aws:rds/instance:Instance")} == databases


@pytest.mark.parametrize(
    "said",
    [
        "reading RDS DB Instance (acme-blue): DBInstanceNotFound: DBInstance acme-blue not found.",
        "no matching RDS DB Instance found",
        "reading RDS DB Instance (acme-blue): empty result",
    ],
)
def test_whatever_the_providers_version_says_of_an_instance_that_is_gone(
    declare_tenant: DeclareTenant, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(RecordingEngine, "no_instance", said)
    test_a_retiring_database_is_declared_only_while_it_stands(declare_tenant, False, {"acme-green"})


NETWORKS = {"blue": samples.network("10.1.2.0/26"), "green": samples.network("10.9.8.64/26")}
STEADY_WITH_TWO = {
    "cell": "local",
    "phase": "steady",
    "production": "blue",
    "networks": {slot: {"cidr": network["cidr"]} for slot, network in NETWORKS.items()},
}


def test_a_replica_left_by_a_broken_preparation_is_refused_before_anything_is_declared(
    declare_tenant: DeclareTenant,
) -> None:
    with pytest.raises(Refused, match="green has a copy of a move whose preparation was interrupted"):
        declare_tenant(previous=STEADY_WITH_TWO, networks=NETWORKS)


def lease(machine: str, pid: int) -> dict[str, Any]:
    since = datetime(2026, 12, 1, 1, tzinfo=UTC)
    return Holder(run="r", who=f"ada@desk pid {pid}", machine=machine, pid=pid, since=since).item()


@pytest.mark.parametrize("phase", ["steady", "replicating"])
@pytest.mark.parametrize("machine", ["elsewhere", this_machine()])
def test_a_step_that_a_run_may_be_at_is_left_to_it_and_no_abort_is_offered(
    declare_tenant: DeclareTenant, machine: str, phase: str
) -> None:
    # A process that lives as long as this test, and is not this one.
    held = lease(machine, os.getppid())
    previous = STEADY_WITH_TWO if phase == "steady" else {"cell": "local", **moving_to_green(phase, "blue")}
    words = rf"ada@desk pid \d+ works on the move to green, since 2026-12-01 01:00:00 UTC; .* phase {phase}\n"
    with pytest.raises(Refused, match=words) as said:
        declare_tenant(previous=previous, networks=NETWORKS, lease=held)
    assert "migrate abort" not in str(said.value)


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()], ids=["one that has ended", "its own"])
def test_of_a_run_that_has_ended_here_the_copy_is_left_over(declare_tenant: DeclareTenant, pid: int) -> None:
    with pytest.raises(Refused, match="whose preparation was interrupted"):
        declare_tenant(previous=STEADY_WITH_TWO, networks=NETWORKS, lease=lease(this_machine(), pid))


def test_a_test_network_without_a_database_is_declared(declare_tenant: DeclareTenant) -> None:
    engine = declare_tenant(previous=STEADY_WITH_TWO, networks=NETWORKS, databases_stand=False)
    assert {database.name for database in engine.of_type("aws:rds/instance:Instance")} == {"acme-blue"}


INSTANCE = "aws:rds/instance:Instance"


def moving_to_green(phase: str, production: str, strategy: str = "replica") -> dict[str, Any]:
    networks = {slot: {"cidr": network["cidr"]} for slot, network in NETWORKS.items()}
    return {
        "phase": phase,
        "production": production,
        "strategy": strategy,
        "target": "green",
        "move": 1,
        "networks": networks,
    }


def test_after_the_switch_the_new_production_gets_no_password_before_the_former_one_is_gone(
    declare_tenant: DeclareTenant,
) -> None:
    """A password is a modification, and RDS refuses it while the promotion's first backup is taken."""
    engine = declare_tenant(previous=moving_to_green("switched", "green"), networks=NETWORKS)
    assert "password" not in engine.one(INSTANCE, "acme-green").inputs
    assert "password" in engine.one(INSTANCE, "acme-blue").inputs
    steady = {**STEADY_WITH_TWO, "production": "green", "move": 1}
    engine = declare_tenant(previous=steady, networks=NETWORKS, databases_stand=False)
    assert "password" in engine.one(INSTANCE, "acme-green").inputs


def test_from_400_gib_on_a_database_has_the_performance_that_aws_demands(
    declare_tenant: DeclareTenant,
) -> None:
    for size, performance in ((399, (None, None)), (400, (12_000, 500))):
        engine = declare_tenant(database={"username": "acmeadmin", "storageGb": size})
        inputs = engine.one(INSTANCE, "acme-blue").inputs
        assert (inputs.get("iops"), inputs.get("storageThroughput")) == performance
