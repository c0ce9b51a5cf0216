"""The tunnel to a tenant, as the stacks of a project know it: for who looks after tenants.

A person who only uses a tunnel may read no stack, and is handed what stands here as a profile.
"""

from __future__ import annotations

from tenantnet.engine.engine import Engine
from tenantnet.failure import Failure
from tenantnet.observed.status.sources import TenantOutputs
from tenantnet.settings.project import PLATFORM_PREFIX, Project
from tenantnet.tags import tunnel_name
from tenantnet.tunnel.profiles import Profile


def profile_of_tenant(project: Project, tenant: str, *, name: str, local_port: int) -> Profile:
    """The tunnel to a tenant. Raises Failure where its stacks are not deployed or cannot be read."""
    engine = Engine(project)
    outputs = TenantOutputs.read(tenant, engine.outputs(tenant) or {})
    if outputs.cell is None or outputs.region is None:
        raise _not_deployed(tenant, tenant)
    platform = f"{PLATFORM_PREFIX}{outputs.cell}"
    target = (engine.outputs(platform) or {}).get("tunnelHostId")
    if not isinstance(target, str):
        raise _not_deployed(tenant, platform)
    return Profile(
        name=name,
        region=outputs.region,
        document=tunnel_name(outputs.cell, tenant),
        target=target,
        local_port=local_port,
    )


def _not_deployed(tenant: str, stack: str) -> Failure:
    return Failure(
        f"Could not find the tunnel to {tenant}.",
        reason=f"the stack {stack} has not been deployed to its end",
        remedy=f"deploy it: pulumi up --stack {stack}",
    )
