"""Windows of RDS: how long they are, and whether two of them meet, tried minute by minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tenantnet.aws import windows
from tenantnet.settings.checks import check_maintenance_window, check_windows

minutes = st.integers(0, windows.WEEK - 1)


def _time(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _moment(minute: int) -> str:
    return f"{windows.DAYS[minute // windows.DAY % 7]}:{_time(minute)}"


@given(st.integers(0, 1439), st.integers(30, 1400), minutes, st.integers(30, 1439))
def test_two_windows_are_apart_if_no_minute_is_in_both(
    daily: int, length: int, weekly: int, long: int
) -> None:
    backup = f"{_time(daily)}-{_time(daily + length)}"
    maintenance = f"{_moment(weekly)}-{_moment(weekly + long)}"
    assert (windows.minutes(backup), windows.minutes(maintenance)) == (length, long)
    assert check_maintenance_window(maintenance) == []
    days = range(weekly, weekly + long + 1)
    meets = any((minute - daily) % windows.DAY <= length for minute in days)
    assert bool(check_windows(backup, maintenance)) is meets
