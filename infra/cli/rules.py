"""`tenantnet rules`: what is refused, and in which words."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import rulebook
from infra.cli.options import AsJson
from infra.cli.output import console, print_json, table
from policies.rules import POLICIES


def rules(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/rules.md: every rule with an example of its error.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the policies of the pack, or print the whole rule book.

    Example: tenantnet rules --markdown > docs/rules.md
    """
    if as_json:
        print_json(rulebook.as_json())
    elif markdown:
        typer.echo(rulebook.as_markdown(), nl=False)
    else:
        rows = [(policy.name, policy.severity, policy.description) for policy in POLICIES]
        console().print(
            table(
                "Policies (pulumi preview --policy-pack policies)", ("Policy", "Severity", "What holds"), rows
            )
        )
