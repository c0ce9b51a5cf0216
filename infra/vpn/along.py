"""Which companies a move would cut off: those without a connection to the other network that has worked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from shlex import quote
from typing import Protocol

from tenantnet.observed.status.tenant import StatusVpnConnection, TenantStatus
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.refusal import Refusal, Rule
from tenantnet.settings.models import TenantSettings
from tenantnet.tags import Slot

COMPANY_ALONG = Rule(
    id="company-along",
    rule="a move takes along each company of the production network: it has a connection to the other one, "
    "of which a tunnel was UP",
    reason="{company} ({cidr}) would lose the database at the switch: {why}",
    remedy="{remedy}. If it is to stay behind: --without {name}",
)
COMPANY_SERVED = Rule(
    id="company-served",
    rule="a company that stays behind has a VPN connection to the production network",
    reason="{slot} has {companies}",
    remedy="give its description or its range: tenantnet vpn list {tenant}",
)
# A tunnel that was UP within this time has a device at the other end that knows it.
DAYS = 14


class Company(Protocol):
    """A VPN connection to one, in the settings or as AWS has it."""

    @property
    def company_cidr(self) -> str: ...
    @property
    def company_gateway_ip(self) -> str: ...
    @property
    def description(self) -> str: ...


def refuse_left_behind(
    status: TenantStatus, source: Slot, *, without: Collection[str], was_up: Callable[[str], bool]
) -> list[Refusal]:
    """One refusal for each company of `source` that cannot reach the other network.

    without: those that are to stay behind, by description or range. was_up: whether a tunnel of the
    connection with this id was UP within DAYS; asked only where none is UP now.
    """
    there = {each.company_cidr: each for each in _connections(status, source.other)}
    return [
        _refusal(each, lack)
        for each in _connections(status, source)
        if not _stays(each, without)
        and (lack := _lack(status.tenant, source.other, each, there.get(each.company_cidr), was_up))
    ]


def refuse_unconnected(settings: TenantSettings, source: Slot) -> list[Refusal]:
    """One refusal for each company of `source` that the settings do not connect to the other network.

    Whether tunnels were UP, the settings do not say.
    """
    here, there = (settings.networks[slot].vpn_connections for slot in (source, source.other))
    connected = {each.company_cidr for each in there}
    without = settings.migration.without if settings.migration else []
    return [
        _refusal(each, _unconnected(settings.name, source.other, each)).at(
            f"networks.{source}.vpnConnections[{number}]"
        )
        for number, each in enumerate(here)
        if each.company_cidr not in connected and not _stays(each, without)
    ]


def refuse_unserved(status: TenantStatus, source: Slot, without: Collection[str]) -> list[Refusal]:
    """One refusal for each name of a company that `source` does not serve."""
    served = _connections(status, source)
    names = {name for each in served for name in (each.description, each.company_cidr)}
    companies = ", ".join(each.description for each in served) or "no VPN connection"
    return [
        COMPANY_SERVED.refuse(name, "--without", slot=source, companies=companies, tenant=status.tenant)
        for name in without
        if name not in names
    ]


def _connections(status: TenantStatus, slot: Slot) -> Sequence[StatusVpnConnection]:
    return next((each.vpn_connections for each in status.networks if each.slot == slot), ())


def _stays(company: Company, without: Collection[str]) -> bool:
    return bool({company.description, company.company_cidr} & {*without})


def _refusal(company: Company, lack: Mapping[str, str]) -> Refusal:
    name, cidr = company.description, company.company_cidr
    return COMPANY_ALONG.refuse(name, company=name, cidr=cidr, name=quote(name), **lack)


def _lack(
    tenant: str,
    target: Slot,
    company: StatusVpnConnection,
    there: StatusVpnConnection | None,
    was_up: Callable[[str], bool],
) -> dict[str, str]:
    """Why a company cannot reach the target, and what to do; empty where it can. there: its connection."""
    if there is None:
        return _unconnected(tenant, target, company)
    if there.status is not VpnConnectionStatus.READY:
        why = f"its connection to {target} is {there.status}"
        is_gone = there.status is VpnConnectionStatus.MISSING
        again = f"make it again, with new endpoints and keys: tenantnet up {tenant} --refresh"
        return {"why": why, "remedy": again if is_gone else f"deploy it: tenantnet up {tenant}"}
    if any(each.state is TunnelState.UP for each in there.tunnels) or was_up(there.id):
        return {}
    return {
        "why": f"no tunnel of its connection to {target}, {there.id}, was UP in the last {DAYS} days",
        "remedy": "let the company set it up, and wait until a tunnel is UP: tenantnet vpn download "
        f"{tenant} {company.company_cidr} --network {target} --output DIR; "
        f"tenantnet vpn status {tenant} --watch",
    }


def _unconnected(tenant: str, target: Slot, company: Company) -> dict[str, str]:
    return {
        "why": f"it has no connection to {target}",
        "remedy": f"add one, deploy it and give the company its guide: tenantnet vpn add {tenant} "
        f"--network {target} --company-cidr {company.company_cidr} --gateway-ip "
        f"{company.company_gateway_ip} --description {quote(company.description)}",
    }
