"""What one value of a call must be, and the sentence by which AWS refuses it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]

# In Java's syntax, which AWS's models are written in, these are ASCII only.
JAVA_CLASSES = {"w": "_a-zA-Z0-9", "d": "0-9", "s": r" \t\n\x0b\f\r"}
PATTERN_PART = regex.compile(r"\\.|\[|\]|[^\\\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A form that values have.

    pattern: matches all of a text, in Java's syntax. minimum, maximum: of a number, or of the length of
    anything else. choices: all values that there are.
    """

    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def broken_by(self, value: object) -> Iterator[str]:
        """What the value would have to be and is not."""
        size = value if isinstance(value, int | float) else len(value) if isinstance(value, Sized) else None
        unit = "value" if size is value else "length"
        if size is not None and self.minimum is not None and size < self.minimum:
            yield f"Member must have {unit} greater than or equal to {self.minimum:g}"
        if size is not None and self.maximum is not None and size > self.maximum:
            yield f"Member must have {unit} less than or equal to {self.maximum:g}"
        if isinstance(value, str) and self.choices and value not in self.choices:
            yield f"Member must satisfy enum value set: [{', '.join(self.choices)}]"
        if isinstance(value, str) and self.pattern and not matches(self.pattern, value):
            yield f"Member must satisfy regular expression pattern: {self.pattern}"


def modelled(shape: Any) -> Constraint:  # noqa: ANN401 - botocore has no types
    """What the API's model says of a shape."""
    return Constraint(
        pattern=shape.metadata.get("pattern", ""),
        minimum=shape.metadata.get("min"),
        maximum=shape.metadata.get("max"),
        choices=tuple(shape.metadata.get("enum", ())),
    )


def matches(pattern: str, value: str) -> bool:
    """Whether the text has the form. A pattern that only Java understands matches all."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - regex has no types
    try:
        return regex.compile(_from_java(pattern))
    except regex.error:
        return None


def _from_java(pattern: str) -> str:
    parts, in_class = [], False
    for part in PATTERN_PART.findall(pattern):
        if part == "[":  # a literal one has a backslash
            in_class = True
        elif part == "]":
            in_class = False
        characters = JAVA_CLASSES.get(part[1:]) if part[0] == "\\" else None
        if characters is None:
            parts.append(part)
        else:
            parts.append(characters if in_class else f"[{characters}]")
    return "".join(parts)
