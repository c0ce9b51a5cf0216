"""Rules about several values of one file.

They read the raw object, because they apply even if other values of the file are refused. `sound`
says of a path whether the value there was accepted; only such values are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tenantnet.addresses.addressing import check_beside_platform, check_session_subnet, contains, overlaps
from tenantnet.aws.sizes import DEFAULT_STORAGE_GB
from tenantnet.aws.storage import IOPS
from tenantnet.refusal import Refusal, Rule, shown
from tenantnet.settings import rules
from tenantnet.settings.checks import check_iops, check_throughput, check_windows
from tenantnet.settings.models import RepositoryHost, ServicesSettings, SessionsSettings, TenantSettings
from tenantnet.tags import Slot, Strategy, tunnel_user_tags

Sound = Callable[[str], bool]


class _Range(NamedTuple):
    """A range that was accepted. owner: what has it, `networks.blue`; place: where it is written."""

    cidr: str
    owner: str
    place: str
    gateway: object = None


def tenant_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems between values of a tenant's settings."""
    networks = {f"networks.{slot}": _child(_child(raw, "networks"), slot) for slot in Slot}
    ranges = list(_ranges(networks, "cidr", sound))
    companies = [list(_companies(network, path, sound)) for path, network in networks.items()]
    outside = ((network, company) for each in companies for company in each for network in ranges)
    return [
        *_count(raw),
        *_apart(rules.NETWORKS_APART, combinations(ranges, 2)),
        *(refusal for each in companies for refusal in _companies_apart(each)),
        *_apart(rules.COMPANY_CIDR_OUTSIDE, outside),
        *_windows(_child(raw, "database"), sound),
        *_performance(_child(raw, "database"), sound),
        *_migration(raw, sound),
        *tunnel_user_relations(raw, sound),
    ]


def platform_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems between values of a platform's settings."""
    return [
        *_services_together(_child(raw, "services")),
        *_platform_ranges_apart(raw, sound),
        *shared_subnet_relations(raw, sound),
        *_connection_fits(_child(raw, "runner"), sound),
        *_secret_given(_child(raw, "runner"), sound),
        *alarm_email_relations(raw, sound),
    ]


def check_region_of_platform(region: object, platform: str, its: object) -> list[Refusal]:
    """The problem of a tenant's region that is not `its`, the region of its platform. None: not known."""
    if region in (None, its):
        return []
    return [rules.REGION_OF_PLATFORM.refuse(region, "aws:region", platform=platform, region=its)]


def beside_platform(
    tenant: TenantSettings, *, services: str | None, sessions: str, shared: Sequence[str]
) -> list[Refusal]:
    """The problems of a tenant's ranges beside its platform's networks.

    services: None where a platform of an older version does not tell it. shared: the sessions network's
    subnets for all tenants.
    """
    ranges = {"sessions": sessions, **({"services": services} if services else {})}
    places = {f"networks.{slot}.cidr": network.cidr for slot, network in tenant.networks.items()} | {
        f"networks.{slot}.vpnConnections[{index}].companyCidr": connection.company_cidr
        for slot, network in tenant.networks.items()
        for index, connection in enumerate(network.vpn_connections)
    }
    misplaced = check_session_subnet(tenant.session_subnet, sessions, shared)
    return [refusal.at("sessionSubnet") for refusal in misplaced] + [
        refusal.at(path)
        for path, cidr in places.items()
        for refusal in check_beside_platform(cidr, tenant.platform, ranges)
    ]


def _apart(rule: Rule, pairs: Iterable[tuple[_Range, _Range]]) -> Iterator[Refusal]:
    for first, second in pairs:
        if overlaps(first.cidr, second.cidr):
            yield rule.refuse(second.cidr, second.place, other=first.owner, cidr=first.cidr)


def _platform_ranges_apart(raw: object, sound: Sound) -> Iterator[Refusal]:
    services = _child(_child(raw, "services"), "cidr") or ServicesSettings.model_fields["cidr"].default
    sessions, place = str(_sessions_cidr(raw)), "sessions.cidr"
    if sound("services.cidr") and sound(place):
        pair = _Range(sessions, f"{place} {sessions}", place), _Range(str(services), "", "services.cidr")
        yield from _apart(rules.PLATFORM_RANGES_APART, [pair])


def _sessions_cidr(raw: object) -> object:
    return _child(_child(raw, "sessions"), "cidr") or SessionsSettings.model_fields["cidr"].default


def shared_subnet_relations(raw: object, sound: Sound) -> Iterator[Refusal]:
    """The problems of a platform's shared subnets with each other and with its sessions network."""
    path = "sessions.sharedSubnets"
    entries = _entries(_child(_child(raw, "sessions"), "sharedSubnets"))
    if len(entries) > rules.MAX_SHARED_SUBNETS:
        yield rules.SHARED_SUBNETS_COUNT.refuse(f"{len(entries)} subnets", path)
        return
    places = {f"{path}[{index}]": str(cidr) for index, cidr in enumerate(entries)}
    given = [_Range(cidr, place, place) for place, cidr in places.items() if sound(place)]
    sessions = str(_sessions_cidr(raw))
    for subnet in given if sound("sessions.cidr") else ():
        if not contains(sessions, subnet.cidr):
            yield rules.SHARED_SUBNET_INSIDE.refuse(subnet.cidr, subnet.place, sessions=sessions)
    yield from _apart(rules.SHARED_SUBNETS_APART, combinations(given, 2))


