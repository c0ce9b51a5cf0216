"""`tenantnet migrate`: a tenant's database moves to its other network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import AsJson, Tenant
from infra.cli.output import console, print_json, table
from infra.engine import Engine
from infra.migration.databases import Databases
from infra.migration.journal_table import JournalTable
from infra.migration.memory import remembered
from infra.migration.phases import AFTER_THE_SWITCH, Phase, State, Strategy
from infra.migration.progress import Progress, ProgressEvent, progress
from infra.migration.runner import Plan, Runner
from infra.migration.stack import MovingStack
from infra.migration.verification import Login, compare, read_login, secret_name
from infra.project import Project, find_project, is_platform, unknown_stack
from infra.refusal import Refused, Rule
from infra.settings import MigrationSettings, TenantSettings
from infra.settings_files import read_tenant
from infra.stacks.outputs import PlatformOutputs

app = typer.Typer(no_args_is_help=True)

# The replica of a full database takes hours to make; without clients noticing.
LEAD = timedelta(hours=4)
WAITS_WITHOUT_SETTINGS = timedelta(hours=24)

MOVE_GIVEN = Rule(
    id="move-given",
    rule="a move to begin is scheduled in the settings, or asked for with --now",
    reason="the settings of {tenant} have no `migration` to {target}, and no move is under way",
    remedy="add `migration` to the settings, or move at once: tenantnet migrate run {tenant} --now",
)
TARGET_GIVEN = Rule(
    id="target-given",
    rule="a move leads to the tenant's other network",
    reason="{tenant} has no network {target}",
    remedy="add it and deploy it: tenantnet network add {tenant}, then pulumi up --stack {tenant}",
)
DATA_COMPARED = Rule(
    id="data-compared",
    rule="the data of both databases is compared before the switch, or somebody says that it is not",
    reason="there is no login to compare it with: no secret {secret} in Secrets Manager",
    remedy="make the secret, with username and password of a user that may read every table; or give "
    "--unverified, and look at the data yourself before the former production is retired",
)

RULES = (MOVE_GIVEN, TARGET_GIVEN, DATA_COMPARED)

Unverified = Annotated[bool, typer.Option("--unverified", help="Switch without having compared the data.")]


@app.callback()
def migrate() -> None:
    """Move a tenant's database to its other network, and see how far the move is."""


@app.command()
def run(
    tenant: Tenant,
    *,
    now: Annotated[bool, typer.Option("--now", help="Wait for no time in the settings.")] = False,
    strategy: Annotated[
        Strategy | None,
        typer.Option("--strategy", help="Of a move with --now; without it, replica.", show_default=False),
    ] = None,
    unverified: Unverified = False,
) -> None:
    """Begin the scheduled move, or go on with one that has begun, up to its end or to the next waiting time.

    It may be killed and started again at any moment: it goes on from the phase that the stack remembers.

    Example: tenantnet migrate run acme --now --unverified
    """
    move = _Move.of(find_project(Path.cwd()), tenant)
    plan = move.plan(now=now, strategy=strategy)
    switches = plan.strategy is not None or move.before_the_switch
    login = move.login() if switches and not unverified else None
    _report(move, move.runner(login).run(plan))


@app.command()
def abort(tenant: Tenant) -> None:
    """Take a move back, in any phase before the switch: writes go on in the old network, nothing is lost.

    Example: tenantnet migrate abort acme
    """
    move = _Move.of(find_project(Path.cwd()), tenant)
    _report(move, move.runner().abort())


@app.command()
def retire(tenant: Tenant) -> None:
    """Delete the former production now, with its network, VPN connections and claim; a snapshot stays.

    Example: tenantnet migrate retire acme
    """
    move = _Move.of(find_project(Path.cwd()), tenant)
    _report(move, move.runner().retire())


