"""A model of the live move: every call of the runner, every client, and AWS that answers late, a step each.

Explored completely within its bounds: how often runners start, how often a cut is tried, how often a tenant
makes an account in the course of one. A runner may be killed between any two calls; two may run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple

BLUE, GREEN = 0, 1
Both = tuple[bool, bool]


class Fault(Enum):
    """A mistake put into the model's runner, which the exploration must find."""

    NO_DECISION = auto()
    UNLOCK_BEFORE_LEVEL = auto()
    BELIEVE_CONTROL_PLANE = auto()
    LIST_BEFORE_LOCK = auto()
    SPARE_UNFINISHED_LOGINS = auto()
    NO_XA_CHECK = auto()
    NO_TAKEOVER = auto()
    PORT_BEFORE_DECISION = auto()
    # A run whose sessions another one has ended wakes in the middle of the way back, and calls AWS.
    CALL_AWS_WITHOUT_SESSIONS = auto()


class At(StrEnum):
    """What a runner does next."""

    TAKE_BLUE = auto()
    TAKE_GREEN = auto()
    READ = auto()
    GATE = auto()
    BEGIN = auto()
    LOCK = auto()
    LIST = auto()
    KILL = auto()
    CLOSED = auto()
    LIST_AGAIN = auto()
    KILL_AGAIN = auto()
    LEVEL = auto()
    CLOSED_STILL = auto()
    SWITCH = auto()
    BACK = auto()
    TAKE_BACK = auto()
    END = auto()
    LET_WRITE = auto()
    UNLOCK = auto()
    LEAD = auto()
    OPEN_PORT = auto()
    # The same calls: both are made at once, and either may come first.
    OPEN_PORT_FIRST = auto()
    LEAD_LAST = auto()
    RECORD = auto()
    CLOSE_PORT = auto()
    ASK_READ_ONLY = auto()
    FOLLOW_BACK = auto()
    ALLOW_WRITES = auto()
    PREPARE = auto()


class Stage(StrEnum):
    """What the journal and the stack know, besides the decision."""

    FOLLOWING = auto()
    BEGUN = auto()
    MOVED = auto()
    REVERSE = auto()


class Runner(NamedTuple):
    """source: in production, and cut: how many are left, as this run has read it in the journal.

    sessions: on both servers, until another run ends them. listed: its listing of clients is the newest.
    """

    at: At
    source: int = BLUE
    cut: int = 0
    sessions: Both = (True, True)
    listed: bool = False


class World(NamedTuple):
    """By server, blue first: the known accounts are locked; one is open that the journal does not know;
    clients have sessions, logins in their middle (late ones are in no listing yet), prepared branches of XA;
    data of the other one are missing; what was asked of AWS for port and `read_only`, and what is in force.

    may_make_account: once in the course of a cut.
    """

    locked: Both = (False, True)
    extra: Both = (False, False)
    session: Both = (False, False)
    late_session: Both = (False, False)
    login: Both = (False, False)
    late_login: Both = (False, False)
    xa: Both = (False, False)
    lacks: Both = (False, False)
    port_asked: Both = (True, False)
    port: Both = (True, False)
    read_only_asked: Both = (False, False)
    read_only: Both = (False, False)
    follower: int | None = GREEN
    record: int = BLUE
    production: int = BLUE
    stage: Stage = Stage.FOLLOWING
    decision: At | None = None
    may_make_account: bool = True
    cuts: int = 2
    starts: int = 2
    runners: tuple[Runner | None, Runner | None] = (None, None)


def put(world: World, server: int, **values: bool) -> World:
    """The world with something of one server changed."""
    changed: dict[str, Any] = {}
    for name, value in values.items():
        both = list(getattr(world, name))
        both[server] = value
        changed[name] = tuple(both)
    return world._replace(**changed)


def can_log_in(world: World, server: int) -> bool:
    return world.port[server] and (world.extra[server] or not world.locked[server])


def has_session(world: World, server: int) -> bool:
    return world.session[server] or world.late_session[server]


def can_write(world: World, server: int) -> bool:
    """Whether a client is, or can get, where its write would be acknowledged."""
    inside = has_session(world, server) or world.login[server] or world.late_login[server]
    inside = inside or can_log_in(world, server)
    return inside and (not world.read_only[server] or world.xa[server])


