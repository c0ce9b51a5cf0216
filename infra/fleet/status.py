"""The status of one of many tenants, also where it cannot be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tenantnet.failure import Failure
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.status.observe import observe_each
from tenantnet.observed.status.read import outputs_in_states, remembered_by
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import Model, TenantOutputs

# Engines at once, where they are asked.
PARALLEL = 4


class FleetTenant(Model):
    """status: as `tenantnet status` has it, None if that failed. failure: why, or of its settings file."""

    tenant: str
    status: TenantStatus | None
    failure: str = ""


def read_many(project: Project, tenants: Sequence[str]) -> list[FleetTenant]:
    """The status of each, in that order; one that cannot be read does not hide the others."""
    known = outputs_in_states(project, tenants)
    with ThreadPoolExecutor(PARALLEL) as pool:
        stacks = dict(zip(tenants, pool.map(partial(_stack, project, known), tenants), strict=True))
    regions = defaultdict[str, list[str]](list)
    for name, stack in stacks.items():
        if not isinstance(stack, str):
            regions[stack[1]].append(name)
    deployed: dict[str, Deployed | str] = {}
    for region, names in regions.items():
        deployed |= _observed(names, region)
    return [_tenant(name, stacks[name], deployed.get(name, "")) for name in tenants]


def tunnel_counts(status: TenantStatus) -> str:
    """How many tunnels of a tenant are in which state, or connections without any: `1 Missing, 2 UP`."""
    states: list[str] = []
    for network in status.networks:
        for connection in network.vpn_connections:
            states += [tunnel.state for tunnel in connection.tunnels] or [connection.status]
    counts = Counter(states)
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def _stack(
    project: Project, known: Mapping[str, Mapping[str, Any]], tenant: str
) -> tuple[TenantOutputs, str] | str:
    """What the tenant's stack remembers, and its region; or why that is not known."""
    try:
        return remembered_by(project, tenant, known)
    except (Refused, Failure) as error:
        return str(error)


def _observed(names: Sequence[str], region: str) -> Mapping[str, Deployed | str]:
    """What AWS has of each tenant; or why that is not known."""
    try:
        return observe_each(names, region)
    except Failure as failure:
        return dict.fromkeys(names, str(failure))


def _tenant(tenant: str, stack: tuple[TenantOutputs, str] | str, deployed: Deployed | str) -> FleetTenant:
    if isinstance(stack, str):
        return FleetTenant(tenant=tenant, status=None, failure=stack)
    if isinstance(deployed, str):
        return FleetTenant(tenant=tenant, status=None, failure=deployed)
    outputs, region = stack
    status = tenant_status(tenant, region=region, outputs=outputs, deployed=deployed)
    return FleetTenant(tenant=tenant, status=status)
