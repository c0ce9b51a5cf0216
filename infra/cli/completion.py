"""Completions in the shell: names from the settings files, without AWS and Pulumi.

A completion never fails and never writes: without a project, or if its files are invalid, it offers
less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import typer
from tenantnet.cli.project import stacks_here, working_project
from tenantnet.refusal import Refused


def _stacks(platforms: bool | None) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return _beginning(stacks_here(platforms=platforms), incomplete)

    return complete


# Of what has a settings file.
complete_stack, complete_tenant, complete_platform = map(_stacks, (None, False, True))


def complete_connection(context: typer.Context, incomplete: str) -> list[str]:
    """The VPN connections in the settings of the tenant that was typed before: CIDRs and descriptions."""
    from tenantnet.settings.store import read_tenant

    try:
        _, settings = read_tenant(working_project(), context.params.get("tenant") or "")
    except Refused:
        return []
    connections = [each for network in settings.networks.values() for each in network.vpn_connections]
    names = [name for each in connections for name in (each.company_cidr, each.description)]
    return _beginning(dict.fromkeys(names), incomplete)


def complete_instance_class(incomplete: str) -> list[str]:
    """The RDS instance classes."""
    from tenantnet.aws import instance_classes

    return _beginning(instance_classes.offered(), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
