"""One stack's update, previewed, agreed to and carried out, shown as it goes."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import TypeVar

import typer
from pulumi.automation import CommandError, ConcurrentUpdateError, EngineEvent
from tenantnet.cli.confirmation import confirm, require_answer
from tenantnet.cli.output import INTERRUPTED
from tenantnet.cli.up.view import View, view
from tenantnet.deployment.plan import Plan, plan_of
from tenantnet.deployment.progress import Progress, failure, refusal
from tenantnet.engine.engine import Engine
from tenantnet.engine.events import said_in
from tenantnet.engine.locks import locked
from tenantnet.engine.update import StackUpdate
from tenantnet.failure import Failure
from tenantnet.phases.kept import beside_kept, in_config, in_outputs, refuse_changes
from tenantnet.phases.memory import readable
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.review.consequences import Consequences, consequences
from tenantnet.settings.files import judge_file, load_file, read_defaults
from tenantnet.settings.loading import PASSWORD_KEY
from tenantnet.settings.locking import edit_lock
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import parse_mapping
from tenantnet.settings.store import SettingsFile, read_settings_file, tenants_of

REFUSED = 2
# 32 characters of the database's password.
PASSWORD_BYTES = 24
# How often a view is drawn again while nothing happens.
_TICK_SECONDS = 0.25

STACK_MADE = Rule(
    id="stack-made",
    rule="a stack is created before its first update",
    reason="this Pulumi backend has no stack {stack}",
    remedy="create it: tenantnet up {stack} --create",
)
_T = TypeVar("_T")


def update_stack(
    project: Project,
    stack: str,
    policy_config: Path | None,
    *,
    yes: bool,
    as_json: bool,
    create: bool,
    refresh: bool,
) -> None:
    """Do what `tenantnet up` says. policy_config: levels and settings of the policies."""
    require_answer("The update", yes=yes, as_json=as_json)
    # Pulumi writes into the settings file: the stack's salt, and the password.
    with edit_lock(project.settings_folder) if create else nullcontext():
        made = _require_stack(project, stack, create=create)
    shown = view(as_json=as_json)
    if made:
        file = project.settings_file(stack).relative_to(project.folder)
        shown.made(stack, made, str(file))
    state = _state(made)
    update = StackUpdate(project, stack, policy_config, refresh=refresh)
    with _so_far(state):
        plan, means = _preview(update, stack, shown, state)
        if means.refusals:
            raise Refused(f"The update of {stack}", means.refusals)
    shown.plan(stack, plan, update.last(), means)
    if not plan.changes and not plan.outputs_change:
        shown.end(stack, Progress(), 0)
        if not refresh:
            shown.unseen(stack)
        return
    confirm(f"Update {stack}?", yes=yes, state=state)
    _update(update, stack, plan, shown, state)
    retiring = load_file(project.settings_file(stack), project.file).retiring
    endpoint = (Engine(project).outputs(stack) or {}).get("endpoint")
    shown.next_steps(stack, endpoint, retiring, without_stack(project, stack) if is_platform(stack) else [])


def without_stack(project: Project, platform: str) -> list[str]:
    """The tenants of a platform that have settings, valid ones, and no stack."""
    if wanted := [each.name for each in tenants_of(project, platform)[0]]:
        stacks = Engine(project).stacks()
        return [tenant for tenant in wanted if tenant not in stacks]
    return []


def _require_stack(project: Project, stack: str, *, create: bool) -> str:
    """What was made. Raises Refused for a stack without valid settings, or one that the backend lacks.

    create: make such a stack instead, and a password for the tenant's database if it has none.
    """
    file = read_settings_file(project, stack)
    _require_valid(project, file)
    engine = Engine(project)
    missing = engine.outputs(stack) is None
    if not create:
        if missing:
            raise Refused("The stack", [STACK_MADE.refuse(stack, stack=stack)])
        return ""
    made: list[str] = []
    document = parse_mapping(file.text, file.path.name)
    if missing:
        engine.create(stack, file.secrets_provider)
        made.append(f"the stack {stack}")
    # An environment of Pulumi ESC may have the password.
    if not (is_platform(stack) or PASSWORD_KEY in file.config or "environment" in document):
        with _so_far(_state(" and ".join(made))):
            engine.set_secret(stack, PASSWORD_KEY, secrets.token_urlsafe(PASSWORD_BYTES))
        made.append("a password for its database")
    return " and ".join(made)


def _require_valid(project: Project, file: SettingsFile) -> None:
    """Raises Refused with all problems of the file: of a deployed stack what it keeps is told instead."""
    verdict, exchanged = judge_file(file.path, read_defaults(project.file)), list[Refusal]()
    if not verdict.refusals:
        return
    with suppress(Failure):
        outputs = Engine(project).outputs(file.stack) or {}
        exchanged = refuse_changes(in_outputs(outputs), in_config(file.config), readable(outputs))
    raise Refused(verdict.subject, beside_kept(verdict.refusals, exchanged))


def _preview(update: StackUpdate, stack: str, shown: View, state: str) -> tuple[Plan, Consequences]:
    """state: what was changed so far."""
    progress = Progress()
    with _told(update, stack, progress, shown, state), shown.previewing(stack):
        document = _follow(update, update.preview, progress, None)
    shown.findings(progress)
    return plan_of([*progress.steps, *progress.begun], document), consequences(stack, progress)


def _state(made: str) -> str:
    """What was changed where an update is given up. made: before it."""
    return f"Nothing was changed, except what was made: {made}." if made else Refused.state


@contextmanager
def _so_far(state: str) -> Iterator[None]:
    """Errors within it say `state` where nothing else was changed."""
    try:
        yield
    except (Refused, Failure) as error:
        error.state = state if error.state == Refused.state else error.state
        raise


def _update(update: StackUpdate, stack: str, plan: Plan, shown: View, state: str) -> None:
    progress, began = Progress(plan=plan), time.monotonic()
    with _told(update, stack, progress, shown, state), shown.updating(stack, progress):
        _follow(update, update.run, progress, shown)
    seconds = None
    # The figure that the next update will name as this one's; a history that is not read ends no update.
    with suppress(CommandError):
        seconds = update.last()
    shown.end(stack, progress, seconds or int(time.monotonic() - began))


@contextmanager
def _told(update: StackUpdate, stack: str, progress: Progress, shown: View, state: str) -> Iterator[None]:
    """Say why Pulumi has given up a preview or an update, and end."""
    try:
        yield
    except ConcurrentUpdateError as error:
        raise locked(f"update {stack}", stack, str(error)) from None
    except CommandError as error:
        if update.command.interrupted:
            if progress.plan:
                shown.stopped(stack, progress)
            else:
                typer.echo(f"Stopped while previewing. {state}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        if refused := refusal(progress):
            typer.echo(refused.replace(Refused.state, state), err=True)
            raise typer.Exit(REFUSED) from None
        raise failure(stack, progress, f"Pulumi says: {said_in(str(error))}") from None


def _follow(
    update: StackUpdate,
    operation: Callable[[Callable[[EngineEvent], None]], _T],
    progress: Progress,
    shown: View | None,
) -> _T:
    """Run the operation in another thread, and here take what it tells, until it has ended."""
    events: Queue[EngineEvent] = Queue()
    with ThreadPoolExecutor(1) as pool, _interrupting(update, shown):
        running: Future[_T] = pool.submit(operation, events.put)
        while not (running.done() and events.empty()):
            change = None
            with suppress(Empty):
                change = progress.take(events.get(timeout=_TICK_SECONDS))
            if shown:
                shown.tick(change)
        return running.result()


@contextmanager
def _interrupting(update: StackUpdate, shown: View | None) -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM stop the engine and not this process, which tells what came of it.

    A terminal that is closed stops neither: what a person has agreed to is not left half done.
    """

    def interrupt(*_: object) -> None:
        update.command.interrupt()
        if shown:
            shown.stopping(update.command.interrupted)

    handlers: dict[int, Callable[..., object] | signal.Handlers] = {
        **{signal.SIGINT: interrupt, signal.SIGTERM: interrupt},
        signal.SIGHUP: signal.SIG_IGN,
    }
    former = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
