"""The engine's parts: what is found, what is built, what is said when that fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tenantnet.cli.main import app
from tenantnet.failure import Failure
from tenantnet.toolchain import cache as caches
from tenantnet.toolchain import (
    go,
    official_engine,
    own_engine,
    parts,
    progress,
    session_manager_plugin,
    terraform_provider,
)
from tenantnet.toolchain import install as installing
from typer.testing import CliRunner

from tests.support.clone import CLONE
from tests.support.processes import a_program

TARGET = "linux_amd64"


class TestTerraformProvider:
    @staticmethod
    def put(folder: Path, version: str, target: str = TARGET) -> Path:
        return a_program(
            folder
            / "host"
            / "hashicorp"
            / "aws"
            / version
            / target
            / f"terraform-provider-aws_v{version}_x5",
            "",
        )

    def test_the_newest_supported_one_is_taken(self, tmp_path: Path) -> None:
        self.put(tmp_path / "a", "5.99.0")
        newest = self.put(tmp_path / "b", "5.100.0")
        for unfit in ("4.67.0", "7.1.0", "6.0.0-beta1"):
            self.put(tmp_path / "a", unfit)
        self.put(tmp_path / "a", "6.2.0", target="darwin_arm64")
        assert terraform_provider.newest([tmp_path / "a", tmp_path / "b"], TARGET) == newest

    def test_none_is_found_where_there_is_none(self, tmp_path: Path) -> None:
        assert terraform_provider.newest([tmp_path / "missing"], TARGET) is None

    def test_one_is_found_in_terraforms_archive_too(self, tmp_path: Path) -> None:
        archive = tmp_path / "host" / "hashicorp" / "aws" / f"terraform-provider-aws_5.100.0_{TARGET}.zip"
        archive.parent.mkdir(parents=True)
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("LICENSE.txt", "")
            content.writestr("terraform-provider-aws_v5.100.0_x5", "#!/bin/sh\nexit 7\n")
        assert terraform_provider.newest([tmp_path], TARGET) == archive
        program = terraform_provider.unpack(archive, tmp_path / "unpacked")
        assert subprocess.run([program], check=False).returncode == 7

    def test_directories_that_terraforms_settings_name_come_first(self, tmp_path: Path) -> None:
        settings = tmp_path / "settings"
        settings.write_text(
            'plugin_cache_dir = "$HOME/cache"\n'
            "provider_installation {\n"
            '  filesystem_mirror {\n    path    = "/mirror"\n    include = ["*/*/*"]\n  }\n'
            '  filesystem_mirror { path = "~/mine" }\n'
            "  direct {}\n}\n",
            encoding="utf-8",
        )
        environment = {"TF_CLI_CONFIG_FILE": str(settings), "TF_PLUGIN_CACHE_DIR": "/cache"}
        folders = terraform_provider.directories(environment, tmp_path)
        assert folders[0] == Path("/mirror")
        assert folders[1] == Path("~/mine").expanduser()
        assert {tmp_path / "cache", Path("/cache")} <= set(folders[:4])
        assert tmp_path / ".terraform.d" / "plugins" in folders[4:]

    def test_terraforms_usual_directories_are_searched_without_settings(self, tmp_path: Path) -> None:
        assert Path("/usr/share/terraform/plugins") in terraform_provider.directories({}, tmp_path)


class TestOfficialEngine:
    VERSION = '[ "$1" = version ] && { echo v3.274.1; exit; }'
    LISTS_PLUGIN = (
        VERSION
        + """
echo '[{"name": "aws", "kind": "resource", "version": "7.0.0"}]'"""
    )
    # Lists a plugin only after it was installed.
    DOWNLOADS_PLUGIN = f"""\
{VERSION}
case "$*" in
  "plugin install resource aws 7.0.0") touch "$0.installed" ;;
  *) [ -e "$0.installed" ] && {LISTS_PLUGIN} ;;
esac"""
    IS_OFFLINE = (
        VERSION
        + """
