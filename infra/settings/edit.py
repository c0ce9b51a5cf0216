"""Adds, changes and removes entries of a YAML mapping or list in place: every other byte stays.

A round trip through a YAML writer would keep comments but change indentation, quotes and line breaks. So here
the parser only finds positions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from tenantnet.refusal import Refused, Rule

Entries = dict[str, Any]

TENANT = ("config", "tenantnet:tenant")
NETWORKS = (*TENANT, "networks")

EDITABLE_IN_PLACE = Rule(
    id="editable-in-place",
    rule="the settings file can be edited without touching anything else in it",
    reason="{problem}",
    remedy="make the change by hand: {change}",
)


class NotEditableError(ValueError):
    """The text cannot be edited in place; the message says why."""


@contextmanager
def in_place(change: str) -> Iterator[None]:
    """Turn NotEditableError in the block into a refusal that shows the change to make by hand."""
    try:
        yield
    except NotEditableError as error:
        refusal = EDITABLE_IN_PLACE.refuse(change, problem=error, change=change)
        raise Refused("The settings file", [refusal]) from None


def add_entry(text: str, path: Sequence[str], key: str, value: Mapping[str, str]) -> str:
    """The text with `key: value` as last entry of the mapping at `path`, in that mapping's own style.

    key and value are written as they are, so they must be plain scalars. Raises NotEditableError if the
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
        inner = place.indent + place.step
        lines = [" " * place.indent + f"{key}:", *(" " * inner + f"{name}: {value[name]}" for name in value)]
        edited = _with_lines(text, _end_of_lines(text, end, place.indent), lines)
    return _checked(edited, _changed(_load(text), path, lambda entries: {**entries, key: dict(value)}))


def remove_entry(text: str, path: Sequence[str], key: str) -> str:
    """The text without the entry `key` of the mapping at `path`; comments within the entry go with it.

    Raises NotEditableError if there is no such entry, it is the only one, or cannot be cut out in place.
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


def set_scalar(text: str, path: Sequence[str], key: str, value: str) -> str:
    """The text with `key: value` in the mapping at `path`, in the place of the former value or as last entry.

    value is written as it is, so it must be a plain scalar; key too. Raises NotEditableError if the
    mapping is not there or is empty, the key holds no scalar, or the value cannot be written in place.
    """
    place = _mapping_at(text, path)
    if key in place.keys:
        node = place.mapping.value[place.keys.index(key)][1]
        if not isinstance(node, ScalarNode) or node.style in ("|", ">"):
            raise NotEditableError(f"{'.'.join((*path, key))} is no value on one line")
        edited = text[: node.start_mark.index] + value + text[node.end_mark.index :]
    else:
        end = _end_of(place.mapping.value[-1][1])
        if place.mapping.flow_style:
            edited = f"{text[:end]}, {key}: {value}{text[end:]}"
        else:
            line = " " * place.indent + f"{key}: {value}"
            edited = _with_lines(text, _end_of_lines(text, end, place.indent), [line])
    meant = _load(f"[{value}]")[0]
    return _checked(edited, _changed(_load(text), path, lambda entries: {**entries, key: meant}))


def add_item(text: str, path: Sequence[str], item: Mapping[str, str]) -> str:
    """The text with `item` as last entry of the list at `path`, which is made where the key is not there.

    It is written in the style of the entry before it. Raises NotEditableError if the mapping around the
    list is not there or is empty, the key holds no list, or the list cannot be extended in place.
    """
    place, key = _mapping_at(text, path[:-1]), path[-1]
    end = _end_of(place.mapping.value[-1][1])
    if key in place.keys:
        edited = _with_item(text, place.mapping.value[place.keys.index(key)][1], ".".join(path), item)
    elif place.mapping.flow_style:
        edited = f"{text[:end]}, {key}: [{_flow(item)}]{text[end:]}"
    else:
        lines = [" " * place.indent + f"{key}:", *_block(item, place.indent + place.step)]
        edited = _with_lines(text, _end_of_lines(text, end, place.indent), lines)
    changed = _changed(
        _load(text), path[:-1], lambda entries: {**entries, key: [*entries.get(key, []), dict(item)]}
    )
    return _checked(edited, changed)


def remove_item(text: str, path: Sequence[str], index: int) -> str:
    """The text without entry `index` of the list at `path`; with its only entry the whole key goes.

    Raises NotEditableError if there is no such entry or it cannot be cut out in place.
    """
    place, key = _mapping_at(text, path[:-1]), path[-1]
    node = place.mapping.value[place.keys.index(key)][1] if key in place.keys else None
    if not isinstance(node, SequenceNode) or index >= len(node.value):
        raise NotEditableError(f"{'.'.join(path)} is no list of more than {index} entries")
    if len(node.value) == 1:
        return remove_entry(text, path[:-1], key)
    start, end = node.value[index].start_mark.index, _end_of(node.value[index])
    if not node.flow_style:
        start, end = text.rindex("\n", 0, start) + 1, _end_of_lines(text, end, node.start_mark.column)
    elif index + 1 < len(node.value):
        end = node.value[index + 1].start_mark.index
    else:
        start = _end_of(node.value[index - 1])
    changed = _changed(
        _load(text),
        path[:-1],
        lambda entries: {**entries, key: [*entries[key][:index], *entries[key][index + 1 :]]},
    )
    return _checked(text[:start] + text[end:], changed)


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


def _with_lines(text: str, place: int, lines: Sequence[str]) -> str:
    """The text with whole lines at a place that is the start of a line or the end of the text."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[:place] if text[:place].endswith("\n") else text[:place] + newline
    return before + "".join(line + newline for line in lines) + text[place:]


