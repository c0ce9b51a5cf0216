"""A tenant's move: settings, state and journal, and the checks before it begins or is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from tenantnet.engine.engine import Engine
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.failure import Failure
from tenantnet.observed.progress import MoveProgress, progress
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.tenant import tenant_status
from tenantnet.phases.journal import Entry, Topic, What, begun, by_live, dead_builds, led_to, of_move
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, RetiredNetwork, State
from tenantnet.phases.starts import LEAD, RunnerStart, remembered_start, waits
from tenantnet.phases.transitions import (
    SUBJECT,
    Decision,
    Event,
    require_retirement,
    successors,
    way_back,
)
from tenantnet.phases.updates import refuse_settings
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.runner.copies import Copies
from tenantnet.runner.databases import PENDING_REBOOT, Databases, Windows
from tenantnet.runner.heartbeat import Heartbeat
from tenantnet.runner.inspector import WithLogin, WithoutLogin
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.live.move import LiveMove
from tenantnet.runner.live.ports import ClientPorts
from tenantnet.runner.reach import Reach, ThroughTunnelHost, reach_directly
from tenantnet.runner.runner import MovePlan, Runner, this_run
from tenantnet.runner.stack import MovingStack
from tenantnet.runner.standby import MOST_RETURNS, Standby, at_an_end, this_build
from tenantnet.runner.stop import Stop, Stopped, held_back, say, stopped, unknown_state
from tenantnet.runner.verification import Access, Login, has_login, read_login, secret_name
from tenantnet.settings.cells import read_cell
from tenantnet.settings.models import MigrationSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.providers import PROVIDER, why_unreadable
from tenantnet.settings.reading import read_mapping
from tenantnet.settings.rules import LIVE_NEEDS_GTID
from tenantnet.settings.store import read_tenant, unknown_stack
from tenantnet.stacks.outputs import PlatformOutputs, TenantOutputs
from tenantnet.tags import Owner, Slot, Strategy, final_snapshot_name, network_name
from tenantnet.toolchain.processes import has_ended
from tenantnet.vpn.along import DAYS, refuse_left_behind, refuse_unserved
from tenantnet.vpn.reader import VpnReader

MOVE_GIVEN = Rule(
    id="move-given",
    rule="a move to begin is scheduled in the settings, or asked for with --now",
    reason="the settings of {tenant} have no `migration` to {target}, and its stack is in no phase of a move",
    remedy="add `migration` to the settings, or move at once: tenantnet migrate run {tenant} --now",
)
TARGET_DEPLOYED = Rule(
    id="target-deployed",
    rule="a move leads to a network that is deployed",
    reason="{tenant} has {target} in its settings, and no update has made it yet",
    remedy="deploy it: tenantnet up {tenant}",
)
TARGET_GIVEN = Rule(
    id="target-given",
    rule="a move leads to the tenant's other network",
    reason="{tenant} has no network {target}",
    remedy="add it and deploy it: tenantnet network add {tenant}, then tenantnet up {tenant}",
)
DATA_COMPARED = Rule(
    id="data-compared",
    rule="the data of both databases is compared before the switch, or the comparison is switched off",
    reason="there is no login to compare it with: no secret {secret} in Secrets Manager",
    remedy="create the secret, with the login of a user that may read every table: tenantnet migrate login "
    "{tenant}; or add --unverified, and look at the data yourself before the former production is retired",
)
LIVE_LOGIN = Rule(
    id="live-login",
    rule="a move by live has a login to both servers, to its end",
    reason="the servers carry it out, and there is no secret {secret} in Secrets Manager",
    remedy="create it, with the login of the master user or one with its rights: "
    "tenantnet migrate login {tenant}",
)
RUNNER_REACHES = Rule(
    id="runner-reaches",
    rule="a move by live is scheduled where the platform's runner reaches the databases",
    reason="the runner of {platform} compares nothing, so it has no way to the servers",
    remedy="take `unverified` out of the platform's `runner` and deploy the platform; or choose another "
    "strategy",
)
COPY_FOLLOWS = Rule(
    id="copy-follows",
    rule="a cut is rehearsed in a move by live, while the copy follows and nothing is decided",
    reason="the tenant is in phase {phase}",
    remedy="`tenantnet migrate status {tenant}` shows how far the move is",
)
RUNNER_LOGIN = Rule(
    id="runner-login",
    rule="before a move is scheduled, the platform's runner has a login to compare the databases with",
    reason="there is no secret {secret} in Secrets Manager, and a run without it ends before it begins",
    remedy="create it, with the login of a user that may read every table: tenantnet migrate login {tenant}",
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


def where_it_is(project: Project, tenant: str) -> str:
    """Where the clients and the move under way are, in a sentence or two, or who says why nobody knows."""
    try:
        return Move.of(project, tenant).progress().where
    except (Failure, Refused):
        return f"`tenantnet migrate status {tenant}` says why this cannot be read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Everything that the commands about one tenant's move need.

    start: the one of the platform's runner that the stack remembers.
    """

    project: Project
    settings: TenantSettings
    state: State
    outputs: TenantOutputs
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
            raise unknown_stack(
                project, tenant, engine.stacks(), kind="tenant", where="that has been deployed"
            )
        platform = engine.platform(settings.platform)
        return cls(
            project=project,
            settings=settings,
            state=state,
            outputs=TenantOutputs.read(tenant, outputs),
            platform=platform,
            journal=JournalTable.of(platform.cell, platform.region, tenant),
            start=remembered_start(outputs),
        )

    def progress(self) -> MoveProgress:
        """How far the move is now. Raises Failure if AWS does not answer."""
        holder, led = self.journal.lease(), led_to(self.journal.outcome(self.state.move_at_stake))
        works = holder is not None and not has_ended(holder.machine, holder.pid)
        return progress(
            self.settings.name,
            self.state,
            self.settings.migration,
            self.journal.entries(),
            starts_at=self.starts_at,
            at_work=str(holder) if works else None,
            led_to=led if led is not self.state.production else None,
        )

    @property
    def starts_at(self) -> datetime | None:
        """When the platform's runner starts next, in UTC; None if no schedule starts it any more."""
        return self.start.at if self.start is not None and self.start.at > datetime.now(UTC) else None

    @property
    def before_the_switch(self) -> bool:
        """Whether a move is under way that has not switched."""
        return self.state.phase not in AFTER_THE_SWITCH | {Phase.STEADY, Phase.ABORTING}

    def login(self, *, live: bool) -> Login:
        """The login to compare the data with, or to carry a move by live out. Raises Refused without one."""
        tenant = self.settings.name
        if (found := read_login(tenant, self.platform.region)) is not None:
            return found
        rule = LIVE_LOGIN if live else DATA_COMPARED
        raise Refused(SUBJECT, [self._refusal(rule, None, "the login", secret=secret_name(tenant))])

    def carry_out(
        self,
        work: Callable[[Runner], State],
        tell: Callable[[str], None],
        *,
        login: Login | None = None,
        through_tunnel_host: bool = False,
        end_holders: bool = False,
    ) -> State:
        """Let a runner work, which says what it does; return where it has ended.

        login: without it the data is not compared. end_holders: whatever the settings say. Raises Stopped if
        the user has stopped it.
        """
        beat = Heartbeat(partial(say, tell))
        tell = beat.tell
        stop = Stop(tell)
        if login is None and by_live(self._entries()):
            # Its servers are asked in every step, to the end of the way back.
            login = self.login(live=True)
        try:
            with (
                stop.heeded(),
                beat.kept(),
                self._as_build(tell) as given_up,
                self._reach(through_tunnel_host) as reach,
                SharedPlugins() as plugins,
            ):
                access = Access(login=login, reach=reach) if login else None
                runner = self._runner(beat, access, plugins, stop, end_holders=end_holders)
                return self._give_up(runner) if given_up else work(runner)
        except (Failure, KeyboardInterrupt) as ended:
            if stop.wanted:
                raise self._stopped() from None
            if isinstance(ended, Failure):
                raise self._with_what_is_left(ended) from None
            raise

    @contextmanager
    def _as_build(self, tell: Callable[[str], None]) -> Iterator[bool]:
        """In a build of the platform's runner, let another one begin if this one dies, up to a limit.

        Yields whether that is passed. Elsewhere it does nothing.
        """
        if (build := this_build(self.platform)) is None:
            yield False
            return
        returns = dead_builds(self._entries())
        self._note(Topic.BUILD, f"build {build}; before it {returns} have died")
        if returns > MOST_RETURNS:
            yield True
            return
        standby = Standby(self.settings.name, self.platform, tell)
        ended = partial(self._note, Topic.BUILD_ENDED, f"build {build} ends")
        with at_an_end(ended), standby.kept():
            yield False

    def _give_up(self, runner: Runner) -> NoReturn:
        """Take the move back where there is a way. The build fails in any case, which raises its alarm."""
        # A person who starts a build after this one has seen to the cause.
        self._note(Topic.BUILD_ENDED, f"it has come back {MOST_RETURNS} times, and does not go on")
        try:
            state = runner.take_back()
            left = f"The move was taken back: clients write to {state.production}."
        except Refused:
            left = f"The tenant stays in phase {self.state.phase}."
        except Failure as failure:
            left = f"The move was not taken back to its end: {failure.reason}. {failure.state}"
        tenant = self.settings.name
        raise Failure(
            f"The platform's runner does not go on with the move of {tenant}.",
            reason=f"it has come back {MOST_RETURNS} times, and each of its builds has died",
            remedy=f"find the cause in the builds' log; then `tenantnet migrate run {tenant}` goes on, or a "
            "move that was taken back gets a new time",
            state=left,
        )

    def _note(self, topic: Topic, note: str) -> None:
        state = self.state
        entry = Entry(
            at=datetime.now(UTC),
            move=state.move_at_stake,
            what=What.SEEN,
            phase=state.phase,
            who=this_run(),
            topic=topic,
            note=note,
        )
        self.journal.write(entry)

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
        self,
        beat: Heartbeat,
        access: Access | None,
        plugins: SharedPlugins,
        stop: Stop,
        *,
        end_holders: bool,
    ) -> Runner:
        tenant, database = self.settings.name, self.settings.database
        backup, maintenance = database.backup_window, database.maintenance_window
        migration = self.settings.migration
        databases = Databases(
            tenant,
            self.platform.region,
            self.platform.zone_id,
            f"{tenant}.{self.platform.zone_name}",
            backup_days=database.backup_retention_days,
            windows=Windows(backup, maintenance) if backup and maintenance else None,
        )
        return Runner(
            tenant,
            stack=MovingStack(self.project, tenant, self.journal.decision, plugins, stop.command),
            journal=self.journal,
            databases=databases,
            copies=Copies(tenant, self.platform.region),
            tell=beat.tell,
            at=beat.at,
            inspector=WithLogin(databases, access) if access else WithoutLogin(databases),
            live=self._live(databases, access, beat.tell) if access else None,
            stop=stop,
            ends_holders=end_holders or (migration is not None and migration.end_holders),
        )

    def _live(self, databases: Databases, access: Access, tell: Callable[[str], None]) -> LiveMove:
        tenant, cell = self.settings.name, self.platform.cell
        owner = Owner(cell=cell, tenant=tenant, own_tags=self.settings.tags)
        return LiveMove(
            tenant=tenant,
            databases=databases,
            journal=self.journal,
            access=access,
            ports=ClientPorts(self.settings, owner, self.platform.region),
            parameters={name: str(value) for name, value in self.settings.database.parameters.items()},
            who=this_run(),
            tell=tell,
        )

    def plan(
        self,
        *,
        now: bool,
        strategy: Strategy | None,
        unverified: bool,
        without: Collection[str],
        without_source: bool,
    ) -> MovePlan:
        """What to begin or finish, and when. without: as refuse_left_behind says.

        strategy: of a move with `now`; None for the settings', or the usual one. Raises Refused if there is
        nothing to begin, or the move would cut companies off; Failure.
        """
        migration = self.settings.migration
        fence_at = migration.instant if migration and not now else None
        begins = self._strategy(migration, now=now, strategy=strategy, unverified=unverified)
        if begins is Strategy.LIVE and not self.settings.database.gtid:
            raise Refused(SUBJECT, [LIVE_NEEDS_GTID.refuse(begins, "strategy")])
        if begins and (refusals := self.refuse_left_behind(without)):
            raise Refused(SUBJECT, refusals)
        return MovePlan(
            strategy=begins,
            prepare_at=fence_at and fence_at - LEAD[begins or Strategy.REPLICA],
            fence_at=fence_at,
            retire_after=waits(migration),
            without_source=without_source,
        )

    def announced(self, plan: MovePlan, *, usual: bool) -> str:
        """What a run is about to do, in a line; empty where nothing is under way and nothing begins.

        usual: whether nobody has said how. Raises Failure.
        """
        tenant, target, strategy = self.settings.name, self.state.leads_to, plan.strategy
        if strategy:
            why = self.why(strategy) if usual else ""
            return f"moves {tenant} from {target.other} to {target} by {strategy}{why}"
        if self.state.phase is Phase.STEADY:
            return ""
        phase = self.state.phase
        return f"goes on with the move of {tenant} from {target.other} to {target}, in phase {phase}"

    def why(self, usual: Strategy) -> str:
        """Why it is the usual strategy, as far as it is known. Raises Failure."""
        if usual is Strategy.LIVE:
            return ", since there is a login for it"
        there = {"a login": self.has_login, "database.gtid": self.settings.database.gtid}
        lacks = [name for name, has in there.items() if has is False]
        return f", since `live` needs {' and '.join(lacks)}" if lacks else ""

    def refuse_schedule(self, strategy: Strategy, without: Collection[str]) -> Iterator[Refusal]:
        """Why the move could not begin now, or is scheduled already. without: as refuse_left_behind says."""
        migration = self.settings.migration
        if migration is not None:
            at, timezone = f"{migration.at:%Y-%m-%dT%H:%M}", migration.timezone
            yield self._refusal(
                SCHEDULED_ONCE, migration.to, "migration", to=migration.to, at=at, timezone=timezone
            )
        elif under_way := self._begun_already():
            yield under_way
        elif no_target := self._no_target():
            yield no_target
        else:
            networks = {slot: network.cidr for slot, network in self.settings.networks.items()}
            yield from refuse_settings(successors(self.state)[_FIRST[strategy]], networks)
            yield from self.refuse_left_behind(without)
        if strategy is Strategy.LIVE and self.platform.runner_project and not self.platform.runner_compares:
            yield self._refusal(RUNNER_REACHES, strategy, "migration", platform=self.settings.platform)
        if self.platform.runner_compares and self.has_login is False:
            yield self._refusal(RUNNER_LOGIN, None, "the login", secret=secret_name(self.settings.name))
        yield from self._secrets_unreadable()

    @property
    def has_login(self) -> bool | None:
        """Whether there is a login to compare the data with; None where AWS does not say. Raises Failure."""
        return has_login(self.settings.name, self.platform.region)

    @property
    def usual_strategy(self) -> Strategy:
        """How a move goes where nobody says how: by live, where there is all that this needs. Raises Failure.

        The platform's runner comes for the retirement, whoever has begun the move.
        """
        reaches = self.platform.runner_project is None or self.platform.runner_compares
        by_live = reaches and self.settings.database.gtid and self.has_login
        return Strategy.LIVE if by_live else Strategy.REPLICA

    @property
    def waits_for_reboot(self) -> str | None:
        """The production's database, if RDS says that parameters are in force only behind its reboot.

        It does not say which. Raises Failure.
        """
        tenant, production = self.settings.name, network_name(self.settings.name, self.state.production)
        found = observe(tenant, self.platform.region).databases
        waiting = (each.identifier for each in found if PENDING_REBOOT in each.parameters)
        return production if production in waiting else None

    def refuse_left_behind(self, without: Collection[str]) -> list[Refusal]:
        """A refusal for each company that the move would cut off, and for each unknown name of `without`.

        without: descriptions or ranges of companies that stay behind, besides those of the settings.
        """
        tenant, region, source = self.settings.name, self.platform.region, self.state.leads_to.other
        status = tenant_status(tenant, region=region, outputs=self.outputs, deployed=observe(tenant, region))
        of_settings = self.settings.migration.without if self.settings.migration else []
        reader = VpnReader(region)
        return [
            *refuse_unserved(status, source, without),
            *refuse_left_behind(
                status, source, without=[*of_settings, *without], was_up=lambda id_: reader.was_up(id_, DAYS)
            ),
        ]

    def require_following(self) -> None:
        """Raises Refused unless a copy follows whose cut may come."""
        phase, decided = self.state.phase, self.journal.decision(self.state.move_at_stake)
        if phase is not Phase.FOLLOWING or decided:
            raise Refused(SUBJECT, [self._refusal(COPY_FOLLOWS, phase, phase=phase)])

    def require_way_back(self) -> Slot:
        """Where a way back leads. Raises Refused unless the former production of a live move follows."""
        return way_back(self.state, self.journal.outcome(self.state.move)).production

    def what_retires(self) -> str:
        """What a retirement deletes, and what stays. Raises Refused in any phase but after the switch."""
        tenant, state = self.settings.name, self.state
        require_retirement(state, of_move(self.journal.entries(), state.move))
        # In steady, what an update that failed has left.
        steady = state.phase is Phase.STEADY
        former = state.leads_to if steady else state.leads_to.other
        retired = state.retired.cidr if steady and state.retired else ""
        cidr, network = state.networks.get(former, retired), self.outputs.networks.get(former)
        connections = network.vpn_connections if network else ()
        offices = [f"{each.description} ({each.company_cidr})" for each in connections]
        snapshot = final_snapshot_name(tenant, former, cidr, state.move)
        return (
            "The retirement deletes, and nothing brings it back:\n"
            f"- the database {network_name(tenant, former)}\n"
            f"- the network {former} {cidr}, with its ping host and its claim\n"
            f"- its VPN connections: {', '.join(offices) or ('what is left of them' if steady else 'none')}\n"
            f"What stays: the snapshot {snapshot} and RDS's automated backups."
        )

    def names(self, retired: RetiredNetwork) -> bool:
        """Whether the settings still have the network that a move has retired."""
        named = self.settings.networks.get(retired.slot)
        return named is not None and named.cidr == retired.cidr

    def _secrets_unreadable(self) -> Iterator[Refusal]:
        """Why the platform's runner could not decrypt the stack's secrets, by both files."""
        tenant, platform = self.settings.name, self.settings.platform
        if self.platform.runner_project is None or not self.project.settings_file(platform).is_file():
            return
        runner = read_cell(self.project, platform).settings.runner
        document = read_mapping(self.project.settings_file(tenant))
        if runner and (problem := why_unreadable(document, runner)):
            yield self._refusal(RUNNER_SECRETS, None, PROVIDER, problem=problem)

    def require_cancellable(self) -> None:
        """Raises Refused if no move is scheduled, or it has begun."""
        migration = self.settings.migration
        if migration is None:
            raise Refused(SUBJECT, [self._refusal(MOVE_SCHEDULED, None, "migration")])
        over = self.state.phase in AFTER_THE_SWITCH or migration.to is self.state.production
        if not over and (under_way := self._begun_already()):
            raise Refused(SUBJECT, [under_way])

    def _refusal(self, rule: Rule, value: object, path: str = "", **facts: object) -> Refusal:
        """facts: those besides tenant and target."""
        return rule.refuse(value, path, tenant=self.settings.name, target=self.state.leads_to, **facts)

    def _entries(self) -> list[Entry]:
        """Of the move at stake."""
        return of_move(self.journal.entries(), self.state.move_at_stake)

    def _begun_already(self) -> Refusal | None:
        under_way = self.journal.decision(self.state.move_at_stake) or begun(self._entries())
        if self.state.phase is Phase.STEADY and not under_way:
            return None
        return self._refusal(NOT_BEGUN, self.state.phase, phase=self.state.phase)

    def _no_target(self) -> Refusal | None:
        target = self.state.leads_to
        if target not in self.settings.networks:
            return self._refusal(TARGET_GIVEN, None, f"networks.{target}")
        if target not in self.state.networks:
            return self._refusal(TARGET_DEPLOYED, None, f"networks.{target}")
        return None

    @property
    def _is_a_late_return(self) -> bool:
        """Whether the start that this build comes from began a move that somebody has aborted since."""
        last = of_move(self.journal.entries(), self.state.move)
        return (
            this_build(self.platform) is not None
            and self.start is not None
            and self.journal.decision(self.state.move) is Decision.ABORT
            and any(entry.at > self.start.since for entry in last)
        )

    def _strategy(
        self, migration: MigrationSettings | None, *, now: bool, strategy: Strategy | None, unverified: bool
    ) -> Strategy | None:
        if self.state.phase is not Phase.STEADY or self._is_a_late_return:
            return None
        target = self.state.leads_to
        if migration is not None and migration.to is not target:
            return None
        if migration is None and not now:
            raise Refused(SUBJECT, [self._refusal(MOVE_GIVEN, None, "migration")])
        if no_target := self._no_target():
            raise Refused(SUBJECT, [no_target])
        if strategy is not None:
            return strategy
        if migration is not None:
            return migration.strategy
        return Strategy.REPLICA if unverified else self.usual_strategy