def broken(world: World) -> str | None:
    """What must never be, if it is so."""
    if can_write(world, BLUE) and can_write(world, GREEN):
        return "clients can write to both"
    other = 1 - world.production
    if world.decision is At.SWITCH and (world.lacks[other] or world.xa[world.production]):
        return "an acknowledged write is lost"
    if world.stage in (Stage.MOVED, Stage.REVERSE) and world.lacks[world.production]:
        return "an acknowledged write is lost"
    return None


@dataclass(frozen=True, slots=True)
class Model:
    """faults: what is wrong with the runner."""

    faults: frozenset[Fault] = frozenset()

    def steps(self, world: World) -> Iterator[World]:
        """What the world can be next."""
        yield from clients(world)
        yield from platform(world)
        first, second = world.runners
        if second is None and world.starts:
            yield with_runners(world._replace(starts=world.starts - 1), [first, Runner(self.first_act)])
        for runner in filter(None, world.runners):
            yield replaced(world, runner, None)
            yield from self.acts(world, runner)

    @property
    def first_act(self) -> At:
        return At.READ if Fault.NO_TAKEOVER in self.faults else At.TAKE_BLUE

    def acts(self, world: World, runner: Runner) -> Iterator[World]:
        """A runner's next call; where a session of its is gone, its end."""
        source = runner.source
        needs = {
            **dict.fromkeys(ON_SOURCE, (source,)),
            **dict.fromkeys(ON_TARGET, (1 - source,)),
            At.LEVEL: (BLUE, GREEN),
        }
        if Fault.CALL_AWS_WITHOUT_SESSIONS not in self.faults:
            needs.update(dict.fromkeys(CALLS_OF_AWS, (BLUE, GREEN)))
        if not all(runner.sessions[server] for server in needs.get(runner.at, ())):
            yield replaced(world, runner, None)
            return
        for changed, then in ACTS[runner.at](self, world, runner):
            knows = runner._replace(listed=True) if runner.at in LISTINGS else runner
            if runner.at in (At.READ, At.BEGIN, At.RECORD):
                knows = runner._replace(source=changed.production, cut=changed.cuts)
            yield replaced(changed, runner, knows._replace(at=then) if then else None)

    def take(self, world: World, runner: Runner, server: int, then: At) -> Iterator[Answer]:
        """End the sessions of every other runner on a server."""
        others = [other and ended_on(other, server) for other in others_than(world, runner)]
        yield with_runners(world, [runner, *others]), then

    def read(self, world: World, runner: Runner) -> Iterator[Answer]:
        """What the journal says is to be done next."""
        if world.stage is Stage.BEGUN:
            yield world, At.LET_WRITE if world.decision is At.SWITCH else At.BACK
        elif world.stage is Stage.MOVED:
            yield world, At.CLOSE_PORT
        elif world.stage is Stage.REVERSE:
            yield world, At.ALLOW_WRITES
        else:
            yield world, At.GATE if world.cuts else None
            # A way back that was made and not gone is given up.
            yield world, At.ASK_READ_ONLY

    def gate(self, world: World, runner: Runner) -> Iterator[Answer]:
        target = 1 - runner.source
        if world.read_only[target] or world.port[target] or has_session(world, target) or world.xa[target]:
            yield world, None
        else:
            yield put(world, target, extra=False, locked=True), At.BEGIN

    def begin(self, world: World, runner: Runner) -> Iterator[Answer]:
        begun = put(world, runner.source, extra=False)
        if world.stage is not Stage.FOLLOWING:
            # By a conditional put, as the decision: another run has begun.
            yield world, None
            return
        begun = begun._replace(stage=Stage.BEGUN, cuts=world.cuts - 1, may_make_account=True)
        if Fault.PORT_BEFORE_DECISION in self.faults:
            begun = put(begun, 1 - runner.source, port_asked=True)
        yield begun, At.LIST if Fault.LIST_BEFORE_LOCK in self.faults else At.LOCK

    def lock(self, world: World, runner: Runner) -> Iterator[Answer]:
        then = At.KILL if Fault.LIST_BEFORE_LOCK in self.faults else At.LIST
        yield put(world, runner.source, locked=True), then
        yield world, At.BACK

    def list_sessions(self, world: World, runner: Runner, then: At) -> Iterator[Answer]:
        source = runner.source
        login = world.login[source] or world.late_login[source]
        spared = Fault.SPARE_UNFINISHED_LOGINS in self.faults
        listed = put(
            world,
            source,
            session=has_session(world, source),
            late_session=False,
            login=login and not spared,
            late_login=login and spared,
        )
        if Fault.LIST_BEFORE_LOCK in self.faults and runner.at is At.LIST:
            then = At.LOCK
        others = [other and other._replace(listed=False) for other in others_than(world, runner)]
        yield with_runners(listed, [runner, *others]), then

    def kill(self, world: World, runner: Runner, then: At) -> Iterator[Answer]:
        yield put(world, runner.source, session=False, login=False), then
        if not runner.listed:
            # Of what another run has listed since, some are not in this one's listing.
            yield world, then

    def closed(self, world: World, runner: Runner, then: At) -> Iterator[Answer]:
        source = runner.source
        prepared = world.xa[source] and Fault.NO_XA_CHECK not in self.faults
        is_closed = world.locked[source] and not world.extra[source] and not prepared
        yield world, then if is_closed else At.BACK

    def level(self, world: World, runner: Runner) -> Iterator[Answer]:
        if not world.lacks[1 - runner.source] or Fault.UNLOCK_BEFORE_LEVEL in self.faults:
            yield world, At.CLOSED_STILL
        yield world, At.BACK

    def switch(self, world: World, runner: Runner) -> Iterator[Answer]:
        if Fault.NO_DECISION in self.faults:
            yield world._replace(decision=At.SWITCH), At.UNLOCK
        elif not self.is_its_cut(world, runner):
            yield world, None
        elif world.decision is None:
            yield world._replace(decision=At.SWITCH), At.UNLOCK
        else:
            yield world, At.UNLOCK if world.decision is At.SWITCH else At.TAKE_BACK

    def back(self, world: World, runner: Runner) -> Iterator[Answer]:
        if Fault.NO_DECISION in self.faults:
            yield world._replace(decision=At.BACK), At.TAKE_BACK
        elif not self.is_its_cut(world, runner):
            yield world, None
        elif world.decision is None:
            yield world._replace(decision=At.BACK), At.TAKE_BACK
        else:
            yield world, At.UNLOCK if world.decision is At.SWITCH else At.TAKE_BACK

    def take_back(self, world: World, runner: Runner) -> Iterator[Answer]:
        yield put(world, runner.source, locked=False), At.END

    def end(self, world: World, runner: Runner) -> Iterator[Answer]:
        """The cut is taken back: the journal forgets it."""
        if self.is_its_cut(world, runner) and world.decision is At.BACK:
            world = world._replace(stage=Stage.FOLLOWING, decision=None)
        yield world, None

    def is_its_cut(self, world: World, runner: Runner) -> bool:
        """What every conditional put asks: the cut that this run has read of is the one under way."""
        return world.stage is Stage.BEGUN and world.cuts == runner.cut

    def let_write(self, world: World, runner: Runner) -> Iterator[Answer]:
        """What a way back that was given up has asked for may have come late."""
        yield put(world, 1 - runner.source, read_only_asked=False), At.UNLOCK

    def unlock(self, world: World, runner: Runner) -> Iterator[Answer]:
        target = 1 - runner.source
        if world.read_only[target]:
            yield world, None
        else:
            unlocked = put(world, target, locked=False)
            yield unlocked, At.LEAD
            yield unlocked, At.OPEN_PORT_FIRST

    def lead(self, world: World, runner: Runner, then: At) -> Iterator[Answer]:
        yield world._replace(record=1 - runner.source), then

    def open_port(self, world: World, runner: Runner, then: At) -> Iterator[Answer]:
        yield put(world, 1 - runner.source, port_asked=True), then

    def record(self, world: World, runner: Runner) -> Iterator[Answer]:
        """The decision is carried out: production is the other one from here on."""
        if self.is_its_cut(world, runner) and world.decision is At.SWITCH:
            declared = put(world, 1 - runner.source, read_only_asked=False)
            yield (
                declared._replace(production=1 - runner.source, stage=Stage.MOVED, decision=None),
                At.CLOSE_PORT,
            )
        else:
            yield world, None

    def close_port(self, world: World, runner: Runner) -> Iterator[Answer]:
        yield put(world, 1 - runner.source, port_asked=False), At.ASK_READ_ONLY

    def ask_read_only(self, world: World, runner: Runner) -> Iterator[Answer]:
        yield put(world, 1 - runner.source, read_only_asked=True), At.FOLLOW_BACK

    def follow_back(self, world: World, runner: Runner) -> Iterator[Answer]:
        """The former production follows, once it is seen read-only and shut: new accounts come open."""
        former = 1 - runner.source
        seen = world.read_only[former] and not world.port[former]
        if Fault.BELIEVE_CONTROL_PLANE in self.faults:
            seen = world.read_only_asked[former] and not world.port_asked[former]
        if world.stage not in (Stage.MOVED, Stage.FOLLOWING):
            yield world, None
        elif seen:
            yield world._replace(stage=Stage.REVERSE, follower=former), None

    def allow_writes(self, world: World, runner: Runner) -> Iterator[Answer]:
        """The way back begins, with the port still shut."""
        target = 1 - runner.source
        if world.stage is Stage.REVERSE and not world.port[target]:
            yield put(world, target, read_only_asked=False), At.PREPARE
        else:
            yield world, None

    def prepare(self, world: World, runner: Runner) -> Iterator[Answer]:
        target = 1 - runner.source
        if world.stage is Stage.REVERSE and not world.read_only[target]:
            yield put(world, target, locked=True, extra=False)._replace(stage=Stage.FOLLOWING), None
        elif world.stage is not Stage.REVERSE:
            yield world, None


