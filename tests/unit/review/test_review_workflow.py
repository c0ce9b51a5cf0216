"""The pipeline that reviews pull requests: its workflow file, and the one comment that it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tenantnet.review.comment import MARKER

from tests.support.clone import CLONE
from tests.support.comment_host import CommentHost, comment_host
from tools import review_comment

WORKFLOW = CLONE / ".github" / "workflows" / "review.yaml"


@pytest.fixture
def host() -> Iterator[CommentHost]:
    with comment_host() as running:
        yield running


def write(file: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, review_comment.__file__, str(file)]
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_one_comment_is_written_and_then_changed(kind: str, host: CommentHost, tmp_path: Path) -> None:
    file, variables = tmp_path / "comment.md", getattr(host, kind)
    for text in ("first", "second"):
        file.write_text(f"{MARKER}\n\n{text}\n", encoding="utf-8")
        done = write(file, variables)
        assert done.returncode == 0, done.stderr
    ours = [body for body in host.comments.values() if body.startswith(MARKER)]
    assert ours == [f"{MARKER}\n\nsecond\n"]
    assert len(host.comments) == 121


def test_a_review_that_failed_does_not_leave_the_former_one_standing(
    host: CommentHost, tmp_path: Path
) -> None:
    host.comments[7] = f"{MARKER}\n\n## Tenantnet review: 🟢 safe\n"
    assert write(tmp_path / "missing.md", host.github).returncode == 0
    assert host.comments[7] == review_comment.FAILED


def test_a_host_that_says_no_is_told_in_words(host: CommentHost, tmp_path: Path) -> None:
    done = write(tmp_path / "missing.md", {**host.github, "GITHUB_REPOSITORY": "example/other"})
    assert done.returncode == 1
    assert "HTTP Error 404" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_pipeline_nothing_is_written(tmp_path: Path) -> None:
    done = write(tmp_path / "missing.md", {})
    assert done.returncode == 1
    assert "GITHUB_API_URL" in done.stderr


def test_the_marker_is_the_comments() -> None:
    assert review_comment.MARKER == MARKER


def test_every_action_is_pinned_to_a_commit() -> None:
    steps = YAML(typ="safe").load(WORKFLOW)["jobs"]["review"]["steps"]
    actions = [step["uses"].split("@") for step in steps if "uses" in step]
    assert actions
    for name, version in actions:
        assert len(version) == 40, f"{name} is at {version}"


def test_only_the_job_that_needs_rights_has_any() -> None:
    workflow = YAML(typ="safe").load(WORKFLOW)
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["review"]["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
    }
