"""Questions before changes that a person may regret."""

from __future__ import annotations

import sys

import typer
from tenantnet.refusal import Refused, Rule

CONFIRMED = Rule(
    id="confirmed",
    rule="the change is confirmed",
    reason="{reason}",
    remedy="run it in a terminal, or give --yes",
)
NOT_DONE = 1


def require_answer(subject: str, *, yes: bool, as_json: bool = False) -> None:
    """Raises Refused where nobody can answer and --yes is not given, before anything is read."""
    if yes or (sys.stdin.isatty() and not as_json):
        return
    reason = "--json cannot ask a question" if as_json else "there is no terminal to ask in"
    raise Refused(subject, [CONFIRMED.refuse(None, "--yes", reason=reason)])


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes`; end the command if the answer is no."""
    if not yes and not typer.confirm(question):
        typer.echo("Nothing was changed.")
        raise typer.Exit(NOT_DONE)
