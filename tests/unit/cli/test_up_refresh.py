"""`tenantnet up --refresh` asks AWS what it has; without it, it is said what is not seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pulumi.automation import CommandError
from tenantnet.cli.up.view import JsonView, LineView
from tenantnet.engine.update import StackUpdate
from tenantnet.settings.project import find_project

from tests.support.desk import Desk
from tests.support.processes import a_program
from tests.support.small_settings import ACME, small_project

# It notes what it is asked to preview or to update, and does neither.
PULUMI = """
case "$*" in
*version*) echo v3.999.0 ;;
*"stack output"*) echo '{}' ;;
*) echo "$*" >> calls; exit 1 ;;
esac
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    a_program(tmp_path / "bin" / "pulumi", PULUMI)
    (tmp_path / "state").mkdir()
    return Desk(small_project(tmp_path, acme=ACME), {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})


@pytest.mark.parametrize("option", ["", " --refresh"])
def test_the_option_reaches_the_preview(desk: Desk, option: str) -> None:
    done = desk.tenantnet(f"up acme --yes{option}")
    assert done.code == 1, done
    [preview] = [line for line in (desk.folder / "calls").read_text().splitlines() if " preview " in line]
    assert ("--refresh" in preview.split()) is bool(option)


@pytest.mark.parametrize("refresh", [False, True])
def test_what_was_previewed_is_carried_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, refresh: bool
) -> None:
    monkeypatch.setenv("PATH", desk.variables["PATH"])
    update = StackUpdate(find_project(desk.folder), "acme", refresh=refresh)
    with pytest.raises(CommandError):
        update.run(lambda _: None)
    [run] = [line for line in (desk.folder / "calls").read_text().splitlines() if " up " in line]
    assert ("--refresh" in run.split()) is refresh


def test_people_are_told_what_a_preview_does_not_see_and_programs_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    JsonView().unseen("acme")
    LineView().unseen("acme")
    [said] = capsys.readouterr().out.splitlines()
    assert said.endswith("is not seen: tenantnet up acme --refresh")
