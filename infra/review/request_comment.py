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

import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tenantnet.failure import Failure
from tenantnet.review.comment import MARKER, comment
from tenantnet.review.markdown import escaped
from tenantnet.review.program import Program
from tenantnet.review.result import ReviewResult
from tenantnet.review.verdict import Verdict, worst
from tenantnet.settings.project import Project, find_project

FAILED = f"{MARKER}\n\n## Tenantnet review: failed\n\nNothing was previewed; the job's log says why.\n"
# Who writes with the token that GitHub gives a job.
GITHUB_AUTHOR = "github-actions[bot]"
# Of the job that previews, and of what it leaves.
REVIEW, RESULT_FILE = "review", "result.json"
LONGEST_DATA, LONGEST_COMMENT = 10_000_000, 65_000
A_PAGE = 100
LIMIT_SECONDS = 30
MORE_FILES = "(more files than the host lists)"

_LABEL = r'"(?:[^"<>`]|<br/>)*"'
# The lines of the pictures that a review draws.
_MERMAID = re.compile(
    r"flowchart LR|end|acc(?:Title|Descr): [^<>`]*|(?:subgraph )?\w+\[" + _LABEL + r"\]"
    rf"|\w+(?:\(\[{_LABEL}\]\)|\[\({_LABEL}\)\]|\{{\{{{_LABEL}\}}\}})"
    rf"|\w+ (?:---|===|-\.-|-->)(?:\|{_LABEL}\|)? \w+"
)


class Api:
    """A host's REST API. The token goes to the host alone, not to where it redirects."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, headers

    def get(self, path: str) -> Any:  # noqa: ANN401 - it is JSON
        """What is there."""
        return json.loads(self.download(path))

    def pages(self, path: str) -> Iterator[Any]:
        """Everything in a list."""
        page, sign = 1, "&" if "?" in path else "?"
        while found := self.get(f"{path}{sign}per_page={A_PAGE}&page={page}"):
            yield from found
            page += 1

    def download(self, path: str) -> bytes:
        """What is there, as it is. Raises ValueError for more than LONGEST_DATA."""
        return self._call("GET", path)

    def send(self, method: str, path: str, body: str) -> None:
        """Make or change a comment."""
        self._call(method, path, json.dumps({"body": body}).encode())

    def _call(self, method: str, path: str, data: bytes | None = None) -> bytes:
        request = Request(f"{self._url}{path}", data=data, method=method)  # noqa: S310 - the pipeline's own URL
        for name, value in {"Content-Type": "application/json", **self._headers}.items():
            request.add_unredirected_header(name, value)
        with urlopen(request, timeout=LIMIT_SECONDS) as answer:  # noqa: S310
            read: bytes = answer.read(LONGEST_DATA + 1)
        if len(read) > LONGEST_DATA:
            raise ValueError(f"{path} has more than {LONGEST_DATA} bytes")
        return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A request whose head was previewed.

    name: for people. head: its commit. base: the branch that it is for. comments: path of its comments;
    single: of one, without its id. edit: HTTP method that changes one. is_own: whether a comment is by the
    writer of this one. files: what it changes. data: result.json as it was left; None where there is none.
    """

    name: str
    head: str
    base: str
    comments: str
    single: str
    edit: str
    is_own: Callable[[Any], bool]
    files: Sequence[str]
    data: bytes | None

    def write(self, api: Api, project: Project) -> str:
        """Make the comment, or change it; what was done."""
        body = self._body(project)
        own = (each for each in api.pages(self.comments) if self.is_own(each))
        found = next((each for each in own if str(each["body"]).startswith(MARKER)), None)
        if found is None:
            api.send("POST", self.comments, body)
            return "written"
        if found["body"] == body:
            return "left as it is"
        api.send(self.edit, f"{self.single}/{found['id']}", body)
        return "changed"

    def _body(self, project: Project) -> str:
        try:
            result = read_result(self.data or b"")
            rules = sorted({*result.rule_files, *rules_among(self.files, project)})
            verdict = worst([result.verdict, *([Verdict.CHANGES_RULES] if rules else [])])
            text = comment(result.model_copy(update={"rule_files": rules, "verdict": verdict}))
            if len(text) > LONGEST_COMMENT:
                raise ValueError("its comment is too long")
        except ValueError as error:
            sys.stderr.write(f"{self.name} has no result that can be read: {str(error)[:500]!a}\n")
            return FAILED
        return f"{text}\nReviewed: {self.head}, for {escaped(self.base)}\n"


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


