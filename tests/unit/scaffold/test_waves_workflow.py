"""The workflow that updates in waves: what it runs for each, and that it has a job for the last one."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tenantnet.fleet.waves import Waves

from tests.support.clone import CLONE

FILES = CLONE / "infra" / "scaffold" / "files"
BEGIN = "--platform platform-eu1 --canary 2 --wave 10% --pause --policy-pack policies --yes"
# In the place of Tenantnet: it notes what it is asked for, and ends as the test says.
TENANTNET = '#!/bin/sh\necho "$@" >> asked\neval "exit \\$$2"\n'


def workflow(name: str) -> Any:
    return YAML(typ="safe").load(FILES / name)


def run_wave(folder: Path, *, report: int, up: int) -> tuple[int, str, str]:
    """The step's exit code, how it updates, and what it tells the next job."""
    tenantnet = folder / ".venv" / "bin" / "tenantnet"
    tenantnet.parent.mkdir(parents=True)
    tenantnet.write_text(TENANTNET)
    tenantnet.chmod(0o755)
    (script,) = [
        each["run"] for each in workflow("wave.yaml")["jobs"]["wave"]["steps"] if each.get("id") == "wave"
    ]
    asked = {"PLATFORM": "platform-eu1", "CANARY": "2", "SHARE": "10%", "BATCH": "b1"}
    told = folder / "told"
    told.touch()
    codes = {"report": str(report), "up": str(up), "GITHUB_OUTPUT": str(told)}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env={**asked, **codes}, check=False)
    first, update = (folder / "asked").read_text().splitlines()
    assert first == "fleet report b1"
    options = update.removeprefix("fleet up ").removesuffix(" --slice 1/1 --batch b1 --report report.md")
    return done.returncode, options, told.read_text()


@pytest.mark.parametrize(
    ("report", "up", "seen"),
    [
        (2, 4, (0, BEGIN, "more=true\n")),
        (2, 0, (0, BEGIN, "")),
        (2, 1, (1, BEGIN, "")),
        (1, 4, (0, "--resume", "more=true\n")),
        (1, 0, (0, "--resume", "")),
        (1, 1, (1, "--resume", "")),
        (0, 0, (0, "--resume", "")),
    ],
)
def test_a_job_begins_the_run_or_goes_on_with_it(
    tmp_path: Path, report: int, up: int, seen: tuple[int, str, str]
) -> None:
    assert run_wave(tmp_path, report=report, up=up) == seen


def test_each_job_waits_for_the_wave_before_and_for_reviewers() -> None:
    jobs = workflow("waves.yaml")["jobs"]
    names = [*jobs]
    assert [each.get("needs") for each in jobs.values()] == [None, *names[:-1]]
    assert [each.get("if") for each in jobs.values()] == [
        None,
        *(f"${{{{ needs.{name}.outputs.more == 'true' }}}}" for name in names[:-1]),
    ]
    assert workflow("wave.yaml")["jobs"]["wave"]["environment"] == "fleet"


@given(st.integers(0, 1000), st.integers(1, 20))
def test_there_is_a_job_for_every_wave(tenants: int, canary: int) -> None:
    found = workflow("waves.yaml")
    for share in found["on"]["workflow_dispatch"]["inputs"]["share"]["options"]:
        waves = Waves.asked(canary, share, None, pause=True)
        assert waves
        assert len(waves.of([f"t{number}" for number in range(tenants)])) <= len(found["jobs"])
