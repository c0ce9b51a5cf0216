"""The words of a tenant's status, as customers' administrators know them."""

from __future__ import annotations

from enum import StrEnum


class NetworkType(StrEnum):
    """Which of a tenant's networks holds the database that the endpoint leads to."""

    TEST = "Test"
    PRODUCTION = "Production"


class NetworkStatus(StrEnum):
    """Missing: the stack has it, AWS does not."""

    CREATING = "Creating"
    READY = "Ready"
    MIGRATION_IN_PROGRESS = "Migration In Progress"
    MISSING = "Missing"


class DatabaseStatus(StrEnum):
    """Ready To Create: the network has none yet. Unavailable: there, but not serving. Missing: as above."""

    READY_TO_CREATE = "Ready To Create"
    CREATING = "Creating"
    READY_TO_USE = "Ready To Use"
    UNAVAILABLE = "Unavailable"
    MISSING = "Missing"


class VpnConnectionStatus(StrEnum):
    """The state of the connection in AWS; its tunnels show whether traffic flows."""

    CREATING = "Creating"
    READY = "Ready"
    MISSING = "Missing"


class TunnelState(StrEnum):
    """As EC2 says it."""

    UP = "UP"
    DOWN = "DOWN"
