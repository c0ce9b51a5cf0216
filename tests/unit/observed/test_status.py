"""A tenant's status, of what its stack remembers and what AWS has. Nobody is asked here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tenantnet.failure import Failure
from tenantnet.observed.deployed import (
    CustomerGateway,
    DatabaseInstance,
    Deployed,
    Ec2Instance,
    SiteToSiteVpn,
    Tunnel,
    Vpc,
)
from tenantnet.observed.status.tenant import StatusNetwork, TenantStatus, tenant_status
from tenantnet.observed.status.words import TunnelState
from tenantnet.stacks.outputs import TenantOutputs

from tests.support.records import replace

CHANGED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TUNNELS = (
    Tunnel(outside_ip="52.2.144.13", state=TunnelState.UP, message="", last_change=CHANGED),
    Tunnel(outside_ip="52.2.144.14", state=TunnelState.DOWN, message="IPSEC IS DOWN", last_change=CHANGED),
)


def tags(slot: str, part: str = "", description: str = "") -> dict[str, str]:
    own = {"tenant": "acme", "network": slot, "part": part, "description": description}
    return {f"tenantnet:{key}": value for key, value in own.items() if value}


SEATTLE = SiteToSiteVpn(
    id="vpn-1",
    gateway_id="vgw-1",
    customer_gateway_id="cgw-1",
    cidrs=("192.168.4.0/24",),
    tunnels=TUNNELS,
    tags=tags("blue", description="Seattle office"),
)
DATABASE = DatabaseInstance(identifier="acme-blue", address="acme-blue.rds", port=3306)
HOST = Ec2Instance(
    id="i-1", subnet_id="subnet-1", address="10.1.2.42", group_ids=(), tags=tags("blue", "ping-host")
)
BLUE = Vpc(id="vpc-1", cidrs=("10.1.2.0/26",), tags=tags("blue", "network"))
GREEN = Vpc(id="vpc-2", cidrs=("10.9.9.0/26",), tags=tags("green", "network"))
DEPLOYED = Deployed(
    vpcs=(BLUE,),
    instances=(HOST,),
    databases=(DATABASE,),
    vpn_connections=(SEATTLE,),
    customer_gateways=(CustomerGateway(id="cgw-1", address="198.51.100.7"),),
)


def output_network(cidr: str, number: int, *connections: dict[str, str]) -> dict[str, Any]:
    return {
        "cidr": cidr,
        "vpcId": f"vpc-{number}",
        "pingHost": cidr.replace("0/26", "42"),
        "pingHostId": f"i-{number}",
        "vpnConnections": list(connections),
    }


OUTPUTS: dict[str, Any] = {
    "cell": "eu1",
    "region": "eu-west-1",
    "platform": "platform-eu1",
    "phase": "steady",
    "production": "blue",
    "endpoint": "acme.db.example.com",
    "networks": {
        "blue": output_network(
            "10.1.2.0/26",
            1,
            {
                "companyCidr": "192.168.4.0/24",
                "companyGatewayIp": "198.51.100.7",
                "description": "Seattle office",
                "id": "vpn-1",
            },
        )
    },
    "database": {
        "identifier": "acme-blue",
        "address": "acme-blue.rds",
        "port": 3306,
        "username": "acmeadmin",
    },
}
MOVING = {**OUTPUTS, "networks": {**OUTPUTS["networks"], "green": output_network("10.9.9.0/26", 2)}}
BOTH = replace(DEPLOYED, vpcs=(BLUE, GREEN))


def status(outputs: dict[str, Any] = OUTPUTS, deployed: Deployed = DEPLOYED) -> TenantStatus:
    remembered = TenantOutputs.read("acme", outputs)
    return tenant_status("acme", region="eu-west-1", outputs=remembered, deployed=deployed)


def blue(outputs: dict[str, Any] = OUTPUTS, deployed: Deployed = DEPLOYED) -> StatusNetwork:
    return status(outputs, deployed).networks[0]


def test_json_has_the_documented_shape() -> None:
    assert status().model_dump(mode="json", by_alias=True) == {
        "tenant": "acme",
        "cell": "eu1",
        "region": "eu-west-1",
        "phase": "steady",
        "endpoint": "acme.db.example.com",
        "networks": [
            {
                "slot": "blue",
                "cidr": "10.1.2.0/26",
                "type": "Production",
                "status": "Ready",
                "vpcId": "vpc-1",
                "pingHost": {"address": "10.1.2.42", "id": "i-1", "state": "running"},
                "database": {
                    "identifier": "acme-blue",
                    "status": "Ready To Use",
                    "awsStatus": "available",
                    "address": "acme-blue.rds",
                    "port": 3306,
                },
                "vpnConnections": [
                    {
                        "id": "vpn-1",
                        "companyCidr": "192.168.4.0/24",
                        "companyGatewayIp": "198.51.100.7",
                        "description": "Seattle office",
                        "status": "Ready",
                        "tunnels": [
                            {
                                "outsideIp": "52.2.144.13",
                                "state": "UP",
                                "message": "",
                                "lastChange": "2026-11-24T09:30:00Z",
                            },
                            {
                                "outsideIp": "52.2.144.14",
                                "state": "DOWN",
                                "message": "IPSEC IS DOWN",
                                "lastChange": "2026-11-24T09:30:00Z",
                            },
                        ],
                    }
                ],
            }
        ],
    }


def test_during_the_first_update_the_only_network_is_production_and_creating() -> None:
    under_way = Deployed(vpcs=DEPLOYED.vpcs)
    network = blue({}, under_way)
    assert (network.type, network.status) == ("Production", "Creating")
    assert network.ping_host is None
    assert network.database.status == "Ready To Create"


def test_a_vpc_that_is_pending_is_creating_even_if_the_stack_remembers_it() -> None:
    pending = replace(BLUE, state="pending")
    assert blue(deployed=replace(DEPLOYED, vpcs=(pending,))).status == "Creating"


def test_a_second_network_is_a_test_network_without_a_database() -> None:
    green = status(MOVING, BOTH).networks[1]
    assert (green.slot, green.type, green.status) == ("green", "Test", "Ready")
    assert green.database.status == "Ready To Create"


@pytest.mark.parametrize("phase", ["replicating", "fenced", "promoted", "restored", "aborting"])
def test_while_the_database_moves_both_networks_say_so(phase: str) -> None:
    found = status({**MOVING, "phase": phase}, BOTH)
    assert [network.status for network in found.networks] == ["Migration In Progress"] * 2


def test_while_the_first_step_makes_the_copy_which_the_stack_does_not_know_both_networks_say_so() -> None:
    copy = DatabaseInstance(identifier="acme-green", status="creating")
    found = status({**MOVING, "phase": "steady"}, replace(BOTH, databases=(DATABASE, copy)))
    assert [network.status for network in found.networks] == ["Migration In Progress"] * 2
    assert (found.moves, status({**MOVING, "phase": "steady"}, BOTH).moves) == (True, False)


@pytest.mark.parametrize("phase", ["switched", "retiring"])
def test_after_the_switch_the_other_network_is_production_and_both_are_ready(phase: str) -> None:
    found = status({**MOVING, "phase": phase, "production": "green"}, BOTH)
    assert [(network.type, network.status) for network in found.networks] == [
        ("Test", "Ready"),
        ("Production", "Ready"),
    ]
    assert found.moves


def test_what_the_stack_remembers_and_aws_does_not_have_is_missing() -> None:
    network = blue(deployed=Deployed())
    assert (network.status, network.cidr, network.vpc_id) == ("Missing", "10.1.2.0/26", "vpc-1")
    assert network.ping_host is not None
    assert network.ping_host.state == "missing"
    assert network.database.status == "Missing"
    (connection,) = network.vpn_connections
    assert (connection.status, connection.description) == ("Missing", "Seattle office")
    assert connection.tunnels == ()


@pytest.mark.parametrize(
    ("rds", "word"),
    [
        ("creating", "Creating"),
        ("available", "Ready To Use"),
        ("backing-up", "Ready To Use"),
        ("modifying", "Ready To Use"),
        ("storage-optimization", "Ready To Use"),
        ("stopped", "Unavailable"),
        ("failed", "Unavailable"),
        ("deleting", "Unavailable"),
        ("incompatible-parameters", "Unavailable"),
        ("inaccessible-encryption-credentials-recoverable", "Unavailable"),
    ],
)
def test_a_databases_word_follows_from_rds_own(rds: str, word: str) -> None:
    instance = replace(DATABASE, status=rds)
    database = blue(deployed=replace(DEPLOYED, databases=(instance,))).database
    assert (database.status, database.aws_status) == (word, rds)


def test_a_pending_vpn_connection_is_creating_and_shows_no_tunnels_yet() -> None:
    pending = replace(SEATTLE, state="pending")
    (connection,) = blue(deployed=replace(DEPLOYED, vpn_connections=(pending,))).vpn_connections
    assert (connection.status, connection.tunnels) == ("Creating", ())


def test_a_connection_that_the_stack_does_not_remember_yet_is_shown_beside_the_others() -> None:
    further = replace(
        SEATTLE, id="vpn-2", cidrs=("192.168.3.0/24",), tags=tags("blue", description="Delft office")
    )
    connections = blue(deployed=replace(DEPLOYED, vpn_connections=(SEATTLE, further))).vpn_connections
    assert [connection.description for connection in connections] == ["Delft office", "Seattle office"]


def test_connections_are_shown_with_the_network_they_lead_to() -> None:
    found = status(
        MOVING, replace(BOTH, vpn_connections=(SEATTLE, replace(SEATTLE, id="vpn-2", tags=tags("green"))))
    )
    assert [[each.id for each in network.vpn_connections] for network in found.networks] == [
        ["vpn-1"],
        ["vpn-2"],
    ]


def test_a_tenant_of_which_nothing_is_there_yet_has_no_networks() -> None:
    assert status({}, Deployed()).networks == []


def test_outputs_of_another_shape_are_a_failure_that_names_what_is_odd() -> None:
    outputs = {
        **OUTPUTS,
        "networks": {"blue": {"cidr": "10.1.2.0/26", "vpcId": "vpc-1", "pingHost": "10.1.2.42"}},
    }
    with pytest.raises(Failure, match=r"networks\.blue\.pingHostId"):
        TenantOutputs.read("acme", outputs)


def test_what_another_tenant_has_is_not_the_tenants() -> None:
    others = replace(BLUE, tags={**BLUE.tags, "tenantnet:tenant": "acme-2"})
    assert status({}, replace(DEPLOYED, vpcs=(others,))).networks == []
