"""Checks the arguments of components by the rules of the settings, before anything is declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
from tenantnet.refusal import Refusal, Refused
from tenantnet.settings import checks
from tenantnet.settings.checks import Check
from tenantnet.settings.relations import Sound
from tenantnet.tags import Owner, Slot


def require(subject: str, owner: Owner | None, arguments: Mapping[str, Sequence[Refusal]]) -> None:
    """Raises Refused with every problem, each under its argument's name. arguments: their problems."""
    refusals = [refusal.at("owner") for refusal in _check_owner(owner)] if owner else []
    refusals += [refusal.at(name) for name, found in arguments.items() for refusal in found]
    if refusals:
        raise Refused(subject, refusals)


def known(check: Check, value: pulumi.Input[Any]) -> list[Refusal]:
    """The problems of a value; none while it is an output, which is not known yet."""
    return [] if isinstance(value, pulumi.Output | Awaitable) else check(value)


def of_each_or_together(
    entries: Sequence[str],
    check: Callable[[str], Iterable[Refusal]],
    relations: Callable[[object, Sound], Iterable[Refusal]],
    key: str,
) -> list[Refusal]:
    """The problems of a list's entries; where there are none, those of all of them as the settings' `key`."""
    of_each = [refusal for entry in entries for refusal in check(entry)]
    return of_each or [replace(refusal, path="") for refusal in relations({key: [*entries]}, lambda _: True)]


def place_problems(account_id: pulumi.Input[str], region: str) -> dict[str, list[Refusal]]:
    """The problems of where a cell is, for `require`."""
    return {"account_id": known(checks.check_account_id, account_id), "region": checks.check_region(region)}


def boundary_problems(arn: str | None) -> dict[str, list[Refusal]]:
    """The problems of a permissions boundary, if there is one, for `require`."""
    return {} if arn is None else {"permissions_boundary": checks.check_policy_arn(arn)}


def _check_owner(owner: Owner) -> list[Refusal]:
    platform = f"platform-{owner.cell}"
    refusals = [refusal.at("cell") for refusal in checks.check_platform_name(platform)]
    if owner.tenant is not None:
        named = checks.check_tenant_name(owner.tenant) or checks.check_tenant_apart(
            owner.tenant, {"platform": platform}
        )
        refusals += [refusal.at("tenant") for refusal in named]
    if owner.network is not None:
        refusals += [refusal.at("network") for refusal in checks.check_word(owner.network, [*Slot])]
    check = checks.check_platform_tags if owner.tenant is None else checks.check_tags
    return [*refusals, *(refusal.at("own_tags") for refusal in check(owner.own_tags))]
