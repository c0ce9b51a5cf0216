"""A tenant's move: settings, state and journal, and the checks before it begins or is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from tenantnet.engine.engine import Engine
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, begun, of_move
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, State
from tenantnet.phases.starts import LEAD, WAITS_WITHOUT_SETTINGS, RunnerStart, remembered_start
from tenantnet.phases.transitions import Decision, Event, successors
from tenantnet.phases.updates import refuse_settings
from tenantnet.refusal import Refused, Rule
from tenantnet.runner.copies import Copies
from tenantnet.runner.databases import Databases
from tenantnet.runner.inspector import WithLogin, WithoutLogin
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.reach import Reach, ThroughTunnelHost, reach_directly
from tenantnet.runner.runner import MovePlan, Runner
from tenantnet.runner.stack import MovingStack
from tenantnet.runner.stop import Stop, Stopped, held_back, stopped, unknown_state
from tenantnet.runner.verification import Access, Login, is_without_login, read_login, secret_name
from tenantnet.settings.cells import read_cell
from tenantnet.settings.models import MigrationSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform, unknown_stack
from tenantnet.settings.providers import PROVIDER, why_unreadable
from tenantnet.settings.reading import read_mapping
from tenantnet.settings.store import read_tenant
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Strategy

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
    rule="the data of both databases is compared before the switch, or the comparison is switched off",
    reason="there is no login to compare it with: no secret {secret} in Secrets Manager",
    remedy="create the secret, with username and password of a user that may read every table; or add "
    "--unverified, and look at the data yourself before the former production is retired",
)
RUNNER_LOGIN = Rule(
    id="runner-login",
    rule="before a move is scheduled, the platform's runner has a login to compare the databases with",
    reason="there is no secret {secret} in Secrets Manager, and a run without it ends before it begins",
    remedy="create the secret, with username and password of a user that may read every table",
)
RUNNER_SECRETS = Rule(
    id="runner-secrets",
    rule="before a move is scheduled, the platform's runner can decrypt the secrets of the tenant's stack",
    reason="{problem}: a run would end before it begins",
    remedy="set it in the platform's settings and deploy the platform, or run: pulumi stack "
    "change-secrets-provider --stack {tenant}",
)
SCHEDULED_ONCE = Rule(
    id="scheduled-once",
    rule="a tenant has one scheduled move at a time",
    reason="the settings of {tenant} have one already: to {to} at {at} {timezone}",
    remedy="take it back first: tenantnet migrate cancel {tenant}",
)
MOVE_SCHEDULED = Rule(
    id="move-scheduled",
    rule="what is cancelled has been scheduled",
    reason="the settings of {tenant} have no `migration`",
    remedy="nothing has to be done; a move that has begun is taken back by: tenantnet migrate abort {tenant}",
)
NOT_BEGUN = Rule(
    id="not-begun",
    rule="a move is scheduled or cancelled before it begins",
    reason="the move of {tenant} to {target} has begun: phase {phase}",
    remedy="`tenantnet migrate status {tenant}` shows it; before the switch it is taken back by: "
    "tenantnet migrate abort {tenant}",
)

_FIRST = {Strategy.REPLICA: Event.PREPARE, Strategy.SNAPSHOT: Event.FENCE, Strategy.LIVE: Event.SEED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Everything that the commands about one tenant's move need.

    start: the one of the platform's runner that the stack remembers.
    """

    project: Project
    settings: TenantSettings
    state: State
    platform: PlatformOutputs
    journal: JournalTable
    start: RunnerStart | None

    @classmethod
    def of(cls, project: Project, tenant: str) -> Move:
        """Raises Refused for an unknown tenant, Failure if Pulumi or AWS does not answer."""
        _, settings = read_tenant(project, tenant)
        engine = Engine(project)
        outputs = engine.outputs(tenant)
        state = remembered(outputs or {})
        if outputs is None or state is None or is_platform(tenant):
            raise unknown_stack(tenant, engine.stacks(), kind="tenant", where="that has been deployed")
        platform = engine.platform(settings.platform)
        return cls(
            project=project,
            settings=settings,
            state=state,
            platform=platform,
            journal=JournalTable.of(platform.cell, platform.region, tenant),
            start=remembered_start(outputs),
        )

    @property
    def starts_at(self) -> datetime | None:
        """When the platform's runner starts next, in UTC; None if no schedule starts it any more."""
        return self.start.at if self.start is not None and self.start.at > datetime.now(UTC) else None

    @property
    def before_the_switch(self) -> bool:
        """Whether a move is under way that has not switched."""
        return self.state.phase not in AFTER_THE_SWITCH | {Phase.STEADY, Phase.ABORTING}

    def login(self) -> Login:
        """The login to compare the data with. Raises Refused if there is none."""
        tenant = self.settings.name
        if (found := read_login(tenant, self.platform.region)) is not None:
            return found
        raise self._refused(DATA_COMPARED, None, "--unverified", secret=secret_name(tenant))

    def carry_out(
        self,
        work: Callable[[Runner], State],
        tell: Callable[[str], None],
        *,
        login: Login | None = None,
        through_tunnel_host: bool = False,
    ) -> State:
        """Let a runner work, which says what it does; return where it has ended.

        login: without it the data is not compared. Raises Stopped if the user has stopped it.
        """
        stop = Stop(tell)
        try:
            with stop.heeded(), self._reach(through_tunnel_host) as reach, SharedPlugins() as plugins:
                access = Access(login=login, reach=reach) if login else None
                return work(self._runner(tell, access, plugins, stop))
        except (Failure, KeyboardInterrupt) as ended:
            if stop.wanted:
                raise self._stopped() from None
            if isinstance(ended, Failure):
                raise self._with_what_is_left(ended) from None
            raise

    def _stopped(self) -> Stopped:
        tenant = self.settings.name
        try:
            state, entries, decision = self._now()
        except Failure as failure:
            return unknown_state(tenant, failure)
        return stopped(tenant, state, entries, decision)

    def _with_what_is_left(self, failure: Failure) -> Failure:
        """The failure, which also says whether clients cannot write now."""
        with suppress(Failure):
            state, entries, _ = self._now()
            left = "\n".join(filter(None, [failure.state, held_back(state, entries)]))
            return Failure(failure.what, reason=failure.reason, remedy=failure.remedy, state=left)
        return failure

    def _now(self) -> tuple[State, list[Entry], Decision | None]:
        """What the stack remembers now, with the entries of the move at stake and its decision."""
        state = remembered(Engine(self.project).outputs(self.settings.name) or {}) or self.state
        move = state.move_at_stake
        return state, of_move(self.journal.entries(), move), self.journal.decision(move)

    def _reach(self, through_tunnel_host: bool) -> AbstractContextManager[Reach]:
        """The way to the databases. It is opened when it is needed and closed afterwards."""
        return ThroughTunnelHost(self.platform) if through_tunnel_host else nullcontext(reach_directly)

    def _runner(
        self, tell: Callable[[str], None], access: Access | None, plugins: SharedPlugins, stop: Stop
    ) -> Runner:
        tenant = self.settings.name
        databases = Databases(
            tenant, self.platform.region, self.platform.zone_id, f"{tenant}.{self.platform.zone_name}"
        )
        return Runner(
            tenant,
            stack=MovingStack(self.project, tenant, self.journal.decision, plugins, stop.command),
            journal=self.journal,
            databases=databases,
            copies=Copies(tenant, self.platform.region),
            tell=tell,
            inspector=WithLogin(databases, access) if access else WithoutLogin(databases),
            stop=stop,
        )

    def plan(self, *, now: bool, strategy: Strategy | None) -> MovePlan:
        """What to begin or finish, and when. Raises Refused if there is nothing to begin."""
        migration = self.settings.migration
        retire_after = migration.retire_after if migration else WAITS_WITHOUT_SETTINGS
        fence_at = migration.instant if migration and not now else None
        begins = self._begun(migration, now=now, strategy=strategy)
        return MovePlan(
            strategy=begins,
            prepare_at=fence_at and fence_at - LEAD[Strategy.REPLICA],
            fence_at=fence_at,
            retire_after=retire_after,
        )

    def require_schedulable(self, strategy: Strategy) -> None:
        """Raises Refused if the move could not begin now, or if one is scheduled."""
        target, migration = self.state.leads_to, self.settings.migration
        if migration is not None:
            at, timezone = f"{migration.at:%Y-%m-%dT%H:%M}", migration.timezone
            raise self._refused(
                SCHEDULED_ONCE, migration.to, "migration", to=migration.to, at=at, timezone=timezone
            )
        self._require_steady()
        if target not in self.state.networks:
            raise self._refused(TARGET_GIVEN, None, f"networks.{target}")
        networks = {slot: network.cidr for slot, network in self.settings.networks.items()}
        if refusals := refuse_settings(successors(self.state)[_FIRST[strategy]], networks):
            raise Refused("The move", refusals)

    def require_login_for_runner(self) -> None:
        """Raises Refused if the platform's runner compares the data and has no login for that."""
        tenant = self.settings.name
        if self.platform.runner_compares and is_without_login(tenant, self.platform.region):
            raise self._refused(RUNNER_LOGIN, None, secret=secret_name(tenant))

    def require_secrets_for_runner(self) -> None:
        """Raises Refused if the platform's runner could not decrypt the stack's secrets, by both files."""
        tenant, platform = self.settings.name, self.settings.platform
        if self.platform.runner_project is None or not self.project.settings_file(platform).is_file():
            return
        runner = read_cell(self.project, platform).settings.runner
        document = read_mapping(self.project.settings_file(tenant))
        if runner and (problem := why_unreadable(document, runner)):
            raise self._refused(RUNNER_SECRETS, None, PROVIDER, problem=problem)

    def require_cancellable(self) -> None:
        """Raises Refused if no move is scheduled, or it has begun."""
        migration = self.settings.migration
        if migration is None:
            raise self._refused(MOVE_SCHEDULED, None, "migration")
        if migration.to is not self.state.production:
            self._require_steady()

    def _refused(self, rule: Rule, value: object, path: str = "", **facts: object) -> Refused:
        """facts: those besides tenant and target."""
        refusal = rule.refuse(value, path, tenant=self.settings.name, target=self.state.leads_to, **facts)
        return Refused("The move", [refusal])

    def _require_steady(self) -> None:
        move = self.state.move_at_stake
        under_way = self.journal.decision(move) or begun(of_move(self.journal.entries(), move))
        if self.state.phase is not Phase.STEADY or under_way:
            raise self._refused(NOT_BEGUN, self.state.phase, phase=self.state.phase)

    def _begun(
        self, migration: MigrationSettings | None, *, now: bool, strategy: Strategy | None
    ) -> Strategy | None:
        if self.state.phase is not Phase.STEADY:
            return None
        target = self.state.leads_to
        if migration is not None and migration.to is not target:
            return None
        if migration is None and not now:
            raise self._refused(MOVE_GIVEN, None, "migration")
        if target not in self.settings.networks:
            raise self._refused(TARGET_GIVEN, None, f"networks.{target}")
        return strategy or (migration.strategy if migration else Strategy.REPLICA)
