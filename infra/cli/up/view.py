"""How `tenantnet up` is seen: live in a terminal, line by line in a log, as JSON by programs."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from shlex import quote

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from tenantnet.aws import types
from tenantnet.cli.output import console, draw, print_json, say, table
from tenantnet.deployment.plan import Plan
from tenantnet.deployment.progress import Progress, in_words, state_of
from tenantnet.deployment.waits import LONG, slowest_first, wait_for
from tenantnet.engine.events import Operation, Status, Step
from tenantnet.review.consequences import Consequences
from tenantnet.settings.project import is_platform
from tenantnet.tags import Slot, Tag, network_name

# Of so many new resources of a stack, a table would say less than their number.
_LISTED = 12
_SECONDS_OF_SILENCE = 60
_AT_LEAST_SHOWN = 8
_STOPPING = "Stopping: nothing more is started, and running steps finish. Press Ctrl-C again to end at once."
_ENDING = "Ending at once: running steps are cut off."


class LineView:
    """Lines of text: what has started where it takes long, what is done, each minute what is waited for.

    The methods are called in this order: what was made, the preview, its findings and plan, the update, its
    end.
    """

    def __init__(self) -> None:
        self._progress = Progress()
        self._spoke = time.monotonic()

    def made(self, _stack: str, what: str, file: str) -> None:
        """Say what was there not yet. file: that of the settings."""
        typer.echo(f"Made {what}. Commit {file}: without it nobody could decrypt the stack's secrets.")

    @contextmanager
    def previewing(self, stack: str) -> Iterator[None]:
        typer.echo(f"Previewing {stack}, with the policy pack.")
        yield

    def findings(self, progress: Progress) -> None:
        """Show what the policies and the program mention without stopping."""
        for violation in progress.violations:
            say(str(violation))
        for diagnostic in progress.diagnostics:
            say(f"{diagnostic.severity}: {diagnostic.message}")

    def plan(self, stack: str, plan: Plan, last: int | None, means: Consequences) -> None:
        """Show what the update will do. last: how many seconds the update before took."""
        for part in _planned(stack, plan, last, means):
            draw(part) if isinstance(part, Table) else console().print(part)

    @contextmanager
    def updating(self, stack: str, progress: Progress) -> Iterator[None]:
        self._progress = progress
        self._say(f"Updating {stack}.")
        yield

    def tick(self, change: Step | None) -> None:
        """Show a change that has started or ended; with None, that time has passed."""
        if change and (line := self._line(change)):
            self._say(line)
        elif time.monotonic() - self._spoke > _SECONDS_OF_SILENCE and self._progress.running:
            waiting = (
                f"{_named(each)}: for {spell(_passed(each))}, until {_expected(each)}"
                for each in self._progress.running.values()
            )
            self._say("\n".join(waiting))

    def stopping(self, times: int) -> None:
        """Say what the first Ctrl-C does, or the second."""
        self._say(_STOPPING if times == 1 else _ENDING)

    def stopped(self, stack: str, progress: Progress) -> None:
        """Say that the update has stopped for Ctrl-C, and what was and was not changed."""
        goes_on = f"`tenantnet up {stack}` goes on with what is missing."
        typer.echo(f"The update of {stack} was stopped.\n{state_of(progress)}\n{goes_on}", err=True)

    def end(self, stack: str, progress: Progress, seconds: int) -> None:
        """Say that the update is complete."""
        counts = in_words(progress.counts_done())
        done = f": {counts} in {spell(seconds)}." if counts else "; no resource was changed."
        typer.echo(f"{stack} is up to date{done}")

    def unseen(self, stack: str) -> None:
        """Say what a preview without a refresh does not see."""
        by_hand = f"What was changed or deleted at AWS by hand is not seen: tenantnet up {stack} --refresh"
        typer.echo(f"Compared with what the stack remembers. {by_hand}")

    def next_steps(
        self, stack: str, endpoint: str | None, retiring: bool, waiting: Sequence[str] = ()
    ) -> None:
        """Say what can be done now.

        endpoint: of a tenant's database. retiring: its settings say so. waiting: tenants of a platform that
        have settings and no stack.
        """
        if retiring:
            typer.echo(f"Next: pulumi destroy --stack {stack}")
        elif waiting:
            typer.echo("\n".join(f"Next: tenantnet up {tenant} --create" for tenant in waiting))
        elif is_platform(stack):
            typer.echo(f"Next: tenantnet tenant add NAME --platform {stack} --username NAME")
        elif endpoint:
            made = {kind: self._made(kind) for kind in (types.DATABASE, types.VPC, types.VPN_CONNECTION)}
            # What was made beside a database has a next step of its own.
            beside = not made[types.DATABASE] and (made[types.VPC] or made[types.VPN_CONNECTION])
            typer.echo(f"The database is at {endpoint}.{'' if beside else f' Next: tenantnet open {stack}'}")
            self._say_guides(stack, made[types.VPN_CONNECTION], made[types.VPC])
            for step in made[types.VPC] if beside else ():
                slot = step.name.removeprefix(network_name(stack, ""))
                way = f"tenantnet migrate schedule {stack} --at TIME --timezone ZONE"
                typer.echo(f"Network {slot} is for a move: {way}")

    def _made(self, kind: str) -> list[Step]:
        news = (Operation.CREATE, Operation.REPLACE)
        return [step for step in self._progress.done if step.operation in news and step.type == kind]

    def _say_guides(self, tenant: str, connections: Sequence[Step], networks: Sequence[Step]) -> None:
        """Name the guide of each VPN connection that was made."""
        slots = {
            step: slot
            for step in connections
            for slot in Slot
            if step.name.startswith(f"{network_name(tenant, slot)}-")
        }
        if not slots:
            return
        typer.echo("New VPN connections wait for the company's device, which is set up by a guide:")
        for step, slot in slots.items():
            name = quote(_description(step))
            say(f"  tenantnet vpn download {tenant} {name} --network {slot} --output DIR")
        # Of a new network there was no guide.
        if {network_name(tenant, slot) for slot in slots.values()} - {step.name for step in networks}:
            typer.echo("Endpoints and keys are new: a guide from before, if there was one, is of no use.")

    def _line(self, change: Step) -> str:
        if change.status is Status.STARTED:
            takes_long = wait_for(change).seconds >= LONG
            return f"{_named(change)}: waits until {_expected(change)}" if takes_long else ""
        if change.status is Status.FAILED:
            return f"failed: {_named(change)}"
        done, total = len(self._progress.done), self._progress.total
        number = f"{done:{len(str(total))}}/{total}"
        return f"[{number}] {change.operation.done} {change.kind} {change.name} ({spell(change.seconds)})"

    def _say(self, line: str) -> None:
        typer.echo(line)
        self._spoke = time.monotonic()


class LiveView(LineView):
    """A table that is drawn again: a bar, what runs and what that waits for, what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self._live = Live(console=console(), refresh_per_second=4, transient=True)
        self._note = ""

    @contextmanager
    def previewing(self, stack: str) -> Iterator[None]:
        with console().status(f"Previewing {stack}, with the policy pack"):
            yield

    @contextmanager
    def updating(self, stack: str, progress: Progress) -> Iterator[None]:
        self._progress = progress
        self._live.update(self._drawn())
        with self._live:
            yield

    def tick(self, change: Step | None) -> None:
        # A line stays of what took long or failed.
        if change and (change.seconds >= LONG or change.status is Status.FAILED):
            self._live.console.print(self._line(change), markup=False)
        self._live.update(self._drawn())

    def stopping(self, times: int) -> None:
        self._note = _STOPPING if times == 1 else _ENDING

    def _drawn(self) -> Group:
        progress = self._progress
        running = slowest_first(progress.running.values())
        rows = Table.grid(padding=(0, 2, 0, 0))
        for change in running[:_AT_LEAST_SHOWN]:
            passed, wait = _passed(change), wait_for(change)
            rows.add_row(
                Text(_named(change)),
                ProgressBar(total=1.0, completed=min(1.0, passed / wait.seconds), width=16),
                Text(f"{spell(passed)} of about {spell(wait.seconds)}"),
                Text(f"until {wait.until}", style="dim"),
            )
        more = len(running) - _AT_LEAST_SHOWN
        next_ones = ", ".join(f"{change.kind} {change.name}" for change in progress.next()[:3])
        lines = [
            (f"and {more} more" if more > 0 else "", "dim"),
            (f"then {next_ones}" if next_ones else "", "dim"),
            (self._note, "yellow"),
        ]
        head = Text(f"{len(progress.done)} of {progress.total} done", style="bold")
        return Group(head, rows, *(Text(line, style=style) for line, style in lines if line))


