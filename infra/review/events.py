"""The engine's events of one preview, without secrets and without values that may not be shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pulumi.automation.events import StepEventStateMetadata
from tenantnet.engine.events import STACK_TYPE, EngineLog, Operation, Step
from tenantnet.review.model import Preview, PreviewedResource
from tenantnet.review.shown import shown

_LONGEST_ERROR = 4_000


def preview_of(stack: str, log: EngineLog) -> Preview:
    """The preview of a stack that the engine's log is about."""
    steps = log.begun
    outputs = [step.old.outputs for step in steps if step.type == STACK_TYPE and step.old]
    # The step after an import, if there is one, is the one that changes it.
    imported = {step.urn for step in steps if step.imported}
    resources = {
        step.urn: replace(_resource(step), imported=step.urn in imported)
        for step in steps
        if step.operation is not Operation.REMOVE
    }
    return Preview(
        stack=stack,
        resources=list(resources.values()),
        violations=log.violations,
        errors=list(dict.fromkeys(error.message[:_LONGEST_ERROR] for error in log.errors)),
        outputs=next(filter(None, outputs), {}),
    )


def _resource(step: Step) -> PreviewedResource:
    parents = [state.parent for state in (step.new, step.old) if state]
    return PreviewedResource(
        operation=step.operation,
        type=step.type,
        name=step.name,
        urn=step.urn,
        parent=next(filter(None, parents), ""),
        old=_inputs(step.old),
        new=_inputs(step.new) if step.operation is not Operation.DELETE else {},
        changed=step.properties,
        protected=bool(step.old and step.old.protect),
        stays_protected=bool(step.new and step.new.protect),
    )


def _inputs(state: StepEventStateMetadata | None) -> dict[str, Any]:
    return shown(state.type, state.inputs) if state else {}
