"""The console's page of tunnels where there is neither an account nor a plugin: what it shows and refuses."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tenantnet.tunnel.login import UNIT
from tenantnet.tunnel.profiles import Profile, Profiles
from tenantnet.tunnel.records import KeeperState, ProcessId, Record, TunnelRecords

from tests.support.console import SCRIPTS, Answer, Console, running_console
from tests.support.desk import Desk
from tests.support.processes import a_program
from tests.support.small_settings import ACME_SERVED, small_project

PLACE = "/tunnels"
ACME = Profile(name="acme", region="eu-west-1", document="eu1-acme-tunnel", target="i-0abc", local_port=2201)
GLOBEX = ACME.model_copy(update={"name": "globex", "local_port": 2202, "automatic": True})
ADDED = {"do": "add", "tenant": "acme", "localPort": "2203", "automatic": "yes"}


@pytest.fixture
def profiles(project: Desk) -> Profiles:
    """Two, of which one is automatic; nothing runs."""
    profiles = Profiles(project.folder / ".config" / "tenantnet")
    profiles.path.unlink(missing_ok=True)
    for each in (ACME, GLOBEX):
        profiles.put(each)
    for name in (records := TunnelRecords(profiles.folder)).all():
        records.remove(name)
    return profiles


def press(console: Console, do: str, tunnel: str = "acme", **headers: str | None) -> Answer:
    return console.send(PLACE, {"do": do, "tunnel": tunnel}, **headers)


def row(console: Console, name: str) -> str:
    """What a tunnel's row says, without marks."""
    [found] = re.findall(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', console.ask(PLACE).text, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", found).split())


def test_tunnels_that_do_not_run_can_be_started(console: Console, profiles: Profiles) -> None:
    assert row(console, "acme").startswith("localhost:2201 does not run no Start acme Connect automatically")
    assert row(console, "globex").startswith("localhost:2202 does not run yes Start globex Connect by hand")
    profiles.path.unlink()
    assert "You have no tunnels yet" in console.ask(PLACE).text


def test_a_tunnel_that_runs_is_shown_with_its_own_port_and_can_be_stopped(
    console: Console, profiles: Profiles
) -> None:
    me = ProcessId.of(os.getpid())
    assert me
    elsewhere = ACME.model_copy(update={"local_port": 2999})
    shared = ACME.model_copy(update={"name": "hooli"})
    for profile, state, detail in (
        (elsewhere, KeeperState.OPEN, ""),
        (shared, KeeperState.RECONNECTING, "the <b>plugin</b> died"),
    ):
        record = Record(profile=profile, keeper=me, state=state, detail=detail)
        TunnelRecords(profiles.folder).write(record)
    assert re.match(r"localhost:2999 Open since \S+ \S+ UTC no Stop acme", row(console, "acme"))
    assert re.search(
        r"Reconnecting since .*: the &lt;b&gt;plugin&lt;/b&gt; died no Stop hooli$", row(console, "hooli")
    )


def test_what_a_lost_tunnel_left_is_removed_by_stopping_it(console: Console, profiles: Profiles) -> None:
    records = TunnelRecords(profiles.folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as keeper:
        process = ProcessId.of(keeper.pid)
        assert process
        records.write(Record(profile=ACME, keeper=process, state=KeeperState.OPEN))
    assert "Lost" in row(console, "acme")
    press(console, "automatic")
    profiles.remove("globex")
    assert "Start those that connect automatically" in console.ask(PLACE).text, "a lost one is started again"
    assert press(console, "stop").status == 303
    assert "does not run" in row(console, "acme")
    assert records.all() == {}
    assert press(console, "stop").status == 303, "a second click finds it as wanted"


def test_connecting_automatically_is_chosen_and_taken_back(console: Console, profiles: Profiles) -> None:
    press(console, "automatic")
    assert profiles.all()["acme"] == ACME.model_copy(update={"automatic": True})
    press(console, "by-hand")
    assert profiles.all() == {"acme": ACME, "globex": GLOBEX}


def test_a_tunnel_is_removed_as_the_command_does(console: Console, profiles: Profiles, project: Desk) -> None:
    press(console, "remove")
    by_form = profiles.path.read_text()
    profiles.put(ACME)
    assert project.tenantnet("tunnel remove acme").code == 0
    assert profiles.path.read_text() == by_form


def test_tunnels_open_at_login_as_by_the_command_until_that_is_taken_back(tmp_path: Path) -> None:
    told, folder = tmp_path / "told", small_project(tmp_path, acme=ACME_SERVED)
    a_program(tmp_path / "bin" / "session-manager-plugin", "echo 1.2.999.0")
    a_program(tmp_path / "bin" / "systemctl", f'echo "$@" >> {told}')
    desk = Desk(folder, {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    profiles, unit = (
        Profiles(folder / ".config" / "tenantnet"),
        folder / ".config" / "systemd" / "user" / UNIT,
    )
    profiles.put(ACME)
    with running_console(folder, desk.variables) as console:
        console.enter()
        assert "No tunnels open at login." in console.ask(PLACE).text
        refused = press(console, "install")
        assert (refused.status, "none of your profiles starts automatically" in refused.text) == (400, True)
        assert not unit.exists()
        profiles.put(GLOBEX)
        assert press(console, "install").status == 303
        by_form = unit.read_text()
        assert told.read_text().splitlines() == ["--user daemon-reload", f"--user enable --now {UNIT}"]
        assert "open at every login. <button" in " ".join(console.ask(PLACE).text.split())
        assert press(console, "uninstall").status == 303
        assert told.read_text().splitlines()[2:] == [f"--user disable --now {UNIT}"]
        assert not unit.exists()
        assert press(console, "uninstall").status == 303, "a second click finds it as wanted"
    assert desk.tenantnet("tunnel install").code == 0
    assert unit.read_text() == by_form


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Desk, int]]:
    """With a plugin that opens nothing, and a tunnel whose port is taken."""
    a_program(tmp_path / "bin" / "session-manager-plugin", "echo 1.2.999.0")
    desk = Desk(small_project(tmp_path, acme=ACME_SERVED), {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        Profiles(tmp_path / ".config" / "tenantnet").put(ACME.model_copy(update={"local_port": port}))
        yield desk, port


def test_a_taken_port_is_said_once_in_the_shell(desk: tuple[Desk, int]) -> None:
    shell, port = desk
    done = shell.tenantnet("tunnel start acme --background")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == f"Could not open the tunnel acme: while binding to localhost:{port}."
    assert done.err.count("Could not open") == 1
    assert "choose another port: --local-port PORT" in done.err


def test_a_taken_port_is_said_once_on_the_page_with_the_way_out_that_the_page_has(
    desk: tuple[Desk, int],
) -> None:
    shell, port = desk
    with running_console(shell.folder, shell.variables) as console:
        console.enter()
        answer = press(console, "start")
    assert answer.status == 503
    assert answer.text.count(f"Could not open the tunnel acme: while binding to localhost:{port}.") == 1
    assert f"(pid {os.getpid()}) listens on it" in answer.text
    assert "or add acme once more with another port, under Add a tunnel" in answer.text
    for out_of_place in ("--local-port", " Failed", " Opening", "Nothing was changed"):
        assert out_of_place not in answer.text


@pytest.mark.parametrize("do", ["start", "start-automatic"])
@pytest.mark.usefixtures("profiles")
def test_without_the_plugin_the_page_says_where_to_get_it(console: Console, do: str) -> None:
    answer = press(console, do)
    assert (answer.status, "no `session-manager-plugin` on the path" in answer.text) == (503, True)
    assert "Remedy" in answer.text
    assert "does not run" in row(console, "acme")


@pytest.mark.parametrize("do", ["start", "automatic", "by-hand", "remove"])
def test_an_unknown_tunnel_is_not_found(console: Console, profiles: Profiles, do: str) -> None:
    for name in ("acne", "", "../acme"):
        answer = press(console, do, name)
        assert (answer.status, "tunnel not found" in answer.text) == (400, True)
    assert "did you mean acme?" in press(console, do, "acne").text
    assert [*profiles.all().values()] == [ACME, GLOBEX]


@pytest.mark.usefixtures("profiles")
def test_a_button_that_there_is_not_is_refused(console: Console) -> None:
    answer = press(console, "open")
    assert (answer.status, "start-automatic" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"localPort": "2202"}, "localPort", "globex uses this one"),
        ({"localPort": "0"}, "localPort", "from 1 to 65535"),
        ({"localPort": "65536"}, "localPort", "from 1 to 65535"),
        ({"localPort": "9" * 5000}, "localPort", "from 1 to 65535"),
        ({"localPort": "²"}, "localPort", "from 1 to 65535"),
        ({"tenant": "acne"}, "tenant", "did you mean acme?"),
        ({"tenant": "platform-eu1"}, "tenant", "the value is one of acme"),
    ],
)
def test_what_cannot_be_added_is_refused_at_its_field(
    console: Console, profiles: Profiles, changed: Mapping[str, str], field: str, words: str
) -> None:
    answer = console.send(PLACE, {**ADDED, **changed})
    about = answer.text.partition(f'<div id="{field}-about">')[2].partition("<label")[0]
    assert (answer.status, words in about) == (400, True)
    assert f'value="{ {**ADDED, **changed}["localPort"] }"' in answer.text
    assert [*profiles.all().values()] == [ACME, GLOBEX]


def test_a_tunnel_to_a_tenant_whose_stack_cannot_be_read_is_not_added(
    console: Console, profiles: Profiles
) -> None:
    answer = console.send(PLACE, ADDED)
    assert (answer.status, "Could not ask Pulumi." in answer.text) == (503, True)
    assert [*profiles.all()] == ["acme", "globex"]


def test_a_port_is_offered_that_no_tunnel_has_with_a_profile_or_without(
    console: Console, profiles: Profiles
) -> None:
    assert 'name="localPort" value="2203"' in console.ask(PLACE).text
    me = ProcessId.of(os.getpid())
    assert me
    hooli = ACME.model_copy(update={"name": "hooli", "local_port": 2203})
    TunnelRecords(profiles.folder).write(Record(profile=hooli, keeper=me, state=KeeperState.RECONNECTING))
    assert 'name="localPort" value="2204"' in console.ask(PLACE).text


@pytest.mark.parametrize(
    ("headers", "token"),
    [({}, "guess"), ({"Origin": "http://evil.example"}, None), ({"Origin": None}, None)],
)
def test_a_button_of_another_page_does_nothing(
    console: Console, profiles: Profiles, headers: Mapping[str, str | None], token: str | None
) -> None:
    forged = {"csrf": token} if token else {}
    answer = console.send(PLACE, {"do": "remove", "tunnel": "acme", **forged}, **headers)
    assert answer.status == 403
    assert "acme" in profiles.all()


def test_a_read_only_console_has_no_button_and_takes_none(profiles: Profiles, project: Desk) -> None:
    with running_console(project.folder, project.variables, "--read-only") as console:
        console.enter()
        page = console.ask(PLACE).text
        assert ("localhost:2201" in page, "<form" in page, "<button" in page) == (True, False, False)
        answer = console.ask(PLACE, "POST", {"do": "remove", "tunnel": "acme"}, Origin=console.origin)
    assert (answer.status, "--read-only" in answer.text) == (403, True)
    assert "acme" in profiles.all()


@pytest.mark.usefixtures("profiles")
def test_the_page_has_no_script_or_style_in_itself(console: Console) -> None:
    text = console.ask(PLACE).text
    assert ("<style" in text, "style=" in text, re.findall("<script.*", text)) == (False, False, SCRIPTS)
