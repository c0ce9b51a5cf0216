"""Serves the components until the engine that started it is done."""

from __future__ import annotations

from pulumi.provider.experimental import component_provider_host
from tenantnet.plugin.components import COMPONENTS

if __name__ == "__main__":
    component_provider_host(name="tenantnet", components=list(COMPONENTS))
