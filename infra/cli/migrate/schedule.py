"""`tenantnet migrate schedule` and `cancel`: a move in a tenant's settings file."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.options import Tenant
from tenantnet.cli.project import edits_settings, working_project, write
from tenantnet.tags import USUAL_STRATEGY, Strategy

At = Annotated[str, typer.Option(help="Local date and time: YYYY-MM-DDTHH:MM.")]
Timezone = Annotated[str, typer.Option(help="Its time zone, such as Europe/Amsterdam.")]
How = Annotated[
    Strategy | None,
    typer.Option(
        help="Writes are held back: replica, for minutes; snapshot, for longer; live, for about a second. "
        f"[default: {USUAL_STRATEGY}]"
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COMPANY_CIDR|DESCRIPTION",
        help="The VPN connection of a company that stays behind: it loses the database at the switch. "
        "Several are possible.",
    ),
]
RetireAfter = Annotated[
    str, typer.Option(help="How long the former database waits before it is deleted: 1h to 30d.")
]


@edits_settings
def schedule(
    tenant: Tenant,
    *,
    at: At,
    timezone: Timezone,
    strategy: How = None,
    retire_after: RetireAfter = "24h",
    without: Without = None,
) -> None:
    """Schedule a move in a tenant's settings, after every check that is possible now.

    Example: tenantnet migrate schedule acme --at 2026-12-01T02:00 --timezone Europe/Amsterdam
    """
    from tenantnet.proposals.moves import schedule_move

    write(
        schedule_move(
            working_project(),
            tenant,
            at=at,
            timezone=timezone,
            strategy=strategy,
            retire_after=retire_after,
            without=without or [],
        )
    )


@edits_settings
def cancel(tenant: Tenant) -> None:
    """Remove a scheduled move from a tenant's settings, before it begins or after it has ended.

    Example: tenantnet migrate cancel acme
    """
    from tenantnet.proposals.moves import cancel_move

    write(cancel_move(working_project(), tenant))
