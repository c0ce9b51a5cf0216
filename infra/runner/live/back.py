"""The way back, while the former production follows; and its end, when it is given up."""

from __future__ import annotations

from tenantnet.runner.live import accounts, events, fence, follow, sql
from tenantnet.runner.live.accounts import REPLICATION
from tenantnet.runner.live.cut import Before
from tenantnet.runner.live.session import GuardError, Session


def prepare(former: Session, production: Session, keep: frozenset[str]) -> None:
    """Close the former production, which is no longer read-only, so that a cut can lead back to it.

    Nobody must reach its port: accounts that arrived meanwhile are open until they are locked here.
    Raises GuardError if it is read-only still, or does not follow.
    """
    fence.assert_writable(former)
    follow.look(former, production, keep)
    fence.end_sessions(former, keep, seconds=10)
    fence.assert_closed(former, keep)
    # As long as it follows, what it lacks of the logs would be known behind the fence only.
    follow.assert_follows(former, production)


def retire(production: Session, before: Before, keep: frozenset[str]) -> None:
    """Write into the binary log what the move has done without it: a restore to a point in time has it then.

    Raises GuardError as long as anybody follows: the former production would be opened.
    """
    if any(row["user"] == REPLICATION for row in production.rows(sql.FOLLOWERS)):
        raise GuardError(f"{production.name} is followed still, so nothing may be written for a restore")
    opened = set(accounts.open_accounts(production, keep))
    accounts.unlock_logged(production, [account for account in before.accounts if account in opened])
    enabled = set(events.enabled_events(production))
    events.enable_logged(production, [event for event in before.events if event in enabled])
