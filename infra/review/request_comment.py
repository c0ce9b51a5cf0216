"""Writes reviews into pull requests at GitHub or merge requests at GitLab: one comment each, always edited.

    python -P -m tenantnet.review.request_comment

It has the right to comment, so it runs in a pipeline of the default branch and runs no code of a request. Of
what such code has left it reads result.json alone, as data; which request that is about, and which files the
request changes, it asks the host.

At GitHub the workflow `review` starts it, and GITHUB_EVENT_PATH, GITHUB_API_URL, GITHUB_REPOSITORY and
GITHUB_TOKEN say where. At GitLab a schedule does, for every open merge request, with CI_API_V4_URL,
CI_PROJECT_ID and TENANTNET_GITLAB_TOKEN.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError

from tenantnet.failure import Failure
from tenantnet.review.approval import MORE_FILES, approval
from tenantnet.review.changed import How, Repository, by_every_name
from tenantnet.review.comment import MARKER, comment
from tenantnet.review.hosts import Api, Reviewed, of_github, of_gitlab
from tenantnet.review.markdown import escaped
from tenantnet.review.program import Program
from tenantnet.review.result import ReviewResult
from tenantnet.review.sarif import sarif
from tenantnet.review.since import since
from tenantnet.review.verdict import Verdict, worst
from tenantnet.settings.project import Project, find_project

# Notes at lines stay: to take them back would say that what they are about was mended.
FAILED = f"""\
{MARKER}

## Tenantnet review: failed

Nothing was previewed; the job's log says why. Notes at lines, if there are any, are those of an earlier push.
"""
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
    result = _read(reviewed.data, reviewed.name)
    body = _body(result, reviewed, project) if result else FAILED
    done = _put(body, reviewed, api)
    if result and reviewed.scans:
        done += f", {_scan(result, reviewed, api, project)}"
    return done


def _put(body: str, reviewed: Reviewed, api: Api) -> str:
    own = (each for each in api.pages(reviewed.comments) if reviewed.is_own(each))
    found = next((each for each in own if str(each["body"]).startswith(MARKER)), None)
    if found is None:
        api.send("POST", reviewed.comments, {"body": body})
        return "written"
    if found["body"] == body:
        return "left as it is"
    api.send(reviewed.edit, f"{reviewed.single}/{found['id']}", {"body": body})
    return "changed"


def _scan(result: ReviewResult, reviewed: Reviewed, api: Api, project: Project) -> str:
    """Give the host the findings at lines; what was done. None at all take back those of the push before."""
    folder = _from_top(project.settings_folder)
    names = {stack.stack: str(folder / f"Pulumi.{stack.stack}.yaml") for stack in result.stacks}
    log = sarif(result, {stack: name for stack, name in names.items() if name in reviewed.files})
    packed = b64encode(gzip.compress(json.dumps(log).encode())).decode()
    try:
        api.send("POST", reviewed.scans, {"commit_sha": reviewed.head, "ref": reviewed.ref, "sarif": packed})
    except HTTPError as error:
        sys.stderr.write(
            f"The notes at lines were not taken: {error}. Code scanning may be off in this repository.\n"
        )
        return "without notes at lines"
    return f"with {len(log['runs'][0]['results'])} notes at lines"


def _body(result: ReviewResult, reviewed: Reviewed, project: Project) -> str:
    rules = sorted({*result.rule_files, *rules_among(reviewed.files, project)})
    verdict = worst([result.verdict, *([Verdict.CHANGES_RULES] if rules else [])])
    whole = result.model_copy(update={"rule_files": rules, "verdict": verdict})
    parts = [approval(whole, reviewed.files, reviewed.owners, reviewed.base)]
    if reviewed.former and (former := _read(reviewed.former.data, "The push before")):
        parts.append(since(former, result, reviewed.former.head))
    text = comment(whole, of_request=parts)
    if len(text) > LONGEST_COMMENT:
        sys.stderr.write(f"The comment on {reviewed.name} is too long.\n")
        return FAILED
    return f"{text}\nReviewed: {reviewed.head}, for {escaped(reviewed.base)}\n"


def _read(data: bytes | None, whose: str) -> ReviewResult | None:
    try:
        return read_result(data or b"")
    except ValueError as error:
        sys.stderr.write(f"{whose} has no result that can be read: {str(error)[:500]!a}\n")
        return None


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
    folder = _from_top(project.folder)
    changed = by_every_name(dict.fromkeys(files, How.CHANGED), Repository(project).links())
    for name in changed:
        path = PurePosixPath(name)
        inside = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else name
        if name == MORE_FILES or program.is_rule(inside):
            yield name


def _from_top(folder: Path) -> PurePosixPath:
    return PurePosixPath(folder.resolve().relative_to(Path.cwd().resolve()).as_posix())


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
        due = iter([partial(of_github, api, environment["GITHUB_REPOSITORY"], event["workflow_run"])])
    project, failures = find_project(Path.cwd()), list[str]()
    for requests in due:
        try:
            for reviewed in requests():
                sys.stdout.write(f"The comment on {reviewed.name} was {write(reviewed, api, project)}.\n")
        except (URLError, ValueError) as error:
            # One request must not keep the others from their comments.
            failures.append(str(error))
    if failures:
        raise ValueError("; ".join(failures))


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
