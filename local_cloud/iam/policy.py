"""IAM's decision on a request, from policies alone: no AWS, no moto.

Of the language everything but principals, which a policy of a user, group or role does not have, and the
condition operators on numbers, dates and addresses, which raise NotImplementedError.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Policies of this version have variables; older ones take `${` as it stands.
VERSION_WITH_VARIABLES = "2012-10-17"
VARIABLE = re.compile(r"\$\{(?P<name>[^},]+)(?:,\s*'(?P<default>[^']*)')?\}")
# A request without the key has no value that differs.
FOR_ALL_VALUES = "ForAllValues:"
LITERALS = {"*": "*", "?": "?", "$": "$"}

Context = Mapping[str, str]


class Decision(StrEnum):
    """What IAM decides. A refusal that a policy states outdoes every permission."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """action: `ssm:StartSession`. resource: an ARN. context: condition keys; their names have no case."""

    action: str
    resource: str
    context: Context


def decide(policies: Iterable[str], request: Request) -> Decision:
    """The decision of policies, each JSON, on a request.

    Raises NotImplementedError for a condition operator that is not known here: what cannot be judged must
    not pass for either.
    """
    effects = [effect for policy in policies for effect in _effects(json.loads(policy), request)]
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def _effects(policy: Mapping[str, Any], request: Request) -> Iterable[str]:
    context = {key.lower(): value for key, value in request.context.items()}
    variables = context if policy.get("Version") == VERSION_WITH_VARIABLES else None
    for statement in _listed(policy["Statement"]):
        if (
            _concerns(statement, "Action", request.action.lower(), None, str.lower)
            and _concerns(statement, "Resource", request.resource, variables, str)
            and all(
                _holds(operator, key, expected, context, variables)
                for operator, keys in statement.get("Condition", {}).items()
                for key, expected in keys.items()
            )
        ):
            yield statement["Effect"]


def _concerns(
    statement: Mapping[str, Any],
    element: str,
    value: str,
    variables: Context | None,
    fold: Callable[[str], str],
) -> bool:
    negated = f"Not{element}" in statement
    patterns = _listed(statement[f"Not{element}" if negated else element])
    return any(_matches(fold(pattern), value, variables) for pattern in patterns) is not negated


def _matches(pattern: str, value: str, variables: Context | None) -> bool:
    """Whether `*` and `?` in the pattern can stand for the value; never where a variable has no value."""
    expression, end = "", 0
    if variables is not None:
        for found in VARIABLE.finditer(pattern):
            expression += _wild(pattern[end : found.start()])
            filled = _fill(found, variables)
            if filled is None:
                return False
            # A user called `*` is not everybody.
            expression += re.escape(filled)
            end = found.end()
    return re.fullmatch(expression + _wild(pattern[end:]), value, re.DOTALL) is not None


def _wild(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _fill(found: re.Match[str], variables: Context) -> str | None:
    name = found["name"]
    return LITERALS.get(name, variables.get(name.strip().lower(), found["default"]))


def _holds(operator: str, key: str, expected: object, context: Context, variables: Context | None) -> bool:
    """Whether a condition holds. Several expected values are alternatives."""
    value = context.get(key.lower())
    values = [_plain(each) for each in _listed(expected)]
    if operator == "Null":
        return (value is None) == (values[0].lower() == "true")
    base = operator.removesuffix("IfExists").removeprefix(FOR_ALL_VALUES)
    if_exists = operator.endswith("IfExists") or operator.startswith(FOR_ALL_VALUES)
    negated, compare = _comparison(base)
    if value is None:
        # A key that the request lacks differs from everything.
        return if_exists or negated
    return any(compare(each, value, variables) for each in values) is not negated


def _comparison(operator: str) -> tuple[bool, Callable[[str, str, Context | None], bool]]:
    """Whether the operator is a negated one, and how it compares an expected value with a request's."""
    positive = operator.replace("Not", "", 1)
    compare = COMPARISONS.get(positive)
    if compare is None:
        raise NotImplementedError(f"The local cloud does not know the condition operator {operator}")
    return positive != operator, compare


def _equals(expected: str, value: str, variables: Context | None) -> bool:
    if variables is None:
        return expected == value
    filled = [_fill(found, variables) for found in VARIABLE.finditer(expected)]
    if None in filled:
        return False
    return VARIABLE.sub(lambda found: str(_fill(found, variables)), expected) == value


def _equals_without_case(expected: str, value: str, variables: Context | None) -> bool:
    return _equals(expected.lower(), value.lower(), variables)


def _like_arn(expected: str, value: str, variables: Context | None) -> bool:
    """Part by part: a `*` does not reach over a colon, but in the last part."""
    wanted, given = expected.split(":", 5), value.split(":", 5)
    return len(wanted) == len(given) and all(
        _matches(pattern, part, variables) for pattern, part in zip(wanted, given, strict=True)
    )


COMPARISONS: Mapping[str, Callable[[str, str, Context | None], bool]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_without_case,
    "StringLike": _matches,
    "ArnEquals": _like_arn,
    "ArnLike": _like_arn,
    "Bool": _equals_without_case,
}


def _plain(value: object) -> str:
    """A value as text: JSON's true is the text that conditions compare."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 - JSON, where one of a kind needs no list
    return value if isinstance(value, list) else [value]
