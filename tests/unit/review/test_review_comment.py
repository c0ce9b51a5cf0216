"""The comment: short enough whatever the size, the worst first, and safe against what people write."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tenantnet.engine.events import Operation
from tenantnet.refusal import is_visible
from tenantnet.review.approval import approval
from tenantnet.review.comment import MARKER, comment, grouped
from tenantnet.review.markdown import as_read, escaped, fenced, worded
from tenantnet.review.model import Effect
from tenantnet.review.result import Change, ReviewFinding, ReviewResult, StackResult, exit_code
from tenantnet.review.since import since
from tenantnet.review.verdict import Verdict, worst

# As settings and the engine have it: every character is seen.
SEEN = st.characters(exclude_categories=["C", "Z"]).filter(is_visible) | st.just(" ")
TEXT = st.text(SEEN, max_size=200)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,40}", fullmatch=True)
SEVERE = [Verdict.DESTROYS_DATA, Verdict.DATABASE_DOWN]


def stacks_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[StackResult]:
    return st.builds(
        StackResult,
        stack=names,
        kind=st.just("tenant"),
        verdict=st.sampled_from(Verdict),
        settings=st.sampled_from(["added", "changed", "removed", "unchanged"]),
        counts=st.dictionaries(st.sampled_from(Operation), st.integers(1, 5_000)),
        effects=st.lists(st.builds(Effect, verdict=st.sampled_from(Verdict), text=TEXT), max_size=5),
        sentences=st.lists(TEXT, max_size=5),
        notes=st.lists(TEXT, max_size=2),
        findings=st.lists(
            st.builds(
                ReviewFinding, source=NAMES, value=TEXT, rule=TEXT, reason=TEXT, remedy=TEXT, path=TEXT
            ),
            max_size=3,
        ),
        errors=st.lists(TEXT, max_size=2),
        changes=st.lists(
            st.builds(Change, operation=st.sampled_from(Operation), type=NAMES, name=TEXT), max_size=5
        ),
        topology=TEXT,
    )


def result_of(stacks: list[StackResult], **more: object) -> ReviewResult:
    return ReviewResult.model_validate(
        {
            "base": "origin/main",
            "commit": "0a1b2c3d4e5f",
            "verdict": worst(each.verdict for each in stacks),
            "stacks": stacks,
            **more,
        }
    )


def stack(name: str, verdict: Verdict = Verdict.SAFE, **more: object) -> StackResult:
    facts = {"stack": name, "kind": "tenant", "verdict": verdict, "settings": "changed", **more}
    return StackResult.model_validate(facts)


# To shrink a failing case of a thousand stacks would take longer than to read it.
WITHOUT_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=WITHOUT_SHRINKING)
@given(samples=st.lists(stacks_of(NAMES), min_size=1, max_size=5), left_out=st.lists(NAMES, max_size=50))
def test_a_thousand_stacks_fit(samples: list[StackResult], left_out: list[str]) -> None:
    stacks = [
        samples[number % len(samples)].model_copy(update={"stack": f"{'tenant' * 12}-{number}"})
        for number in range(1_000)
    ]
    told = comment(result_of(stacks, left_out=left_out * 40))
    assert len(told) < 60_000
    assert told.startswith(MARKER)
    for verdict, count in result_of(stacks).tally.items():
        assert f"{count} {verdict.words}" in told


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(stacks=st.lists(stacks_of(NAMES), max_size=4, unique_by=lambda each: each.stack))
def test_a_few_stacks_are_each_told_in_a_section(stacks: list[StackResult]) -> None:
    told = comment(result_of(stacks))
    assert len(told) < 60_000
    assert told.count("\n### ") == len(grouped(stacks))


def test_details_go_before_sections_and_those_of_the_least_severe_first() -> None:
    big: dict[str, Any] = {"topology": "flowchart LR\n" + "x" * 20_000}
    told = comment(
        result_of([stack("mild", **big), stack("bad", Verdict.DESTROYS_DATA, **big), stack("worse", **big)])
    )
    assert len(told) < 60_000
    bad, *others = told.split("\n### ")[1:]
    assert "bad" in bad.splitlines()[0]
    assert "```mermaid" in bad
    assert "```mermaid" not in others[-1]


def test_what_does_not_fit_is_counted() -> None:
    stacks = [stack(f"{'long' * 20}-{number}", effects=[]) for number in range(2_000)]
    told = comment(result_of(stacks))
    assert len(told) < 60_000
    assert " more" in told


def test_stacks_to_which_the_same_happens_are_told_together() -> None:
    stacks = [
        stack(
            name, settings="unchanged", sentences=[f"changes database {name}-blue: days of backups 14 → 21"]
        )
        for name in ("acme", "globex", "initech")
    ]
    (group,) = grouped(stacks)
    assert [each.stack for each in group.stacks] == ["acme", "globex", "initech"]


def test_stacks_to_which_different_things_happen_are_not() -> None:
    stacks = [
        stack(name, settings="unchanged", sentences=[f"changes database {name}-blue to {size}"])
        for name, size in (("acme", 1), ("globex", 2))
    ]
    assert len(grouped(stacks)) == 2


def test_the_worst_comes_first() -> None:
    stacks = [stack("a"), stack("b", Verdict.DESTROYS_DATA), stack("c", Verdict.TUNNEL_DOWN)]
    assert [group.first.stack for group in grouped(stacks)] == ["b", "c", "a"]


def test_a_row_tells_the_most_important_and_how_many_more_there_are() -> None:
    down = Effect(verdict=Verdict.DATABASE_DOWN, text="the database restarts")
    slow = Effect(verdict=Verdict.SAFE, text="storage is slow")
    several = stack("acme", Verdict.DATABASE_DOWN, effects=[slow, down], sentences=["grows", "x" * 300])
    others = stack("beta", sentences=["y" * 300, "adds"], effects=[slow]), stack("gamma", notes=["a", "b"])
    rows = comment(result_of([several, *others])).split("\n|---|---|---|---|\n")[1].splitlines()[:3]
    assert rows[0].endswith("| the database restarts (and 3 more) |")
    assert rows[1].endswith("yyy… (and 2 more) |")
    assert rows[2].endswith("| a (and 1 more) |")


def test_a_finding_that_rejects_nothing_says_so() -> None:
    texts = {"value": "Oslo office", "rule": "it is so", "reason": "or else", "remedy": "make it so"}
    sources = ("settings", "a-policy")
    findings = [{"source": each, "mandatory": False, **texts} for each in sources]
    told = comment(result_of([stack("acme", findings=findings)]))
    assert "- Oslo office (advisory)\n" in told
    assert "- Oslo office (policy a-policy, advisory)\n" in told


def test_nothing_touched_is_said() -> None:
    assert "No stack is touched" in comment(result_of([]))


def rendered(markdown: str) -> tuple[str, list[Token]]:
    """The text that a reader sees, and the tokens that it was made of."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    inline = [child for token in tokens if token.type == "inline" for child in token.children or []]
    return "".join(html.unescape(token.content) for token in inline if token.type != "html_inline"), [
        *tokens,
        *inline,
    ]


