"""The tunnel to a tenant, read from the stacks of a project: for the platform team.

A person who only uses a tunnel may not read stacks, and gets this as a profile instead.
"""

from __future__ import annotations

from tenantnet.engine.engine import Engine
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import TenantOutputs
from tenantnet.tags import tunnel_name
from tenantnet.tunnel.profiles import Profile


def profile_of_tenant(project: Project, tenant: str, *, name: str, local_port: int) -> Profile:
    """The tunnel to a tenant. Raises Failure if its stacks are not deployed or cannot be read."""
    engine = Engine(project)
    platform = engine.platform_of(tenant, TenantOutputs.read(tenant, engine.outputs(tenant)))
    return Profile(
        name=name,
        region=platform.region,
        document=tunnel_name(platform.cell, tenant),
        target=platform.tunnel_host_id,
        local_port=local_port,
    )
