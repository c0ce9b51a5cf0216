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


def confirm(question: str, *, yes: bool, state: str = Refused.state, err: bool = False) -> None:
    """Ask, unless `yes`; end the command if the answer is no, or Ctrl-C.

    state: what was and was not changed then. err: ask on standard error.
    """
    try:
        agreed = yes or typer.confirm(question, err=err)
    except typer.Abort:
        agreed = False
        typer.echo(err=err)  # the question's line has no end
    if not agreed:
        typer.echo(state, err=err)
        raise typer.Exit(NOT_DONE)
