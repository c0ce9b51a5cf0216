"""Refuses YAML that its readers read differently.

Here YAML 1.2 is read (ruamel.yaml); editors and other tools read YAML 1.1 (PyYAML, LibYAML), and Pulumi
a mixture of both (gopkg.in/yaml.v3, made from LibYAML). A value that only one of them takes for a number
would be judged as one thing and deployed as another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from tenantnet.refusal import Refusal
from tenantnet.settings import rules

# LibYAML's reader, where PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Line breaks of YAML 1.1 alone, what some readers refuse, and what shows text in another order than it has.
_CHARACTER = re.compile(
    "[\0-\b\v\f\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
    "|\r(?!\n)"
)
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
# What at least one reader takes for a number, a date, a word or an instruction, in whatever case.
_NOT_TEXT = re.compile(
    r"""y|n|yes|no|on|off|=|<<|[-+]?\.(?:inf|nan)
    |[-+]?0[xob][0-9a-f_]*
    |[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9_]+)?
    |[-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:t|\s+)[0-9]{1,2}:[0-9]{1,2}:[0-9].*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_FORMS = {
    yaml.DirectiveToken: ("it is a directive", "remove the line"),
    yaml.AnchorToken: ("it is an anchor", "remove it"),
    yaml.AliasToken: ("it is an alias", "write out what it stands for"),
    yaml.TagToken: ("it is a tag", "remove it; put quotes around the value if it is text"),
}
_OPENING = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_TEXT = "tag:yaml.org,2002:str"
_PLAIN = "put quotes around it if it is text; else write true, false, or a number of decimal digits alone"
_LAYOUT = "give each key a line of its own, indented by blanks, with its value behind `: ` or below"

# Lines that cannot be laid out in two ways: a key, an entry of a list, or both, and values on the same line.
_KEY = r"[A-Za-z][\w.-]*(?::[A-Za-z][\w.-]*)*"
_PLAIN_VALUE = r"[A-Za-z0-9/](?:[\w./+=@(),-]|:(?=[\w./+=@])|\ (?=[\w./+=@(]))*"
_VALUE = rf"""(?:{_PLAIN_VALUE}|"[\w ./:+=@-]*"|'[\w ./:+=@-]*')"""
_ORDINARY = re.compile(
    rf"(?:\ *(?:\#[\ -~]*)?|\ *(?:-\ )*{_KEY}:(?:\ {_VALUE})?|\ *(?:-\ )+{_VALUE})", re.ASCII
)


def is_text_for_all(text: str) -> bool:
    """Whether every reader reads a plain scalar, which is text for YAML 1.2, as that text."""
    return not _NOT_TEXT.fullmatch(text)


def quoted(value: object) -> object:
    """A document to be written, with quotes around every text that some reader takes for something else."""
    match value:
        case dict():
            return {quoted(key): quoted(each) for key, each in value.items()}
        case list():
            return [quoted(each) for each in value]
        case str() if not is_text_for_all(value):
            return DoubleQuotedScalarString(value)
        case _:
            return value


def read_ordinary(text: str) -> object | None:
    """What an ordinary text describes, for all readers; None for any other text, which says nothing of it.

    LibYAML reads it, ten times as fast as ruamel.yaml.
    """
    if not all(map(_ORDINARY.fullmatch, text.split("\n"))):
        return None
    try:
        if any(_odd_tokens(text)):
            return None
        loader = LOADER(text)
        node = loader.get_single_node()
        return loader.construct_document(node) if node and _has_ordinary_keys(node) else None
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _has_ordinary_keys(node: yaml.Node) -> bool:
    """Whether every key in it is text, and there once."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if key.tag == _TEXT]
        if len({*keys}) < len(node.value):
            return False
    return not isinstance(node, yaml.CollectionNode) or all(map(_has_ordinary_keys, _children(node)))


def check_alike(text: str, node: Node) -> list[Refusal]:
    """The places that readers read differently, without the text there, which may be a password.

    text: YAML without byte order mark. node: what ruamel.yaml makes of it.
    """
    if found := _CHARACTER.search(text):
        line = text.count("\n", 0, found.start()) + 1
        problem = f"the character U+{ord(found[0]):04X} is invisible or a line break to some of them"
        return [rules.YAML_ALIKE.refuse(f"line {line}", problem=problem, remedy="remove it")]
    try:
        if refusals := [*_odd_tokens(text), *_odd_keys(node, set())]:
            return refusals
        mark = _difference(node, yaml.compose(text, Loader=LOADER))
        place = _place(mark) if mark else None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = _place(mark) if mark else "the file"
    if place is None:
        return []
    return [rules.YAML_ALIKE.refuse(place, problem="YAML 1.1 and 1.2 differ in its layout", remedy=_LAYOUT)]


def _odd_tokens(text: str) -> Iterator[Refusal]:
    depth = 0
    for token in yaml.scan(text, Loader=LOADER):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if type(token) in _FORMS:
            what, remedy = _FORMS[type(token)]
            problem = f"{what}, and not all of them follow those alike"
        elif isinstance(token, yaml.ScalarToken) and token.plain and not _is_alike(token.value, depth):
            problem, remedy = "some of them take it for another number, a date or a word of YAML's", _PLAIN
        else:
            continue
        yield rules.YAML_ALIKE.refuse(_place(token.start_mark), problem=problem, remedy=remedy)


def _is_alike(plain: str, depth: int) -> bool:
    """depth: how many brackets and braces are around it, where a question mark starts a key for some."""
    return (is_text_for_all(plain) or bool(_NUMBER.fullmatch(plain))) and not (depth and "?" in plain)


def _odd_keys(node: Node, seen: set[int]) -> Iterator[Refusal]:
    """seen: the nodes so far, by id(). Aliases of aliases lead to one node more often than can be walked."""
    if id(node) in seen:
        return
    seen.add(id(node))
    for child in _children(node) if isinstance(node, CollectionNode) else ():
        yield from _odd_keys(child, seen)
    for key, _ in node.value if isinstance(node, MappingNode) else ():
        if not isinstance(key, ScalarNode) or str(key.tag) != _TEXT:
            problem, remedy = (
                "some of them take no key that is not text, or leave it out",
                "write a text there",
            )
            yield rules.YAML_ALIKE.refuse(_place(key.start_mark), problem=problem, remedy=remedy)


def _place(mark: Any) -> str:  # noqa: ANN401 - of PyYAML, of LibYAML or of ruamel.yaml
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _difference(ours: Any, theirs: Any) -> Any:  # noqa: ANN401 - nodes of two libraries, alike in their fields
    """The mark of the first node that is not the same for both readers; None if there is none."""
    if type(ours).__name__ != type(theirs).__name__ or str(ours.tag) != str(theirs.tag):
        return ours.start_mark
    if isinstance(ours.value, str):
        return None if ours.value == theirs.value else ours.start_mark
    pairs = [_children(ours), _children(theirs)]
    if len(pairs[0]) != len(pairs[1]):
        return ours.start_mark
    marks = (_difference(*pair) for pair in zip(*pairs, strict=True))
    return next((mark for mark in marks if mark is not None), None)


def _children(node: Any) -> list[Any]:  # noqa: ANN401
    return [child for entry in node.value for child in (entry if isinstance(entry, tuple) else (entry,))]
