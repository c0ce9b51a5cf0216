"""`tenantnet up`: updates one stack with the policy pack, and shows the progress."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.completion import complete_stack
from tenantnet.cli.options import PolicyConfig, Yes
from tenantnet.cli.project import working_project


def up(
    stack: Annotated[
        str,
        typer.Argument(
            metavar="TENANT", help="The tenant's name, or a platform's stack.", autocompletion=complete_stack
        ),
    ],
    *,
    yes: Yes = False,
    create: Annotated[
        bool,
        typer.Option(
            "--create",
            help="Make the stack where there is none, with the `secretsprovider` that its settings name; and "
            "a password at random, encrypted, for a tenant without one.",
        ),
    ] = False,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            help="Ask AWS first what it has, and put back what somebody changed or deleted by hand. A VPN "
            "connection made again has new endpoints and keys.",
        ),
    ] = False,
    policy_config: PolicyConfig = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document per line; needs --yes.")
    ] = False,
) -> None:
    """Preview a tenant's update, ask for confirmation, run it, and show what it does and waits for.

    The same as `pulumi up --policy-pack policies`, with its `--refresh`. Ctrl-C starts nothing more and
    lets running steps finish; a second one ends at once. Exit code 130: it was stopped.

    Example: tenantnet up acme
    """
    from tenantnet.cli.up.update import update_stack

    update_stack(
        working_project(), stack, policy_config, yes=yes, as_json=as_json, create=create, refresh=refresh
    )
