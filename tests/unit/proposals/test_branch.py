"""A change as a commit on a branch, with real git: what it has, what it leaves alone, what is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.proposals.branch import find_branch, free_branch
from tenantnet.proposals.connections import connection_edit
from tenantnet.proposals.proposal import Proposal
from tenantnet.refusal import Refused
from tenantnet.settings.edit import TENANT, set_scalar
from tenantnet.settings.project import Project, find_project
from tenantnet.settings.store import read_settings_file
from tenantnet.tags import Slot

from tests.support.small_settings import ACME, PROJECT

OSLO = {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Oslo"}
FILE = "tenants/Pulumi.acme.yaml"
SUBNET, OTHER_SUBNET = "172.17.6.0/24", "172.17.7.0/24"
WITH_SUBNET = ACME.replace("172.17.5.0/24", SUBNET)
NETWORK = "10.1.2.0/26"


class Clone:
    """A repository with a project in it."""

    def __init__(self, top: Path, folder: str = ".") -> None:
        self.top = top
        place = top / folder
        (place / "tenants").mkdir(parents=True)
        (place / "Pulumi.yaml").write_text(PROJECT)
        self.project: Project = find_project(place)
        self.settings.write_text(ACME)
        self.git("init", "--quiet", "--initial-branch", "main")
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
            self.git("config", key, value)
        self.commit()

    @property
    def settings(self) -> Path:
        return self.project.settings_file("acme")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.top, capture_output=True, check=True)
        return done.stdout.decode()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "all")

    def proposed(self, subnet: str = SUBNET) -> Proposal:
        edit = partial(set_scalar, path=TENANT, key="sessionSubnet", value=subnet)
        file = read_settings_file(self.project, "acme")
        return Proposal.of(self.project, file, "another subnet.\nDeploy it.", (f"set it: {subnet}", edit))

    def put_on(self, name: str, proposal: Proposal | None = None) -> str:
        branch = find_branch(self.project, name)
        return branch.commit(branch.rebased(proposal or self.proposed()), "Another subnet")

    def state(self) -> Mapping[str, object]:
        """All that a person has not committed, and where they are."""
        return {
            "index": (self.top / ".git" / "index").read_bytes(),
            "status": self.git("status", "--porcelain"),
            "head": self.git("symbolic-ref", "HEAD") + self.git("rev-parse", "HEAD"),
            "files": {path: path.read_bytes() for path in self.top.glob("*/*.yaml")},
        }


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


def test_a_new_branch_has_one_commit_more_and_nothing_else_is_changed(clone: Clone) -> None:
    before = clone.state()
    commit = clone.put_on("acme-subnet")
    assert clone.state() == before
    assert clone.git("show", f"acme-subnet:{FILE}") == WITH_SUBNET
    assert clone.git("diff", "--name-only", "main", "acme-subnet") == f"{FILE}\n"
    assert clone.git("log", "--format=%h|%s|%b|%an", "main..acme-subnet").split("|") == [
        commit,
        "Another subnet",
        f"{FILE}: another subnet.\n",
        "Ada\n",
    ]


def test_what_is_staged_and_what_is_not_survives_and_is_not_committed(clone: Clone) -> None:
    (clone.top / "tenants" / "staged.yaml").write_text("mine: 1\n")
    clone.git("add", "tenants/staged.yaml")
    (clone.top / "tenants" / "new.yaml").write_text("mine: 2\n")
    clone.settings.write_text(f"# Not committed.\n{ACME}")
    before = clone.state()
    clone.put_on("acme-subnet")
    assert clone.state() == before
    assert clone.git("show", f"acme-subnet:{FILE}") == WITH_SUBNET
    assert clone.git("diff", "--name-only", "main", "acme-subnet") == f"{FILE}\n"


def test_a_further_change_is_added_to_the_branch_with_the_first(clone: Clone) -> None:
    first = clone.put_on("acme")
    file = read_settings_file(clone.project, "acme")
    second = Proposal.of(clone.project, file, "Oslo", connection_edit(Slot.BLUE, OSLO))
    clone.put_on("acme", second)
    assert clone.git("show", f"acme:{FILE}") == second.text.replace("172.17.5.0/24", SUBNET)
    assert clone.git("rev-parse", "--short", "acme~1").strip() == first


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_byte_order_mark_and_mode_stay(clone: Clone, ending: str, mark: str) -> None:
    text = mark + ACME.replace("\n", ending)
    clone.settings.write_bytes(text.encode())
    clone.settings.chmod(0o755)
    clone.commit()
    clone.put_on("acme-subnet")
    kept = subprocess.run(
        ["git", "show", f"acme-subnet:{FILE}"], cwd=clone.top, capture_output=True, check=True
    )
    assert kept.stdout == text.replace("172.17.5.0/24", SUBNET).encode()
    assert clone.git("ls-tree", "acme-subnet", FILE).startswith("100755")


def test_a_project_below_the_top_and_a_linked_file_are_found(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone", "cloud/eu")
    target = clone.top / "kept" / "acme settings, of all.yaml"
    target.parent.mkdir()
    clone.settings.rename(target)
    clone.settings.symlink_to(target)
    clone.commit()
    clone.put_on("acme-subnet")
    changed = clone.git("diff", "--name-only", "-z", "main", "acme-subnet")
    assert changed == "kept/acme settings, of all.yaml\0"
    assert clone.git("show", "acme-subnet:kept/acme settings, of all.yaml") == WITH_SUBNET


def test_a_branch_that_somebody_has_checked_out_is_refused(clone: Clone, tmp_path: Path) -> None:
    clone.git("worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "others")
    for name, folder in (("main", clone.top), ("others", tmp_path / "other")):
        with pytest.raises(Refused, match="has this one checked out") as refused:
            find_branch(clone.project, name)
        assert str(folder) in str(refused.value)
        assert refused.value.refusals[0].path == "branch"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        ("-d", "begins with a dash"),
        ("a b", "has a blank"),
        ("a..b", "two dots"),
        ("a~1", "one of ~"),
        ("@{-1}", "has @{"),
        ("a:b", "one of ~"),
        ("/a", "a slash at an end"),
        ("a//b", "two in a row"),
        ("a/.b", "begins or ends with a dot"),
        ("a.", "begins or ends with a dot"),
        ("a.lock", "ends with .lock"),
        ("a\nb", "a control character"),
        ("a\0b", "a control character"),
    ],
)
def test_a_name_that_git_does_not_take_is_refused_with_what_git_has_against_it(
    clone: Clone, name: str, said: str
) -> None:
    with pytest.raises(Refused, match="a name that git takes") as refused:
        find_branch(clone.project, name)
    assert said in refused.value.refusals[0].reason
    assert clone.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


def test_a_change_of_lines_that_the_branch_has_otherwise_is_refused(clone: Clone) -> None:
    clone.put_on("acme")
    with pytest.raises(Refused, match="has other lines there"):
        clone.put_on("acme", clone.proposed(OTHER_SUBNET))
    with pytest.raises(Refused, match="has the change there already"):
        clone.put_on("acme")
    assert clone.git("rev-list", "--count", "main..acme").strip() == "1"


def test_a_change_that_is_not_valid_on_the_branch_is_refused(clone: Clone) -> None:
    """The lines merge, and the whole is none."""
    clone.git("branch", "old")
    clone.settings.write_text(ACME.replace(NETWORK, "10.1.3.0/26"))
    proposal = clone.proposed()
    broken = replace(proposal, text=proposal.text.replace("172.17.6.0/24", "172.17.6.0/25"))
    with pytest.raises(Refused, match=r"172\.17\.6\.0/25"):
        find_branch(clone.project, "old").rebased(broken)


def test_a_file_that_the_branch_does_not_have_is_refused(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "--orphan", "empty")
    clone.git("rm", "--quiet", "--cached", FILE)
    clone.git("commit", "--quiet", "--message", "without")
    clone.git("checkout", "--quiet", "--force", "main")
    with pytest.raises(Refused, match=f"there is no {FILE} there"):
        clone.put_on("empty")


def test_a_file_outside_the_repository_is_refused(clone: Clone, tmp_path: Path) -> None:
    outside = tmp_path / "acme.yaml"
    clone.settings.rename(outside)
    clone.settings.symlink_to(outside)
    with pytest.raises(Refused, match="outside the repository"):
        clone.put_on("acme-subnet")


def test_without_a_repository_or_a_commit_there_is_no_branch(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "plain" / "tenants").mkdir(parents=True)
    (tmp_path / "plain" / "Pulumi.yaml").write_text(PROJECT)
    plain = find_project(tmp_path / "plain")
    with pytest.raises(Refused, match="not a git repository"):
        find_branch(plain, "acme")
    assert free_branch(plain, "acme") == "acme"
    clone.git("checkout", "--quiet", "--orphan", "nothing")
    with pytest.raises(Refused, match="that has a commit"):
        find_branch(clone.project, "acme")


def test_a_branch_that_got_another_commit_meanwhile_keeps_it(clone: Clone) -> None:
    clone.git("branch", "acme")
    branch = find_branch(clone.project, "acme")
    rebased = branch.rebased(clone.proposed())
    clone.put_on("acme", clone.proposed(OTHER_SUBNET))
    with pytest.raises(Failure, match="Could not commit the change") as failed:
        branch.commit(rebased, "Late")
    assert "acme" in failed.value.reason
    assert OTHER_SUBNET in clone.git("show", f"acme:{FILE}")
    new = find_branch(clone.project, "new")
    clone.git("branch", "new")
    with pytest.raises(Failure):
        new.commit(rebased, "Late")


def test_without_a_name_for_the_author_git_says_what_to_do(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.git("config", "user.useConfigOnly", "true")
    clone.git("config", "--unset", "user.email")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    with pytest.raises(Failure, match="Could not commit the change") as failed:
        clone.put_on("acme-subnet")
    assert "user.email" in failed.value.reason
    assert free_branch(clone.project, "acme-subnet") == "acme-subnet"


def test_a_branch_below_the_name_is_another_one_and_git_says_that_both_cannot_be(clone: Clone) -> None:
    clone.git("branch", "acme/vpn")
    branch = find_branch(clone.project, "acme")
    assert (branch.former, branch.base) == ("", clone.git("rev-parse", "main").strip())
    with pytest.raises(Failure, match="Could not commit the change") as failed:
        branch.commit(branch.rebased(clone.proposed()), "Another subnet")
    assert "acme/vpn" in failed.value.reason
    assert "choose another branch" in failed.value.remedy


def test_a_free_name_is_of_no_branch(clone: Clone) -> None:
    for expected in ("acme", "acme-2", "acme-3"):
        assert free_branch(clone.project, "acme") == expected
        clone.git("branch", expected)
