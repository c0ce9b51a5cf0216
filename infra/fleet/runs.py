"""Begins and resumes runs."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tenantnet.fleet.record import (
    FleetOperation,
    RunRecord,
    RunRecords,
    RunStatus,
    Shared,
    TenantRecord,
)
from tenantnet.fleet.waves import Waves
from tenantnet.toolchain.processes import begin_of, this_machine

# Stacks per processor: an update mostly waits for AWS, a preview hardly ever.
_PER_PROCESSOR = {FleetOperation.PREVIEW: 1, FleetOperation.UP: 4, FleetOperation.DRIFT: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """parallel: stacks at once; None for what this machine's processors keep up with.

    max_failures: tenants that may fail before no further one is begun; None for all.
    """

    parallel: int | None = None
    max_failures: int | None = None


def begin_run(
    records: RunRecords,
    operation: FleetOperation,
    tenants: Sequence[str],
    limits: Limits,
    *,
    proved: Collection[str] = (),
    policy_pack: str | None = None,
    batch: str = "",
    share: str = "",
    shared: Shared | None = None,
    pages: bool = False,
    waves: Waves | None = None,
    alarms_before: Collection[str] = (),
) -> RunRecord:
    """A new run on record. proved: the tenants with which nothing is to be done, as they are unchanged.

    batch, share: as in RunRecord. shared: of what it is a slice. alarms_before: the names of all alarms that
    are raised now; only waves need them.

    Raises Failure if it cannot be recorded.
    """
    now, unchanged = datetime.now(UTC), TenantRecord(status=RunStatus.DONE, proved=True)
    record = RunRecord(
        # Its time first, so that names sort as runs follow each other.
        run=f"{now:%Y%m%d-%H%M%S}-{operation}-{os.getpid()}",
        operation=operation,
        began=now,
        machine=this_machine(),
        pid=os.getpid(),
        pid_began=begin_of(os.getpid()),
        parallel=limits.parallel or _PER_PROCESSOR[operation] * (os.cpu_count() or 1),
        max_failures=limits.max_failures,
        policy_pack=policy_pack,
        batch=batch,
        share=share,
        shared=(shared,) if shared else (),
        pages=pages,
        waves=waves,
        alarms_before=tuple(sorted(alarms_before)),
        tenants={name: unchanged if name in proved else TenantRecord() for name in tenants},
    )
    records.begin(record)
    return record


def resume_run(
    records: RunRecords, operation: FleetOperation, limits: Limits, former: RunRecord | None = None
) -> RunRecord:
    """A run resumed by this process. Raises Refused, Failure.

    Failed and interrupted tenants are tried again. former: another machine's run; None for the newest one
    here with tenants left.
    """
    former = former or records.unfinished(operation)
    # On another machine, or after a restart, the ids of its processes are those of others.
    here = former.machine == this_machine()
    tenants = {
        name: each
        if each.status is RunStatus.DONE
        else TenantRecord(pid=each.pid, pid_began=each.pid_began)
        if here and each.status is RunStatus.RUNNING
        else TenantRecord()
        for name, each in former.tenants.items()
    }
    record = former.model_copy(
        update={
            "machine": this_machine(),
            "pid": os.getpid(),
            "pid_began": begin_of(os.getpid()),
            "ended": None,
            "held": "",
            "tenants": tenants,
            "parallel": limits.parallel or former.parallel,
            "max_failures": limits.max_failures,
        }
    )
    records.begin(record)
    return record
