"""What `tenantnet init` writes, and what it refuses."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from packaging.utils import canonicalize_name
from tenantnet.cli.main import app
from tenantnet.engine.plugins import other_program
from tenantnet.refusal import Refused
from tenantnet.scaffold.pin import FOR_DEVELOPMENT
from tenantnet.settings.project import find_project
from typer.testing import CliRunner

from tests.support.clone import CLONE
from tests.support.wheel import required

STACKS = "--platform platform-eu1 --zone db.example.com --tenant acme --username acmeadmin"
TENANTNET = Path(sys.executable).parent / "tenantnet"
WHEEL = f"tenantnet-{version('tenantnet')}-py3-none-any.whl"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A file that is called as the wheel of this Tenantnet is; nothing here installs it."""
    file = tmp_path / "download" / WHEEL
    file.parent.mkdir()
    file.write_bytes(b"a wheel")
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which commands run."""
    empty = tmp_path / "example-tenants"
    empty.mkdir()
    monkeypatch.chdir(empty)
    return empty


def init(options: str, *more: str | Path) -> str:
    result = CliRunner().invoke(app, ["init", *options.split(), *map(str, more)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(options: str, *more: str | Path) -> Refused:
    with pytest.raises(Refused) as raised:
        CliRunner().invoke(app, ["init", *options.split(), *map(str, more)], catch_exceptions=False)
    assert all(each.rule and each.reason and each.remedy for each in raised.value.refusals)
    return raised.value


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but git's own."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git/" not in str(path.relative_to(folder))
    }


@pytest.fixture
def repository(folder: Path, wheel: Path) -> Path:
    """One that init has made, with a platform and a tenant."""
    init(STACKS, "--wheel", wheel)
    return folder


class TestExample:
    """The clone is the example of what init writes."""

    @pytest.mark.parametrize(
        "path",
        [
            ".github/workflows/review.yaml",
            ".github/workflows/review-comment.yaml",
            "policies/PulumiPolicy.yaml",
        ],
    )
    def test_a_file_that_both_have_is_the_clones(self, repository: Path, path: str) -> None:
        assert (repository / path).read_bytes() == (CLONE / path).read_bytes()

    def test_the_project_is_the_clones_but_for_its_name_and_program(self, repository: Path) -> None:
        theirs, ours = ((place / "Pulumi.yaml").read_text().splitlines() for place in (repository, CLONE))
        assert [line for line in theirs if line not in ours] == ["name: example-tenants", "main: program"]
        assert [line for line in ours if line not in theirs] == ["name: tenantnet", "main: infra"]

    def test_git_ignores_nothing_that_the_clone_keeps(self, repository: Path) -> None:
        theirs, ours = ({*(place / ".gitignore").read_text().split()} for place in (repository, CLONE))
        assert theirs <= ours

    def test_every_pin_is_the_clones(self, repository: Path) -> None:
        links, *pins = (repository / "requirements.lock").read_text().split("\n", 1)
        own, rest = pins[0].split("annotated-doc==", 1)
        assert links == "--find-links wheels"
        assert own.startswith(f"tenantnet[console,local]=={version('tenantnet')} \\\n    --hash=sha256:")
        ours = (CLONE / "requirements.lock").read_text()
        for pin in re.split(r"\n(?=\S)", f"annotated-doc=={rest}".rstrip()):
            assert pin in ours

    def test_what_only_development_needs_is_not_pinned(self) -> None:
        ours = (CLONE / "requirements.lock").read_text()
        locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", ours, re.MULTILINE)}
        names = [each.name for each in required("tenantnet[console,local]", {}).values()]
        # Pipelines build the repository's own package with what is installed.
        assert locked - {*map(canonicalize_name, names)} - {"setuptools"} == FOR_DEVELOPMENT

    def test_no_registry_is_named(self, repository: Path) -> None:
        for path, text in content(repository).items():
            assert b"index-url" not in text, path
            assert b"pypi" not in text.lower(), path


class TestFiles:
    def test_the_program_has_three_lines_and_the_pack_two(self, repository: Path) -> None:
        program, pack = (
            (repository / place / "__main__.py").read_text() for place in ("program", "policies")
        )
        assert program.splitlines()[1:] == ["", "import tenantnet.__main__"]
        assert pack.splitlines()[1:] == ["import tenantnet.policies.__main__"]
        for line in (program.splitlines()[-1], pack.splitlines()[-1]):
            package = line.removeprefix("import tenantnet.").rpartition(".")[0]
            assert (CLONE / (package or "infra") / "__main__.py").is_file()

    def test_the_settings_are_valid_and_editors_know_their_schema(self, repository: Path) -> None:
        checked = CliRunner().invoke(app, ["settings", "check"])
        assert checked.exit_code == 0, checked.output
        assert checked.output.count("all right") == 2
        schema = json.loads(CliRunner().invoke(app, ["settings", "schema"]).output)
        assert json.loads((repository / ".settings.schema.json").read_text()) == schema
        assert (
            '{".settings.schema.json": "tenants/Pulumi.*.yaml"}'
            in (repository / ".vscode" / "settings.json").read_text()
        )

    def test_every_workflow_passes_the_linter_and_pins_its_actions(self, repository: Path) -> None:
        workflows = [*(repository / ".github" / "workflows").iterdir()]
        assert {path.stem for path in workflows} == {"fleet", "review", "review-comment", "wave", "waves"}
        used = [name for path in workflows for name in re.findall(r"uses: (\S+)", path.read_text())]
        # Its own are as they are in the commit that runs.
        assert {name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)} == {
            "./.github/workflows/wave.yaml"
        }
        zizmor = TENANTNET.with_name("zizmor")
        options = ["--offline", "--no-progress", "--quiet"]
        done = subprocess.run(
            [zizmor, *options, repository / ".github"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout

    def test_every_command_of_a_workflow_and_of_the_page_is_one(self, repository: Path) -> None:
        texts = [*(repository / ".github" / "workflows").iterdir(), repository / "README.md"]
        words = {found for text in texts for found in re.findall(r"tenantnet ([a-z]+)", text.read_text())}
        assert {"up", "fleet", "init", "local", "review"} <= words <= {*typer.main.get_group(app).commands}

    def test_its_page_describes_every_file_and_names_every_variable(self, repository: Path) -> None:
        page = (repository / "README.md").read_text()
        assert page.startswith("# example-tenants\n")
        tops = {path.partition("/")[0] for path in content(repository)} - {"README.md"}
        assert [top for top in sorted(tops) if f"`{top}" not in page] == []
        workflows = "".join(path.read_text() for path in (repository / ".github" / "workflows").iterdir())
        for name in re.findall(r"(?:vars|secrets)\.(\w+)", workflows):
            assert f"`{name}`" in page
        # A role has one hour where nobody says how long.
        for seconds in re.findall(r"role-duration-seconds: (\d+)", workflows):
            assert f"maximum session duration of {int(seconds) // 3600} hours" in page

    def test_the_fleet_shares_one_language_host_for_the_program(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository / ".venv").symlink_to(sys.prefix)
        project = find_project(repository)
        assert other_program(project) is None
        # It would be imported in the place of Tenantnet's.
        (repository / "program" / "boto3.py").touch()
        assert "main is not" in str(other_program(project))

    def test_git_has_begun_a_repository_here(self, repository: Path) -> None:
        assert (repository / ".git").is_dir()
        asked = subprocess.run(["git", "status", "--short"], capture_output=True, text=True, check=True)
        assert "?? tenants/" in asked.stdout

    def test_what_follows_is_said(self, folder: Path, wheel: Path) -> None:
        said = init(STACKS, "--wheel", wheel)
        assert "engine install" not in said
        for line in ("local start", "tenantnet up platform-eu1 --create", "tenantnet up acme --create"):
            assert line in said


class TestRefusals:
    """Nothing is written before everything is right."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, folder: Path) -> Iterator[None]:
        before = content(folder)
        yield
        assert content(folder) == before
        assert not [each for each in folder.iterdir() if each.name.startswith(".tenantnet")]

    def test_a_folder_with_something_in_it_is_refused(self, folder: Path, wheel: Path) -> None:
        for name in ("d", "c", "b", "a"):
            (folder / name).write_text(name)
        error = str(refused("", "--wheel", wheel))
        assert "it has a, b, c and 1 more, and init overwrites nothing" in error
        assert "--update" in error
        for name in "abcd":
            (folder / name).unlink()

    @pytest.mark.parametrize("name", ["a b", "-a", "", "é", "a" * 101, "a/b"])
    def test_a_name_that_pulumi_does_not_take_is_refused(self, wheel: Path, name: str) -> None:
        (refusal,) = refused("", "--wheel", wheel, f"--name={name}").refusals
        assert refusal.rule_id == "project-name"

    def test_all_that_is_wrong_is_said_at_once(self, folder: Path) -> None:
        error = refused("--platform eu1 --tenant Acme --name ! --wheel no.whl")
        broken = {refusal.rule_id for refusal in error.refusals}
        assert broken == {"platform-name", "tenant-name", "project-name", "wheel-there"}

    def test_all_that_is_wrong_for_both_stacks_is_said_at_once(self, wheel: Path) -> None:
        options = "--platform platform-eu1 --region mars-1 --zone x --tenant acme --username 1"
        error = refused(options, "--wheel", wheel)
        assert [each.path for each in error.refusals] == ["--region", "--zone", "--username"]

    @pytest.mark.parametrize(
        ("options", "rule"),
        [
            ("--tenant acme", "platform-first"),
            ("--platform ../x --zone db.example.com", "platform-name"),
            ("--platform platform-eu1", "key-given"),
            ("--platform platform-eu1 --zone x", "zone-name"),
            ("--platform platform-eu1 --zone db.example.com --region mars-1", "region"),
            ("--platform platform-eu1 --zone db.example.com --tenant acme", "key-given"),
            (
                "--platform platform-eu1 --zone db.example.com --tenant acme --username rdsadmin",
                "username-free",
            ),
            ("--platform platform-eu1 --zone db.example.com --tenant eu1 --username a", "tenant-name-free"),
        ],
    )
    def test_settings_that_are_not_valid_are_refused(self, wheel: Path, options: str, rule: str) -> None:
        assert rule in {refusal.rule_id for refusal in refused(options, "--wheel", wheel).refusals}

    def test_no_git_is_refused(self, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        (refusal,) = refused("", "--wheel", wheel).refusals
        assert refusal.rule_id == "git-there"

    def test_a_folder_inside_another_repository_is_refused(self, folder: Path, wheel: Path) -> None:
        subprocess.run(["git", "init", "-q", folder.parent], check=True)
        (refusal,) = refused("", "--wheel", wheel).refusals
        assert refusal.rule_id == "repository-top"
        assert str(folder.parent) in refusal.reason

    @pytest.mark.parametrize("named", ["", "nowhere.whl", "tenantnet-9.9.9-py3-none-any.whl", "other.whl"])
    def test_another_wheel_than_the_one_that_runs_is_refused(self, folder: Path, named: str) -> None:
        place = folder.parent / named
        if named != "nowhere.whl" and named:
            place.write_bytes(b"")
        (refusal,) = refused("", *(["--wheel", str(place)] if named else [])).refusals
        assert refusal.rule_id == "wheel-there"
        assert version("tenantnet") in refusal.remedy


class TestBeginning:
    def test_what_git_python_and_an_interrupted_init_have_left_is_no_hindrance(
        self, folder: Path, wheel: Path
    ) -> None:
        subprocess.run(["git", "init", "-q"], check=True)
        for name in (".venv", "wheels", ".tenantnet-init-killed/tenants"):
            (folder / name).mkdir(parents=True)
        wheel.rename(folder / "wheels" / WHEEL)
        (folder / ".tenantnet-init-link").symlink_to("wheels")
        init(STACKS)
        assert (folder / "wheels" / WHEEL).read_bytes() == b"a wheel"
        assert not [*folder.glob(".tenantnet-init-*")]

    def test_without_stacks_there_are_no_settings(self, folder: Path, wheel: Path) -> None:
        init("", "--wheel", wheel)
        assert list((folder / "tenants").glob("*.yaml")) == []
        assert "no settings file yet" in CliRunner().invoke(app, ["settings", "check"]).output

    def test_a_terminal_asks_for_the_first_platform_and_tenant(self, folder: Path, wheel: Path) -> None:
        here, there = pty.openpty()
        command = [str(TENANTNET), "init", "--wheel", str(wheel), "--zone", "db.example.com"]
        with subprocess.Popen(command, stdin=there, stdout=subprocess.PIPE, text=True) as process:
            os.write(here, b"\nbig-tenant\n\n")
            said, _ = process.communicate()
        assert process.returncode == 0, said
        settings = (folder / "tenants" / "Pulumi.big-tenant.yaml").read_text()
        assert "platform: platform-local" in settings
        assert "username: big_tenantadmin" in settings


class TestUpdate:
    def test_the_same_version_changes_nothing(self, repository: Path, wheel: Path) -> None:
        assert init("--update", "--wheel", wheel).startswith("Nothing changes")

    def test_a_difference_is_shown_and_written_only_with_yes(self, repository: Path) -> None:
        workflow = repository / ".github" / "workflows" / "fleet.yaml"
        ours = workflow.read_text()
        workflow.write_text(ours.replace("slice: [1, 2, 3, 4]", "slice: [1]"))
        (repository / ".settings.schema.json").unlink()
        (repository / "wheels" / "tenantnet-0.0.1-py3-none-any.whl").touch()
        before = content(repository)
        shown = init("--update")
        assert "-        slice: [1]\n+        slice: [1, 2, 3, 4]\n" in shown
        assert "removed: wheels/tenantnet-0.0.1-py3-none-any.whl" in shown
        assert "3 files would change" in shown
        assert content(repository) == before
        assert "Wrote 3 files" in init("--update --yes")
        assert workflow.read_text() == ours
        assert init("--update").startswith("Nothing changes")

    def test_what_is_the_companys_is_left_alone(self, repository: Path) -> None:
        for name in ("README.md", "Pulumi.yaml", ".gitignore", "tenants/Pulumi.acme.yaml"):
            with (repository / name).open("a") as file:
                file.write("# ours\n")
        (repository / ".vscode" / "settings.json").unlink()
        assert init("--update").startswith("Nothing changes")

    def test_a_clone_of_tenantnet_is_refused(self, folder: Path, wheel: Path) -> None:
        (folder / "Pulumi.yaml").write_bytes((CLONE / "Pulumi.yaml").read_bytes())
        (refusal,) = refused("--update --yes", "--wheel", wheel).refusals
        assert (refusal.rule_id, refusal.value) == ("made-by-init", "infra")
        assert [*content(folder)] == ["Pulumi.yaml"]

    def test_outside_a_repository_it_is_refused(self, folder: Path) -> None:
        (refusal,) = refused("--update").refusals
        assert refusal.rule_id == "in-a-project"

    def test_an_index_of_ones_own_has_the_wheel_as_before(self, repository: Path, wheel: Path) -> None:
        # As docs/repository.md says.
        lock = repository / "requirements.lock"
        lock.write_text(lock.read_text().partition("\n")[2])
        (repository / "wheels" / WHEEL).unlink()
        (repository / "wheels").rmdir()
        assert init("--update", "--wheel", wheel).startswith("Nothing changes")
        wheel.write_bytes(b"another one")
        assert "1 file would change" in init("--update", "--wheel", wheel)

    def test_what_is_asked_of_a_new_repository_alone_is_refused(self, repository: Path) -> None:
        error = refused("--update --tenant globex --platform platform-us1")
        assert {each.rule_id for each in error.refusals} == {"update-alone"}
        assert len(error.refusals) == 2

    @pytest.mark.parametrize("place", ["policies/__main__.py", ".github/workflows", "requirements.lock"])
    def test_nothing_is_written_through_a_link(self, repository: Path, place: str) -> None:
        elsewhere = repository.parent / "elsewhere"
        (repository / place).rename(elsewhere)
        (repository / place).symlink_to(elsewhere)
        (repository / ".settings.schema.json").unlink()
        before = content(repository.parent)
        (refusal,) = refused("--update --yes").refusals
        assert (refusal.rule_id, refusal.value) == ("file-in-place", place)
        assert content(repository.parent) == before

    @pytest.mark.parametrize("place", ["policies/__main__.py", ".github"])
    def test_what_is_in_the_place_of_a_file_or_a_folder_is_refused_first(
        self, repository: Path, place: str
    ) -> None:
        there = repository / place
        there.rename(repository.parent / "away")
        there.touch() if place == ".github" else there.mkdir()
        (repository / "requirements.lock").unlink()
        (refusal,) = refused("--update --yes").refusals
        assert (refusal.rule_id, refusal.value) == ("file-in-place", place)
        assert not (repository / "requirements.lock").exists()


def test_the_page_installs_the_versions_that_the_lock_pins() -> None:
    found = re.search(r"grep -oE '([^']+)'", (CLONE / "docs" / "repository.md").read_text(encoding="utf-8"))
    assert found
    lock = (CLONE / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(found[1], lock, re.MULTILINE)
    assert len(pins) == lock.count("==")
    assert f"pulumi-aws=={version('pulumi-aws')}" in pins
