"""Prints docs/reference.md: python -m tools.reference."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import pulumi
from tenantnet import components

INTRODUCTION = """\
# Reference of the library

<!-- Generated: python -m tools.reference > docs/reference.md -->

Everything that `tenantnet.components` offers. [The library](library.md) says how to use it. A component takes
a name, an `…Args` object and `pulumi.ResourceOptions`. An argument without a default must be given.
"""


def as_markdown() -> str:
    """The text of docs/reference.md."""
    offered = [getattr(components, name) for name in sorted(components.__all__)]
    chosen = [each for each in offered if _is_component(each)]
    args = {f"{each.__name__}Args" for each in chosen}
    values = [each for each in offered if inspect.isclass(each) and each not in chosen]
    values = [each for each in values if each.__name__ not in args]
    functions = [each for each in offered if inspect.isfunction(each)]
    constants = [name for name in sorted(components.__all__) if name.isupper()]
    parts = [INTRODUCTION, "## Components\n", *map(_component, chosen), "## Values\n", *map(_value, values)]
    parts += ["## Functions\n", *map(_function, functions), "## Constants\n", *map(_constant, constants)]
    return "\n".join(parts)


def _is_component(offered: object) -> bool:
    return inspect.isclass(offered) and issubclass(offered, pulumi.ComponentResource)


def _component(component: type[Any]) -> str:
    arguments = getattr(components, f"{component.__name__}Args")
    outputs = {name: type_ for name, type_ in component.__annotations__.items() if not name.startswith("_")}
    return "\n".join(
        [
            f"### {component.__name__}\n",
            f"{_text(component)}\n",
            f"`{arguments.__name__}`: {_text(arguments)}\n",
            *_fields("Argument", arguments),
            *(_table(("Output", "Type", "Meaning"), _outputs(component, outputs)) if outputs else ()),
        ]
    )


def _value(value: type[Any]) -> str:
    lines = [f"### {value.__name__}\n", f"{_text(value)}\n"]
    if issubclass(value, Enum):
        lines.append(f"Values: {', '.join(f'`{each.value}`' for each in value)}\n")
    elif is_dataclass(value) and fields(value):
        lines += _fields("Argument", value)
    return "\n".join(lines)


def _function(function: Callable[..., Any]) -> str:
    name = function.__name__
    return f"### {name}\n\n`{name}{inspect.signature(function)}`\n\n{_text(function)}\n"


def _constant(name: str) -> str:
    return f"- `{name}`: `{getattr(components, name)}`\n"


def _text(documented: Any) -> str:  # noqa: ANN401 - whatever has a docstring
    return (
        (inspect.getdoc(documented) or "").replace("\n\n", "<br>").replace("\n", " ").replace("<br>", "\n\n")
    )


def _fields(kind: str, value: type[Any]) -> Iterator[str]:
    meanings = field_docs(value)
    rows = [
        (f"`{field.name}`", _type(str(field.type)), _default(field), meanings[field.name])
        for field in fields(value)
    ]
    return _table((kind, "Type", "Default", "Meaning"), rows)


def _outputs(component: type[Any], outputs: Mapping[str, Any]) -> list[tuple[str, ...]]:
    meanings = field_docs(component)
    return [(f"`{name}`", _type(str(type_)), meanings[name]) for name, type_ in outputs.items()]


def _type(annotation: str) -> str:
    return f"`{annotation.replace('pulumi.', '')}`".replace("|", "\\|")


def _default(field: Any) -> str:  # noqa: ANN401 - dataclasses.Field of any type
    if field.default is MISSING:
        return "" if field.default_factory is MISSING else "empty"
    if field.name == "reserved":
        return "the usual ones"
    return f"`{str(field.default) if isinstance(field.default, Enum) else repr(field.default)}`"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def field_docs(documented: type[Any]) -> dict[str, str]:
    """The docstrings below the annotations of a class. Raises KeyError in use where a field has none."""
    body = ast.parse(inspect.getsource(documented)).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: str(doc.value.value)
        for field, doc in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant)
    }


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
