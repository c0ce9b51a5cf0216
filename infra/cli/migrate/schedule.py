"""`tenantnet migrate schedule` and `cancel`: a move in a tenant's settings file."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from tenantnet.cli.options import Tenant
from tenantnet.cli.project import edits_settings, working_project, write_settings
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.edit import TENANT, add_entry, remove_entry, set_scalar
from tenantnet.tags import Strategy

if TYPE_CHECKING:
    from tenantnet.runner.move import Move

TIME_AHEAD = Rule(
    id="time-ahead",
    rule="a move is scheduled for a time in the future",
    reason="in {timezone} it is {now} now",
    remedy="give a later time, or move at once: tenantnet migrate run {tenant} --now",
)


At = Annotated[str, typer.Option(help="Local date and time: YYYY-MM-DDTHH:MM.")]
Timezone = Annotated[str, typer.Option(help="Its time zone, such as Europe/Amsterdam.")]
How = Annotated[Strategy, typer.Option(help="replica: minutes of downtime. snapshot: more. live: not yet.")]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COMPANY",
        help="A company that stays behind, by description or range: it loses the database at the switch. "
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
    strategy: How = Strategy.REPLICA,
    retire_after: RetireAfter = "24h",
    without: Without = None,
) -> None:
    """Schedule a move in a tenant's settings, after every check that is possible now.

    Example: tenantnet migrate schedule acme --at 2026-12-01T02:00 --timezone Europe/Amsterdam
    """
    from tenantnet.runner.move import Move
    from tenantnet.settings.store import read_tenant

    project = working_project()
    move = Move.of(project, tenant)
    left_behind = without or []
    refusals = [
        *_refuse_time(tenant, at, timezone, retire_after),
        *move.refuse_schedule(strategy, left_behind),
    ]
    if refusals:
        raise Refused("The move", refusals)
    file, _ = read_tenant(project, tenant)
    planned = {
        "to": str(move.state.production.other),
        "at": at,
        "timezone": timezone,
        "strategy": str(strategy),
        "retireAfter": retire_after,
    }
    said = f"move to {planned['to']} at {at} {timezone}, by {strategy}.\n{_who_starts(move, strategy)}"
    edit = partial(add_entry, path=TENANT, key="migration", value=planned)
    names = json.dumps(left_behind, ensure_ascii=False)
    stays_behind = (
        f"under migration add without: {names}",
        partial(set_scalar, path=(*TENANT, "migration"), key="without", value=names),
    )
    write_settings(
        project,
        file,
        said,
        (f"under tenantnet:tenant add migration: {planned}", edit),
        *([stays_behind] if left_behind else []),
    )


def _who_starts(move: Move, strategy: Strategy) -> str:
    """What is left to do for the move to begin, and when it does then."""
    from tenantnet.phases.starts import LEAD
    from tenantnet.runner.verification import secret_name

    tenant, minutes = move.settings.name, int(LEAD[strategy].total_seconds()) // 60
    ahead = f"{minutes // 60} hours" if minutes % 60 == 0 else f"{minutes} minutes"
    if move.platform.runner_project is None:
        return (
            f"The platform has no runner. Start `tenantnet migrate run {tenant}` yourself,\n"
            f"at least {ahead} before the time: it waits for the time.{_login_missing(move)}"
        )
    compared = (
        f"It compares the data with the login in the\nsecret {secret_name(tenant)}."
        if move.platform.runner_compares
        else "It does not compare the data."
    )
    return (
        f"Deploy it: pulumi up --stack {tenant}. The platform's runner then starts {ahead} before the time,\n"
        f"or at once if that is past. {compared} To see when it starts:\n"
        f"tenantnet migrate status {tenant}"
    )


def _login_missing(move: Move) -> str:
    """What a run by hand will refuse, said while there is time."""
    tenant = move.settings.name
    if not move.is_without_login:
        return ""
    return (
        "\nThere is no login yet that the run compares the data with. Without --unverified it needs one:\n"
        f"tenantnet migrate login {tenant}"
    )


@edits_settings
def cancel(tenant: Tenant) -> None:
    """Remove a scheduled move from a tenant's settings, before it begins or after it has ended.

    Example: tenantnet migrate cancel acme
    """
    from tenantnet.runner.move import Move
    from tenantnet.settings.store import read_tenant

    project = working_project()
    move = Move.of(project, tenant)
    move.require_cancellable()
    file, _ = read_tenant(project, tenant)
    deploy = f"Deploy it, or the runner still starts: pulumi up --stack {tenant}.\n" if move.starts_at else ""
    edit = partial(remove_entry, path=TENANT, key="migration")
    said = (
        f"without the move.\n{deploy}A `tenantnet migrate run {tenant}` that waits for its time does not "
        "read the settings again: end\nit."
    )
    write_settings(project, file, said, ("under tenantnet:tenant remove migration", edit))


def _refuse_time(tenant: str, at: str, timezone: str, retire_after: str) -> list[Refusal]:
    """What is wrong with the time, which must be ahead. Whether it exists there is judged with the file."""
    from tenantnet.settings.checks import check_duration, check_local_time, check_timezone

    refusals = [
        *(refusal.at("--at") for refusal in check_local_time(at)),
        *(refusal.at("--timezone") for refusal in check_timezone(timezone)),
        *(refusal.at("--retire-after") for refusal in check_duration(retire_after)),
    ]
    if not refusals:
        zone = ZoneInfo(timezone)
        now = datetime.now(zone)
        if datetime.fromisoformat(at).replace(tzinfo=zone) <= now:
            shown = f"{now:%Y-%m-%dT%H:%M}"
            refusals.append(TIME_AHEAD.refuse(at, "--at", timezone=timezone, now=shown, tenant=tenant))
    return refusals
