"""`tenantnet claims`: which tenant has which range of a claims table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import typer
from tenantnet.addresses.claims import Claim, ClaimFinding, ForeignRow, Row
from tenantnet.cli.options import AsJson, PlatformStack
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import end_unread, working_project

if TYPE_CHECKING:
    from tenantnet.observed.claims import Audit

app = typer.Typer()


def release_command(table: str, cidr: str) -> str:
    """The line for a shell that deletes a row. cidr: its key, which whoever could write it has chosen."""
    key = shlex.quote(json.dumps({"cidr": {"S": cidr}}))
    return f"  aws dynamodb delete-item --table-name {table} --key {key}"


@app.command()
def audit(platform: PlatformStack, as_json: AsJson = False) -> None:
    """Compare a platform's claims table with stacks and settings. Nothing is changed.

    It lists claims that seem unused, ranges without a claim or with another's, and rows that Tenantnet has
    not written.

    Exit code 1: a settings file could not be read, so nothing is said of its ranges.

    Example: tenantnet claims audit platform-eu1
    """
    from tenantnet.observed.claims import read_audit

    found = read_audit(working_project(), platform)
    (_print_json if as_json else print_audit)(found)
    end_unread(found.unread)


def doubtful_as_json(claim: Claim, finding: ClaimFinding) -> dict[str, str]:
    """A claim and what is wrong with it, as docs/commands.md describes it."""
    keys = ("cidr", "kind", "tenant", "slot", "stack")
    return {**{key: getattr(claim, key) for key in keys}, "finding": finding}


def _print_json(found: Audit) -> None:
    listed = {
        key: [doubtful_as_json(claim, finding) for claim, finding in claims.items()]
        for key, claims in (("doubtful", found.doubtful), ("missing", found.missing))
    }
    foreign = [{"cidr": row.cidr, "row": row.text} for row in found.foreign]
    print_json({"table": found.table, "claims": len(found.rows), **listed, "foreign": foreign})


def print_audit(found: Audit) -> None:
    """Print an audit for people, with the way out of each finding."""
    gone, retired, others = (
        [claim for claim, finding in found.missing.items() if finding is each]
        for each in (ClaimFinding.ROW_GONE, ClaimFinding.RETIRED, ClaimFinding.ROW_OF_ANOTHER)
    )
    more = f", {len(gone) + len(others)} missing" if gone or others else ""
    typer.echo(f"{found.table}: {len(found.rows)} claims, {len(found.doubtful)} of them doubtful{more}")
    _list("Doubtful claims", found.doubtful)
    if free := [claim for claim, finding in found.doubtful.items() if finding is ClaimFinding.STACK_GONE]:
        typer.echo("Stack gone: if no VPC or subnet has the range any more, release it with")
        typer.echo(release_command(found.table, free[0].cidr))
    if len(free) < len(found.doubtful):
        typer.echo(
            "Not in the settings: the next update of that stack releases it, or the settings here are "
            "not the ones that are deployed."
        )
    _list("Ranges without a claim", found.missing)
    if gone:
        typer.echo(
            "Row gone: somebody else may take the range. The next update of the stack claims it again: "
            f"tenantnet up {gone[0].stack}"
        )
    if retired:
        typer.echo(
            "Retired: the stack has given the network up and does not create it again. Take it out of the "
            f"settings: tenantnet network delete {retired[0].stack} {retired[0].slot}"
        )
    _print_others(found, others)
    if len(gone) + len(retired) + len(others) < len(found.missing):
        typer.echo("Not deployed: the next update of that stack claims it.")
    if found.foreign:
        typer.echo()
        rows = [(json.dumps(row.cidr), row.text) for row in found.foreign]
        print_table("Rows that Tenantnet has not written", ("CIDR", "Row"), rows)
        typer.echo("Nobody gets such a range. Find out who wrote the row, then delete it with")
        typer.echo(release_command(found.table, found.foreign[0].cidr))


def _print_others(found: Audit, others: Collection[Claim]) -> None:
    rows = {row.cidr: row for row in found.rows}
    for claim in others:
        typer.echo(
            f"Another's row: that of {claim.cidr} says {_in_words(rows[claim.cidr])}. Where nothing of it "
            "has the range at AWS, somebody has changed the row: write it back, and let the state know, with"
        )
        item = shlex.quote(claim.item_json())
        typer.echo(f"  aws dynamodb put-item --table-name {found.table} --item {item}")
        typer.echo(f"  pulumi refresh --stack {claim.stack}")


def _in_words(row: Row) -> str:
    if isinstance(row, ForeignRow):
        return row.text
    cell = f" in cell {row.cell}" if row.cell else ""
    return f"tenant {row.tenant}{cell}, stack {row.stack}, {row.purpose}"


def _list(title: str, claims: Mapping[Claim, ClaimFinding]) -> None:
    if claims:
        rows = [(claim.cidr, claim.stack, claim.purpose, finding) for claim, finding in claims.items()]
        typer.echo()
        print_table(title, ("CIDR", "Stack", "For", "Finding"), rows)
        typer.echo()
