"""IAM's language of policies, and what a request gets from them: no AWS, no moto.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

# Policies of this version have variables; older ones take `${` as it stands.
VERSION_WITH_VARIABLES = "2012-10-17"
VARIABLE = re.compile(r"\$\{(?P<name>[^},]+)(?:,\s*'(?P<default>[^']*)')?\}")
FOR_ALL_VALUES, FOR_ANY_VALUE, IF_EXISTS = "ForAllValues:", "ForAnyValue:", "IfExists"
LITERALS = {"*": "*", "?": "?", "$": "$"}

# A condition key has one value, or is a set of them.
Context = Mapping[str, str | Sequence[str]]
Compare = Callable[[str, str, Context | None], bool]


class Decision(StrEnum):
    """What IAM decides. A refusal that a policy states outdoes every permission."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


class Grant(StrEnum):
    """How a statement concerns a principal: itself, or the account whose own policies then decide."""

    DIRECT = "direct"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """action: `ssm:StartSession`. resource: an ARN. context: condition keys; their names have no case."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What decides on a caller's requests, each policy as JSON.

    boundaries: of its permissions and of its session; what one of them does not allow is refused.
    """

    identity: Sequence[str]
    boundaries: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePolicy:
    """A resource's own policy. principals: all that a statement may call the caller. account: its number.

    required: whether nobody gets in whom it does not mention, as with keys and roles. exact: principals whom
    nothing else limits.
    """

    policy: str
    principals: Sequence[str]
    account: str
    exact: Sequence[str] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """because: which kind of policy decided, in AWS's words; "" where it was allowed."""

    decision: Decision
    because: str = ""


IDENTITY, RESOURCE = "identity-based policy", "resource-based policy"


def decide(policies: Iterable[str], request: Request) -> Decision:
    """The decision of identity policies alone."""
    return judge(Policies(identity=[*policies]), request).decision


def judge(policies: Policies, request: Request, resource: ResourcePolicy | None = None) -> Verdict:
    """The decision of everything that has a say, within one account.

    Raises NotImplementedError for a condition operator that IAM does not have.
    """
    identity = _effects(policies.identity, request)
    limits = {kind: _effects(each, request) for kind, each in policies.boundaries.items()}
    granted = [*_granted(resource, request)] if resource else []
    of_resource = {effect for effect, _ in granted}
    for kind, effects in {IDENTITY: identity, **limits, RESOURCE: of_resource}.items():
        if "Deny" in effects:
            return Verdict(Decision.EXPLICIT_DENY, kind)
    if resource and resource.required and "Allow" not in of_resource:
        return Verdict(Decision.IMPLICIT_DENY, RESOURCE)
    if ("Allow", "exact") in granted:
        return Verdict(Decision.ALLOWED)
    if "Allow" not in identity and ("Allow", Grant.DIRECT) not in granted:
        return Verdict(Decision.IMPLICIT_DENY, IDENTITY)
    closed = [kind for kind, effects in limits.items() if "Allow" not in effects]
    return Verdict(Decision.IMPLICIT_DENY, closed[0]) if closed else Verdict(Decision.ALLOWED)


def _effects(policies: Iterable[str], request: Request) -> set[str]:
    return {
        str(statement["Effect"]) for policy in policies for statement in _concerned(_parsed(policy), request)
    }


def _granted(resource: ResourcePolicy, request: Request) -> Iterator[tuple[str, str]]:
    policy = _parsed(resource.policy)
    for statement in _concerned(policy, request):
        if found := _principal(statement, resource):
            yield str(statement["Effect"]), found


def _principal(statement: Mapping[str, Any], resource: ResourcePolicy) -> str | None:
    """How the statement concerns the caller; None where it does not."""
    if "NotPrincipal" in statement:
        named = _principals(statement["NotPrincipal"])
        return None if named & {*resource.principals} else Grant.DIRECT
    named = _principals(statement["Principal"])
    if named & {*resource.exact}:
        return "exact"
    if named & {"*", *resource.principals}:
        return Grant.DIRECT
    of_account = {resource.account, f"arn:aws:iam::{resource.account}:root"}
    return Grant.ACCOUNT if named & of_account else None


