"""Reads a tenant's topology from its stack, its platform's stack and AWS."""

from __future__ import annotations

from tenantnet.engine.engine import Engine
from tenantnet.observed.reachability.read import read_cell
from tenantnet.observed.status.read import read_stack
from tenantnet.observed.status.tenant import tenant_status
from tenantnet.observed.topology.assemble import assemble
from tenantnet.observed.topology.model import Topology
from tenantnet.settings.project import Project


def read_topology(project: Project, tenant: str) -> Topology:
    """Raises Refused for an unknown tenant, Failure if the engine or AWS does not answer."""
    outputs, region = read_stack(project, tenant)
    platform = Engine(project).platform_of(tenant, outputs)
    deployed = read_cell(platform)
    status = tenant_status(tenant, region=region, outputs=outputs, deployed=deployed)
    return assemble(status, deployed, sessions_vpc_id=platform.sessions_vpc_id)
