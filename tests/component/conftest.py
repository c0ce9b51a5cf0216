"""Runs the real stacks on the mock engine, once per kind of settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import component_samples as samples
from tests.support import mock_stacks as stacks
from tests.support.mock_engine import RecordingEngine

DeclareTenant = Callable[..., RecordingEngine]


@pytest.fixture(scope="session")
def declare_tenant() -> DeclareTenant:
    """Declare acme with the given settings; `previous` is what its stack remembers."""
    return stacks.declare_acme


@pytest.fixture(scope="session")
def acme() -> RecordingEngine:
    """The smallest tenant: one network, one VPN connection."""
    return stacks.declare_acme()


@pytest.fixture(scope="session")
def moving_acme() -> RecordingEngine:
    """A tenant with blue in production and green as its Test network."""
    return stacks.declare_moving_acme()


@pytest.fixture(scope="session")
def cell() -> RecordingEngine:
    """The platform stack of the cell called local."""
    return stacks.declare_cell()


@pytest.fixture(scope="session")
def cell_with_runner() -> RecordingEngine:
    """The same cell, which moves databases on schedule."""
    return stacks.declare_cell(runner=samples.RUNNER)


@pytest.fixture(scope="session")
def scheduled_acme() -> RecordingEngine:
    """A tenant of that cell whose move is scheduled."""
    return stacks.declare_scheduled_acme()
