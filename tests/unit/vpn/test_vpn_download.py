"""Which connection a guide is of, and what is said where there can be none yet."""

from __future__ import annotations

from typing import NoReturn

import pytest
from tenantnet.failure import Failure
from tenantnet.observed.deployed import SiteToSiteVpn
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.observed.status.words import TunnelState
from tenantnet.refusal import Refused
from tenantnet.settings.models import TenantSettings
from tenantnet.vpn.download import _device, read
from tenantnet.vpn.listing import listings
from tenantnet.vpn.reader import VpnReader
from tenantnet.vpn.samples import DeviceType

from tests.support.records import replace
from tests.unit.vpn.test_vpn_listing import SEATTLE, UTRECHT, observed, remembered, settings, status

THERE = observed("vpn-1", "blue", SEATTLE, TunnelState.UP, TunnelState.UP)


class Asked(Failure):
    """Raised where AWS is asked for a connection, and of which it is."""


class Reader(VpnReader):
    """It has the ID of whoever is asked for as a failure."""

    def connection(self, connection_id: str, **_: object) -> NoReturn:
        raise Asked(connection_id, reason="", remedy="")


def wanted(name: str, of: TenantStatus, own: TenantSettings) -> str:
    """The ID of the one whose guide is made, or all that is said instead."""
    try:
        read(Reader("eu-west-1"), of, listings(of, own), name, None)
    except Asked as asked:
        return asked.what
    except Refused as refused:
        return str(refused)
    raise AssertionError


def pending(connection: SiteToSiteVpn) -> SiteToSiteVpn:
    return replace(connection, state="pending")


@pytest.mark.parametrize(
    ("of", "reason", "remedy"),
    [
        (status(), "it is in the settings, and not at AWS yet", "create it: tenantnet up acme"),
        (status(pending(THERE)), "vpn-1 is being created", "tenantnet vpn status acme --watch"),
        (
            status(outputs=remembered("blue")),
            "vpn-1 is in the stack and no longer at AWS",
            "and keys: tenantnet up acme --refresh",
        ),
    ],
    ids=["planned", "creating", "gone"],
)
def test_one_without_a_guide_says_what_it_is_instead_and_what_leads_to_one(
    of: TenantStatus, reason: str, remedy: str
) -> None:
    said = wanted("Seattle", of, settings(blue=[SEATTLE]))
    assert f"reason: {reason}" in said
    assert remedy in said


def test_an_office_that_is_to_be_connected_anew_has_the_guide_of_what_is_there() -> None:
    renumbered = {**SEATTLE, "companyGatewayIp": "198.51.100.77"}
    assert wanted("Seattle", status(THERE), settings(blue=[renumbered, UTRECHT])) == "vpn-1"


def test_who_is_nowhere_is_refused_with_the_list_of_what_is_there_and_what_changes() -> None:
    said = wanted("Lima", status(THERE), settings(blue=[SEATTLE]))
    assert "`tenantnet vpn list acme` shows them, and which the next update creates or deletes" in said


@pytest.mark.parametrize("asked", ["fortigate", "cisco"])
def test_an_unknown_device_is_told_of_the_guide_that_every_device_has(asked: str) -> None:
    cisco = DeviceType(id="1", vendor="Cisco", platform="ASA", software="9")
    with pytest.raises(Refused, match="generic is a text for people, for any device"):
        _device([cisco], asked, "acme")
