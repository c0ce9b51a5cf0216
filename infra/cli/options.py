"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.completion import complete_platform, complete_tenant
from tenantnet.refusal import Refused, Rule
from tenantnet.tags import Slot

Tenant = Annotated[
    str, typer.Argument(help="The tenant's name, which is its stack's.", autocompletion=complete_tenant)
]
PlatformStack = Annotated[
    str,
    typer.Argument(
        help="The platform's stack, such as platform-eu1.",
        autocompletion=complete_platform,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Follow changes until Ctrl-C; with --json, one line for every change."),
]
Cidr = Annotated[str | None, typer.Option(help="The network's range, a /26.")]
Auto = Annotated[bool, typer.Option("--auto", help="Choose a free range at random. This is the default.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Check against the settings files here only, without AWS and Pulumi. What they do not know, "
        "the update still refuses.",
    ),
]

PolicyConfig = Annotated[
    Path | None,
    typer.Option(
        "--policy-pack-config",
        exists=True,
        dir_okay=False,
        help="The policy pack's configuration, a JSON file.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")]
NetworkSlot = Annotated[Slot | None, typer.Option("--network", help="Of this network only.")]

CIDR_OR_AUTO = Rule(
    id="cidr-or-auto",
    rule="give a range or let one be chosen",
    reason="--auto chooses a range, so --cidr would be ignored",
    remedy="leave out one of --cidr and --auto",
)

Tenants = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TENANT",
        help="Names, or patterns such as 'eu-*'. [default: all tenants]",
        autocompletion=complete_tenant,
    ),
]
OfPlatform = Annotated[
    str | None, typer.Option(help="Only the tenants of this platform.", autocompletion=complete_platform)
]


def require_one(cidr: str | None, *, auto: bool) -> None:
    """Raises Refused if a range is given and is to be chosen too."""
    if cidr is not None and auto:
        raise Refused("The command", [CIDR_OR_AUTO.refuse(cidr)])
