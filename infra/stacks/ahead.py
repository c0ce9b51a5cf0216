"""What a program that starts cold does side by side, before it declares anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from importlib import import_module

import pulumi
from pulumi.runtime import invoke


def get_ready(program: str) -> None:
    """Import a module and what a tenant's stack needs of pulumi_aws, while the engine answers first calls.

    Calls go out while this thread waits for an answer, so another one imports.
    """
    with ThreadPoolExecutor(1) as other:
        imported = other.submit(copy_context().run, _load, program)
        _read_platform()
    imported.result()


def _read_platform() -> None:
    """Let the engine derive the key of the platform's secrets, which takes it as long as the imports here."""
    with suppress(Exception):  # who needs the outputs reads them again, and says what is wrong
        platform = pulumi.Config("tenantnet").require_object("tenant")["platform"]
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{platform}"
        invoke("pulumi:pulumi:readStackOutputs", {"name": name})


def _load(program: str) -> None:
    import_module(program)
    # Only here: it imports all components.
    from tenantnet.components import services  # noqa: PLC0415

    services.load(services.OF_TENANTS)
