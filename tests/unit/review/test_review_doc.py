"""docs/review.md shows what the command writes."""

from __future__ import annotations

import json
import re

import pytest
from tenantnet.cli.main import app
from tenantnet.review.result import ReviewResult, exit_code
from tenantnet.review.verdict import Verdict
from typer.testing import CliRunner

from tests.support.clone import CLONE

DOC = (CLONE / "docs" / "review.md").read_text(encoding="utf-8")
GOLDEN = CLONE / "tests" / "end_to_end" / "golden"


@pytest.mark.parametrize("name", ["database-resized", "reserved-range"])
def test_the_comments_are_ones_that_real_previews_led_to(name: str) -> None:
    assert (GOLDEN / f"{name}.md").read_text(encoding="utf-8") in re.findall(
        r"````markdown\n(.*?)````", DOC, re.S
    )


def test_the_result_is_one_that_the_command_could_write() -> None:
    (document,) = map(json.loads, re.findall(r"```json\n(.*?)```", DOC, re.S))
    assert json.loads(ReviewResult.model_validate(document).model_dump_json()) == document


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_its_exit_code_and_name_in_the_table_and_in_the_help(verdict: Verdict) -> None:
    code = exit_code(verdict, Verdict.TUNNEL_DOWN)
    assert re.search(rf"^\| {verdict.words} \| {code} \| `{verdict}` \|", DOC, re.MULTILINE)
    said = " ".join(CliRunner().invoke(app, ["review", "--help"], env={"COLUMNS": "300"}).output.split())
    assert f"{code} {verdict.words}" in said
