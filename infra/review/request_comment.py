"""Writes reviews into pull requests at GitHub or merge requests at GitLab: one comment each, always edited.

    python -m tenantnet.review.request_comment

It has the right to comment, so it runs in a pipeline of the default branch and runs no code of a request. Of
what such code has left it reads result.json alone, as data; which request that is about, and which files the
request changes, it asks the host.

At GitHub the workflow `review` starts it, and GITHUB_EVENT_PATH, GITHUB_API_URL, GITHUB_REPOSITORY and
GITHUB_TOKEN say where. At GitLab a schedule does, for every open merge request, with CI_API_V4_URL,
CI_PROJECT_ID and TENANTNET_GITLAB_TOKEN.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.error import URLError

from tenantnet.failure import Failure
from tenantnet.review.approval import MORE_FILES, approval
from tenantnet.review.comment import MARKER, comment
from tenantnet.review.hosts import Api, Reviewed, of_github, of_gitlab
from tenantnet.review.markdown import escaped
from tenantnet.review.program import Program
from tenantnet.review.result import ReviewResult
from tenantnet.review.since import since
from tenantnet.review.verdict import Verdict, worst
from tenantnet.settings.project import Project, find_project

FAILED = f"{MARKER}\n\n## Tenantnet review: failed\n\nNothing was previewed; the job's log says why.\n"
LONGEST_COMMENT = 65_000

_LABEL = r'"(?:[^"<>`]|<br/>)*"'
# The lines of the pictures that a review draws.
_MERMAID = re.compile(
    r"flowchart LR|end|acc(?:Title|Descr): [^<>`]*|(?:subgraph )?\w+\[" + _LABEL + r"\]"
    rf"|\w+(?:\(\[{_LABEL}\]\)|\[\({_LABEL}\)\]|\{{\{{{_LABEL}\}}\}})"
    rf"|\w+ (?:---|===|-\.-|-->)(?:\|{_LABEL}\|)? \w+"
)


def write(reviewed: Reviewed, api: Api, project: Project) -> str:
    """Make the comment, or change it; what was done."""
    body = _body(reviewed, project)
    own = (each for each in api.pages(reviewed.comments) if reviewed.is_own(each))
    found = next((each for each in own if str(each["body"]).startswith(MARKER)), None)
    if found is None:
        api.send("POST", reviewed.comments, {"body": body})
        return "written"
    if found["body"] == body:
        return "left as it is"
    api.send(reviewed.edit, f"{reviewed.single}/{found['id']}", {"body": body})
    return "changed"


def _body(reviewed: Reviewed, project: Project) -> str:
    try:
        result = read_result(reviewed.data or b"")
        text = _comment(result, reviewed, project)
        if len(text) > LONGEST_COMMENT:
            raise ValueError("its comment is too long")
    except ValueError as error:
        sys.stderr.write(f"{reviewed.name} has no result that can be read: {str(error)[:500]!a}\n")
        return FAILED
    return f"{text}\nReviewed: {reviewed.head}, for {escaped(reviewed.base)}\n"


def _comment(result: ReviewResult, reviewed: Reviewed, project: Project) -> str:
    rules = sorted({*result.rule_files, *rules_among(reviewed.files, project)})
    verdict = worst([result.verdict, *([Verdict.CHANGES_RULES] if rules else [])])
    whole = result.model_copy(update={"rule_files": rules, "verdict": verdict})
    parts = [
        approval(whole, reviewed.files, reviewed.owners, reviewed.base),
        *_since(result, reviewed),
    ]
    return comment(whole, of_request=parts)


def _since(result: ReviewResult, reviewed: Reviewed) -> Iterator[str]:
    if reviewed.former is None:
        return
    try:
        former = read_result(reviewed.former.data)
    except ValueError as error:
        sys.stderr.write(f"The push before has no result that can be read: {str(error)[:500]!a}\n")
        return
    yield since(former, result, reviewed.former.head)


def read_result(data: bytes) -> ReviewResult:
    """The result that a pull request's code has left, with the worst verdict and without foreign pictures.

    Raises ValueError for anything but a result.
    """
    try:
        result = ReviewResult.model_validate_json(data)
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    stacks = [
        stack if _is_own_picture(stack.topology) else stack.model_copy(update={"topology": ""})
        for stack in result.stacks
    ]
    verdict = worst([result.verdict, *(stack.verdict for stack in stacks)])
    return result.model_copy(update={"stacks": stacks, "verdict": verdict})


def _is_own_picture(text: str) -> bool:
    # Mermaid takes a directive anywhere, in a label too: it may hide what the picture shows.
    return "%%" not in text and all(
        _MERMAID.fullmatch(line.strip(" ")) for line in text.removesuffix("\n").split("\n") if text
    )


def rules_among(files: Sequence[str], project: Project) -> Iterator[str]:
    """Those that judge changes, by the sources of the default branch. Paths are from the repository's top."""
    program = Program(project, (), lambda _: None)
    folder = PurePosixPath(project.folder.resolve().relative_to(Path.cwd().resolve()).as_posix())
    for name in files:
        path = PurePosixPath(name)
        inside = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else name
        if name == MORE_FILES or program.is_rule(inside):
            yield name


def main(environment: Mapping[str, str]) -> None:
    """Write every comment that is due."""
    if "CI_API_V4_URL" in environment:
        api = Api(environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": environment["TENANTNET_GITLAB_TOKEN"]})
        due = of_gitlab(api, environment["CI_PROJECT_ID"])
    else:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
        }
        api = Api(environment["GITHUB_API_URL"], headers)
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        due = of_github(api, environment["GITHUB_REPOSITORY"], event["workflow_run"])
    project = find_project(Path.cwd())
    for reviewed in due:
        sys.stdout.write(f"The comment on {reviewed.name} was {write(reviewed, api, project)}.\n")


if __name__ == "__main__":
    try:
        main(os.environ)
    except KeyError as missing:
        sys.exit(
            f"The comment was not written.\n  reason: {missing} is not set\n  remedy: run it in a pipeline"
        )
    except (URLError, ValueError, Failure) as error:
        sys.exit(
            f"The comment was not written.\n  reason: {error}\n"
            "  remedy: see whether the token may write comments on this request, then run the job again"
        )
