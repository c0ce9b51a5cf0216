"""One shape for every refusal: what of a value is shown, and how rules become refusals."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule, is_visible, printable, shown
from tenantnet.secret_forms import NOT_SHOWN

RULE = Rule(id="small", rule="at most {most}", reason="it holds {most}", remedy="take less")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10.1.2.0/26", "10.1.2.0/26"),
        ("Seattle office", "Seattle office"),
        ("", '""'),
        (" acme", '" acme"'),
        ("a\nb", '"a\\nb"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\u0661", '"\\u0661"'),
        ("100", '"100"'),
        ("true", '"true"'),
        ("1e3", '"1e3"'),
        ("networks.blue: 1", '"networks.blue: 1"'),
        ("- one", '"- one"'),
        (100, "100"),
        (True, "true"),
        (None, "not set"),
        (float("inf"), "inf"),
        ([1, [2]], "a list of 2 entries"),
        ({"password": "hunter22"}, "a mapping of 1 key"),
        (date(2026, 12, 1), "2026-12-01"),
        (datetime(2026, 12, 1, 2), "2026-12-01T02:00:00"),
        ("x" * 100, "x" * 77 + "..."),
    ],
)
def test_a_value_is_shown_as_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_number_of_endless_digits_is_told_by_its_size() -> None:
    assert shown(10**5000) == "a number of thousands of digits"


@given(value=st.text() | st.integers() | st.floats() | st.binary() | st.lists(st.text()) | st.none())
def test_whatever_is_shown_is_safe_on_a_terminal(value: object) -> None:
    text = shown(value)
    assert text.isascii()
    assert text.isprintable()
    assert 0 < len(text) <= 80


def test_a_rule_fills_in_the_facts_of_the_case() -> None:
    refusal = RULE.refuse(9, "size", most=3)
    assert refusal == Refusal("9", "at most 3", "it holds 3", "take less", path="size", rule_id="small")


@given(fact=st.text())
def test_facts_are_safe_on_a_terminal(fact: str) -> None:
    assert RULE.refuse(9, most=fact).reason.replace("\n", "").isprintable()


@pytest.mark.parametrize("said", ["", " \n", str(OSError().strerror)])
def test_a_failure_whose_cause_said_nothing_says_that(said: str) -> None:
    failure = Failure("Could not write it.", reason=said, remedy="try again")
    assert "  reason: it was not said why\n  remedy: try again\n" in str(failure)


def test_a_secret_is_never_shown() -> None:
    assert RULE.refuse_secret("password", most=3).value == NOT_SHOWN


def test_a_place_is_put_before_a_refusals_own() -> None:
    refusal = RULE.refuse(9, "size", most=3)
    assert refusal.at("box").path == "box.size"
    assert RULE.refuse(9, most=3).at("box").path == "box"


def test_refusals_of_one_subject_are_told_together() -> None:
    refused = Refused("The boxes", [RULE.refuse(9, "a", most=3), RULE.refuse(8, "b", most=3)])
    assert str(refused).splitlines()[0] == "The boxes: 2 problems"
    assert str(refused).count("remedy: take less") == 2


VALUES = st.text() | st.binary() | st.sampled_from(["a: b", "- a", "- a: b", "a:"])
PATHS = st.just("") | st.from_regex(r"[a-z-][A-Za-z.:/\[\]0-9-]{0,30}", fullmatch=True)
REFUSALS = st.builds(
    Refusal, value=VALUES.map(shown), rule=st.text(), reason=st.text(), remedy=st.text(), path=PATHS
)


@given(REFUSALS)
def test_a_refusal_is_read_as_it_was_written(refusal: Refusal) -> None:
    assert Refusal.parse(str(refusal)) == [refusal]
    assert not Refused.is_in(str(refusal))


@given(st.lists(REFUSALS, min_size=1))
def test_refusals_of_one_subject_are_read_as_they_were_written(refusals: list[Refusal]) -> None:
    text = f"error: {Refused('The settings of acme', refusals)}\nNothing was created or changed."
    assert Refusal.parse(text) == refusals
    assert Refused.is_in(text)


def test_a_refusal_inside_another_ones_reason_is_a_part_of_it() -> None:
    outer = Refusal("eu1", "it deploys", str(RULE.refuse(9, "size", most=3)), "mend it")
    assert Refusal.parse(str(outer)) == [outer]


def test_another_error_is_no_refusal() -> None:
    text = "error: AccessDenied: not authorized to perform: ec2:DescribeVpcs"
    assert (Refusal.parse(text), Refused.is_in(text)) == ([], False)


@pytest.mark.parametrize(
    "character",
    [
        "\u200b",
        "\u202e",
        "\u2066",
        "\xa0",
        "\u3164",
        "\u115f",
        "\uffa0",
        "\u2800",
        "\ufe0f",
        "\u034f",
        "\U000e0041",
        "\u0336",
        "\u0489",
        "\u20dd",
        "\u20e0",
    ],
    ids=ascii,
)
def test_a_character_that_nobody_sees_is_no_part_of_a_name_and_is_shown_as_its_code(character: str) -> None:
    assert not is_visible(f"Seattle{character} office")
    assert character not in printable(f"Seattle{character} office")
    assert is_visible("Z\xfcrich \u6771\u4eac \u0928\u093e")


def test_letters_have_as_many_marks_as_languages_give_them() -> None:
    for word in ("Vie\u0302\u0323t", "\u1019\u103c\u102d\u102f\u1037", "\u05d1\u05bc\u05b8", "e\u0301"):
        assert is_visible(word)
        assert printable(word) == word
    for text in ("a" + 50 * "\u0301", "\u0301a", "a \u0301", "1\u0301"):
        assert not is_visible(text)
    assert printable("a" + 6 * "\u0301") == "a" + 4 * "\u0301" + 2 * "\\u0301"


def test_a_fact_that_is_a_whole_file_does_not_fill_the_screen() -> None:
    refusal = RULE.refuse("x" * 9_000, most="y" * 9_000)
    assert len(str(refusal)) < 1_500
    kept = "/a" * 150
    assert RULE.refuse(1, most=kept).reason == f"it holds {kept}"
