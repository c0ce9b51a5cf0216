"""Which stacks a change in git touches, and which of them are previewed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.review.changed import How, Repository, touched
from tenantnet.review.sample import choose
from tenantnet.settings.project import find_project

# Whether a file makes every stack.
PROGRAM = "Pulumi.yaml".__eq__
# Whether it judges changes.
RULE = "policies/database.py".__eq__
GROUPS = {
    "platform-eu1": "platform",
    "acme": "tenant, steady",
    "globex": "tenant, steady",
    "initech": "tenant, switched",
    "new": "tenant, new",
}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project below the top of its repository, with one tenant."""
    folder = tmp_path / "repository" / "network"
    (folder / "tenants").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\n", encoding="utf-8")
    (folder / "tenants" / "Pulumi.acme.yaml").write_text("config: {}\n", encoding="utf-8")
    git(folder.parent, "init", "--quiet", "--initial-branch", "main")
    git(folder.parent, "add", "--all")
    git(folder.parent, "commit", "--quiet", "--message", "base")
    return folder


def test_a_settings_file_touches_its_stack_alone() -> None:
    found = touched(
        {"tenants/Pulumi.acme.yaml": How.CHANGED, "docs/vpn.md": How.CHANGED}, "tenants", PROGRAM, RULE
    )
    assert found.settings == {"acme": How.CHANGED}
    assert found.program == ()


def test_settings_beside_the_project_file_are_told_from_it() -> None:
    found = touched({"Pulumi.yaml": How.CHANGED, "Pulumi.acme.yaml": How.ADDED}, ".", PROGRAM, RULE)
    assert found.settings == {"acme": How.ADDED}
    assert found.program == ("Pulumi.yaml",)


def test_files_that_judge_are_told_apart() -> None:
    found = touched(
        {"policies/database.py": How.CHANGED, "docs/vpn.md": How.CHANGED}, "tenants", PROGRAM, RULE
    )
    assert found.rules == ("policies/database.py",)


def test_changes_are_those_since_the_branches_parted_committed_or_not(clone: Path) -> None:
    git(clone, "checkout", "--quiet", "-b", "change")
    (clone / "tenants" / "Pulumi.globex.yaml").write_text("config: {}\n", encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "globex")
    (clone / "tenants" / "Pulumi.initech.yaml").write_text("config: {}\n", encoding="utf-8")
    (clone / "tenants" / "Pulumi.acme.yaml").unlink()
    git(clone, "branch", "--force", "other", "main")
    repository = Repository(find_project(clone))
    assert repository.changes_since(repository.fork_point("main")) == {
        "tenants/Pulumi.acme.yaml": How.REMOVED,
        "tenants/Pulumi.globex.yaml": How.ADDED,
        "tenants/Pulumi.initech.yaml": How.ADDED,
    }


def test_a_file_is_read_as_it_was(clone: Path) -> None:
    file = clone / "tenants" / "Pulumi.acme.yaml"
    file.write_text("config: {other: 1}\n", encoding="utf-8")
    repository = Repository(find_project(clone))
    commit = repository.fork_point("main")
    assert repository.text_in(commit, file.relative_to(clone)) == "config: {}\n"
    assert repository.text_in(commit, Path("tenants/Pulumi.missing.yaml")) is None


def test_the_project_is_extracted_as_it_was(clone: Path, tmp_path: Path) -> None:
    (clone / "tenants" / "Pulumi.acme.yaml").write_text("config: {other: 1}\n", encoding="utf-8")
    (clone / "new.py").write_text("", encoding="utf-8")
    repository = Repository(find_project(clone))
    repository.extract(repository.fork_point("main"), tmp_path / "base")
    files = sorted(
        path.relative_to(tmp_path / "base").as_posix() for path in (tmp_path / "base").rglob("*.yaml")
    )
    assert files == ["Pulumi.yaml", "tenants/Pulumi.acme.yaml"]
    assert (tmp_path / "base" / files[1]).read_text(encoding="utf-8") == "config: {}\n"
    assert not (tmp_path / "base" / "new.py").exists()


def test_a_base_is_not_extracted_without_what_attributes_leave_out(clone: Path, tmp_path: Path) -> None:
    """Without its description there would be no base's pack, and nobody would miss it."""
    (clone / ".gitattributes").write_text("/tenants/*.yaml export-ignore\n", encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "attributes")
    repository = Repository(find_project(clone))
    with pytest.raises(Failure) as failure:
        repository.extract(repository.fork_point("HEAD"), tmp_path / "base")
    assert "tenants/Pulumi.acme.yaml is in no archive" in failure.value.reason


@pytest.mark.parametrize(
    "name",
    [".github/workflows/other.yaml", ".gitlab-ci.yml", ".gitattributes", "CODEOWNERS", "docs/CODEOWNERS"],
)
def test_pipelines_are_found_above_the_project(name: str, clone: Path) -> None:
    repository = Repository(find_project(clone))
    commit = repository.fork_point("main")
    assert repository.pipeline_changes_since(commit) == []
    (clone.parent / name).parent.mkdir(parents=True, exist_ok=True)
    (clone.parent / name).write_text("", encoding="utf-8")
    assert repository.pipeline_changes_since(commit) == [name]
    git(clone.parent, "add", "--all")
    assert repository.pipeline_changes_since(commit) == [name]


