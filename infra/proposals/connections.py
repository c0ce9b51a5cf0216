"""VPN connections in a tenant's settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tenantnet.proposals.proposal import Edit, Proposal
from tenantnet.proposals.ranges import ranges_beside
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.edit import NETWORKS, add_item, remove_item
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_tenant
from tenantnet.tags import Slot
from tenantnet.vpn.listing import choose, in_settings

NETWORK_NAMED = Rule(
    id="network-named",
    rule="a VPN connection belongs to one network of the tenant",
    reason="{tenant} has the networks {slots} in its settings",
    remedy="say which: --network {remedy}",
)
VPN_CONNECTIONS = "vpnConnections"


def add_connection(
    project: Project,
    tenant: str,
    *,
    company_cidr: str,
    gateway_ip: str,
    description: str,
    network: Slot | None = None,
    offline: bool = False,
) -> Proposal:
    """One more VPN connection of a network, which may be left out where there is one.

    offline: do not ask the claims table. Raises Refused where the range is another tenant's company's.
    """
    file, settings = read_tenant(project, tenant)
    slot = _slot(settings, network)
    _refuse_others(project, settings, slot, company_cidr, offline=offline)
    item = {"companyCidr": company_cidr, "companyGatewayIp": gateway_ip, "description": description}
    others = (
        "\nThe network's other VPN connections stay up." if settings.networks[slot].vpn_connections else ""
    )
    said = f"""\
network {slot} with a VPN connection to {description},
{company_cidr}.
Nothing is created in AWS yet. `tenantnet up {tenant}` creates the customer gateway {gateway_ip}, the VPN
connection with its two tunnels, its route, its rules and its alarms: about 4 minutes at AWS.{others}
After it, and not before, there is a guide for the company's device:

  tenantnet vpn download {tenant} {company_cidr} --network {slot} --format generic --output DIR"""
    return Proposal.of(project, file, said, connection_edit(slot, item))


def delete_connection(project: Project, tenant: str, wanted: str, network: Slot | None = None) -> Proposal:
    """Without a VPN connection. wanted: its company CIDR or description. Raises Refused as choose does."""
    file, settings = read_tenant(project, tenant)
    listed = in_settings(settings)
    chosen = choose(tenant, listed, wanted, network)
    slot = chosen.network
    index = [each for each in listed if each.network == slot].index(chosen)
    said = f"""\
network {slot} without the VPN connection to {chosen.description}, {chosen.company_cidr}.
Nothing is deleted in AWS yet. `tenantnet up {tenant}` deletes it: both its tunnels go down, and
{chosen.company_cidr} no longer reaches the network. A new connection has other endpoints and keys."""
    edit = (
        f"under networks.{slot}.{VPN_CONNECTIONS} remove entry {index + 1}",
        partial(remove_item, path=(*NETWORKS, slot, VPN_CONNECTIONS), index=index),
    )
    return Proposal.of(project, file, said, edit)


def connection_edit(slot: Slot, item: Mapping[str, str]) -> Edit:
    """The edit that adds a VPN connection to a network; item: with the keys of the settings."""
    fields = ", ".join(f"{key}: {value}" for key, value in item.items())
    return (
        f"under networks.{slot}.{VPN_CONNECTIONS} add {{{fields}}}",
        partial(add_item, path=(*NETWORKS, slot, VPN_CONNECTIONS), item=item),
    )


def _refuse_others(
    project: Project, settings: TenantSettings, slot: Slot, cidr: str, *, offline: bool
) -> None:
    """Raises Refused for a company range that another tenant of the address space has claimed."""
    ranges = ranges_beside(project, settings, offline=offline)
    path = f"networks.{slot}.{VPN_CONNECTIONS}.companyCidr"
    if refusals := ranges.refuse_companies(settings.name, [(path, cidr)]):
        raise Refused(f"The new VPN connection of {settings.name}", refusals)


def _slot(settings: TenantSettings, wanted: Slot | None) -> Slot:
    slots = list(settings.networks)
    if wanted in slots or (wanted is None and len(slots) == 1):
        return wanted or slots[0]
    refusal = NETWORK_NAMED.refuse(
        wanted, tenant=settings.name, slots=" and ".join(slots), remedy=" or --network ".join(slots)
    )
    raise Refused("The network", [refusal])
