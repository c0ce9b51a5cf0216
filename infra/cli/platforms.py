"""The platform of a tenant, as its stack remembers it."""

from __future__ import annotations

from pydantic import ValidationError
from tenantnet.engine.engine import Engine
from tenantnet.failure import Failure
from tenantnet.observed.status.sources import Model, TenantOutputs
from tenantnet.settings.project import PLATFORM_PREFIX, Project


class Platform(Model):
    """The outputs of a platform stack that tell where its parts are."""

    cell: str
    region: str
    sessions_vpc_id: str
    services_vpc_id: str
    tunnel_host_id: str
    tunnel_host_address: str


def platform_of(project: Project, tenant: str, outputs: TenantOutputs) -> Platform:
    """Asks the engine. Raises Failure where either stack's first update has not come to its end."""
    if outputs.cell is None:
        raise Failure(
            f"Could not tell the platform of {tenant}.",
            reason="its first update has not come to its end",
            remedy=f"pulumi up --stack {tenant}",
        )
    stack = f"{PLATFORM_PREFIX}{outputs.cell}"
    try:
        return Platform.model_validate(Engine(project).outputs(stack) or {})
    except ValidationError:
        raise Failure(
            f"Could not read the outputs of {stack}.",
            reason="it is not in this Pulumi backend, or its last update did not come to its end",
            remedy=f"pulumi up --stack {stack}",
        ) from None
