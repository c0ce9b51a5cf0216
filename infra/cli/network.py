"""`tenantnet network`: the networks in a tenant's settings file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.cli.options import AsJson, Auto, Cidr, Offline, Tenant, require_one
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import (
    add_connection,
    claims_table,
    edits_settings,
    working_project,
    write_settings,
)
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.edit import NETWORKS, add_entry, remove_entry
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from tenantnet.phases.phases import State
    from tenantnet.settings.models import TenantSettings, VpnConnectionSettings
    from tenantnet.settings.project import Project

app = typer.Typer()

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


@app.command("list")
def list_networks(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the networks in a tenant's settings; `tenantnet status` shows what exists.

    Example: tenantnet network list acme
    """
    from tenantnet.addresses.addressing import ping_host_address
    from tenantnet.settings.store import read_tenant

    _, settings = read_tenant(working_project(), tenant)
    networks = [
        {
            "slot": str(slot),
            "cidr": each.cidr,
            "pingHost": ping_host_address(each.cidr),
            "vpnConnections": len(each.vpn_connections),
        }
        for slot, each in settings.networks.items()
    ]
    if as_json:
        print_json({"tenant": tenant, "networks": networks})
    else:
        columns = ("Network", "CIDR", "Ping host", "VPN connections")
        rows = [tuple(map(str, each.values())) for each in networks]
        print_table(f"Networks in the settings of {tenant}", columns, rows)


@app.command()
@edits_settings
def add(
    tenant: Tenant,
    *,
    slot: Annotated[Slot | None, typer.Option(help="[default: the free one]")] = None,
    cidr: Cidr = None,
    auto: Auto = False,
    copy_vpn: Annotated[
        bool,
        typer.Option(
            "--copy-vpn/--no-vpn",
            help="With a new VPN connection for each company of the other network, or with none.",
        ),
    ] = True,
    offline: Offline = False,
) -> None:
    """Add a Test network to a tenant's settings, with the given range or a free one.

    Example: tenantnet network add acme --auto
    """
    from tenantnet.addresses.addressing import ping_host_address
    from tenantnet.phases.memory import remembered
    from tenantnet.phases.updates import plan_update
    from tenantnet.settings.store import read_tenant

    require_one(cidr, auto=auto)
    project = working_project()
    file, settings = read_tenant(project, tenant)
    outputs = {} if offline else _outputs(project, tenant)
    slot = _free_slot(settings, slot, remembered(outputs))
    cidr = _range(project, settings, slot, cidr, offline=offline)
    if not offline:
        plan_update(outputs, {**_cidrs(settings), slot: cidr})
    copied = settings.networks[slot.other].vpn_connections if copy_vpn else []
    write_settings(
        project,
        file,
        f"""\
network {slot} {cidr}.
Nothing is created in AWS yet. `pulumi up --stack {tenant}` claims the range and creates the network as a Test
network, with its ping host {ping_host_address(cidr)} and its peerings: about {5 if copied else 3} minutes.
{_companies(tenant, slot, copied)}""",
        (
            f"under networks add {slot}: {{cidr: {cidr}}}",
            partial(add_entry, path=NETWORKS, key=slot, value={"cidr": cidr}),
        ),
        *(add_connection(slot, each.model_dump(by_alias=True)) for each in copied),
    )


@app.command()
@edits_settings
def delete(tenant: Tenant, slot: Annotated[Slot, typer.Argument(help="The network's slot.")]) -> None:
    """Remove a Test network from a tenant's settings; the Production network stays.

    Example: tenantnet network delete acme green
    """
    from tenantnet.phases.memory import remembered
    from tenantnet.phases.updates import plan_update
    from tenantnet.settings.store import read_tenant

    project = working_project()
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
        left = "The last move retired it, and nothing is left of it in AWS: `pulumi up` changes no resource."
    else:
        left = f"""\
Nothing is deleted in AWS yet. `pulumi up --stack {tenant}` deletes the network with its VPN connections
({len(gone.vpn_connections)}) and then releases its range."""
    write_settings(
        project,
        file,
        f"without network {slot} {gone.cidr}.\n{left}",
        (f"under networks remove {slot}", partial(remove_entry, path=NETWORKS, key=slot)),
    )


def _companies(tenant: str, slot: Slot, copied: Sequence[VpnConnectionSettings]) -> str:
    """What the companies have to do with a new network."""
    if not copied:
        return f"It has no VPN connections; a company needs one before a move: tenantnet vpn add {tenant}"
    names = ", ".join(each.description for each in copied)
    return f"""\
It has a VPN connection of its own for {names}, with new addresses and keys: before a move, give
each company its new guide (`tenantnet vpn download {tenant} NAME --network {slot}`), and wait until its
tunnels are UP. The connections of network {slot.other} stay as they are."""


def _range(project: Project, settings: TenantSettings, slot: Slot, cidr: str | None, *, offline: bool) -> str:
    """The range of a new network, chosen unless it is given. Raises Refused for one that it cannot have."""
    from tenantnet.addresses.addressing import check_network_cidr
    from tenantnet.settings.cells import read_cell, read_ranges
    from tenantnet.settings.files import read_defaults

    tenant = settings.name
    table = None if offline else claims_table(project, settings.platform)
    ranges = read_ranges(project, read_cell(project, settings.platform), table)
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
    from tenantnet.engine.engine import Engine

    return Engine(project).outputs(tenant) or {}