class JsonView:
    """One JSON document a line."""

    def made(self, stack: str, what: str, file: str) -> None:
        _emit("made", stack=stack, what=what, file=file)

    def previewing(self, *_: object) -> AbstractContextManager[None]:
        return nullcontext()

    updating = previewing

    def findings(self, progress: Progress) -> None:
        for found in progress.violations:
            _emit(
                "finding", policy=found.policy, level=found.level, resource=found.resource, text=found.message
            )

    def plan(self, stack: str, plan: Plan, last: int | None, means: Consequences) -> None:
        changes = [{**_fields(change), "properties": list(change.properties)} for change in plan.changes]
        _emit(
            "plan",
            stack=stack,
            changes=changes,
            expectedSeconds=plan.seconds,
            verdict=str(means.verdict),
            effects=list(means.effects),
        )

    def tick(self, change: Step | None) -> None:
        if change:
            _emit(str(change.status), **_fields(change), seconds=change.seconds)

    def stopping(self, times: int) -> None:
        _emit("stopping", times=times)

    def stopped(self, stack: str, progress: Progress) -> None:
        counts = progress.counts_done()
        _emit("end", stack=stack, result="stopped", changes=counts, state=state_of(progress))

    def next_steps(self, *_: object) -> None:
        """Programs know them."""

    unseen = next_steps

    def end(self, stack: str, progress: Progress, seconds: int) -> None:
        _emit("end", stack=stack, result="done", changes=progress.counts_done(), seconds=seconds)


