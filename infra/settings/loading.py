"""From an object that Pulumi or a YAML reader made to settings, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.addressing import DEFAULT_RESERVED, ReservedRange
from infra.refusal import Refusal, Refused, shown
from infra.settings import checks, rules
from infra.settings.models import (
    REFUSED,
    PlatformFile,
    PlatformSettings,
    ServicesSettings,
    SessionsSettings,
    TenantFile,
    TenantSettings,
)
from infra.settings.relations import Sound, platform_relations, tenant_relations

PASSWORD_KEY = "tenantnet:databasePassword"  # noqa: S105 - the key, not the password

M = TypeVar("M", bound=BaseModel)

# What pydantic calls a value of another type, and what it should have been.
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "enum": "one of the words that are known there",
}


@dataclass(frozen=True, slots=True)
class Verdict(Generic[M]):
    """Settings, or why there are none: just one of the two is there."""

    settings: M | None
    refusals: Sequence[Refusal]


def load_tenant(
    name: str,
    raw: object,
    *,
    password: str | None,
    reserved: Sequence[ReservedRange] = DEFAULT_RESERVED,
) -> TenantSettings:
    """A tenant's settings. raw: what `tenantnet:tenant` holds. Raises Refused with all that is wrong."""
    verdict = judge_tenant(name, raw, reserved)
    if password is None:
        refusals = [rules.PASSWORD_GIVEN.refuse(None, PASSWORD_KEY, stack=name)]
    else:
        refusals = [refusal.at(PASSWORD_KEY) for refusal in checks.check_password(password)]
    return _settings(
        f"The settings of tenant {shown(name)}", verdict.settings, [*verdict.refusals, *refusals]
    )


def load_platform(
    name: str, raw: object, *, reserved: Sequence[ReservedRange] = DEFAULT_RESERVED
) -> PlatformSettings:
    """A platform's settings. raw: what `tenantnet:platform` holds. Raises Refused with all that is wrong."""
    verdict = judge_platform(name, raw, reserved)
    return _settings(f"The settings of {shown(name)}", verdict.settings, verdict.refusals)


def _settings(subject: str, settings: M | None, refusals: Sequence[Refusal]) -> M:
    if settings is None or refusals:
        raise Refused(subject, refusals)
    return settings


def judge_tenant(name: str, raw: object, reserved: Sequence[ReservedRange]) -> Verdict[TenantSettings]:
    """A tenant's settings or all that is wrong with them, but for the password."""
    named = [refusal.at("stack") for refusal in checks.check_tenant_name(name)]
    file, refusals = _judge(TenantFile, raw, reserved, tenant_relations)
    if file is None or named:
        return Verdict(None, [*named, *refusals])
    return Verdict(TenantSettings.model_construct(**dict(file), name=name), [])


def judge_platform(name: str, raw: object, reserved: Sequence[ReservedRange]) -> Verdict[PlatformSettings]:
    """A platform's settings or all that is wrong with them."""
    ranges = {"services": ServicesSettings().cidr, "sessions": SessionsSettings().cidr}
    named = [refusal.at("stack") for refusal in checks.check_platform_name(name)]
    file, refusals = _judge(
        PlatformFile, raw, reserved, lambda raw, sound: platform_relations(raw, sound, ranges)
    )
    if file is None or named:
        return Verdict(None, [*named, *refusals])
    return Verdict(PlatformSettings.model_construct(**dict(file), name=name), [])


def _judge(
    model: type[M],
    raw: object,
    reserved: Sequence[ReservedRange],
    relations: Callable[[object, Sound], list[Refusal]],
) -> tuple[M | None, list[Refusal]]:
    """The model, or every refusal: of single values first, then of values among each other."""
    settings, refusals = None, []
    try:
        settings = model.model_validate(raw, context=reserved)
    except ValidationError as error:
        refusals = [refusal for problem in error.errors() for refusal in _translate(model, problem)]
    refused = {refusal.path for refusal in refusals}
    refusals += relations(raw, lambda path: path not in refused)
    return (None if refusals else settings), refusals


def _translate(model: type[BaseModel], problem: ErrorDetails) -> list[Refusal]:
    """One of pydantic's errors in our words."""
    path, kind, value = _dotted(problem["loc"]), problem["type"], problem["input"]
    if kind == REFUSED:
        return [refusal.at(path) for refusal in problem["ctx"]["refusals"]]
    if kind == "missing":
        return [rules.KEY_GIVEN.refuse(None, path, key=path)]
    if kind in ("extra_forbidden", "invalid_key") or problem["loc"][-1:] == ("[key]",):
        return [_unknown_key(model, problem, path)]
    expected = _EXPECTED.get(kind, "of another kind")
    return [
        rules.VALUE_TYPE.refuse(
            value, path, expected=expected, found=shown(value), remedy=f"write {expected}"
        )
    ]


def _unknown_key(model: type[BaseModel], problem: ErrorDetails, path: str) -> Refusal:
    places = [part for part in problem["loc"] if part != "[key]"]
    known = ["blue", "green"] if problem["type"] == "enum" else _known_keys(model, places[:-1])
    close = checks.nearest(places[-1], known)
    remedy = f"did you mean {close}?" if close else "remove it"
    return rules.KEY_KNOWN.refuse(places[-1], path, known=", ".join(known), remedy=remedy)


def _known_keys(model: type[BaseModel], places: Sequence[int | str]) -> list[str]:
    """The keys of the model at `places`; slots and list indices name no field and are passed over."""
    for place in places:
        fields = {field.alias: field for field in model.model_fields.values()}
        if place in fields:
            model = _model_in(fields[str(place)].annotation) or model
    return [field.alias or "" for field in model.model_fields.values()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _dotted(places: Sequence[int | str]) -> str:
    path = ""
    for place in places:
        if isinstance(place, int):
            path += f"[{place}]"
        elif place != "[key]":
            path += f"{'.' if path else ''}{shown(place)}"
    return path
