"""The pipeline that reviews pull requests: two workflows, and the comment that the second writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tenantnet.review import request_comment
from tenantnet.review.comment import MARKER
from tenantnet.review.result import ReviewResult, StackResult
from tenantnet.review.verdict import Verdict
from tenantnet.settings.project import find_project

from tests.support.clone import CLONE
from tests.support.comment_host import (
    BASE_HEAD,
    BOT,
    FORMER_HEAD,
    FORMER_RUN,
    HEAD,
    Comment,
    CommentHost,
    comment_host,
    pull,
    zipped,
)
from tests.support.review_project import GOLDEN
from tests.support.workflow import WORKFLOWS, run_scripts, scripts, workflow

OWN_COMMENT = f"{MARKER}\n\n## Tenantnet review: 🟢 safe\n"
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


@pytest.fixture
def host() -> Iterator[CommentHost]:
    with comment_host() as running:
        yield running


@pytest.fixture
def write(host: CommentHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the second workflow's last step runs."""
    monkeypatch.chdir(CLONE)
    monkeypatch.setenv("NO_PROXY", "*")
    return lambda kind="github": request_comment.main(getattr(host, kind)(tmp_path))


def script(variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same as a process."""
    (step,) = [each for each in scripts("review-comment", "comment") if each["name"] == "Comment"]
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "*", **variables}
    command = ["bash", "-e", "-c", step["run"]]
    return subprocess.run(command, env=environment, cwd=CLONE, capture_output=True, text=True, check=False)


def result(verdict: Verdict = Verdict.SAFE, **more: object) -> bytes:
    """What the first workflow leaves: one stack."""
    stack = {"stack": "acme", "kind": "tenant", "verdict": verdict, "settings": "changed", **more}
    stacks = [StackResult.model_validate(stack)]
    whole = ReviewResult(base="HEAD^1", commit="0a1b2c3d", verdict=Verdict.SAFE, stacks=stacks)
    return whole.model_dump_json().encode()


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_one_comment_is_written_and_then_changed(
    kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    for verdict in (Verdict.SAFE, Verdict.TUNNEL_DOWN):
        host.left = result(verdict)
        write(kind)
    (own,) = host.own()
    assert own.startswith(f"{MARKER}\n\n## Tenantnet review: 🟠 takes a tunnel down\n")
    assert own.endswith(f"\nReviewed: {HEAD}, for main\n")
    assert len(host.comments) == 121


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_nobody_elses_comment_is_touched_whatever_is_in_it(
    kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.comments[3] = Comment("mallory", OWN_COMMENT)
    host.comments[9] = Comment(BOT, "a comment of another workflow")
    host.comments[11] = Comment(BOT, OWN_COMMENT)
    before = {number: each.body for number, each in host.comments.items() if number != 11}
    host.left = result(Verdict.DESTROYS_DATA)
    write(kind)
    assert {number: host.comments[number].body for number in before} == before
    assert "destroys data" in host.comments[11].body
    assert len(host.comments) == 120


def test_a_review_that_failed_does_not_leave_the_former_one_standing(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.comments[7] = Comment(BOT, OWN_COMMENT)
    write()
    assert host.comments[7].body == request_comment.FAILED


def test_a_head_that_is_another_by_now_is_not_commented_on(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result()
    host.pulls = [pull(head="b" * 40), pull(repository="mallory/tenants"), {**pull(), "state": "closed"}]
    write()
    assert {method for method, _ in host.requests} == {"GET"}


def test_of_several_requests_with_one_head_none_gets_the_others_verdict(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result()
    host.pulls = [pull(12), pull(13)]
    write()
    assert host.own() == [request_comment.FAILED]


def closed(number: int) -> dict[str, Any]:
    return {**pull(number), "state": "closed"}


@pytest.mark.parametrize(
    ("pulls", "events"),
    [
        ([closed(11), pull(12)], []),
        ([{**pull(12), "created_at": "2031-03-05T01:31:00Z"}], []),
        ([pull(12)], [{"event": "base_ref_changed", "created_at": "2031-03-05T01:31:00Z"}]),
    ],
    ids=["a closed request had this head", "made after the run", "another base after the run"],
)
def test_a_result_that_may_be_another_requests_or_bases_is_nobodys(
    pulls: list[dict[str, Any]],
    events: list[dict[str, str]],
    host: CommentHost,
    write: Callable[..., None],
) -> None:
    host.left, host.pulls, host.events = result(), pulls, events
    write()
    assert host.own() == [request_comment.FAILED]


def test_a_base_that_was_changed_before_the_run_is_the_one_reviewed(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result()
    host.events = [
        {"event": "base_ref_changed", "created_at": "2031-03-05T01:20:00Z"},
        {"event": "labeled", "created_at": "2031-03-05T01:31:00Z"},
    ]
    write()
    assert "🟢 safe" in host.own()[0]


def test_the_token_goes_to_the_host_alone(host: CommentHost, write: Callable[..., None]) -> None:
    host.left = result()
    # The storage that archives are redirected to refuses a call with a token.
    write()
    assert set(host.tokens) == {"Bearer token"}
    assert "🟢 safe" in host.own()[0]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_who_must_approve_is_of_the_bases_owners(
    kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.owners = result(Verdict.TUNNEL_DOWN), "/tenants/ @example/tenants\n"
    write(kind)
    own = host.own()[0].replace("<!-- -->", "")
    assert "\n- 🟠 takes a tunnel down: somebody who has told the company" in own
    assert "\n- @example/tenants: tenants/Pulumi.acme.yaml\n" in own
    assert host.owners_of == {"github": BASE_HEAD, "gitlab": "main"}[kind]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_what_has_changed_since_the_push_before_is_told(
    kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.former = result(Verdict.TUNNEL_DOWN), result(sentences=["resizes it"])
    write(kind)
    (own,) = host.own()
    assert f"since the push before** (`{FORMER_HEAD[:8]}`)" in own
    assert "\n- new: acme: takes a tunnel down\n" in own
    assert "\n- no longer: acme: resizes it\n" in own


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize("former", [None, b"# safe", b"[" * 1_000_000], ids=["none", "no result", "deep"])
def test_without_a_result_of_the_push_before_nothing_is_said_of_it(
    former: bytes | None, kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.former = result(), former
    write(kind)
    (own,) = host.own()
    assert "🟢 safe" in own
    assert "the push before" not in own


@pytest.mark.parametrize(
    ("run", "others"),
    [
        ({"head_sha": HEAD}, []),
        ({"id": 78}, []),
        ({"created_at": "2031-03-05T00:59:00Z"}, []),
        ({"head_repository": {"full_name": "mallory/tenants"}}, []),
        ({"head_repository": None}, []),
        ({}, [pull(11, head="b" * 40)]),
        ({}, [{**pull(11, head="b" * 40), "state": "closed", "closed_at": "2031-03-05T01:05:00Z"}]),
    ],
    ids=["the same head", "a later run", "before the request", "a fork", "gone", "another", "one meanwhile"],
)
def test_a_run_that_may_not_be_of_the_push_before_is_nobodys(
    run: dict[str, Any],
    others: list[dict[str, Any]],
    host: CommentHost,
    write: Callable[..., None],
) -> None:
    host.left, host.former = result(), result(Verdict.TUNNEL_DOWN)
    host.former_runs, host.pulls = [{**FORMER_RUN, **run}], [pull(), *others]
    write()
    (own,) = host.own()
    assert "🟢 safe" in own
    assert "the push before" not in own


def test_a_push_whose_review_was_cancelled_is_passed_over(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.former = result(), result(Verdict.TUNNEL_DOWN)
    host.former_runs.insert(0, {**FORMER_RUN, "id": 75, "head_sha": "b" * 40})
    earlier = {**pull(11, head="b" * 40), "state": "closed", "closed_at": "2031-03-05T00:59:00Z"}
    host.pulls.append(earlier)
    write()
    assert f"(`{FORMER_HEAD[:8]}`)" in host.own()[0]


FINDING = {
    "source": "settings",
    "value": "10.33.4.0/26",
    "rule": "it is",
    "reason": "",
    "remedy": "",
    "line": 14,
}


def notes(host: CommentHost) -> list[tuple[str, int]]:
    """File and line of each note of the last upload."""
    places = [
        each["locations"][0]["physicalLocation"]
        for each in (host.scans or [])[-1]["sarif"]["runs"][0]["results"]
    ]
    return [(each["artifactLocation"]["uri"], each["region"]["startLine"]) for each in places]


def test_a_finding_is_a_note_at_the_settings_line_until_a_push_mends_it(
    host: CommentHost, write: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    host.left = result(findings=[FINDING])
    write()
    assert notes(host) == [("tenants/Pulumi.acme.yaml", 14)]
    assert capsys.readouterr().out.endswith(" was written, with 1 notes at lines.\n")
    host.left = result()
    write()
    assert notes(host) == []


@pytest.mark.parametrize("stack", ["globex", "../../policies/x", "acme.yaml/../Pulumi.acme"])
def test_a_result_cannot_choose_the_file_of_a_note(
    stack: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result(stack=stack, findings=[FINDING])
    write()
    assert notes(host) == []


def test_without_code_scanning_the_comment_is_all_there_is(
    host: CommentHost, write: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    host.left, host.scans = result(), None
    write()
    assert "🟢 safe" in host.own()[0]
    said = capsys.readouterr()
    assert said.out.endswith(" was written, without notes at lines.\n")
    assert "HTTP Error 403" in said.err


def test_the_comment_of_a_failed_review_says_whose_notes_stay(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result(findings=[FINDING])
    write()
    host.left = None
    write()
    assert len(host.scans or []) == 1
    assert "are those of an earlier push" in host.own()[0]


def test_a_pack_behind_a_link_has_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nmain: program\n", encoding="utf-8")
    (tmp_path / "shared").mkdir()
    (tmp_path / "policies").symlink_to("shared")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    found = request_comment.rules_among(["shared/limits.py", "docs/a.md"], find_project(tmp_path))
    assert [*found] == ["policies/limits.py"]


def test_a_failed_review_and_gitlab_get_no_notes(host: CommentHost, write: Callable[..., None]) -> None:
    write()
    host.left = result(findings=[FINDING])
    write("gitlab")
    assert host.scans == []


def hostile_artifacts() -> Iterator[tuple[str, bytes]]:
    """What code of a pull request may leave in the place of a result."""
    yield "no archive", b"x" * 1000
    yield "nothing in it", zipped()
    yield "another name", zipped(**{"../../../result.json": result()})
    yield "an absolute name", zipped(**{"/tmp/result.json": result()})  # noqa: S108
    yield "a bomb", zipped(**{"result.json": b" " * 50_000_000})
    yield "half an archive", zipped(**{"result.json": result()})[:-30]
    whole = zipped(**{"result.json": zlib.compress(os.urandom(5_000))})
    yield "broken bytes", whole[:60] + b"\0" * 60 + whole[120:]
    yield "no JSON", zipped(**{"result.json": b"# safe"})
    yield "deep JSON", zipped(**{"result.json": b"[" * 1_000_000})
    yield "no result", zipped(**{"result.json": b'{"verdict": "safe"}'})
    yield "an unknown verdict", zipped(**{"result.json": result().replace(b'"safe"', b'"perfect"')})
    yield "a line that is none", zipped(**{"result.json": result(findings=[FINDING]).replace(b":14", b":-1")})
    yield "a commit that is none", zipped(**{"result.json": result().replace(b"0a1b2c3d", b"[x](y)")})


@pytest.mark.parametrize(("what", "artifact"), list(hostile_artifacts()), ids=lambda each: str(each)[:30])
def test_what_is_no_result_is_a_review_that_failed(
    what: str, artifact: bytes, host: CommentHost, write: Callable[..., None]
) -> None:
    host.comments[7] = Comment(BOT, OWN_COMMENT)
    host.artifact = artifact
    write()
    assert host.comments[7].body == request_comment.FAILED, what


def test_a_result_cannot_choose_its_request(host: CommentHost, write: Callable[..., None]) -> None:
    host.left = json.dumps({**json.loads(result()), "pullRequest": 1, "number": 1, "head": "b" * 40}).encode()
    write()
    assert {path for method, path in host.requests if method != "GET"} == {
        "/repos/example/tenants/issues/12/comments",
        "/repos/example/tenants/code-scanning/sarifs",
    }
    assert [(each["commit_sha"], each["ref"]) for each in host.scans or []] == [(HEAD, "refs/pull/12/head")]
    assert host.own()[0].endswith(f"Reviewed: {HEAD}, for main\n")


INJECTION = "`x\n\n## Approved ![i](https://evil.example/i) <img src=x> @ada GH-1 <!-- tenantnet review -->"


@pytest.mark.parametrize(
    "more",
    [
        {"stack": INJECTION},
        {"sampleOf": INJECTION},
        {"phase": INJECTION},
        {"sentences": [INJECTION]},
        {"notes": [INJECTION + "`"]},
        {"effects": [{"verdict": "safe", "text": INJECTION}]},
        {"errors": [f"```\n{INJECTION}"]},
        {"topology": f"flowchart LR\n```\n{INJECTION}"},
        {"topology": 'flowchart LR\n    click acme href "https://evil.example"\n'},
        {"topology": 'flowchart LR\n    acme["%%{init: {}}%% click"]\n'},
        {
            "changes": [
                {"operation": "update", "type": INJECTION, "name": INJECTION, "properties": [INJECTION]}
            ]
        },
    ],
    ids=str,
)
def test_a_result_adds_no_markup(more: dict[str, Any], host: CommentHost, write: Callable[..., None]) -> None:
    host.left, host.former = (
        result(**more),
        result(effects=[{"verdict": "safe", "text": f"gone: {INJECTION}"}]),
    )
    write()
    (own,) = host.own()
    assert "no longer: acme: gone: " in own
    outside_code = re.sub(r"(`{3,})text\n.*?\n\1|`[^`\n]*`", "", own, flags=re.DOTALL)
    assert "\n## Approved" not in outside_code
    assert not re.search(r"(?<!\\)!\[|<img|https://evil|@ada|GH-1|click", outside_code)
    assert outside_code.count(MARKER) == 1


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.md")), ids=lambda each: each.stem)
def test_pictures_of_our_own_stay(golden: Path) -> None:
    for picture in re.findall(r"```mermaid\n(.*?)```", golden.read_text(encoding="utf-8"), re.DOTALL):
        read = request_comment.read_result(result(topology=picture))
        assert read.stacks[0].topology == picture


def test_one_request_does_not_keep_the_others_from_their_comments(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.broken = result(), True
    with pytest.raises(ValueError, match="404"):
        write("gitlab")
    assert "🟢 safe" in host.own()[0]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_long_differences_are_no_hindrance(kind: str, host: CommentHost, write: Callable[..., None]) -> None:
    host.left, host.difference = result(), "x" * 200_000
    host.files = [f"docs/{number}.md" for number in range(60)]
    write(kind)
    assert "🟢 safe" in host.own()[0]


def test_what_changes_the_rules_is_found_by_the_hosts_own_list(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result()
    host.files = ["policies/database.py", "docs/vpn.md"]
    write()
    (own,) = host.own()
    assert "📜 changes the rules" in own
    assert "policies/database.py" in own
    assert "docs/vpn.md" not in own


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_files_that_the_host_does_not_list_may_change_the_rules(
    kind: str, host: CommentHost, write: Callable[..., None]
) -> None:
    host.left, host.more_files = result(), True
    write(kind)
    assert "📜 changes the rules" in host.own()[0]
    assert "(more files than the host lists)" in host.own()[0]


def test_a_verdict_is_not_milder_than_those_of_its_stacks(
    host: CommentHost, write: Callable[..., None]
) -> None:
    host.left = result(Verdict.REJECTED_BY_POLICY)
    write()
    assert "## Tenantnet review: ⛔ rejected by policy" in host.own()[0]


def test_the_step_writes_its_comment(host: CommentHost, tmp_path: Path) -> None:
    host.left = result()
    done = script(host.github(tmp_path))
    assert (done.returncode, done.stdout) == (
        0,
        "The comment on pull request 12 was written, with 0 notes at lines.\n",
    )
    assert len(host.own()) == 1


def test_a_host_that_says_no_is_told_in_words(host: CommentHost, tmp_path: Path) -> None:
    done = script({**host.github(tmp_path), "GITHUB_REPOSITORY": "example/other"})
    assert done.returncode == 1
    assert "HTTP Error 404" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_pipeline_nothing_is_written() -> None:
    done = script({})
    assert done.returncode == 1
    assert "GITHUB_TOKEN" in done.stderr


def test_every_action_is_pinned_to_a_commit() -> None:
    texts = [file.read_text(encoding="utf-8") for file in WORKFLOWS.iterdir()]
    actions = [found for text in texts for found in re.findall(r"uses: (\S+)", text)]
    assert len(actions) > 5
    for action in actions:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)


def test_every_engine_that_a_workflow_installs_is_the_one_that_the_tests_use() -> None:
    """Two waves of an update may be days apart."""
    files = [*WORKFLOWS.iterdir(), *(CLONE / "infra/scaffold/files").glob("*.yaml")]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    module = (CLONE / "tools/pulumi/go.mod").read_text(encoding="utf-8")
    (version,) = re.findall(r"pulumi/pkg/v3 v(\S+)", module)
    pinned = re.findall(r"uses: pulumi/actions@.*\n +with:\n +pulumi-version: \"(\S+)\"", text)
    assert pinned == [version] * text.count("uses: pulumi/actions@")


def test_every_pipeline_installs_with_hashes_and_builds_with_what_it_has_installed() -> None:
    places = [*WORKFLOWS.iterdir(), CLONE / "tools/fleet/buildspec.yml", CLONE / "docs/review.md"]
    places.append(CLONE / "infra/components/migration_runner.py")
    installs = [
        line
        for place in places
        for line in place.read_text(encoding="utf-8").splitlines()
        if re.search(r"pip\S* install", line)
    ]
    assert len(installs) >= 8
    for line in installs:
        assert "--require-hashes" in line or {"--no-deps", "--no-build-isolation"} <= {*line.split()}


def test_no_pipeline_imports_a_file_of_the_checkout_in_the_place_of_a_library() -> None:
    """With -m and -c Python looks in the working directory first, unless -P forbids it."""
    places = [*WORKFLOWS.iterdir(), *(CLONE / "infra/scaffold/files").glob("*.yaml")]
    places += [CLONE / "tools/fleet/buildspec.yml", CLONE / "docs/review.md"]
    places.append(CLONE / "infra/components/migration_runner.py")
    texts = [place.read_text(encoding="utf-8") for place in places]
    started = [found for text in texts for found in re.findall(r"python3? -.*", text)]
    assert len(started) >= 9
    for line in started:
        assert line.split()[1] == "-P", line


def test_nothing_is_piped_into_a_shell() -> None:
    texts = [*WORKFLOWS.iterdir(), *(CLONE / "docs").glob("*.md"), CLONE / "tools/fleet/buildspec.yml"]
    for file in texts:
        assert not re.search(r"\|\s*(?:ba)?sh\b", file.read_text(encoding="utf-8")), file


def test_the_half_that_runs_the_changes_code_can_write_nowhere() -> None:
    document = workflow("review")
    assert document["permissions"] == {}
    job = document["jobs"]["preview"]
    assert [*document["jobs"]] == ["preview"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "review"
    used = {each.strip() for each in EXPRESSION.findall((WORKFLOWS / "review.yaml").read_text("utf-8"))}
    assert {each for each in used if "secrets" in each or "token" in each} == {
        "secrets.PULUMI_CONFIG_PASSPHRASE"
    }


def test_the_command_that_reviews_is_the_bases_and_has_no_identity() -> None:
    (step,) = [each for each in workflow("review")["jobs"]["preview"]["steps"] if each.get("id") == "review"]
    assert "../base/.venv/bin/tenantnet review --base HEAD^1" in step["run"]
    assert "env -u ACTIONS_ID_TOKEN_REQUEST_TOKEN -u ACTIONS_ID_TOKEN_REQUEST_URL" in step["run"]


def test_a_changes_build_has_no_identity() -> None:
    """To install it runs its setup.py."""
    steps = workflow("review")["jobs"]["preview"]["steps"]
    installing = [each["run"] for each in steps if "/pip" in each.get("run", "")]
    assert installing
    for program in installing:
        first, *_ = program.splitlines()
        assert first == "unset ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL"


def test_the_half_that_comments_runs_the_default_branch_alone() -> None:
    document = workflow("review-comment")
    assert document["permissions"] == {}
    job = document["jobs"]["comment"]
    assert job["permissions"] == {
        "actions": "read",
        "contents": "read",
        "pull-requests": "write",
        "security-events": "write",
    }
    (checkout,) = [step["with"] for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["ref"] == "${{ github.event.repository.default_branch }}"
    used = {each.strip() for step in job["steps"] for each in EXPRESSION.findall(json.dumps(step))}
    assert used == {"github.event.repository.default_branch", "github.token"}
    actions = {step["uses"].split("@")[0] for step in job["steps"] if "uses" in step}
    assert actions == {"actions/checkout", "actions/setup-python"}


# A command that says where it is, what it knows and what it was asked, and finds something.
COMMAND = """#!/bin/sh
set -e
if [ "$1 $2" = "settings check" ]; then pwd > "$SEEN.checked"; exit 2; fi
env > "$SEEN"
git log -1 --format=%s "$3" > "$SEEN.base"
dirname "$0" > "$SEEN.place"
mkdir "$5" && cp "$RESULT" "$5/result.json"
exit 3
"""


def test_the_halves_run_one_after_the_other(host: CommentHost, tmp_path: Path) -> None:
    merged_change(tmp_path / "change")
    (tmp_path / "left.json").write_bytes(result(Verdict.TUNNEL_DOWN))

    def install() -> None:
        command = tmp_path / "base" / ".venv" / "bin" / "tenantnet"
        command.parent.mkdir(parents=True)
        command.write_text(COMMAND, encoding="utf-8")
        command.chmod(0o755)

    seen = tmp_path / "seen"
    known = {
        "PATH": os.environ["PATH"],
        "SEEN": str(seen),
        "RESULT": str(tmp_path / "left.json"),
        "PULUMI_CONFIG_PASSPHRASE": "passphrase",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "identity",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1",
    }
    where: dict[str, Any] = {"folder": tmp_path, "environment": known, "scratch": tmp_path}
    codes = run_scripts("review", "preview", **where, install=install)
    assert codes == {"Base": 0, "Settings": 0, "Review": 0, "Verdict": 3}
    assert (tmp_path / "seen.checked").read_text(encoding="utf-8") == f"{tmp_path / 'change'}\n"
    assert (tmp_path / "seen.base").read_text(encoding="utf-8") == "base\n"
    assert (tmp_path / "seen.place").read_text(encoding="utf-8") == "../base/.venv/bin\n"
    names = {line.partition("=")[0] for line in seen.read_text(encoding="utf-8").splitlines()}
    assert "PULUMI_CONFIG_PASSPHRASE" in names
    assert not [name for name in names if "TOKEN" in name]

    host.left = (tmp_path / "review" / "result.json").read_bytes()
    variables = {"PATH": os.environ["PATH"], "NO_PROXY": "*", **host.github(tmp_path)}
    where = {"folder": CLONE, "environment": variables, "scratch": tmp_path}
    assert run_scripts("review-comment", "comment", **where, install=lambda: None) == {"Comment": 0}
    assert "takes a tunnel down" in host.own()[0]


def merged_change(folder: Path) -> None:
    """A checkout of what merging a change would make."""
    folder.mkdir()
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["commit", "--quiet", "--allow-empty", "--message", "base"],
        ["checkout", "--quiet", "-b", "change"],
        ["commit", "--quiet", "--allow-empty", "--message", "change"],
        ["checkout", "--quiet", "main"],
        ["merge", "--quiet", "--no-ff", "--message", "merge", "change"],
    ):
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_workflow_runs_whatever_changes() -> None:
    """A link or an import makes the program of any file, and a former request may have brought it in."""
    # YAML 1.1 reads the key `on` as true.
    trigger = (workflow("review").get("on") or workflow("review")[True])["pull_request"]
    assert trigger.keys() == {"types"}
    assert {*trigger["types"]} >= {"opened", "synchronize", "reopened", "edited"}
