"""The texts of the console's pages are in one place, and all of them are used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes
from tenantnet.console import words
from tenantnet.phases.phases import Phase

from tests.support.clone import CLONE

FOLDER = CLONE / "infra" / "console"
TEMPLATES = sorted((FOLDER / "templates").glob("*.j2"))
SOURCES = sorted(path for path in FOLDER.glob("*.py") if path.name != "words.py")
# Two words, or one as a sentence or a label begins.
TEXT = re.compile("[A-Za-z],? [A-Za-z]|^[A-Z]")
# What people see or hear of an element besides what is in it.
SAID = {"aria-label", "alt", "placeholder", "title"}
# What says something else than a page: an error, and what it was about.
ERRORS = {"Rule", "refuse", "Failure", "Refused"}
NAMED = {
    f"{name}.{text}": value
    for name, group in vars(words).items()
    if isinstance(group, type) and group.__module__ == words.__name__
    for text, value in vars(group).items()
    if not text.startswith("_")
}


class Texts(HTMLParser):
    """What a page says by itself, where `0` stands for what is filled in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        self.found += re.findall("[A-Za-z].*", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SAID and value and value != "0"]


def own_texts(template: str) -> Iterator[str]:
    """Those in a template's HTML, and those in what it fills in."""
    tree = jinja2.Environment(autoescape=True).parse(template)
    # What is set aside is of a tag.
    aside = {
        id(output) for block in tree.find_all(nodes.AssignBlock) for output in block.find_all(nodes.Output)
    }
    page = ""
    for output in tree.find_all(nodes.Output):
        page += "<x " if id(output) in aside else ""
        for each in output.nodes:
            if isinstance(each, nodes.TemplateData):
                page += each.data
                continue
            is_in_a_tag = page.rfind("<") > page.rfind(">")
            page += "0"
            yield from (text for text in constants(each) if TEXT.search(text))
            yield from (text for text in results(each) if re.search("[a-z]", text) and not is_in_a_tag)
        page += ">" if id(output) in aside else ""
    yield from Texts(page).found


def constants(expression: nodes.Node) -> Iterator[str]:
    """All texts in an expression, without those that something is compared with."""
    if isinstance(expression, nodes.Const) and isinstance(expression.value, str):
        yield expression.value
    for each in expression.iter_child_nodes():
        if not isinstance(expression, nodes.Compare):
            yield from constants(each)


def results(expression: nodes.Node) -> Iterator[str]:
    """The texts that an expression may come to."""
    match expression:
        case nodes.Const(value=str(text)):
            yield text
        case nodes.CondExpr(expr1=one, expr2=other) | nodes.Or(left=one, right=other):
            yield from results(one)
            yield from results(other) if other else ()
        case nodes.Concat(nodes=parts):
            for part in parts:
                yield from results(part)


def sentences(source: str) -> Iterator[str]:
    """Those of a module that no error says and no docstring is."""
    tree = ast.parse(source)
    apart: set[int] = set()
    for node in ast.walk(tree):
        is_error = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ERRORS
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_error or is_docstring:
            apart |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in apart:
            continue
        if re.search("[A-Za-z],? [A-Za-z]|^[A-Z][a-z]", node.value) and not node.value.startswith("<"):
            yield node.value


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_text_of_its_own(template: Path) -> None:
    assert [*own_texts(template.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_module_has_no_text_of_its_own(source: Path) -> None:
    assert [*sentences(source.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello</p>",
        "<p>{{ name }} is here</p>",
        '<p aria-label="Hello"></p>',
        '<p>{{ name or "nobody" }}</p>',
        '<p>{{ "now" if name }}</p>',
        '{{ show.table("id", "One table") }}',
    ],
)
def test_a_text_of_its_own_is_found(template: str) -> None:
    assert [*own_texts(template)]


def test_each_text_is_used_and_each_that_is_used_is_there() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (*TEMPLATES, *SOURCES))
    assert {*re.findall(r"\b(?:t|words)\.([A-Z][a-z]\w*\.\w+)", sources)} == {*NAMED}


def test_the_phases_have_the_words_of_the_concepts() -> None:
    page = (CLONE / "docs" / "concepts.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert rows == {str(phase): said for phase, said in words.PHASES.items()}
    assert set(words.PHASES) == set(Phase)
