"""Rules about several values of one file.

They read the raw object, because they apply even if other values of the file are refused. `sound`
says of a path whether the value there was accepted; only such values are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from tenantnet.addresses.addressing import contains, overlaps
from tenantnet.refusal import Refusal, shown
from tenantnet.settings import rules
from tenantnet.settings.models import RepositoryHost, ServicesSettings, SessionsSettings
from tenantnet.tags import Slot

Sound = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """One VPN connection with its valid values. path: `networks.blue.vpnConnections[0]`."""

    path: str
    cidr: str
    gateway: object


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """One network with its valid values; cidr is None if it was refused."""

    path: str
    cidr: str | None
    connections: Sequence[_Connection]


def tenant_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems between values of a tenant's settings."""
    networks = list(_networks(raw, sound))
    return [
        *_count(raw),
        *_networks_apart(networks),
        *(refusal for network in networks for refusal in _companies_apart(network)),
        *(refusal for network in networks for refusal in _companies_outside(network, networks)),
        *_migration(raw, sound),
        *_users_once(raw, sound),
    ]


def platform_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems between values of a platform's settings."""
    return [
        *_services_together(_child(raw, "services")),
        *_platform_ranges_apart(raw, sound),
        *_shared_subnets(raw, sound),
        *_connection_fits(_child(raw, "runner"), sound),
    ]


def _platform_ranges_apart(raw: object, sound: Sound) -> Iterator[Refusal]:
    services = _child(_child(raw, "services"), "cidr") or ServicesSettings.model_fields["cidr"].default
    sessions = _sessions_cidr(raw)
    both_sound = sound("services.cidr") and sound("sessions.cidr")
    if both_sound and overlaps(str(services), str(sessions)):
        yield rules.PLATFORM_RANGES_APART.refuse(services, "services.cidr", other=f"sessions.cidr {sessions}")


def _sessions_cidr(raw: object) -> object:
    return _child(_child(raw, "sessions"), "cidr") or SessionsSettings.model_fields["cidr"].default


def _shared_subnets(raw: object, sound: Sound) -> Iterator[Refusal]:
    path = "sessions.sharedSubnets"
    entries = _entries(_child(_child(raw, "sessions"), "sharedSubnets"))
    if len(entries) > rules.MAX_SHARED_SUBNETS:
        yield rules.SHARED_SUBNETS_COUNT.refuse(f"{len(entries)} subnets", path)
        return
    given = [
        (str(cidr), f"{path}[{index}]") for index, cidr in enumerate(entries) if sound(f"{path}[{index}]")
    ]
    sessions = str(_sessions_cidr(raw))
    for cidr, place in given if sound("sessions.cidr") else ():
        if not contains(sessions, cidr):
            yield rules.SHARED_SUBNET_INSIDE.refuse(cidr, place, sessions=sessions)
    for (first, other), (second, place) in combinations(given, 2):
        if overlaps(first, second):
            yield rules.SHARED_SUBNETS_APART.refuse(second, place, other=other, cidr=first)


def _child(raw: object, key: str) -> object:
    return raw.get(key) if isinstance(raw, Mapping) else None


