"""How a move goes where nobody says how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tenantnet.phases.phases import Phase, State
from tenantnet.runner import move
from tenantnet.runner.move import Move
from tenantnet.settings.models import DatabaseSettings, TenantSettings
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Slot, Strategy

from tests.support import component_samples as samples

NO_RUNNER = {"runnerProject": None, "runnerCompares": False}
COMPARES = {"runnerProject": "tenantnet-eu1-runner", "runnerCompares": True}
COMPARES_NOTHING = {**COMPARES, "runnerCompares": False}
NOWHERE: Any = None


def moving(*, gtid: bool, runner: Mapping[str, object]) -> Move:
    return Move(
        project=NOWHERE,
        settings=TenantSettings.model_construct(
            name="acme", database=DatabaseSettings.model_construct(gtid=gtid)
        ),
        state=State(phase=Phase.STEADY, production=Slot.BLUE),
        outputs=NOWHERE,
        platform=PlatformOutputs.model_validate({**samples.PLATFORM_OUTPUTS, **runner}),
        journal=NOWHERE,
        start=None,
    )


@pytest.mark.parametrize(
    ("gtid", "runner", "has_login", "strategy"),
    [
        (True, NO_RUNNER, True, Strategy.LIVE),
        (True, COMPARES, True, Strategy.LIVE),
        # It could not reach the servers for the retirement.
        (True, COMPARES_NOTHING, True, Strategy.REPLICA),
        (False, COMPARES, True, Strategy.REPLICA),
        (True, COMPARES, False, Strategy.REPLICA),
        # Who may not ask does not know.
        (True, COMPARES, None, Strategy.REPLICA),
    ],
)
def test_it_is_live_where_there_is_all_that_this_needs(
    monkeypatch: pytest.MonkeyPatch,
    *,
    gtid: bool,
    runner: Mapping[str, object],
    has_login: bool | None,
    strategy: Strategy,
) -> None:
    monkeypatch.setattr(move, "has_login", lambda *_: has_login)
    assert moving(gtid=gtid, runner=runner).usual_strategy is strategy
