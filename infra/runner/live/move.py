"""A live move's acts between the updates of its stack, on the servers and through AWS's API.

Each may be done again: a run asks first what an earlier one has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

import pymysql
from pymysql.constants import CLIENT, ER
from pymysql.cursors import DictCursor
from tenacity import RetryError
from tenantnet.failure import Failure
from tenantnet.phases.journal import led_to
from tenantnet.phases.phases import Phase, State
from tenantnet.runner.clock import retrying
from tenantnet.runner.databases import Databases
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.live import (
    accounts,
    back,
    cut,
    fence,
    follow,
    gate,
    preflight,
    rehearsal,
    seed,
    sql,
    verify,
)
from tenantnet.runner.live.accounts import REPLICATION, RUNNER, Own
from tenantnet.runner.live.cut import Budgets, Decision, Outcome, Servers
from tenantnet.runner.live.cut_journal import CutJournal, begun, close
from tenantnet.runner.live.follow import Source
from tenantnet.runner.live.session import GuardError, Session
from tenantnet.runner.live.verify import Ways
from tenantnet.runner.reach import PHASE_STAYS
from tenantnet.runner.verification import Access, Login, connect, connected
from tenantnet.tags import Slot

# How long the gate may take to open, and a parameter to be in force in the server itself.
GATE_SECONDS, IN_FORCE = 600.0, timedelta(minutes=15)
# The longest that the server leaves a standing session without an answer; the budgets end earlier.
ANSWER_SECONDS = 120
# The longest lag that is measured; a longer one is known to be so.
LONGEST_LAG = 10.0
WAYS_ON = "`tenantnet migrate run` goes on; before the switch `tenantnet migrate abort` takes the move back"
# How long the sender of a follower that is given up may take to end.
FOLLOWER_SECONDS = 10.0
SCHEDULER = "event_scheduler"
# What MySQL says to who may not grant, read a table, do something at all, or call a procedure.
WITHOUT_A_RIGHT = (
    ER.ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
    ER.PROCACCESS_DENIED_ERROR,
)
# A reader waits for a checksum as long as that takes.
READER: Mapping[str, Any] = {"read_timeout": None}


class Ports(Protocol):
    """The way of the tenant's clients to a database."""

    def open(self, slot: Slot) -> None:
        """Let them in, as the stack declares it for the production. Raises Failure."""

    def close(self, slot: Slot) -> None:
        """Let none of them in, before there is a database. Raises Failure."""

    def opened(self, slot: Slot) -> Mapping[str, str]:
        """The ids of the rules that let them in, by the names of their resources. Raises Failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMove:
    """One tenant's.

    access: as the master user, or one with its rights. parameters: of MySQL, in the settings. who: this run,
    for the journal.
    """

    tenant: str
    databases: Databases
    journal: JournalTable
    access: Access
    ports: Ports
    parameters: Mapping[str, str]
    who: str
    tell: Callable[[str], None]

    def get_ready(self, production: Slot) -> None:
        """Make the move's own accounts, and keep the logs that a copy will need.

        Raises Failure with everything that would stop the move later.
        """
        self._make_own(production)
        with self._asking("begin a live move"):
            with self._session(production) as source:
                found = preflight.complaints(source, self.databases.engine_version(production))
                if not found:
                    seed.keep_logs(source)
            if found:
                # No move has begun that would remove them at its end.
                self.forget(production)
                raise GuardError("; ".join(found))

    def _make_own(self, production: Slot) -> None:
        with connected(self.databases.address(production), self.access) as connection:
            try:
                with connection.cursor(DictCursor) as master:
                    accounts.make_own(master, self._own)
            except pymysql.MySQLError as error:
                if error.args[0] not in WITHOUT_A_RIGHT:
                    raise
                # Those that it could make.
                with suppress(Failure):
                    self.forget(production)
                raise Failure(
                    "Could not begin a live move.",
                    reason=f"the login has not the master user's rights: {error.args[-1]}",
                    remedy=f"keep the master user's (`tenantnet migrate login {self.tenant}`), or move with "
                    "`--strategy replica`",
                    state=PHASE_STAYS,
                ) from None
            connection.commit()

    def follow(self, state: State) -> float | None:
        """Let the copy follow its source, with everybody locked out of it; look after it where it does.

        Its lag in seconds; None if that is more than LONGEST_LAG.
        """
        with self._asking("let the copy follow"), self._servers(state.leads_to) as servers:
            source, target, keep = servers.source, servers.target, servers.keep
            if follow.following(target).state is follow.State.NOT_EXIST:
                seed.first_acts(target, source, keep)
                self._run_events(state.leads_to, source, target)
            follow.begin(target, source, self._source(state.leads_to.other), keep)
            follow.look(target, source, keep)
            return fence.lag(source, target, LONGEST_LAG)

    def _run_events(self, slot: Slot, source: Session, target: Session) -> None:
        """Let the copy's scheduler be what the source's is: each of its events is disabled by now."""
        runs = source.answer(sql.SCHEDULER) == "ON"
        if runs and target.answer(sql.SCHEDULER) != "ON":
            self.databases.set_parameter(slot, SCHEDULER, "ON")
            self._await(lambda: target.answer(sql.SCHEDULER) == "ON", SCHEDULER)
        seed.assert_scheduler(target, runs=runs)

    def differences(self, state: State, compared: Callable[[str, float | None], None]) -> list[str]:
        """Compare source and copy while clients write. Takes as long as a scan of all tables.

        compared: told at intervals what has been compared, in words, and the lag as `follow` returns it.
        """
        slot = state.leads_to
        with self._asking("compare the databases"), self._servers(slot) as servers:
            ways = Ways(
                open_source=lambda: self._open(slot.other, **READER),
                open_target=lambda: self._open(slot, **READER),
                one_worker=lambda: self._one_worker(slot, servers.target),
            )
            leader, login = self._source(slot.other), self.access.login.username

            def tell(so_far: str) -> None:
                compared(so_far, fence.lag(servers.source, servers.target, LONGEST_LAG))

            return verify.compare(servers, leader, ways, login, tell)

    @contextmanager
    def _one_worker(self, slot: Slot, target: Session) -> Iterator[None]:
        """Let the copy apply one transaction after the other: only then it stops where it is asked to."""
        name, several = _workers(target)
        declared = self.parameters.get(name)
        # Old servers have none by themselves; one may be what a killed run has left.
        if several == "0" or declared in ("0", "1"):
            yield
            return
        with self.databases.with_parameter(slot, name, "1", declared):
            self._await(lambda: _workers(target) == (name, "1"), name)
            yield
        self._await(lambda: _workers(target) != (name, "1"), name)

    def rehearse(self, state: State) -> Outcome:
        """Take a cut's steps with an account that nobody uses. Raises Failure with what is in its way."""
        slot = state.leads_to
        with self._asking("rehearse the cut"), self._servers(slot) as servers:
            gate.wait(servers, GATE_SECONDS, self.tell)
            address = self.databases.address(slot.other)
            return rehearsal.rehearse(
                servers, lambda login: connect(address, replace(self.access, login=login)), Budgets()
            )

    def cut(
        self, state: State, budgets: Budgets, holding: Callable[[], AbstractContextManager[None]]
    ) -> Outcome:
        """Lead the clients over once nothing is in the way; what became of it.

        holding: entered for as long as clients may be locked out. Raises Failure if the gate does not open.
        """
        slot = state.leads_to
        with self._asking("lead the clients over", ways_on(state)), self._servers(slot) as servers:
            follow.look(servers.target, servers.source, servers.keep)
            gate.wait(servers, GATE_SECONDS, self.tell)
            journal = CutJournal(self.journal, state.move, self.who, slot)
            # What need not be asked while clients wait is asked now.
            address = self.databases.address(slot)
            self._assert_port_shut(slot)
            with holding():
                return cut.cut(servers, journal, lambda: self._lead(slot, address), budgets)

    def finish(self, state: State) -> None:
        """Carry out a switch that is decided: open the new production; the former one may be dead."""
        last = begun(self.journal, state.move)
        with self._asking("carry the switch out"), self._session(state.leads_to) as target:
            fence.end_other_runners(target)
            # An update of the stack may have come in between a way back's decision and this.
            self._allow_writes(state.leads_to, target)
            if last is not None:
                keep = accounts.keep_list(target)
                address = self.databases.address(state.leads_to)
                cut.finish(target, keep, last.before, lambda: self._lead(state.leads_to, address))

    def _lead(self, slot: Slot, address: str) -> None:
        """Both ways at once: clients wait for the one that takes longer."""
        with ThreadPoolExecutor(1) as beside:
            opened = beside.submit(self.ports.open, slot)
            self.databases.lead_endpoint_to(address)
        opened.result()

    def take_back(self, state: State) -> bool:
        """Open the production again if a killed run has left it shut; False if clients are led elsewhere."""
        last = begun(self.journal, state.move)
        if last is None or last.decided is Decision.SWITCH:
            return last is None or last.target is state.production
        journal = CutJournal(self.journal, state.move, self.who, last.target, number=last.number)
        with self._asking("take the cut back"), self._session(last.target.other) as source:
            fence.end_other_runners(source)
            if journal.decide(Decision.BACK) is not Decision.BACK:
                return False
            # The target is not touched on the way back; it may be dead.
            servers = Servers(source=source, target=source, keep=accounts.keep_list(source))
            cut.take_back(servers, last.before, Budgets())
        return True

    def is_led_back(self, state: State) -> bool:
        """Whether the clients were led back to the former production, which the stack does not say yet."""
        return led_to(self.journal.outcome(state.move)) not in (None, state.production)

    def require_led_to(self, state: State) -> None:
        """Raises Failure if a cut has led the clients elsewhere than `state` says."""
        with self._asking(f"record that {state.production} is in production"):
            self._assert_led_to(state)

    def _assert_led_to(self, state: State) -> None:
        if self.is_led_back(state):
            raise GuardError(f"clients are led to {state.production.other}")

    def make_way_back(self, state: State) -> None:
        """Let the former production take writes again, with everybody locked out of it: a cut may follow.

        state: the one that the clients are led back to. Raises Failure if it does not follow, or is not shut.
        """
        slot = state.leads_to
        with self._asking("make a way back", ways_on(state)), self._servers(slot) as servers:
            self._assert_port_shut(slot)
            follow.assert_follows(servers.target, servers.source)
            self._allow_writes(slot, servers.target)
            back.prepare(servers.target, servers.source, servers.keep)

    def _assert_port_shut(self, slot: Slot) -> None:
        if opened := self.ports.opened(slot):
            raise GuardError(f"clients are let in to {slot}: {', '.join(opened)}")

    def _allow_writes(self, slot: Slot, server: Session) -> None:
        self.databases.set_read_only(slot, read_only=False)
        self._await(lambda: not server.answer(sql.READ_ONLY), "read_only")

    def follow_back(self, state: State) -> str:
        """Let the former production follow the new one, as the way back; what became of that, in words."""
        try:
            with self._servers(state.production) as servers:
                former, production, keep = servers.source, servers.target, servers.keep
                self._assert_led_to(state)
                follow.end(production)
                # A way back that was begun and not gone has allowed writes.
                self.databases.set_read_only(state.production.other, read_only=True)
                self._await(lambda: bool(former.answer(sql.READ_ONLY)), "read_only")
                follow.follow_back(former, production, self._source(state.production), keep)
        except (GuardError, pymysql.MySQLError, OSError, Failure) as error:
            # Clients write to the new production, with or without a way back.
            return f"the former production does not follow: {error}"
        return "the former production follows the new one"

    def retire(self, state: State) -> None:
        """End the way back, and write down for a restore what the move did without the binary log."""
        last = begun(self.journal, state.move)
        with self._asking("retire the former production"), self._session(state.production) as production:
            # Whoever leads the clients back now decides it before this, or not at all.
            close(self.journal, state.move, state.production)
            # It may be dead: then it follows nobody.
            with (
                suppress(GuardError, pymysql.MySQLError, OSError, Failure),
                self._session(state.production.other) as former,
            ):
                follow.end(former)
            # The sender notices only when it has something to send; of a dead one, not even then.
            fence.end_sessions_of(production, REPLICATION, FOLLOWER_SECONDS)
            if last is not None:
                back.retire(production, last.before, accounts.keep_list(production))

    def forget(self, production: Slot) -> None:
        """Remove the move's own accounts. Raises Failure."""
        with connected(self.databases.address(production), self.access) as connection:
            with connection.cursor(DictCursor) as master:
                accounts.drop_own(master)
            connection.commit()

    @property
    def _own(self) -> Own:
        return Own.of(self.tenant, self.access.login.password)

    def _source(self, slot: Slot) -> Source:
        return Source(host=self.databases.address(slot), password=self._own.replication)

    def _open(self, slot: Slot, **options: Any) -> Session:  # noqa: ANN401 - the driver's
        access = replace(self.access, login=Login(username=RUNNER, password=self._own.runner))
        address = self.databases.address(slot)
        wanted = {"client_flag": CLIENT.MULTI_STATEMENTS, "read_timeout": ANSWER_SECONDS, **options}
        return Session(f"{self.tenant}-{slot}", lambda: connect(address, access, **wanted))

    @contextmanager
    def _session(self, slot: Slot) -> Iterator[Session]:
        session = self._open(slot)
        try:
            yield session
        finally:
            session.close()

    @contextmanager
    def _servers(self, target: Slot) -> Iterator[Servers]:
        """Standing sessions on both, once those of any other run are ended."""
        with ExitStack() as stack:
            source, copy = (stack.enter_context(self._session(slot)) for slot in (target.other, target))
            for session in (source, copy):
                fence.end_other_runners(session)
            yield Servers(source=source, target=copy, keep=accounts.keep_list(source))

    @contextmanager
    def _asking(self, task: str, ways: str = WAYS_ON) -> Iterator[None]:
        try:
            yield
        except (GuardError, pymysql.MySQLError, OSError) as error:
            raise Failure(
                f"Could not {task}.",
                reason=str(error),
                remedy=f"remove the cause, then {ways}",
                state=PHASE_STAYS,
            ) from None

    def _await(self, holds: Callable[[], bool], name: str) -> None:
        try:
            retrying(IN_FORCE, bool)(holds)
        except RetryError:
            raise GuardError(f"{name} is not in force in the server after {IN_FORCE}") from None


def ways_on(state: State) -> str:
    """What people can do once clients were not led over, by the state that they were to be led to."""
    return "`tenantnet migrate rollback` tries again" if state.phase is Phase.SWITCHED else WAYS_ON


def _workers(session: Session) -> tuple[str, str]:
    """How many transactions are applied at once: the parameter, by the newer of its names, and its value."""
    found = {str(row["Variable_name"]): str(row["Value"]) for row in session.rows(sql.WORKERS)}
    return min(found.items())
