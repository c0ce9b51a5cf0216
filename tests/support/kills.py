"""A move that is killed again and again while a client writes, and what has to be true of it all the time."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import ROUTES, Phase
from tenantnet.tags import Strategy

from tests.support.moves import (
    BOTH,
    SECRET,
    Traffic,
    Watch,
    database,
    end_session,
    endpoint,
    killed_in_call,
    migrate,
    offices_up,
    start,
    status,
    stopped_at,
)
from tests.support.processes import wait_until
from tests.support.project import PASSWORD, Project

PARAMETERS, RECORD = "rds ModifyDBParameterGroup", "route53 POST */rrset*"
# What a live move's journal is asked to keep: that it switches.
DECISION = '"decision": {"S": "switch"}'


def held(call: str, containing: str = "", *, done: bool = True) -> Fault:
    """The answer to a call does not come; done: though the cloud has done what it asks for."""
    return Fault(call=call, effect=Effect.HOLD, containing=containing, done=done)


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
    return held("dynamodb PutItem", entry, done=False)


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
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    with Traffic(cloud) as traffic, Watch(cloud, aws) as watch:
        yield KilledMove(
            project=project, cloud=cloud, aws=aws, strategy=strategy, traffic=traffic, watch=watch
        )
