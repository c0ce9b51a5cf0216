"""How `tenantnet up` is seen: live in a terminal, line by line in a log, as JSON by programs."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from tenantnet.cli.output import console, table
from tenantnet.deployment.course import Course, Happening, What
from tenantnet.deployment.plan import Change, Operation, Plan
from tenantnet.deployment.waits import LONG

# Of so many new resources of a stack, a table would say less than their number.
_LISTED = 12
_SECONDS_OF_SILENCE = 60
_AT_LEAST_SHOWN = 8


class View(Protocol):
    """What an update is told to, in this order: the preview, its findings and plan, the update, its end."""

    def previewing(self, stack: str) -> Any:  # noqa: ANN401 - a context manager
        """While the preview runs."""

    def findings(self, course: Course) -> None:
        """What the policies and the program mention without stopping."""

    def plan(self, stack: str, plan: Plan, last: tuple[int, Mapping[str, int]] | None) -> None:
        """What is going to happen. last: seconds and changes of the update before."""

    def updating(self, stack: str, plan: Plan, course: Course) -> Any:  # noqa: ANN401 - a context manager
        """While the update runs, and takes its events into `course`."""

    def tick(self, happening: Happening | None) -> None:
        """Something has happened, or only time has passed."""

    def stopping(self, times: int) -> None:
        """Somebody wants it to stop, for the first or the second time."""

    def stopped(self, stack: str, course: Course, state: str) -> None:
        """It has stopped for that. state: what was and was not changed."""

    def end(self, stack: str, course: Course, seconds: int) -> None:
        """It has come to its end."""


def view(*, as_json: bool) -> View:
    """The view for what standard output is."""
    if as_json:
        return JsonView()
    return LiveView() if sys.stdout.isatty() else LineView()


class LineView:
    """Lines of text: what has begun where it takes long, what is done, every minute what is waited for."""

    def __init__(self) -> None:
        self._total = 0
        self._plan: Plan | None = None
        self._course = Course()
        self._spoke = time.monotonic()

    @contextmanager
    def previewing(self, stack: str) -> Iterator[None]:
        """Says that it does."""
        typer.echo(f"Previewing {stack}, with the policy pack.")
        yield

    def findings(self, course: Course) -> None:
        """Prints them."""
        for finding in course.findings:
            typer.echo(str(finding))
        for problem in course.problems:
            typer.echo(f"{problem.severity}: {problem.text}")

    def plan(self, stack: str, plan: Plan, last: tuple[int, Mapping[str, int]] | None) -> None:
        """Prints it."""
        console().print(_planned(stack, plan, last))

    @contextmanager
    def updating(self, stack: str, plan: Plan, course: Course) -> Iterator[None]:
        """Says that it does."""
        self._plan, self._course, self._total = plan, course, len(plan.changes)
        typer.echo(f"Updating {stack}.")
        self._spoke = time.monotonic()
        yield

    def tick(self, happening: Happening | None) -> None:
        """Prints what is worth a line."""
        if happening and (line := self._line(happening)):
            self._say(line)
        elif time.monotonic() - self._spoke > _SECONDS_OF_SILENCE and self._course.running:
            self._say("\n".join(waiting(change, since) for change, since in self._course.running.values()))

    def stopping(self, times: int) -> None:
        """Prints what comes of it."""
        self._say(_stopping(times))

    def stopped(self, stack: str, course: Course, state: str) -> None:
        """Prints it to standard error."""
        typer.echo(f"The update of {stack} was stopped.\n{state}\n{_goes_on(stack)}", err=True)

    def end(self, stack: str, course: Course, seconds: int) -> None:
        """Prints it."""
        typer.echo(_ended(stack, course, seconds))

    def _line(self, happening: Happening) -> str:
        change = happening.change
        if happening.what is What.STARTED:
            if change.wait.seconds < LONG:
                return ""
            return f"{change.operation} {change.kind} {change.name}: waits until {_expected(change)}"
        if happening.what is What.FAILED:
            return f"failed: {change.operation} {change.kind} {change.name}"
        number = f"{len(self._course.done):{len(str(self._total))}}/{self._total}"
        return f"[{number}] {change.operation.done} {change.kind} {change.name} ({spell(happening.seconds)})"

    def _say(self, line: str) -> None:
        typer.echo(line)
        self._spoke = time.monotonic()


class LiveView(LineView):
    """A table that is drawn anew: a bar, what runs and what that waits for, what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self._live = Live(console=console(), refresh_per_second=4, transient=True)
        self._note = ""

    @contextmanager
    def previewing(self, stack: str) -> Iterator[None]:
        """With something that turns, so that nobody thinks it hangs."""
        with console().status(f"Previewing {stack}, with the policy pack"):
            yield

    @contextmanager
    def updating(self, stack: str, plan: Plan, course: Course) -> Iterator[None]:
        """Draws for as long as it runs."""
        self._plan, self._course, self._total = plan, course, len(plan.changes)
        self._live.update(self._drawn())
        with self._live:
            yield

    def tick(self, happening: Happening | None) -> None:
        """Draws anew; a line stays of what took long or failed."""
        if happening and (happening.seconds >= LONG or happening.what is What.FAILED):
            self._live.console.print(self._line(happening), markup=False)
        self._live.update(self._drawn())

    def stopping(self, times: int) -> None:
        """Stands below the table from now on."""
        self._note = _stopping(times)

    def _drawn(self) -> Group:
        done, running = len(self._course.done), list(self._course.running.values())
        running.sort(key=lambda item: -item[0].wait.seconds)
        rows = Table.grid(padding=(0, 2, 0, 0))
        for change, since in running[:_AT_LEAST_SHOWN]:
            passed = max(0, int(time.time()) - since)
            share = min(1.0, passed / change.wait.seconds)
            rows.add_row(
                Text(f"{change.operation} {change.kind} {change.name}"),
                ProgressBar(total=1.0, completed=share, width=16),
                Text(f"{spell(passed)} of about {spell(change.wait.seconds)}"),
                Text(f"until {change.wait.until}", style="dim"),
            )
        more = len(running) - _AT_LEAST_SHOWN
        parts: list[Any] = [Text(f"{done} of {self._total} done", style="bold"), rows]
        if more > 0:
            parts.append(Text(f"and {more} more", style="dim"))
        if next_ones := self._next():
            parts.append(Text(f"then {next_ones}", style="dim"))
        if self._note:
            parts.append(Text(self._note, style="yellow"))
        return Group(*parts)

    def _next(self) -> str:
        """What waits for something that runs, the slowest first."""
        if self._plan is None:
            return ""
        busy = {urn for urn, _ in self._course.running}
        ended = {change.key for change in (*self._course.done, *self._course.failed)}
        waiting_ones = [
            change
            for change in self._plan.changes
            if change.key not in ended
            and change.key not in self._course.running
            and self._plan.depends_on.get(change.urn, frozenset()) & busy
        ]
        waiting_ones.sort(key=lambda change: -change.wait.seconds)
        return ", ".join(f"{change.kind} {change.name}" for change in waiting_ones[:3])


