"""The settings of both kinds of stack: models, rules, and how they are loaded.

models: the shape, as pydantic models. rules: every rule in words. checks: rules over one value. relations:
rules over several. loading: from an object that Pulumi read. files: from a settings file.
"""

from tenantnet.settings.loading import load_platform, load_tenant
from tenantnet.settings.models import (
    DatabaseSettings,
    MigrationSettings,
    NetworkSettings,
    PlatformSettings,
    RepositoryHost,
    RunnerSettings,
    ServicesSettings,
    SessionsSettings,
    TenantSettings,
    VpnConnectionSettings,
    ZoneSettings,
)
from tenantnet.tags import Slot, Strategy

__all__ = [
    "DatabaseSettings",
    "MigrationSettings",
    "NetworkSettings",
    "PlatformSettings",
    "RepositoryHost",
    "RunnerSettings",
    "ServicesSettings",
    "SessionsSettings",
    "Slot",
    "Strategy",
    "TenantSettings",
    "VpnConnectionSettings",
    "ZoneSettings",
    "load_platform",
    "load_tenant",
]
