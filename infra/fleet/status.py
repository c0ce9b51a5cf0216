"""The status of one of many tenants, also where it cannot be read."""

from __future__ import annotations

from tenantnet.failure import Failure
from tenantnet.observed.status.read import read_status
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import Model


class FleetTenant(Model):
    """status: as `tenantnet status` has it; None if that failed, and then why."""

    tenant: str
    status: TenantStatus | None
    failure: str = ""


def read_one(project: Project, tenant: str) -> FleetTenant:
    """A tenant's status, or why it could not be read; one that fails does not hide the others."""
    try:
        return FleetTenant(tenant=tenant, status=read_status(project, tenant))
    except (Refused, Failure) as error:
        return FleetTenant(tenant=tenant, status=None, failure=str(error))