@settings(deadline=None)
@given(TEXT)
def test_any_text_is_shown_as_it_is(text: str) -> None:
    told, tokens = rendered(f"start {escaped(text)}")
    assert told.split() == f"start {text}".split()
    allowed = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "html_inline"}
    assert {token.type for token in tokens} <= allowed
    assert {token.content for token in tokens if token.type == "html_inline"} <= {"<!-- -->"}


@settings(deadline=None)
@given(TEXT)
def test_any_text_stays_in_its_item_of_a_list(text: str) -> None:
    _, tokens = rendered(f"- {escaped(text)}\n- second")
    assert [token.type for token in tokens].count("list_item_open") == 2
    assert "heading_open" not in {token.type for token in tokens}


@settings(deadline=None)
@given(TEXT)
def test_any_text_stays_in_its_cell(text: str) -> None:
    _, tokens = rendered(f"| a | b |\n|---|---|\n| {escaped(text)} | second |")
    assert [token.type for token in tokens].count("td_open") == 2


@pytest.mark.parametrize(
    "text",
    [
        "@octocat",
        "see #12",
        "org/repo#12",
        "https://example.com",
        "www.example.com",
        "GH-1",
        "gh-1",
        "(GH-26)",
        "GL-3",
        "a5c3785ed8d6a35868bc169f07e40e889087fd2e",
        "see a5c3785e",
        "!7",
        "%5",
        "&3",
        "~bug",
        '~"two words"',
        "$12",
        "*iteration:5",
        "[vulnerability:1]",
        "mailto:ada",
        "{+ added +}",
        "{-gone-}",
        "[+added+]",
        "[- gone -]",
        ":white_check_mark:",
        "all well :+1:",
    ],
)
def test_nobody_is_mentioned_and_nothing_is_linked(text: str) -> None:
    """Nor added, nor struck out, nor turned into a picture."""
    assert "<!-- -->" in escaped(text)


