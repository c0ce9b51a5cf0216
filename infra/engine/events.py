"""What Pulumi's engine tells of one operation, as it writes it into an event log. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The engine's own marks for colours.
_COLOUR = re.compile(r"<\{%.*?%\}>")
_ERROR = re.compile(r"^error: (.+(?:\n(?!error: ).+)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource's part in an operation.

    operation: Pulumi's word. type: such as `aws:ec2/vpc:Vpc`. name: Pulumi's. parents: the types above it.
    properties: the changed ones. old, new: the state before and after, None where there is none; each with
    `id`, `inputs` and `outputs`.
    """

    operation: str
    urn: str
    type: str
    properties: Sequence[str] = ()
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """As the program calls it."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """counts: resources by operation, empty where the operation did not come to its end."""

    counts: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[str] = ()
    resources: Sequence[ResourceChange] = ()


def read_event_log(lines: Iterable[str]) -> EventLog:
    """Of an event log's lines; one that was cut off in the middle counts as far as it goes."""
    counts: Mapping[str, int] = {}
    errors: dict[str, None] = {}
    resources: list[ResourceChange] = []
    for line in lines:
        # Most lines are the engine's own notes, and long.
        if '"diagnosticEvent"' in line and '"severity":"error"' not in line:
            continue
        event = _event(line)
        if diagnostic := event.get("diagnosticEvent"):
            errors[_plain(diagnostic["message"])] = None
        elif outputs := event.get("resOutputsEvent"):
            resources.append(_resource(outputs["metadata"]))
        elif summary := event.get("summaryEvent"):
            counts = summary.get("resourceChanges") or {}
    return EventLog(counts=counts, errors=list(errors), resources=resources)


def errors_in_output(text: str) -> list[str]:
    """What `pulumi` prints where it fails before its engine has begun, and so before any event."""
    return [found.strip() for found in _ERROR.findall(text)]


def _event(line: str) -> Mapping[str, Any]:
    try:
        event: Mapping[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return event


def _resource(metadata: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        operation=metadata["op"],
        urn=metadata["urn"],
        type=metadata["type"],
        properties=metadata.get("diffs") or (),
        old=metadata.get("old"),
        new=metadata.get("new"),
    )


def _plain(message: str) -> str:
    return _COLOUR.sub("", message).strip()
