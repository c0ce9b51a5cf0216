"""Tenants are divided into waves, and an alarm belongs to the tenant whose name it begins with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.fleet.record import FleetOperation, RunRecord
from tenantnet.fleet.soak import soak
from tenantnet.fleet.waves import Waves, worse
from tenantnet.refusal import Refused

TENANTS = ["acme", "acme-blue-eu", "globex"]


def tenants(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def waves(canary: int, percent: int) -> Waves:
    return Waves(canary=canary, percent=percent, soak_minutes=0, pause=False)


def test_each_wave_after_the_canary_is_twice_as_large() -> None:
    assert [len(wave) for wave in waves(2, 10).of(tenants(100))] == [2, 10, 20, 40, 28]
    assert [len(wave) for wave in waves(0, 50).of(tenants(5))] == [3, 2]
    assert [len(wave) for wave in waves(1, 100).of(tenants(9))] == [1, 8]


@given(st.integers(0, 60), st.integers(0, 10), st.integers(1, 100))
def test_each_tenant_is_in_one_wave_whatever_the_order(count: int, canary: int, percent: int) -> None:
    found = waves(canary, percent).of(tenants(count))
    assert sorted(name for wave in found for name in wave) == sorted(tenants(count))
    assert all(found)
    assert waves(canary, percent).of(tenants(count)[::-1]) == found


@pytest.mark.parametrize("share", ["10", "0%", "101%", "-5%", "1.5%", "%", "", "\N{FULLWIDTH DIGIT ONE}%"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(Refused, match=r"a share of the tenants in percent"):
        Waves.asked(1, share, None, pause=False)


@pytest.mark.parametrize(
    ("soak", "pause", "told"), [(5.0, False, "--soak: 5"), (None, True, "--pause"), (0.0, False, "--soak: 0")]
)
def test_what_lies_between_waves_needs_waves(soak: float | None, pause: bool, told: str) -> None:
    with pytest.raises(Refused, match=r"--canary nor --wave") as refused:
        Waves.asked(None, None, soak, pause=pause)
    assert told in str(refused.value)


def test_without_options_there_are_no_waves() -> None:
    assert Waves.asked(None, None, None, pause=False) is None


def test_a_canary_alone_is_followed_by_all_others() -> None:
    assert Waves.asked(3, None, None, pause=False) == Waves(
        canary=3, percent=100, soak_minutes=10, pause=False
    )


def test_an_alarm_that_was_raised_before_is_not_worse() -> None:
    raised = {"acme-blue-CPUUtilization", "globex-green-FreeStorageSpace"}
    assert worse(raised, {"acme-blue-CPUUtilization"}, TENANTS) == {"globex-green-FreeStorageSpace": "globex"}


def test_an_alarm_belongs_to_the_longest_name_and_others_to_nobody() -> None:
    raised = {"acme-blue-eu-blue-CPUUtilization", "acme-billing", "tenantnet-eu1-runner", "acmecorp-blue-x"}
    assert worse(raised, (), TENANTS) == {"acme-blue-eu-blue-CPUUtilization": "acme-blue-eu"}


def test_whoever_stops_the_run_waits_for_no_alarm() -> None:
    record = RunRecord(
        run="r",
        operation=FleetOperation.UP,
        began=datetime.now(UTC),
        machine="m",
        pid=1,
        parallel=1,
        tenants={},
    )

    async def stopped_while_it_looks() -> str:
        stopping, said = asyncio.Event(), list[str]()
        looking = asyncio.create_task(soak(record, {}, 10, stopping, said.append, tenants=()))
        while not said:
            await asyncio.sleep(0)
        assert not looking.done()
        stopping.set()
        return await asyncio.wait_for(looking, timeout=5)

    assert asyncio.run(stopped_while_it_looks()) == ""
