"""Which properties of a resource differ, of all that its provider names. Pure.

Providers name a property where only the order of a set or a label inside it differs from what is there, or
where they plan 0 or false for what nobody has set.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pulumi.automation.events import StepEventStateMetadata

# How the engine's events write a value that only deployment makes known.
UNKNOWN_VALUE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The key by which Pulumi marks a secret in what it writes.
SECRET_MARK: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the mark, not a secret
# What may be another value although it is written alike.
_NOT_SEEN = (UNKNOWN_VALUE, SECRET_MARK, "[secret]")
_LABELS = frozenset({"tags", "tagsAll"})


def is_same(
    name: str,
    old: StepEventStateMetadata | None,
    new: StepEventStateMetadata | None,
    planned: StepEventStateMetadata | None,
) -> bool:
    """Whether a property is what it was, for the program and by the provider's plan.

    old, new: before the step, and what the program declares. planned: the provider's answer to the preview.
    What is not known, or secret, is not the same.
    """
    if not (old and new and planned):
        return False
    before, declared = ((each.inputs or {}).get(name) for each in (old, new))
    had, will_have = ((each.outputs or {}).get(name) for each in (old, planned))
    if before != declared or had is None or will_have is None:
        return False
    own = frozenset(_keys(declared))
    plain = [_plain(value, own) for value in (had, will_have)]
    seen = json.dumps([declared, *plain])
    return not any(mark in seen for mark in _NOT_SEEN) and plain[0] == plain[1]


def _keys(value: Any) -> Iterator[str]:  # noqa: ANN401 - of any shape
    """Every key in it, at any depth."""
    match value:
        case Mapping():
            yield from value
            yield from _keys([*value.values()])
        case list():
            for part in value:
                yield from _keys(part)


def _plain(value: Any, own: Collection[str]) -> Any:  # noqa: ANN401 - of any shape
    """Without labels and what is empty; entries of a list in one order.

    own: keys whose 0 and false are values. Elsewhere providers plan these where nobody has set anything.
    """
    match value:
        case Mapping():
            parts = {key: _plain(part, own) for key, part in value.items() if key not in _LABELS}
            return {
                key: part
                for key, part in parts.items()
                if part not in (None, "", [], {}) and (part != 0 or key in own)
            }
        case list():
            entries = [_plain(part, own) for part in value]
            return sorted(entries, key=lambda part: json.dumps(part, sort_keys=True))
    return value
