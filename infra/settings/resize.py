"""Resizes a tenant's database: which changes are allowed, and what RDS does then. Pure.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html and
https://repost.aws/knowledge-center/rds-performance-impact (what is in use during each change).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from tenantnet.aws.instance_classes import max_connections
from tenantnet.aws.storage import STRIPED_GIB
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.checks import check_instance_class, check_storage
from tenantnet.settings.models import DatabaseSettings

# RDS rounds a smaller step up, and every later preview would show a difference.
_SMALLEST_STEP = 1.1

STORAGE_GROWS = Rule(
    id="storage-grows",
    rule="storage only grows",
    reason="RDS cannot take storage away from a database; this one has {current} GiB",
    remedy="leave it, or give {least} GiB or more; a smaller one is a new one, with a copy of the data",
)
STORAGE_STEP = Rule(
    id="storage-step",
    rule="storage grows by 10 % or more at a time",
    reason="RDS rounds a smaller step up to 10 %, and the settings would never agree with what is there",
    remedy="give {least} GiB or more",
)
SIZE_CHANGES = Rule(
    id="size-changes",
    rule="a resize changes something",
    reason="the settings of {tenant} have that already: {current}",
    remedy="give another class, storage or number of zones, or nothing has to be done",
)


_WITH_STANDBY = (
    "RDS makes a standby in a second zone from a snapshot, while the database goes on serving; "
    "writes may be slower meanwhile, and a little from then on. The database costs twice as much."
)
_WITHOUT_STANDBY = (
    "RDS removes the standby, and the database goes on serving. Without it, maintenance and a failed "
    "zone mean downtime."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeChange:
    """One setting of the database, by its name in the settings file, and what its change means.

    before, after: as the file has them. consequence: whole sentences. outage: whether clients are cut off.
    """

    setting: str
    before: str
    after: str
    consequence: str
    outage: bool


def plan_resize(
    tenant: str,
    current: DatabaseSettings,
    *,
    instance_class: str | None,
    storage_gb: int | None,
    multi_az: bool | None,
) -> list[SizeChange]:
    """What a resize changes, in the order of the settings; None leaves a setting as it is.

    Raises Refused for a class that RDS does not offer, for storage that shrinks or grows by too little, and
    where nothing would change: everything at once.
    """
    judged = check_instance_class(instance_class) if instance_class is not None else []
    refusals = [refusal.at("database.instanceClass") for refusal in judged]
    if storage_gb is not None:
        refusals += refuse_storage(current.storage_gb, storage_gb)
    if refusals:
        raise Refused(f"The new size of {tenant}", refusals)
    changes = list(_changes(current, instance_class, storage_gb, multi_az))
    if not changes:
        raise Refused(
            f"The new size of {tenant}", [SIZE_CHANGES.refuse(None, tenant=tenant, current=size_of(current))]
        )
    return changes


def size_of(database: DatabaseSettings) -> str:
    """The size in words: `db.t4g.small, 100 GiB, in one zone`."""
    zones = "in two zones" if database.multi_az else "in one zone"
    return f"{database.instance_class}, {database.storage_gb} GiB, {zones}"


def refuse_storage(current: int, wanted: int) -> list[Refusal]:
    """What RDS has against another size of a database's storage, in GiB."""
    path = "database.storageGb"
    if wanted == current:
        return []
    if refusals := check_storage(wanted):
        return [refusal.at(path) for refusal in refusals]
    least = ceil(round(current * _SMALLEST_STEP, 6))
    if wanted < current:
        return [STORAGE_GROWS.refuse(wanted, path, current=current, least=least)]
    return [] if wanted >= least else [STORAGE_STEP.refuse(wanted, path, least=least)]


def _changes(
    current: DatabaseSettings, instance_class: str | None, storage_gb: int | None, multi_az: bool | None
) -> Iterator[SizeChange]:
    if instance_class and instance_class != current.instance_class:
        yield SizeChange(
            setting="instanceClass",
            before=current.instance_class,
            after=instance_class,
            consequence=_of_class(current, instance_class),
            outage=True,
        )
    if storage_gb and storage_gb != current.storage_gb:
        yield SizeChange(
            setting="storageGb",
            before=str(current.storage_gb),
            after=str(storage_gb),
            consequence=_of_storage(current.storage_gb, storage_gb),
            outage=False,
        )
    if multi_az not in (None, current.multi_az):
        yield SizeChange(
            setting="multiAz",
            before=str(current.multi_az).lower(),
            after=str(multi_az).lower(),
            consequence=_WITH_STANDBY if multi_az else _WITHOUT_STANDBY,
            outage=False,
        )


def _of_class(current: DatabaseSettings, wanted: str) -> str:
    outage = (
        "RDS changes the standby first, then fails over to it: clients are cut off for 60 to 120 "
        "seconds, longer where large transactions are open"
        if current.multi_az
        else "RDS stops the database, moves its storage to a host of the new class and starts it there: "
        "clients are cut off for several minutes"
    )
    return (
        f"{outage}. MySQL then takes {max_connections(wanted)} connections at most, "
        f"{max_connections(current.instance_class)} until then."
    )


def _of_storage(current: int, wanted: int) -> str:
    more = f" From {STRIPED_GIB} GiB on it has 12,000 IOPS instead of 3,000, at no extra price."
    return (
        "The database goes on serving; it may be slower while RDS optimizes the storage, which takes hours. "
        "Storage cannot be changed again for six hours, and never shrinks."
        f"{more if current < STRIPED_GIB <= wanted else ''}"
    )