def _with_item(text: str, node: Node, name: str, item: Mapping[str, str]) -> str:
    if not isinstance(node, SequenceNode):
        raise NotEditableError(f"{name} is no list")
    if not node.value:
        return f"{text[: node.start_mark.index]}[{_flow(item)}]{text[node.end_mark.index :]}"
    last = node.value[-1]
    end, column = _end_of(last), node.start_mark.column
    if node.flow_style:
        return f"{text[:end]}, {_flow(item)}{text[end:]}"
    flow = isinstance(last, MappingNode) and last.flow_style
    lines = [" " * column + f"- {_flow(item)}"] if flow else _block(item, column)
    return _with_lines(text, _end_of_lines(text, end, column), lines)


def _flow(item: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {_scalar(value)}' for name, value in item.items())}}}"


def _block(item: Mapping[str, str], column: int) -> list[str]:
    """The lines of a list's entry whose dash is in `column`."""
    fields = [f"{name}: {_scalar(value)}" for name, value in item.items()]
    return [
        " " * column + mark + field
        for mark, field in zip(["- ", *["  "] * len(fields)], fields, strict=False)
    ]


def _scalar(value: str) -> str:
    """The value as YAML text: plain where that reads back as the same, else in double quotes."""
    try:
        plain = _load(f"[{value}]") == [value]
    except YAMLError:
        plain = False
    return value if plain else json.dumps(value, ensure_ascii=False)


def _checked(edited: str, expected: Entries) -> str:
    """The edited text. Raises NotEditableError if reading it does not give the intended change."""
    try:
        meant = _load(edited) == expected
    except YAMLError:
        meant = False
    if not meant:
        raise NotEditableError("its form (anchors, or several entries on one line) does not allow it")
    return edited


def _load(text: str) -> Any:  # noqa: ANN401 - any YAML value
    return YAML(typ="safe", pure=True).load(text)


def _changed(data: Entries, path: Sequence[str], change: Callable[[Entries], Entries]) -> Entries:
    """A copy of `data` with the mapping at `path` changed there alone, also where an anchor shares it."""
    if not path:
        return change(data)
    return {**data, path[0]: _changed(data[path[0]], path[1:], change)}


def _without(entries: Entries, key: str) -> Entries:
    return {name: value for name, value in entries.items() if name != key}
