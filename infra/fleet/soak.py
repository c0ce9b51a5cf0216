"""The time after a wave: whether an alarm of an updated tenant is raised that was not before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from time import monotonic

from tenantnet.failure import Failure
from tenantnet.fleet.record import RunRecord, RunStatus
from tenantnet.fleet.targets import Target
from tenantnet.fleet.waves import worse
from tenantnet.observed.alarms import raised_alarms

SECONDS_BETWEEN_LOOKS = 30
WAY_ON = (
    "Look at them with `tenantnet status TENANT`; undo the change, or mend it, and update these tenants with "
    "`tenantnet fleet up TENANT`. When the alarms have ended, --resume goes on."
)


async def soak(
    record: RunRecord,
    targets: Mapping[str, Target],
    minutes: float,
    stopping: asyncio.Event,
    tell: Callable[[str], None],
    *,
    tenants: Collection[str],
) -> str:
    """Wait for so many minutes, or until the run stops: what holds the wave; empty if nothing does.

    An alarm that was raised before the run, and ends, is from then on as any other.

    targets: of the run's tenants that are there. stopping: set when somebody stops the run. tenants: all of
    the project.
    """
    done = {name for name, each in record.tenants.items() if each.status is RunStatus.DONE}
    updated = done & targets.keys()
    regions = {targets[name].region for name in updated}
    end = monotonic() + 60 * minutes
    tell(f"Looking at the alarms of {len(updated)} tenants for {minutes:g} min")
    while True:
        try:
            raised = await asyncio.to_thread(raised_alarms, regions)
        except Failure as error:
            return f"{error.what} {error.reason}; {error.remedy}"
        ended = {
            alarm for alarm, owner in worse(record.alarms_before, raised, tenants).items() if owner in updated
        }
        found = worse(raised, record.alarms_before, tenants)
        record.alarms_before = tuple(alarm for alarm in record.alarms_before if alarm not in ended)
        if held := ", ".join(f"{alarm} of {owner}" for alarm, owner in found.items() if owner in updated):
            return f"raised since the run began: {held}. {WAY_ON}"
        left = end - monotonic()
        if left <= 0 or stopping.is_set():
            return ""
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), min(left, SECONDS_BETWEEN_LOOKS))
