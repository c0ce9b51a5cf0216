"""VPN connections of AWS and of the settings, side by side, and by whichever name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tenantnet.observed.deployed import CustomerGateway, Deployed, SiteToSiteVpn, Tunnel, Vpc
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.refusal import Refused
from tenantnet.settings.loading import load_tenant
from tenantnet.settings.models import TenantSettings
from tenantnet.stacks.outputs import OutputNetwork, OutputRetired, OutputVpnConnection, TenantOutputs
from tenantnet.tags import Slot
from tenantnet.vpn.listing import Pending, choose, listings

SEATTLE = {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Seattle"}
UTRECHT = {"companyCidr": "192.168.8.0/24", "companyGatewayIp": "198.51.100.9", "description": "Utrecht"}
CIDRS = {"blue": "10.1.2.0/26", "green": "10.9.9.0/26"}


def settings(**networks: list[dict[str, str]]) -> TenantSettings:
    raw = {
        "platform": "platform-eu1",
        "sessionSubnet": "172.17.5.0/24",
        "database": {"username": "acmeadmin"},
        "networks": {
            slot: {"cidr": CIDRS[slot], "vpnConnections": found} for slot, found in networks.items()
        },
    }
    return load_tenant("acme", raw, password="Correct-Horse-7")


def observed(id_: str, slot: str, company: dict[str, str], *states: TunnelState) -> SiteToSiteVpn:
    tunnels = tuple(
        Tunnel(outside_ip=f"198.18.0.{number}", state=state, message="", last_change=datetime.now(UTC))
        for number, state in enumerate(states)
    )
    return SiteToSiteVpn(
        id=id_,
        gateway_id=f"vgw-{slot}",
        customer_gateway_id=f"cgw-{company['companyGatewayIp']}",
        cidrs=(company["companyCidr"],),
        tunnels=tunnels,
        tags={**tags(slot), "tenantnet:description": company["description"]},
    )


def tags(slot: str) -> dict[str, str]:
    return {"tenantnet:tenant": "acme", "tenantnet:network": slot}


def status(*connections: SiteToSiteVpn, outputs: TenantOutputs | None = None) -> TenantStatus:
    vpcs = [
        Vpc(id=f"vpc-{slot}", cidrs=(cidr,), tags={**tags(slot), "tenantnet:part": "network"})
        for slot, cidr in CIDRS.items()
    ]
    addresses = [each["companyGatewayIp"] for each in (SEATTLE, UTRECHT)]
    return tenant_status(
        "acme",
        region="eu-west-1",
        outputs=outputs or TenantOutputs(),
        deployed=Deployed(
            vpcs=tuple(vpcs),
            vpn_connections=connections,
            customer_gateways=tuple(
                CustomerGateway(id=f"cgw-{address}", address=address) for address in addresses
            ),
        ),
    )


def remembered(slot: str) -> TenantOutputs:
    """Of a stack that has made Seattle's connection on that network."""
    connection = OutputVpnConnection(
        id="vpn-1", company_cidr="192.168.4.0/24", company_gateway_ip="198.51.100.7", description="Seattle"
    )
    network = OutputNetwork(
        cidr=CIDRS[slot],
        vpc_id="vpc-1",
        ping_host="10.1.2.42",
        ping_host_id="i-1",
        vpn_connections=[connection],
    )
    return TenantOutputs(networks={slot: network})


def test_a_connection_of_both_has_nothing_pending() -> None:
    at_aws = status(observed("vpn-1", "blue", SEATTLE, TunnelState.UP, TunnelState.DOWN))
    (found,) = listings(at_aws, settings(blue=[SEATTLE]))
    assert (found.id, found.status, found.tunnels_up) == ("vpn-1", VpnConnectionStatus.READY, 1)
    assert found.pending is None


def test_one_of_the_settings_alone_is_to_be_created_and_one_of_aws_alone_deleted() -> None:
    found = listings(status(observed("vpn-1", "blue", SEATTLE)), settings(blue=[UTRECHT]))
    assert [(each.description, each.id, each.pending) for each in found] == [
        ("Seattle", "vpn-1", Pending.DELETE),
        ("Utrecht", None, Pending.CREATE),
    ]


def test_the_same_company_on_another_network_is_another_connection() -> None:
    at_aws = status(observed("vpn-1", "blue", SEATTLE))
    found = listings(at_aws, settings(blue=[SEATTLE], green=[SEATTLE]))
    assert [(each.network, each.pending) for each in found] == [("blue", None), ("green", Pending.CREATE)]


def test_those_of_a_network_that_was_retired_are_not_to_be_created() -> None:
    gone = OutputRetired(slot="blue", cidr=CIDRS["blue"])
    both = settings(blue=[SEATTLE, UTRECHT], green=[SEATTLE])
    at_aws = status(observed("vpn-1", "green", SEATTLE))
    assert [each.network for each in listings(at_aws, both, gone)] == ["green"]
    another = OutputRetired(slot="blue", cidr="10.8.8.0/26")
    assert len(listings(at_aws, both, another)) == 3


def test_without_a_settings_file_nothing_is_said_to_be_pending() -> None:
    (found,) = listings(status(observed("vpn-1", "blue", SEATTLE)), None)
    assert found.pending is None


def test_one_that_the_stack_remembers_and_aws_lost_is_missing() -> None:
    (found,) = listings(status(outputs=remembered("blue")), settings(blue=[SEATTLE]))
    assert (found.status, found.pending) == (VpnConnectionStatus.MISSING, None)


@pytest.mark.parametrize("name", ["vpn-1", "192.168.4.0/24", "Seattle"])
def test_a_connection_goes_by_id_company_cidr_or_description(name: str) -> None:
    found = listings(status(observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "blue", UTRECHT)), None)
    assert choose("acme", found, name, None).id == "vpn-1"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    found = listings(status(observed("vpn-1", "blue", SEATTLE)), None)
    with pytest.raises(Refused, match="did you mean Seattle"):
        choose("acme", found, "Seatle", None)


def test_a_name_like_none_is_refused_with_where_to_look() -> None:
    with pytest.raises(Refused, match="tenantnet vpn list acme"):
        choose("acme", listings(status(), None), "Berlin", None)


def test_a_company_of_both_networks_is_told_apart_by_the_network() -> None:
    found = listings(status(observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "green", SEATTLE)), None)
    with pytest.raises(Refused, match=r"2 match: vpn-1, (.|\n)*vpn-2(.|\n)*--network"):
        choose("acme", found, "Seattle", None)
    assert choose("acme", found, "Seattle", Slot.GREEN).id == "vpn-2"


def test_a_connection_of_another_network_than_the_named_one_is_not_found() -> None:
    found = listings(status(observed("vpn-1", "blue", SEATTLE)), None)
    with pytest.raises(Refused, match="of acme in network green"):
        choose("acme", found, "Seattle", Slot.GREEN)


def test_where_there_is_no_connection_at_all_nothing_is_said_of_settings() -> None:
    with pytest.raises(Refused, match="no VPN connection of acme has this ID, company CIDR or description"):
        choose("acme", [], "Oslo office", None)
