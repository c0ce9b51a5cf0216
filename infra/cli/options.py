"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.completion import complete_platform, complete_tenant
from tenantnet.refusal import Refused, Rule

Tenant = Annotated[
    str,
    typer.Argument(
        help="The tenant's name, which is its stack's.", show_default=False, autocompletion=complete_tenant
    ),
]
PlatformStack = Annotated[
    str,
    typer.Argument(
        metavar="PLATFORM",
        help="The platform's stack, such as platform-eu1.",
        show_default=False,
        autocompletion=complete_platform,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Cidr = Annotated[str | None, typer.Option("--cidr", help="The network's range, a /26.", show_default=False)]
Auto = Annotated[bool, typer.Option("--auto", help="Choose a free range at random, as without --cidr.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Ask neither AWS nor Pulumi: judge by the settings files here alone. What they do not know, "
        "`pulumi up` still refuses.",
    ),
]

CIDR_OR_AUTO = Rule(
    id="cidr-or-auto",
    rule="a range is either given or chosen",
    reason="with --auto there would be no use for the range of --cidr",
    remedy="leave out one of --cidr and --auto",
)

RULES = (CIDR_OR_AUTO,)

Tenants = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TENANT]...",
        help="Names, or patterns such as 'eu-*'; all without any.",
        show_default=False,
        autocompletion=complete_tenant,
    ),
]
OfPlatform = Annotated[
    str | None,
    typer.Option(
        "--platform",
        help="Only that cell's tenants.",
        show_default=False,
        autocompletion=complete_platform,
    ),
]


def require_one(cidr: str | None, *, auto: bool) -> None:
    """Raises Refused where a range is given and is to be chosen too."""
    if cidr is not None and auto:
        raise Refused("The command", [CIDR_OR_AUTO.refuse(cidr)])
