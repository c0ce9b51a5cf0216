"""The events of Pulumi's engine in one operation on one stack. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tenantnet.engine.differences import is_same

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import DiagnosticEvent, StepEventMetadata, StepEventStateMetadata

_COLOUR = re.compile(r"<\{%.*?%\}>")
_DIAGNOSTICS = re.compile(r"^Diagnostics:\n(.*?)(?=^(?:Outputs|Resources|Duration|stderr)|\Z)", re.M | re.S)
# What a program has said is said once more, as what its host has not handled.
_SAID_TWICE = re.compile(r"(error: (?P<said>.+?))\n\s*error: an unhandled error occurred: (?P=said)", re.S)
_ERROR = re.compile(r"^(?: stderr:)? *error: (.+(?:\n(?! *error: ).+)*)", re.M)
# The engine adds these to an error that it has reported already.
_EMPTY_ERRORS = ("preview failed", "update failed")
# What it says of everything else that is under way when something has failed.
_CUT_OFF = "context canceled"
STACK_TYPE = "pulumi:pulumi:Stack"


class Operation(StrEnum):
    """What happens to a resource. REMOVE: the former one of a replacement goes."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    REMOVE = "remove old"

    @property
    def done(self) -> str:
        """The same, once it has happened."""
        return "removed old" if self is Operation.REMOVE else f"{self.rstrip('e')}ed"

    @property
    def removes(self) -> bool:
        """Whether what is there now goes away."""
        return self in (Operation.DELETE, Operation.REPLACE)


# Pulumi's words. Of a replacement the engine reports three steps, and counts only `replace`, which joins the
# other two.
_OPERATIONS: Mapping[str, Operation] = {
    "same": Operation.SAME,
    "read": Operation.SAME,
    "create": Operation.CREATE,
    "import": Operation.CREATE,
    "update": Operation.UPDATE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "delete": Operation.DELETE,
    "delete-replaced": Operation.REMOVE,
}
_IMPORTS = ("import", "import-replacement")


class Status(StrEnum):
    """How far a step is."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One resource's part in an operation.

    time: of the event, in seconds of the epoch. seconds: how long the step took, where that was measured.
    type: such as `aws:ec2/vpc:Vpc`. properties: names of those that differ, where there was a resource
    before. old, new: the state before and after, None if there is none. imported: whether the stack takes
    over what AWS has; a step that brings it to what the program says may follow.
    """

    operation: Operation
    urn: str
    type: str
    status: Status = Status.DONE
    time: int = 0
    seconds: int = 0
    properties: tuple[str, ...] = ()
    imported: bool = False
    old: StepEventStateMetadata | None = field(default=None, compare=False, repr=False)
    new: StepEventStateMetadata | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """As the program calls the resource."""
        return name_in(self.urn)

    @property
    def kind(self) -> str:
        """The type of one of AWS's resources in short: `rds Instance`."""
        module, _, name = self.type.rpartition(":")
        return f"{module.split(':')[1].split('/', maxsplit=1)[0]} {name}"

    @property
    def key(self) -> tuple[str, Operation]:
        """Identifies a step of an update."""
        return self.urn, self.operation

    @property
    def is_change(self) -> bool:
        """Whether it changes something in AWS."""
        state = self.new or self.old
        of_aws = state is not None and state.custom and not self.type.startswith("pulumi:")
        return bool(of_aws) and self.operation is not Operation.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What a policy finds. level: `mandatory` stops an update. urn: empty if it is about the stack."""

    policy: str
    level: str
    message: str
    urn: str = ""

    @property
    def mandatory(self) -> bool:
        """Whether it stops an update."""
        return self.level == "mandatory"

    @property
    def resource(self) -> str:
        """The resource's name; empty if it is about the stack as a whole."""
        return name_in(self.urn)

    def __str__(self) -> str:
        about = f" ({self.resource})" if self.resource else ""
        return f"[{self.level}] {self.policy}{about}\n{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """An error or a warning of the engine, the program or a provider. urn: of the resource, or empty."""

    severity: str
    message: str
    urn: str = ""

    @property
    def resource(self) -> str:
        """The resource's name, or empty."""
        return name_in(self.urn)