class JsonView:
    """One JSON document a line."""

    @contextmanager
    def previewing(self, stack: str) -> Iterator[None]:
        """Says nothing."""
        yield

    def findings(self, course: Course) -> None:
        """One document each."""
        for finding in course.findings:
            _emit(
                "finding",
                policy=finding.policy,
                level=finding.level,
                resource=finding.resource,
                text=finding.text,
            )

    def plan(self, stack: str, plan: Plan, last: tuple[int, Mapping[str, int]] | None) -> None:
        """One document."""
        changes = [{**_named(change), "properties": list(change.properties)} for change in plan.changes]
        _emit("plan", stack=stack, changes=changes, expectedSeconds=plan.seconds)

    @contextmanager
    def updating(self, stack: str, plan: Plan, course: Course) -> Iterator[None]:
        """Says nothing."""
        yield

    def tick(self, happening: Happening | None) -> None:
        """One document for what has happened."""
        if happening:
            _emit(str(happening.what), **_named(happening.change), seconds=happening.seconds)

    def stopping(self, times: int) -> None:
        """One document."""
        _emit("stopping", times=times)

    def stopped(self, stack: str, course: Course, state: str) -> None:
        """One document."""
        _emit("end", stack=stack, result="stopped", changes=course.counts(), state=state)

    def end(self, stack: str, course: Course, seconds: int) -> None:
        """One document."""
        _emit("end", stack=stack, result="done", changes=course.counts(), seconds=seconds)


