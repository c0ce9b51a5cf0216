"""The rules that let a tenant's clients in to a database: its sessions, and the companies of the network."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from tenantnet.components.security import MYSQL, SecurityRuleArgs
from tenantnet.settings.models import TenantSettings
from tenantnet.tags import Owner, Slot


def connection_name(owner: Owner, company_cidr: str) -> str:
    """The name of a network's VPN connection: company ranges do not overlap there, so it stays for good."""
    return f"{owner.prefix}-vpn-{company_cidr.replace('.', '-').replace('/', '-')}"


def client_rules(
    settings: TenantSettings, owner: Owner, group_id: pulumi.Input[str]
) -> Mapping[str, SecurityRuleArgs]:
    """The rules of the database's group, by the names of their resources. Without them it is shut.

    owner: with the network's slot. The tunnel host is no client: the runner comes through it, and sessions
    of people lead to the endpoint alone.
    """
    connections = settings.networks[Slot(str(owner.network))].vpn_connections
    peers = {
        f"{owner.prefix}-sessions": (settings.session_subnet, "sessions of the tenant"),
        **{
            f"{connection_name(owner, each.company_cidr)}-database": (each.company_cidr, each.description)
            for each in connections
        },
    }
    return {
        name: SecurityRuleArgs(
            owner=owner,
            security_group_id=group_id,
            service=MYSQL,
            peer_cidr=cidr,
            description=description,
        )
        for name, (cidr, description) in peers.items()
    }
