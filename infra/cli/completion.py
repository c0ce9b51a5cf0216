"""Completions in the shell: names from the settings files, without AWS and Pulumi.

A completion never fails and never writes: without a project, or if its files are invalid, it offers
less.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer
from tenantnet.aws import instance_classes
from tenantnet.refusal import Refused
from tenantnet.settings.project import find_project, is_platform
from tenantnet.settings.store import read_tenant
from tenantnet.vpn.listing import in_settings


def complete_stack(incomplete: str) -> list[str]:
    """Every stack that has a settings file."""
    return _beginning(_stacks(), incomplete)


def complete_tenant(incomplete: str) -> list[str]:
    """The tenants that have a settings file."""
    return _beginning((stack for stack in _stacks() if not is_platform(stack)), incomplete)


def complete_platform(incomplete: str) -> list[str]:
    """The platforms that have a settings file."""
    return _beginning(filter(is_platform, _stacks()), incomplete)


def complete_connection(context: typer.Context, incomplete: str) -> list[str]:
    """The VPN connections in the settings of the tenant that was typed before: CIDRs and descriptions."""
    try:
        _, settings = read_tenant(find_project(Path.cwd()), context.params.get("tenant") or "")
    except Refused:
        return []
    connections = in_settings(settings)
    names = [name for each in connections for name in (each.company_cidr, each.description)]
    return _beginning(dict.fromkeys(names), incomplete)


def complete_instance_class(incomplete: str) -> list[str]:
    """The RDS instance classes."""
    return _beginning(instance_classes.offered(), incomplete)


def _stacks() -> list[str]:
    try:
        return find_project(Path.cwd()).stacks_with_settings()
    except Refused:
        return []


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