View = LineView | JsonView


def view(*, as_json: bool) -> View:
    """The view for what standard output is."""
    if as_json:
        return JsonView()
    return LiveView() if sys.stdout.isatty() else LineView()


def _emit(event: str, **fields: object) -> None:
    print_json({"event": event, **fields}, indent=None)


def _fields(change: Step) -> dict[str, str]:
    return {"operation": str(change.operation), "type": change.type, "name": change.name}


def _planned(stack: str, plan: Plan, last: int | None, means: Consequences) -> list[Text | Table]:
    if not plan.changes:
        words = "no resource changes" + (", only what the stack remembers." if plan.outputs_change else ".")
        return [Text(f"{stack}: {words}")]
    counted = Counter(change.operation for change in plan.changes)
    head = in_words({f"to {operation}": counted[operation] for operation in Operation})
    longest = slowest_first(plan.slowest)[0]
    expectation = (
        f"At AWS this typically takes {about(plan.seconds)}; longest: {_named(longest)} "
        f"({spell(wait_for(longest).seconds)})."
    )
    parts: list[Text | Table] = [Text(f"{stack}: {head}\n"), _changes(plan), Text(f"\n{expectation}")]
    if last:
        parts.append(Text(f"The stack's last update took {spell(last)}."))
    parts.append(Text(f"\nThis update: {means.verdict.words}", style="bold"))
    parts += [Text(f"- {line}") for line in (*means.effects, *means.changes)]
    return parts


def _changes(plan: Plan) -> Table:
    """Every change by itself, except many new resources: those by their kinds."""
    created = [change for change in plan.changes if change.operation is Operation.CREATE]
    single = [change for change in plan.changes if change not in created or len(created) <= _LISTED]
    rows = sorted(
        (str(change.operation), change.kind, change.name, ", ".join(change.properties)) for change in single
    )
    name = "Name"
    if len(created) > _LISTED:
        kinds = Counter(change.kind for change in created)
        rows += [("create", kind, f"{number} new", "") for kind, number in sorted(kinds.items())]
        name = "Name, or how many"
    columns = ("Operation", "Resource", name, "What differs")
    # Of what is new nothing differs.
    shown = len(columns) if any(row[-1] for row in rows) else len(columns) - 1
    return table("What the update does", columns[:shown], [row[:shown] for row in rows])


def _named(change: Step) -> str:
    return f"{change.operation} {change.kind} {change.name}"


def _description(connection: Step) -> str:
    """As people call a VPN connection."""
    tags = ((connection.new and connection.new.inputs) or {}).get("tags") or {}
    return str(tags.get(Tag.DESCRIPTION) or "DESCRIPTION")


def _passed(change: Step) -> int:
    return max(0, int(time.time()) - change.time)


def _expected(change: Step) -> str:
    wait = wait_for(change)
    return f"{wait.until} (typically {spell(wait.seconds)} at AWS)"


def about(seconds: int) -> str:
    """An estimate for people, no more exact than it is: `about 11 min`."""
    return f"about {round(seconds / 60)} min" if seconds >= 60 else f"about {seconds} s"


def spell(seconds: int) -> str:
    """A duration for people: `42 s`, `10 min`, `1 min 48 s`."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
