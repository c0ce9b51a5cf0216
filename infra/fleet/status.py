"""The status of one of many tenants, also where it cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tenantnet.failure import Failure
from tenantnet.observed.status.read import read_status
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import Model

# Most of the time it waits for Pulumi and AWS.
PARALLEL = 4


class FleetTenant(Model):
    """status: as `tenantnet status` has it; None if that failed, and then why."""

    tenant: str
    status: TenantStatus | None
    failure: str = ""


def read_many(project: Project, tenants: Sequence[str]) -> list[FleetTenant]:
    """The status of each, in that order."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(partial(_read_one, project), tenants))


def tunnel_counts(status: TenantStatus) -> str:
    """How many of a tenant's tunnels are in which state: `1 DOWN, 3 UP`."""
    counts = Counter(
        tunnel.state
        for network in status.networks
        for connection in network.vpn_connections
        for tunnel in connection.tunnels
    )
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def _read_one(project: Project, tenant: str) -> FleetTenant:
    """A tenant's status, or why it could not be read; one that fails does not hide the others."""
    try:
        return FleetTenant(tenant=tenant, status=read_status(project, tenant))
    except (Refused, Failure) as error:
        return FleetTenant(tenant=tenant, status=None, failure=str(error))
