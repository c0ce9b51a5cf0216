"""`tenantnet claims`: which tenant has which range of a claims table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from tenantnet.addresses.claims import (
    Claim,
    ClaimFinding,
    ClaimKind,
    ForeignRow,
    Row,
    audit_claims,
    missing_claims,
)
from tenantnet.cli.options import AsJson, PlatformStack
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import claims_table, working_project

if TYPE_CHECKING:
    from tenantnet.engine.engine import Engine
    from tenantnet.settings.project import Project

app = typer.Typer()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Audit:
    """doubtful: rows that nothing needs. missing: ranges without a row. foreign: rows of nobody known."""

    table: str
    rows: list[Row]
    doubtful: Mapping[Claim, ClaimFinding]
    missing: Mapping[Claim, ClaimFinding]

    @property
    def foreign(self) -> list[ForeignRow]:
        return [row for row in self.rows if isinstance(row, ForeignRow)]


def release_command(table: str, cidr: str) -> str:
    """The line for a shell that deletes a row. cidr: its key, which whoever could write it has chosen."""
    key = shlex.quote(json.dumps({"cidr": {"S": cidr}}))
    return f"  aws dynamodb delete-item --table-name {table} --key {key}"


@app.command()
def audit(platform: PlatformStack, as_json: AsJson = False) -> None:
    """Compare a platform's claims table with stacks and settings. Nothing is changed.

    It lists claims that seem unused, ranges without a claim, and rows that Tenantnet has not written.

    Example: tenantnet claims audit platform-eu1
    """
    from tenantnet.addresses.claims_table import ClaimsTable
    from tenantnet.engine.engine import Engine
    from tenantnet.settings.cells import read_cell
    from tenantnet.settings.project import unknown_stack

    project = working_project()
    cell, engine = read_cell(project, platform), Engine(project)
    stacks = engine.stacks()
    if platform not in stacks:
        # In another backend no stack would exist, and every claim would look unused.
        raise unknown_stack(platform, stacks, kind="platform", where="in this Pulumi backend")
    table = claims_table(project, platform)
    rows = ClaimsTable.of(cell.settings.cell, cell.region, table).all()
    wanted, deployed = _of_users(project, engine, table, stacks)
    held = [row for row in rows if isinstance(row, Claim)]
    found = _Audit(
        table=table,
        rows=rows,
        doubtful=audit_claims(held, stacks=stacks, in_settings=wanted),
        missing=missing_claims(rows, deployed=deployed, in_settings=wanted),
    )
    (_print_json if as_json else _print)(found)


def _of_users(
    project: Project, engine: Engine, table: str, stacks: list[str]
) -> tuple[list[Claim], list[Claim]]:
    """The ranges of the tenants of all platforms that use the table: by settings, and by their stacks."""
    from tenantnet.settings.project import is_platform
    from tenantnet.settings.store import claims_in_tree

    platforms = {each for each in (*stacks, *project.stacks_with_settings()) if is_platform(each)}
    users = {each for each in platforms if claims_table(project, each) == table}
    wanted = [claim for each in sorted(users) for claim in claims_in_tree(project, each)]
    deployed = []
    for stack in (each for each in stacks if not is_platform(each)):
        outputs = engine.outputs(stack) or {}
        if outputs.get("platform") in users:
            deployed += _deployed(stack, outputs)
    return wanted, deployed


def _deployed(stack: str, outputs: Mapping[str, object]) -> list[Claim]:
    """The ranges of a stack by its outputs."""
    from tenantnet.stacks.outputs import TenantOutputs

    known = TenantOutputs.read(stack, outputs)
    ranges = [(ClaimKind.NETWORK, slot, network.cidr) for slot, network in known.networks.items()]
    if known.session_subnet:
        ranges.append((ClaimKind.SESSION_SUBNET, "", known.session_subnet))
    return [Claim(cidr=cidr, tenant=stack, stack=stack, kind=kind, slot=slot) for kind, slot, cidr in ranges]


def doubtful_as_json(claim: Claim, finding: ClaimFinding) -> dict[str, str]:
    """A claim and what is wrong with it, as docs/commands.md describes it."""
    keys = ("cidr", "kind", "tenant", "slot", "stack")
    return {**{key: getattr(claim, key) for key in keys}, "finding": finding}


def _print_json(found: _Audit) -> None:
    listed = {
        key: [doubtful_as_json(claim, finding) for claim, finding in claims.items()]
        for key, claims in (("doubtful", found.doubtful), ("missing", found.missing))
    }
    foreign = [{"cidr": row.cidr, "row": row.text} for row in found.foreign]
    print_json({"table": found.table, "claims": len(found.rows), **listed, "foreign": foreign})


def _print(found: _Audit) -> None:
    gone = [claim for claim, finding in found.missing.items() if finding is ClaimFinding.ROW_GONE]
    more = f", {len(gone)} missing" if gone else ""
    typer.echo(f"{found.table}: {len(found.rows)} claims, {len(found.doubtful)} of them doubtful{more}")
    _list("Doubtful claims", found.doubtful)
    if free := [claim for claim, finding in found.doubtful.items() if finding is ClaimFinding.STACK_GONE]:
        typer.echo("Stack gone: if no VPC or subnet has the range any more, release it with")
        typer.echo(release_command(found.table, free[0].cidr))
    if len(free) < len(found.doubtful):
        typer.echo(
            "Not in the settings: the next `pulumi up` of that stack releases it, or the settings here are "
            "not the ones that are deployed."
        )
    _list("Ranges without a claim", found.missing)
    if gone:
        typer.echo(
            "Row gone: somebody else may take the range. The next update of the stack claims it again: "
            f"pulumi up --stack {gone[0].stack}"
        )
    if len(gone) < len(found.missing):
        typer.echo("Not deployed: the next `pulumi up` of that stack claims it.")
    if found.foreign:
        typer.echo()
        rows = [(json.dumps(row.cidr), row.text) for row in found.foreign]
        print_table("Rows that Tenantnet has not written", ("CIDR", "Row"), rows)
        typer.echo("Nobody gets such a range. Find out who wrote the row, then delete it with")
        typer.echo(release_command(found.table, found.foreign[0].cidr))


def _list(title: str, claims: Mapping[Claim, ClaimFinding]) -> None:
    if claims:
        rows = [(claim.cidr, claim.stack, claim.purpose, finding) for claim, finding in claims.items()]
        typer.echo()
        print_table(title, ("CIDR", "Stack", "For", "Finding"), rows)
        typer.echo()
