"""An event log tells what changed and what went wrong, also where it ends in the middle."""

from __future__ import annotations

import json
from typing import Any

from tenantnet.engine.events import errors_in_output, read_event_log

URN = "urn:pulumi:acme::tenantnet::aws:ec2/vpc:Vpc::acme-blue"


def line(**event: Any) -> str:
    return json.dumps({"sequence": 1, "timestamp": 2, **event}, separators=(",", ":"))


def diagnostic(severity: str, message: str) -> str:
    return line(diagnosticEvent={"message": message, "color": "raw", "severity": severity})


def test_counts_come_from_the_summary() -> None:
    log = read_event_log([line(summaryEvent={"resourceChanges": {"same": 62, "create": 1}})])
    assert log.counts == {"same": 62, "create": 1}


def test_an_error_is_told_once_and_without_colours() -> None:
    message = "<{%reset%}>10.1.2.0/26 is taken<{%reset%}>\n"
    log = read_event_log([diagnostic("error", message), diagnostic("error", message)])
    assert log.errors == ["10.1.2.0/26 is taken"]


def test_what_is_no_error_is_left_out() -> None:
    assert read_event_log([diagnostic("debug", "x"), diagnostic("warning", "y")]).errors == []


def test_resources_are_told_with_their_state_and_changed_properties() -> None:
    metadata = {
        "op": "update",
        "urn": URN,
        "type": "aws:ec2/vpc:Vpc",
        "diffs": ["tags"],
        "old": {"id": "vpc-1", "inputs": {"tags": {}}},
        "new": {"id": "vpc-1", "inputs": {"tags": {"a": "b"}}},
    }
    (change,) = read_event_log([line(resOutputsEvent={"metadata": metadata})]).resources
    assert (change.operation, change.type, change.name) == ("update", "aws:ec2/vpc:Vpc", "acme-blue")
    assert change.properties == ["tags"]
    assert change.old == metadata["old"]


def test_a_log_that_ends_in_the_middle_of_a_line_counts_as_far_as_it_goes() -> None:
    log = read_event_log([diagnostic("error", "no credentials"), line(summaryEvent={})[:20]])
    assert log.errors == ["no credentials"]
    assert log.counts == {}


def test_errors_before_the_engine_has_begun_are_read_from_what_was_printed() -> None:
    text = (
        "warning: old version\nerror: the stack is locked\n  file:///x: created by a@b (pid 1)\nerror: two\n"
    )
    assert errors_in_output(text) == ["the stack is locked\n  file:///x: created by a@b (pid 1)", "two"]
