"""Changes of the settings that no resource shows: a scheduled move, a phase that stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import DOWNTIME, Phase
from tenantnet.phases.updates import RUNNER_ONLY, retired_note
from tenantnet.refusal import Refused
from tenantnet.settings.models import MigrationSettings, TenantSettings


def intentions(before: object, after: object) -> list[str]:
    """What the settings newly intend. Anything but a tenant's valid settings intends nothing."""
    if not isinstance(after, TenantSettings):
        return []
    former = before if isinstance(before, TenantSettings) else None
    return [*_migration(former, after), *_departure(former, after)]


def _migration(before: TenantSettings | None, after: TenantSettings) -> Iterator[str]:
    old, new = before.migration if before else None, after.migration
    if old and new is None:
        yield f"cancels the move to {old.to} that was scheduled for {_time(old)}"
    if new is None or old == new:
        return
    network = after.networks.get(new.to)
    place = f"{new.to}, {network.cidr}," if network else new.to
    way = f"by {new.strategy}: {DOWNTIME[new.strategy]} then, none now"
    if old is None:
        yield f"schedules the move to {place} for {_time(new)}, {way}"
    else:
        yield f"changes the scheduled move: to {place} at {_time(new)}, {way}; it was {_time(old)}"


def _time(migration: MigrationSettings) -> str:
    """In the tenant's time zone, and in UTC."""
    return f"{migration.at:%Y-%m-%d %H:%M} {migration.timezone} ({migration.instant:%Y-%m-%d %H:%M} UTC)"


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
    notes = [note] if state and (note := retired_note(state)) else []
    if state and state.phase is not Phase.STEADY:
        runner_only = "only `tenantnet migrate run` may update it"
        what = runner_only if state.phase in RUNNER_ONLY else "this update keeps it"
        notes.insert(0, f"a move to {state.target} is in phase {state.phase}: {what}")
    return notes
