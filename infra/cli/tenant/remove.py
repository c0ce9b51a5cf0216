"""`tenantnet tenant remove`: removes a tenant step by step, and leaves a final snapshot of its database."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import Tenant
from tenantnet.cli.project import edits_settings, working_project, write
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.edit import TENANT, set_scalar
from tenantnet.tags import final_snapshot_name, network_name

if TYPE_CHECKING:
    from tenantnet.phases.phases import State
    from tenantnet.settings.models import TenantSettings
    from tenantnet.settings.project import Project
    from tenantnet.settings.store import SettingsFile

CONFIRMED_TWICE = Rule(
    id="confirmed-twice",
    rule="a tenant whose database is in production is removed only after two confirmations",
    reason="{database} is in production, and {endpoint} leads there",
    remedy="if you are sure, add both: tenantnet tenant remove {tenant} --in-production --confirm {tenant}",
)
NAME_CONFIRMED = Rule(
    id="name-confirmed",
    rule="--confirm repeats the tenant's name",
    reason="the tenant to be removed is {tenant}",
    remedy="make sure that it is the right tenant, and repeat its name",
)
NEVER_MADE = """\
Nothing was changed: {tenant} has no stack in this Pulumi backend, so nothing of it is deployed from here.
If this is its backend, only the settings file is left to remove:

  git rm {file}"""
NOTHING_LEFT = """\
Nothing was changed: the stack of {tenant} is empty, so only a final snapshot is left, if it
had a database. The last step removes the stack and {file}:

  pulumi stack rm {tenant}"""


@edits_settings
def remove(
    tenant: Tenant,
    *,
    in_production: Annotated[
        bool, typer.Option("--in-production", help="Confirm that the database is in production.")
    ] = False,
    confirm: Annotated[str | None, typer.Option(help="The tenant's name, to confirm.")] = None,
) -> None:
    """Mark a tenant for removal in its settings, and show the next steps and what stays.

    Nothing changes in AWS before `tenantnet up`. Run it again to see the next steps.

    Example: tenantnet tenant remove acme --in-production --confirm acme
    """
    from tenantnet.engine.engine import Engine
    from tenantnet.phases.memory import remembered
    from tenantnet.phases.updates import plan_update
    from tenantnet.settings.store import read_tenant

    project = working_project()
    file, settings = read_tenant(project, tenant)
    if confirm not in (None, tenant):
        raise Refused("The removal", [NAME_CONFIRMED.refuse(confirm, "--confirm", tenant=tenant)])
    engine = Engine(project)
    outputs = engine.outputs(tenant)
    if outputs is None or (not outputs and not engine.resource_counts().get(tenant)):
        template = NEVER_MADE if outputs is None else NOTHING_LEFT
        typer.echo(template.format(tenant=tenant, file=file.path.relative_to(project.folder)))
        return
    networks = {slot: network.cidr for slot, network in settings.networks.items()}
    state = plan_update(outputs, networks, tenant_retiring=True)
    if not settings.retiring:
        # After a first update that failed half way, nobody uses a database yet.
        if remembered(outputs) and not (in_production and confirm):
            raise _unconfirmed(tenant, network_name(tenant, state.production), outputs.get("endpoint"))
        _mark(project, file)
    head = "The settings have it already. In this order, from the first step that is not done:"
    typer.echo(head if settings.retiring else "Nothing is deleted in AWS yet. Next:")
    typer.echo(_what_follows(settings, _snapshot(settings, state, has_ended=bool(remembered(outputs)))))


def _unconfirmed(tenant: str, database: str, endpoint: str | None) -> Refused:
    leading = endpoint or "its endpoint"
    refusal = CONFIRMED_TWICE.refuse(tenant, tenant=tenant, database=database, endpoint=leading)
    return Refused("The removal", [refusal])


def _mark(project: Project, file: SettingsFile) -> None:
    from tenantnet.proposals.proposal import Proposal

    edit = partial(set_scalar, path=TENANT, key="retiring", value="true")
    by_hand = "under tenantnet:tenant set retiring: true"
    write(Proposal.of(project, file, "retiring: true.", (by_hand, edit)))


def _snapshot(settings: TenantSettings, state: State, *, has_ended: bool) -> str:
    """The final snapshot, in words. has_ended: whether an update of the stack has."""
    if not has_ended:
        return f"{network_name(settings.name, state.production)}-...-final-... of its database, if it has one"
    cidr = settings.networks[state.production].cidr
    return final_snapshot_name(settings.name, state.production, cidr, state.move_at_stake)


def _what_follows(settings: TenantSettings, snapshot: str) -> str:
    from tenantnet.runner.verification import secret_name

    tenant, secret = settings.name, secret_name(settings.name)
    connections = sum(len(network.vpn_connections) for network in settings.networks.values())
    ranges = ", ".join(network.cidr for network in settings.networks.values())
    return f"""
  tenantnet up {tenant}
      removes the database's protection, in RDS and in Pulumi. Nothing is deleted, and clients go on
      working.
  pulumi destroy --stack {tenant}
      deletes everything of {tenant}: its VPN connections ({connections}), networks, session subnet and
      database, which takes about 15 minutes at AWS. Clients are cut off, and the endpoint's name no longer
      resolves. At the end it releases the ranges {ranges} and {settings.session_subnet}.
  pulumi stack rm {tenant}
      removes the empty stack and its settings file.

What stays: the snapshot {snapshot}, until somebody deletes it; RDS's automated backups for as
long as they are kept; the journal of its moves; and the secret {secret}, if there is one.
A later tenant may have the same name. Before `pulumi destroy` you can take it back: remove
`retiring: true` and run `tenantnet up {tenant}`."""