@pytest.mark.parametrize("base", ["nowhere", "--help", "-n"])
def test_a_base_that_git_does_not_know_is_refused(base: str, clone: Path) -> None:
    with pytest.raises(Refused, match="fetch it first"):
        Repository(find_project(clone)).fork_point(base)


def test_without_a_change_of_the_program_only_what_is_touched_is_previewed() -> None:
    choice = choose({}, {"acme": How.CHANGED}, every=False)
    assert (choice.stacks, choice.left_out, choice.groups) == (("acme",), (), {})


def test_a_change_of_the_program_takes_one_of_each_kind_and_phase() -> None:
    choice = choose(GROUPS, {}, every=False)
    assert choice.stacks == ("acme", "initech", "new", "platform-eu1")
    assert choice.left_out == ("globex",)


def test_a_stack_that_is_previewed_anyway_stands_for_its_group() -> None:
    choice = choose(GROUPS, {"globex": How.CHANGED}, every=False)
    assert choice.stacks == ("globex", "initech", "new", "platform-eu1")


def test_all_are_previewed_on_request() -> None:
    choice = choose(GROUPS, {"gone": How.REMOVED}, every=True)
    assert choice.stacks == ("acme", "globex", "gone", "initech", "new", "platform-eu1")
    assert choice.left_out == ()


def link(name: Path, target: str) -> None:
    name.symlink_to(target)
    git(name.parent, "add", "--all")
    git(name.parent, "commit", "--quiet", "--message", "link")


def moved(name: Path, place: Path) -> None:
    """Put what is there elsewhere in the repository, with a link to it in its place."""
    place.parent.mkdir(exist_ok=True)
    name.rename(place)
    link(name, os.path.relpath(place, name.parent))


def changes(clone: Path) -> dict[str, How]:
    repository = Repository(find_project(clone))
    return repository.changes_since(repository.fork_point("main"))


def test_settings_behind_a_link_are_changed_with_what_it_leads_to(clone: Path) -> None:
    file, place = clone / "tenants" / "Pulumi.acme.yaml", clone.parent / "shared" / "acme.yaml"
    moved(file, place)
    place.write_text("config: {a: 1}\n", encoding="utf-8")
    assert changes(clone) == {"tenants/Pulumi.acme.yaml": How.CHANGED}
    assert Repository(find_project(clone)).text_in("main", Path("tenants/Pulumi.acme.yaml")) == "config: {}\n"


def test_a_folder_of_settings_behind_links_is_changed_with_each_file_in_it(clone: Path) -> None:
    moved(clone / "tenants", clone.parent / "settings" / "eu")
    # Through another link, and one that leads to a folder that it is in.
    (clone / "tenants").unlink()
    (clone.parent / "around").symlink_to(".")
    link(clone.parent / "all", "settings")
    link(clone / "tenants", "../all/eu")
    (clone.parent / "settings" / "eu" / "Pulumi.acme.yaml").unlink()
    (clone.parent / "settings" / "eu" / "Pulumi.new.yaml").write_text("config: {}\n", encoding="utf-8")
    assert changes(clone) == {
        "tenants/Pulumi.acme.yaml": How.REMOVED,
        "tenants/Pulumi.new.yaml": How.ADDED,
    }
    former = Repository(find_project(clone)).text_in("main", Path("tenants/Pulumi.acme.yaml"))
    assert former == "config: {}\n"


def test_a_link_that_leads_elsewhere_changes_all_that_is_behind_it(clone: Path) -> None:
    moved(clone / "tenants", clone / "eu")
    (clone / "us").mkdir()
    (clone / "us" / "Pulumi.acme.yaml").write_text("config: {a: 1}\n", encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "us")
    (clone / "tenants").unlink()
    (clone / "tenants").symlink_to("us")
    assert changes(clone) == {"tenants": How.CHANGED, "tenants/Pulumi.acme.yaml": How.CHANGED}


def test_settings_in_a_repository_of_their_own_are_changed_with_its_commit(
    clone: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "Pulumi.acme.yaml").write_text("config: {}\n", encoding="utf-8")
    git(own, "init", "--quiet", "--initial-branch", "main")
    git(own, "add", "--all")
    git(own, "commit", "--quiet", "--message", "settings")
    git(clone, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(own), "network/eu")
    git(clone, "commit", "--quiet", "--message", "module")
    (clone / "network" / "eu" / "Pulumi.acme.yaml").write_text("config: {a: 1}\n", encoding="utf-8")
    assert changes(clone) == {
        "network/eu": How.CHANGED,
        "network/eu/Pulumi.acme.yaml": How.CHANGED,
    }