[ "$2" = ls ] && echo '[]'"""
    )

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A directory that alone is on the PATH, beside the system's."""
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
        return tmp_path / "bin"

    def test_it_is_used_with_its_language_host_and_the_right_plugin(self, folder: Path) -> None:
        pulumi = a_program(folder / "pulumi", self.LISTS_PLUGIN)
        a_program(folder / "pulumi-language-python", "")
        assert official_engine.find("7.0.0", may_download=False) == pulumi
        assert official_engine.find("7.0.1", may_download=False) is None

    @pytest.mark.parametrize("version", ["v3.243.0", "v2.9.9", "", "dev"])
    def test_one_that_is_too_old_is_not_used(
        self, folder: Path, version: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        a_program(folder / "pulumi", self.LISTS_PLUGIN.replace("v3.274.1", version))
        a_program(folder / "pulumi-language-python", "")
        assert official_engine.find("7.0.0", may_download=True) is None
        assert "3.244.0 or newer is needed" in "".join(capsys.readouterr())

    def test_its_plugin_is_downloaded(self, folder: Path) -> None:
        pulumi = a_program(folder / "pulumi", self.DOWNLOADS_PLUGIN)
        a_program(folder / "pulumi-language-python", "")
        assert official_engine.find("7.0.0", may_download=True) == pulumi

    @pytest.mark.parametrize(
        ("program", "host", "said"),
        [
            (LISTS_PLUGIN, "", "pulumi-language-python"),
            (IS_OFFLINE, "pulumi-language-python", "AWS plugin 7.0.0"),
        ],
        ids=["no language host", "no plugin"],
    )
    def test_what_it_lacks_is_said(
        self, folder: Path, capsys: pytest.CaptureFixture[str], program: str, host: str, said: str
    ) -> None:
        a_program(folder / "pulumi", program)
        if host:
            a_program(folder / host, "")
        assert official_engine.find("7.0.0", may_download=True) is None
        assert said in capsys.readouterr().out

    def test_a_clones_own_engine_is_not_taken_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = tmp_path / ".engine" / "bin"
        a_program(own / "pulumi", self.LISTS_PLUGIN)
        a_program(own / "pulumi-language-python", "")
        monkeypatch.setenv("PATH", f"{own}:/usr/bin:/bin")
        assert official_engine.find("7.0.0", may_download=True) is None


class TestGo:
    @pytest.mark.parametrize(
        ("text", "version"),
        [("go1.26.6", (1, 26, 6)), ("1.26", (1, 26)), ("go1.27rc1", (1, 27)), ("devel", ())],
    )
    def test_versions_are_read(self, text: str, version: tuple[int, ...]) -> None:
        assert go.parse_version(text) == version

    def test_what_pypi_gives_is_new_enough_for_every_module(self) -> None:
        pinned = go.LOCK_FILE.read_text(encoding="utf-8").split("==")[1].split()[0]
        assert go.parse_version(pinned) >= go.needed_version()

    def test_one_that_is_too_old_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = a_program(tmp_path / "go", "echo go1.19.8")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        assert go.find() != old


class TestParts:
    PART = parts.Part(title="A part", module="aws-plugin", package=".", program="part")

    @pytest.fixture
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        return tmp_path / "tenantnet"

    @staticmethod
    def go_that(does: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Stand a script in for Go: it runs with the output's path in $output, and notes its calls."""
        script = f'while [ "$1" != -o ]; do shift; done; output=$2; echo call >> {folder}/calls; {does}'
        program = a_program(folder / "go", script)
        monkeypatch.setattr(go, "find_or_install", lambda: program)
        return folder / "calls"

    def test_one_is_built_once(self, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = self.go_that('echo built > "$output"', tmp_path, monkeypatch)
        program = parts.build(self.PART)
        assert program.read_text(encoding="utf-8") == "built\n"
        assert program.is_relative_to(cache)
        assert parts.build(self.PART) == program
        assert calls.read_text(encoding="utf-8") == "call\n"

    def test_a_failed_build_is_explained_and_leaves_nothing(
        self, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.go_that('echo half > "$output"; echo "no such module"; exit 1', tmp_path, monkeypatch)
        with pytest.raises(Failure) as failed:
            parts.build(self.PART)
        assert "no such module" in failed.value.reason
        assert failed.value.remedy
        assert list(cache.iterdir()) == []

    def test_what_an_interrupted_build_left_is_removed(
        self, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.go_that('echo built > "$output"', tmp_path, monkeypatch)
        left_over = cache / f"{caches.UNFINISHED}killed"
        left_over.mkdir(parents=True)
        program = parts.build(self.PART)
        assert [folder for folder in cache.iterdir() if folder.is_dir()] == [program.parent]

    def test_a_changed_source_means_another_build(self, tmp_path: Path) -> None:
        module = shutil.copytree(CLONE / "tools" / "aws-plugin", tmp_path / "module")
        before = parts.fingerprint(self.PART, module)
        with (module / "names_test.go").open("a", encoding="utf-8") as test:
            test.write("// only a test\n")
        assert parts.fingerprint(self.PART, module) == before
        with (module / "names.json").open("a", encoding="utf-8") as source:
            source.write("\n")
        assert parts.fingerprint(self.PART, module) != before

    def test_the_schema_is_kept_once_for_each_provider(self, cache: Path, tmp_path: Path) -> None:
        stand_in = a_program(tmp_path / "plugin", 'echo "$1" > "$2"')
        providers = [a_program(tmp_path / name, f"echo {name}") for name in ("v1", "v2")]
        kept = [own_engine.keep_schema(stand_in, stand_in, each) for each in (*providers, providers[0])]
        assert kept[0].read_text(encoding="utf-8") == "keep-schema\n"
        assert [each.is_relative_to(cache) for each in kept] == [True] * 3
        assert kept[0] == kept[2] != kept[1]

    @pytest.mark.parametrize("part", [parts.PULUMI, parts.BRIDGE])
    def test_programs_report_the_version_that_go_mod_pins(self, part: parts.Part) -> None:
        assert go.parse_version(parts.version(part, CLONE / "tools" / part.module).removeprefix("v"))


class TestSessionManagerPlugin:
    @pytest.fixture
    def own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Where the clone's own plugin stands; its building is done already."""
        built = a_program(tmp_path / "cache" / "session-manager-plugin", "")
        monkeypatch.setattr(parts, "build", lambda _: built)
        own = tmp_path / ".tools" / "bin" / built.name
        monkeypatch.setattr(session_manager_plugin, "home", lambda: tmp_path)
        monkeypatch.setenv("PATH", f"{own.parent}:/usr/bin:/bin")
        return own

    def test_one_is_built_where_there_is_none(self, own: Path, tmp_path: Path) -> None:
        for _ in range(2):
            session_manager_plugin.install()
            assert own.resolve() == tmp_path / "cache" / own.name

    def test_an_official_one_takes_the_place_of_the_one_built_here(
        self, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        session_manager_plugin.install()
        official = a_program(tmp_path / "official" / own.name, "")
        monkeypatch.setenv("PATH", f"{own.parent}:{official.parent}:/usr/bin:/bin")
        session_manager_plugin.install()
        assert not own.exists()
        assert str(official) in capsys.readouterr().out

    def test_a_machine_that_cannot_build_it_is_told_and_goes_on(
        self, own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(_: parts.Part) -> Path:
            raise Failure("It was not built.", reason="no network", remedy="try again")

        monkeypatch.setattr(parts, "build", fail)
        session_manager_plugin.install()
        assert "no network" in capsys.readouterr().err
        assert not own.exists()


class TestFirst:
    """Where a local cloud starts in a project without any engine."""

    @pytest.fixture
    def done(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Which versions of the AWS plugin an engine was installed for, in a new project."""
        installed: list[str] = []
        monkeypatch.setattr(installing, "install", installed.append)
        for module in (installing, own_engine):
            monkeypatch.setattr(module, "home", lambda: tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        (tmp_path / "Pulumi.yaml").touch()
        return installed

    def test_one_is_installed_and_its_minutes_are_said(
        self, done: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        installing.install_first("7.0.0")
        assert done == ["7.0.0"]
        assert "up to 15 minutes" in capsys.readouterr().out

    @pytest.mark.parametrize("there", ["bin/pulumi", ".engine/bin/pulumi", ""])
    def test_none_is_installed_beside_another_one_or_outside_of_a_project(
        self, done: list[str], tmp_path: Path, there: str
    ) -> None:
        if there:
            a_program(tmp_path / there, "")
        else:
            (tmp_path / "Pulumi.yaml").unlink()
        installing.install_first("7.0.0")
        assert done == []

    def test_the_versions_say_how_the_projects_own_comes_onto_the_path(
        self, done: list[str], tmp_path: Path
    ) -> None:
        a_program(tmp_path / ".engine" / "bin" / "pulumi", "")
        said = CliRunner().invoke(app, ["--version"]).output
        assert (
            "Pulumi none: no `pulumi` is on the path; this project's own comes onto it by: eval \"$(" in said
        )
        assert done == []


class TestProgress:
    @pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (80, "1 min 20 s")])
    def test_durations_are_for_people(self, seconds: float, text: str) -> None:
        assert progress.duration(seconds) == text

    def test_a_failure_keeps_the_last_words(self) -> None:
        command = [sys.executable, "-c", "for i in range(99): print('line', i)\nraise SystemExit(3)"]
        with pytest.raises(Failure) as failed:
            progress.run("A task", command, remedy="do this")
        assert "line 98" in failed.value.reason
        assert "line 3\n" not in failed.value.reason
        assert "A task: failed" in failed.value.what

    def test_a_task_says_that_it_is_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        progress.run("A task", [sys.executable, "-c", ""], remedy="")
        assert capsys.readouterr().out.startswith("A task: done in ")


class TestCache:
    def test_two_in_one_directory_wait_for_each_other(self, tmp_path: Path) -> None:
        code = (
            "import pathlib, sys; from tenantnet.toolchain.cache import alone_in\n"
            f"with alone_in(pathlib.Path({str(tmp_path)!r})): print('in', flush=True); sys.stdin.read()"
        )
        first, second = (
            subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=CLONE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        )
        with first, second:
            said = {process: process.stdout.readline() for process in (first, second) if process.stdout}
            waiting = next(process for process, line in said.items() if line.startswith("Waiting"))
            holding = first if waiting is second else second
            assert said[holding] == "in\n"
            holding.communicate()
            assert waiting.communicate()[0] == "in\n"
