"""What is said of VPN connections that are missing and of tunnels that are down, wherever they are shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from tenantnet.cli.status import _print as print_status
from tenantnet.cli.vpn.commands import list_connections
from tenantnet.cli.vpn.status import Changes, _draw
from tenantnet.console.pages import _TEMPLATES
from tenantnet.fleet.status import tunnel_counts
from tenantnet.observed.status.tenant import StatusDatabase, StatusNetwork, StatusVpnConnection, TenantStatus
from tenantnet.observed.status.words import (
    DatabaseStatus,
    NetworkStatus,
    NetworkType,
    TunnelState,
    VpnConnectionStatus,
)
from tenantnet.refusal import Refused
from tenantnet.vpn.reader import Maintenance
from tenantnet.vpn.status import ConnectionStatus, TunnelStatus, VpnStatus
from tenantnet.vpn.trouble import WHERE_TO_LOOK, troubles, troubles_of

QUIET = Maintenance.model_validate({"PendingMaintenance": "None"})


def connection(*states: str, status: VpnConnectionStatus = VpnConnectionStatus.READY) -> ConnectionStatus:
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
        status=status,
        tunnels=tunnels,
    )


def said(*states: str, **changed: VpnConnectionStatus) -> str:
    return "\n".join(troubles_of("acme", [("blue", connection(*states, **changed))]))


@pytest.mark.parametrize("states", [(), ("UP", "UP")])
def test_nothing_is_said_where_no_tunnel_is_down(states: tuple[str, ...]) -> None:
    assert said(*states) == ""


def test_with_both_down_it_says_who_is_cut_off_and_whose_log_has_the_reason() -> None:
    words = said("DOWN", "DOWN")
    assert words.startswith("Seattle office (network blue): both tunnels are DOWN, so 192.168.4.0/24 reaches")
    assert "its log says why it does not, and the guide says what the log means" in words


def test_what_to_ask_first_is_told_by_when_the_second_tunnel_went_down() -> None:
    never, shown = said("DOWN", "DOWN"), connection("DOWN", "DOWN")
    assert "no change of them: was the guide handed over? AWS waits" in never
    changes = (datetime(2026, 11, 30, 16, minute, 49, tzinfo=UTC) for minute in (19, 18))
    tunnels = [
        each.model_copy(update={"last_change": at}) for each, at in zip(shown.tunnels, changes, strict=True)
    ]
    (words,) = troubles_of("acme", [("blue", shown.model_copy(update={"tunnels": tunnels}))])
    assert "both tunnels are DOWN since 2026-11-30 16:19:49 UTC, so 192.168.4.0/24" in words
    assert "never UP: was the guide handed over? If they were UP before: what changed then?" in words


@pytest.mark.parametrize(("states", "down", "other"), [(("UP", "DOWN"), 2, 1), (("DOWN", "UP"), 1, 2)])
def test_with_one_down_it_says_that_the_other_one_carries_everything(
    states: tuple[str, str], down: int, other: int
) -> None:
    assert f"tunnel {down} is DOWN, and tunnel {other} carries everything" in said(*states)


def test_one_that_somebody_deleted_comes_with_the_command_that_makes_it_again_and_what_is_new_then() -> None:
    words = said(status=VpnConnectionStatus.MISSING)
    assert "Somebody deleted it by hand. `tenantnet up acme --refresh` makes it again" in words
    assert "new endpoints and keys" in words
    assert said(status=VpnConnectionStatus.CREATING) == ""


def of_acme(shown: StatusVpnConnection) -> TenantStatus:
    database = StatusDatabase(
        identifier="acme-blue", status=DatabaseStatus.READY_TO_USE, aws_status="", address=None, port=None
    )
    network = StatusNetwork(
        slot="blue",
        cidr="10.1.2.0/26",
        type=NetworkType.PRODUCTION,
        status=NetworkStatus.READY,
        vpc_id="vpc-0a1b",
        ping_host=None,
        database=database,
        vpn_connections=[shown],
    )
    return TenantStatus(
        tenant="acme", cell="eu1", region="eu-west-1", phase="steady", endpoint=None, networks=[network]
    )


def shown_by_status(shown: StatusVpnConnection) -> None:
    print_status(of_acme(shown))


def shown_by_vpn_status(shown: ConnectionStatus) -> None:
    _draw(VpnStatus(tenant="acme", region="eu-west-1", vpn_connections=[shown]))


@pytest.mark.parametrize(
    ("show", "last"),
    [(shown_by_status, "More: tenantnet vpn status acme"), (shown_by_vpn_status, WHERE_TO_LOOK)],
)
@pytest.mark.parametrize(
    "found",
    [connection("DOWN", "DOWN"), connection(status=VpnConnectionStatus.MISSING)],
    ids=["down", "gone"],
)
def test_every_status_says_it_and_what_goes_on(
    capsys: pytest.CaptureFixture[str],
    show: Callable[[ConnectionStatus], None],
    found: ConnectionStatus,
    last: str,
) -> None:
    show(found)
    assert capsys.readouterr().out.endswith(
        "\n".join(["", *troubles_of("acme", [("blue", found)]), last, ""])
    )


def test_where_to_look_is_a_page_and_a_chapter_of_it() -> None:
    page, _, chapter = WHERE_TO_LOOK.partition(": ")[2].removesuffix(".").partition(", ")
    assert f"## {chapter}\n" in Path(page).read_text(encoding="utf-8")


def test_who_watches_sees_all_connections_once_and_then_a_line_for_each_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def watched(*states: str) -> VpnStatus:
        others = [
            connection("UP", "UP").model_copy(update={"description": f"Office {number}"})
            for number in range(9)
        ]
        return VpnStatus(tenant="acme", region="eu-west-1", vpn_connections=[*others, connection(*states)])

    changes = Changes()
    changes.show(watched("DOWN", "UP"))
    first = capsys.readouterr().out
    assert all(f"Office {number}, " in first for number in range(9)), "no height of a terminal cuts it"
    assert "vpn-0a1b2c3d4e5f60718" in first
    changes.show(watched("UP", "UP"))
    changes.show(watched("UP", "UP"))
    changes.show(watched("UP", "DOWN"))
    up, down = capsys.readouterr().out.splitlines()
    assert up.endswith(" UTC  Seattle office, 192.168.4.0/24 (blue): 1: 203.0.113.1, UP")
    assert down.endswith(" UTC  Seattle office, 192.168.4.0/24 (blue): 2: 203.0.113.2, DOWN")


@pytest.mark.parametrize(
    ("found", "counted"),
    [
        (connection("DOWN", "UP"), "1 DOWN, 1 UP"),
        (connection(status=VpnConnectionStatus.MISSING), "1 Missing"),
        (connection(status=VpnConnectionStatus.CREATING), "1 Creating"),
    ],
)
def test_a_fleet_counts_a_connection_without_tunnels_too(found: ConnectionStatus, counted: str) -> None:
    assert tunnel_counts(of_acme(found)) == counted


def test_a_tenant_without_any_connection_is_told_so_and_gets_no_empty_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tenantnet.cli.vpn.commands.working_project", lambda: None)
    monkeypatch.setattr("tenantnet.vpn.read.read_listings", lambda *_: (None, [], {}))
    list_connections("acme")
    assert capsys.readouterr().out == (
        "acme has no VPN connection, at AWS or in its settings. Add one: tenantnet vpn add acme\n"
    )
    unread = {"acme": Refused("Pulumi.acme.yaml", [])}
    monkeypatch.setattr("tenantnet.vpn.read.read_listings", lambda *_: (None, [], unread))
    with pytest.raises(typer.Exit):
        list_connections("acme")
    assert capsys.readouterr().out == (
        "acme has no VPN connection at AWS; what its settings have is not known.\n"
    )


def page_of_acme(of: TenantStatus, where: str = "") -> str:
    return _TEMPLATES.get_template("tenant.html.j2").render(
        status=of,
        where=where,
        leaving=set(),
        planned=[],
        troubles=troubles(of),
        unread={},
        read_at=datetime.now(UTC),
        read_only=False,
        csrf="",
        tenant="acme",
    )


def test_the_console_says_that_a_moves_first_step_has_begun() -> None:
    begun = "blue is Production; a move to green by replica has begun."
    none = "steady: no move is under way"
    page = page_of_acme(of_acme(connection()), begun)
    assert f"<dt>Move</dt><dd>{begun}</dd>" in page
    assert none not in page
    assert none in page_of_acme(of_acme(connection()))


@pytest.mark.parametrize(
    ("status", "none"), [(VpnConnectionStatus.CREATING, 2), (VpnConnectionStatus.MISSING, 0)]
)
def test_the_console_says_it_too_and_promises_nothing_of_one_that_is_gone(
    status: VpnConnectionStatus, none: int
) -> None:
    of = of_acme(connection(status=status))
    page = page_of_acme(of)
    promises = page.partition('id="vpn"')[2].count("none yet") + page.count("no guide yet")
    assert (
        promises,
        "somebody deleted it" in page.lower(),
        '<a href="/pages/vpn.md#when-a-tunnel-is-down">' in page,
    ) == (
        none,
        not none,
        not none,
    )


def test_a_tenant_without_a_connection_is_told_where_those_of_its_settings_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _draw(VpnStatus(tenant="acme", region="eu-west-1", vpn_connections=[]))
    assert capsys.readouterr().out == (
        "acme has no VPN connection at AWS. What its settings have: tenantnet vpn list acme\n"
    )
