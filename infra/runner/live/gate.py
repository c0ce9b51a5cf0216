"""The gate: the follower is level and nothing is in the way, five times running, before the fence."""

from __future__ import annotations

import time
from collections.abc import Callable

from tenantnet.runner.live import fence, sql
from tenantnet.runner.live.cut import Servers
from tenantnet.runner.live.follow import look
from tenantnet.runner.live.session import GuardError

PASSES, PAUSE_SECONDS = 5, 0.1
# How late the follower may be at a look; and what takes so long behind the fence that it is not begun.
LEVEL_SECONDS, LONG_SECONDS, MANY_ROWS = 0.2, 2, 10_000


def wait(servers: Servers, seconds: float, tell: Callable[[str], None] = lambda _: None) -> None:
    """Return right behind the fifth good look running. Raises GuardError with what was in the way last.

    tell: told what is in the way, once each time that it changes.
    """
    until, passed, last = time.monotonic() + seconds, 0, ""
    while passed < PASSES:
        why = in_the_way(servers)
        passed = 0 if why else passed + 1
        if why and why != last:
            tell(why)
        last = why or last
        if why and time.monotonic() > until:
            raise GuardError(why)
        if passed < PASSES:
            time.sleep(PAUSE_SECONDS)


def in_the_way(servers: Servers) -> str | None:
    """What would lengthen the gap or take the cut back, in words; None if nothing would."""
    source, target = servers.source, servers.target
    try:
        fence.assert_writable(target)
        look(target, source, servers.keep)
        fence.assert_closed(target, servers.keep)
        fence.assert_level(source, target, LEVEL_SECONDS, written_meanwhile=True)
    except GuardError as guard:
        return str(guard)
    if prepared := source.rows(sql.PREPARED_BRANCHES):
        return f"transactions of XA are prepared on {source.name}: {prepared[0]['data']}"
    if great := source.rows(sql.GREAT_CHANGES, MANY_ROWS):
        return (
            f"session {great[0]['id']} on {source.name} has changed {great[0]['rows']} rows and not committed"
        )
    if long := source.rows(sql.LONG_CHANGES, LONG_SECONDS):
        row = long[0]
        return f"session {row['id']} on {source.name} works since {row['seconds']} s: {row['statement']}"
    return None
