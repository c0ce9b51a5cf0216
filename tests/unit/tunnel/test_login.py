"""The tunnels that open at login: systemd's unit and launchd's file, and the commands that put them there."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.cli.main import app
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.tunnel.login import PLACES, UNIT, LoginService, login_service
from tenantnet.tunnel.profiles import Profile, Profiles, write_private
from tenantnet.tunnel.records import KeeperState, ProcessId, Record, TunnelRecords
from typer.testing import CliRunner, Result

from tests.support.processes import a_program

COMMAND = [sys.executable, "-P", "-c", "pass", "a b", "$HOME", "%h", '"', "\\", "two\nlines", "it's"]
VARIABLES = {
    "PATH": "/opt/a b:/100%/${HOME}",
    "AWS_PROFILE": 'of "ada"',
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "AWS_SESSION_TOKEN": "hidden",
    "HTTPS_PROXY": "http://ada:hidden@proxy.example.com:3128",
    "HTTP_PROXY": "http://proxy.example.com:3128",
    "AWS_ENDPOINT_URL": "https://ada:hidden@aws.example.com",
    "EDITOR": "vi",
}


def service(system: str, home: Path, variables: dict[str, str] | None = None) -> LoginService:
    found = login_service(system, home, 501, COMMAND, VARIABLES if variables is None else variables)
    assert found
    return found


def verified(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What systemd says of a unit."""
    (folder / UNIT).write_text(text)
    return subprocess.run(
        ["systemd-analyze", "verify", "--user", folder / UNIT],
        env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
class TestAUnit:
    def test_is_one_that_systemd_takes_without_a_word(self, tmp_path: Path) -> None:
        text = service("linux", tmp_path).text
        done = verified(text, tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert verified(text.replace("Restart=on-abnormal", "Restart=ever"), tmp_path).stderr

    def test_gives_each_word_as_it_is(self, tmp_path: Path) -> None:
        """Read back by systemd's own rules, with its escapes, specifiers and variables filled in."""
        lines = service("linux", tmp_path).text.splitlines()
        (started,) = [each.removeprefix("ExecStart=") for each in lines if each.startswith("ExecStart=")]
        assert words(started) == [each.replace("$", "$$") for each in COMMAND]
        set_ = [words(each.removeprefix("Environment="))[0] for each in lines if "Environment=" in each]
        assert f"PATH={VARIABLES['PATH']}" in set_
        assert f"AWS_PROFILE={VARIABLES['AWS_PROFILE']}" in set_


def words(line: str) -> list[str]:
    """The quoted words of a line of a unit, as systemd.syntax(7) reads them."""
    read, inside, rest = [""], False, iter(line.replace("%%", "%"))
    for each in rest:
        if each == "\\":
            following = next(rest)
            read[-1] += "\n" if following == "n" else following
        elif each == '"':
            inside = not inside
        elif each == " " and not inside:
            read.append("")
        else:
            read[-1] += each
    return read


def test_launchd_gets_the_same_words(tmp_path: Path) -> None:
    found = plistlib.loads(service("darwin", tmp_path).text.encode())
    assert found["ProgramArguments"] == COMMAND
    assert found["EnvironmentVariables"]["PATH"] == VARIABLES["PATH"]
    assert found["RunAtLoad"] is True
    assert found["KeepAlive"] == {"Crashed": True}


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_no_secret_is_written(system: str, tmp_path: Path) -> None:
    text = service(system, tmp_path).text
    assert "hidden" not in text
    assert "AKIA" not in text
    assert "EDITOR" not in text
    assert "http://proxy.example.com:3128" in text


def test_each_file_is_where_its_system_looks_for_it(tmp_path: Path) -> None:
    own = service("linux", tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "own")})
    assert own.path == tmp_path / "own" / "systemd" / "user" / UNIT
    assert service("linux", tmp_path, {}).path == tmp_path / ".config" / "systemd" / "user" / UNIT
    agent = service("darwin", tmp_path)
    assert agent.path == tmp_path / "Library" / "LaunchAgents" / "tenantnet.tunnel.plist"
    assert agent.begin == [["launchctl", "bootstrap", "gui/501", str(agent.path)]]
    assert login_service("win32", tmp_path, 0, COMMAND, {}) is None


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("odd", ["a\rExecStartPre=/bin/x", "\x1b[2J", "\x00", os.fsdecode(b"a\xff")])
def test_what_a_service_file_cannot_hold_is_refused(system: str, odd: str, tmp_path: Path) -> None:
    """systemd ends a line at a carriage return, too, and a property list has no control characters."""
    with pytest.raises(Refused, match=r"AWS_PROFILE: .*\n.*control characters"):
        service(system, tmp_path, {"AWS_PROFILE": odd})
    with pytest.raises(Refused, match="HOME: "):
        service(system, tmp_path / odd)
    with pytest.raises(Refused, match="the command: "):
        login_service(system, tmp_path, 501, [*COMMAND, odd], {})


