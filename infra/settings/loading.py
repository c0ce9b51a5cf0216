"""Loads settings from an object that Pulumi or a YAML reader made, or reports all of its problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from tenantnet.addresses.addressing import DEFAULT_RESERVED, ReservedRange
from tenantnet.refusal import Refusal, Refused, shown
from tenantnet.settings import checks, rules
from tenantnet.settings.models import REFUSED, PlatformFile, PlatformSettings, TenantFile, TenantSettings
from tenantnet.settings.relations import Sound, platform_relations, tenant_relations

NAMESPACE = "tenantnet:"
TENANT_KEY = f"{NAMESPACE}tenant"
PLATFORM_KEY = f"{NAMESPACE}platform"
PASSWORD_KEY = f"{NAMESPACE}databasePassword"

S = TypeVar("S", TenantSettings, PlatformSettings)
M = TypeVar("M", bound=BaseModel)

# The key and the relations of each kind of stack.
_KINDS: dict[type[BaseModel], tuple[str, Callable[[object, Sound], list[Refusal]]]] = {
    TenantFile: (TENANT_KEY, tenant_relations),
    PlatformFile: (PLATFORM_KEY, platform_relations),
}
# Pydantic's word for the key of a dictionary, beside its value.
_KEY = "[key]"
# Pydantic's names for values of a wrong type, and the type that is expected.
_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Verdict(Generic[S]):
    """Settings, or the refusals: exactly one of the two."""

    settings: S | None
    refusals: Sequence[Refusal]


def load_tenant(
    name: str,
    raw: object,
    *,
    password: str | None,
    reserved: Sequence[ReservedRange] = DEFAULT_RESERVED,
) -> TenantSettings:
    """A tenant's settings. raw: what `tenantnet:tenant` holds. Raises Refused with all problems."""
    verdict = judge_tenant(name, raw, reserved)
    if password is None:
        refusals = [rules.PASSWORD_GIVEN.refuse(None, PASSWORD_KEY, stack=shown(name))]
    else:
        refusals = [refusal.at(PASSWORD_KEY) for refusal in checks.check_password(password)]
    if verdict.settings is None or refusals:
        raise Refused(f"The settings of tenant {shown(name)}", [*verdict.refusals, *refusals])
    return verdict.settings


def load_platform(
    name: str, raw: object, *, reserved: Sequence[ReservedRange] = DEFAULT_RESERVED
) -> PlatformSettings:
    """A platform's settings. raw: what `tenantnet:platform` holds. Raises Refused with all problems."""
    verdict = judge_platform(name, raw, reserved)
    if verdict.settings is None:
        raise Refused(f"The settings of {shown(name)}", verdict.refusals)
    return verdict.settings


def judge_tenant(name: str, raw: object, reserved: Sequence[ReservedRange]) -> Verdict[TenantSettings]:
    """A tenant's settings or all of their problems, except the password's."""
    named = checks.check_tenant_name(name) or checks.check_tenant_apart(name, raw)
    file, refusals = _judge(TenantFile, named, raw, reserved)
    if file is None:
        return Verdict(None, refusals)
    return Verdict(TenantSettings.model_construct(name=name, reserved=tuple(reserved), **dict(file)), [])


def judge_platform(name: str, raw: object, reserved: Sequence[ReservedRange]) -> Verdict[PlatformSettings]:
    """A platform's settings or all of their problems."""
    named = checks.check_platform_name(name)
    file, refusals = _judge(PlatformFile, named, raw, reserved)
    return Verdict(PlatformSettings.model_construct(name=name, **dict(file)) if file else None, refusals)


def _judge(
    model: type[M], named: Sequence[Refusal], raw: object, reserved: Sequence[ReservedRange]
) -> tuple[M | None, list[Refusal]]:
    """The model, or all refusals: of the name, of single values, then of several values together."""
    key, relations = _KINDS[model]
    of_name = [refusal.at("stack") for refusal in named]
    if raw is None:
        return None, [*of_name, rules.STACK_KIND.refuse(None, key, problem="neither is described")]
    settings, refusals = None, []
    try:
        settings = model.model_validate(raw, context=reserved)
    except ValidationError as error:
        refusals = [refusal for problem in error.errors() for refusal in _translate(model, key, problem, raw)]
    refused = {refusal.path for refusal in refusals}
    refusals = [*of_name, *refusals, *relations(raw, lambda path: path not in refused)]
    return None if refusals else settings, refusals


def _translate(model: type[BaseModel], key: str, problem: ErrorDetails, raw: object) -> list[Refusal]:
    """The refusal for one of pydantic's errors. key: the path of an error about the whole object, raw."""
    path, kind, value = _dotted(problem["loc"]) or key, problem["type"], problem["input"]
    if kind == REFUSED:
        refusals = [refusal.at(path) for refusal in problem["ctx"]["refusals"]]
        if _is_given(raw, problem["loc"]):
            return refusals
        return [replace(refusal, value=f"{refusal.value} (the default)") for refusal in refusals]
    if kind == "missing":
        return [rules.KEY_GIVEN.refuse(None, path, key=path)]
    if expected := _EXPECTED.get(kind):
        return [checks.wrong_type(value, expected, path)]
    return [checks.unknown_key(problem["loc"][-1], path, _known_keys(model, problem["loc"][:-1]))]


def _is_given(raw: object, places: Sequence[int | str]) -> bool:
    """Whether the value there is the file's, and not a default."""
    for place in places:
        if isinstance(raw, Mapping) and place != _KEY:
            if place not in raw:
                return False
            raw = raw[place]
        elif isinstance(raw, list) and isinstance(place, int):
            raw = raw[place]
    return True


def _known_keys(model: type[BaseModel], places: Sequence[int | str]) -> list[str]:
    """The keys of the model at `places`; list indices and slots are skipped, since they name no field."""
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
        elif place != _KEY:
            path += f"{'.' if path else ''}{shown(place)}"
    return path
