"""How an update that did not come to its end is told: whose mistake it was, and what to do. Pure."""

from __future__ import annotations

import re

from tenantnet.deployment.course import Course, Problem, names
from tenantnet.deployment.plan import Plan
from tenantnet.failure import Failure
from tenantnet.refusal import Refused

# How what the program itself has refused ends.
_BY_PROGRAM = "Nothing was created or changed."
_AWS_ERROR = re.compile(r"api error (?P<code>[A-Za-z.]+): (?P<words>[^\n]+)")
# In what the program itself could not do.
_FAILURE = "\n  reason: "
_NOTHING = "Nothing was changed."


def refusal(course: Course) -> str | None:
    """Why the program or a policy refuses the update, for its author to mend; None where neither does."""
    texts = [problem.text for problem in course.errors]
    if said := [text for text in texts if Refused.is_in(text) and _BY_PROGRAM in text]:
        return "\n".join(said).replace(_BY_PROGRAM, _NOTHING)
    if not (broken := course.broken):
        return None
    count = f"{len(broken)} {'policy is' if len(broken) == 1 else 'policies are'} broken"
    return "\n".join([f"The update: {count}", *map(str, broken), _NOTHING])


def failure(stack: str, course: Course, plan: Plan | None, said: str) -> Failure:
    """A preview or an update that failed. plan: of the update; None for a preview. said: Pulumi's words."""
    task = f"Could not finish the update of {stack}." if plan else f"Could not preview {stack}."
    reasons = list(dict.fromkeys(map(reason, course.errors))) or [said]
    state = state_of(course, plan) if plan else _NOTHING
    remedy = (
        f"see to the cause, then run `tenantnet up {stack}` again: it goes on with what is missing"
        if plan
        else "see to the cause, then try again"
    )
    return Failure(task, reason="\n          ".join(reasons), remedy=remedy, state=state)


def reason(problem: Problem) -> str:
    """A problem in one line: AWS's own words where it is AWS that refuses."""
    found = _AWS_ERROR.search(problem.text)
    if _FAILURE in problem.text:
        return problem.text
    words = f"AWS says {found['code']}: {found['words']}" if found else _last_line(problem.text)
    return f"{problem.resource}: {words}" if problem.resource else words


def state_of(course: Course, plan: Plan) -> str:
    """What was and was not changed by an update that did not come to its end."""
    done = ", ".join(f"{number} {word}" for word, number in course.counts().items()) or "nothing was changed"
    ended = {change.key for change in (*course.done, *course.failed)}
    cut_off = [change for change, _ in course.running.values()]
    ended |= {change.key for change in cut_off}
    left = [change for change in plan.changes if change.key not in ended]
    lines = [f"Done: {done}; the stack remembers it."]
    if course.failed:
        lines.append(f"Failed: {names(course.failed)}.")
    if cut_off:
        lines.append(f"Cut off, and perhaps done all the same: {names(cut_off)}. `pulumi refresh` finds out.")
    if left:
        lines.append(f"Not begun: {len(left)} of {len(plan.changes)}.")
    return "\n".join(lines)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
