"""Reads a tenant's VPN connections from its stack, its settings and AWS."""

from __future__ import annotations

from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.read import read_stack
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.settings.store import settings_here
from tenantnet.vpn.listing import VpnListing, listings


def read_listings(project: Project, tenant: str) -> tuple[TenantStatus, list[VpnListing], dict[str, Refused]]:
    """The tenant's status, and its connections there and in its settings, if it has settings here.

    And, by name, why these cannot be read. Raises as read_status does.
    """
    settings, unread = settings_here(project, tenant)
    outputs, region = read_stack(project, tenant)
    status = tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))
    return status, listings(status, settings, outputs.retired), unread
