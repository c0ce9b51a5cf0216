"""Reads a tenant's status from its stack and from AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from tenantnet.engine.engine import Engine
from tenantnet.engine.states import States, backend_url, store_of
from tenantnet.failure import Failure
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.checks import check_tenant_name
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_settings_file, unknown_stack
from tenantnet.stacks.outputs import TenantOutputs

REGION_KNOWN = Rule(
    id="region-known",
    rule="the tenant's region is known",
    reason="the stack has no output `region` yet, and its settings file has no `aws:region`",
    remedy="put `aws:region` into the settings file, the same as its platform's",
)


def read_status(project: Project, tenant: str) -> TenantStatus:
    """Read the stack and ask AWS. Raises Refused for an unknown tenant, Failure if either does not answer."""
    outputs, region = read_stack(project, tenant)
    return tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))


def read_stack(project: Project, tenant: str) -> tuple[TenantOutputs, str]:
    """What the tenant's stack remembers, and its region. Raises as read_status does; it does not ask AWS."""
    return remembered_by(project, tenant, outputs_in_states(project, [tenant]))


def outputs_in_states(project: Project, tenants: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """The outputs of the stacks whose states can be read without the engine, by name."""
    named = [name for name in tenants if not check_tenant_name(name)]
    # The engine, which has its turn then, says what is wrong.
    with suppress(Failure):
        if store := store_of(backend_url(project)):
            return States(store, project).outputs_of(named)
    return {}


def remembered_by(
    project: Project, tenant: str, known: Mapping[str, Mapping[str, Any]]
) -> tuple[TenantOutputs, str]:
    """As read_stack. known: outputs by stack; the engine is asked for those of any other."""
    if check_tenant_name(tenant):
        # No tenant's stack has such a name, whatever the engine would answer.
        raise unknown_stack(project, tenant, kind="tenant")
    outputs = known[tenant] if tenant in known else _asked_of_engine(project, tenant)
    remembered = TenantOutputs.read(tenant, outputs)
    region = remembered.region or read_settings_file(project, tenant).region
    if region is None:
        raise Refused(f"The region of {tenant}", [REGION_KNOWN.refuse(None, "aws:region")])
    return remembered, region


def _asked_of_engine(project: Project, tenant: str) -> Mapping[str, Any]:
    engine = Engine(project)
    outputs = engine.outputs(tenant)
    if outputs is None:
        raise unknown_stack(project, tenant, engine.stacks(), kind="tenant", where="in this Pulumi backend")
    return outputs