@pytest.mark.parametrize(
    "text", ["{acme}", "a: b", "10:30", "acme-1", "eu-west-1", "10737418240", "globex-10", "high-1", "vpc-1"]
)
def test_ordinary_names_and_numbers_stay_as_they_are(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize("code", ["202e", "2066", "9b", "0", "200b", "200f", "ad", "feff", "e0041", "fe0f"])
def test_what_nobody_sees_is_replaced(code: str) -> None:
    text, seen = f"a{chr(int(code, 16))}b", "a\N{REPLACEMENT CHARACTER}b"
    assert escaped(text) == seen
    assert worded(f"`{text}`") == f"`{seen}`"
    assert fenced(f"x\n\t{text}") == f"```text\nx\n        {seen}\n```"


def test_code_stays_on_its_line() -> None:
    assert worded("run `a\n\n## b` now") == "run `a ## b` now"


@settings(deadline=None)
@given(TEXT)
def test_nothing_ends_a_block_of_code(text: str) -> None:
    _, tokens = rendered(f"{fenced(text)}\n\nafter")
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]


# https://docs.gitlab.com/user/project/quick_actions/ and bots such as Prow read lines, of code as well.
COMMANDS = ["/merge", "x\n/approve", "```\n/merge", "`\r/close", "~~~\n\n\t\n/assign @ada"]


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_to_the_host(text: str) -> None:
    finding = ReviewFinding(source=text, value=text, rule=text, reason=text, remedy=text, path=text)
    texts: dict[str, Any] = {name: [text] for name in ("sentences", "notes", "errors")}
    effects = [Effect(verdict=verdict, text=text) for verdict in Verdict]
    changes = [Change(operation=Operation.UPDATE, type=text, name=text, properties=[text])]
    one = stack(
        text, findings=[finding], effects=effects, changes=changes, sample_of=text, phase=text, **texts
    )
    whole = result_of([one], rule_files=[text], program_files=[text], left_out=[text], base=text)
    told = comment(whole, of_request=[approval(whole, [text], lambda _: [(text,)], text)])
    told += since(whole, whole.model_copy(update={"stacks": [stack("acme")]}), "0a1b2c3d")
    assert not [line for line in told.splitlines() if line.startswith("/")]


@pytest.mark.parametrize(
    ("verdict", "code"), list(zip(Verdict, [0, 3, 4, 10, 5, 11, 9, 6, 7, 8], strict=True))
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert exit_code(verdict, Verdict.TUNNEL_DOWN) == code


def test_what_the_caller_accepts_is_no_failure() -> None:
    assert exit_code(Verdict.DATABASE_DOWN, Verdict.DESTROYS_DATA) == 0
    assert exit_code(Verdict.NOT_PREVIEWED, Verdict.DESTROYS_DATA) == 8


@settings(deadline=None)
@given(text=TEXT, error=TEXT)
def test_a_terminal_shows_what_people_wrote_without_any_escape(text: str, error: str) -> None:
    told = "- rule: " + escaped(text)
    assert as_read(told) == "- rule: " + " ".join(text.split())
    assert as_read(f"{told}\n\n{fenced(error)}\n").endswith(
        fenced(error).split("\n", 1)[1].rsplit("\n", 1)[0] + "\n"
    )


def test_a_whole_comment_on_a_terminal_has_no_markup_and_keeps_code() -> None:
    finding = ReviewFinding(
        source="settings",
        path="networks.blue.vpnConnections[0].companyCidr",
        value="172.17.9.0/24",
        rule="it is so",
        reason="or urn:pulumi:acme::x, and *so* on",
        remedy="write aws:region: eu-west-1, then `pulumi up --stack a_b`",
    )
    change = Change(operation=Operation.UPDATE, type="aws:ec2/vpc:Vpc", name="acme|blue")
    told = as_read(
        comment(
            result_of(
                [
                    stack(
                        "acme_1",
                        Verdict.DATABASE_DOWN,
                        findings=[finding],
                        effects=[Effect(Verdict.DATABASE_DOWN, "it is down")],
                        notes=["a_note stays"],
                        errors=["said <b> \\_"],
                        changes=[change],
                        topology="flowchart LR",
                    )
                ]
            )
        )
    )
    assert told.startswith("## Tenantnet review: ")
    markup = ("<!--", "<details>", "</details>", "mermaid", "flowchart", "**", "```")
    assert [each for each in markup if each in told] == []
    for line in (
        "- networks.blue.vpnConnections[0].companyCidr: 172.17.9.0/24\n",
        "  - reason: or urn:pulumi:acme::x, and *so* on\n",
        "  - remedy: write aws:region: eu-west-1, then `pulumi up --stack a_b`\n",
        "- it is down\n",
        "- a_note stays\n",
        "said <b> \\_\n",
        "1 resource:\n",
        "| update | Vpc | acme|blue |  |\n",
    ):
        assert line in told
