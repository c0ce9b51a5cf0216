"""`tenantnet settings`: checks settings files without AWS and Pulumi, and prints their JSON Schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import print_json
from tenantnet.cli.project import working_project
from tenantnet.refusal import Refused, printable
from tenantnet.settings.project import StackKind

if TYPE_CHECKING:
    from tenantnet.settings.files import FileVerdict

app = typer.Typer()

Kind = Annotated[StackKind | None, typer.Argument(help="One kind of stack. [default: both]")]
Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE", help="Settings files. [default: all of the project]"),
]
Base = Annotated[
    str | None,
    typer.Option(metavar="REF", help="Also refuse what a stack that is deployed as it is there cannot take."),
]


@app.command()
def schema(kind: Kind = None) -> None:
    """Print the JSON Schema of a settings file, for editors.

    Example: tenantnet settings schema > settings.schema.json
    """
    from tenantnet.settings.schema import file_schema

    print_json(file_schema(kind))


@app.command()
def check(files: Files = None, *, base: Base = None, as_json: AsJson = False) -> None:
    """Check settings files, each by itself and against the others of the project. Nothing is changed.

    Works without AWS and Pulumi, so it cannot check encrypted passwords and the claims table, nor what is
    deployed: with --base it takes for that what a branch, tag or commit has, removed files too. Exit code
    2: something is refused. In GitHub Actions, each refusal is a note at its line of the pull request, too.

    Example: tenantnet settings check --base main
    """
    from tenantnet.settings.tree import judge_files

    project = working_project()
    all_files = [project.settings_file(stack) for stack in project.stacks_with_settings()]
    verdicts = judge_files(files or all_files, project)
    if base:
        from tenantnet.review.settings_before import judge_since

        verdicts = judge_since(project, base, verdicts, removed=not files)
    if as_json:
        print_json({"files": [*map(_as_json, verdicts)]})
    elif not verdicts:
        typer.echo(f"There is no settings file yet in {project.settings_folder}.")
    else:
        for verdict in verdicts:
            if verdict.refusals:
                _tell(verdict)
            else:
                typer.echo(f"{verdict.subject}: all right")
    if any(verdict.refusals for verdict in verdicts):
        raise typer.Exit(2)


def _as_json(verdict: FileVerdict) -> dict[str, object]:
    keys = ("path", "value", "rule", "reason", "remedy")
    return {
        "file": str(verdict.path),
        "stack": verdict.stack,
        "refusals": [
            {**{key: getattr(refusal, key) for key in keys}, "id": refusal.rule_id, "line": line}
            for refusal, line in zip(verdict.refusals, _lines(verdict), strict=True)
        ],
    }


def _tell(verdict: FileVerdict) -> None:
    """All that is wrong with a file, after one line for each as editors and pipelines read them."""
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    for refusal, line in zip(verdict.refusals, _lines(verdict), strict=True):
        where = f"{refusal.path}: " if refusal.path else ""
        rule = refusal.rule.replace("\n", " ")
        typer.echo(printable(f"{verdict.subject}:{line}: error: {where}{rule}"), err=True)
        if on_github:
            typer.echo(_note(verdict.subject, line, printable(str(refusal))))
    typer.echo(Refused(verdict.subject, verdict.refusals), err=True)


def _note(file: str, line: int, text: str) -> str:
    """A note that GitHub shows at the file's line in a pull request: it needs no token.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    """
    # What a file holds must not begin a command of its own.
    data = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
    name = file.translate(data).replace(":", "%3A").replace(",", "%2C")
    return f"::error file={name},line={line}::{text.translate(data)}"


def _lines(verdict: FileVerdict) -> list[int]:
    from tenantnet.settings.places import line_of
    from tenantnet.settings.reading import read_text

    try:
        text = read_text(verdict.path)
    except Refused:
        text = ""
    return [line_of(text, refusal) for refusal in verdict.refusals]
