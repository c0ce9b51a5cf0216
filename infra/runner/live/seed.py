"""The first acts on a copy that was restored: nobody is let in, and no event runs, before anything else."""

from __future__ import annotations

from tenantnet.runner.live import accounts, events, fence, sql
from tenantnet.runner.live.session import GuardError, Session

# The most that RDS takes: a week, in which people may let a copy follow.
RETENTION_HOURS = 168


def keep_logs(session: Session) -> None:
    """Keep the binary logs that the other side may need: on the source before its snapshot is taken."""
    session.rows(sql.KEEP_LOGS, RETENTION_HOURS)


def first_acts(copy: Session, source: Session, keep: frozenset[str]) -> None:
    """Close the copy and see that it can follow. Repeating it does no harm.

    Raises GuardError if an event could have run in it, or it does not continue its source.
    """
    keep_logs(copy)
    accounts.lock(copy, accounts.open_accounts(copy, keep))
    if enabled := events.enabled_events(copy):
        assert_scheduler(copy, runs=False)
        events.disable(copy, enabled)
    fence.end_sessions(copy, keep, seconds=10)
    fence.assert_closed(copy, keep)
    assert_continues(copy, source)


def assert_scheduler(session: Session, *, runs: bool) -> None:
    """Raises GuardError if events would run, or would not; asked of the server, whatever RDS says."""
    if (session.answer(sql.SCHEDULER) == "ON") is not runs:
        raise GuardError(f"the event scheduler of {session.name} is {'off' if runs else 'on'}")


def assert_continues(copy: Session, source: Session) -> None:
    """Raises GuardError if the copy cannot get what it lacks, or has what its source does not.

    What a copy wrote itself under its own name, as RDS may do in it, does no harm.
    """
    uuid, own = source.answer(sql.SERVER_UUID), copy.answer(sql.SERVER_UUID)
    has = fence.executed(copy)
    of_source = [part for part in has.split(",") if part.startswith(f"{uuid}:")]
    if any(":" in part.removeprefix(f"{uuid}:") for part in of_source):
        raise GuardError(f"{copy.name} lacks transactions of {source.name} in between: {of_source[0]}")
    if not copy.answer(sql.IS_SUBSET, _flat(source.answer(sql.PURGED)), has):
        raise GuardError(f"{source.name} has deleted binary logs that {copy.name} lacks")
    # Asked of the source after the copy: what is in the copy was in the source then.
    errant = str(copy.answer(sql.SUBTRACT, has, fence.executed(source)))
    if strange := [part for part in _flat(errant).split(",") if part and not part.startswith(f"{own}:")]:
        raise GuardError(f"{copy.name} has transactions that {source.name} has not: {', '.join(strange)}")


def _flat(transactions: object) -> str:
    return str(transactions).replace("\n", "")
