"""What GitHub and GitLab know of requests whose head was previewed, and what the previews have left there.

Whatever code of a request has left is bytes here, of which nothing is unpacked or run. Which request they are
about, what it changes, and who owns that, the host says.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from tenantnet.review.approval import MORE_FILES
from tenantnet.review.codeowners import OwnersOf, owners_at_github, owners_at_gitlab

# Who writes with the token that GitHub gives a job.
GITHUB_AUTHOR = "github-actions[bot]"
# Of the job that previews, and of what it leaves.
REVIEW, RESULT_FILE = "review", "result.json"
LONGEST_DATA = 10_000_000
# A page of a list has each file's difference, too, of up to half a megabyte.
LONGEST_LIST = 100_000_000
A_PAGE = 100
LIMIT_SECONDS = 30
# So many runs on former pushes are asked for a result: some were cancelled by the next push.
MOST_FORMER = 5
# Where each host looks for CODEOWNERS, in its order.
GITHUB_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
GITLAB_OWNERS = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


class Api:
    """A host's REST API. The token goes to the host alone, not to where it redirects."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, headers

    def get(self, path: str) -> Any:  # noqa: ANN401 - it is JSON
        """What is there."""
        return json.loads(self._call("GET", path, {}, longest=LONGEST_LIST))

    def pages(self, path: str) -> Iterator[Any]:
        """Everything in a list."""
        page, sign = 1, "&" if "?" in path else "?"
        while found := self.get(f"{path}{sign}per_page={A_PAGE}&page={page}"):
            yield from found
            page += 1

    def download(self, path: str, **headers: str) -> bytes:
        """What is there, as it is. Raises ValueError for more than LONGEST_DATA."""
        return self._call("GET", path, headers)

    def send(self, method: str, path: str, body: Mapping[str, str]) -> None:
        """Make or change something."""
        headers = {"Content-Type": "application/json"}
        self._call(method, path, headers, json.dumps(body).encode())

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        longest: int = LONGEST_DATA,
    ) -> bytes:
        request = Request(f"{self._url}{path}", data=data, method=method)  # noqa: S310 - the pipeline's own URL
        for name, value in {**self._headers, **headers}.items():
            request.add_unredirected_header(name, value)
        with urlopen(request, timeout=LIMIT_SECONDS) as answer:  # noqa: S310
            read: bytes = answer.read(longest + 1)
        if len(read) > longest:
            raise ValueError(f"{path} has more than {longest} bytes")
        return read


