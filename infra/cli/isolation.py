"""`tenantnet isolation`: checks that tenants are isolated, from what AWS describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tenantnet.cli.completion import complete_tenant
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import print_json, print_table, say
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure
from tenantnet.toolchain.places import PAGES

if TYPE_CHECKING:
    from tenantnet.observed.reachability.check import Pair
    from tenantnet.observed.status.tenant import TenantStatus

app = typer.Typer()

Tenants = Annotated[
    list[str], typer.Argument(metavar="TENANT", help="The tenants' names.", autocompletion=complete_tenant)
]


@app.command("check")
def check_isolation(tenants: Tenants, as_json: AsJson = False) -> None:
    """Check what can reach what, from routes, network ACLs and security groups, against what is intended.

    Checks every pair of places of which one belongs to a named tenant. Sends no traffic and changes nothing.

    Example: tenantnet isolation check acme
    """
    from tenantnet.observed.reachability.read import judge

    pairs, statuses = judge(working_project(), tenants)
    if as_json:
        print_json(document(tenants, pairs))
    else:
        _print(tenants, pairs)
        say("\n".join(_of_tunnels(statuses)))
    if faults := [pair for pair in pairs if pair.findings]:
        raise Failure(
            f"{len(faults)} of {len(pairs)} pairs of places are not as intended.",
            reason="a route, a peering or a rule was added or removed, or an update is not complete",
            remedy="find the change with `tenantnet fleet drift` and `pulumi preview --refresh --diff` for "
            "these tenants and their platform; "
            f"what is intended: {PAGES.with_name('isolation.md')}",
        )


def document(tenants: Sequence[str], pairs: Sequence[Pair]) -> dict[str, Any]:
    """What `--json` prints."""
    passes = [{**_ends(pair), "traffic": sorted(pair.passes)} for pair in pairs if pair.passes]
    faults = [
        {
            **_ends(pair),
            "intended": sorted(pair.intended),
            "leaks": sorted(pair.leaks),
            "findings": [asdict(finding) for finding in pair.findings],
        }
        for pair in pairs
        if pair.findings
    ]
    return {"tenants": list(tenants), "pairs": len(pairs), "passes": passes, "faults": faults}


def _ends(pair: Pair) -> dict[str, str]:
    return {"from": pair.source.name, "to": pair.target.name}


def _print(tenants: Sequence[str], pairs: Sequence[Pair]) -> None:
    from tenantnet.observed.reachability.words import not_as_intended, passing

    print_table(f"What passes, of {', '.join(tenants)}", ("From", "To", "Passes"), passing(pairs))
    typer.echo()
    if rows := not_as_intended(pairs):
        print_table("Not as intended", ("From", "To", "Finding"), rows)
    else:
        typer.echo(f"All {len(pairs)} pairs of places are as intended.")


def _of_tunnels(statuses: Sequence[TenantStatus]) -> list[str]:
    """What the verdict does not say: routes count, whether tunnels are up or down."""
    from tenantnet.vpn.trouble import troubles

    now = [(status.tenant, said) for status in statuses for said in troubles(status)]
    said = "This counts routes and rules, and not whether tunnels are UP"
    if not now:
        return [f"{said}."]
    more = [f"More: tenantnet vpn status {tenant}" for tenant in dict.fromkeys(each for each, _ in now)]
    return [f"{said}. What is down now:", *(f"{tenant}, {words}" for tenant, words in now), *more]
