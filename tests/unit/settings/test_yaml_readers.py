"""What is let through is the same for every reader of YAML; the engine's is in tests/end_to_end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantnet.refusal import Refused
from tenantnet.settings.alike import quoted
from tenantnet.settings.reading import parse, parse_mapping

from tests.support.broken_settings import as_yaml
from tests.support.examples import examples
from tests.support.yaml_readers import EVEN, ODD, READERS, is_let_through, short_values
from tests.unit.settings.test_settings_on_disk import YAML_BITS

LAYOUT = [
    *YAML_BITS,
    *ODD,
    *EVEN,
    "\x85",
    "\u2028",
    "\u2029",
    "\r",
    "\r\n",
    "\ufeff",
    "\u202e",
    "\x7f",
    "k: ",
    "k:",
    ": v",
    "k:\tv",
    "\t# c",
    "{a:1}",
    '{"a":1}',
    "[a, b]",
    "[a]: b",
    "!!str 5",
    "|2-\n  ",
    ">+\n ",
    "- - ",
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("form", ["config: {value}\n", "config: [{value}]\n", "config: {{{value}: 1}}\n"])
def test_a_value_that_readers_read_differently_is_refused_unless_in_quotes(value: str, form: str) -> None:
    assert not is_let_through(form.format(value=value))
    assert is_let_through(form.format(value=f'"{value}"'))


@pytest.mark.parametrize("value", EVEN)
def test_a_value_that_they_read_alike_is_let_through(value: str) -> None:
    assert is_let_through(f"config: {value}\n")


@pytest.mark.parametrize(
    "text",
    [
        "%YAML 1.1\n---\nconfig: a\n",
        "%YAML 1.2\n---\nconfig: a\n",
        "%TAG ! tag:example.com,2026:\n---\nconfig: a\n",
        "config: &a b\n",
        "config: [&a b, *a]\n",
        "a: &a {b: c}\nconfig: {<<: *a}\n",
        "config: !!str 5\n",
        "config: ! 5\n",
        "config: !!binary aGk=\n",
        "config: a # b\x85c: d\n",
        "config: 'a\u2028b'\n",
        "config: a # b\rc: d\n",
        "config: a # \u202eb\n",
        "config: a\x9bb\n",
        'config: "a\x7fb"\n',
        "config: a\ufeff\n",
        "a: b\n---\nc: d\n",
        "a: b\na: c\n",
        "config:\n  a: 1\n\tb: 2\n",
        "[a]: b\n",
        "? \n: b\n",
        "config: {a: b, : c}\n",
        "config:\n  null: b\n",
        "config:\n  7: b\n",
        "config:\n  true: b\n",
        "config: {a? b: c}\n",
        "? {a: b}\n: c\n",
        "config: {[a, b]: c}\n",
    ],
)
def test_a_form_that_readers_follow_differently_is_refused(text: str) -> None:
    assert not is_let_through(text)


def test_every_place_is_named_at_once_and_none_of_the_text() -> None:
    with pytest.raises(Refused) as refused:
        parse_mapping("config:\n  password: 0144\n  a: [yes, &x b, !!int 7]\n", "acme")
    assert [refusal.value for refusal in refused.value.refusals] == [
        "line 2, column 13",
        "line 3, column 7",
        "line 3, column 12",
        "line 3, column 18",
    ]
    assert "0144" not in str(refused.value)


def test_short_values_that_are_let_through_are_the_same_for_every_reader() -> None:
    passed = [value for value in short_values() if is_let_through(f"k: {value}\n")]
    document = "".join(f"k{number}: {value}\n" for number, value in enumerate(passed))
    ours = repr(parse(document, "text")[0])
    assert {name: repr(read(document)) == ours for name, read in READERS.items()} == dict.fromkeys(
        READERS, True
    )
    assert len(passed) > 100


@given(bits=st.lists(st.sampled_from(LAYOUT), max_size=12))
@settings(max_examples=examples(400))
def test_any_text_that_is_let_through_is_the_same_for_every_reader(bits: list[str]) -> None:
    text = "".join(bits)
    if is_let_through(text):
        ours = repr(parse(text, "text")[0])
        assert {name: repr(read(text)) for name, read in READERS.items()} == dict.fromkeys(READERS, ours)


@given(value=st.text() | st.sampled_from(ODD))
def test_what_is_written_is_let_through_and_comes_back(value: str) -> None:
    document = {"config": [value]}
    text = as_yaml(quoted(document))
    if value.isprintable():
        assert parse_mapping(text, "text") == document
