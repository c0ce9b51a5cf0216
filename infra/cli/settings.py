"""`tenantnet settings`: settings files judged without AWS and Pulumi, and their schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from infra.project import Project, find_project
from infra.refusal import Refused
from infra.settings.files import FileVerdict
from infra.settings.schema import StackKind, file_schema
from infra.settings.tree import judge_files

app = typer.Typer(no_args_is_help=True)

Kind = Annotated[StackKind | None, typer.Argument(help="One kind of stack; both without it.")]
Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Settings files; all of the project without any."),
]


@app.callback()
def settings() -> None:
    """Settings files: judge them, and let editors know them."""


@app.command()
def schema(kind: Kind = None) -> None:
    """Print the JSON Schema of a settings file, for editors.

    Example: tenantnet settings schema > settings.schema.json
    """
    typer.echo(json.dumps(file_schema(kind), indent=2))


@app.command()
def check(files: Files = None) -> None:
    """Judge settings files, each by itself and beside the others of the project; nothing is changed.

    Neither AWS nor Pulumi is asked, so encrypted passwords and the claims table stay out of it. Exit code 2
    where anything is refused.

    Example: tenantnet settings check tenants/Pulumi.acme.yaml
    """
    project = find_project(Path.cwd())
    verdicts = judge_files(files or _all_files(project), project)
    _tell(verdicts)
    if any(verdict.refusals for verdict in verdicts):
        raise typer.Exit(2)


def _all_files(project: Project) -> list[Path]:
    paths = [project.settings_file(stack) for stack in project.stacks_with_settings()]
    here = Path.cwd()
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]


def _tell(verdicts: Iterable[FileVerdict]) -> None:
    for verdict in verdicts:
        if verdict.refusals:
            typer.echo(Refused(verdict.subject, verdict.refusals), err=True)
        else:
            typer.echo(f"{verdict.subject}: all right")
