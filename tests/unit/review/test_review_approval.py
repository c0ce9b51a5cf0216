"""Who must approve: by the verdict, and by the CODEOWNERS of the base."""

from __future__ import annotations

import pytest
from tenantnet.review.approval import MORE_FILES, approval
from tenantnet.review.result import ReviewResult, StackResult
from tenantnet.review.verdict import Verdict

FILES = ["tenants/Pulumi.acme.yaml", "docs/vpn/cisco.md", "infra/__main__.py"]
OWNERS = """
# who owns what
*             @example/all
/tenants/     @example/tenants @ada   # either of them
/docs/*       @example/writers
/docs/vpn/
"""
NOBODY = "whoever may approve at all"


def said(
    owners: str | None,
    *,
    files: list[str] = FILES,
    verdict: Verdict = Verdict.SAFE,
    stack: Verdict = Verdict.SAFE,
) -> list[str]:
    """The lines of the list, as people see them."""
    one = StackResult(stack="acme", kind="tenant", verdict=stack, settings="changed")
    result = ReviewResult(base="main", commit="0a1b2c3d", verdict=verdict, stacks=[one])
    title, _, told = approval(result, files, owners, "main").partition("\n\n")
    assert title == "**Who must approve**"
    plain = told.replace("<!-- -->", "").replace("\\", "")
    return [line.removeprefix("- ") for line in plain.splitlines()]


def test_each_file_has_the_owners_of_the_last_line_that_matches_it() -> None:
    assert said(OWNERS) == [
        f"{NOBODY}, as nobody owns it: docs/vpn/cisco.md",
        "@example/all: infra/__main__.py",
        "@example/tenants or @ada: tenants/Pulumi.acme.yaml",
    ]


def test_at_gitlab_each_section_that_is_not_optional_has_its_own_owners() -> None:
    sections = """
[Tenants][2] @example/tenants
/tenants/
[Safety]
* @example/safety
^[Style] @example/style
*
"""
    assert said(sections, files=FILES[:1]) == [
        "@example/safety: tenants/Pulumi.acme.yaml",
        "@example/tenants: tenants/Pulumi.acme.yaml",
    ]


def test_a_base_without_owners_says_so() -> None:
    assert said(None) == [f"{NOBODY}: main has no CODEOWNERS"]


@pytest.mark.parametrize(
    ("path", "owned", "others"),
    [
        ("*", ["a.py", "b/c/d.py"], []),
        ("*.py", ["a.py", "b/c/d.py"], ["a.pyc", "b.md"]),
        ("/b/", ["b/c", "b/c/d.py"], ["b", "a/b/c"]),
        ("b/", ["b/c", "a/b/c/d"], ["ab/c"]),
        ("b/*", ["b/c"], ["b/c/d", "a/b/c"]),
        ("/b", ["b", "b/c/d"], ["a/b", "bc"]),
        ("**/b", ["b", "a/b", "a/c/b/d"], ["ab"]),
        ("/a/**/d", ["a/d", "a/b/c/d"], ["a/bd"]),
        ("/a/**", ["a/b", "a/b/c"], ["ab"]),
        ("a?.py", ["ab.py", "b/ac.py"], ["a.py", "a/.py"]),
        ("/a\\ b/", ["a b/c"], ["a", "b/c"]),
        ("/a.b", ["a.b"], ["aXb"]),
    ],
)
def test_a_path_is_about_what_the_hosts_say(path: str, owned: list[str], others: list[str]) -> None:
    told = said(f"{path} @ada", files=[*owned, *others])
    assert f"@ada: {', '.join(owned)}" in told
    assert len(told) == (2 if others else 1)


def test_files_that_the_host_does_not_list_may_have_other_owners() -> None:
    told = said("* @example/all", files=["a.py", MORE_FILES])
    assert told == ["@example/all: a.py", "and the owners of the files that the host does not list"]


def test_every_verdict_that_is_found_says_who_answers_for_it_the_worst_first() -> None:
    told = said(None, verdict=Verdict.CHANGES_RULES, stack=Verdict.DATABASE_DOWN)
    assert told[0] == "📜 changes the rules: somebody who answers for the rules"
    assert told[1].startswith("🔴 takes the database down: somebody who has told the tenant")


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_is_safe_asks_for_the_owners_alone(verdict: Verdict) -> None:
    assert len(said("* @ada", files=["a"], verdict=verdict)) == (1 if verdict is Verdict.SAFE else 2)


def test_it_is_short_whatever_a_request_changes() -> None:
    owners = "\n".join(f"/folder{number}/ @owner{number}" for number in range(1_000))
    lines = said(owners, files=[f"folder{number % 1_000}/{'x' * 200}{number}" for number in range(3_000)])
    assert sum(map(len, lines)) < 7_000
    assert lines[-1].endswith(" more")
