"""What settings and stack say of a move that no resource shows: when, how, and who is not in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenantnet.phases.memory import readable
from tenantnet.phases.phases import AFTER_THE_SWITCH, DOWNTIME, Phase
from tenantnet.phases.updates import RUNNER_ONLY, retired_note
from tenantnet.refusal import Refusal
from tenantnet.settings.models import MigrationSettings, TenantSettings
from tenantnet.tags import Slot
from tenantnet.vpn.along import refuse_unconnected


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
    way = f"{_way(new)}, none now"
    if old is None:
        yield f"schedules the move to {place} for {_time(new)}, {way}"
    else:
        yield f"changes the scheduled move: to {place} at {_time(new)}, {way}; it was {_time(old)}"


def _way(migration: MigrationSettings) -> str:
    return f"by {migration.strategy}: {DOWNTIME[migration.strategy]} then"


def _time(migration: MigrationSettings) -> str:
    """In the tenant's time zone, and in UTC."""
    return f"{migration.at:%Y-%m-%d %H:%M} {migration.timezone} ({migration.instant:%Y-%m-%d %H:%M} UTC)"


def _departure(before: TenantSettings | None, after: TenantSettings) -> Iterator[str]:
    was = before is not None and before.retiring
    if after.retiring and not was:
        yield "gives the tenant up (`retiring: true`)"
    elif was and not after.retiring:
        yield "keeps the tenant after all: its database is protected again"


def left_behind(before: object, after: object, outputs: Mapping[str, Any]) -> list[Refusal]:
    """A refusal for each company of production without a connection to the network that a move leads to.

    That is the one of the scheduled move, else one that the change adds. outputs: the stack's.
    """
    if not isinstance(after, TenantSettings) or len(after.networks) < 2:
        return []
    if after.migration:
        target: Slot | None = after.migration.to
    else:
        former = before.networks if isinstance(before, TenantSettings) else after.networks
        target = next(iter(after.networks.keys() - former.keys()), None)
    state = readable(outputs)
    is_over = state is not None and state.production is target
    return [] if target is None or is_over else refuse_unconnected(after, target.other)


def scheduled_note(before: object, after: object) -> list[str]:
    """A note about a scheduled move that the change leaves as it is."""
    if not (isinstance(before, TenantSettings) and isinstance(after, TenantSettings)):
        return []
    kept = after.migration if before.migration == after.migration else None
    return [f"the move to {kept.to} stays scheduled for {_time(kept)}, {_way(kept)}"] if kept else []


def phase_notes(outputs: Mapping[str, Any]) -> list[str]:
    """Notes about a move in the stack that this update does not touch."""
    state = readable(outputs)
    notes = [note] if state and (note := retired_note(state)) else []
    if state and state.phase is not Phase.STEADY:
        runner_only = "only `tenantnet migrate run` may update it"
        what = runner_only if state.phase in RUNNER_ONLY else "this update keeps it"
        gap = ""
        if state.strategy and state.phase not in AFTER_THE_SWITCH:
            gap = f" ({DOWNTIME[state.strategy]} expected)"
        notes.insert(0, f"a move to {state.target} is in phase {state.phase}{gap}: {what}")
    return notes
