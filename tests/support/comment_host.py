"""What GitHub and GitLab do with pull requests, comments and what pipelines leave, on loopback."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = "/repos/example/tenants"
GITLAB = "/projects/7"
HEAD = "4f2a9c1e7b3d5f60718293a4b5c6d7e8f9012345"
FORMER_HEAD = "9c1e7b3d5f60718293a4b5c6d7e8f90123454f2a"
BASE, BRANCH = "main", "change"
BASE_HEAD = "5c6d7e8f90123454f2a9c1e7b3d5f60718293a4b"
RUN = {"id": 77, "workflow_id": 3, "head_branch": BRANCH, "created_at": "2031-03-05T01:30:00Z"}
FORMER_RUN = {
    **RUN,
    "id": 76,
    "head_sha": FORMER_HEAD,
    "head_repository": {"full_name": "example/tenants"},
    "created_at": "2031-03-05T01:10:00Z",
}
# Who the tokens of pipelines are.
BOT = "github-actions[bot]"


@dataclass
class Comment:
    """author: a login at GitHub, whose hash is the id at GitLab."""

    author: str
    body: str


def zipped(**files: bytes) -> bytes:
    """An artifact, as GitHub keeps it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as entries:
        for name, content in files.items():
            entries.writestr(name, content)
    return archive.getvalue()


def pull(number: int = 12, head: str = HEAD, repository: str = "example/tenants") -> dict[str, Any]:
    """An open pull request."""
    return {
        "number": number,
        "state": "open",
        "created_at": "2031-03-05T01:00:00Z",
        "closed_at": None,
        "head": {"sha": head, "ref": BRANCH, "repo": {"full_name": repository}},
        "base": {"ref": BASE, "sha": BASE_HEAD},
    }


