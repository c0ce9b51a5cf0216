"""What GitHub and GitLab do with comments, on loopback: list them by pages, take one, change one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = "/repos/example/tenants/issues"
GITLAB = "/projects/7/merge_requests/12/notes"


class CommentHost:
    """comments: what is there, by id. requests: method and path of every call. url: where it listens."""

    def __init__(self) -> None:
        self.comments: dict[int, str] = {number: f"comment {number}" for number in range(1, 121)}
        self.requests: list[tuple[str, str]] = []
        self.url = ""

    @property
    def github(self) -> dict[str, str]:
        """The variables of a job at GitHub."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "example/tenants",
            "GITHUB_TOKEN": "token",
            "PULL_REQUEST": "12",
        }

    @property
    def gitlab(self) -> dict[str, str]:
        """The variables of a job at GitLab."""
        return {
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "12",
            "TENANTNET_GITLAB_TOKEN": "token",
        }

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.requests.append((method, path))
        lists = path in (f"{GITHUB}/12/comments", GITLAB)
        one = re.fullmatch(rf"(?:{GITHUB}/comments|{GITLAB})/(\d+)", path)
        if method == "GET" and lists:
            size, page = int(query["per_page"][0]), int(query["page"][0])
            chosen = sorted(self.comments)[(page - 1) * size : page * size]
            return 200, [{"id": number, "body": self.comments[number]} for number in chosen]
        if method == "POST" and lists:
            number = max(self.comments) + 1
        elif one and method == ("PATCH" if GITHUB in path else "PUT"):
            number = int(one[1])
        else:
            return 404, {"message": "Not Found"}
        self.comments[number] = body["body"]
        return 201, {"id": number}


@contextmanager
def comment_host() -> Iterator[CommentHost]:
    """A host with 120 comments of others, on a free port."""
    host = CommentHost()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or "{}")
            status, answer = host.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

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