Answer = tuple[World, At | None]
Act = Callable[[Model, World, Runner], Iterator[Answer]]
ON_SOURCE = (
    At.TAKE_BACK,
    At.LOCK,
    At.LIST,
    At.KILL,
    At.CLOSED,
    At.LIST_AGAIN,
    At.KILL_AGAIN,
    At.CLOSED_STILL,
)
# AWS takes a call from whoever makes it, so a run sees that both of its sessions live before each.
CALLS_OF_AWS = (
    At.LEAD,
    At.OPEN_PORT,
    At.OPEN_PORT_FIRST,
    At.LEAD_LAST,
    At.CLOSE_PORT,
    At.ASK_READ_ONLY,
    At.ALLOW_WRITES,
)
ON_TARGET = (At.GATE, At.LET_WRITE, At.UNLOCK, At.FOLLOW_BACK, At.PREPARE)
ACTS: dict[At, Act] = {
    At.TAKE_BLUE: lambda model, world, runner: model.take(world, runner, BLUE, At.TAKE_GREEN),
    At.TAKE_GREEN: lambda model, world, runner: model.take(world, runner, GREEN, At.READ),
    At.READ: Model.read,
    At.GATE: Model.gate,
    At.BEGIN: Model.begin,
    At.LOCK: Model.lock,
    At.LIST: lambda model, world, runner: model.list_sessions(world, runner, At.KILL),
    At.KILL: lambda model, world, runner: model.kill(world, runner, At.CLOSED),
    At.CLOSED: lambda model, world, runner: model.closed(world, runner, At.LIST_AGAIN),
    At.LIST_AGAIN: lambda model, world, runner: model.list_sessions(world, runner, At.KILL_AGAIN),
    At.KILL_AGAIN: lambda model, world, runner: model.kill(world, runner, At.LEVEL),
    At.LEVEL: Model.level,
    At.CLOSED_STILL: lambda model, world, runner: model.closed(world, runner, At.SWITCH),
    At.SWITCH: Model.switch,
    At.BACK: Model.back,
    At.TAKE_BACK: Model.take_back,
    At.END: Model.end,
    At.LET_WRITE: Model.let_write,
    At.UNLOCK: Model.unlock,
    At.LEAD: lambda model, world, runner: model.lead(world, runner, At.OPEN_PORT),
    At.OPEN_PORT: lambda model, world, runner: model.open_port(world, runner, At.RECORD),
    At.OPEN_PORT_FIRST: lambda model, world, runner: model.open_port(world, runner, At.LEAD_LAST),
    At.LEAD_LAST: lambda model, world, runner: model.lead(world, runner, At.RECORD),
    At.RECORD: Model.record,
    At.CLOSE_PORT: Model.close_port,
    At.ASK_READ_ONLY: Model.ask_read_only,
    At.FOLLOW_BACK: Model.follow_back,
    At.ALLOW_WRITES: Model.allow_writes,
    At.PREPARE: Model.prepare,
}