@dataclass(frozen=True, slots=True)
class Former:
    """What was left of the push before. head: its commit. data: result.json."""

    head: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A request whose head was previewed.

    name: for people. head: its commit. base: the branch that it is for. comments: path of its comments;
    single: of one, without its id. edit: HTTP method that changes one. is_own: whether a comment is by the
    writer of this one. files: what it changes. owners: by the base's CODEOWNERS. data: result.json as it was
    left. former: that of the push before. Each is None where there is none. scans: path that takes notes at
    lines, and ref: what they are about; empty at GitLab.
    """

    name: str
    head: str
    base: str
    comments: str
    single: str
    edit: str
    is_own: Callable[[Any], bool]
    files: Sequence[str]
    owners: OwnersOf | None
    data: bytes | None
    former: Former | None
    scans: str = ""
    ref: str = ""


def of_github(api: Api, repository: str, run: Mapping[str, Any]) -> Iterator[Reviewed]:
    """The pull requests whose head a run of the workflow `review` was about: one, or none any more.

    run: the event's workflow_run.
    """
    head, branch = run["head_sha"], run["head_branch"]
    of_branch = urlencode({"state": "all", "head": f"{repository.partition('/')[0]}:{branch}"})
    of_name = api.pages(f"/repos/{repository}/pulls?{of_branch}")
    own = [pull for pull in of_name if (pull["head"]["repo"] or {}).get("full_name") == repository]
    with_head = [pull for pull in own if pull["head"]["sha"] == head]
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
            owners=_owners_at_github(api, repository, pull["base"]["sha"]),
            data=data,
            former=_former_at_github(api, repository, run, pull, own) if data else None,
            scans=f"/repos/{repository}/code-scanning/sarifs",
            ref=f"refs/pull/{number}/head",
        )


def _is_other_by_now(api: Api, repository: str, pull: Mapping[str, Any], started: str) -> bool:
    """Whether the request was made, or got another base, after the run was. started: in UTC, as all times."""
    events = api.pages(f"/repos/{repository}/issues/{int(pull['number'])}/events")
    changed: list[str] = [each["created_at"] for each in events if each["event"] == "base_ref_changed"]
    return any(each > started for each in [str(pull["created_at"]), *changed])


def _owners_at_github(api: Api, repository: str, commit: str) -> OwnersOf | None:
    paths = (f"/repos/{repository}/contents/{each}?ref={quote(commit)}" for each in GITHUB_OWNERS)
    text = _first_there(api, paths, Accept="application/vnd.github.raw+json")
    return None if text is None else owners_at_github(text)


def _first_there(api: Api, paths: Iterable[str], **headers: str) -> str | None:
    for path in paths:
        try:
            return api.download(path, **headers).decode(errors="replace")
        except HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
    return None


def _former_at_github(
    api: Api,
    repository: str,
    run: Mapping[str, Any],
    pull: Mapping[str, Any],
    of_branch: Sequence[Mapping[str, Any]],
) -> Former | None:
    """What the last run on another head of the request has left. of_branch: all requests of its branch."""
    opened = pull["created_at"]
    others = [each["closed_at"] for each in of_branch if each["number"] != pull["number"]]
    if not all(closed and closed < opened for closed in others):
        return None  # nobody knows which one a run was about
    query = urlencode({"branch": run["head_branch"], "event": "pull_request", "per_page": A_PAGE, "page": 1})
    runs = api.get(f"/repos/{repository}/actions/workflows/{int(run['workflow_id'])}/runs?{query}")
    former = [
        each
        for each in runs["workflow_runs"]
        if each["id"] < run["id"]
        and each["head_sha"] != run["head_sha"]
        and each["created_at"] > opened
        and (each["head_repository"] or {}).get("full_name") == repository
    ]
    for each in sorted(former, key=lambda each: -int(each["id"]))[:MOST_FORMER]:
        if data := _left_at_github(api, repository, each["id"]):
            return Former(head=each["head_sha"], data=data)
    return None


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


def of_gitlab(api: Api, project: str) -> Iterator[Callable[[], Iterable[Reviewed]]]:
    """For each open merge request a call: itself if it is of the project's own branches and was previewed.

    project: its id.
    """
    own, path = api.get("/user")["id"], f"/projects/{int(project)}"
    for request in api.pages(f"{path}/merge_requests?state=opened"):
        if request["source_project_id"] == int(project):
            yield partial(_merge_request, api, path, own, request)


def _merge_request(api: Api, path: str, own: int, request: Mapping[str, Any]) -> Iterator[Reviewed]:
    head, place = request["sha"], f"{path}/merge_requests/{int(request['iid'])}"
    pipelines = sorted(api.pages(f"{place}/pipelines"), key=lambda each: -int(each["id"]))
    newest = next((each["id"] for each in pipelines if each["sha"] == head), None)
    if newest is None or (job := _job(api, path, newest)) is None:
        return
    before = [each for each in pipelines if each["sha"] != head and each["id"] < newest]
    listed = list(api.pages(f"{place}/diffs"))
    names = dict.fromkeys(each[key] for each in listed for key in ("old_path", "new_path"))
    # Of too many it is `1000+`, and GitLab keeps no more of them.
    complete = api.get(place)["changes_count"] == str(len(listed))
    yield Reviewed(
        name=f"merge request {request['iid']}",
        head=head,
        base=request["target_branch"],
        comments=f"{place}/notes",
        single=f"{place}/notes",
        edit="PUT",
        is_own=lambda each: each["author"]["id"] == own,
        files=list(names) if complete else [*names, MORE_FILES],
        owners=_owners_at_gitlab(api, path, request["target_branch"]),
        data=_left_at_gitlab(api, path, job),
        former=_former_at_gitlab(api, path, before[:MOST_FORMER]),
    )


def _job(api: Api, path: str, pipeline: int) -> int | None:
    """The pipeline's finished job that previews."""
    jobs = api.pages(f"{path}/pipelines/{int(pipeline)}/jobs")
    return max(
        (int(each["id"]) for each in jobs if each["name"] == REVIEW and each["finished_at"]), default=None
    )


def _left_at_gitlab(api: Api, path: str, job: int) -> bytes | None:
    try:
        return api.download(f"{path}/jobs/{job}/artifacts/{REVIEW}/{RESULT_FILE}")
    except (HTTPError, ValueError):
        return None


def _former_at_gitlab(api: Api, path: str, pipelines: Sequence[Mapping[str, Any]]) -> Former | None:
    for each in pipelines:
        job = _job(api, path, each["id"])
        if job is not None and (data := _left_at_gitlab(api, path, job)):
            return Former(head=each["sha"], data=data)
    return None


def _owners_at_gitlab(api: Api, path: str, branch: str) -> OwnersOf | None:
    files = (quote(each, safe="") for each in GITLAB_OWNERS)
    ref = urlencode({"ref": branch})
    text = _first_there(api, (f"{path}/repository/files/{each}/raw?{ref}" for each in files))
    return None if text is None else owners_at_gitlab(text)
