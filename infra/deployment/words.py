"""The error of an update that did not finish: whose mistake it was, and what to do. Pure."""

from __future__ import annotations

import re

from tenantnet.deployment.progress import Progress, in_words, names
from tenantnet.engine.events import Diagnostic
from tenantnet.failure import Failure
from tenantnet.refusal import Refused

# The end of the message when the program has refused something.
_BY_PROGRAM = "Nothing was created or changed."
_AWS_ERROR = re.compile(r"api error (?P<code>[A-Za-z.]+): (?P<words>[^\n]+)")
# In what the program itself could not do.
_FAILURE = "\n  reason: "
_NOTHING = "Nothing was changed."


def refusal(progress: Progress) -> str | None:
    """The refusal of the program or a policy, for the author to fix; None if neither refuses."""
    texts = [problem.message for problem in progress.errors]
    if said := [text for text in texts if Refused.is_in(text) and _BY_PROGRAM in text]:
        return "\n".join(said).replace(_BY_PROGRAM, _NOTHING)
    if not (broken := [each for each in progress.violations if each.mandatory]):
        return None
    count = f"{len(broken)} {'policy is' if len(broken) == 1 else 'policies are'} broken"
    return "\n".join([f"The update: {count}", *map(str, broken), _NOTHING])


def failure(stack: str, progress: Progress, said: str) -> Failure:
    """A preview or an update that failed. said: Pulumi's words."""
    reasons = list(dict.fromkeys(map(reason, progress.errors))) or [said]
    reason_lines = "\n          ".join(reasons)
    if progress.plan is None:
        remedy = "remove the cause, then try again"
        return Failure(f"Could not preview {stack}.", reason=reason_lines, remedy=remedy, state=_NOTHING)
    return Failure(
        f"Could not finish the update of {stack}.",
        reason=reason_lines,
        remedy=f"remove the cause, then run `tenantnet up {stack}` again: it goes on with what is missing",
        state=state_of(progress),
    )


def reason(problem: Diagnostic) -> str:
    """A problem in one line: AWS's error if AWS refuses."""
    found = _AWS_ERROR.search(problem.message)
    if _FAILURE in problem.message:
        return problem.message
    words = f"AWS answered {found['code']}: {found['words']}" if found else _last_line(problem.message)
    return f"{problem.resource}: {words}" if problem.resource else words


def state_of(progress: Progress) -> str:
    """What was and was not changed by an update that did not finish."""
    done = in_words(progress.counts_done())
    lines = [f"Done: {done or 'nothing was changed'}; the stack remembers it."]
    if progress.failed:
        lines.append(f"Failed: {names(progress.failed)}.")
    if progress.running:
        cut_off = names(progress.running.values())
        lines.append(f"Cut off, and perhaps done: {cut_off}. `pulumi refresh` finds out.")
    if left := progress.left():
        lines.append(f"Not started: {len(left)} of {progress.total}.")
    return "\n".join(lines)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