def of_github(api: Api, repository: str, run: Mapping[str, Any]) -> Iterator[Reviewed]:
    """The pull requests whose head a run of the workflow `review` was about: one, or none any more.

    run: the event's workflow_run.
    """
    head, branch = run["head_sha"], run["head_branch"]
    of_branch = urlencode({"state": "all", "head": f"{repository.partition('/')[0]}:{branch}"})
    with_head = [
        pull
        for pull in api.pages(f"/repos/{repository}/pulls?{of_branch}")
        if pull["head"]["sha"] == head and (pull["head"]["repo"] or {}).get("full_name") == repository
    ]
    pulls = [pull for pull in with_head if pull["state"] == "open"]
    # Of several requests with one head, closed ones too, nobody knows which one was previewed.
    alone = len(with_head) == 1 and not _is_other_by_now(api, repository, with_head[0], run["created_at"])
    data = _left_at_github(api, repository, run["id"]) if alone else None
    issues = f"/repos/{repository}/issues"
    for pull in pulls:
        number = int(pull["number"])
        listed = list(api.pages(f"/repos/{repository}/pulls/{number}/files"))
        names = [
            name for each in listed for key in ("filename", "previous_filename") if (name := each.get(key))
        ]
        complete = len(listed) == api.get(f"/repos/{repository}/pulls/{number}")["changed_files"]
        yield Reviewed(
            name=f"pull request {number}",
            head=head,
            base=pull["base"]["ref"],
            comments=f"{issues}/{number}/comments",
            single=f"{issues}/comments",
            edit="PATCH",
            is_own=lambda each: (each["user"] or {}).get("login") == GITHUB_AUTHOR,
            files=names if complete else [*names, MORE_FILES],
            data=data,
        )


def _is_other_by_now(api: Api, repository: str, pull: Mapping[str, Any], started: str) -> bool:
    """Whether the request was made, or got another base, after the run was. started: in UTC, as all times."""
    events = api.pages(f"/repos/{repository}/issues/{int(pull['number'])}/events")
    changed: list[str] = [each["created_at"] for each in events if each["event"] == "base_ref_changed"]
    return any(each > started for each in [str(pull["created_at"]), *changed])


def _left_at_github(api: Api, repository: str, run: int) -> bytes | None:
    """result.json of the run's artifact, of which nothing is unpacked."""
    artifacts = f"/repos/{repository}/actions"
    listed = api.get(f"{artifacts}/runs/{int(run)}/artifacts?name={REVIEW}&per_page={A_PAGE}")["artifacts"]
    left = [each["id"] for each in listed if each["name"] == REVIEW and not each["expired"]]
    if not left:
        return None
    try:
        archive = zipfile.ZipFile(io.BytesIO(api.download(f"{artifacts}/artifacts/{int(max(left))}/zip")))
        with archive, archive.open(RESULT_FILE) as file:
            return file.read(LONGEST_DATA)
    # Whoever made the archive chose its bytes: whatever is wrong with it, it has no result.
    except Exception as error:
        sys.stderr.write(f"The artifact cannot be read: {str(error)[:500]!a}\n")
        return None


def of_gitlab(api: Api, project: str) -> Iterator[Reviewed]:
    """The open merge requests of the project's own branches whose head was previewed. project: its id."""
    own, path = api.get("/user")["id"], f"/projects/{int(project)}"
    for request in api.pages(f"{path}/merge_requests?state=opened"):
        head, place = request["sha"], f"{path}/merge_requests/{int(request['iid'])}"
        if request["source_project_id"] != int(project):
            continue
        pipelines = [each["id"] for each in api.pages(f"{place}/pipelines") if each["sha"] == head]
        jobs = api.pages(f"{path}/pipelines/{int(max(pipelines))}/jobs") if pipelines else ()
        done = [each["id"] for each in jobs if each["name"] == REVIEW and each["finished_at"]]
        if not done:
            continue
        try:
            data = api.download(f"{path}/jobs/{int(max(done))}/artifacts/{REVIEW}/{RESULT_FILE}")
        except (HTTPError, ValueError):
            data = None
        names = (each[key] for each in api.pages(f"{place}/diffs") for key in ("old_path", "new_path"))
        yield Reviewed(
            name=f"merge request {request['iid']}",
            head=head,
            base=request["target_branch"],
            comments=f"{place}/notes",
            single=f"{place}/notes",
            edit="PUT",
            is_own=lambda each: each["author"]["id"] == own,
            files=list(dict.fromkeys(names)),
            data=data,
        )


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
        sys.stdout.write(f"The comment on {reviewed.name} was {reviewed.write(api, project)}.\n")


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
