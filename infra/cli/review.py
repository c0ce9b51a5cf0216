"""`tenantnet review`: what a change in git will do to which tenant, as one comment for a pull request."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.options import AsJson, PolicyConfig
from tenantnet.cli.output import require_writable, write_file
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure
from tenantnet.review.verdict import Verdict

CORES = os.cpu_count() or 1
COMMENT_FILE, RESULT_FILE = "comment.md", "result.json"

Base = Annotated[
    str, typer.Option(metavar="REF", help="The branch, tag or commit that the change is to be merged into.")
]
Every = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Preview every stack that a change of the program touches, not only one of each kind and phase.",
    ),
]
Output = Annotated[
    Path | None, typer.Option(help=f"A folder for {COMMENT_FILE} and {RESULT_FILE}.", file_okay=False)
]
Parallel = Annotated[int, typer.Option(min=1, help="Previews at once; each uses about one core.")]
FailOn = Annotated[Verdict, typer.Option(help="The mildest verdict with an exit code other than 0.")]


def review(
    *,
    base: Base,
    every: Every = False,
    output: Output = None,
    parallel: Parallel = CORES,
    fail_on: FailOn = Verdict.TUNNEL_DOWN,
    policy_config: PolicyConfig = None,
    as_json: AsJson = False,
) -> None:
    """Preview the stacks that the change in this clone touches, and say what it will do to which tenant.

    With --output it also writes that as one Markdown comment for a host, and as data.
    Changes nothing, not even in the backend: a stack that does not exist yet is previewed in a copy. Exit
    code of the worst verdict: 0 safe, 3 takes a tunnel down, 4 takes the database down, 10 takes protection
    off data, 5 destroys data, 11 imports resources, 9 changes the rules, 6 rejected by a rule, 7 rejected by
    policy, 8 could not be previewed.

    Example: tenantnet review --base origin/main --output review
    """
    from tenantnet.review.comment import comment
    from tenantnet.review.markdown import as_read
    from tenantnet.review.result import exit_code
    from tenantnet.review.review import Options
    from tenantnet.review.review import review as review_change

    if output:
        _make_way(output)
    options = Options(base=base, every=every, parallel=parallel, policy_config=policy_config)
    note = partial(typer.echo, err=True)
    result = review_change(
        working_project(),
        options,
        done=lambda preview: note(f"previewed {preview.stack} in {preview.seconds:.1f} s"),
        tell=note,
    )
    text, data = comment(result), result.model_dump_json(indent=2) + "\n"
    typer.echo(data if as_json else as_read(text), nl=False)
    if output:
        write_file(output / COMMENT_FILE, text, "--output")
        write_file(output / RESULT_FILE, data, "--output")
    raise typer.Exit(exit_code(result.verdict, fail_on))


def _make_way(folder: Path) -> None:
    """See that the review can be written, before its previews take minutes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            "Could not write the review.",
            reason=str(error),
            remedy="name a folder that can be written with --output",
            state="No stack was changed.",
        ) from None
    for name in (COMMENT_FILE, RESULT_FILE):
        require_writable(folder / name, "--output")
