"""The properties of AWS's types, as the SDK has them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Lock
from types import NoneType
from typing import get_args

from pydantic.alias_generators import to_camel

# Threads that import parts of a package at the same time may see halves of it.
_IMPORTING = Lock()


@cache
def only_by_programs(type_: str) -> frozenset[str]:
    """The properties for which AWS chooses nothing where a program sets none, in Pulumi's words.

    So an update takes away what somebody has set by hand. Of the provider's schema, where they are `Optional`
    and not `Computed`, the SDK keeps that a resource may be without them.
    """
    _, module, name = type_.split(":")
    try:
        with _IMPORTING:
            # Only here: of most types nobody ever asks, and of each it takes a tenth of a second.
            sdk = import_module(f"pulumi_aws.{module.split('/', maxsplit=1)[0]}")
            outputs, inputs = vars(getattr(sdk, name)), vars(getattr(sdk, f"{name}Args"))
    except (ImportError, AttributeError):
        # A type of another version of the SDK.
        return frozenset()
    return frozenset(
        to_camel(attribute)
        for attribute, found in outputs.items()
        if isinstance(found, property) and isinstance(inputs.get(attribute), property) and _may_lack(found)
    )


def _may_lack(found: property) -> bool:
    # Of a getter's `Output[Optional[...]]`.
    return any(NoneType in get_args(inner) for inner in get_args(found.fget.__annotations__["return"]))
