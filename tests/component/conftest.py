"""Runs the real stacks on the mock engine, once per kind of settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from infra.addressing import DEFAULT_RESERVED
from infra.settings import load_platform, load_tenant
from infra.stacks import platform, tenant
from tests.component import samples
from tests.component.engine import RecordingEngine, run_program

PASSWORD = "Correct-Horse-7"

DeclareTenant = Callable[..., RecordingEngine]


@pytest.fixture(scope="session")
def declare_tenant() -> DeclareTenant:
    """Declare acme with the given settings; `previous` is what its stack remembers."""

    def declare(previous: dict[str, Any] | None = None, **changes: Any) -> RecordingEngine:
        settings = load_tenant(
            "acme", samples.tenant(**changes), password=PASSWORD, reserved=DEFAULT_RESERVED
        )
        outputs = {"platform-local": samples.PLATFORM_OUTPUTS, "acme": previous or {}}
        return run_program(
            lambda: tenant.declare(settings, pulumi.Output.secret(PASSWORD)), outputs, stack="acme"
        )

    return declare


@pytest.fixture(scope="session")
def acme(declare_tenant: DeclareTenant) -> RecordingEngine:
    """The smallest tenant: one network, one VPN connection."""
    return declare_tenant()


@pytest.fixture(scope="session")
def moving_acme(declare_tenant: DeclareTenant) -> RecordingEngine:
    """A tenant with blue in production and green as its Test network."""
    return declare_tenant(
        previous={"phase": "steady", "production": "blue"},
        networks={
            "blue": samples.network("10.1.2.0/26"),
            "green": samples.network("10.9.8.64/26", "192.168.4.0/24", "10.200.0.0/16"),
        },
    )


@pytest.fixture(scope="session")
def cell() -> RecordingEngine:
    """The platform stack of the cell called local."""
    settings = load_platform("platform-local", samples.PLATFORM, reserved=DEFAULT_RESERVED)
    return run_program(lambda: platform.declare(settings, "eu-west-1"), stack="platform-local")