def _entries(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


def _networks(raw: object, sound: Sound) -> Iterator[_Network]:
    for slot in Slot:
        network, path = _child(_child(raw, "networks"), slot), f"networks.{slot}"
        cidr = _child(network, "cidr")
        yield _Network(
            path=path,
            cidr=cidr if isinstance(cidr, str) and sound(f"{path}.cidr") else None,
            connections=list(_connections(network, path, sound)),
        )


def _connections(network: object, network_path: str, sound: Sound) -> Iterator[_Connection]:
    for index, connection in enumerate(_entries(_child(network, "vpnConnections"))):
        path, cidr = f"{network_path}.vpnConnections[{index}]", _child(connection, "companyCidr")
        if isinstance(cidr, str) and sound(f"{path}.companyCidr"):
            yield _Connection(path=path, cidr=cidr, gateway=_child(connection, "companyGatewayIp"))


def _count(raw: object) -> Iterator[Refusal]:
    networks = _child(raw, "networks")
    if isinstance(networks, Mapping) and not networks:
        yield rules.SLOTS.refuse(networks, "networks")
    for slot in Slot:
        count = len(_entries(_child(_child(networks, slot), "vpnConnections")))
        if count > rules.MAX_VPN_CONNECTIONS:
            yield rules.VPN_CONNECTIONS_COUNT.refuse(
                f"{count} VPN connections", f"networks.{slot}.vpnConnections"
            )


def _networks_apart(networks: Sequence[_Network]) -> Iterator[Refusal]:
    blue, green = networks
    if blue.cidr and green.cidr and overlaps(blue.cidr, green.cidr):
        yield rules.NETWORKS_APART.refuse(green.cidr, f"{green.path}.cidr", other=blue.path, cidr=blue.cidr)


def _companies_apart(network: _Network) -> Iterator[Refusal]:
    if len(network.connections) > rules.MAX_VPN_CONNECTIONS:
        return  # too many are refused anyway, and all pairs of them would be too much to read
    for first, second in combinations(network.connections, 2):
        if not overlaps(first.cidr, second.cidr):
            continue
        if first.cidr == second.cidr and first.gateway == second.gateway:
            yield rules.VPN_CONNECTION_ONCE.refuse(
                f"{second.cidr} at {shown(second.gateway)}", second.path, other=first.path
            )
        else:
            yield rules.COMPANY_CIDRS_APART.refuse(
                second.cidr, f"{second.path}.companyCidr", other=first.path, cidr=first.cidr
            )


def _companies_outside(network: _Network, networks: Sequence[_Network]) -> Iterator[Refusal]:
    for connection in network.connections:
        for other in networks:
            if other.cidr and overlaps(connection.cidr, other.cidr):
                yield rules.COMPANY_CIDR_OUTSIDE.refuse(
                    connection.cidr, f"{connection.path}.companyCidr", other=other.path, cidr=other.cidr
                )


def _migration(raw: object, sound: Sound) -> Iterator[Refusal]:
    migration = _child(raw, "migration")
    if not isinstance(migration, Mapping):
        return
    networks = _child(raw, "networks")
    to = migration.get("to")
    if isinstance(networks, Mapping) and networks and sound("migration.to") and isinstance(to, str):
        for slot in Slot:
            if slot not in networks:
                yield rules.MIGRATION_SLOTS.refuse(to, "migration.to", slot=slot)
    if _child(raw, "retiring") is True:
        yield rules.RETIRING_STAYS.refuse(True, "retiring")
    at, zone = migration.get("at"), migration.get("timezone")
    if (
        isinstance(at, str)
        and isinstance(zone, str)
        and sound("migration.at")
        and sound("migration.timezone")
    ):
        yield from _exists_once(at, zone)


def _exists_once(at: str, zone: str) -> Iterator[Refusal]:
    first = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone), fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return
    # Of a time in a gap neither reading comes back from UTC as it went.
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(fold=0) != first:
        yield rules.MIGRATION_TIME_EXISTS.refuse(at, "migration.at", zone=zone, **_gap(first))
    else:
        yield rules.MIGRATION_TIME_ONCE.refuse(
            at,
            "migration.at",
            zone=zone,
            at=f"{first:%H:%M}",
            first=f"{first.astimezone(UTC):%H:%M}",
            second=f"{second.astimezone(UTC):%H:%M}",
        )


def _gap(inside: datetime) -> dict[str, str]:
    """The wall-clock times at which the gap around `inside` starts and ends."""
    before, after = (inside.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # Found minute by minute: changes are at full minutes, and no gap is longer than a day.
    start = inside.replace(tzinfo=None)
    while _is_in_gap(start - timedelta(minutes=1), inside):
        start -= timedelta(minutes=1)
    end = start + (after - before)
    return {"before": f"{start:%Y-%m-%dT%H:%M}", "after": f"{end:%Y-%m-%dT%H:%M}"}


def _is_in_gap(wall: datetime, example: datetime) -> bool:
    offsets = {wall.replace(tzinfo=example.tzinfo, fold=fold).utcoffset() for fold in (0, 1)}
    return len(offsets) == 2


def _users_once(raw: object, sound: Sound) -> Iterator[Refusal]:
    seen: set[str] = set()
    for index, user in enumerate(_entries(_child(raw, "tunnelUsers"))):
        path = f"tunnelUsers[{index}]"
        if isinstance(user, str) and sound(path):
            if user in seen:
                yield rules.ENTRY_ONCE.refuse(user, path, value=user)
            seen.add(user)


def _services_together(services: object) -> Iterator[Refusal]:
    keys = ("vpcId", "subnetId", "routeTableId")
    given = [key for key in keys if _child(services, key) is not None]
    missing = [key for key in keys if key not in given]
    if given and missing:
        names = {"given": " and ".join(given), "missing": " and ".join(missing)}
        yield rules.SERVICES_TOGETHER.refuse(names["given"], "services", **names)


def _connection_fits(runner: object, sound: Sound) -> Iterator[Refusal]:
    connection = _child(runner, "connectionArn")
    if (
        connection is not None
        and sound("runner.connectionArn")
        and _child(runner, "host") == RepositoryHost.CODECOMMIT
    ):
        yield rules.RUNNER_CONNECTION.refuse(connection, "runner.connectionArn")
