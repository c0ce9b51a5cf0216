"""docs/rules.md is what the rules say, and every rule is in it."""

from __future__ import annotations

import json
import re
from collections import Counter

from tenantnet.cli.main import app
from tenantnet.policies.rules import POLICIES
from typer.testing import CliRunner

from tests.support.clone import CLONE
from tools.rulebook import book as rulebook

DOC = CLONE / "docs" / "rules.md"


def test_the_document_is_up_to_date() -> None:
    expected = rulebook.as_markdown()
    assert DOC.read_text(encoding="utf-8") == expected, "run: python -m tools.rulebook > docs/rules.md"


def test_the_command_lists_every_policy() -> None:
    result = CliRunner().invoke(app, ["rules"])
    assert all(policy.name in result.output for policy in POLICIES)


def test_the_command_prints_json_for_programs() -> None:
    listed = json.loads(CliRunner().invoke(app, ["rules", "--json"]).output)["policies"]
    assert [policy["name"] for policy in listed] == [policy.name for policy in POLICIES]
    in_book = {entry.rule.id for entry in rulebook.entries()}
    assert {rule["id"] for policy in listed for rule in policy["rules"]} <= in_book


def test_a_rule_has_one_id_and_one_text() -> None:
    by_id: dict[str, set[str]] = {}
    for entry in rulebook.entries():
        by_id.setdefault(entry.rule.id, set()).add(entry.rule.rule)
    assert [rule_id for rule_id, texts in by_id.items() if len(texts) > 1] == []


def test_every_rule_says_what_is_required_why_and_the_way_out() -> None:
    words = {
        entry.rule.id: (entry.rule.rule, entry.rule.reason, entry.rule.remedy) for entry in rulebook.entries()
    }
    assert [rule_id for rule_id, parts in words.items() if not all(part.strip() for part in parts)] == []


def test_every_heading_of_the_document_is_a_link_of_its_own() -> None:
    headings = Counter(re.findall(r"^#+ (.*)$", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    assert [heading for heading, count in headings.items() if count > 1] == []
    links = set(re.findall(r"\(#([\w-]+)\)", DOC.read_text(encoding="utf-8")))
    assert links <= set(headings)


def test_every_rule_that_the_code_has_is_in_the_document() -> None:
    """However a rule is declared, its id stands in the source as `id="..."`."""
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("infra", "policies")
        for path in (CLONE / folder).rglob("*.py")
    ]
    declared = {found for text in sources for found in re.findall(r'Rule\(\n\s+id="([\w-]+)"', text)}
    assert declared
    missing = declared - {entry.rule.id for entry in rulebook.entries()}
    assert missing == set(), "a module names its rules in constants"
