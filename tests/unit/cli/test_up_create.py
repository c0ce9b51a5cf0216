"""`tenantnet up --create` beside other commands that edit the same settings file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from tenantnet.cli.confirmation import confirm
from tenantnet.cli.up.update import without_stack
from tenantnet.settings.project import find_project

from tests.support.desk import Desk
from tests.support.processes import a_program
from tests.support.small_settings import ACME, PROJECT, small_project

# It notes whether another command could edit the settings while the engine writes into them.
PULUMI = """
case "$*" in
*version*) echo v3.999.0 ;;
*"stack output"*) echo "error: no stack named 'acme' found" >&2; exit 1 ;;
*"stack init"* | *"config set"*)
    if flock --nonblock tenants true; then echo free; else echo held; fi >> writes ;;
*) exit 1 ;;
esac
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "tenants").mkdir()
    a_program(tmp_path / "bin" / "pulumi", PULUMI)
    desk = Desk(tmp_path, {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    desk.settings("acme").write_text(ACME)
    (tmp_path / "state").mkdir()
    return desk


def test_nobody_else_edits_what_the_engine_writes_into(desk: Desk) -> None:
    done = desk.tenantnet("up acme --create --yes")
    assert (desk.folder / "writes").read_text().split() == ["held", "held"]
    assert "Made the stack acme and a password for its database. Commit tenants/Pulumi.acme.yaml" in done.out


def test_who_stops_after_stack_and_password_were_made_is_told_that_they_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its preview fails, as without AWS.
    done = desk.tenantnet("up acme --create --yes")
    made = "Nothing was changed, except what was made: the stack acme and a password for its database.\n"
    assert (done.code, done.err.endswith(made)) == (1, True), done.err

    # And where the password cannot be stored.
    a_program(desk.folder / "bin" / "pulumi", PULUMI.replace(' | *"config set"*', ""))
    desk.settings("acme").write_text(ACME)
    done = desk.tenantnet("up acme --create --yes")
    assert done.err.endswith("Nothing was changed, except what was made: the stack acme.\n"), done.err

    def interrupted(*_: object, **__: object) -> bool:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", interrupted)
    with pytest.raises(typer.Exit):
        confirm("Update acme?", yes=False, state="The stack stays.")
    assert capsys.readouterr().out == "\nThe stack stays.\n"


def test_of_a_deployed_range_that_is_forbidden_now_only_the_way_back_is_told(desk: Desk) -> None:
    outputs = {"phase": "steady", "production": "blue", "networks": {"blue": {"cidr": "10.1.2.0/26"}}}
    listed = f"""case "$*" in *version*) echo v3.999.0 ;; *) echo '{json.dumps(outputs)}' ;; esac"""
    a_program(desk.folder / "bin" / "pulumi", listed)
    desk.settings("acme").write_text(ACME.replace("10.1.2.0/26", "10.33.4.0/26"))
    done = desk.tenantnet("up acme --yes")
    assert (done.code, "put 10.1.2.0/26 back" in done.err, "choose a range" in done.err) == (2, True, False)
    # Where the backend does not answer, it is the file's own problem.
    a_program(desk.folder / "bin" / "pulumi", 'case "$*" in *version*) echo v3.999.0 ;; *) exit 1 ;; esac')
    assert "choose a range outside 10.32.0.0/12" in desk.tenantnet("up acme --yes").err


def test_a_platforms_tenants_are_known_that_have_settings_and_no_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ACME.replace("platform-eu1", "platform-eu2")
    small_project(tmp_path, acme=ACME, globex=ACME, hooli=elsewhere)
    listed = """echo '[{"name": "platform-eu1"}, {"name": "globex"}]'"""
    a_program(tmp_path / "bin" / "pulumi", f'case "$*" in *version*) echo v3.999.0 ;; *) {listed} ;; esac')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert without_stack(find_project(tmp_path), "platform-eu1") == ["acme"]
    (tmp_path / "tenants" / "Pulumi.hooli.yaml").write_text("config: [")
    assert without_stack(find_project(tmp_path), "platform-eu1") == ["acme"]
