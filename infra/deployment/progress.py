"""How far an update is, and the error of one that did not finish: whose mistake it was, what to do. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pulumi.automation import EngineEvent
from tenantnet.deployment.plan import Plan
from tenantnet.deployment.waits import slowest_first
from tenantnet.engine.events import Diagnostic, EngineLog, Operation, Status, Step
from tenantnet.engine.existing import AWS_ERROR, UNKNOWN, ways_out
from tenantnet.engine.protection import refuse_protected
from tenantnet.failure import Failure
from tenantnet.refusal import Refused

# The end of the message when the program has refused something.
_BY_PROGRAM = "Nothing was created or changed."
# In what the program itself could not do.
_FAILURE = "\n  reason: "
# As language_host/run.py words an error that nobody has foreseen; behind it come the program's steps.
_PROGRAM_FAILED = "the program failed: "
_NOTHING = "Nothing was changed."
_INDENT = "\n" + 10 * " "


@dataclass
class Progress(EngineLog):
    """The changes of an update, or of a preview, which has no plan; `running` holds them as they started."""

    plan: Plan | None = None
    running: dict[tuple[str, Operation], Step] = field(default_factory=dict)
    done: list[Step] = field(default_factory=list)
    failed: list[Step] = field(default_factory=list)

    def take(self, event: EngineEvent) -> Step | None:
        """Add an event; return the change that it reports, if it reports one."""
        step = super().take(event)
        if step is None or not step.is_change:
            return None
        if step.status is Status.STARTED:
            self.running[step.key] = step
            return step
        began = self.running.pop(step.key, step)
        ended = replace(step, seconds=step.time - began.time)
        (self.done if step.status is Status.DONE else self.failed).append(ended)
        return ended

    @property
    def total(self) -> int:
        """How many changes there will be."""
        return len(self.plan.changes) if self.plan else 0

    def left(self) -> list[Step]:
        """The changes that have not started."""
        begun = {change.key for change in (*self.running.values(), *self.done, *self.failed)}
        return [change for change in self.plan.changes if change.key not in begun] if self.plan else []

    def next(self) -> list[Step]:
        """What waits for something that runs, the slowest first."""
        depends_on = self.plan.depends_on if self.plan else {}
        busy = {urn for urn, _ in self.running}
        return slowest_first(each for each in self.left() if depends_on.get(each.urn, frozenset()) & busy)

    def counts_done(self) -> dict[str, int]:
        """How many changes are done, by their operation in the past tense."""
        counted = Counter(step.operation for step in self.done)
        return {operation.done: counted[operation] for operation in Operation if counted[operation]}


def in_words(counts: Mapping[str, int]) -> str:
    """Counts in one line, without those of nothing: `1 created, 2 updated`."""
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def names(changes: Iterable[Step]) -> str:
    """Changes by their resources, in one line."""
    return ", ".join(f"{change.name} ({change.kind})" for change in changes)


def refusal(progress: Progress) -> str | None:
    """The refusal of the program, a policy or a protection, for the author to fix.

    None if none refuses, or an update has done something before. What a preview has done is to look.
    """
    if progress.plan and progress.done:
        return None
    texts = [problem.message for problem in progress.errors]
    if said := [text for text in texts if Refused.is_in(text) and _BY_PROGRAM in text]:
        return "\n".join(said).replace(_BY_PROGRAM, _NOTHING)
    changed = {step.urn: step.properties for step in progress.steps}
    if kept := [each for text in texts for each in refuse_protected(text, changed)]:
        return f"{Refused('The update', kept)}\n{_NOTHING}"
    if not (broken := [each for each in progress.violations if each.mandatory]):
        return None
    count = f"{len(broken)} {'policy is' if len(broken) == 1 else 'policies are'} broken"
    return "\n".join([f"The update: {count}", *map(str, broken), _NOTHING])


def failure(stack: str, progress: Progress, said: str) -> Failure:
    """A preview or an update that failed. said: Pulumi's words."""
    reasons, ways = list(dict.fromkeys(map(reason, progress.errors))) or [said], ways_out(progress)
    reason_lines = _INDENT.join([*reasons, *([UNKNOWN] if ways else [])])
    if progress.plan is None:
        remedy = "remove the cause, then try again"
        return Failure(f"Could not preview {stack}.", reason=reason_lines, remedy=remedy, state=_NOTHING)
    remedy = f"remove the cause, then run `tenantnet up {stack}` again: it goes on with what is missing"
    return Failure(
        f"Could not finish the update of {stack}.",
        reason=reason_lines,
        remedy=_INDENT.join([remedy, *ways]),
        state=state_of(progress),
    )


def reason(problem: Diagnostic) -> str:
    """A problem in one line: AWS's error if AWS refuses."""
    found = AWS_ERROR.search(problem.message)
    if _FAILURE in problem.message:
        return problem.message
    words = f"AWS answered {found['code']}: {found['words']}" if found else _line_with_words(problem.message)
    return f"{problem.resource}: {words}" if problem.resource else words


def state_of(progress: Progress) -> str:
    """What was and was not changed by an update that did not finish."""
    done = in_words(progress.counts_done())
    lines = [f"Done: {done}; the stack has it in its state." if done else "Done: nothing."]
    if progress.failed:
        lines.append(f"Failed: {names(progress.failed)}.")
    if progress.running:
        cut_off = names(progress.running.values())
        lines.append(f"Cut off, and perhaps done: {cut_off}. `pulumi refresh` finds out.")
    if left := progress.left():
        lines.append(f"Not started: {len(left)} of {progress.total}.")
    return "\n".join(lines)


def _line_with_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if text.startswith(_PROGRAM_FAILED):
        return lines[0]
    return lines[-1] if lines else "no reason was given"
