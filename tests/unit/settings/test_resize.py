"""What another size of a database means, and which sizes are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.refusal import Refused
from tenantnet.settings.models import DatabaseSettings
from tenantnet.settings.resize import SizeChange, plan_resize
from tenantnet.settings.rules import MAX_STORAGE_GB, MIN_STORAGE_GB

SMALL = DatabaseSettings(username="acmeadmin")


def resize(
    current: DatabaseSettings = SMALL,
    *,
    instance_class: str | None = None,
    storage_gb: int | None = None,
    multi_az: bool | None = None,
) -> list[SizeChange]:
    return plan_resize(
        "acme", current, instance_class=instance_class, storage_gb=storage_gb, multi_az=multi_az
    )


def refused(current: DatabaseSettings = SMALL, **size: int | str | bool) -> str:
    with pytest.raises(Refused) as refusal:
        resize(current, **size)  # type: ignore[arg-type]
    return str(refusal.value)


def test_another_class_cuts_clients_off() -> None:
    (change,) = resize(instance_class="db.r7g.large")
    assert change.outage
    assert "several minutes" in change.consequence


def test_another_class_with_a_standby_costs_a_failover() -> None:
    (change,) = resize(SMALL.model_copy(update={"multi_az": True}), instance_class="db.r7g.large")
    assert change.outage
    assert "60 to 120 seconds" in change.consequence


def test_more_storage_and_a_standby_cut_nobody_off() -> None:
    changes = resize(storage_gb=200, multi_az=True)
    assert [(change.setting, change.after) for change in changes] == [
        ("storageGb", "200"),
        ("multiAz", "true"),
    ]
    assert not any(change.outage for change in changes)


def test_what_stays_as_it_is_is_no_change() -> None:
    (change,) = resize(instance_class=SMALL.instance_class, storage_gb=100, multi_az=True)
    assert change.setting == "multiAz"


def test_a_resize_that_changes_nothing_is_refused() -> None:
    assert "db.t4g.small, 100 GiB, in one zone" in refused(storage_gb=100)


def test_storage_never_shrinks() -> None:
    assert "RDS cannot take storage away" in refused(storage_gb=99)


def test_a_step_that_rds_would_round_up_is_refused_with_the_least_that_it_takes() -> None:
    assert "give 110 GiB or more" in refused(storage_gb=109)
    assert resize(storage_gb=110)


def test_everything_wrong_is_said_at_once() -> None:
    text = refused(instance_class="db.x9.huge", storage_gb=50)
    assert "database.instanceClass" in text
    assert "database.storageGb" in text


def test_the_step_to_four_volumes_is_told() -> None:
    (change,) = resize(storage_gb=400)
    assert "12,000 IOPS" in change.consequence


@given(
    st.integers(MIN_STORAGE_GB, MAX_STORAGE_GB),
    st.integers(MIN_STORAGE_GB, MAX_STORAGE_GB),
)
def test_storage_is_taken_exactly_where_rds_takes_it_as_it_is(now: int, wanted: int) -> None:
    current = SMALL.model_copy(update={"storage_gb": now})
    fits = wanted == now or 10 * wanted >= 11 * now
    try:
        resize(current, storage_gb=wanted, multi_az=True)
    except Refused:
        assert not fits
    else:
        assert fits