def _emit(event: str, **fields: object) -> None:
    typer.echo(json.dumps({"event": event, **fields}))


def _named(change: Change) -> dict[str, str]:
    return {"operation": str(change.operation), "type": change.type, "name": change.name}


def _planned(stack: str, plan: Plan, last: tuple[int, Mapping[str, int]] | None) -> Group:
    if not plan.changes:
        words = "no resource changes" + (", only what the stack remembers." if plan.outputs_change else ".")
        return Group(Text(f"{stack}: {words}"))
    counted = Counter(change.operation for change in plan.changes)
    head = ", ".join(f"{counted[operation]} to {operation}" for operation in Operation if counted[operation])
    parts: list[Any] = [Text(f"{stack}: {head}"), Text(), _changes(plan), Text(), Text(_expectation(plan))]
    if last:
        seconds, changes = last
        counts = ", ".join(f"{number} {name}" for name, number in changes.items() if name != "same")
        parts.append(Text(f"The stack's last update took {spell(seconds)} ({counts or 'no change'})."))
    return Group(*parts)


def _changes(plan: Plan) -> Table:
    """Every change by itself, but for many new resources: those by their kinds."""
    created = [change for change in plan.changes if change.operation is Operation.CREATE]
    single = [change for change in plan.changes if change not in created or len(created) <= _LISTED]
    rows = sorted(
        (str(change.operation), change.kind, change.name, ", ".join(change.properties)) for change in single
    )
    if len(created) > _LISTED:
        kinds = Counter(change.kind for change in created)
        rows += [("create", kind, f"{number}", "") for kind, number in sorted(kinds.items())]
    return table("What the update does", ("Operation", "Resource", "Name or number", "What differs"), rows)


def _expectation(plan: Plan) -> str:
    slowest = max(plan.slowest, key=lambda change: change.wait.seconds)
    return (
        f"At AWS this typically takes {spell(plan.seconds)}; longest takes {slowest.operation} "
        f"{slowest.kind} {slowest.name} ({spell(slowest.wait.seconds)})."
    )


def waiting(change: Change, since: int) -> str:
    """What a change waits for, and for how long it has. since: in seconds of the epoch."""
    passed = spell(max(0, int(time.time()) - since))
    return f"{change.operation} {change.kind} {change.name}: for {passed}, until {_expected(change)}"


def _expected(change: Change) -> str:
    return f"{change.wait.until} (typically {spell(change.wait.seconds)} at AWS)"


def _stopping(times: int) -> str:
    if times == 1:
        return (
            "Stopping: nothing more is begun, and what is under way comes to its end. Again to end at once."
        )
    return "Ending at once: what is under way is cut off."


def _goes_on(stack: str) -> str:
    return f"`tenantnet up {stack}` goes on with what is missing."


def _ended(stack: str, course: Course, seconds: int) -> str:
    counts = ", ".join(f"{number} {word}" for word, number in course.counts().items())
    if not counts:
        return f"{stack} is as its settings say; no resource was changed."
    return f"{stack} is as its settings say: {counts} in {spell(seconds)}."


def spell(seconds: int) -> str:
    """A duration for people: `42 s`, `10 min`, `1 min 48 s`."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
