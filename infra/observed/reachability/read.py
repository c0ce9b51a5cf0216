"""Reads and checks cells: the engine knows where their parts are, AWS what exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tenantnet.engine.engine import Engine
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.reachability.check import Pair, check
from tenantnet.observed.reachability.intended import LiveMove
from tenantnet.observed.reachability.observe import observe_cell
from tenantnet.observed.reachability.unseen import require_all_seen
from tenantnet.observed.status.read import read_stack
from tenantnet.observed.status.tenant import TenantStatus, tenant_status
from tenantnet.phases.phases import Phase, State, declaration
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import PlatformOutputs, TenantOutputs
from tenantnet.tags import Slot, Strategy


def judge(project: Project, tenants: Sequence[str]) -> tuple[list[Pair], list[TenantStatus]]:
    """Check every pair of places of which one belongs to a named tenant; and these tenants' status.

    Raises Refused for an unknown tenant, Failure where the engine or AWS does not answer, or AWS without
    something that the stacks have.
    """
    stacks = {tenant: read_stack(project, tenant) for tenant in tenants}
    cells = defaultdict[str | None, dict[str, TenantOutputs]](dict)
    for tenant, (outputs, _) in stacks.items():
        cells[outputs.cell][tenant] = outputs
    deployed = {cell: _read_whole(project, members) for cell, members in cells.items()}
    moves = {tenant: move for tenant, (outputs, _) in stacks.items() if (move := live_move(outputs))}
    statuses = [
        tenant_status(tenant, region=region, outputs=outputs, deployed=deployed[outputs.cell])
        for tenant, (outputs, region) in stacks.items()
    ]
    return [pair for cell in deployed.values() for pair in check(cell, tenants, moves)], statuses


def _read_whole(project: Project, tenants: Mapping[str, TenantOutputs]) -> Deployed:
    """The cell of these tenants. Raises Failure where it is not known whether that is all of it."""
    platform = Engine(project).platform_of(*next(iter(tenants.items())))
    deployed = read_cell(platform)
    require_all_seen(deployed, platform, tenants)
    return deployed


def live_move(outputs: TenantOutputs) -> LiveMove | None:
    """The move by `live` that the tenant's stack remembers; None if there is none."""
    # Of an update that failed, Pulumi keeps the strategy of the one before.
    if outputs.strategy != Strategy.LIVE or outputs.phase == Phase.STEADY:
        return None
    phase, production = Phase(outputs.phase or ""), Slot(outputs.production or "")
    declared = declaration(State(phase=phase, production=production, strategy=Strategy.LIVE, move=1))
    (shut,) = (slot for slot, part in declared.slots.items() if part.shut)
    return LiveMove(shut=shut, joined=declared.joined)


def read_cell(platform: PlatformOutputs) -> Deployed:
    """What a cell has, of all its tenants. Raises Failure where AWS does not answer."""
    return observe_cell(
        platform.cell,
        platform.region,
        platform_vpc_ids=[platform.sessions_vpc_id, platform.services_vpc_id],
        tunnel_host_id=platform.tunnel_host_id,
    )
