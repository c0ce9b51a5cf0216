"""Reads a tenant's VPN connections from its stack, its settings and AWS."""

from __future__ import annotations

from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.read import read_stack
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_tenant
from tenantnet.vpn.listing import VpnListing, listings


def read_listings(project: Project, tenant: str) -> tuple[TenantStatus, list[VpnListing]]:
    """The tenant's status, and its connections there and in its settings, if it has settings here.

    Raises as read_status does, and Refused for settings that are not valid.
    """
    known = tenant in project.stacks_with_settings()
    outputs, region = read_stack(project, tenant)
    status = tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))
    return status, listings(status, read_tenant(project, tenant)[1] if known else None, outputs.retired)
