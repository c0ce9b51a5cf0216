"""`tenantnet isolation`: checks that tenants are isolated, from what AWS describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tenantnet.cli.completion import complete_tenant
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import console, print_json, table
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure

if TYPE_CHECKING:
    from tenantnet.observed.reachability.check import LayerFinding, Pair

app = typer.Typer()

Tenants = Annotated[list[str], typer.Argument(help="The tenants' names.", autocompletion=complete_tenant)]


@app.command("check")
def check_isolation(tenants: Tenants, as_json: AsJson = False) -> None:
    """Check who can reach whom, from routes, network ACLs and security groups, against what is intended.

    Checks every pair of places of which one belongs to a named tenant. Sends no traffic and changes nothing.

    Example: tenantnet isolation check acme
    """
    from tenantnet.observed.reachability.check import faults
    from tenantnet.observed.reachability.read import judge

    pairs = judge(working_project(), tenants)
    found = faults(pairs)
    if as_json:
        print_json(document(tenants, pairs))
    else:
        _print(tenants, pairs)
    if found:
        raise Failure(
            f"{len(found)} of {len(pairs)} pairs of places are not as intended.",
            reason="a route, a peering or a rule was added or removed, or an update is not complete",
            remedy="find the change with `tenantnet fleet drift` and `pulumi preview --refresh --diff` for "
            "these tenants and their platform; docs/isolation.md shows what is intended",
        )


def document(tenants: Sequence[str], pairs: Sequence[Pair]) -> dict[str, Any]:
    """What `--json` prints."""
    from tenantnet.observed.reachability.check import faults

    return {
        "tenants": list(tenants),
        "pairs": len(pairs),
        "passes": [
            {"from": pair.source.name, "to": pair.target.name, "traffic": sorted(pair.passes)}
            for pair in pairs
            if pair.passes
        ],
        "faults": [
            {
                "from": pair.source.name,
                "to": pair.target.name,
                "intended": sorted(pair.intended),
                "leaks": sorted(pair.leaks),
                "findings": [
                    {
                        "layer": finding.layer,
                        "traffic": finding.traffic,
                        "missing": finding.missing,
                        "partly": finding.partly,
                    }
                    for finding in pair.findings
                ],
            }
            for pair in faults(pairs)
        ],
    }


def _print(tenants: Sequence[str], pairs: Sequence[Pair]) -> None:
    from tenantnet.observed.reachability.check import faults

    out = console()
    open_pairs = [
        (pair.source.name, pair.target.name, ", ".join(sorted(pair.passes))) for pair in pairs if pair.passes
    ]
    out.print(table(f"What passes, of {', '.join(tenants)}", ("From", "To", "Passes"), open_pairs))
    out.print()
    rows = [
        (pair.source.name, pair.target.name, in_words(finding, leaks=bool(pair.leaks)))
        for pair in faults(pairs)
        for finding in pair.findings
    ]
    if rows:
        out.print(table("Not as intended", ("From", "To", "Finding"), rows))
    else:
        out.print(f"All {len(pairs)} pairs of places are as intended.")


def in_words(finding: LayerFinding, *, leaks: bool) -> str:
    """A finding as a person reads it. leaks: whether traffic that should not pass does."""
    what = f"{finding.traffic}: " if finding.traffic else ""
    part = " for some of the addresses" if finding.partly else ""
    if finding.missing:
        return f"{what}{finding.layer} is missing{part}"
    held = "traffic passes" if leaks else "another layer still blocks it"
    return f"{what}{finding.layer} where none is intended{part}; {held}"
