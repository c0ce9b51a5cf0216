"""`tenantnet review`: what a change in git will do to which tenant, as one comment for a pull request."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson, PolicyConfig, to_write_into
from tenantnet.cli.project import working_project
from tenantnet.failure import Failure
from tenantnet.review.verdict import Verdict

if TYPE_CHECKING:
    from tenantnet.review.result import ReviewResult

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
    Path | None, typer.Option(help=f"A folder for {COMMENT_FILE} and {RESULT_FILE}.", callback=to_write_into)
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

    options = Options(base=base, every=every, parallel=parallel, policy_config=policy_config)
    note = partial(typer.echo, err=True)
    result = review_change(
        working_project(),
        options,
        done=lambda preview: note(f"previewed {preview.stack} in {preview.seconds:.1f} s"),
        tell=note,
    )
    text = comment(result)
    typer.echo(result.model_dump_json(indent=2) + "\n" if as_json else as_read(text), nl=False)
    if output:
        _write(output, text, result)
    raise typer.Exit(exit_code(result.verdict, fail_on))


def _write(folder: Path, text: str, result: ReviewResult) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / COMMENT_FILE).write_text(text, encoding="utf-8")
        (folder / RESULT_FILE).write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(
            "Could not write the review.",
            reason=str(error),
            remedy="name a folder that can be written with --output",
            state="No stack was changed.",
        ) from None
