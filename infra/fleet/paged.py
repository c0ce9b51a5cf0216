"""Drift of many tenants at once: all states beside what AWS lists of each region, without an engine."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tenantnet.aws.properties import only_by_programs
from tenantnet.engine.states import READERS, StateResource, States, Store
from tenantnet.failure import Failure
from tenantnet.fleet.record import RunRecord, RunStatus, TenantRecord
from tenantnet.fleet.targets import Target
from tenantnet.observed.drift import find_drift
from tenantnet.observed.drift.described import PAGES
from tenantnet.observed.drift.pages import Region, Resource, unlisted
from tenantnet.observed.drift.state import provider_settings
from tenantnet.settings.project import Project

# So many tenants are as quick by their engines, which also see what AWS does not list.
FEW = 20
# Of a resource's outputs, those that an update puts back are compared, and by the ARN its account is known.
BESIDE_INPUTS = ("arn",)
# A provider with other settings asks AWS as boto3 here does not: by another profile, role or endpoint, or
# without some tags. What the provider checks before is no such setting.
PLAIN, CHECKS = frozenset({"region", "allowedAccountIds"}), "skip"
# The provider's own variables, such as those that have it ignore tags.
OF_PROVIDER = "TF_AWS_"


class Stack(NamedTuple):
    """A stack as its state has it. version: of the state. resources: AWS's."""

    version: str
    region: str
    resources: Sequence[Resource]


def drift_by_pages(
    project: Project,
    store: Store,
    record: RunRecord,
    targets: Mapping[str, Target],
    tell: Callable[[str], None],
) -> None:
    """Set the result of each tenant that is left and of which pages tell enough; the others are as they were.

    What cannot be read is the failure of those tenants who have some of it. A stack whose update has begun
    meanwhile was compared with a former state, so it is left, too.
    """
    if variables := sorted(name for name in os.environ if name.startswith(OF_PROVIDER)):
        tell(f"No drift is read by pages: {', '.join(variables)} may change what the provider reads.")
        return
    left = [name for name in record.left() if name in targets]
    states = States(store, project)
    try:
        stacks = read_states(states, left)
        _compare_all(record, stacks, tell)
        now = _at_rest(states, [*stacks])
    except Failure as failure:
        _fail(record, left, failure, tell)
        return
    for name in [name for name, stack in stacks.items() if now.get(name) != stack.version]:
        tell(f"{name}: an update has begun meanwhile, so an engine compares it")
        record.tenants[name] = TenantRecord()
    everything = (each for stack in stacks.values() for each in stack.resources)
    for kind, number in unlisted(everything).items():
        tell(f"AWS does not list {kind}, so {number} of them were not compared; --engines compares them.")


def _compare_all(record: RunRecord, stacks: Mapping[str, Stack], tell: Callable[[str], None]) -> None:
    regions: dict[str, dict[str, Sequence[Resource]]] = defaultdict(dict)
    for name, stack in stacks.items():
        regions[stack.region][name] = stack.resources
    for region, own in sorted(regions.items()):
        try:
            found = Region(region, (each for resources in own.values() for each in resources))
        except Failure as failure:
            _fail(record, [*own], failure, tell)
            continue
        tell(
            f"{region}: {found.reader.calls.total()} calls for {len(own)} tenants with "
            f"{sum(map(len, own.values()))} resources"
        )
        _compare(record, found, own, tell)


def _compare(
    record: RunRecord, region: Region, states: Mapping[str, Sequence[Resource]], tell: Callable[[str], None]
) -> None:
    for name, resources in states.items():
        try:
            steps = region.refresh(resources)
            findings = find_drift(name, region.name, steps, region.reader)
        except Failure as failure:
            _fail(record, [name], failure, tell)
            continue
        record.tenants[name] = TenantRecord(
            status=RunStatus.DONE,
            changes=Counter(step.operation for step in steps),
            findings=tuple(findings),
        )


def _fail(record: RunRecord, names: Sequence[str], failure: Failure, tell: Callable[[str], None]) -> None:
    record.tenants |= {name: TenantRecord(status=RunStatus.FAILED, reason=str(failure)) for name in names}
    tell(f"{', '.join(names[:5])}{', ...' * (len(names) > 5)}: {RunStatus.FAILED}")


def read_states(states: States, names: Collection[str]) -> Mapping[str, Stack]:
    """Each stack that is there, whole, plain, and under no update.

    Raises Failure if the backend does not say which those are.
    """
    there = _at_rest(states, names)
    put_back = {type_: only_by_programs(type_) for type_ in PAGES}

    def read(name: str) -> Stack | None:
        try:
            resources = states.resources(name, there[name])
        except Failure:
            # The engine, which has its turn then, says what is wrong.
            return None
        settings = provider_settings(resources) or {}
        if "region" not in settings or not all(each in PLAIN or each.startswith(CHECKS) for each in settings):
            return None
        own = [_needed(each, put_back) for each in resources if _is_aws(each)]
        return Stack(there[name], str(settings["region"]), own)

    with ThreadPoolExecutor(READERS) as pool:
        found = zip(there, pool.map(read, there), strict=True)
        return {name: stack for name, stack in found if stack}


def _at_rest(states: States, names: Collection[str]) -> Mapping[str, str]:
    """The version of each stack's state, of those that no update holds."""
    # Of an update that ends meanwhile the lock is seen, or the state that it has written before.
    locked, versions = states.locked(), states.versions(names)
    return {name: versions[name] for name in names if name in versions and name not in locked}


def _is_aws(resource: StateResource) -> bool:
    return bool(resource.id) and resource.type.startswith("aws:")


def _needed(resource: StateResource, put_back: Mapping[str, Collection[str]]) -> Resource:
    """Without the rest, which is nine tenths of it and would be in memory for every tenant.

    put_back: by type, the properties that an update puts back although no program sets them.
    """
    inputs, outputs = resource.inputs, resource.outputs
    names = {*inputs, *put_back.get(resource.type, ()), *BESIDE_INPUTS} & outputs.keys()
    return {
        **{"type": resource.type, "urn": resource.urn, "id": resource.id},
        **({"ignoreChanges": resource.ignore_changes} if resource.ignore_changes else {}),
        **({"goes": True} if resource.delete or resource.pending_replacement else {}),
        "inputs": inputs,
        "outputs": {name: outputs[name] for name in names},
    }