@dataclass
class EngineLog:
    """What the engine has said so far, without repetitions and colours.

    counts: resources by operation; empty until the operation has finished.
    """

    steps: list[Step] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    counts: Counter[Operation] = field(default_factory=Counter)

    @classmethod
    def of(cls, events: Iterable[EngineEvent]) -> EngineLog:
        """The log of an operation that has ended."""
        log = cls()
        for event in events:
            log.take(event)
        return log

    def take(self, event: EngineEvent) -> Step | None:
        """Add an event; return the step that it reports, if it reports one."""
        if event.policy_event:
            found = event.policy_event
            violation = Violation(
                policy=found.policy_name,
                level=found.enforcement_level,
                message=_plain(found.message),
                urn=found.resource_urn or "",
            )
            if violation not in self.violations:
                self.violations.append(violation)
        elif event.diagnostic_event:
            self._take_diagnostic(event.diagnostic_event)
        elif event.summary_event:
            self.counts = Counter()
            for word, number in (event.summary_event.resource_changes or {}).items():
                if operation := _OPERATIONS.get(word):
                    self.counts[operation] += number
        elif step := _step(event):
            self.steps.append(step)
            return step
        return None

    def _take_diagnostic(self, event: DiagnosticEvent) -> None:
        message = _plain(event.message)
        diagnostic = Diagnostic(severity=event.severity, message=message, urn=event.urn or "")
        tells = message and message not in _EMPTY_ERRORS and event.severity in ("error", "warning")
        if tells and diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

    @property
    def begun(self) -> list[Step]:
        """The steps as they start, each with the properties that differ by the provider's plan, too."""
        ended = {step.key: step for step in self.steps if step.status is Status.DONE}
        return [_seen(step, ended.get(step.key)) for step in self.steps if step.status is Status.STARTED]

    @property
    def errors(self) -> list[Diagnostic]:
        """The diagnostics that are errors, without what the first one has cut off."""
        found = [each for each in self.diagnostics if each.severity == "error"]
        return [each for each in found if not each.message.endswith(_CUT_OFF)] or found


def read_event_log(lines: Iterable[str]) -> Iterator[EngineEvent]:
    """The events in the file that `--event-log` names; it may end in the middle of a line."""
    # Only here: who starts no engine waits for no such package, which takes longer than all else.
    from pulumi.automation import EngineEvent  # noqa: PLC0415

    for line in lines:
        # Most lines are the engine's own notes, and long.
        if '"diagnosticEvent"' in line and '"severity":"debug"' in line:
            continue
        with suppress(ValueError):
            yield EngineEvent.from_json(json.loads(line))


def said_in(text: str) -> str:
    """Pulumi's words in what it prints, such as errors before its engine has begun, which are in no event.

    What is under Diagnostics; or all errors; or the last line.
    """
    if found := _DIAGNOSTICS.search(text):
        return _SAID_TWICE.sub(r"\1", found[1].strip())
    return "\n".join(map(str.strip, _ERROR.findall(text))) or (text.strip().splitlines() or [""])[-1]


def name_in(urn: str) -> str:
    """A resource's name, from its URN."""
    return urn.rsplit("::", 1)[-1]


def _step(event: EngineEvent) -> Step | None:
    for found, status in (
        (event.resource_pre_event, Status.STARTED),
        (event.res_outputs_event, Status.DONE),
        (event.res_op_failed_event, Status.FAILED),
    ):
        if found and (operation := _operation(found.metadata)):
            step: StepEventMetadata = found.metadata
            return Step(
                operation=operation,
                urn=step.urn,
                type=step.type,
                status=status,
                time=event.timestamp,
                properties=_properties(step) if operation is not Operation.CREATE else (),
                imported=step.op.value in _IMPORTS,
                old=step.old,
                new=step.new,
            )
    return None


def _seen(step: Step, ended: Step | None) -> Step:
    planned = ended.new if ended else None
    differ = [name for name in step.properties if not is_same(name, step.old, step.new, planned)]
    return replace(step, properties=tuple(differ) or step.properties)


def _operation(step: StepEventMetadata) -> Operation | None:
    return _OPERATIONS.get(step.op.value) if step.op.value != "replace" else None


def _properties(step: StepEventMetadata) -> tuple[str, ...]:
    """The top properties that differ. Providers tell paths (`tags["Name"]`, `a.b[0]`), names, or both."""
    paths = [*(step.detailed_diff or {}), *(step.diffs or ())]
    return tuple(dict.fromkeys(re.split(r"[.\[]", path)[0] for path in paths))


def _plain(message: str) -> str:
    return _COLOUR.sub("", message).strip()
