"""Which companies a move would cut off, and what is said of each."""

from __future__ import annotations

from shlex import split
from typing import Any

import pytest
from tenantnet.observed.deployed import SiteToSiteVpn
from tenantnet.observed.status.words import TunnelState
from tenantnet.stacks.outputs import TenantOutputs
from tenantnet.tags import Slot
from tenantnet.vpn.along import refuse_left_behind, refuse_unserved

from tests.unit.vpn.test_vpn_listing import CIDRS, SEATTLE, UTRECHT, observed, remembered, status

UP, DOWN = TunnelState.UP, TunnelState.DOWN


def behind(*connections: SiteToSiteVpn, without: tuple[str, ...] = (), was_up: str = "") -> dict[str, str]:
    """Who stays behind in a move from blue to green, and why. was_up: the connection that once was."""
    found = refuse_left_behind(
        status(*connections), Slot.BLUE, without=without, was_up=lambda id_: id_ == was_up
    )
    assert all("--without" in each.remedy for each in found)
    return {each.value: f"{each.reason} {each.remedy}" for each in found}


@pytest.mark.parametrize("states", [(UP, UP), (UP, DOWN), (DOWN, UP)])
def test_a_company_whose_tunnel_is_up_comes_along(states: tuple[TunnelState, TunnelState]) -> None:
    assert behind(observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "green", SEATTLE, *states)) == {}


def test_a_company_without_a_connection_is_named_with_the_command_that_adds_one() -> None:
    found = behind(
        observed("vpn-1", "blue", SEATTLE),
        observed("vpn-2", "blue", UTRECHT),
        observed("vpn-3", "green", SEATTLE, UP, UP),
    )
    assert list(found) == ["Utrecht"]
    assert "no connection to green" in found["Utrecht"]
    assert "tenantnet vpn add acme --network green --company-cidr" in found["Utrecht"]


def test_a_companys_name_is_one_word_of_the_commands_that_are_shown() -> None:
    name = "Oslo\"; touch /tmp/x; $(id) `id` 's"
    (said,) = behind(observed("vpn-1", "blue", {**UTRECHT, "description": name})).values()
    added, _, stays = said.partition(". If it is to stay behind: ")
    assert split(added.partition("give the company its guide: ")[2])[-2:] == ["--description", name]
    assert split(stays) == ["--without", name]


def test_a_company_whose_tunnels_never_were_up_is_named_with_its_guide() -> None:
    found = behind(observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "green", SEATTLE, DOWN, DOWN))
    assert "vpn-2, was UP in the last 14 days" in found["Seattle"]
    assert "tenantnet vpn download acme 192.168.4.0/24 --network green" in found["Seattle"]


def test_a_company_whose_tunnels_were_up_lately_comes_along() -> None:
    both = observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "green", SEATTLE, DOWN, DOWN)
    assert behind(*both, was_up="vpn-2") == {}


def test_a_connection_that_is_still_being_made_takes_nobody_along() -> None:
    pending = observed("vpn-2", "green", SEATTLE, DOWN, DOWN).model_copy(update={"state": "pending"})
    found = behind(observed("vpn-1", "blue", SEATTLE), pending, was_up="vpn-2")
    assert "is Creating" in found["Seattle"]


def test_a_connection_that_somebody_deleted_is_named_with_what_makes_it_again() -> None:
    here = status(observed("vpn-9", "blue", SEATTLE), outputs=remembered("green"))
    (found,) = refuse_left_behind(here, Slot.BLUE, without=(), was_up=lambda _: True)
    assert "is Missing" in found.reason
    assert "new endpoints and keys: tenantnet up acme --refresh" in found.remedy


@pytest.mark.parametrize("name", ["Utrecht", UTRECHT["companyCidr"]])
def test_a_company_that_is_meant_to_stay_behind_does(name: str) -> None:
    assert behind(observed("vpn-1", "blue", UTRECHT), without=(name,)) == {}
    assert list(behind(observed("vpn-1", "blue", SEATTLE), without=(name,))) == ["Seattle"]


def test_companies_of_the_other_network_alone_do_not_matter() -> None:
    assert behind(observed("vpn-1", "green", SEATTLE, DOWN, DOWN)) == {}


def test_another_gateway_of_the_same_company_takes_it_along() -> None:
    moved: Any = {**SEATTLE, "companyGatewayIp": UTRECHT["companyGatewayIp"], "description": "Seattle, new"}
    assert behind(observed("vpn-1", "blue", SEATTLE), observed("vpn-2", "green", moved, UP, DOWN)) == {}


def test_a_company_that_nobody_knows_is_refused_and_those_that_there_are_are_named() -> None:
    at_aws = status(observed("vpn-1", "blue", SEATTLE), outputs=TenantOutputs(production="blue"))
    (refusal,) = refuse_unserved(at_aws, Slot.BLUE, ["Seatle", "Seattle"])
    assert (refusal.value, refusal.path) == ("Seatle", "--without")
    assert "blue has Seattle" in refusal.reason
    assert CIDRS["blue"] not in refusal.reason
