"""Resizes a tenant's database: which changes are allowed, and what RDS does then. Pure.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html and
https://repost.aws/knowledge-center/rds-performance-impact (what is in use during each change).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from tenantnet.aws.instance_classes import max_connections
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.checks import check_instance_class, check_storage
from tenantnet.settings.models import DatabaseSettings

# RDS rounds a smaller step up, and every later preview would show a difference.
_SMALLEST_STEP = 1.1
# From here on RDS for MySQL stripes gp3 over four volumes.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
STRIPED_FROM_GB = 400

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
    refusals = [
        *_refuse_class(instance_class),
        *(_refuse_storage(current.storage_gb, storage_gb) if storage_gb is not None else []),
    ]
    if refusals:
        raise Refused(f"The new size of {tenant}", refusals)
    changes = [
        change
        for change in (
            _class_change(current, instance_class),
            _storage_change(current, storage_gb),
            _zones_change(current, multi_az),
        )
        if change
    ]
    if not changes:
        raise Refused(
            f"The new size of {tenant}", [SIZE_CHANGES.refuse(None, tenant=tenant, current=size_of(current))]
        )
    return changes


def size_of(database: DatabaseSettings) -> str:
    """The size in words: `db.t4g.small, 100 GiB, in one zone`."""
    zones = "in two zones" if database.multi_az else "in one zone"
    return f"{database.instance_class}, {database.storage_gb} GiB, {zones}"


def _refuse_class(instance_class: str | None) -> list[Refusal]:
    if instance_class is None:
        return []
    return [refusal.at("database.instanceClass") for refusal in check_instance_class(instance_class)]


def _refuse_storage(current: int, wanted: int) -> list[Refusal]:
    path = "database.storageGb"
    if wanted == current:
        return []
    if refusals := check_storage(wanted):
        return [refusal.at(path) for refusal in refusals]
    least = ceil(round(current * _SMALLEST_STEP, 6))
    if wanted < current:
        return [STORAGE_GROWS.refuse(wanted, path, current=current, least=least)]
    return [] if wanted >= least else [STORAGE_STEP.refuse(wanted, path, least=least)]


def _class_change(current: DatabaseSettings, wanted: str | None) -> SizeChange | None:
    if wanted in (None, current.instance_class):
        return None
    if current.multi_az:
        outage = (
            "RDS changes the standby first, then fails over to it: clients are cut off for 60 to 120 "
            "seconds, longer where large transactions are open"
        )
    else:
        outage = (
            "RDS stops the database, moves its storage to a host of the new class and starts it there: "
            "clients are cut off for several minutes"
        )
    return SizeChange(
        setting="instanceClass",
        before=current.instance_class,
        after=str(wanted),
        consequence=f"{outage}. MySQL then takes {max_connections(str(wanted))} connections at most, "
        f"{max_connections(current.instance_class)} until then.",
        outage=True,
    )


def _storage_change(current: DatabaseSettings, wanted: int | None) -> SizeChange | None:
    if wanted in (None, current.storage_gb):
        return None
    consequence = (
        "The database goes on serving; it may be slower while RDS optimizes the storage, which takes hours. "
        "Storage cannot be changed again for six hours, and never shrinks."
    )
    if current.storage_gb < STRIPED_FROM_GB <= int(wanted or 0):
        consequence += (
            f" From {STRIPED_FROM_GB} GiB on it has 12,000 IOPS instead of 3,000, at no extra price."
        )
    return SizeChange(
        setting="storageGb",
        before=str(current.storage_gb),
        after=str(wanted),
        consequence=consequence,
        outage=False,
    )


def _zones_change(current: DatabaseSettings, wanted: bool | None) -> SizeChange | None:
    if wanted in (None, current.multi_az):
        return None
    if wanted:
        consequence = (
            "RDS makes a standby in a second zone from a snapshot, while the database goes on serving; "
            "writes may be slower meanwhile, and a little from then on. The database costs twice as much."
        )
    else:
        consequence = (
            "RDS removes the standby, and the database goes on serving. Without it, maintenance and a failed "
            "zone mean downtime."
        )
    return SizeChange(
        setting="multiAz",
        before=str(current.multi_az).lower(),
        after=str(wanted).lower(),
        consequence=consequence,
        outage=False,
    )
