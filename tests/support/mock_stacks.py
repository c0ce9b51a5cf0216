"""The real stacks on the mock engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from tenantnet.settings.loading import load_platform, load_tenant
from tenantnet.stacks.platform import PlatformStack
from tenantnet.stacks.tenant import RequestedStep, plan

from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine, run_program

PASSWORD = "Correct-Horse-7"


def declare_acme(
    previous: dict[str, Any] | None = None,
    *,
    databases_stand: bool = True,
    runner: bool = False,
    platform_outputs: Mapping[str, Any] | None = None,
    step: RequestedStep | None = None,
    outcome: Mapping[str, str] | None = None,
    lease: Mapping[str, Any] | None = None,
    **changes: Any,
) -> RecordingEngine:
    """Declare acme with the given settings; `previous` is what its stack remembers.

    databases_stand: whether AWS still has the databases on their way out. runner: its platform has one.
    platform_outputs: what its platform has otherwise. step: the migration runner's. outcome: what
    the journal has of how the move under way ends. lease: of the run that works on it.
    """
    settings = load_tenant("acme", samples.tenant(**changes), password=PASSWORD)
    platform = {
        **samples.PLATFORM_OUTPUTS,
        **(samples.RUNNER_OUTPUTS if runner else {}),
        **(platform_outputs or {}),
    }
    outputs = {"platform-local": platform, "acme": previous or {}}
    return run_program(
        lambda: plan(settings, step).declare(pulumi.Output.secret(PASSWORD)),
        outputs,
        stack="acme",
        databases_stand=databases_stand,
        outcome=outcome,
        lease=lease,
    )


def declare_moving_acme() -> RecordingEngine:
    """A tenant with blue in production and green as its Test network."""
    return declare_acme(
        previous={"phase": "steady", "production": "blue"},
        networks={
            "blue": samples.network("10.1.2.0/26"),
            "green": samples.network("10.9.8.64/26", "192.168.4.0/24", "10.200.0.0/16"),
        },
    )


def declare_scheduled_acme(previous: dict[str, Any] | None = None, **migration: Any) -> RecordingEngine:
    """A tenant with two networks and a move to green, in a platform with a runner."""
    asked = {"to": "green", "at": "2096-12-01T02:00", "timezone": "Europe/Amsterdam", **migration}
    return declare_acme(
        previous=previous or {"phase": "steady", "production": "blue"},
        runner=True,
        networks={"blue": samples.network("10.1.2.0/26"), "green": samples.network("10.9.8.64/26")},
        migration=asked,
    )


def declare_cell(previous: dict[str, Any] | None = None, **changes: Any) -> RecordingEngine:
    """The platform stack of the cell called local; `changes` replace top-level keys of its settings.

    previous: what the stack remembers.
    """
    settings = load_platform("platform-local", {**samples.PLATFORM, **changes})
    return run_program(
        lambda: PlatformStack(settings, "eu-west-1").declare(),
        {"platform-local": previous or {}},
        stack="platform-local",
    )