def _principals(element: Any) -> set[str]:  # noqa: ANN401 - JSON
    if element == "*":
        return {"*"}
    return {str(each) for named in element.values() for each in _listed(named)}


@cache
def _parsed(policy: str) -> Mapping[str, Any]:
    parsed: Mapping[str, Any] = json.loads(policy)
    return parsed


def _concerned(policy: Mapping[str, Any], request: Request) -> Iterator[Mapping[str, Any]]:
    """The statements whose action, resource and conditions are the request's."""
    context = {key.lower(): value for key, value in request.context.items()}
    variables = context if policy.get("Version") == VERSION_WITH_VARIABLES else None
    for statement in _listed(policy["Statement"]):
        if (
            _concerns(statement, "Action", request.action.lower(), None, str.lower)
            and _concerns(statement, "Resource", request.resource, variables, str)
            and all(
                _holds(name, key, expected, context, variables)
                for name, keys in statement.get("Condition", {}).items()
                for key, expected in keys.items()
            )
        ):
            yield statement


def _concerns(
    statement: Mapping[str, Any],
    element: str,
    value: str,
    variables: Context | None,
    fold: Callable[[str], str],
) -> bool:
    negated = f"Not{element}" in statement
    # A trust policy has no resource: it is the role's own.
    patterns = _listed(statement.get(f"Not{element}" if negated else element, "*"))
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
    value = variables.get(name.strip().lower(), found["default"])
    # A key with several values is no variable.
    return LITERALS.get(name, value if isinstance(value, str) else None)


def _holds(name: str, key: str, expected: object, context: Context, variables: Context | None) -> bool:
    """Whether a condition holds. Several expected values are alternatives."""
    value = context.get(key.lower())
    values = [_plain(each) for each in _listed(expected)]
    if name == "Null":
        return (value is None) == (values[0].lower() == "true")
    base = name.removeprefix(FOR_ALL_VALUES).removeprefix(FOR_ANY_VALUE)
    negated, compare = _comparison(base.removesuffix(IF_EXISTS))
    if value is None:
        # A key that the request lacks differs from everything, and a set without members has none that does.
        if name.startswith(FOR_ANY_VALUE):
            return False
        return name.startswith(FOR_ALL_VALUES) or base.endswith(IF_EXISTS) or negated
    held = [
        any(compare(each, given, variables) for each in values) is not negated for given in _listed(value)
    ]
    return all(held) if name.startswith(FOR_ALL_VALUES) else any(held)


def _comparison(name: str) -> tuple[bool, Compare]:
    """Whether the operator is a negated one, and how it compares an expected value with a request's."""
    positive = name.replace("Not", "", 1)
    compare = COMPARISONS.get(positive)
    if compare is None:
        raise NotImplementedError(f"IAM has no condition operator {name}")
    return positive != name, compare


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


def _ordered(read: Callable[[str], Any], holds: Callable[[Any, Any], bool]) -> Compare:
    """Compares what both sides are read as; what cannot be read compares with nothing."""

    def compare(expected: str, value: str, _variables: Context | None) -> bool:
        try:
            return holds(read(value), read(expected))
        except ValueError:
            return False

    return compare


def _instant(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _in_network(expected: str, value: str, _variables: Context | None) -> bool:
    return ip_address(value) in ip_network(expected, strict=False)


ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: Mapping[str, Compare] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_without_case,
    "StringLike": _matches,
    "ArnEquals": _like_arn,
    "ArnLike": _like_arn,
    "Bool": _equals_without_case,
    "BinaryEquals": _equals,
    "IpAddress": _in_network,
    **{f"Numeric{name}": _ordered(float, holds) for name, holds in ORDERS.items()},
    **{f"Date{name}": _ordered(_instant, holds) for name, holds in ORDERS.items()},
}


def _plain(value: object) -> str:
    """A value as text: JSON's true is the text that conditions compare."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 - JSON, where one of a kind needs no list
    return value if isinstance(value, list | tuple) else [value]
