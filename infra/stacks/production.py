"""Which network of a tenant is in production: the stack remembers it, the settings do not say."""

from __future__ import annotations

from collections.abc import Collection

from infra.refusal import Refusal, Refused
from infra.settings import Slot


def production_slot(previous: str | None, declared: Collection[Slot]) -> Slot:
    """The slot in production, given what the stack remembers and the slots that the settings declare.

    Raises Refused where the settings drop the network in production, or start a tenant with two networks.
    """
    if previous is None:
        if len(declared) == 1:
            return next(iter(declared))
        raise Refused(
            "The tenant's networks",
            [
                Refusal(
                    path="networks",
                    value=", ".join(sorted(declared)),
                    rule="a new tenant starts with one network",
                    reason="the first network becomes Production, and with two it would be a guess which",
                    remedy="deploy one of them first, then add the other as its Test network",
                )
            ],
        )
    production = Slot(previous)
    if production not in declared:
        raise Refused(
            "The tenant's networks",
            [
                Refusal(
                    path=f"networks.{production}",
                    value="not in the settings",
                    rule="the network in production cannot be deleted",
                    reason=f"{production} holds the tenant's database, and the endpoint leads there",
                    remedy=f"put networks.{production} back; to give it up, move the database first",
                )
            ],
        )
    return production
