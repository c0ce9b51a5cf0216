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

import yaml
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.alike import LOADER, is_text_for_all
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

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
    fields = [f"{name}: {scalar}" for name, scalar in value.items()]
    lines = [f"{key}:", *(" " * place.step + field for field in fields)]
    edited = _appended(text, place.mapping, f"{key}: {{{', '.join(fields)}}}", lines)
    return _checked(text, edited, path, lambda entries: {**entries, key: dict(value)})


def remove_entry(text: str, path: Sequence[str], key: str) -> str:
    """The text without the entry `key` of the mapping at `path`; comments within the entry go with it.

    Raises NotEditableError if there is no such entry, it is the only one, or cannot be cut out in place.
    """
    place = _mapping_at(text, path)
    if key not in place.keys or len(place.keys) == 1:
        raise NotEditableError(f"{'.'.join(path)} has no entry {key} beside another one")
    edited = _cut(text, place.mapping, place.keys.index(key))
    return _checked(
        text, edited, path, lambda entries: {name: entries[name] for name in entries if name != key}
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
        edited = _appended(text, place.mapping, f"{key}: {value}", [f"{key}: {value}"])
    meant = _load(f"[{value}]")[0]
    return _checked(text, edited, path, lambda entries: {**entries, key: meant})


def add_item(text: str, path: Sequence[str], item: Mapping[str, str]) -> str:
    """The text with `item` as last entry of the list at `path`, which is made where the key is not there.

    It is written in the style of the entry before it. Raises NotEditableError if the mapping around the
    list is not there or is empty, the key holds no list, or the list cannot be extended in place.
    """
    place, key = _mapping_at(text, path[:-1]), path[-1]
    if key in place.keys:
        edited = _with_item(text, place.mapping.value[place.keys.index(key)][1], ".".join(path), item)
    else:
        lines = [f"{key}:", *(" " * place.step + line for line in _block(item))]
        edited = _appended(text, place.mapping, f"{key}: [{_flow(item)}]", lines)
    return _checked(
        text, edited, path[:-1], lambda entries: {**entries, key: [*entries.get(key, []), dict(item)]}
    )


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
    return _checked(
        text,
        _cut(text, node, index),
        path[:-1],
        lambda entries: {**entries, key: [*entries[key][:index], *entries[key][index + 1 :]]},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A mapping that is not empty. step: how much deeper its keys are indented than their parent's."""

    mapping: MappingNode
    keys: list[str]
    step: int


def _mapping_at(text: str, path: Sequence[str]) -> _Place:
    try:
        node: Node | None = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError:
        raise NotEditableError("it is no YAML") from None
    parent_column = 0
    for name in path:
        pairs = node.value if isinstance(node, MappingNode) else []
        found = [pair for pair in pairs if pair[0].value == name]
        if not found:
            raise NotEditableError(f"it has no {'.'.join(path)}")
        parent_column, node = found[0][0].start_mark.column, found[0][1]
    if not isinstance(node, MappingNode) or not node.value:
        raise NotEditableError(f"{'.'.join(path)} is no mapping with entries")
    keys = [key.value for key, _ in node.value]
    return _Place(mapping=node, keys=keys, step=_column(node) - parent_column)


def _entries(node: CollectionNode) -> list[tuple[Node, Node]]:
    """First and last node of each entry: a mapping's key and value, twice a list's item."""
    return list(node.value) if isinstance(node, MappingNode) else [(item, item) for item in node.value]


def _column(node: CollectionNode) -> int:
    """Where its keys start or, of a list, its dashes."""
    first = node.value[0][0] if isinstance(node, MappingNode) else node
    return int(first.start_mark.column)


def _appended(text: str, node: CollectionNode, flow: str, lines: Sequence[str]) -> str:
    """The text with one more entry of a collection that is not empty: `flow` within braces, else `lines`."""
    end, column = _end_of(_entries(node)[-1][1]), _column(node)
    if node.flow_style:
        return f"{text[:end]}, {flow}{text[end:]}"
    return _with_lines(text, _end_of_lines(text, end, column), [" " * column + line for line in lines])


def _cut(text: str, node: CollectionNode, index: int) -> str:
    """The text without one of several entries of a collection."""
    spans = [(first.start_mark.index, _end_of(last)) for first, last in _entries(node)]
    start, end = spans[index]
    if not node.flow_style:
        start, end = text.rindex("\n", 0, start) + 1, _end_of_lines(text, end, _column(node))
    elif index + 1 < len(spans):
        end = spans[index + 1][0]
    else:
        start = spans[index - 1][1]
    return text[:start] + text[end:]


def _end_of(node: Node) -> int:
    """Where the node's text ends; a block collection's own mark lies behind the comments after it."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        return _end_of(_entries(node)[-1][1])
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
    flow = isinstance(last, MappingNode) and last.flow_style
    return _appended(text, node, _flow(item), [f"- {_flow(item)}"] if flow else _block(item))


def _flow(item: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {_scalar(value)}' for name, value in item.items())}}}"


def _block(item: Mapping[str, str]) -> list[str]:
    """The lines of a list's entry, from its dash on."""
    return [f"{' ' if at else '-'} {name}: {_scalar(item[name])}" for at, name in enumerate(item)]


def _scalar(value: str) -> str:
    """The value as YAML text: plain where every reader reads that back as the same, else in double quotes."""
    try:
        plain = is_text_for_all(value) and _load(f"[{value}]") == [value]
    except yaml.YAMLError:
        plain = False
    return value if plain else json.dumps(value, ensure_ascii=False)


def _checked(text: str, edited: str, path: Sequence[str], change: Callable[[Entries], Entries]) -> str:
    """The edited text. Raises NotEditableError if it does not read as the text with that change at `path`."""
    try:
        meant = _load(edited) == _changed(_load(text), path, change)
    except (yaml.YAMLError, ValueError):
        meant = False
    if not meant:
        raise NotEditableError("its form (several entries on one line, or keys after `?`) does not allow it")
    return edited


def _load(text: str) -> Any:  # noqa: ANN401 - any YAML value
    # A settings file says the same to every reader, and LibYAML is the fastest.
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe one


def _changed(data: Entries, path: Sequence[str], change: Callable[[Entries], Entries]) -> Entries:
    """A copy of `data` with the mapping at `path` changed there alone, also where an anchor shares it."""
    if not path:
        return change(data)
    return {**data, path[0]: _changed(data[path[0]], path[1:], change)}