@pytest.mark.parametrize("name", PLACES)
def test_a_path_that_means_another_place_at_login_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"{name}: own/place\n.*absolute"):
        service("linux", tmp_path, {name: "own/place"})
    with pytest.raises(Refused, match=r"HOME: home\n.*absolute"):
        service("linux", Path("home"))
    assert f"{name}=~/own" in service("linux", tmp_path, {name: "~/own"}).text


def test_a_file_that_cannot_be_written_whole_leaves_no_part_of_it(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "file", "\udcff")
    assert not [*tmp_path.iterdir()]


class TestTheCommands:
    @pytest.fixture
    def unit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A user's desk with an automatic tunnel and a plugin; no systemd of theirs can be reached."""
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        a_program(tmp_path / "bin" / "session-manager-plugin", "echo 1.2.999.0")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        settled = {"region": "eu-west-1", "document": "eu1-acme-tunnel", "target": "i-0abc"}
        Profiles().put(Profile(name="acme", local_port=2201, automatic=True, **settled))
        return tmp_path / "config" / "systemd" / "user" / UNIT

    @staticmethod
    def run(command: str) -> Result:
        return CliRunner().invoke(app, ["tunnel", *command.split()])

    @pytest.fixture
    def said(self, tmp_path: Path, unit: Path) -> Path:
        """What systemctl is told."""
        told = tmp_path / "told"
        a_program(tmp_path / "bin" / "systemctl", f'echo "$@" >> {told}')
        return told

    def test_write_the_unit_start_it_and_take_both_back(self, unit: Path, said: Path) -> None:
        done = self.run("install")
        assert (done.exit_code, "these open: acme." in done.output) == (0, True), done.output
        assert '"start" "--keep-trying"' in unit.read_text()
        assert unit.stat().st_mode & 0o777 == 0o600
        assert said.read_text().splitlines() == ["--user daemon-reload", f"--user enable --now {UNIT}"]
        said.unlink()
        assert self.run("uninstall").exit_code == 0
        assert said.read_text().splitlines() == [f"--user disable --now {UNIT}"]
        assert not unit.exists()
        assert "No tunnels open at login." in self.run("uninstall").output

    def test_refuse_a_tunnel_that_runs_already(self, unit: Path, said: Path) -> None:
        """The service would end as soon as it begins, and nobody would see why."""
        me, records = ProcessId.of(os.getpid()), TunnelRecords()
        assert me
        records.write(Record(profile=Profiles().all()["acme"], keeper=me, state=KeeperState.OPEN))
        error = self.run("install").exception
        assert isinstance(error, Refused)
        assert "tenantnet tunnel stop acme" in str(error)
        assert not unit.exists()
        assert not said.exists()

    def test_stop_the_former_service_first(self, unit: Path, said: Path) -> None:
        for _ in range(2):
            assert self.run("install").exit_code == 0
        assert [each.split()[1] for each in said.read_text().splitlines()] == [
            *("daemon-reload", "enable"),
            *("disable", "daemon-reload", "enable"),
        ]

    def test_print_the_unit_and_change_nothing(self, unit: Path, said: Path) -> None:
        printed = self.run("install --print").output
        assert self.run("install").exit_code == 0
        assert printed == unit.read_text()
        said.unlink()
        self.run("install --print")
        assert not said.exists()

    def test_say_what_systemd_answered_and_what_to_run(self, unit: Path, tmp_path: Path) -> None:
        a_program(tmp_path / "bin" / "systemctl", "echo no bus >&2; exit 1")
        error = self.run("install").exception
        assert isinstance(error, Failure)
        assert "no bus" in error.reason
        assert "systemctl --user daemon-reload" in error.remedy
        assert unit.exists()

    def test_leave_nothing_where_the_unit_cannot_be_written(
        self, unit: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", os.fsdecode(b"a\xff"))
        assert isinstance(self.run("install").exception, Refused)
        assert not unit.parent.exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in another user's home")
    @pytest.mark.parametrize("command", ["install", "install --print", "uninstall"])
    def test_stay_out_of_another_users_home(self, unit: Path, said: Path, command: str) -> None:
        os.chown(Path.home(), 65_534, -1)
        error = self.run(command).exception
        assert isinstance(error, Refused)
        assert "without sudo" in str(error)
        assert not unit.parent.exists()
        assert not said.exists()

    def test_refuse_a_desk_without_automatic_tunnels(self, unit: Path, said: Path) -> None:
        Profiles().remove("acme")
        assert isinstance(self.run("install").exception, Refused)
        assert not unit.exists()

    def test_refuse_a_system_without_such_services(self, unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "win32")
        error = self.run("install").exception
        assert isinstance(error, Refused)
        assert "tenantnet tunnel start --keep-trying" in str(error)
