"""`tenantnet vpn add` and `delete`: VPN connections in a tenant's settings file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.completion import complete_connection
from tenantnet.cli.options import NetworkSlot, Offline, Tenant
from tenantnet.cli.project import (
    VPN_CONNECTIONS,
    add_connection,
    claims_table,
    edits_settings,
    working_project,
    write_settings,
)
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.edit import NETWORKS, remove_item
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from tenantnet.settings.models import TenantSettings
    from tenantnet.settings.project import Project

NETWORK_NAMED = Rule(
    id="network-named",
    rule="a VPN connection belongs to one network of the tenant",
    reason="{tenant} has the networks {slots} in its settings",
    remedy="say which: --network {remedy}",
)


@edits_settings
def add(
    tenant: Tenant,
    *,
    company_cidr: Annotated[str, typer.Option(help="The company's network behind its gateway, private.")],
    gateway_ip: Annotated[str, typer.Option(help="The public IPv4 address of the company's VPN device.")],
    description: Annotated[str, typer.Option(help="The name of the place.")],
    network: Annotated[Slot | None, typer.Option(help="The network; needed if there are two.")] = None,
    offline: Offline = False,
) -> None:
    """Add a VPN connection to a network in a tenant's settings.

    Example: tenantnet vpn add acme --company-cidr 192.168.4.0/24 --gateway-ip 198.51.100.7 --description HQ
    """
    from tenantnet.settings.store import read_tenant

    project = working_project()
    file, settings = read_tenant(project, tenant)
    slot = _slot(settings, network)
    _refuse_others(project, settings, slot, company_cidr, offline=offline)
    item = {"companyCidr": company_cidr, "companyGatewayIp": gateway_ip, "description": description}
    write_settings(
        project,
        file,
        f"""\
network {slot} with a VPN connection to {description},
{company_cidr}.
Nothing is created in AWS yet. `pulumi up --stack {tenant}` creates the customer gateway {gateway_ip}, the VPN
connection with its two tunnels, its route, its rules and its alarms: about 5 minutes. The network's other VPN
connections stay up. Then comes the company's end:

  tenantnet vpn download {tenant} {company_cidr} --network {slot} --format generic --output DIR""",
        add_connection(slot, item),
    )


def _refuse_others(
    project: Project, settings: TenantSettings, slot: Slot, cidr: str, *, offline: bool
) -> None:
    """Raises Refused for a company range that another tenant of the address space has claimed."""
    from tenantnet.settings.cells import read_cell, read_ranges

    table = None if offline else claims_table(project, settings.platform)
    ranges = read_ranges(project, read_cell(project, settings.platform), table)
    path = f"networks.{slot}.{VPN_CONNECTIONS}.companyCidr"
    if refusals := ranges.refuse_companies(settings.name, [(path, cidr)]):
        raise Refused(f"The new VPN connection of {settings.name}", refusals)


@edits_settings
def delete(
    tenant: Tenant,
    vpn_connection: Annotated[
        str,
        typer.Argument(
            metavar="COMPANY_CIDR|DESCRIPTION",
            help="Which VPN connection: its company CIDR or its description.",
            autocompletion=complete_connection,
        ),
    ],
    *,
    network: NetworkSlot = None,
) -> None:
    """Remove a VPN connection from a tenant's settings.

    Example: tenantnet vpn delete acme 192.168.4.0/24
    """
    from tenantnet.settings.store import read_tenant
    from tenantnet.vpn.listing import choose, in_settings

    project = working_project()
    file, settings = read_tenant(project, tenant)
    listed = in_settings(settings)
    chosen = choose(tenant, listed, vpn_connection, network)
    slot = chosen.network
    index = [each for each in listed if each.network == slot].index(chosen)
    write_settings(
        project,
        file,
        f"""\
network {slot} without the VPN connection to {chosen.description}, {chosen.company_cidr}.
Nothing is deleted in AWS yet. `pulumi up --stack {tenant}` deletes it: both its tunnels go down, and
{chosen.company_cidr} no longer reaches the network. A new connection has other endpoints and keys.""",
        (
            f"under networks.{slot}.{VPN_CONNECTIONS} remove entry {index + 1}",
            partial(remove_item, path=(*NETWORKS, slot, VPN_CONNECTIONS), index=index),
        ),
    )


def _slot(settings: TenantSettings, wanted: Slot | None) -> Slot:
    slots = list(settings.networks)
    if wanted in slots or (wanted is None and len(slots) == 1):
        return wanted or slots[0]
    refusal = NETWORK_NAMED.refuse(
        wanted, tenant=settings.name, slots=" and ".join(slots), remedy=" or --network ".join(slots)
    )
    raise Refused("The network", [refusal])
