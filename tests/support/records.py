"""Records that differ from others in some fields."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from pydantic import BaseModel

R = TypeVar("R")


def replace(record: R, **changes: Any) -> R:
    """The record, of whichever library, with other values."""
    if isinstance(record, BaseModel):
        return record.model_copy(update=changes)
    return dataclasses.replace(record, **changes)  # type: ignore[type-var]
