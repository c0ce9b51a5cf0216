"""Who must approve: by the verdict, and by the CODEOWNERS of the base."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tenantnet.review.approval import MORE_FILES, approval
from tenantnet.review.codeowners import OwnersOf, owners_at_github, owners_at_gitlab
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
    read: Callable[[str], OwnersOf] = owners_at_github,
    files: list[str] = FILES,
    verdict: Verdict = Verdict.SAFE,
    stack: Verdict = Verdict.SAFE,
) -> list[str]:
    """The lines of the list, as people see them."""
    one = StackResult(stack="acme", kind="tenant", verdict=stack, settings="changed")
    result = ReviewResult(base="main", commit="0a1b2c3d", verdict=verdict, stacks=[one])
    title, _, told = approval(result, files, None if owners is None else read(owners), "main").partition(
        "\n\n"
    )
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
    assert said(sections, files=FILES[:1], read=owners_at_gitlab) == [
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
        ("/**", ["a", "b/c"], []),
        ("/a/**.py", ["a/b.py"], ["a/b/c.py"]),
        ("\\[id\\]/", ["a/[id]/b"], ["a/i/b"]),
    ],
)
def test_a_path_is_about_what_github_says(path: str, owned: list[str], others: list[str]) -> None:
    assert owned_by_ada(f"{path} @ada", [*owned, *others], owners_at_github) == owned


@pytest.mark.parametrize(
    ("path", "owned", "others"),
    [
        ("*", ["a.py", "b/c/d.py"], []),
        ("/b", ["b"], ["b/c"]),
        ("b/", ["b/c", "a/b/c/d"], ["ab/c"]),
        ("a/b", ["a/b", "c/d/a/b"], ["a/b/c"]),
        ("/a/**/d", ["a/d", "a/b/c/d"], ["a/bd"]),
        ("/a/**", ["a/b"], ["a/b/c"]),
        ("/a.[!b-d]", ["a.e"], ["a.c", "a./"]),
        ("/a.[z-a]", [], ["a.z"]),
        ("\\#a", ["#a", "b/#a"], []),
        ("a\\ b", ["c/a b"], []),
    ],
)
def test_a_path_is_about_what_gitlab_says(path: str, owned: list[str], others: list[str]) -> None:
    assert owned_by_ada(f"{path} @ada", [*owned, *others], owners_at_gitlab) == owned


def owned_by_ada(owners: str, files: list[str], read: Callable[[str], OwnersOf]) -> list[str]:
    owners_of = read(owners)
    return [name for name in files if owners_of(name) == [("@ada",)]]


@pytest.mark.parametrize(
    "line", ["!a @bo", "*.[ac] @bo", "\\#a @bo", "* bo", "* @bo bo", "[Docs] @bo", "^[Docs]"]
)
def test_a_line_that_github_skips_changes_nothing(line: str) -> None:
    assert owned_by_ada(f"* @bo\n{line}\na @ada", ["a", "b.c"], owners_at_github) == ["a"]
    assert owners_at_github(f"* @ada\n{line}")("b.c") == [("@ada",)]


def test_at_gitlab_what_a_section_excludes_stays_so() -> None:
    owners_of = owners_at_gitlab("* @ada\n!*.lock\na.lock @bo\n[Locks] @cy\n*.lock")
    assert owners_of("a.lock") == [("@cy",)]
    assert owners_of("a.py") == [("@ada",)]


def test_at_gitlab_a_section_is_optional_if_all_of_its_parts_are() -> None:
    assert owners_at_gitlab("[Docs] @ada\n*.md\n^[docs] @bo\n/a.md")("a.md") == [("@bo",)]


def test_a_file_has_its_owners_whatever_characters_are_in_its_name() -> None:
    for read in (owners_at_github, owners_at_gitlab):
        assert owned_by_ada("/infra/ @ada", ["infra/a\nb/c"], read) == ["infra/a\nb/c"]


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
