"""Describes a fleet's run: what happened to a tenant, how long the rest takes, the report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tenantnet.engine.events import Operation
from tenantnet.fleet.record import FleetOperation, RunRecord, RunStatus, TenantRecord

# What to do about drift.
WAY_BACK = (
    "`tenantnet up {tenant} --refresh` puts back what is gone or was changed. What the stack does not "
    "declare, delete by hand, or declare it."
)
# In the order of their weight.
_CHANGES = (Operation.DELETE, Operation.REPLACE, Operation.CREATE, Operation.UPDATE)

_STATUSES = {
    RunStatus.DONE: "done",
    RunStatus.FAILED: "failed",
    RunStatus.STOPPED: "interrupted",
    RunStatus.RUNNING: "under way",
    RunStatus.WAITING: "not begun",
}


def changes_in_words(found: TenantRecord, operation: FleetOperation) -> str:
    """What was, or would be, changed: `1 to delete, 3 to create`."""
    if found.proved:
        return "unchanged, proved"
    if operation is FleetOperation.DRIFT:
        return f"{len(found.findings)} differences" if len(found.findings) != 1 else "1 difference"
    parts = [
        f"{number} to {change}" if operation is FleetOperation.PREVIEW else f"{number} {change.done}"
        for change in _CHANGES
        if (number := found.changes.get(change))
    ]
    return ", ".join(parts) or "no change"


def time_left_in_words(least: float, most: float) -> str:
    """Such as `2 to 4 min left`, of seconds; one figure where both come to the same."""
    unit, seconds = ("s", 1) if most < 90 else ("min", 60)
    low, high = round(least / seconds), round(most / seconds)
    return f"about {high} {unit} left" if low >= high else f"{low} to {high} {unit} left"


def summary(record: RunRecord) -> str:
    """Such as `9 done, 1 failed, 40 not begun`, of drift `9 compared`, and how many are proved unchanged."""
    counts = Counter(each.status for each in record.tenants.values())
    words = {
        **_STATUSES,
        **({RunStatus.DONE: "compared"} if record.operation is FleetOperation.DRIFT else {}),
    }
    text = ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])
    proved = sum(each.proved for each in record.tenants.values())
    return f"{text}; {proved} unchanged, proved without an engine" if proved else text


def as_markdown(record: RunRecord) -> str:
    """The report of a run."""
    lines = [f"# fleet {record.operation}: {summary(record)}", ""]
    lines += [f"Run {record.run}, {record.parallel} at once.", ""]
    if record.waves:
        lines += [f"{record.soaked} of {len(record.divided())} waves have passed.", ""]
    if record.held:
        lines += [held_in_words(record), ""]
    lines += ["| tenant | | changes | seconds |", "|---|---|---|---:|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(record)]
    for title, texts in _details(record).items():
        lines += ["", f"## {title}", "", *texts]
    lines += [line for text in way_back(record) for line in ("", text)]
    if record.has_rest:
        lines += ["", way_on(record)]
    return "\n".join(lines) + "\n"


def held_in_words(record: RunRecord) -> str:
    """Why a wave has not passed, and what that means for the next one, if there is one."""
    return f"A wave has not passed, and no further one was begun: {record.held}"


def way_back(record: RunRecord) -> list[str]:
    """What to do about drift that was found; nothing where there is none."""
    found = [name for name, each in record.tenants.items() if each.findings]
    return [WAY_BACK.format(tenant=found[0] if len(found) == 1 else "TENANT")] if found else []


def way_on(record: RunRecord) -> str:
    """How what is left of a run is done."""
    if record.batch:
        return "What is not done is done by running its slice again, with the same --batch and --slice."
    does = "goes on with what is not done" if record.left() else "looks at the last wave's alarms again"
    return f"`tenantnet fleet {record.operation} --resume` {does}."


def rows(record: RunRecord) -> list[tuple[str, str, str, str]]:
    """The tenants in a table: name, status, changes, seconds."""
    return [
        (
            name,
            found.status,
            changes_in_words(found, record.operation) if found.status is RunStatus.DONE else "",
            "" if found.seconds is None else f"{found.seconds:.1f}",
        )
        for name, found in sorted(record.tenants.items())
    ]


def _details(record: RunRecord) -> Mapping[str, Sequence[str]]:
    """What a table has no room for, by tenant: findings and reasons."""
    details: dict[str, list[str]] = {}
    for name, found in sorted(record.tenants.items()):
        if found.findings:
            details[name] = [f"- {finding}" for finding in found.findings]
        elif found.note:
            details[name] = [found.note]
        elif found.reason:
            printed = ["", f"Everything it printed: `{found.log}`"] if found.log else []
            details[name] = ["```text", found.reason, "```", *printed]
    return details
