"""A move that is killed again and again while a client writes, and what has to be true of it all the time."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import ROUTES, Phase
from tenantnet.tags import Strategy
from tenantnet.toolchain.processes import is_running

from tests.support.moves import (
    BOTH,
    NUMBERED,
    Traffic,
    Watch,
    database,
    end_session,
    endpoint,
    keep_login,
    killed_in_call,
    migrate,
    offices_up,
    session_of,
    start,
    status,
    stopped_at,
)
from tests.support.processes import wait_until
from tests.support.project import Project

PARAMETERS, RECORD, PUT = "rds ModifyDBParameterGroup", "route53 POST */rrset*", "dynamodb PutItem"
# What the journal has before writes are held back.
FENCE = '"what": {"S": "writes stopped"}'
# What a live move's journal is asked to keep: where its way back has led, and that it switches.
LED_BACK, DECISION = '"ledTo": {"S": "blue"}', '"decision": {"S": "switch"}'


def held(call: str, containing: str = "", *, done: bool = True) -> Fault:
    """The answer to a call does not come; done: though the cloud has done what it asks for."""
    return Fault(call=call, effect=Effect.HOLD, containing=containing, done=done)


class Victim(StrEnum):
    """Who is killed while a run waits for the answer to a call."""

    RUN = "the run, with all that it has started"
    RUNNER = "the runner alone"
    PULUMI = "its pulumi"
    PLUGIN = "the AWS plugin"
    BLUE = "blue's server"
    GREEN = "green's server"
    CLOUD = "the local cloud"


PROGRAMS = {Victim.PULUMI: "pulumi", Victim.PLUGIN: "pulumi-resource-aws"}
SERVERS = {Victim.BLUE: "acme-blue", Victim.GREEN: "acme-green"}
# The local cloud forgets everything when it ends: it stands still, and nobody gets an answer meanwhile.
STANDSTILL_SECONDS = 10
# From the start of whichever run comes next.
WRITES_AGAIN_SECONDS = 30


def lock_holders(cloud: LocalCloud) -> list[int]:
    """The processes that have, or have had and never released, the lock of a stack."""
    holders = []
    for lock in (cloud.state_dir / "pulumi").glob(".pulumi/locks/**/*.json"):
        with suppress(FileNotFoundError):
            holders.append(int(json.loads(lock.read_text())["pid"]))
    return holders


def unwritten(phase: Phase) -> Fault:
    """The runner is about to write into its journal that it has reached `phase`."""
    entry = f'"what": {{"S": "reached"}}, "phase": {{"S": "{phase}"}}'
    return held(PUT, entry, done=False)


def program(process: psutil.Process) -> str:
    """The name of what it runs; empty where it has ended."""
    with suppress(psutil.Error):
        return Path(process.exe()).name
    return ""


def _end_with_children(process: psutil.Process) -> None:
    """Return once they are gone: a plugin's parts end one after the other, and would take an answer still."""
    family = [process]
    with suppress(psutil.Error):
        family += process.children(recursive=True)
    for each in family:
        with suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(family, timeout=10)