LISTINGS = (At.LIST, At.LIST_AGAIN)


def with_runners(world: World, runners: list[Runner | None]) -> World:
    """The world with these two, in an order of their own: which is which makes no difference."""
    first, second = sorted(runners, key=lambda runner: (runner is None, runner or ()))
    return world._replace(runners=(first, second))


def others_than(world: World, runner: Runner) -> list[Runner | None]:
    first, second = world.runners
    return [second if first == runner else first]


def ended_on(runner: Runner, server: int) -> Runner:
    blue, green = runner.sessions
    return runner._replace(sessions=(blue and server != BLUE, green and server != GREEN))


def replaced(world: World, runner: Runner, by: Runner | None) -> World:
    return with_runners(world, [by, *others_than(world, runner)])


def clients(world: World) -> Iterator[World]:
    """What tenants' clients can do, on either server."""
    for server in (BLUE, GREEN):
        if has_session(world, server):
            yield from writes(world, server, 1 - server)


def eager(world: World) -> World:
    """The world with everybody logged in who can be; who is in need not do anything, so no case is lost."""
    for server in (BLUE, GREEN):
        late = world.late_login[server] or can_log_in(world, server)
        # The account's state was copied when a login began: nobody asks again.
        world = put(
            world,
            server,
            late_login=late,
            late_session=world.late_session[server] or late,
            session=world.session[server] or world.login[server],
        )
    return world


