"""An event log tells what changed and what went wrong, also where it ends in the middle."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenantnet.engine.events import EngineLog, Operation, read_event_log, said_in

URN = "urn:pulumi:acme::tenantnet::aws:ec2/vpc:Vpc::acme-blue"


def line(**event: Any) -> str:
    return json.dumps({"sequence": 1, "timestamp": 2, **event}, separators=(",", ":"))


def diagnostic(severity: str, message: str) -> str:
    return line(diagnosticEvent={"message": message, "color": "raw", "severity": severity})


def log_of(*lines: str) -> EngineLog:
    return EngineLog.of(read_event_log(lines))


def errors(log: EngineLog) -> list[str]:
    return [each.message for each in log.errors]


def test_counts_come_from_the_summary() -> None:
    counts = {"same": 62, "create": 1, "import": 2, "replace": 1}
    log = log_of(line(summaryEvent={"resourceChanges": counts}))
    assert log.counts == {Operation.SAME: 62, Operation.CREATE: 3, Operation.REPLACE: 1}


def test_an_error_is_told_once_and_without_colours() -> None:
    message = "<{%reset%}>10.1.2.0/26 is taken<{%reset%}>\n"
    log = log_of(
        diagnostic("error", message), diagnostic("error", message), diagnostic("error", "update failed")
    )
    assert errors(log) == ["10.1.2.0/26 is taken"]


def test_what_is_no_error_is_left_out() -> None:
    assert log_of(diagnostic("debug", "x"), diagnostic("warning", "y")).errors == []


def test_resources_are_told_with_their_state_and_changed_properties() -> None:
    metadata = {
        "op": "update",
        "urn": URN,
        "type": "aws:ec2/vpc:Vpc",
        "diffs": ["tags"],
        "detailedDiff": {"tags.a": {"diffKind": "add"}, "parameters[0].name": {"diffKind": "update"}},
        "old": {"id": "vpc-1", "inputs": {"tags": {}}},
        "new": {"id": "vpc-1", "inputs": {"tags": {"a": "b"}}},
    }
    (step,) = log_of(line(resOutputsEvent={"metadata": metadata})).steps
    assert (step.operation, step.type, step.name) == (Operation.UPDATE, "aws:ec2/vpc:Vpc", "acme-blue")
    assert step.properties == ("tags", "parameters")
    assert step.old
    assert (step.old.id, step.old.inputs) == ("vpc-1", {"tags": {}})


def test_a_replacement_is_two_steps_and_the_one_that_joins_them_is_none() -> None:
    words = ["create-replacement", "replace", "delete-replaced"]
    steps = [line(resourcePreEvent={"metadata": {"op": word, "urn": URN, "type": "x"}}) for word in words]
    assert [step.operation for step in log_of(*steps).steps] == [Operation.REPLACE, Operation.REMOVE]


@pytest.mark.parametrize("word", ["import", "import-replacement"])
def test_an_import_is_told_from_what_the_program_makes(word: str) -> None:
    steps = [
        line(resourcePreEvent={"metadata": {"op": each, "urn": URN, "type": "x"}})
        for each in (word, "create")
    ]
    assert [step.imported for step in log_of(*steps).steps] == [True, False]


def test_an_operation_of_a_newer_engine_is_left_out() -> None:
    metadata = {"op": "new-word", "urn": URN, "type": "x"}
    assert log_of(line(resourcePreEvent={"metadata": metadata}), diagnostic("error", "no")).steps == []


def test_a_log_that_ends_in_the_middle_of_a_line_counts_as_far_as_it_goes() -> None:
    log = log_of(diagnostic("error", "no credentials"), line(summaryEvent={})[:20])
    assert errors(log) == ["no credentials"]
    assert log.counts == {}


def test_errors_before_the_engine_has_begun_are_read_from_what_was_printed() -> None:
    text = (
        "warning: old version\nerror: the stack is locked\n  file:///x: created by a@b (pid 1)\nerror: two\n"
    )
    assert said_in(text) == "the stack is locked\n  file:///x: created by a@b (pid 1)\ntwo"


def test_the_automation_apis_error_is_read_in_pulumis_words() -> None:
    assert said_in("\n code: 255\n stdout: \n stderr: error: no stack named 'acme' found\n") == (
        "no stack named 'acme' found"
    )


def test_diagnostics_are_read_with_the_resources_that_they_are_about() -> None:
    about = "aws:rds:Instance (acme-green):\n    error: 1 error occurred:\n    \t* creating it: denied"
    text = f"\n stdout: Updating\n\nDiagnostics:\n  {about}\n\nOutputs:\n    phase: error: no\n stderr: \n"
    assert said_in(text) == about


def test_what_a_program_says_is_not_read_twice() -> None:
    lines = "{}The move does not go on.\n      reason: no\n    The tenant stays in phase following.\n"
    twice = "    error: ".join(["", *map(lines.format, ("", "an unhandled error occurred: "))])
    about = "pulumi:pulumi:Stack (acme):\n"
    once = about + "    error: " + lines.format("").rstrip()
    assert said_in(f"Diagnostics:\n  {about}{twice}\n    1 to go\nstderr:") == f"{once}\n\n    1 to go"


@pytest.mark.parametrize(("text", "said"), [("Killed by\nthe kernel\n", "the kernel"), ("", "")])
def test_without_an_error_the_last_line_is_read(text: str, said: str) -> None:
    assert said_in(text) == said
