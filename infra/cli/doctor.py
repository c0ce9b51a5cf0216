"""`tenantnet doctor`: what an account and a machine lack, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson, PlatformStack
from tenantnet.cli.output import print_json, print_table, say
from tenantnet.cli.project import working_project

if TYPE_CHECKING:
    from tenantnet.doctor.finding import Finding, Planned


def doctor(
    platform: PlatformStack,
    role: Annotated[
        str,
        typer.Option(help="Whose permissions you should have: platform-deployer, tenant-deployer, reviewer."),
    ] = "platform-deployer",
    as_json: AsJson = False,
) -> None:
    """Say what this machine and this account lack for a platform and its tenants.

    Nothing is changed. Exit code 1: there is a fault, so an update or what it makes would fail.

    Example: tenantnet doctor platform-eu1
    """
    from dataclasses import asdict

    from tenantnet.doctor.examination import examine
    from tenantnet.doctor.finding import State

    findings = list(examine(_planned(platform, role)))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print(platform, findings)
    if any(finding.state is State.FAULT for finding in findings):
        raise typer.Exit(1)


def _planned(platform: str, role: str) -> Planned:
    from tenantnet.doctor.finding import Planned
    from tenantnet.permissions.documents import RECORDED, Role
    from tenantnet.refusal import Refused
    from tenantnet.settings.cells import read_cell
    from tenantnet.settings.checks import check_word
    from tenantnet.settings.store import tenants_of

    if refusals := check_word(role, [*RECORDED]):
        raise Refused("The role", refusals)
    project = working_project()
    tenants, unread = tenants_of(project, platform)
    return Planned(
        project=project,
        platform=platform,
        cell=read_cell(project, platform),
        tenants=tenants,
        unread=unread,
        role=Role(role),
    )


def _print(platform: str, findings: list[Finding]) -> None:
    rows = [(each.state, each.about, each.found) for each in findings]
    print_table(f"What {platform} needs", ("", "About", "Found"), rows)
    remedies = [each for each in findings if each.remedy]
    if remedies:
        typer.echo("\nWhat to do")
    for each in remedies:
        say(f"  {each.about}: {each.remedy}")