@app.command()
def status(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show how far a tenant's move is, what happened in it, and how long writes were held back.

    Nothing is changed.

    Example: tenantnet migrate status acme
    """
    move = _Move.of(find_project(Path.cwd()), tenant)
    found = progress(tenant, move.state, move.settings.migration, move.journal.entries())
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        _print(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Everything that the commands about one tenant's move need."""

    project: Project
    settings: TenantSettings
    state: State
    platform: PlatformOutputs
    journal: JournalTable

    @classmethod
    def of(cls, project: Project, tenant: str) -> _Move:
        """Raises Refused for an unknown tenant, Failure where Pulumi or AWS does not answer."""
        _, settings = read_tenant(project, tenant)
        engine = Engine(project)
        outputs = engine.outputs(tenant)
        state = remembered(outputs or {})
        if outputs is None or state is None or is_platform(tenant):
            raise unknown_stack(tenant, engine.stacks(), kind="tenant", where="that has been deployed")
        platform = PlatformOutputs.model_validate(engine.outputs(settings.platform) or {})
        return cls(
            project=project,
            settings=settings,
            state=state,
            platform=platform,
            journal=JournalTable.of(platform.cell, platform.region, tenant),
        )

    @property
    def before_the_switch(self) -> bool:
        """Whether a move is under way that has not switched."""
        return self.state.phase not in AFTER_THE_SWITCH | {Phase.STEADY, Phase.ABORTING}

    def login(self) -> Login:
        """To compare the data with. Raises Refused where there is none."""
        tenant = self.settings.name
        if (found := read_login(tenant, self.platform.region)) is not None:
            return found
        refusal = DATA_COMPARED.refuse(None, "--unverified", secret=secret_name(tenant))
        raise Refused("The move", [refusal])

    def runner(self, login: Login | None = None) -> Runner:
        """The runner, which tells people what it does. Without a login nobody compares the data."""
        tenant = self.settings.name
        databases = Databases(
            tenant, self.platform.region, self.platform.zone_id, f"{tenant}.{self.platform.zone_name}"
        )
        stack = MovingStack(self.project, tenant, self.journal.decision)
        return Runner(
            tenant,
            stack=stack,
            journal=self.journal,
            databases=databases,
            tell=typer.echo,
            compare=partial(compare, login=login) if login else None,
        )

    def plan(self, *, now: bool, strategy: Strategy | None) -> Plan:
        """What to begin or finish, and when. Raises Refused where there is nothing to begin."""
        migration = self.settings.migration
        retire_after = migration.retire_after if migration else WAITS_WITHOUT_SETTINGS
        fence_at = migration.instant if migration and not now else None
        begins = self._begun(migration, now=now, strategy=strategy)
        return Plan(
            strategy=begins,
            prepare_at=fence_at and fence_at - LEAD,
            fence_at=fence_at,
            retire_after=retire_after,
        )

    def _begun(
        self, migration: MigrationSettings | None, *, now: bool, strategy: Strategy | None
    ) -> Strategy | None:
        if self.state.phase is not Phase.STEADY:
            return None
        tenant, target = self.settings.name, self.state.production.other
        if migration is not None and migration.to is not target:
            return None
        if migration is None and not now:
            raise Refused("The move", [MOVE_GIVEN.refuse(None, "migration", tenant=tenant, target=target)])
        if target not in self.settings.networks:
            path = f"networks.{target}"
            raise Refused("The move", [TARGET_GIVEN.refuse(None, path, tenant=tenant, target=target)])
        return strategy or (migration.strategy if migration else Strategy.REPLICA)


def _report(move: _Move, state: State) -> None:
    """Say where the run has ended, and what comes next."""
    tenant = move.settings.name
    if state.phase is Phase.STEADY:
        typer.echo(f"{tenant}: {state.production} is Production, and no move is under way.")
    else:
        typer.echo(
            f"{tenant}: {state.production} is Production. {state.source} waits, read-only; when its time is "
            f"over `tenantnet migrate run {tenant}` deletes it, `tenantnet migrate retire {tenant}` at once."
        )


def _print(found: Progress) -> None:
    out = console()
    out.print(f"{found.tenant}: {found.production} is Production, phase {found.phase}", markup=False)
    out.print(f"Migration: {found.status or 'none'}", markup=False)
    if found.target:
        out.print(f"Move {found.move} to {found.target}, by {found.strategy or 'nothing: it is aborted'}")
    if found.downtime_seconds is not None:
        out.print(f"Writes were held back for {found.downtime_seconds:.1f} s")
    if found.events:
        out.print()
        rows = [_row(event) for event in found.events]
        out.print(table(f"Move {found.move}", ("Time (UTC)", "Event", "Phase", "Seconds", "Note"), rows))


def _row(event: ProgressEvent) -> tuple[str, ...]:
    seconds = "" if event.seconds is None else f"{event.seconds:.1f}"
    return f"{event.at:%Y-%m-%d %H:%M:%S}", event.what, event.phase, seconds, event.note
