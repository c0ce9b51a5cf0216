"""`tenantnet topology`: draws a tenant as it is deployed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import console, print_json, write_file
from tenantnet.cli.project import name_unread, working_project
from tenantnet.refusal import Refused, Rule

if TYPE_CHECKING:
    from tenantnet.observed.topology.model import Topology

FORMAT_OR_JSON = Rule(
    id="format-or-json",
    rule="--format is for a picture, not for JSON",
    reason="with --json the picture's content is printed, and nothing is drawn",
    remedy="leave out one of --json and --format",
)


class Format(StrEnum):
    """How a picture is drawn."""

    TERMINAL = "terminal"
    MERMAID = "mermaid"
    SVG = "svg"


def topology(
    tenant: Tenant,
    *,
    drawn_as: Annotated[
        Format | None, typer.Option("--format", help="How it is drawn.", show_default="terminal")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The file to write instead of printing. An existing file is replaced.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a tenant: networks, addresses, tunnels with their state, peerings, endpoint.

    Nothing is changed. Mermaid goes into Markdown, SVG into a page.

    Example: tenantnet topology acme --format svg --output acme.svg
    """
    from tenantnet.observed.topology.read import read_topology
    from tenantnet.observed.topology.terminal import terminal

    if as_json and drawn_as:
        raise Refused("The command", [FORMAT_OR_JSON.refuse(drawn_as)])
    found = read_topology(working_project(), tenant)
    if as_json and output is None:
        print_json(found)
    elif output is None and drawn_as in (None, Format.TERMINAL):
        console().print(terminal(found))
    else:
        _write(_drawing(found, drawn_as, as_json=as_json), output)
    name_unread(tenant)


def _drawing(found: Topology, drawn_as: Format | None, *, as_json: bool) -> str:
    from tenantnet.observed.topology.mermaid import mermaid
    from tenantnet.observed.topology.svg import svg
    from tenantnet.observed.topology.terminal import terminal

    if as_json:
        return found.model_dump_json(by_alias=True, indent=2) + "\n"
    if drawn_as in (Format.MERMAID, Format.SVG):
        return mermaid(found) if drawn_as is Format.MERMAID else svg(found)
    out = console()
    with out.capture() as captured:
        out.print(terminal(found))
    return captured.get()


def _write(drawing: str, output: Path | None) -> None:
    if output is None:
        typer.echo(drawing, nl=False)
        return
    write_file(output, drawing, "--output")
    typer.echo(f"Written: {output}")
