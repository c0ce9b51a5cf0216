"""A scheduled move in a tenant's settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from tenantnet.phases.starts import LEAD
from tenantnet.proposals.proposal import Edit, Proposal
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.runner.move import Move
from tenantnet.runner.verification import secret_name
from tenantnet.settings.checks import check_duration, check_local_time, check_timezone
from tenantnet.settings.edit import TENANT, add_entry, remove_entry, set_scalar
from tenantnet.settings.project import Project
from tenantnet.settings.store import read_tenant
from tenantnet.tags import Strategy

TIME_AHEAD = Rule(
    id="time-ahead",
    rule="a move is scheduled for a time in the future",
    reason="in {timezone} it is {now} now",
    remedy="give a later time, or move at once: tenantnet migrate run {tenant} --now",
)


def schedule_move(
    project: Project,
    tenant: str,
    *,
    at: str,
    timezone: str,
    strategy: Strategy | None = None,
    retire_after: str = "24h",
    without: Sequence[str] = (),
) -> Proposal:
    """A move to the other network at a local time of a zone, after every check that is possible now.

    strategy: None for the usual one. retire_after: as in the settings. without: companies that stay behind,
    by description or range. Raises Refused with all that is in the way, Failure if Pulumi or AWS does not
    answer.
    """
    move = Move.of(project, tenant)
    chosen, strategy = strategy, strategy or move.usual_strategy
    refusals = [
        *_refuse_time(tenant, at, timezone, retire_after),
        *move.refuse_schedule(strategy, without),
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
    why = "" if chosen else move.why(strategy)
    time = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    what = f"move to {planned['to']} at {at} {timezone} ({time:%Y-%m-%d %H:%M} UTC), by {strategy}{why}."
    said = f"{what}\n{_who_starts(move, strategy, time)}{_reboot_missing(move, strategy)}"
    return Proposal.of(project, file, said, *_edits(planned, without))


def _edits(planned: Mapping[str, str], without: Sequence[str]) -> Iterator[Edit]:
    edit = partial(add_entry, path=TENANT, key="migration", value=planned)
    yield f"under tenantnet:tenant add migration: {planned}", edit
    if without:
        names = json.dumps([*without], ensure_ascii=False)
        stay = partial(set_scalar, path=(*TENANT, "migration"), key="without", value=names)
        yield f"under migration add without: {names}", stay


def cancel_move(project: Project, tenant: str) -> Proposal:
    """Without the scheduled move. Raises Refused if there is none, or it has begun."""
    move = Move.of(project, tenant)
    move.require_cancellable()
    file, _ = read_tenant(project, tenant)
    deploy = f"Deploy it, or the runner still starts: tenantnet up {tenant}.\n" if move.starts_at else ""
    edit = partial(remove_entry, path=TENANT, key="migration")
    said = (
        f"without the move.\n{deploy}A `tenantnet migrate run {tenant}` that waits for its time does not "
        "read\nthe settings again: end it."
    )
    return Proposal.of(project, file, said, ("under tenantnet:tenant remove migration", edit))


def _who_starts(move: Move, strategy: Strategy, time: datetime) -> str:
    """What is left to do for the move to begin, and when it does then."""
    tenant, minutes = move.settings.name, int(LEAD[strategy].total_seconds()) // 60
    ahead = f"{minutes // 60} hours" if minutes % 60 == 0 else f"{minutes} minutes"
    if move.platform.runner_project is None:
        late = ", so at once" if datetime.now(UTC) > time - LEAD[strategy] else ""
        return (
            f"The platform has no runner. Start `tenantnet migrate run {tenant}` yourself,\n"
            f"at least {ahead} before the time{late}: it waits for the time.{_login_missing(move, strategy)}"
        )
    compared = (
        f"It compares the data with the login in the\nsecret {secret_name(tenant)}."
        if move.platform.runner_compares
        else "It does not compare the data."
    )
    return (
        f"Deploy it: tenantnet up {tenant}. The platform's runner then starts {ahead} before the time,\n"
        f"or at once if that is past. {compared} To see when it starts:\n"
        f"tenantnet migrate status {tenant}"
    )


def _login_missing(move: Move, strategy: Strategy) -> str:
    """What a run by hand will refuse, said while there is time."""
    tenant = move.settings.name
    if move.has_login is not False:
        return ""
    needs = "It" if strategy is Strategy.LIVE else "Without --unverified it"
    return (
        f"\nThere is no login yet that the run compares the data with. {needs} needs one:\n"
        f"tenantnet migrate login {tenant}"
    )


def _reboot_missing(move: Move, strategy: Strategy) -> str:
    """What a run by live may refuse before it makes anything, said while there is time."""
    if strategy is not Strategy.LIVE or (database := move.waits_for_reboot) is None:
        return ""
    return (
        f"\nRDS says that parameters of {database} wait for a reboot. If gtid-mode is among them, the run\n"
        "ends before it makes anything. Reboot the database before:\n"
        f"aws rds reboot-db-instance --db-instance-identifier {database} --region {move.platform.region}"
    )


def _refuse_time(tenant: str, at: str, timezone: str, retire_after: str) -> list[Refusal]:
    """What is wrong with the time, which must be ahead. Whether it exists there is judged with the file."""
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