@dataclass(frozen=True, kw_only=True)
class KilledMove:
    """Acme's move from blue to green."""

    project: Project
    cloud: LocalCloud
    aws: Any
    strategy: Strategy
    traffic: Traffic
    watch: Watch

    @property
    def phase(self) -> str:
        return str(self.project.outputs("acme")["phase"])

    def command(self) -> tuple[str, ...]:
        """What takes the move on."""
        if self.phase in (Phase.SWITCHED, Phase.RETIRING):
            return ("retire", "acme", "--yes")
        return ("run", "acme", "--now", "--strategy", self.strategy)

    def kill_in(
        self, fault: Fault, beside: Sequence[Fault] = (), command: Sequence[str] | None = None
    ) -> None:
        """Kill a run, with all that it has started, as it waits for the answer to a call.

        command: None for what takes the move on.
        """
        killed_in_call(self.project, self.cloud, fault, *(command or self.command()), beside=beside)
        self.assert_sound()

    def kill_one(self, victim: Victim, fault: Fault, *command: str) -> bool:
        """Kill somebody as a run waits for the answer to a call; False if the run has ended without it.

        Whoever is left goes on as far as that is possible.
        """
        since = monotonic()
        self.cloud.fail(fault)
        with start(self.project, *command) as running:
            try:
                wait_until(lambda: self.cloud.struck()[0] or running.poll() is not None)
                struck = bool(self.cloud.struck()[0])
                if struck:
                    self._kill(victim, running)
            finally:
                self.cloud.clear_faults()
            running.wait()
            if victim in SERVERS:
                wait_until(lambda: self._answers(SERVERS[victim]))
            # A pulumi whose runner was killed ends by itself; what else it had started is nobody's any more.
            wait_until(lambda: not any(is_running(pid) for pid in lock_holders(self.cloud)))
            end_session(running)
            assert running.stdout is not None
            print(running.stdout.read())
        self._assert_written_since(since)
        self.assert_sound()
        return struck

    def _assert_written_since(self, began: float) -> None:
        """Whatever the last kill has left, clients wrote again soon after this run's start."""
        left = began + WRITES_AGAIN_SECONDS - monotonic()
        wait_until(lambda: self.traffic.writes_at[-1] > began, max(left, 0.1))
        assert next(at for at in self.traffic.writes_at if at > began) < began + WRITES_AGAIN_SECONDS

    def _answers(self, identifier: str) -> bool:
        found = database(self.aws, identifier)
        return found is not None and found["DBInstanceStatus"] == "available"

    def _kill(self, victim: Victim, running: subprocess.Popen[str]) -> None:
        if victim is Victim.RUN:
            end_session(running)
        elif victim is Victim.RUNNER:
            running.kill()
        elif victim in SERVERS:
            # RDS refuses while a parameter is on its way.
            wait_until(lambda: self._answers(SERVERS[victim]))
            # It ends its server by SIGKILL, and starts it again, as RDS does with one that has died.
            self.aws.client("rds").reboot_db_instance(DBInstanceIdentifier=SERVERS[victim])
        elif victim is Victim.CLOUD:
            server = psutil.Process(self.cloud.running_server().pid)
            server.suspend()
            sleep(STANDSTILL_SECONDS)
            server.resume()
        else:
            programs = [each for each in session_of(running) if program(each) == PROGRAMS[victim]]
            assert programs, f"the run has no {victim}"
            for each in programs:
                _end_with_children(each)

    def kill_behind(self, phase: Phase) -> None:
        """Kill a run that has said that it has reached a phase."""
        with stopped_at(self.project, f"{phase}: reached", *self.command()):
            pass
        self.assert_sound()

    def kill_within(self, seconds: float) -> None:
        """Kill a run, with all that it has started, at a random moment."""
        moment = random.uniform(0, seconds)  # noqa: S311 - no secret
        print(f"killed after {moment:.2f} s")
        with start(self.project, *self.command()) as running:
            with suppress(subprocess.TimeoutExpired):
                running.wait(moment)
            end_session(running)
        self.assert_sound()

    def finish(self) -> None:
        """Let a run come to its end, and the next one, until the former production is gone."""
        while self.phase != Phase.STEADY or self.project.outputs("acme")["production"] == "blue":
            migrate(self.project, *self.command()).check()
        self.assert_sound()

    def assert_sound(self) -> None:
        """At no moment could both databases be written to."""
        assert self.watch.goes_on
        assert self.watch.looks
        assert self.watch.problem is None

    def assert_finished(self) -> None:
        """Green is in production and has every acknowledged write; blue is gone; all is as declared."""
        wait_until(lambda: self.traffic.acknowledged and self.traffic.acknowledged[-1] in self.traffic.kept())
        assert set(self.traffic.acknowledged) <= self.traffic.kept()
        assert database(self.aws, "acme-blue") is None
        found = database(self.aws, "acme-green")
        assert found is not None
        assert endpoint(self.project, self.aws) == found["Endpoint"]["Address"]
        self.project.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()

    def assert_told(self, ways_back: int = 0) -> None:
        """The journal has every phase in order, who was at work, and when writes stopped and went on.

        ways_back: how often clients were led to the database that waited, after the switch.
        """
        events = status(self.project)["events"]
        reached = [event["phase"] for event in events if event["what"] == "reached"]
        there, end = ROUTES[self.strategy][1:-2], ROUTES[self.strategy][-2:]
        # There is a login: a replica is promoted without a phase of its own.
        there = tuple(phase for phase in there if phase is not Phase.PROMOTED)
        assert reached == [*there, *[Phase.SWITCHED] * ways_back, *end]
        for phase in reached:
            begun = [event["at"] for event in events if (event["what"], event["phase"]) == ("began", phase)]
            ended = [event["at"] for event in events if (event["what"], event["phase"]) == ("reached", phase)]
            assert min(begun) < min(ended)
        assert all(before["at"] <= after["at"] for before, after in pairwise(events))
        assert {"decided", "writes stopped", "writes resumed", "seen"} <= {event["what"] for event in events}
        assert len({event["who"] for event in events}) > len(reached)


@contextmanager
def killed_move(
    project: Project, cloud: LocalCloud, aws: Any, strategy: Strategy, settings: dict[str, Any] = BOTH
) -> Iterator[KilledMove]:
    """Acme has a Test network green beside blue, a login to compare the data with, and a client."""
    project.write_tenant("acme", settings)
    project.up("acme").check()
    offices_up(cloud, aws)
    keep_login(aws)
    with Traffic(cloud) as traffic, Watch(cloud, aws) as watch:
        yield KilledMove(
            project=project, cloud=cloud, aws=aws, strategy=strategy, traffic=traffic, watch=watch
        )


@contextmanager
def killed_live_move(project: Project, cloud: LocalCloud, aws: Any) -> Iterator[KilledMove]:
    """The same by live: blue was deployed before green."""
    project.write_tenant("acme", {**NUMBERED, "networks": {"blue": NUMBERED["networks"]["blue"]}})
    project.up("acme").check()
    with killed_move(project, cloud, aws, Strategy.LIVE, NUMBERED) as prepared:
        yield prepared