def writes(world: World, server: int, other: int) -> Iterator[World]:
    """What a session can change; each of it is acknowledged."""
    if not world.read_only[server]:
        yield put(world, other, lacks=True)
        yield put(world, server, xa=True)
        if world.may_make_account and not world.extra[server]:
            yield put(put(world, server, extra=True), other, lacks=True)._replace(may_make_account=False)
    if world.extra[server]:
        yield put(put(world, server, extra=False), other, lacks=True)
    if world.xa[server]:
        # Not even `read_only` stops it.
        yield put(put(world, server, xa=False), other, lacks=True)


def platform(world: World) -> Iterator[World]:
    """AWS does what it was asked for, some time; a follower gets what it lacks, accounts included."""
    for server in (BLUE, GREEN):
        yield put(world, server, port=world.port_asked[server])
        yield put(world, server, read_only=world.read_only_asked[server])
    follower = world.follower
    if follower is not None and world.lacks[follower]:
        yield put(world, follower, lacks=False, extra=world.extra[1 - follower] or world.extra[follower])


@dataclass(frozen=True, slots=True)
class Explored:
    """states: how many there are. broken: what must never be, with the way there."""

    states: int
    broken: str | None = None
    trace: tuple[World, ...] = ()


def explore(start: World, model: Model, limit: int = 10**8) -> Explored:
    """Every state that can be, up to a number; the first broken one, by the shortest way, ends it."""
    start = eager(start)
    came_from: dict[World, World | None] = {start: None}
    level, can_end = [start], dict[World, bool]()
    while level and len(came_from) < limit:
        found: list[World] = []
        for world in level:
            for following in map(eager, model.steps(world)):
                if following not in came_from:
                    came_from[following] = world
                    found.append(following)
                    alone = following._replace(runners=(None, None), starts=0, cuts=0)
                    if alone not in can_end:
                        can_end[alone] = ends(alone, model)
                    why = broken(following) or (None if can_end[alone] else "no run ends it")
                    if why:
                        return Explored(len(came_from), why, _trace(came_from, following))
        level = found
    return Explored(len(came_from))


def _trace(came_from: dict[World, World | None], world: World) -> tuple[World, ...]:
    trace = [world]
    while (before := came_from[trace[-1]]) is not None:
        trace.append(before)
    return tuple(reversed(trace))


def is_settled(world: World) -> bool:
    """Whether clients are led to a database that they can write to, and to no other."""
    here = world.production
    serves = world.port[here] and not world.locked[here] and not world.read_only[here]
    return serves and world.record == here and not can_write(world, 1 - here)


def ends(world: World, model: Model) -> bool:
    """Whether one more run, which nobody disturbs, ends the move or takes it back."""
    world = world._replace(runners=(None, None), cuts=0)
    for _ in range(60):
        world = quiet(world)
        (runner, _none) = world.runners
        if runner is None:
            if world.stage not in (Stage.BEGUN, Stage.MOVED):
                return is_settled(world)
            world = with_runners(world, [Runner(model.first_act), None])
        else:
            # The first of its answers is the good one; without one it looks again.
            world = next(model.acts(world, runner), world)
    return False


def quiet(world: World) -> World:
    """The world once AWS has done what it was asked for, and the follower has what it lacked."""
    world = world._replace(port=world.port_asked, read_only=world.read_only_asked)
    if world.follower is not None:
        world = put(world, world.follower, lacks=False)
    return world
