"""What `tenantnet vpn status` says of tunnels that are down."""

from __future__ import annotations

import pytest
from tenantnet.cli.vpn.status import _draw
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.vpn.reader import Maintenance
from tenantnet.vpn.status import ConnectionStatus, TunnelStatus, VpnStatus

QUIET = Maintenance.model_validate({"PendingMaintenance": "None"})


def connection(*states: str) -> ConnectionStatus:
    tunnels = [
        TunnelStatus(outside_ip=f"203.0.113.{number}", state=TunnelState(state), maintenance=QUIET)
        for number, state in enumerate(states, 1)
    ]
    return ConnectionStatus(
        network="blue",
        description="Seattle office",
        company_cidr="192.168.4.0/24",
        company_gateway_ip="198.51.100.7",
        id="vpn-0a1b2c3d4e5f60718",
        status=VpnConnectionStatus.READY,
        tunnels=tunnels,
    )


@pytest.mark.parametrize("states", [(), ("UP", "UP")])
def test_nothing_is_said_where_no_tunnel_is_down(states: tuple[str, ...]) -> None:
    assert connection(*states).trouble is None


def test_with_both_down_it_says_who_is_cut_off_and_whose_log_has_the_reason() -> None:
    said = connection("DOWN", "DOWN").trouble or ""
    assert said.startswith("Seattle office (network blue): both tunnels are DOWN, so 192.168.4.0/24 reaches")
    assert "company's device" in said


@pytest.mark.parametrize(("states", "down", "other"), [(("UP", "DOWN"), 2, 1), (("DOWN", "UP"), 1, 2)])
def test_with_one_down_it_says_that_the_other_one_carries_everything(
    states: tuple[str, str], down: int, other: int
) -> None:
    assert f"tunnel {down} is DOWN, and tunnel {other} carries everything" in (
        connection(*states).trouble or ""
    )


def test_a_tenant_without_a_connection_is_told_where_those_of_its_settings_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _draw(VpnStatus(tenant="acme", region="eu-west-1", vpn_connections=[]))
    assert capsys.readouterr().out == (
        "acme has no VPN connection at AWS. What its settings have: tenantnet vpn list acme\n"
    )
