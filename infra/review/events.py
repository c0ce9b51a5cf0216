"""The engine's events of one preview as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi.automation import EngineEvent
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata
from tenantnet.review.model import STACK_TYPE, Operation, PolicyViolation, Preview, Resource
from tenantnet.review.shown import shown

# A replacement is three steps: `replace` stands for it, the other two are its halves.
_OPERATIONS = {
    "same": Operation.SAME,
    "read": Operation.SAME,
    "create": Operation.CREATE,
    "import": Operation.CREATE,
    "update": Operation.UPDATE,
    "replace": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "delete": Operation.DELETE,
}
# What the engine adds to an error that it has told already.
_EMPTY_ERRORS = ("preview failed", "update failed")
_LONGEST_ERROR = 4_000


def read_events(stack: str, events: Iterable[EngineEvent]) -> Preview:
    """The preview that the events tell, without secrets and without what may not be shown."""
    resources: dict[str, Resource] = {}
    violations: list[PolicyViolation] = []
    errors: list[str] = []
    outputs: Mapping[str, Any] = {}
    for event in events:
        if event.resource_pre_event:
            step = event.resource_pre_event.metadata
            for resource in _resource(step):
                resources[resource.urn] = resource
            outputs = _stack_outputs(step) or outputs
        elif event.policy_event:
            policy = event.policy_event
            violations.append(
                PolicyViolation(
                    policy=policy.policy_name,
                    mandatory=policy.enforcement_level == "mandatory",
                    message=policy.message.strip(),
                    resource=policy.resource_urn or "",
                )
            )
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            errors.append(event.diagnostic_event.message.strip()[:_LONGEST_ERROR])
    told = [error for error in dict.fromkeys(errors) if error not in _EMPTY_ERRORS]
    return Preview(
        stack=stack,
        resources=list(resources.values()),
        violations=list(dict.fromkeys(violations)),
        errors=told,
        outputs=outputs,
    )


def _stack_outputs(step: StepEventMetadata) -> Mapping[str, Any]:
    return (step.old.outputs or {}) if step.type == STACK_TYPE and step.old else {}


def _resource(step: StepEventMetadata) -> Iterator[Resource]:
    operation = _OPERATIONS.get(str(step.op.value if hasattr(step.op, "value") else step.op))
    if operation is None:
        return
    yield Resource(
        operation=operation,
        type=step.type,
        name=step.urn.rsplit("::", maxsplit=1)[-1],
        urn=step.urn,
        parent=_parent(step.new) or _parent(step.old),
        old=_inputs(step.old),
        new=_inputs(step.new) if operation is not Operation.DELETE else {},
        changed=_changed(step),
        protected=bool(step.old and step.old.protect),
    )


def _parent(state: StepEventStateMetadata | None) -> str:
    return state.parent if state else ""


def _inputs(state: StepEventStateMetadata | None) -> dict[str, Any]:
    return shown(state.type, state.inputs) if state else {}


def _changed(step: StepEventMetadata) -> tuple[str, ...]:
    """The top properties that differ. Providers tell paths (`tags["Name"]`, `a.b[0]`), names, or both."""
    paths = [*(step.detailed_diff or {}), *(step.diffs or ())]
    return tuple(dict.fromkeys(path.split(".")[0].split("[")[0] for path in paths))
