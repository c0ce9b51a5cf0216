"""What has changed since the push before."""

from __future__ import annotations

from tenantnet.engine.events import Operation
from tenantnet.review.model import Effect
from tenantnet.review.result import ReviewFinding, ReviewResult, StackResult
from tenantnet.review.since import since
from tenantnet.review.verdict import Verdict

HEAD = "9c1e7b3d5f60718293a4b5c6d7e8f90123454f2a"


def result(*stacks: StackResult, commit: str = "0a1b2c3d", rules: tuple[str, ...] = ()) -> ReviewResult:
    return ReviewResult(base="main", commit=commit, verdict=Verdict.SAFE, stacks=stacks, rule_files=rules)


def stack(name: str = "acme", verdict: Verdict = Verdict.SAFE, **more: object) -> StackResult:
    facts = {"stack": name, "kind": "tenant", "verdict": verdict, "settings": "changed", **more}
    return StackResult.model_validate(facts)


def lines(former: ReviewResult, now: ReviewResult) -> list[str]:
    title, _, told = since(former, now, HEAD).partition("\n\n")
    assert title == "**What has changed since the push before** (`9c1e7b3d`)"
    return [line.removeprefix("- ") for line in told.splitlines()]


def test_what_a_push_has_brought_and_what_it_has_taken_away_is_told() -> None:
    finding = ReviewFinding(
        source="settings", path="networks", value="x", rule="it is so", reason="", remedy=""
    )
    former = result(stack(findings=[finding]), rules=("iam/a.json",))
    now = result(
        stack(
            verdict=Verdict.DATABASE_DOWN,
            effects=[Effect(Verdict.DATABASE_DOWN, "it restarts")],
            sentences=["resizes it"],
            counts={Operation.UPDATE: 4},
        ),
        stack("globex"),
    )
    assert lines(former, now) == [
        "new: acme: takes the database down",
        "new: acme: it restarts",
        "new: acme: resizes it",
        "new: acme: update, 4 resources",
        "new: globex: safe",
        "no longer: changes the rules: iam/a.json",
        "no longer: acme: safe",
        "no longer: acme: networks: x: it is so",
    ]


def test_a_push_that_changes_nothing_of_it_says_so() -> None:
    same = result(stack(sentences=["resizes it"], seconds=3.1))
    told = since(same, result(stack(sentences=["resizes it"], seconds=9.9)), HEAD)
    assert told.endswith(": nothing, the previews say the same.")


def test_another_base_is_told_because_it_may_be_why() -> None:
    assert lines(result(stack()), result(stack(), commit="ffff0000")) == [
        "compared with another commit: `0a1b2c3d` → `ffff0000`"
    ]


def test_it_is_short_whatever_has_changed() -> None:
    now = result(*(stack(f"tenant-{number}", sentences=["@" * 400] * 3) for number in range(1_000)))
    told = since(result(), now, HEAD)
    assert len(told) < 7_000
    assert told.endswith(" more")
