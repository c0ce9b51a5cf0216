"""Judges every call as AWS's front does: before anything that exists is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tenantnet.local_cloud.validation.constraint import modelled
from tenantnet.local_cloud.validation.documented import DOCUMENTED
from tenantnet.local_cloud.validation.request import ModelledCall, modelled_shape

# botocore has no types, and values have any.
Shape: TypeAlias = Any
Value: TypeAlias = Any
MISSING = "Member must not be null"
# The error for a value of the wrong form, as public reports quote it; all others say ValidationException.
CODES = {
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "resourcegroupstaggingapi": "InvalidParameterException",
    "route53": "InvalidInput",
    "sns": "InvalidParameter",
    "sts": "ValidationError",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """path: where in the call. value: as AWS quotes it. message: AWS's own answer, or "". code: likewise."""

    path: str
    value: str
    rule: str
    message: str = ""
    code: str = ""

    def __str__(self) -> str:
        return f"Value {self.value} at '{self.path}' failed to satisfy constraint: {self.rule}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An AWS error with HTTP status 400."""

    code: str
    message: str


def refusal(call: ModelledCall) -> Refusal | None:
    """What AWS answers a call with values of the wrong form; None for all others."""
    if call.shape is None:
        return None
    violations = list(_Judge(call.service).structure(call.shape, call.parameters))
    return _answer(call, violations) if violations else None


def violations_of(key: str, value: str) -> list[str]:
    """Why AWS refuses the text in a field that `documented.DOCUMENTED` or the model has by that key."""
    service, _, member = key.partition(" ")
    shape, _, name = member.partition(".")
    return [str(each) for each in _Judge(service).member(modelled_shape(service, shape), name, value)]


def _answer(call: ModelledCall, violations: list[Violation]) -> Refusal:
    first = violations[0]
    if first.rule == MISSING and call.service in {"ec2", "rds"}:
        return Refusal("MissingParameter", f"The request must contain the parameter {first.path}")
    code = first.code or CODES.get(call.service, "ValidationException")
    if first.message:
        return Refusal(code, first.message)
    if call.service == "ec2":
        return Refusal(code, f"Value ({first.value}) for parameter {first.path} is invalid. {first.rule}")
    noun = "error" if len(violations) == 1 else "errors"
    listed = "; ".join(map(str, violations))
    return Refusal(code, f"{len(violations)} validation {noun} detected: {listed}")


@dataclass(frozen=True, slots=True)
class _Judge:
    """Goes through a call's values. service: the model's name."""

    service: str

    def structure(self, shape: Shape, value: Mapping[str, Any], path: str = "") -> Iterator[Violation]:
        for name in shape.required_members:
            if value.get(name) is None:
                yield Violation(_joined(path, name), "null", MISSING)
        for name in shape.members:
            if value.get(name) is not None:
                yield from self.member(shape, name, value[name], path)

    def member(self, shape: Shape, name: str, value: Value, path: str = "") -> Iterator[Violation]:
        path = _joined(path, name)
        if documented := DOCUMENTED.get(f"{self.service} {shape.name}.{name}"):
            for rule in documented.constraint.broken_by(documented.measured(value)):
                yield Violation(path, f"'{value}'", rule, documented.message, documented.code)
        yield from self._value(shape.members[name], value, path)

    def _value(self, shape: Shape, value: Value, path: str) -> Iterator[Violation]:
        for rule in modelled(shape).broken_by(value):
            yield Violation(path, "" if shape.metadata.get("sensitive") else f"'{value}'", rule)
        match shape.type_name:
            case "structure":
                yield from self.structure(shape, value, path)
            case "list":
                for number, each in enumerate(value, 1):
                    yield from self._value(shape.member, each, f"{path}.{number}.member")
            case "map":
                for key, each in value.items():
                    yield from self._value(shape.key, key, path)
                    yield from self._value(shape.value, each, f"{path}.{key}.member")


def _joined(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
