"""VPN connections: what is created, what is refused, what changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from netaddr import IPNetwork
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network, VpnSite, new_customer_gateway


def tunnel_refusal(ec2: EC2Client, refusal: Refusal, network: Network, *tunnels: dict[str, Any]) -> str:
    return refusal(
        ec2.create_vpn_connection,
        Type="ipsec.1",
        CustomerGatewayId=new_customer_gateway(ec2),
        VpnGatewayId=network.vpn_gateway_id,
        Options={"StaticRoutesOnly": True, "TunnelOptions": list(tunnels)},
    )


def test_a_connection_is_pending_and_then_available(ec2: EC2Client, network: Network) -> None:
    connection = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=new_customer_gateway(ec2),
        VpnGatewayId=network.vpn_gateway_id,
        Options={"StaticRoutesOnly": True},
    )["VpnConnection"]
    assert connection["State"] == "pending"
    ec2.get_waiter("vpn_connection_available").wait(
        VpnConnectionIds=[connection["VpnConnectionId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )


def test_each_tunnel_has_its_own_addresses_and_key(ec2: EC2Client, network: Network) -> None:
    sites = [VpnSite.create(ec2, network.vpn_gateway_id) for _ in range(3)]
    tunnels = [tunnel for site in sites for tunnel in site.tunnels(ec2)]
    for what in ("OutsideIpAddress", "TunnelInsideCidr", "PreSharedKey"):
        assert len({tunnel[what] for tunnel in tunnels}) == 6, f"{what} is shared between tunnels"


def test_a_chosen_key_and_inside_range_keep_ec2s_rules(ec2: EC2Client, site: VpnSite) -> None:
    for tunnel in site.tunnels(ec2):
        assert re.fullmatch(r"[A-Za-z1-9._][A-Za-z0-9._]{31}", tunnel["PreSharedKey"])
        inside = IPNetwork(tunnel["TunnelInsideCidr"])
        assert inside.prefixlen == 30
        assert inside in IPNetwork("169.254.0.0/16")
        assert inside == inside.cidr


def test_options_are_described_as_they_were_asked_for(ec2: EC2Client, network: Network) -> None:
    asked: dict[str, Any] = {
        "TunnelInsideCidr": "169.254.44.44/30",
        "PreSharedKey": "A.key_of_32.chars_0123456789.abc",
        "Phase1LifetimeSeconds": 14_400,
        "Phase2LifetimeSeconds": 1_800,
        "RekeyMarginTimeSeconds": 300,
        "RekeyFuzzPercentage": 50,
        "ReplayWindowSize": 512,
        "DPDTimeoutSeconds": 60,
        "DPDTimeoutAction": "restart",
        "StartupAction": "start",
        "IKEVersions": [{"Value": "ikev2"}],
        "Phase1EncryptionAlgorithms": [{"Value": "AES256"}, {"Value": "AES256-GCM-16"}],
        "Phase2EncryptionAlgorithms": [{"Value": "AES256"}],
        "Phase1IntegrityAlgorithms": [{"Value": "SHA2-256"}],
        "Phase2IntegrityAlgorithms": [{"Value": "SHA2-512"}],
        "Phase1DHGroupNumbers": [{"Value": 14}, {"Value": 20}],
        "Phase2DHGroupNumbers": [{"Value": 21}],
        "EnableTunnelLifecycleControl": True,
    }
    first, second = VpnSite.create(ec2, network.vpn_gateway_id, TunnelOptions=[asked]).tunnels(ec2)
    renamed = {name.replace("DPD", "Dpd").replace("IKE", "Ike"): value for name, value in asked.items()}
    assert {name: first[name] for name in renamed} == renamed
    assert set(second) == {"OutsideIpAddress", "TunnelInsideCidr", "PreSharedKey"}, "nothing was asked for"


@pytest.mark.parametrize(
    "options",
    [
        {"PreSharedKey": "short"},
        {"PreSharedKey": "0startswithzero"},
        {"PreSharedKey": "has-a-hyphen"},
        {"PreSharedKey": "x" * 65},
        {"TunnelInsideCidr": "169.254.44.44/29"},
        {"TunnelInsideCidr": "169.254.44.45/30"},
        {"TunnelInsideCidr": "10.0.0.0/30"},
        {"TunnelInsideCidr": "169.254.169.252/30"},
        {"TunnelInsideCidr": "nonsense"},
        {"Phase1LifetimeSeconds": 899},
        {"Phase1LifetimeSeconds": 28_801},
        {"Phase2LifetimeSeconds": 3_601},
        {"Phase1LifetimeSeconds": 1_200, "Phase2LifetimeSeconds": 1_200},
        {"RekeyMarginTimeSeconds": 59},
        {"Phase2LifetimeSeconds": 900, "RekeyMarginTimeSeconds": 451},
        {"RekeyFuzzPercentage": 101},
        {"ReplayWindowSize": 63},
        {"DPDTimeoutSeconds": 29},
        {"DPDTimeoutAction": "reboot"},
        {"StartupAction": "stop"},
        {"IKEVersions": [{"Value": "ikev3"}]},
        {"Phase1DHGroupNumbers": [{"Value": 5}]},
        {"Phase2DHGroupNumbers": [{"Value": 1}]},
        {"Phase1EncryptionAlgorithms": [{"Value": "3DES"}]},
        {"Phase2IntegrityAlgorithms": [{"Value": "MD5"}]},
    ],
    ids=str,
)
def test_options_beyond_ec2s_rules_are_refused(
    ec2: EC2Client, refusal: Refusal, network: Network, options: dict[str, Any]
) -> None:
    assert tunnel_refusal(ec2, refusal, network, options) == "InvalidParameterValue"


def test_an_inside_range_is_used_once_per_gateway(ec2: EC2Client, refusal: Refusal, network: Network) -> None:
    options = {"TunnelInsideCidr": "169.254.10.0/30"}
    assert tunnel_refusal(ec2, refusal, network, options, options) == "InvalidParameterValue"
    VpnSite.create(ec2, network.vpn_gateway_id, TunnelOptions=[options])
    assert tunnel_refusal(ec2, refusal, network, options) == "InvalidParameterValue"
    VpnSite.create(ec2, Network.create(ec2).vpn_gateway_id, TunnelOptions=[options])


def test_asking_twice_for_the_same_two_gateways_gives_one_connection(
    ec2: EC2Client, network: Network, site: VpnSite
) -> None:
    again = ec2.create_vpn_connection(
        Type="ipsec.1", CustomerGatewayId=site.customer_gateway_id, VpnGatewayId=network.vpn_gateway_id
    )["VpnConnection"]
    assert again["VpnConnectionId"] == site.connection_id


def test_gateways_must_exist(ec2: EC2Client, refusal: Refusal, network: Network) -> None:
    customer = new_customer_gateway(ec2)
    missing_customer = refusal(
        ec2.create_vpn_connection,
        Type="ipsec.1",
        CustomerGatewayId="cgw-0123",
        VpnGatewayId=network.vpn_gateway_id,
    )
    missing_gateway = refusal(
        ec2.create_vpn_connection, Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId="vgw-0123"
    )
    no_gateway = refusal(ec2.create_vpn_connection, Type="ipsec.1", CustomerGatewayId=customer)
    assert missing_customer == "InvalidCustomerGatewayID.NotFound"
    assert missing_gateway == "InvalidVpnGatewayID.NotFound"
    assert no_gateway == "InvalidParameterCombination"


def test_connections_are_found_by_filter_and_by_tag(ec2: EC2Client, site: VpnSite, name: str) -> None:
    ec2.create_tags(Resources=[site.connection_id], Tags=[{"Key": "Name", "Value": name}])
    ec2.create_vpn_connection_route(
        VpnConnectionId=site.connection_id, DestinationCidrBlock="192.168.77.0/24"
    )
    for wanted in (
        {"Name": "tag:Name", "Values": [name]},
        {"Name": "customer-gateway-id", "Values": [site.customer_gateway_id]},
        {"Name": "route.destination-cidr-block", "Values": ["192.168.77.0/24"]},
    ):
        found = ec2.describe_vpn_connections(Filters=[wanted])["VpnConnections"]  # type: ignore[list-item] # literal
        assert [connection["VpnConnectionId"] for connection in found] == [site.connection_id], wanted


def test_a_static_route_comes_and_goes(ec2: EC2Client, refusal: Refusal, site: VpnSite) -> None:
    route = {"VpnConnectionId": site.connection_id, "DestinationCidrBlock": "192.168.4.0/24"}
    ec2.create_vpn_connection_route(**route)
    ec2.create_vpn_connection_route(**route)
    assert site.described(ec2)["Routes"] == [
        {"DestinationCidrBlock": "192.168.4.0/24", "Source": "Static", "State": "available"}
    ]
    ec2.delete_vpn_connection_route(**route)
    assert [each["State"] for each in site.described(ec2)["Routes"]] == ["deleted"]
    assert refusal(ec2.delete_vpn_connection_route, **route) == "InvalidRoute.NotFound"


def test_a_route_needs_a_static_connection_and_a_proper_range(
    ec2: EC2Client, refusal: Refusal, network: Network, site: VpnSite
) -> None:
    bgp = VpnSite.create(ec2, network.vpn_gateway_id, StaticRoutesOnly=False)
    for connection_id, cidr in (
        (bgp.connection_id, "192.168.4.0/24"),
        (site.connection_id, "192.168.4.1/24"),
        (site.connection_id, "nonsense"),
    ):
        code = refusal(
            ec2.create_vpn_connection_route, VpnConnectionId=connection_id, DestinationCidrBlock=cidr
        )
        assert code == "InvalidParameterValue", cidr


def test_a_connection_has_a_hundred_static_routes_at_most(
    ec2: EC2Client, refusal: Refusal, site: VpnSite
) -> None:
    for third in range(100):
        ec2.create_vpn_connection_route(
            VpnConnectionId=site.connection_id, DestinationCidrBlock=f"192.168.{third}.0/24"
        )
    code = refusal(
        ec2.create_vpn_connection_route,
        VpnConnectionId=site.connection_id,
        DestinationCidrBlock="192.168.200.0/24",
    )
    assert code == "RouteLimitExceeded"


def test_changing_one_tunnel_leaves_the_other_alone(ec2: EC2Client, cloud: LocalCloud, site: VpnSite) -> None:
    for number in (1, 2):
        cloud.report_tunnel(site.connection_id, number, "UP")
    first, second = site.tunnels(ec2)
    ec2.modify_vpn_tunnel_options(
        VpnConnectionId=site.connection_id,
        VpnTunnelOutsideIpAddress=first["OutsideIpAddress"],
        TunnelOptions={"PreSharedKey": "Another.key_1", "DPDTimeoutSeconds": 45},
    )
    changed, unchanged = site.tunnels(ec2)
    assert (changed["PreSharedKey"], changed["DpdTimeoutSeconds"]) == ("Another.key_1", 45)
    assert changed["OutsideIpAddress"] == first["OutsideIpAddress"]
    assert unchanged == second
    assert [tunnel["Status"] for tunnel in site.described(ec2)["VgwTelemetry"]] == ["DOWN", "UP"]


def test_a_change_is_checked_together_with_what_was_set_before(
    ec2: EC2Client, refusal: Refusal, network: Network
) -> None:
    options = {"Phase1LifetimeSeconds": 3_600, "Phase2LifetimeSeconds": 1_800}
    site = VpnSite.create(ec2, network.vpn_gateway_id, TunnelOptions=[options])
    code = refusal(
        ec2.modify_vpn_tunnel_options,
        VpnConnectionId=site.connection_id,
        VpnTunnelOutsideIpAddress=site.tunnels(ec2)[0]["OutsideIpAddress"],
        TunnelOptions={"Phase1LifetimeSeconds": 1_800},
    )
    assert code == "InvalidParameterValue"


def test_an_unknown_tunnel_cannot_be_changed(ec2: EC2Client, refusal: Refusal, site: VpnSite) -> None:
    code = refusal(
        ec2.modify_vpn_tunnel_options,
        VpnConnectionId=site.connection_id,
        VpnTunnelOutsideIpAddress="203.0.113.1",
        TunnelOptions={"StartupAction": "start"},
    )
    assert code == "InvalidParameterValue"


def test_connection_options_change_and_take_both_tunnels_down(
    ec2: EC2Client, cloud: LocalCloud, site: VpnSite
) -> None:
    for number in (1, 2):
        cloud.report_tunnel(site.connection_id, number, "UP")
    ec2.modify_vpn_connection_options(
        VpnConnectionId=site.connection_id, LocalIpv4NetworkCidr="192.168.4.0/24"
    )
    described = site.described(ec2)
    assert described["Options"]["LocalIpv4NetworkCidr"] == "192.168.4.0/24"
    assert described["Options"]["RemoteIpv4NetworkCidr"] == "0.0.0.0/0"
    assert {tunnel["Status"] for tunnel in described["VgwTelemetry"]} == {"DOWN"}


def test_another_customer_gateway_keeps_the_tunnels(ec2: EC2Client, site: VpnSite) -> None:
    before, customer = site.tunnels(ec2), new_customer_gateway(ec2)
    ec2.modify_vpn_connection(VpnConnectionId=site.connection_id, CustomerGatewayId=customer)
    assert site.described(ec2)["CustomerGatewayId"] == customer
    assert site.tunnels(ec2) == before


def test_telemetry_says_down_until_a_device_connects(
    ec2: EC2Client, cloud: LocalCloud, site: VpnSite
) -> None:
    before = site.described(ec2)["VgwTelemetry"]
    assert [(tunnel["Status"], tunnel["AcceptedRouteCount"]) for tunnel in before] == [("DOWN", 0)] * 2
    ec2.create_vpn_connection_route(VpnConnectionId=site.connection_id, DestinationCidrBlock="192.168.4.0/24")
    cloud.report_tunnel(site.connection_id, 2, "UP", "1 static route")
    first, second = site.described(ec2)["VgwTelemetry"]
    # A static route counts in a tunnel that is down, too.
    assert first == {**before[0], "AcceptedRouteCount": 1}
    assert (second["Status"], second["StatusMessage"]) == ("UP", "1 static route")
    assert second["AcceptedRouteCount"] == 1
    assert second["LastStatusChange"] >= before[1]["LastStatusChange"]


def test_a_deleted_connection_is_described_as_deleted_and_cannot_be_used(
    ec2: EC2Client, refusal: Refusal, site: VpnSite
) -> None:
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    described = site.described(ec2)
    assert described["State"] == "deleted"
    assert "CustomerGatewayConfiguration" not in described, "its keys are gone with it"
    for operation in (ec2.delete_vpn_connection, ec2.modify_vpn_connection_options):
        code = refusal(operation, VpnConnectionId=site.connection_id)
        assert code == "InvalidVpnConnectionID.NotFound"


@retry(
    retry=retry_if_exception_type(AssertionError),
    stop=stop_after_delay(10),
    wait=wait_fixed(0.1),
    reraise=True,
)
def wait_available(ec2: EC2Client, site: VpnSite) -> None:
    assert site.described(ec2)["State"] == "available"


def test_a_change_makes_the_connection_pending_for_a_while(ec2: EC2Client, site: VpnSite) -> None:
    wait_available(ec2, site)
    ec2.modify_vpn_connection_options(VpnConnectionId=site.connection_id, RemoteIpv4NetworkCidr="10.1.2.0/26")
    assert site.described(ec2)["State"] == "pending"
    wait_available(ec2, site)
