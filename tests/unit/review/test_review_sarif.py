"""Findings at the lines of settings files, for code scanning."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tenantnet.review.result import ReviewFinding, ReviewResult, StackResult
from tenantnet.review.sarif import MOST, sarif
from tenantnet.review.verdict import Verdict

FILES = {"acme": "tenants/Pulumi.acme.yaml"}


def _object(**required: Any) -> dict[str, Any]:
    names = {"properties": required, "required": [*required]}
    return {"type": "object", "additionalProperties": False, **names}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = _object(text=TEXT)
# What SARIF 2.1.0's schema and GitHub ask of the objects that a review has.
SCHEMA = _object(
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object(
            tool=_object(
                driver=_object(
                    name=TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _object(
                            id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE
                        ),
                    },
                )
            ),
            automationDetails=_object(id={"type": "string", "pattern": "/$"}),
            results={
                "type": "array",
                "maxItems": 5_000,
                "items": _object(
                    ruleId=TEXT,
                    level={"enum": ["error", "warning", "note", "none"]},
                    message=MESSAGE,
                    locations={
                        "type": "array",
                        "minItems": 1,
                        "items": _object(
                            physicalLocation=_object(
                                artifactLocation=_object(uri={"type": "string", "pattern": r"^[\w./%-]+$"}),
                                region=_object(startLine={"type": "integer", "minimum": 1}),
                            )
                        ),
                    },
                    partialFingerprints=_object(primaryLocationLineHash=TEXT),
                ),
            },
        ),
    },
    **{"$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"}},
)


def finding(line: int = 7, /, **more: object) -> ReviewFinding:
    facts = {
        "source": "settings",
        "rule_id": "range-reserved",
        "path": "networks.blue.cidr",
        "value": "10.33.4.0/26",
        "rule": "it is not reserved",
        "reason": "or else",
        "remedy": "choose another",
    }
    return ReviewFinding.model_validate({**facts, "line": line, **more})


def run(*findings: ReviewFinding, stack: str = "acme", files: dict[str, str] = FILES) -> dict[str, Any]:
    """The only run of the log, which is as the schema has it."""
    one = StackResult(stack=stack, kind="tenant", verdict=Verdict.SAFE, settings="changed", findings=findings)
    log = sarif(ReviewResult(base="main", commit="0a1b2c3d", verdict=Verdict.SAFE, stacks=[one]), files)
    jsonschema.validate(log, SCHEMA)
    (found,) = log["runs"]
    assert {each["ruleId"] for each in found["results"]} == {
        each["id"] for each in found["tool"]["driver"]["rules"]
    }
    return dict(found)


def test_a_finding_is_a_note_at_its_line() -> None:
    (note,) = run(finding())["results"]
    assert note["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "tenants/Pulumi.acme.yaml"},
        "region": {"startLine": 7},
    }
    assert (note["ruleId"], note["level"]) == ("range-reserved", "error")
    assert note["message"]["text"].splitlines() == [
        "networks.blue.cidr: 10.33.4.0/26",
        "rule: it is not reserved",
        "reason: or else",
        "remedy: choose another",
    ]


def test_what_rejects_nothing_is_a_warning_and_comes_last() -> None:
    notes = run(finding(mandatory=False), finding(path="networks.green.cidr"))["results"]
    assert [note["level"] for note in notes] == ["error", "warning"]


def test_a_policy_without_a_rule_of_ours_is_named_by_itself() -> None:
    found = run(finding(rule_id="", source="database-private", resource="acme-blue"))
    assert found["tool"]["driver"]["rules"][0]["id"] == "database-private"
    assert found["results"][0]["message"]["text"].startswith("acme-blue: networks.blue.cidr: ")


def test_what_has_no_line_or_no_file_of_the_request_has_no_note() -> None:
    assert run(finding(0))["results"] == []
    assert run(finding(), stack="globex")["results"] == []
    assert run()["results"] == []


def test_a_note_stays_the_same_where_its_line_moves_and_is_another_for_another_value() -> None:
    prints = [
        run(each)["results"][0]["partialFingerprints"]
        for each in (finding(7), finding(9), finding(7, value="10.34.4.0/26"))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_there_are_no_more_notes_than_are_shown() -> None:
    many = [finding(value=str(number), mandatory=False) for number in range(MOST)]
    notes = run(*many, finding())["results"]
    assert len(notes) == MOST
    assert notes[0]["level"] == "error"


@pytest.mark.parametrize("name", ["value", "rule", "reason", "remedy", "path", "rule_id", "resource"])
def test_no_text_is_a_link_or_hides_anything(name: str) -> None:
    text = f"[safe](https://evil.example)\x1b[2K\u202e{'x' * 5_000}"
    told = str(run(finding(**{name: text})))
    assert "](" not in told
    assert not {"\x1b", "\u202e"} & {*told}
    assert len(told) < 12_000


def test_a_name_of_a_file_is_written_as_a_uri() -> None:
    (note,) = run(finding(), files={"acme": "my tenants/Pulumi.acme.yaml"})["results"]
    uri = note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "my%20tenants/Pulumi.acme.yaml"
