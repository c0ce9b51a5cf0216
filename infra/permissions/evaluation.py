"""Whether policies allow an action on a resource: the part of IAM's logic that our policies use.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Values = Mapping[str, str]


def allows(documents: Iterable[Mapping[str, Any]], action: str, arn: str, context: Values) -> bool:
    """Whether a statement allows it. context: the condition keys that the request has, in IAM's spelling."""
    return any(
        _fits(statement["Action"], action)
        and _fits(statement["Resource"], arn)
        and _holds(statement.get("Condition", {}), context)
        for document in documents
        for statement in document["Statement"]
    )


def _fits(patterns: str | list[str], value: str) -> bool:
    """IAM's `*` and `?`, nothing else."""
    known = [patterns] if isinstance(patterns, str) else patterns
    return any(
        re.fullmatch(re.escape(each).replace(r"\*", ".*").replace(r"\?", "."), value) is not None
        for each in known
    )


def _holds(condition: Mapping[str, Mapping[str, str | list[str]]], context: Values) -> bool:
    return all(
        _is_met(operator, expected, context.get(key))
        for operator, keys in condition.items()
        for key, expected in keys.items()
    )


def _is_met(operator: str, expected: str | list[str], actual: str | None) -> bool:
    values = [expected] if isinstance(expected, str) else expected
    match operator:
        case "Null":
            return (actual is None) == (values == ["true"])
        case "StringEquals" | "ArnEquals" | "Bool":
            return actual in values
        case "ForAllValues:StringEquals" | "BoolIfExists":
            return actual is None or actual in values
    raise NotImplementedError(operator)
