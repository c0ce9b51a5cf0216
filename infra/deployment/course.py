"""The course of an update, from the engine's events: what runs, what is done, what went wrong. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pulumi.automation.events import DiagnosticEvent, EngineEvent, PolicyEvent
from tenantnet.deployment.plan import Change, Operation, change_of

# Colours as the engine writes them where nobody asked it not to.
_COLOUR = re.compile(r"<\{%.*?%\}>")
MANDATORY = "mandatory"


class What(StrEnum):
    """What has just happened to a change."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """seconds: how long it took, from its start on; 0 as it starts."""

    what: What
    change: Change
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a policy says of a resource; empty where it is about the stack as a whole."""

    policy: str
    level: str
    resource: str
    text: str

    def __str__(self) -> str:
        about = f" ({self.resource})" if self.resource else ""
        return f"[{self.level}] {self.policy}{about}\n{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error or warning of the engine, the program or the provider. resource: its name, or empty."""

    severity: str
    resource: str
    text: str


@dataclass(slots=True)
class Course:
    """Takes events and knows how far the update is. running: since when, in seconds of the epoch."""

    running: dict[tuple[str, Operation], tuple[Change, int]] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)
    failed: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, event: EngineEvent) -> Happening | None:
        """Take an event in; what has happened by it to a change, if anything has."""
        if event.policy_event:
            self._take_finding(event.policy_event)
        if event.diagnostic_event:
            self._take_problem(event.diagnostic_event)
        if event.resource_pre_event and (change := change_of(event.resource_pre_event.metadata)):
            self.running[change.key] = (change, event.timestamp)
            return Happening(what=What.STARTED, change=change)
        if event.res_outputs_event and (change := change_of(event.res_outputs_event.metadata)):
            self.done.append(change)
            return self._end(What.DONE, change, event.timestamp)
        if event.res_op_failed_event and (change := change_of(event.res_op_failed_event.metadata)):
            self.failed.append(change)
            return self._end(What.FAILED, change, event.timestamp)
        return None

    @property
    def broken(self) -> list[Finding]:
        """The findings that stop an update."""
        return [finding for finding in self.findings if finding.level == MANDATORY]

    @property
    def errors(self) -> list[Problem]:
        """The problems that are errors; the engine's own words that there are some left out."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        return [problem for problem in errors if problem.text not in ("update failed", "preview failed")]

    def counts(self) -> dict[str, int]:
        """How many changes are done, by their operation in the past tense."""
        counted = Counter(change.operation for change in self.done)
        return {operation.done: counted[operation] for operation in Operation if counted[operation]}

    def _end(self, what: What, change: Change, now: int) -> Happening:
        _, since = self.running.pop(change.key, (change, now))
        return Happening(what=what, change=change, seconds=now - since)

    def _take_finding(self, event: PolicyEvent) -> None:
        finding = Finding(
            policy=event.policy_name,
            level=event.enforcement_level,
            resource=_name(event.resource_urn),
            text=_plain(event.message),
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def _take_problem(self, event: DiagnosticEvent) -> None:
        if event.severity in ("error", "warning") and (text := _plain(event.message)):
            self.problems.append(Problem(severity=event.severity, resource=_name(event.urn), text=text))


def names(changes: Iterator[Change] | list[Change]) -> str:
    """Changes by their resources, in one line."""
    return ", ".join(f"{change.name} ({change.kind})" for change in changes)


def _name(urn: str | None) -> str:
    return (urn or "").rsplit("::", 1)[-1]


def _plain(message: str) -> str:
    return _COLOUR.sub("", message).strip()
