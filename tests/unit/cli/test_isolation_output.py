"""What `tenantnet isolation check` says beside its verdict: routes count, whether tunnels are up or down."""

from __future__ import annotations

import pytest
from tenantnet.cli.isolation import _of_tunnels
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.observed.status.words import TunnelState

from tests.unit.vpn.test_vpn_listing import SEATTLE, UTRECHT, observed, status

UP, DOWN = TunnelState.UP, TunnelState.DOWN
SAID = "This counts routes and rules, and not whether tunnels are UP"


@pytest.mark.parametrize("found", [status(), status(observed("vpn-1", "blue", SEATTLE, UP, UP))])
def test_with_nothing_down_it_says_only_what_it_leaves_out(found: TenantStatus) -> None:
    assert _of_tunnels([found]) == [f"{SAID}."]


def test_it_names_what_is_down_now_and_the_command_that_goes_on() -> None:
    found = status(
        observed("vpn-1", "blue", SEATTLE, DOWN, DOWN), observed("vpn-2", "blue", UTRECHT, UP, DOWN)
    )
    head, seattle, utrecht, more = _of_tunnels([found])
    assert head == f"{SAID}. What is down now:"
    assert seattle.startswith("acme, Seattle (network blue): both tunnels are DOWN since ")
    assert ", so 192.168.4.0/24 reaches" in seattle
    assert utrecht.startswith("acme, Utrecht (network blue): tunnel 2 is DOWN")
    assert more == "More: tenantnet vpn status acme"
