"""What differs between one tenant's stack and AWS, without a fleet's run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tenantnet.engine.engine import Engine
from tenantnet.engine.process import StackProcess
from tenantnet.failure import Failure
from tenantnet.fleet.record import FleetOperation
from tenantnet.fleet.runner import COMMANDS, why_failed
from tenantnet.fleet.targets import read_each
from tenantnet.observed.drift import find_drift
from tenantnet.settings.project import Project
from tenantnet.settings.store import unknown_stack


def read_drift(project: Project, tenant: str) -> list[str]:
    """Every difference, one sentence each. It takes as long as a refresh, and changes nothing.

    Raises Refused for a tenant without settings or without a stack, Failure if Pulumi or AWS does not answer.
    """
    (targets, unread), stacks = read_each(project), Engine(project).stacks()
    if tenant in unread:
        raise unread[tenant]
    if tenant not in targets or tenant not in stacks:
        raise unknown_stack(project, tenant, stacks, kind="tenant", where="that has been deployed")
    with TemporaryDirectory(prefix="tenantnet-drift-") as folder:
        stack = StackProcess(project.folder, tenant, Path(folder, f"{tenant}.log"))
        result = asyncio.run(stack.run(COMMANDS[FleetOperation.DRIFT], {}, began=lambda _: None))
    if result.code != 0:
        raise Failure(
            f"Could not compare {tenant} with AWS.",
            reason=why_failed(tenant, result),
            remedy="mend what Pulumi names, and compare again",
        )
    return find_drift(tenant, targets[tenant].region, result.log.steps)
