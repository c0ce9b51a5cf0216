"""Adding and removing one entry of a YAML mapping in place: every other byte of the text stays as it is.

A round trip through a YAML writer would keep comments but set indentation, quotes and line breaks anew; here
the parser only says where things stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

Entries = dict[str, Any]


class NotEditableError(ValueError):
    """The text cannot be edited in place, for the reason that it says."""


def add_entry(text: str, path: Sequence[str], key: str, value: Mapping[str, str]) -> str:
    """The text with `key: value` as last entry of the mapping at `path`, in that mapping's own style.

    key and value are written as they are, so they must be plain scalars. Raises NotEditableError where the
    mapping is not there, is empty, has the key already, or cannot be extended in place.
    """
    place = _mapping_at(text, path)
    if key in place.keys:
        raise NotEditableError(f"{'.'.join(path)} has an entry {key} already")
    end = _end_of(place.mapping.value[-1][1])
    if place.mapping.flow_style:
        fields = ", ".join(f"{name}: {scalar}" for name, scalar in value.items())
        edited = f"{text[:end]}, {key}: {{{fields}}}{text[end:]}"
    else:
        end = _end_of_lines(text, end, place.indent)
        newline = "\r\n" if "\r\n" in text else "\n"
        inner = place.indent + place.step
        lines = [" " * place.indent + f"{key}:", *(" " * inner + f"{name}: {value[name]}" for name in value)]
        before = text[:end] if text[:end].endswith("\n") else text[:end] + newline
        edited = before + "".join(line + newline for line in lines) + text[end:]
    return _checked(edited, _changed(_load(text), path, lambda entries: {**entries, key: dict(value)}))


def remove_entry(text: str, path: Sequence[str], key: str) -> str:
    """The text without the entry `key` of the mapping at `path`; comments within the entry go with it.

    Raises NotEditableError where there is no such entry, it is the only one, or cannot be cut out in place.
    """
    place = _mapping_at(text, path)
    if key not in place.keys or len(place.keys) == 1:
        raise NotEditableError(f"{'.'.join(path)} has no entry {key} beside another one")
    index, entries = place.keys.index(key), place.mapping.value
    start, end = entries[index][0].start_mark.index, _end_of(entries[index][1])
    if not place.mapping.flow_style:
        start, end = text.rindex("\n", 0, start) + 1, _end_of_lines(text, end, place.indent)
    elif index + 1 < len(entries):
        end = entries[index + 1][0].start_mark.index
    else:
        start = _end_of(entries[index - 1][1])
    return _checked(
        text[:start] + text[end:], _changed(_load(text), path, lambda entries: _without(entries, key))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A mapping that is not empty. indent: its keys' column; step: how much deeper than their parent's."""

    mapping: MappingNode
    keys: list[str]
    indent: int
    step: int


def _mapping_at(text: str, path: Sequence[str]) -> _Place:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except YAMLError:
        raise NotEditableError("it is no YAML") from None
    parent_column = 0
    for name in path:
        found = [pair for pair in _pairs(node) if pair[0].value == name]
        if not found:
            raise NotEditableError(f"it has no {'.'.join(path)}")
        parent_column, node = found[0][0].start_mark.column, found[0][1]
    if not isinstance(node, MappingNode) or not node.value:
        raise NotEditableError(f"{'.'.join(path)} is no mapping with entries")
    indent = node.value[0][0].start_mark.column
    return _Place(
        mapping=node, keys=[key.value for key, _ in node.value], indent=indent, step=indent - parent_column
    )


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    return list(node.value) if isinstance(node, MappingNode) else []


def _end_of(node: Node) -> int:
    """Where the node's text ends; a block collection's own mark lies behind the comments after it."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1] if isinstance(node, MappingNode) else last)
    return int(node.end_mark.index)


def _end_of_lines(text: str, end: int, indent: int) -> int:
    """The end of the line that `end` is in and of the comments below it, if indented deeper than `indent`."""
    rest = re.compile(rf"[^\n]*(?:\n|\Z)(?:(?:[ \t]*\r?\n)*[ ]{{{indent + 1},}}#[^\n]*(?:\n|\Z))*")
    at_line_start = end > 0 and text[end - 1] == "\n"
    match = rest.match(text, end - 1 if at_line_start else end)
    return match.end() if match else end


def _checked(edited: str, expected: Entries) -> str:
    """The edited text, if it means what was meant."""
    try:
        meant = _load(edited) == expected
    except YAMLError:
        meant = False
    if not meant:
        raise NotEditableError("its form (anchors, or several entries on one line) does not allow it")
    return edited


def _load(text: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    return YAML(typ="safe", pure=True).load(text)


def _changed(data: Entries, path: Sequence[str], change: Callable[[Entries], Entries]) -> Entries:
    """A copy of `data` with the mapping at `path` changed there alone, also where an anchor shares it."""
    if not path:
        return change(data)
    return {**data, path[0]: _changed(data[path[0]], path[1:], change)}


def _without(entries: Entries, key: str) -> Entries:
    return {name: value for name, value in entries.items() if name != key}