@dataclass
class CommentHost:
    """comments: those of every request, by id. requests: method and path of every call.

    tokens: what each call had as its token. pulls: those of BRANCH. events: each one's. files: what the
    requests change. owners: the base's CODEOWNERS; owners_of: which commit was asked for them. more_files:
    whether the files are not all; difference: that of each. broken: whether there is a merge request that the
    host does not tell of. left: the pipeline's result, former: that of the push before; None where it
    left none. former_runs: those on former pushes. scans: the uploads of code scanning, decoded; None where
    it is off. url: where it listens.
    """

    comments: dict[int, Comment] = field(
        default_factory=lambda: {number: Comment("ada", f"comment {number}") for number in range(1, 121)}
    )
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=lambda: [pull()])
    events: list[dict[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=lambda: ["tenants/Pulumi.acme.yaml"])
    owners: str | None = None
    owners_of: str = ""
    more_files: bool = False
    difference: str = ""
    broken: bool = False
    left: bytes | None = None
    former: bytes | None = None
    former_runs: list[dict[str, Any]] = field(default_factory=lambda: [FORMER_RUN])
    scans: list[dict[str, Any]] | None = field(default_factory=list)
    artifact: bytes | None = None
    url: str = ""

    def github(self, folder: Path, head: str = HEAD) -> dict[str, str]:
        """The variables of a job at GitHub after a run of the workflow. folder: for the event."""
        event = folder / "event.json"
        event.write_text(json.dumps({"workflow_run": {**RUN, "head_sha": head}}), encoding="utf-8")
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "example/tenants",
            "GITHUB_TOKEN": "token",
            "GITHUB_EVENT_PATH": str(event),
        }

    def gitlab(self, _: Path) -> dict[str, str]:
        """The variables of a scheduled job at GitLab."""
        return {"CI_API_V4_URL": self.url, "CI_PROJECT_ID": "7", "TENANTNET_GITLAB_TOKEN": "token"}

    def own(self) -> list[str]:
        """The bot's comments."""
        return [each.body for each in self.comments.values() if each.author == BOT]

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.requests.append((method, path))
        if path.endswith(("/CODEOWNERS", "/CODEOWNERS/raw")):
            self.owners_of = query["ref"][0]
        if method == "GET":
            found = self._found(path)
            if isinstance(found, list):
                size, page = int(query["per_page"][0]), int(query["page"][0])
                found = found[(page - 1) * size : page * size]
            return (404, {"message": "Not Found"}) if found is None else (200, found)
        return self._write(method, path, body)

    def _write(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == f"{GITHUB}/code-scanning/sarifs":
            if self.scans is None:
                return 403, {"message": "Advanced Security must be enabled for this repository."}
            log = json.loads(gzip.decompress(base64.b64decode(body["sarif"])))
            self.scans.append({**body, "sarif": log})
            return 202, {"id": "47177e22"}
        one = re.fullmatch(rf"(?:{GITHUB}/issues/comments|{GITLAB}/merge_requests/12/notes)/(\d+)", path)
        lists = rf"{GITHUB}/issues/\d+/comments|{GITLAB}/merge_requests/12/notes"
        if method == "POST" and re.fullmatch(lists, path):
            number = max(self.comments) + 1
            self.comments[number] = Comment(BOT, body["body"])
        elif one and method == ("PATCH" if GITHUB in path else "PUT"):
            number = int(one[1])
            # The hosts let a token that may write change anybody's comment.
            self.comments[number].body = body["body"]
        else:
            return 404, {"message": "Not Found"}
        return 201, {"id": number}

    def _found(self, path: str) -> Any:
        names = [
            {"filename": name, "old_path": name, "new_path": name, "diff": self.difference}
            for name in self.files
        ]
        notes = [
            {
                "id": number,
                "body": each.body,
                "user": {"login": each.author},
                "author": {"id": hash(each.author)},
            }
            for number, each in sorted(self.comments.items())
        ]
        request = {"iid": 12, "sha": HEAD, "source_project_id": 7, "target_branch": BASE}
        job = {"name": "review", "finished_at": "2031-03-05T02:00:00Z"}
        owners = self.owners and self.owners.encode()
        return {
            **{
                f"{GITHUB}/contents/.github/CODEOWNERS": owners,
                f"{GITLAB}/repository/files/CODEOWNERS/raw": owners,
            },
            f"{GITHUB}/actions/workflows/3/runs": {"workflow_runs": self.former_runs},
            f"{GITHUB}/actions/runs/76/artifacts": _artifacts(4, self.former),
            f"{GITHUB}/actions/artifacts/4/zip": self.former and zipped(**{"result.json": self.former}),
            f"{GITHUB}/pulls": self.pulls,
            **{f"{GITHUB}/issues/{each['number']}/events": self.events for each in self.pulls},
            **{f"{GITHUB}/pulls/{each['number']}/files": names for each in self.pulls},
            **{
                f"{GITHUB}/pulls/{each['number']}": {"changed_files": len(names) + self.more_files}
                for each in self.pulls
            },
            **{f"{GITHUB}/issues/{each['number']}/comments": notes for each in self.pulls},
            f"{GITHUB}/actions/runs/77/artifacts": _artifacts(5, self._archive()),
            f"{GITHUB}/actions/artifacts/5/zip": self._archive(),
            "/user": {"id": hash(BOT)},
            f"{GITLAB}/merge_requests": [{**request, "iid": 11}, request][not self.broken :],
            f"{GITLAB}/merge_requests/12": {"changes_count": "1000+" if self.more_files else str(len(names))},
            f"{GITLAB}/merge_requests/12/pipelines": [{"id": 8, "sha": HEAD}, {"id": 6, "sha": FORMER_HEAD}],
            f"{GITLAB}/merge_requests/12/notes": notes,
            f"{GITLAB}/merge_requests/12/diffs": names,
            f"{GITLAB}/pipelines/8/jobs": [{**job, "id": 9}],
            f"{GITLAB}/pipelines/6/jobs": [{**job, "id": 7}],
            f"{GITLAB}/jobs/7/artifacts/review/result.json": self.former,
            f"{GITLAB}/jobs/9/artifacts/review/result.json": self.left,
        }.get(path)

    def _archive(self) -> bytes | None:
        if self.artifact is None and self.left is not None:
            return zipped(**{"result.json": self.left})
        return self.artifact


def _artifacts(number: int, archive: bytes | None) -> dict[str, Any]:
    return {"artifacts": [{"id": number, "name": "review", "expired": False}] if archive else []}


@contextmanager
def comment_host() -> Iterator[CommentHost]:
    """A host with 120 comments of others, on a free port. It redirects to where archives are."""
    host = CommentHost()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or "{}")
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
            elsewhere = self.path.startswith("/elsewhere")
            if self.path.endswith("/zip") and not elsewhere:
                self.send_response(302)
                self.send_header(
                    "Location", f"{host.url.replace('127.0.0.1', 'localhost')}/elsewhere{self.path}"
                )
                self.end_headers()
                return
            if not elsewhere:
                host.tokens.append(token)
            status, answer = host.answer(self.command, self.path.removeprefix("/elsewhere"), body)
            # As a storage does with a signed address.
            status = 400 if elsewhere and token else status
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 - the names that the library calls

        def log_message(self, *_: Any) -> None:
            """Nothing: the test looks at the requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        host.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield host
        server.shutdown()
        thread.join()
