"""Writes a review into a pull request at GitHub or a merge request at GitLab: one comment, edited ever after.

    python tools/review_comment.py review/comment.md

The pipeline's variables say where. At GitHub GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST;
at GitLab CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID and TENANTNET_GITLAB_TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

MARKER = "<!-- tenantnet review -->"
FAILED = f"{MARKER}\n\n## Tenantnet review: failed\n\nNothing was previewed; the job's log says why.\n"
A_PAGE = 100
LIMIT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where comments are. comments: URL of those of the request; single: of one, by its id, without the id.

    edit: HTTP method that changes one.
    """

    comments: str
    single: str
    edit: str
    headers: Mapping[str, str]

    def find(self) -> int | None:
        """The id of the comment that a review has written before; None where there is none."""
        return next((each["id"] for each in self._all() if str(each["body"]).startswith(MARKER)), None)

    def write(self, body: str) -> str:
        """Make the comment, or change it; what was done."""
        if (known := self.find()) is None:
            self._call("POST", self.comments, body)
            return "written"
        self._call(self.edit, f"{self.single}/{known}", body)
        return "changed"

    def _all(self) -> Iterator[Any]:
        page = 1
        while found := self._call("GET", f"{self.comments}?per_page={A_PAGE}&page={page}"):
            yield from found
            page += 1

    def _call(self, method: str, url: str, body: str | None = None) -> Any:  # noqa: ANN401 - it is JSON
        data = None if body is None else json.dumps({"body": body}).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - the pipeline's own URL
        with urlopen(request, timeout=LIMIT_SECONDS) as answer:  # noqa: S310
            return json.load(answer)


def host(environment: Mapping[str, str]) -> Host:
    """The host that the pipeline runs at. Raises KeyError for a variable that is missing."""
    if "CI_MERGE_REQUEST_IID" in environment:
        project = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
        notes = f"{project}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}/notes"
        headers = {"PRIVATE-TOKEN": environment["TENANTNET_GITLAB_TOKEN"]}
        return Host(comments=notes, single=notes, edit="PUT", headers=headers)
    issues = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}/issues"
    return Host(
        comments=f"{issues}/{environment['PULL_REQUEST']}/comments",
        single=f"{issues}/comments",
        edit="PATCH",
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
        },
    )


def main(file: Path) -> None:
    """Write the comment in `file`, or, where there is none, that the review failed."""
    body = file.read_text(encoding="utf-8") if file.exists() else FAILED
    try:
        done = host(os.environ).write(body)
    except KeyError as missing:
        sys.exit(
            f"The comment was not written.\n  reason: {missing} is not set\n  remedy: run it in a pipeline"
        )
    except (URLError, ValueError) as error:
        sys.exit(
            f"The comment was not written.\n  reason: {error}\n"
            "  remedy: see whether the token may write comments on this request, then run the job again"
        )
    sys.stdout.write(f"The comment was {done}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
