"""Forms of the console that commit a change to a branch, with real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.console import Answer, Console, running_console
from tests.support.desk import Desk
from tests.support.small_settings import ACME_SERVED as TENANT
from tests.support.small_settings import small_project
from tests.unit.console.test_forms import OSLO

FILE = "tenants/Pulumi.acme.yaml"
OSLO_LINE = "          - {companyCidr: 192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: Oslo}\n"
WITHOUT_OSLO = TENANT.replace(OSLO_LINE, "")
SUGGESTED = "delete-a-vpn-connection-of-acme"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A repository in which everything is committed, to begin with."""
    folder = small_project(tmp_path_factory.mktemp("clone"), acme=TENANT)
    desk = Desk(folder, {"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"})
    git(desk, "init", "--quiet", "--initial-branch", "main")
    git(desk, "config", "user.name", "Ada")
    git(desk, "config", "user.email", "ada@example.com")
    git(desk, "add", "tenants", "Pulumi.yaml")
    git(desk, "commit", "--quiet", "--message", "all")
    return desk


@pytest.fixture
def desk(project: Desk) -> Desk:
    """The repository with no other branch, and nothing that is not committed."""
    git(project, "reset", "--quiet", "--hard")
    for name in git(project, "for-each-ref", "--format=%(refname:short)", "refs/heads").split():
        if name != "main":
            git(project, "branch", "--quiet", "-D", name)
    return project


def git(desk: Desk, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=desk.folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(console: Console, branch: str, **changed: str) -> Answer:
    """Press the button on the page that shows the difference."""
    return console.send(OSLO, {"do": "commit", "branch": branch, **changed})


def test_a_change_is_committed_to_the_branch_that_is_offered(console: Console, desk: Desk) -> None:
    assert f'name="branch" value="{SUGGESTED}"' in console.ask(OSLO).text
    before = git(desk, "status", "--porcelain", "--branch")
    answer = commit(console, SUGGESTED)
    made = git(desk, "rev-parse", "--short", SUGGESTED).strip()
    assert (answer.status, f"commit {made} of the branch {SUGGESTED}" in answer.text) == (200, True)
    assert f"git push --set-upstream origin {SUGGESTED}" in answer.text
    assert git(desk, "show", f"{SUGGESTED}:{FILE}") == WITHOUT_OSLO
    assert desk.settings("acme").read_text() == TENANT
    assert git(desk, "status", "--porcelain", "--branch") == before
    assert f'name="branch" value="{SUGGESTED}-2"' in console.ask(OSLO).text


def test_what_is_not_committed_is_neither_lost_nor_committed(console: Console, desk: Desk) -> None:
    mine = TENANT.replace("# Kept as it is.", "# Not committed yet.")
    desk.settings("acme").write_text(mine)
    shown = commit(console, "acme")
    assert "Nothing was written" in shown.text, "the branch has another file than the one that was shown"
    form = {**console.hidden(shown), "do": "commit", "branch": "acme"}
    answer = console.ask(OSLO, "POST", form, Origin=console.origin)
    assert "of the branch acme" in answer.text
    assert git(desk, "show", f"acme:{FILE}") == WITHOUT_OSLO
    assert desk.settings("acme").read_text() == mine


@pytest.mark.parametrize(
    ("branch", "words"),
    [("main", "has this one checked out"), ("a b", "a name that git takes"), ("", "a name that git takes")],
)
def test_a_branch_that_cannot_be_is_refused_at_its_field(
    console: Console, desk: Desk, branch: str, words: str
) -> None:
    answer = commit(console, branch)
    about = answer.text.partition('<div id="branch-about">')[2]
    assert (answer.status, words in about, "<dt>Remedy</dt>" in about) == (400, True, True)
    assert f'name="branch" value="{branch}"' in answer.text
    assert git(desk, "for-each-ref", "--format=%(refname:short)").split() == ["main"]


def test_another_change_than_the_one_that_was_shown_is_not_committed(console: Console, desk: Desk) -> None:
    answer = commit(console, "acme", company="192.168.8.0/24")
    assert "Nothing was written" in answer.text
    assert git(desk, "for-each-ref", "--format=%(refname:short)").split() == ["main"]


def test_a_branch_with_odd_characters_is_quoted_in_the_command(console: Console, desk: Desk) -> None:
    answer = commit(console, "a;$(b)")
    assert "origin &#39;a;$(b)&#39;" in answer.text
    assert git(desk, "show", f"a;$(b):{FILE}") == WITHOUT_OSLO


def test_without_a_repository_or_git_it_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    project = Desk(small_project(tmp_path, acme=TENANT), {"AWS_EC2_METADATA_DISABLED": "true"})
    for path, status, words in (
        ("/nowhere", 503, "Could not commit the change."),
        ("/usr/bin:/bin", 400, "not a git repository"),
    ):
        with running_console(project.folder, {**project.variables, "PATH": path}) as console:
            console.enter()
            answer = commit(console, "acme")
        assert (answer.status, words in answer.text, "Remedy" in answer.text) == (status, True, True)
        assert project.settings("acme").read_text() == TENANT
