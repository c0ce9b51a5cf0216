"""Networks in a tenant's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tenantnet.addresses.addressing import check_network_cidr, ping_host_address
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import State
from tenantnet.phases.updates import plan_update
from tenantnet.proposals.connections import connection_edit
from tenantnet.proposals.proposal import Proposal
from tenantnet.proposals.ranges import ranges_beside
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.edit import NETWORKS, add_entry, remove_entry
from tenantnet.settings.files import read_defaults
from tenantnet.settings.models import TenantSettings, VpnConnectionSettings
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_tenant
from tenantnet.tags import Slot

SLOT_FREE = Rule(
    id="slot-free",
    rule="a tenant has at most one network in each slot, blue and green",
    reason="{tenant} has {slot} already: {cidr}",
    remedy="{remedy}",
)
NETWORK_EXISTS = Rule(
    id="network-exists",
    rule="the network is in the tenant's settings",
    reason="{tenant} has {slots} only",
    remedy="`tenantnet network list {tenant}` shows them",
)
LAST_NETWORK = Rule(
    id="last-network",
    rule="a tenant has a network",
    reason="{slot} is the only network of {tenant}: it holds the database, and the endpoint leads there",
    remedy="to move the database to another network, add that first (`tenantnet network add {tenant}`); to "
    "remove the tenant: tenantnet tenant remove {tenant}",
)


def add_network(
    project: Project,
    tenant: str,
    *,
    slot: Slot | None = None,
    cidr: str | None = None,
    copy_vpn: bool = True,
    offline: bool = False,
) -> Proposal:
    """One more network, a Test network. slot, cidr: None for a free one.

    copy_vpn: with a new VPN connection for each company of the other network. offline: ask neither stack nor
    claims table. Raises Refused for a slot or a range that it cannot have, and during a move.
    """
    file, settings = read_tenant(project, tenant)
    outputs = {} if offline else _outputs(project, tenant)
    slot = _free_slot(settings, slot, remembered(outputs))
    cidr = _range(project, settings, slot, cidr, offline=offline)
    if not offline:
        plan_update(outputs, {**_cidrs(settings), slot: cidr})
    copied = settings.networks[slot.other].vpn_connections if copy_vpn else []
    said = f"""\
network {slot} {cidr}.
Nothing is created in AWS yet. `tenantnet up {tenant}` claims the range and creates the network as a Test
network, with its ping host {ping_host_address(cidr)} and its peerings: about {5 if copied else 3} minutes.
{_companies(tenant, slot, copied)}"""
    edit = (
        f"under networks add {slot}: {{cidr: {cidr}}}",
        partial(add_entry, path=NETWORKS, key=slot, value={"cidr": cidr}),
    )
    companies = (connection_edit(slot, each.model_dump(by_alias=True)) for each in copied)
    return Proposal.of(project, file, said, edit, *companies)


def delete_network(project: Project, tenant: str, slot: Slot) -> Proposal:
    """Without a Test network. Raises Refused for another one, and during a move."""
    file, settings = read_tenant(project, tenant)
    if slot not in settings.networks:
        slots = " and ".join(settings.networks)
        raise Refused(f"The networks of {tenant}", [NETWORK_EXISTS.refuse(slot, tenant=tenant, slots=slots)])
    remaining = {other: cidr for other, cidr in _cidrs(settings).items() if other != slot}
    if not remaining:
        raise Refused(f"The networks of {tenant}", [LAST_NETWORK.refuse(slot, tenant=tenant, slot=slot)])
    outputs = _outputs(project, tenant)
    plan_update(outputs, remaining)
    gone = settings.networks[slot]
    if _retired(settings, remembered(outputs)) == slot:
        left = "The last move retired it, and nothing is left of it in AWS: an update changes no resource."
    else:
        left = f"""\
Nothing is deleted in AWS yet. `tenantnet up {tenant}` deletes the network with its VPN connections
({len(gone.vpn_connections)}) and then releases its range."""
    edit = (f"under networks remove {slot}", partial(remove_entry, path=NETWORKS, key=slot))
    return Proposal.of(project, file, f"without network {slot} {gone.cidr}.\n{left}", edit)


def free_range(project: Project, settings: TenantSettings) -> str:
    """A range that a new network can have, at random. Raises Refused if none is left."""
    return ranges_beside(project, settings, offline=False).free_network(read_defaults(project.file).reserved)


def _companies(tenant: str, slot: Slot, copied: Sequence[VpnConnectionSettings]) -> str:
    """What the companies have to do with a new network."""
    if not copied:
        return f"It has no VPN connections; a company needs one before a move: tenantnet vpn add {tenant}"
    names = ", ".join(each.description for each in copied)
    return f"""\
It has a VPN connection of its own for {names}, with new addresses and keys: before a move, give
each company its new guide (`tenantnet vpn download {tenant} DESCRIPTION --network {slot}`), and wait until
its tunnels are UP. The connections of network {slot.other} stay as they are."""


def _range(project: Project, settings: TenantSettings, slot: Slot, cidr: str | None, *, offline: bool) -> str:
    """The range of a new network, chosen unless it is given. Raises Refused for one that it cannot have."""
    tenant = settings.name
    ranges = ranges_beside(project, settings, offline=offline)
    reserved = read_defaults(project.file).reserved
    cidr = ranges.free_network(reserved) if cidr is None else cidr
    wanted = Claim(cidr=cidr, tenant=tenant, stack=tenant, kind=ClaimKind.NETWORK, slot=slot)
    wrong = [refusal.at(wanted.path) for refusal in check_network_cidr(cidr, reserved)]
    if refusals := [*wrong, *ranges.refuse([wanted])]:
        raise Refused(f"The new network of {tenant}", refusals)
    return cidr


def _free_slot(settings: TenantSettings, wanted: Slot | None, state: State | None) -> Slot:
    """The slot of a new network. state: the stack's, if it is known. Raises Refused if there is none."""
    free = [slot for slot in Slot if slot not in settings.networks]
    slot = wanted or (free[0] if free else Slot.GREEN)
    if slot in free:
        return slot
    if free:
        remedy = f"add {free[0]} instead: leave out --slot"
    elif retired := _retired(settings, state):
        remedy = (
            f"the last move retired {retired}, which is gone from AWS: remove it from the settings first: "
            f"tenantnet network delete {settings.name} {retired}"
        )
    else:
        test = state.production.other if state else "SLOT"
        remedy = f"delete the Test network first: tenantnet network delete {settings.name} {test}"
    refusal = SLOT_FREE.refuse(
        slot,
        f"networks.{slot}",
        tenant=settings.name,
        slot=slot,
        cidr=settings.networks[slot].cidr,
        remedy=remedy,
    )
    raise Refused(f"The new network of {settings.name}", [refusal])


def _cidrs(settings: TenantSettings) -> dict[Slot, str]:
    return {slot: network.cidr for slot, network in settings.networks.items()}


def _retired(settings: TenantSettings, state: State | None) -> Slot | None:
    """The network that the settings still name and the last move has retired."""
    retired = state and state.retired
    return retired.slot if retired and _cidrs(settings).get(retired.slot) == retired.cidr else None


def _outputs(project: Project, tenant: str) -> Mapping[str, Any]:
    from tenantnet.engine.engine import Engine  # noqa: PLC0415 - as in proposals.ranges

    return Engine(project).outputs(tenant) or {}
