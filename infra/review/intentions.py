"""Changes of the settings that no resource shows: a scheduled move, a phase that stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import Phase
from tenantnet.phases.updates import RUNNER_ONLY, retired_note
from tenantnet.refusal import Refused
from tenantnet.settings.models import MigrationSettings, TenantSettings
from tenantnet.tags import Strategy

DOWNTIME = {Strategy.REPLICA: "minutes of downtime", Strategy.SNAPSHOT: "about 45 minutes of downtime"}


def intentions(before: TenantSettings | None, after: TenantSettings | None) -> list[str]:
    """What the settings newly intend. None: there are no settings, or they are invalid."""
    return [*_migration(before, after), *_departure(before, after)] if after else []


def _migration(before: TenantSettings | None, after: TenantSettings) -> Iterator[str]:
    old, new = before.migration if before else None, after.migration
    if new is None:
        if old:
            yield f"cancels the move to {old.to} that was scheduled for {_time(old)}"
    elif old is None:
        yield f"schedules the move to {_place(new, after)} for {_time(new)}, {_way(new)}"
    elif old != new:
        now = f"to {_place(new, after)} at {_time(new)}, {_way(new)}"
        yield f"changes the scheduled move: {now}; it was {_time(old)}"


def _time(migration: MigrationSettings) -> str:
    """In the tenant's time zone, and in UTC."""
    return f"{migration.at:%Y-%m-%d %H:%M} {migration.timezone} ({migration.instant:%Y-%m-%d %H:%M} UTC)"


def _place(migration: MigrationSettings, settings: TenantSettings) -> str:
    network = settings.networks.get(migration.to)
    return f"{migration.to}, {network.cidr}," if network else str(migration.to)


def _way(migration: MigrationSettings) -> str:
    return f"by {migration.strategy}: {DOWNTIME[migration.strategy]} then, none now"


def _departure(before: TenantSettings | None, after: TenantSettings) -> Iterator[str]:
    was = before is not None and before.retiring
    if after.retiring and not was:
        yield f"gives the tenant up: then `pulumi destroy --stack {after.name}` can delete its database"
    elif was and not after.retiring:
        yield "keeps the tenant after all: its database is protected again"


def phase_notes(outputs: Mapping[str, Any]) -> list[str]:
    """Notes about a move in the stack that this update does not touch."""
    try:
        state = remembered(outputs)
    except Refused:
        return []  # the program refuses it, in these words
    if state is None:
        return []
    notes = [note] if (note := retired_note(state)) else []
    if state.phase is Phase.STEADY:
        return notes
    what = (
        "only `tenantnet migrate run` may update it" if state.phase in RUNNER_ONLY else "this update keeps it"
    )
    return [f"a move to {state.target} is in phase {state.phase}: {what}", *notes]
