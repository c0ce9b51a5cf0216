"""Drift of many tenants at once: all states beside what AWS lists of each region, without an engine."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tenantnet.engine.states import READERS, StateResource, States, Store
from tenantnet.failure import Failure
from tenantnet.fleet.record import RunRecord, RunStatus, TenantRecord
from tenantnet.fleet.targets import Target
from tenantnet.observed.drift import find_drift
from tenantnet.observed.drift.pages import Region, Resource, unlisted
from tenantnet.settings.project import Project

# So many tenants are as quick by their engines, which also see what AWS does not list.
FEW = 20
# Of a resource's outputs, those that a program sets are compared, and by the ARN its account is known.
BESIDE_INPUTS = ("arn",)


def drift_by_pages(
    project: Project,
    store: Store,
    record: RunRecord,
    targets: Mapping[str, Target],
    tell: Callable[[str], None],
) -> None:
    """Set the result of each tenant that is left and of which pages tell enough; the others are as they were.

    Raises Failure if a region cannot be read.
    """
    plain = [name for name in record.left() if name in targets and _is_plain(targets[name])]
    states = read_states(States(store, project), plain)
    regions: dict[str, list[str]] = defaultdict(list)
    for name in states:
        regions[targets[name].region].append(name)
    for region, names in sorted(regions.items()):
        found = Region(region, (each for name in names for each in states[name]))
        tell(
            f"{region}: {found.reader.calls.total()} calls for {len(names)} tenants with "
            f"{sum(len(states[name]) for name in names)} resources"
        )
        for name in names:
            steps = found.refresh(states[name])
            record.tenants[name] = TenantRecord(
                status=RunStatus.DONE,
                changes=Counter(step.operation for step in steps),
                findings=tuple(find_drift(name, region, steps, found.reader)),
            )
    for kind, number in unlisted(each for own in states.values() for each in own).items():
        tell(f"AWS does not list {kind}, so {number} of them were not compared; --engines compares them.")


def _is_plain(target: Target) -> bool:
    """Whether its provider asks AWS as boto3 does here: no other profile, role or endpoint."""
    return bool(json.loads(target.provider).keys() <= {"aws:region", "aws:allowedAccountIds"})


def read_states(states: States, names: Collection[str]) -> Mapping[str, Sequence[Resource]]:
    """The AWS resources of each stack that is there, whole, and under no update."""
    versions, locked = states.versions(names), states.locked()
    there = [name for name in names if name in versions and name not in locked]

    def read(name: str) -> list[Resource] | None:
        try:
            return [_needed(each) for each in states.resources(name, versions[name]) if _is_aws(each)]
        except Failure:
            # The engine, which has its turn then, says what is wrong.
            return None

    with ThreadPoolExecutor(READERS) as pool:
        found = dict(zip(there, pool.map(read, there), strict=True))
    return {name: resources for name, resources in found.items() if resources is not None}


def _is_aws(resource: StateResource) -> bool:
    return bool(resource.id) and resource.type.startswith("aws:")


def _needed(resource: StateResource) -> Resource:
    """Without the rest, which is nine tenths of it and would be in memory for every tenant."""
    inputs, outputs = resource.inputs, resource.outputs
    names = [name for name in (*inputs, *BESIDE_INPUTS) if name in outputs]
    return {
        **{"type": resource.type, "urn": resource.urn, "id": resource.id},
        "inputs": inputs,
        "outputs": {name: outputs[name] for name in names},
    }
