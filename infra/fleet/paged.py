"""Drift of many tenants at once: all states beside what AWS lists of each region, without an engine."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

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


def drift_by_pages(
    project: Project,
    store: Store,
    record: RunRecord,
    targets: Mapping[str, Target],
    tell: Callable[[str], None],
) -> None:
    """Set the result of each tenant that is left and of which pages tell enough; the others are as they were.

    What cannot be read is the failure of those tenants who have some of it.
    """
    if variables := sorted(name for name in os.environ if name.startswith(OF_PROVIDER)):
        tell(f"No drift is read by pages: {', '.join(variables)} may change what the provider reads.")
        return
    left = [name for name in record.left() if name in targets]
    try:
        states = read_states(States(store, project), left)
    except Failure as failure:
        _fail(record, left, failure, tell)
        return
    regions: dict[str, list[str]] = defaultdict(list)
    for name, (region, _) in states.items():
        regions[region].append(name)
    for region, names in sorted(regions.items()):
        own = {name: states[name][1] for name in names}
        try:
            found = Region(region, (each for resources in own.values() for each in resources))
        except Failure as failure:
            _fail(record, names, failure, tell)
            continue
        tell(
            f"{region}: {found.reader.calls.total()} calls for {len(names)} tenants with "
            f"{sum(map(len, own.values()))} resources"
        )
        _compare(record, found, own, tell)
    everything = (each for _, own in states.values() for each in own)
    for kind, number in unlisted(everything).items():
        tell(f"AWS does not list {kind}, so {number} of them were not compared; --engines compares them.")


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


def read_states(states: States, names: Collection[str]) -> Mapping[str, tuple[str, Sequence[Resource]]]:
    """The region and the AWS resources of each stack that is there, whole, plain, and under no update.

    Raises Failure if the backend does not say which those are.
    """
    versions, locked = states.versions(names), states.locked()
    there = [name for name in names if name in versions and name not in locked]
    put_back = {type_: only_by_programs(type_) for type_ in PAGES}

    def read(name: str) -> tuple[str, Sequence[Resource]] | None:
        try:
            resources = states.resources(name, versions[name])
        except Failure:
            # The engine, which has its turn then, says what is wrong.
            return None
        settings = provider_settings(resources) or {}
        if "region" not in settings or not all(each in PLAIN or each.startswith(CHECKS) for each in settings):
            return None
        return str(settings["region"]), [_needed(each, put_back) for each in resources if _is_aws(each)]

    with ThreadPoolExecutor(READERS) as pool:
        found = dict(zip(there, pool.map(read, there), strict=True))
    return {name: each for name, each in found.items() if each is not None}


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
        "inputs": inputs,
        "outputs": {name: outputs[name] for name in names},
    }
