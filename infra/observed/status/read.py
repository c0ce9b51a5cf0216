"""Reads a tenant's status from its stack and from AWS."""

from __future__ import annotations

from tenantnet.engine.engine import Engine
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.checks import check_tenant_name
from tenantnet.settings.project import Project, unknown_stack
from tenantnet.settings.store import read_settings_file
from tenantnet.stacks.outputs import TenantOutputs

REGION_KNOWN = Rule(
    id="region-known",
    rule="the tenant's region is known",
    reason="the stack has no output `region` yet, and its settings file has no `aws:region`",
    remedy="put `aws:region` into the settings file, the same as its platform's",
)


def read_status(project: Project, tenant: str) -> TenantStatus:
    """Ask the engine and AWS. Raises Refused for an unknown tenant, Failure if either does not answer."""
    outputs, region = read_stack(project, tenant)
    return tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))


def read_stack(project: Project, tenant: str) -> tuple[TenantOutputs, str]:
    """What the tenant's stack remembers, and its region. Raises as read_status does; it does not ask AWS."""
    if check_tenant_name(tenant):
        # No tenant's stack has such a name, whatever the engine would answer.
        raise unknown_stack(project, tenant, kind="tenant")
    engine = Engine(project)
    outputs = engine.outputs(tenant)
    if outputs is None:
        raise unknown_stack(project, tenant, engine.stacks(), kind="tenant", where="in this Pulumi backend")
    remembered = TenantOutputs.read(tenant, outputs)
    region = remembered.region or read_settings_file(project, tenant).region
    if region is None:
        raise Refused(f"The region of {tenant}", [REGION_KNOWN.refuse(None, "aws:region")])
    return remembered, region