def _child(raw: object, key: str) -> object:
    return raw.get(key) if isinstance(raw, Mapping) else None


def _entries(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


def _ranges(owners: Mapping[str, object], key: str, sound: Sound) -> Iterator[_Range]:
    """The accepted ranges under `key`. owners: by their paths."""
    for path, owner in owners.items():
        cidr, place = _child(owner, key), f"{path}.{key}"
        if isinstance(cidr, str) and sound(place):
            yield _Range(cidr, path, place, _child(owner, "companyGatewayIp"))


def _companies(network: object, path: str, sound: Sound) -> Iterator[_Range]:
    entries = enumerate(_entries(_child(network, "vpnConnections")))
    connections = {f"{path}.vpnConnections[{index}]": connection for index, connection in entries}
    return _ranges(connections, "companyCidr", sound)


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


def _companies_apart(companies: Sequence[_Range]) -> Iterator[Refusal]:
    if len(companies) > rules.MAX_VPN_CONNECTIONS:
        return  # too many are refused anyway, and all pairs of them would be too much to read
    for first, second in combinations(companies, 2):
        if (first.cidr, first.gateway) == (second.cidr, second.gateway):
            value = f"{second.cidr} at {shown(second.gateway)}"
            yield rules.VPN_CONNECTION_ONCE.refuse(value, second.owner, other=first.owner)
        else:
            yield from _apart(rules.COMPANY_CIDRS_APART, [(first, second)])


def _windows(database: object, sound: Sound) -> list[Refusal]:
    places = ("backupWindow", "maintenanceWindow")
    backup, maintenance = (_child(database, place) for place in places)
    if not all(sound(f"database.{place}") for place in places):
        return []
    place = "maintenanceWindow" if maintenance else "backupWindow"
    found = check_windows(*(str(each) if each else None for each in (backup, maintenance)))
    return [refusal.at(f"database.{place}") for refusal in found]


def _performance(database: object, sound: Sound) -> Iterator[Refusal]:
    """IOPS and throughput beside the size."""
    size, iops, throughput = (_child(database, key) for key in ("storageGb", "iops", "storageThroughput"))
    size = DEFAULT_STORAGE_GB if size is None else size
    if not isinstance(size, int) or not sound("database.storageGb"):
        return
    if isinstance(iops, int) and sound("database.iops"):
        yield from (refusal.at("database.iops") for refusal in check_iops(iops, size))
    has = iops if isinstance(iops, int) else IOPS[0]
    if throughput is not None and sound("database.storageThroughput") and sound("database.iops"):
        found = check_throughput(throughput, size, has)
        yield from (refusal.at("database.storageThroughput") for refusal in found)


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
    if migration.get("strategy") == Strategy.LIVE and _child(_child(raw, "database"), "gtid") is not True:
        yield rules.LIVE_NEEDS_GTID.refuse(Strategy.LIVE, "migration.strategy")
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


def tunnel_user_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems of a tenant's tunnel users together."""
    return list(_users_together(raw, sound))


def _users_together(raw: object, sound: Sound) -> Iterator[Refusal]:
    yield from _once(raw, "tunnelUsers", sound)
    entries = enumerate(_entries(_child(raw, "tunnelUsers")))
    users = {user for index, user in entries if isinstance(user, str) and sound(f"tunnelUsers[{index}]")}
    try:
        tunnel_user_tags([*users])
    except ValueError:
        yield rules.TUNNEL_USERS_FIT.refuse(f"{len(users)} names", "tunnelUsers")


def alarm_email_relations(raw: object, sound: Sound) -> list[Refusal]:
    """The problems of a platform's addresses for alarms together."""
    count = len(_entries(_child(raw, "alarmEmails")))
    if count > rules.MAX_ALARM_EMAILS:
        return [rules.ALARM_EMAILS_COUNT.refuse(f"{count} addresses", "alarmEmails")]
    return list(_once(raw, "alarmEmails", sound))


def _once(raw: object, key: str, sound: Sound) -> Iterator[Refusal]:
    """The problems of a list that has something twice."""
    seen: set[str] = set()
    for index, entry in enumerate(_entries(_child(raw, key))):
        path = f"{key}[{index}]"
        if isinstance(entry, str) and sound(path):
            if entry in seen:
                yield rules.ENTRY_ONCE.refuse(entry, path, value=entry)
            seen.add(entry)


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


def _secret_given(runner: object, sound: Sound) -> Iterator[Refusal]:
    backend = _child(runner, "backend")
    if not isinstance(backend, str) or not sound("runner.backend"):
        return
    accepted = ["secretArn", "secretsKeyArn"] if backend.startswith("s3://") else ["secretArn"]
    if all(_child(runner, key) is None for key in accepted):
        yield rules.RUNNER_SECRET.refuse(f"no {' and no '.join(accepted)}", "runner")
