"""`tenantnet claims`: which tenant has which range in a cell."""

from __future__ import annotations

import json
from collections.abc import Mapping

import typer
from tenantnet.addresses.claims import Claim, ClaimFinding, audit_claims
from tenantnet.cli.options import AsJson, PlatformStack
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import working_project

app = typer.Typer()


@app.command()
def audit(platform: PlatformStack, as_json: AsJson = False) -> None:
    """List claims that seem unused: their stack is gone, or no settings file has their range.

    Nothing is changed.

    Example: tenantnet claims audit platform-eu1
    """
    from tenantnet.addresses.claims_table import ClaimsTable
    from tenantnet.engine.engine import Engine
    from tenantnet.settings.cells import read_cell
    from tenantnet.settings.project import unknown_stack
    from tenantnet.settings.store import claims_in_tree

    project = working_project()
    cell = read_cell(project, platform)
    stacks = Engine(project).stacks()
    if platform not in stacks:
        # In another backend no stack would exist, and every claim would look unused.
        raise unknown_stack(platform, stacks, kind="platform", where="in this Pulumi backend")
    claims_table = ClaimsTable.of(cell.settings.cell, cell.region)
    held = claims_table.all()
    doubtful = audit_claims(held, stacks=stacks, in_settings=claims_in_tree(project, platform))
    if as_json:
        listed = [doubtful_as_json(claim, finding) for claim, finding in doubtful.items()]
        print_json({"table": claims_table.name, "claims": len(held), "doubtful": listed})
    else:
        _print(claims_table.name, len(held), doubtful)


def doubtful_as_json(claim: Claim, finding: ClaimFinding) -> dict[str, str]:
    """A doubtful claim as docs/commands.md describes it."""
    keys = ("cidr", "kind", "tenant", "slot", "stack")
    return {**{key: getattr(claim, key) for key in keys}, "finding": finding}


def _print(table_name: str, count: int, doubtful: Mapping[Claim, ClaimFinding]) -> None:
    typer.echo(f"{table_name}: {count} claims, {len(doubtful)} of them doubtful")
    if not doubtful:
        return
    rows = [(claim.cidr, claim.stack, claim.purpose, finding) for claim, finding in doubtful.items()]
    typer.echo()
    print_table("Doubtful claims", ("CIDR", "Stack", "For", "Finding"), rows)
    typer.echo()
    if gone := [claim for claim, finding in doubtful.items() if finding is ClaimFinding.STACK_GONE]:
        key = json.dumps({"cidr": {"S": gone[0].cidr}})
        typer.echo("Stack gone: if no VPC or subnet has the range any more, release it with")
        typer.echo(f"  aws dynamodb delete-item --table-name {table_name} --key '{key}'")
    if len(gone) < len(doubtful):
        typer.echo(
            "Not in the settings: the next `pulumi up` of that stack releases it, or the settings here are "
            "not the ones that are deployed."
        )
